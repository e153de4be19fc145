"""Reports what can be seen on the plan sheet but is easily missed: hidden, struck out, merged or commented cells.

Everything of the kind counts all the same, since only the planner knows what was meant. So every finding states
that it counts and what to do if it should not; nothing here changes the plan.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from xlflow.definition.plan_rows import shorten_for_message
from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.header_detection import DetectedTable
from xlflow.model.findings import Finding, Location, make_finding
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
