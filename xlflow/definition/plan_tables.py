"""Which cells of a workbook are the plan, and what on the sheet is easily missed.

An Excel table's range ends the plan. Other tables with the plan's headings, rows outside the table, and hidden,
struck out, merged or commented cells are reported: no item of a plan may be left out silently. Everything of the
kind counts all the same, since only the planner knows what was meant; nothing here changes the plan.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from xlflow.definition.plan_rows import shorten_for_message
from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.header_detection import DetectedTable, HeadingSpec, find_table
from xlflow.excel.reader import ExcelTable, SheetData
from xlflow.model.findings import Finding, Location, Severity, make_finding
from xlflow.model.template import Template

if TYPE_CHECKING:
    from xlflow.excel.reader import StruckOutText


def check_plan_formatting(table: DetectedTable, template: Template) -> Iterator[Finding]:
    """Yield what the planner may have overlooked in the table of the plan, each with its cell."""
    data_rows = tuple(table.data_rows())
    yield from _check_hidden_rows(table, data_rows)
    yield from _check_hidden_columns(table)
    yield from _check_struck_out(table, template, frozenset(data_rows))
    yield from _check_merged_cells(table, template)
    yield from _check_comments(table)


def _check_hidden_rows(table: DetectedTable, data_rows: Iterable[int]) -> Iterator[Finding]:
    """Yield one finding for all rows that a filter or a person has hidden."""
    hidden_rows = [row for row in data_rows if row in table.sheet.metadata.hidden_rows]
    if hidden_rows:
        location = table.location_at(hidden_rows[0], min(table.column_by_key.values()))
        yield make_finding("plan-row-hidden", location, params={"rows": join_row_numbers(hidden_rows)})


def _check_hidden_columns(table: DetectedTable) -> Iterator[Finding]:
    """Yield the hidden columns that have a heading."""
    headings = table.sheet.rows[table.heading_row]
    for column in sorted(table.sheet.metadata.hidden_columns):
        if column < len(headings) and headings[column] not in (None, ""):
            location = table.location_at(table.heading_row, column)
            yield make_finding("plan-column-hidden", location, value=shorten_for_message(str(headings[column])))


def _check_struck_out(table: DetectedTable, template: Template, data_rows: frozenset[int]) -> Iterator[Finding]:
    """Yield one finding per row whose own text is struck out, else one per cell with struck-out text."""
    texts_by_row: dict[int, list[StruckOutText]] = {}
    for struck in table.sheet.metadata.struck_out:
        if struck.row in data_rows:
            texts_by_row.setdefault(struck.row, []).append(struck)
    for row, texts in texts_by_row.items():
        item_column = _item_column(table, template, row)
        item_text = next((text for text in texts if text.whole_cell and text.column == item_column), None)
        for struck in (item_text,) if item_text else texts:
            code = "plan-row-struck-out" if item_text else "plan-text-struck-out"
            location = table.location_at(struck.row, struck.column)
            yield make_finding(code, location, value=shorten_for_message(struck.text))


def _item_column(table: DetectedTable, template: Template, row: int) -> int | None:
    """Return the column (0-based) of the lowest level that a row fills: what the row is about."""
    columns = [table.column_by_key[level.key] for level in template.levels if level.key in table.column_by_key]
    return next((column for column in reversed(columns) if table.sheet.rows[row][column] not in (None, "")), None)


def _check_merged_cells(table: DetectedTable, template: Template) -> Iterator[Finding]:
    """Yield the merged cells whose value counts for several rows, but for those of the levels, where that is what
    a blank cell means too, and for those of the id, which is not shared."""
    level_keys = {level.key for level in template.levels}
    shared_columns = {
        column for key, column in table.column_by_key.items() if key not in level_keys and key != "id"
    } | {column for column, heading in table.extra_columns if heading}
    last_row = len(table.sheet.rows) - 1
    for top, left, bottom, right in sorted(table.sheet.merged_ranges):
        is_filled = top <= last_row and table.sheet.rows[top][left] not in (None, "")
        if top > table.heading_row and bottom > top and left in shared_columns and is_filled:
            params = {
                "cells": f"{format_cell_address(top, left)}:{format_cell_address(bottom, right)}",
                "rows": join_row_numbers(range(top, min(bottom, last_row) + 1)),
            }
            text = shorten_for_message(str(table.sheet.rows[top][left]))
            yield make_finding("plan-cells-merged", table.location_at(top, left), value=text, params=params)


def _check_comments(table: DetectedTable) -> Iterator[Finding]:
    """Yield the comments on the sheet's cells, and the texts of the shapes that lie over them."""
    for row, column, _, text in table.sheet.metadata.annotations:
        if text.strip():
            location = Location(table.file, table.sheet.name, format_cell_address(row, column))
            yield make_finding("plan-comment", location, value=shorten_for_message(text))


