"""Finds the sheet `Plan` and what its headings mean: levels, fields of the plan, fixed columns, further columns.

Reads no rows; `plan_rows` does.
"""

from collections.abc import Iterator

from xlflow.definition.plan_tables import check_columns_left_out, check_rows_left_out, find_candidate_tables
from xlflow.definition.units import is_unit_sheet
from xlflow.definition.waiver_sheets import is_waiver_or_alias_sheet
from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.header_detection import (
    DetectedTable,
    HeadingSpec,
    accepted_spellings,
    base_sheet_name,
    find_misspelt_headings,
    find_most_similar_cell,
    find_partial_table,
    make_heading_spec,
)
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText, translate, translate_all
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.template import Template
from xlflow.model.text import first_free_name, normalize_key_cached

_FIXED_HEADINGS = {
    "unit": "plan.unit_heading",
    "id": "plan.id_heading",
    "continues_from": "plan.continues_heading",
}


def find_plan_table(
    workbook: WorkbookData, template: Template, language: Language
) -> tuple[DetectedTable | None, list[Finding]]:
    """Return the table of the plan, and what is wrong with its headings or left out of it.

    It is on the sheet named Plan, else on the only sheet with the plan's headings; None if there is no such sheet
    or more than one. A table that lacks a required heading is returned too, with an error. `language` is that
    of suggested headings.
    """
    sheets = [sheet for sheet in workbook.sheets if not (is_unit_sheet(sheet) or is_waiver_or_alias_sheet(sheet))]
    sheet_names = {normalize_key_cached(name) for name in accepted_spellings("plan.plan_sheets")}
    named_sheets = [sheet for sheet in sheets if base_sheet_name(sheet.name) in sheet_names]
    headings, activity_key = _plan_headings(template), template.levels[template.item_level_index].key
    tables = [
        table
        for sheet in sorted(sheets, key=lambda sheet: sheet not in named_sheets)
        for table in find_candidate_tables(workbook.name, sheet, headings, activity_key)
    ]
    if not tables:
        return None, _no_table_findings(workbook, named_sheets or sheets, template, language)
    table, *other_tables = tables
    whole_sheet = next(sheet for sheet in sheets if sheet.name == table.sheet.name)
    is_named = whole_sheet in named_sheets
    other_sheet_names = {each.sheet.name for each in other_tables} - {table.sheet.name}
    if not is_named and other_sheet_names:
        params = {"sheets": ", ".join(dict.fromkeys(each.sheet.name for each in tables))}
        return None, [make_finding("plan-sheet-unclear", Location(workbook.name), params=params)]
    findings = [
        *check_plan_headings(table, template, language),
        *check_rows_left_out(table, other_tables, whole_sheet, template),
        *check_columns_left_out(table, whole_sheet),
    ]
    if not is_named and len(workbook.sheets) > 1:
        location = Location(workbook.name, table.sheet.name)
        findings.append(make_finding("plan-sheet-assumed", location, value=table.sheet.name))
    return table, findings


def check_plan_headings(table: DetectedTable, template: Template, language: Language) -> Iterator[Finding]:
    """Yield the headings that are there twice, that are missing, or that look misspelt.

    Missing are errors for the unit and the activity, notes for all else; the id, "continues from" and the
    sub-activity are optional.
    """
    for heading, first_column, second_column in table.duplicate_headings:
        params = {"other": format_cell_address(table.heading_row, first_column)}
        yield make_finding(
            "plan-heading-twice", table.location_at(table.heading_row, second_column), value=heading, params=params
        )
    headings = _plan_headings(template)
    misspelt = find_misspelt_headings(table, headings)
    activity_key = template.levels[template.item_level_index].key
    part_key = "" if template.part_level_index is None else template.levels[template.part_level_index].key
    for each in headings:
        if each.key in misspelt:
            column, heading = misspelt[each.key]
            location = table.location_at(table.heading_row, column)
            yield make_finding(
                "plan-heading-misspelt", location, value=heading, suggestion=each.label.in_language(language)
            )
        elif each.key not in (*table.column_by_key, "id", "continues_from", part_key):
            code = "plan-heading-missing" if each.key in ("unit", activity_key) else "plan-heading-absent"
            yield make_finding(code, Location(table.file, table.sheet.name), params={"heading": each.label})


