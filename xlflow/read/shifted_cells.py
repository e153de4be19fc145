"""Detects cells that were shifted: a person deleted or inserted cells, and not whole rows or columns.

What is then in a row, or below a heading, may be meant for another one, and nothing in it says so. The form's own
formulas and drop-down lists moved along, and they show it. Nothing is moved back: what people see is what counts.
"""

from collections.abc import Iterator, Sequence

from xlflow.excel.conventions import RawCell
from xlflow.form.layout import free_rows_heading
from xlflow.i18n.catalogue import LANGUAGES
from xlflow.model.findings import Finding, make_finding
from xlflow.model.text import normalize_key_cached
from xlflow.read.form_schema import FormSchema
from xlflow.read.locate_table import LocatedTable
from xlflow.read.unplaced import UnplacedCollector
from xlflow.values import cell_text

_MAX_SHIFT = 3
"""Columns by which the cells of a row may have been shifted."""


def remove_shifted_formulas(
    cells: Sequence[Sequence[RawCell]], table: LocatedTable, schema: FormSchema, collector: UnplacedCollector
) -> tuple[Sequence[Sequence[RawCell]], list[Finding]]:
    """Return the rows without the form's own formulas that were shifted to where they would be taken for answers,
    and the findings on such rows. What those formulas show goes to `collector`."""
    expected_columns = frozenset(
        column_index
        for schema_index in (schema.remaining_index, *schema.computed_indexes)
        if (column_index := table.column_of[schema_index]) is not None
    )
    formulas = table.sheet.metadata.formula_cells or ()
    suspicious_rows = {
        row
        for row, formula_column in formulas
        if formula_column not in expected_columns and table.heading_row < row < len(cells)
    }
    if not suspicious_rows:
        return cells, []
    rows, formula_columns_by_row, findings = list(cells), dict[int, set[int]](), list[Finding]()
    for row, column in formulas:
        formula_columns_by_row.setdefault(row, set()).add(column)
    for row_index in sorted(suspicious_rows) if expected_columns in formula_columns_by_row.values() else ():
        if formula_columns_by_row[row_index] not in _possible_shifts(expected_columns):
            continue
        shifted_columns, width = sorted(formula_columns_by_row[row_index] - expected_columns), len(rows[row_index])
        columns_with_text = [
            column for column in shifted_columns if column < width and cell_text(rows[row_index][column])
        ]
        for column_index in columns_with_text:
            collector.add_text(row_index, column_index, rows[row_index][column_index], "cells-shifted")
        if not columns_with_text:
            findings.append(
                make_finding(
                    "cells-shifted", table.cell_location(row_index, shifted_columns[0]), unit=collector.unit
                )
            )
        rows[row_index] = [
            None if column in shifted_columns else cell for column, cell in enumerate(rows[row_index])
        ]
    return rows, findings


def _possible_shifts(expected_columns: frozenset[int]) -> Iterator[set[int]]:
    """Yield the columns in which the formulas of a row are after its cells were shifted to the left or right, from
    any one on."""
    column_indexes = sorted(expected_columns)
    for start in range(len(column_indexes)):
        for offset in (offset for offset in range(-_MAX_SHIFT, _MAX_SHIFT + 1) if offset):
            yield {*column_indexes[:start], *(column_index + offset for column_index in column_indexes[start:])}


def check_shifted_columns(table: LocatedTable, schema: FormSchema, unit: str) -> Iterator[Finding]:
    """Yield a finding for each column that was shifted up or down against the others: it has data validation in
    the row that is the heading of the free rows, where the others have none."""
    validated_ranges = table.sheet.metadata.validated_ranges or ()
    column_at = {
        column_index: field_column
        for field_column in schema.answer_columns
        if (column_index := table.column_of[field_column.schema_index]) is not None
    }
    row_ranges_by_column = {
        column: {(top, bottom) for top, left, bottom, right in validated_ranges if left <= column <= right}
        for column in column_at
    }
    validated_columns = {column: row_ranges for column, row_ranges in row_ranges_by_column.items() if row_ranges}
    if len(set(map(frozenset, validated_columns.values()))) < 2:
        return
    heading_row = _find_free_rows_heading(table, schema)
    shifted_columns = [
        column
        for column, row_ranges in validated_columns.items()
        if any(top <= heading_row <= bottom for top, bottom in row_ranges)
    ]
    for column_index in shifted_columns if len(shifted_columns) < len(validated_columns) else ():
        location, shifted = table.cell_location(table.heading_row, column_index), column_at[column_index]
        yield make_finding(
            "column-shifted", location, unit=unit, field=shifted.key, params={"field": shifted.field.label}
        )


def _find_free_rows_heading(table: LocatedTable, schema: FormSchema) -> int:
    """Return the row (0-based) with the heading of the free rows; -1 if it is gone."""
    heading_texts = {
        normalize_key_cached(free_rows_heading(schema.template).in_language(language)) for language in LANGUAGES
    }
    for row_index in range(table.heading_row + 1, len(table.sheet.rows)):
        if any(
            type(cell) is str and normalize_key_cached(cell) in heading_texts
            for cell in table.sheet.rows[row_index]
        ):
            return row_index
    return -1
