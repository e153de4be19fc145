"""Notices cells that were pushed out of their places: somebody deleted or inserted cells, and not whole rows.

What then stands in a row, or below a heading, may be meant for another one, and nothing in it says so. The form's
own formulas and lists moved along, and they tell. Nothing is moved back: what people see is what counts.
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
"""Columns by which the cells of a row may have been pushed."""


def remove_shifted_formulas(
    cells: Sequence[Sequence[RawCell]], table: LocatedTable, schema: FormSchema, collector: UnplacedCollector
) -> tuple[Sequence[Sequence[RawCell]], list[Finding]]:
    """Return the rows without the formulas of the form's own that were pushed to where they would be taken for
    answers, and what is to be said of such rows; what those formulas show is set aside."""
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
            place for place in shifted_columns if place < width and cell_text(rows[row_index][place])
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
            None if place in shifted_columns else cell for place, cell in enumerate(rows[row_index])
        ]
    return rows, findings


def _possible_shifts(expected_columns: frozenset[int]) -> Iterator[set[int]]:
    """Yield where the formulas of a row stand once its cells were pushed to the left or right, from any one on."""
    column_indexes = sorted(expected_columns)
    for start in range(len(column_indexes)):
        for offset in (far for far in range(-_MAX_SHIFT, _MAX_SHIFT + 1) if far):
            yield {*column_indexes[:start], *(column_index + offset for column_index in column_indexes[start:])}


def check_shifted_columns(table: LocatedTable, schema: FormSchema, unit: str) -> Iterator[Finding]:
    """Return which columns lie higher or lower than the others: they have lists or limits in the row that says
    where the free rows begin, where others have none."""
    validated_ranges = table.sheet.metadata.validated_ranges or ()
    column_at = {
        column_index: field_column
        for field_column in schema.answer_columns
        if (column_index := table.column_of[field_column.schema_index]) is not None
    }
    row_ranges_by_column = {
        place: {(top, bottom) for top, left, bottom, right in validated_ranges if left <= place <= right}
        for place in column_at
    }
    validated_columns = {place: row_ranges for place, row_ranges in row_ranges_by_column.items() if row_ranges}
    if len(set(map(frozenset, validated_columns.values()))) < 2:
        return
    free_rows_heading = _find_free_rows_heading(table, schema)
    shifted_columns = [
        place
        for place, span in validated_columns.items()
        if any(top <= free_rows_heading <= bottom for top, bottom in span)
    ]
    for column_index in shifted_columns if len(shifted_columns) < len(validated_columns) else ():
        location, each = table.cell_location(table.heading_row, column_index), column_at[column_index]
        yield make_finding(
            "column-shifted", location, unit=unit, field=each.key, params={"field": each.field.label}
        )


def _find_free_rows_heading(table: LocatedTable, schema: FormSchema) -> int:
    """Return the row that says where the free rows begin; -1 if it is gone."""
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