def choose_extra_columns(
    table: DetectedTable, template: Template, language: Language
) -> tuple[tuple[tuple[int, str], ...], list[Finding]]:
    """Return the further columns that the forms show as they are, as (column, heading), and what was renamed.

    Columns are counted from 0. A heading that the form uses itself, or that occurs twice, gets a unique one.
    """
    taken = {
        normalize_key_cached(name)
        for labelled in (*template.levels, *template.fields)
        for name in labelled.accepted_headings()
    }
    taken |= {
        normalize_key_cached(name)
        for key in ("id", "remaining", "previous")
        for name in translate_all(f"column.{key}").model_dump().values()
    }
    chosen: list[tuple[int, str]] = []
    findings: list[Finding] = []
    for column, heading in table.extra_columns:
        location = table.location_at(table.heading_row, column)
        if not heading:
            findings += _check_unnamed_column(table, column)
            continue
        unique_heading = (
            heading if normalize_key_cached(heading) not in taken else _unique_heading(heading, taken, language)
        )
        if unique_heading != heading:
            findings.append(
                make_finding("plan-column-renamed", location, value=heading, params={"name": unique_heading})
            )
        taken.add(normalize_key_cached(unique_heading))
        chosen.append((column, unique_heading))
    return tuple(chosen), findings


def _unique_heading(heading: str, taken: set[str], language: Language) -> str:
    """Return "Status (planen)", or "Status (planen) 2" and so on where that is taken too."""
    name = translate("plan.column_of_plan", language, heading=heading)
    return first_free_name(name, lambda candidate: normalize_key_cached(candidate) in taken, "{name} {number}")


def _check_unnamed_column(table: DetectedTable, column: int) -> Iterator[Finding]:
    """Yield one finding, at the first filled cell, if a column without a heading holds anything."""
    row = next((row for row in table.data_rows() if table.sheet.rows[row][column] not in (None, "")), None)
    if row is not None:
        yield make_finding(
            "plan-column-unnamed", table.location_at(row, column), value=str(table.sheet.rows[row][column])
        )


def _plan_headings(template: Template) -> tuple[HeadingSpec, ...]:
    """Return the headings of a plan: the fixed ones, then those of the template in its order."""
    fixed = (make_heading_spec(key, word) for key, word in _FIXED_HEADINGS.items())
    labelled = (*template.levels, *template.plan_fields())
    return (*fixed, *(HeadingSpec(each.key, each.label, each.accepted_headings()) for each in labelled))


def _no_table_findings(
    workbook: WorkbookData, sheets: list[SheetData], template: Template, language: Language
) -> list[Finding]:
    """Return why there is no table: no sheet at all, a heading row with faults, or no heading row."""
    headings = _plan_headings(template)
    if not sheets:
        return [
            make_finding("plan-no-sheet", Location(workbook.name), params={"headings": _join_headings(headings)})
        ]
    partial_tables = (find_partial_table(workbook.name, sheet, headings) for sheet in sheets)
    partial_table = next((half for half in partial_tables if half), None)
    return (
        list(check_plan_headings(partial_table, template, language))
        if partial_table
        else [_no_heading_row_finding(workbook, sheets[0], headings)]
    )


def _no_heading_row_finding(
    workbook: WorkbookData, sheet: SheetData, headings: tuple[HeadingSpec, ...]
) -> Finding:
    similar_cell = find_most_similar_cell(sheet, headings)
    location = Location(
        workbook.name, sheet.name, format_cell_address(*similar_cell[:2]) if similar_cell else None
    )
    text = similar_cell[2] if similar_cell else ""
    similar_message = LocalizedText(
        **{each: translate("plan.nearest_is", each, text=text) if similar_cell else "" for each in LANGUAGES}
    )
    return make_finding(
        "plan-no-heading-row",
        location,
        value=text,
        params={"headings": _join_headings(headings), "found": similar_message},
    )


def _join_headings(headings: tuple[HeadingSpec, ...]) -> LocalizedText:
    labels = [each.label for each in headings if each.key not in ("id", "continues_from")]
    return LocalizedText(**{each: ", ".join(label.in_language(each) for label in labels) for each in LANGUAGES})
