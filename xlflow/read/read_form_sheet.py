"""One sheet with the form -> its rows, what was set aside, what was assumed, and which issued rows are missing.

Every row of the table that holds anything counts once: as the row of a plan item, as added by the unit, or as
unplaced.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from xlflow.excel.conventions import RawCell
from xlflow.form.metadata import IssuedForm
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import ADDED_ITEM_PREFIX, FieldValue, PlanItem
from xlflow.model.submission import AnswerRow
from xlflow.model.text import collapse_whitespace_keep_lines, short_code
from xlflow.read.answer_provenance import check_answer_provenance
from xlflow.read.form_schema import FormSchema
from xlflow.read.locate_table import LocatedTable, use_codes_as_heading
from xlflow.read.match_rows import RowMatch, match_rows
from xlflow.read.merged_cells import fill_merged_cells
from xlflow.read.other_sheets import SheetReading
from xlflow.read.parse_answers import AnswerParser
from xlflow.read.shifted_cells import check_shifted_columns, remove_shifted_formulas
from xlflow.read.struck_out import remove_struck_out
from xlflow.read.total_rows import mark_total_rows
from xlflow.read.unplaced import UnplacedCollector
from xlflow.values import cell_text


@dataclass(slots=True)
class _SheetRowCollector:
    """What is collected row by row: the answer rows by item id, and the findings; the rest is in the two
    helpers. `carried_ids`: of the unit's own activities of the previous round that the form was issued with."""

    parser: AnswerParser
    unplaced_collector: UnplacedCollector
    carried_ids: frozenset[str] = frozenset()
    rows: dict[str, AnswerRow] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_form_sheet(table: LocatedTable, schema: FormSchema, issued: IssuedForm) -> SheetReading:
    """Return what the form says on one sheet. `issued` is what the form was issued with."""
    unit, items = issued.identity.unit, issued.round.plan.items
    table = use_codes_as_heading(table, schema, items)
    table, struck_texts, struck_findings = remove_struck_out(table, schema, unit)
    parser, collector = AnswerParser(table, schema, unit), UnplacedCollector(table, schema, unit, struck_texts)
    cells, merged_findings = fill_merged_cells(table, schema, collector)
    cells, shifted_findings = remove_shifted_formulas(cells, table, schema, collector)
    matches = mark_total_rows(match_rows(table, schema, items, cells), cells, table, schema)
    matches = _resolve_duplicate_rows(matches, cells, parser)
    previous_texts = issued.previous_answers.text_by_item_id if issued.previous_answers else {}
    carried_ids = frozenset(item_id for item_id in previous_texts if item_id.startswith(ADDED_ITEM_PREFIX))
    row_collector = _SheetRowCollector(
        parser, collector, carried_ids, findings=[*struck_findings, *merged_findings, *shifted_findings]
    )
    for match in matches:
        _add_row(match, cells[match.row_index], row_collector)
    collector.repeated_headings.update(match.row_index for match in matches if match.kind == "heading")
    rows_outside = {match.row_index for match in matches if match.kind == "outside"}
    removed_rows = {row_index for row_index in rows_outside if _carried_id(cells[row_index], row_collector)}
    collector.add_texts_outside_table(issued.round, rows_outside - removed_rows)
    _add_texts_of_removed_rows(removed_rows, cells, row_collector)
    item_id_by_row = {
        match.row_index: match.item.id if match.item else _carried_id(cells[match.row_index], row_collector)
        for match in matches
        if match.kind in ("item", "added")
    }
    collector.add_overwritten_previous(
        {row: previous_texts.get(item_id, "") for row, item_id in item_id_by_row.items()}
    )
    rows = tuple(row_collector.rows.values())
    missing_findings = _check_missing_rows(table, schema, items, row_collector.rows, unit)
    provenance_findings = (
        *check_answer_provenance(table, schema, rows),
        *check_shifted_columns(table, schema, unit),
    )
    findings = (
        *table.findings,
        *row_collector.findings,
        *parser.findings,
        *provenance_findings,
        *missing_findings,
    )
    return SheetReading(table, rows, tuple(collector.unplaced), findings)


def _resolve_duplicate_rows(
    matches: list[RowMatch], cells: Sequence[Sequence[RawCell]], parser: AnswerParser
) -> list[RowMatch]:
    """Return the matches; of several answered rows of one item only the one with the best `RowMatch.rank` stays
    its row, the first of equals, and the others become unplaced: a row pasted above does not replace the issued
    one."""
    claimed_ids = [match.item.id for match in matches if match.item]
    if len(set(claimed_ids)) == len(claimed_ids):
        return matches
    claim_counts = Counter(claimed_ids)
    duplicates = [match for match in matches if match.item and claim_counts[match.item.id] > 1]
    answered = [match for match in duplicates if any(_flag_filled_answers(cells[match.row_index], parser))]
    best: dict[str, RowMatch] = {}
    for match in answered:
        item_id = match.item.id if match.item else ""
        best[item_id] = max(best.get(item_id, match), match, key=lambda candidate: candidate.rank)
    weaker_rows = {match.row_index for match in answered}.difference(match.row_index for match in best.values())
    as_duplicate = partial(replace, kind="unplaced", item=None, code="row-twice")
    return [as_duplicate(match) if match.row_index in weaker_rows else match for match in matches]


# Rows -----------------------------------------------------------------------------------------------------


