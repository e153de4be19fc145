"""Splits a workbook that holds the forms of several units, for instance because sheets were moved into another's.

Goes sheet by sheet, by what is above the table (the form code, the unit's name) and by its rows. Takes a sheet for
another unit's only where that is plain and what that unit was asked is known; a table that is plainly not of this
form, and of no known one, is set aside whole.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.reader import SheetData, UncachedFormula, WorkbookData
from xlflow.form.metadata import IssuedForm
from xlflow.i18n.catalogue import UNKNOWN_DATE
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.submission import Unplaced
from xlflow.model.text import normalize_key_cached
from xlflow.read.form_schema import get_form_schema
from xlflow.read.identify_form import is_calc_sheet, is_metadata_sheet, list_issued_forms
from xlflow.read.locate_table import LocatedTable, find_tables
from xlflow.read.other_sheets import find_texts_on_other_sheets, rows_with_distant_cells
from xlflow.read.recognise_by_content import (
    FormCandidate,
    KnownRound,
    candidate_sort_key,
    candidates_for_table,
    find_form_codes,
    keep_likely_candidates,
    parse_form_title,
    read_text_above,
)
from xlflow.read.unplaced import find_annotation_texts, find_header_footer_texts, find_surrounding_texts
from xlflow.values import cell_text


@dataclass(frozen=True, slots=True)
class UnitForm:
    """The form of one unit: the workbook with only the sheets that are the unit's, what was issued, the form's
    table on each sheet that has it, and findings about the split."""

    workbook: WorkbookData
    issued: IssuedForm
    tables: tuple[LocatedTable, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """A table that is not of this form; `unit` is the name of the unit whose it is, "" if that cannot be seen."""

    table: LocatedTable
    unit: str


def split_workbook_by_unit(
    workbook: WorkbookData,
    issued: IssuedForm,
    metadata_sheet: SheetData | None,
    known_rounds: Sequence[KnownRound],
) -> tuple[tuple[UnitForm, ...], tuple[ForeignTable, ...]]:
    """Return the forms in a workbook and the tables that belong to none of them. The form that the workbook was
    `issued` as comes first, unless no sheet of it is left. `known_rounds` are rounds whose issued items are
    known."""
    candidate_sheets = [
        sheet for sheet in workbook.sheets if sheet is not metadata_sheet and not is_calc_sheet(sheet)
    ]
    tables = find_tables(workbook.name, candidate_sheets, get_form_schema(issued.round))
    if all(issued.form_code in read_text_above(table) for table in tables):
        return ((UnitForm(workbook, issued, tables),) if tables else ()), ()
    embedded_forms = {
        _round_unit_key(embedded_form): embedded_form
        for embedded_form in list_issued_forms(workbook.sheets)
        if _round_unit_key(embedded_form) != _round_unit_key(issued)
    }
    embedded_rounds = [KnownRound(form.round, form.identity.unit) for form in embedded_forms.values()]
    own_tables: list[LocatedTable] = []
    other_unit_tables: dict[tuple[str, str], tuple[IssuedForm, list[LocatedTable]]] = {}
    foreign_tables: list[ForeignTable] = []
    for table in tables:
        owner = _find_table_owner(table, issued, [*embedded_rounds, *known_rounds])
        if isinstance(owner, IssuedForm):
            other_unit_issued = embedded_forms.get(_round_unit_key(owner), owner)
            other_unit_tables.setdefault(_round_unit_key(owner), (other_unit_issued, []))[1].append(table)
        elif owner is not None and (len(tables) > 1 or owner):
            foreign_tables.append(ForeignTable(table, owner))
        else:
            own_tables.append(table)
    if (
        not own_tables
        and not other_unit_tables
        and not any(foreign_table.unit for foreign_table in foreign_tables)
    ):
        own_tables, foreign_tables = [foreign_table.table for foreign_table in foreign_tables], []
    other_unit_forms = [
        _make_other_unit_form(workbook, other_unit_issued, tables_of_unit, issued)
        for other_unit_issued, tables_of_unit in other_unit_tables.values()
    ]
    taken_sheet_ids = {id(sheet) for unit_form in other_unit_forms for sheet in unit_form.workbook.sheets}
    taken_sheet_ids |= {id(foreign_table.table.sheet) for foreign_table in foreign_tables}
    own_workbook = replace(
        workbook, sheets=tuple(sheet for sheet in workbook.sheets if id(sheet) not in taken_sheet_ids)
    )
    return (
        *([UnitForm(own_workbook, issued, tuple(own_tables))] if own_tables else ()),
        *other_unit_forms,
    ), tuple(foreign_tables)


def collect_foreign_tables(
    workbook: WorkbookData, foreign_tables: Iterable[ForeignTable], issued: IssuedForm
) -> Iterator[tuple[Finding, tuple[Unplaced, ...]]]:
    """Yield (finding, everything on its sheet as unplaced) for every table that belongs to no form in its
    workbook. `issued` is the form that the workbook was issued as."""
    unit = issued.identity.unit
    for foreign_table in foreign_tables:
        table = foreign_table.table
        location = Location(table.file, table.sheet.name)
        code = "sheet-of-unknown-form" if foreign_table.unit else "sheet-of-other-form"
        params, single_sheet_workbook = {"other": foreign_table.unit}, replace(workbook, sheets=(table.sheet,))
        yield (
            make_finding(code, location, unit=unit, params=params),
            (
                *_collect_rows(table, unit),
                *find_annotation_texts(single_sheet_workbook, unit),
                *find_header_footer_texts(single_sheet_workbook, issued),
            ),
        )


def find_leftover_texts(
    workbook: WorkbookData,
    unit_forms: Iterable[UnitForm],
    foreign_tables: Iterable[ForeignTable],
    metadata_sheet: SheetData | None,
    issued: IssuedForm,
) -> tuple[Unplaced, ...]:
    """Return what is on sheets that belong to no form in the workbook. Only where no sheet of the form that it was
    issued as is left: else such sheets count as that form's."""
    taken_sheet_ids = {id(foreign_table.table.sheet) for foreign_table in foreign_tables} | {id(metadata_sheet)}
    for unit_form in unit_forms:
        if unit_form.issued is issued:
            return ()
        taken_sheet_ids |= {id(sheet) for sheet in unit_form.workbook.sheets}
    leftover_workbook = replace(
        workbook, sheets=tuple(sheet for sheet in workbook.sheets if id(sheet) not in taken_sheet_ids)
    )
    other_sheet_texts = find_texts_on_other_sheets(leftover_workbook, (), get_form_schema(issued.round), issued)
    return (
        *other_sheet_texts,
        *find_annotation_texts(leftover_workbook, issued.identity.unit),
        *find_surrounding_texts(leftover_workbook, issued),
    )