def join_row_numbers(rows: Iterable[int]) -> str:
    """Return rows (0-based, ascending) as people count them: [4, 6, 7, 8] is "5, 7–9"."""
    spans: list[tuple[int, int]] = []
    for row in rows:
        start = spans.pop()[0] if spans and spans[-1][1] == row else row + 1
        spans.append((start, row + 1))
    return ", ".join(str(start) if start == end else f"{start}–{end}" for start, end in spans)


def find_candidate_tables(
    file: str, sheet: SheetData, headings: Sequence[HeadingSpec], required_key: str
) -> Iterator[DetectedTable]:
    """Yield the tables of a sheet that have the headings: its Excel tables if any has, else that of the sheet.

    The sheet of an Excel table's `DetectedTable` holds nothing beside or below the table; addresses stay the same.
    """
    whole = find_table(file, sheet, headings, required_key)
    cropped = [
        replace(table, sheet=_crop_to_table(sheet, excel_table))
        for excel_table in sheet.metadata.excel_tables
        if (table := find_table(file, _blank_rows_above(sheet, excel_table), headings, required_key))
        and table.heading_row == excel_table.cell_range[0]
    ]
    if cropped or whole is None:
        yield from cropped
    else:
        yield whole


def check_rows_left_out(
    table: DetectedTable, other_tables: Iterable[DetectedTable], whole_sheet: SheetData, template: Template
) -> Iterator[Finding]:
    """Yield what is left out of the plan: the rows of other tables, and rows below the table in its columns."""
    read_elsewhere = set[int]()
    for other in other_tables:
        rows = tuple(other.data_rows())
        if other.sheet.name == table.sheet.name:
            read_elsewhere |= {other.heading_row, *rows}
        if rows:
            severity = None if other.sheet.visible else Severity.NOTE
            location = other.location_at(other.heading_row, min(other.column_by_key.values()))
            params: dict[str, str | int] = {"rows": len(rows), "sheet": table.sheet.name}
            yield make_finding(
                "plan-table-left-out", location, severity=severity, value=other.sheet.name, params=params
            )
    keys = (*(level.key for level in template.levels[template.item_level_index :]), "unit")
    columns = [table.column_by_key[key] for key in keys if key in table.column_by_key]
    rows_below = [
        row
        for row in range(len(table.sheet.rows), len(whole_sheet.rows))
        if row not in read_elsewhere and any(whole_sheet.rows[row][column] not in (None, "") for column in columns)
    ]
    rows_below = [row for row in rows_below if not _is_total_row(whole_sheet, row)]
    if rows_below:
        location = table.location_at(rows_below[0], columns[0])
        yield make_finding("plan-rows-outside-table", location, params={"rows": join_row_numbers(rows_below)})


def check_columns_left_out(table: DetectedTable, whole_sheet: SheetData) -> Iterator[Finding]:
    """Yield the headings beside an Excel table, whose columns are not carried along."""
    headings = zip(whole_sheet.rows[table.heading_row], table.sheet.rows[table.heading_row], strict=True)
    for column, (heading, read_heading) in enumerate(headings):
        if heading not in (None, "") and read_heading is None:
            location = table.location_at(table.heading_row, column)
            yield make_finding("plan-column-outside-table", location, value=shorten_for_message(str(heading)))


def _is_total_row(sheet: SheetData, row: int) -> bool:
    return any(
        excel_table.total_rows and row == excel_table.cell_range[2] for excel_table in sheet.metadata.excel_tables
    )


def _crop_to_table(sheet: SheetData, excel_table: ExcelTable) -> SheetData:
    """Return the sheet without what is beside or below a table, and without the table's row of totals."""
    top, left, bottom, right = excel_table.cell_range
    rows = [
        cells
        if row < top
        else tuple(cell if left <= column <= right else None for column, cell in enumerate(cells))
        for row, cells in enumerate(sheet.rows[: bottom + 1 - excel_table.total_rows])
    ]
    return replace(sheet, rows=tuple(rows))


def _blank_rows_above(sheet: SheetData, excel_table: ExcelTable) -> SheetData:
    """Return the sheet with nothing but the table, so that no other heading row is found."""
    top = excel_table.cell_range[0]
    cropped = _crop_to_table(sheet, excel_table)
    return replace(cropped, rows=(*((None,) * len(row) for row in cropped.rows[:top]), *cropped.rows[top:]))