def _add_row(match: RowMatch, cells: Sequence[RawCell], row_collector: _SheetRowCollector) -> None:
    """Add one row to what is collected; a second row of an item counts only where the first is blank."""
    parser = row_collector.parser
    if match.kind in ("outside", "heading"):
        return
    if match.kind == "unplaced":
        row_collector.unplaced_collector.add_row(match.row_index, cells, match.code or "row-unknown")
        return
    item = match.item or _make_added_item(match, cells, row_collector)
    existing = row_collector.rows.get(item.id)
    location = parser.table.cell_location(match.row_index)
    if existing is None or existing.is_blank:
        row_collector.rows[item.id] = AnswerRow(
            item, parser.unit, location, parser.parse_answers(match.row_index, cells, item.id)
        )
    if match.code:
        row_text = " | ".join(filter(None, match.texts))
        row_collector.findings.append(
            make_finding(match.code, location, unit=parser.unit, row_id=item.id, value=row_text)
        )
    if match.item:
        parser.check_plan_values(match.row_index, cells, item)
        parser.check_extra_columns(match.row_index, cells, item)
    overwritten_columns = (
        parser.check_computed_cells(match.row_index, cells, row_collector.rows[item.id])
        if parser.schema.computed_indexes
        else ()
    )
    for column_index in overwritten_columns:
        row_collector.unplaced_collector.add_text(
            match.row_index, column_index, cells[column_index], "text-over-formula"
        )


def _flag_filled_answers(cells: Sequence[RawCell], parser: AnswerParser) -> Iterator[bool]:
    for field_column in parser.schema.answer_columns:
        column_index = parser.table.column_of[field_column.schema_index]
        yield column_index is not None and bool(cell_text(cells[column_index]))


def _carried_id(cells: Sequence[RawCell], row_collector: _SheetRowCollector) -> str:
    """Return the id of the activity of the previous round that a row was issued with, "" if with none."""
    id_column = row_collector.parser.table.column_of[0]
    id_text = "" if id_column is None else cell_text(cells[id_column]).strip()
    return id_text if id_text in row_collector.carried_ids else ""


def _add_texts_of_removed_rows(
    row_indexes: Iterable[int], cells: Sequence[Sequence[RawCell]], row_collector: _SheetRowCollector
) -> None:
    """Set aside what stands in the further columns of rows whose carried activity the unit has removed by emptying
    its text. Id, levels, plan values and previous answers are what the form was issued with."""
    parser = row_collector.parser
    extra_columns = [parser.table.column_of[schema_index] for schema_index in parser.schema.extra_indexes]
    for row_index in row_indexes:
        for column_index in extra_columns:
            if column_index is not None and (text := cell_text(cells[row_index][column_index])):
                row_collector.unplaced_collector.add_text(row_index, column_index, text)


def _make_added_item(match: RowMatch, cells: Sequence[RawCell], row_collector: _SheetRowCollector) -> PlanItem:
    """Return the plan item for an activity that the unit added. Its id is computed from its text and the unit, so
    that it is the same in the next return; the same text again gets another. One that was carried over from the
    previous round keeps its id, also if it is reworded."""
    parser, rows_by_id, carried_id = row_collector.parser, row_collector.rows, _carried_id(cells, row_collector)
    if carried_id in rows_by_id:
        carried_id = ""
    levels = tuple(map(collapse_whitespace_keep_lines, match.texts))
    row_texts = levels if any(levels) else _texts_not_from_form(cells, parser)
    texts = [*row_texts, parser.unit]
    row_id, suffix = carried_id or ADDED_ITEM_PREFIX + short_code(texts), 1
    while row_id in rows_by_id:
        suffix += 1
        row_id = ADDED_ITEM_PREFIX + short_code([*texts, str(suffix)])
    plan_values: list[tuple[str, FieldValue]] = []
    extra_columns: list[tuple[str, str]] = list(_read_extra_columns(cells, parser))
    for field_column, value, raw_text in parser.parse_plan_values(match.row_index, cells, row_id):
        if value is None:
            extra_columns.append((field_column.field.label.in_language(parser.schema.language), raw_text))
        else:
            plan_values.append((field_column.key, value))
    location = parser.table.cell_location(match.row_index)
    return PlanItem(
        row_id,
        levels,
        (parser.unit,),
        tuple(plan_values),
        tuple(extra_columns),
        continues_from=carried_id,
        added_by_unit=True,
        location=location,
    )


def _texts_not_from_form(cells: Sequence[RawCell], parser: AnswerParser) -> tuple[str, ...]:
    """Return the texts of a row in the table's columns, without those that the form computes."""
    form_indexes = {parser.schema.remaining_index, *parser.schema.computed_indexes}
    column_indexes = (
        column_index
        for schema_index, column_index in enumerate(parser.table.column_of)
        if schema_index not in form_indexes
    )
    return tuple(
        text
        for column_index in column_indexes
        if column_index is not None and (text := cell_text(cells[column_index]))
    )


def _read_extra_columns(cells: Sequence[RawCell], parser: AnswerParser) -> Iterator[tuple[str, str]]:
    for schema_index in parser.schema.extra_indexes:
        column_index = parser.table.column_of[schema_index]
        text = "" if column_index is None else cell_text(cells[column_index])
        if text:
            yield parser.schema.columns[schema_index].key, text


def _check_missing_rows(
    table: LocatedTable, schema: FormSchema, items: Sequence[PlanItem], rows_by_id: dict[str, AnswerRow], unit: str
) -> Iterator[Finding]:
    for item in items:
        if item.id not in rows_by_id:
            location, title = Location(table.file, table.sheet.name), item.title(schema.item_level)
            yield make_finding("row-missing", location, unit=unit, row_id=item.id, value=title)