def refuse_foreign_form(foreign_tables: Sequence[ForeignTable], host_issued: IssuedForm) -> Finding | None:
    """Return the finding that refuses a workbook which holds only the form of an unknown unit (the first of
    `foreign_tables`); None if there is none."""
    for foreign_table in foreign_tables:
        location = Location(foreign_table.table.file, foreign_table.table.sheet.name)
        params = {"host": host_issued.identity.unit, "round": host_issued.identity.round_key}
        return make_finding("form-of-unknown-unit", location, unit=foreign_table.unit, params=params)
    return None


def _collect_rows(table: LocatedTable, unit: str) -> Iterator[Unplaced]:
    """Yield every row of a table's sheet that holds anything, but for the row of codes and the heading row."""
    changed_headings = sum(finding.code == "heading-changed" for finding in table.findings)
    # Where most headings are changed, the heading was deleted and a row is in its place.
    last_heading_row = table.heading_row - (changed_headings * 2 > len(table.column_of))
    for row_index, row in rows_with_distant_cells(table.sheet):
        cell_texts = ["" if isinstance(cell, UncachedFormula) else cell_text(cell) for cell in row]
        texts = tuple(filter(None, cell_texts))
        if texts and row_index not in (table.code_row, last_heading_row):
            first_column = cell_texts.index(texts[0])
            location = Location(table.file, table.sheet.name, format_cell_address(row_index, first_column))
            yield Unplaced(unit, location, texts, "row-of-other-form", is_row=row_index > last_heading_row)


