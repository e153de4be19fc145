"""Lets a merged cell count for every row that it covers: people see one answer for all of them.

Over several answer columns a text counts for one of them: the first if it fits there, else the first for any text,
as when a comment was given the room of the column before it. What the covered cells held may still be there,
though nobody sees it; it is set aside. No row is made up.
"""

from collections.abc import Mapping, Sequence

from xlflow.excel.conventions import CellRange, RawCell
from xlflow.form.layout import FormColumn
from xlflow.model.findings import Finding, make_finding
from xlflow.model.plan import Deadline
from xlflow.model.text import normalize_key
from xlflow.read.form_schema import FieldColumn, FormSchema
from xlflow.read.locate_table import LocatedTable
from xlflow.read.unplaced import UnplacedCollector
from xlflow.values import cell_text

_FILLED_COLUMN_KINDS = ("level", "given", "answer")
"""Columns in which a merged cell counts for all its rows. In this order, since which rows are filled is seen by
their levels."""


def fill_merged_cells(
    table: LocatedTable, schema: FormSchema, collector: UnplacedCollector
) -> tuple[Sequence[Sequence[RawCell]], list[Finding]]:
    """Return all rows of the sheet with the value of every merged cell in each table row that it covers, and a
    note on each merged answer. Other texts in covered cells go to `collector`."""
    below_heading = [each for each in table.sheet.merged_ranges if each[0] > table.heading_row]
    if not below_heading:
        return table.sheet.rows, []
    rows = [list(row) for row in table.sheet.rows]
    findings = _read_across_columns(rows, below_heading, table, schema, collector)
    merged_ranges = [
        _move_to_answer(merged_range, rows) for merged_range in below_heading if merged_range[2] > merged_range[0]
    ]
    column_at = {
        column_index: schema.columns[schema_index]
        for schema_index, column_index in enumerate(table.column_of)
        if column_index is not None
    }
    ranges_with_column = [
        (column, merged_range)
        for merged_range in merged_ranges
        if (column := column_at.get(merged_range[1])) and column.kind in _FILLED_COLUMN_KINDS
    ]
    for column, merged_range in sorted(
        ranges_with_column, key=lambda pair: (_FILLED_COLUMN_KINDS.index(pair[0].kind), pair[1])
    ):
        finding = _fill_merged_range(rows, column, merged_range, table, schema, collector)
        if finding and column.kind == "answer":
            findings.append(finding)
    return rows, findings


def _move_to_answer(merged_range: CellRange, rows: list[list[RawCell]]) -> CellRange:
    """Return a merged range from the column on in which its value is now (see `_read_across_columns`)."""
    top, left, bottom, right = merged_range
    if top >= len(rows):
        return merged_range
    filled = (column for column in range(left, min(right + 1, len(rows[top]))) if rows[top][column] is not None)
    return top, next(filled, left), bottom, right


def _read_across_columns(
    rows: list[list[RawCell]],
    merged_ranges: Sequence[CellRange],
    table: LocatedTable,
    schema: FormSchema,
    collector: UnplacedCollector,
) -> list[Finding]:
    """Put the value of every cell that is merged over several answer columns into the one that it is for (changes
    `rows`), and set aside what lies unseen in the others. Return a note on each such cell."""
    field_at = {
        column_index: field_column
        for field_column in schema.answer_columns
        if (column_index := table.column_of[field_column.schema_index]) is not None
    }
    findings = []
    for top, left, _, right in merged_ranges:
        if right == left or top >= len(rows):
            continue
        row, value = rows[top], rows[top][left] if left < len(rows[top]) else None
        covered = [column for column in range(left + 1, min(right + 1, len(row))) if column in field_at]
        for column in covered:
            covered_text = cell_text(row[column])
            row[column] = None
            if covered_text and normalize_key(covered_text) != normalize_key(cell_text(value)):
                collector.add_text(top, column, covered_text, "text-under-merged")
        if left not in field_at or value is None or not covered:
            continue
        chosen = _choose_column([left, *covered], value, field_at)
        row[left], row[chosen] = None, value
        findings.append(
            make_finding(
                "cells-merged-across",
                table.cell_location(top, left),
                unit=collector.unit,
                field=field_at[chosen].key,
                params={"field": field_at[chosen].field.label, "other": field_at[left].field.label}
                if chosen != left
                else {"field": field_at[left].field.label, "other": field_at[covered[0]].field.label},
            )
        )
    return findings


def _choose_column(columns: Sequence[int], value: RawCell, field_at: Mapping[int, FieldColumn]) -> int:
    """Return the column that the value of a merged cell is for: the first in which it is understood, words that
    are no time not counted, else the first that takes any text, else the first."""
    for column in columns:
        parsed = field_at[column].parse(value)
        is_understood = parsed.value is not None and not parsed.code
        is_time = not isinstance(parsed.value, Deadline) or parsed.value.last is not None
        if field_at[column].field.type == "text" or (is_understood and is_time):
            return column
    return columns[0]


def _fill_merged_range(
    rows: list[list[RawCell]],
    column: FormColumn,
    merged_range: CellRange,
    table: LocatedTable,
    schema: FormSchema,
    collector: UnplacedCollector,
) -> Finding | None:
    """Write a merged cell's value into the rows below that it covers (changes `rows`). Return the note on it; None
    where it has no value or covers one row only."""
    top, left, bottom, _ = merged_range
    value = rows[top][left] if top < len(rows) and left < len(rows[top]) else None
    if value is None:
        return None
    covered_rows = 1
    for row_index in range(top + 1, min(bottom + 1, len(rows))):
        row, covered_text = rows[row_index], cell_text(rows[row_index][left])
        if covered_text and column.kind == "answer":
            row[left] = None
            if normalize_key(covered_text) != normalize_key(cell_text(value)):
                collector.add_text(row_index, left, covered_text, "text-under-merged")
        if row[left] is None and _has_item_text(row, table, schema):
            row[left], covered_rows = value, covered_rows + 1
    if covered_rows < 2:
        return None
    return make_finding(
        "cells-merged",
        table.cell_location(top, left),
        unit=collector.unit,
        field=column.key,
        params={"field": column.label, "count": covered_rows},
    )


def _has_item_text(row: Sequence[RawCell], table: LocatedTable, schema: FormSchema) -> bool:
    """Return whether a row has an id or a level text of its own; blank rows and the heading of the free rows have
    not."""
    column_indexes = [table.column_of[schema_index] for schema_index in (0, *schema.level_indexes)]
    texts = [cell_text(row[column_index]) for column_index in column_indexes if column_index is not None]
    return any(text and not schema.is_fixed_text(text) for text in texts)