def _find_table_owner(
    table: LocatedTable, issued: IssuedForm, known_rounds: Sequence[KnownRound]
) -> IssuedForm | str | None:
    """Return whose a table is: what was issued in it, where it is of another known form; only the unit's name (""
    if that cannot be seen), where it is plainly of another form; None where nothing speaks against this form."""
    text_above = read_text_above(table)
    if issued.form_code in text_above:
        return None
    own_candidates = list(candidates_for_table(table, text_above, KnownRound(issued.round, issued.identity.unit)))
    all_candidates = [
        candidate
        for known_round in known_rounds
        if known_round.round.as_of != UNKNOWN_DATE
        for candidate in candidates_for_table(table, text_above, known_round)
    ]
    other_candidates = [
        candidate
        for candidate in all_candidates
        if _round_unit_key(candidate.issued) != _round_unit_key(issued) and not candidate.other_date
    ]
    best_other = max(keep_likely_candidates(other_candidates), key=candidate_sort_key, default=None)
    if best_other and _is_better_candidate(best_other, own_candidates):
        return best_other.issued
    return _find_foreign_unit(text_above, issued)


def _is_better_candidate(other_candidate: FormCandidate, own_candidates: Sequence[FormCandidate]) -> bool:
    """Return whether a table is plainly of another form than the one that the workbook was issued as."""
    if other_candidate.matched_by == "code":
        return True
    if not other_candidate.names_date and any(candidate.names_date for candidate in own_candidates):
        return False
    own_rank = max(
        ((candidate.matched_by == "name", candidate.matched_rows) for candidate in own_candidates),
        default=(False, 0),
    )
    return (
        other_candidate.matched_rows >= own_rank[1]
        and (other_candidate.matched_by == "name", other_candidate.matched_rows) > own_rank
    )


def _find_foreign_unit(text_above: str, issued: IssuedForm) -> str | None:
    """Return the unit's name ("" if it cannot be seen) where the text above a table speaks against this form, else
    None."""
    title_unit, title_date = parse_form_title(text_above)
    unit_name_by_key = {
        normalize_key_cached(plan_unit.name): plan_unit.name for plan_unit in issued.round.plan.units
    }
    unit_name = next(
        (
            name
            for name_key, name in unit_name_by_key.items()
            if title_unit == name_key or title_unit.endswith(f"- {name_key}")
        ),
        "",
    )
    if unit_name and unit_name != issued.identity.unit:
        return unit_name
    return "" if find_form_codes(text_above) or (title_date and title_date != issued.round.as_of) else None


def _make_other_unit_form(
    workbook: WorkbookData, other_unit_issued: IssuedForm, tables: Sequence[LocatedTable], host_issued: IssuedForm
) -> UnitForm:
    """Return the form of another unit: its tables, and its instruction and metadata sheets that were moved
    along."""
    unit, table_sheet_ids = other_unit_issued.identity.unit, {id(table.sheet) for table in tables}
    sheets = tuple(
        sheet
        for sheet in workbook.sheets
        if id(sheet) in table_sheet_ids or _is_sheet_of_form(sheet, other_unit_issued)
    )
    findings = tuple(
        make_finding(
            "sheet-of-other-unit",
            Location(workbook.name, table.sheet.name),
            unit=unit,
            params={"host": host_issued.identity.unit},
        )
        for table in tables
    )
    schema = get_form_schema(other_unit_issued.round)
    unit_tables = find_tables(workbook.name, [sheet for sheet in sheets if id(sheet) in table_sheet_ids], schema)
    return UnitForm(
        replace(workbook, sheets=sheets, findings=(), descriptions=()), other_unit_issued, unit_tables, findings
    )


def _is_sheet_of_form(sheet: SheetData, other_unit_issued: IssuedForm) -> bool:
    """Return whether a sheet without a table is the instruction or the metadata sheet of the other unit's form."""
    if is_metadata_sheet(sheet):
        return any(
            _round_unit_key(embedded_form) == _round_unit_key(other_unit_issued)
            for embedded_form in list_issued_forms([sheet])
        )
    code = other_unit_issued.form_code
    return any(code == cell for row in sheet.rows for cell in row if isinstance(cell, str))


def _round_unit_key(issued: IssuedForm) -> tuple[str, str]:
    return issued.round.key, normalize_key_cached(issued.identity.unit)
