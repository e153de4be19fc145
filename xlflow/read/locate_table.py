"""Finds the form's table on whatever sheet it is now, and every column wherever it was moved.

Goes by content: the hidden row of codes, else the headings, else the position at which a column was issued. The
name of the sheet says nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.conventions import RawCell
from xlflow.excel.header_detection import group_headings
from xlflow.excel.reader import SheetData
from xlflow.form.layout import FIRST_UNPLACED_ROW, find_previous_position
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import PlanItem
from xlflow.model.text import normalize_key
from xlflow.read.form_schema import FormSchema, normalized_words
from xlflow.values import cell_text

_SCANNED_ROWS = 300
"""Rows from the top within which the heading row must be."""

_MAX_HEADING_LENGTH = 200
"""Letters; a longer text is no heading and is not normalized, which costs time."""

_MAX_ROWS_BELOW_CODES = 6
"""Rows below the row of codes within which the heading row must be."""

_MIN_HEADINGS = 3
"""Columns that a heading row must name."""


@dataclass(frozen=True, slots=True)
class LocatedTable:
    """The form's table on one sheet. All numbers are 0-based. `code_row` is None where the hidden row of codes is
    gone. `column_of` has the sheet column of each column of the schema, None where it is gone; index 0 is the id
    column."""

    file: str
    sheet: SheetData
    code_row: int | None
    heading_row: int
    column_of: tuple[int | None, ...]
    findings: tuple[Finding, ...] = ()

    def cell_location(self, row: int, column: int = 0) -> Location:
        """Return the address of a cell; `row` and `column` are 0-based."""
        return Location(self.file, self.sheet.name, format_cell_address(row, column))


def find_tables(file: str, sheets: Sequence[SheetData], schema: FormSchema) -> tuple[LocatedTable, ...]:
    """Return the form's table on every sheet that has one, in the order of the sheets. `file` is the name used in
    locations."""
    heading_rows = ((sheet, _find_heading_row(sheet, schema)) for sheet in sheets)
    return tuple(
        _build_table(file, sheet, schema, *code_and_heading)
        for sheet, code_and_heading in heading_rows
        if code_and_heading and not is_outside_table_sheet(sheet)
    )


def is_outside_table_sheet(sheet: SheetData) -> bool:
    """Return whether a sheet is that of a correction form which lists what was outside the table. Whole rows may
    be on it, and even the headings, so it looks like a table and is none."""
    location_headings = normalized_words("returned.loose_where")
    first_cells = [cell for row in sheet.rows[:FIRST_UNPLACED_ROW] for cell in row[:1] if isinstance(cell, str)]
    return normalize_key(sheet.name) in normalized_words("sheet.loose") or any(
        normalize_key(cell) in location_headings for cell in first_cells
    )


def use_codes_as_heading(table: LocatedTable, schema: FormSchema, items: Sequence[PlanItem]) -> LocatedTable:
    """Return the table with the row of codes as heading row where the heading was deleted and the row of an issued
    item is in its place; else the table as it is."""
    if table.code_row is None or not table.findings or table.heading_row >= len(table.sheet.rows):
        return table
    row, column_indexes = (
        table.sheet.rows[table.heading_row],
        (table.column_of[0], table.column_of[schema.level_indexes[schema.item_level]]),
    )
    id_cell, text = (None if column_index is None else row[column_index] for column_index in column_indexes)
    if not any(id_cell == item.id or text == item.level_texts[schema.item_level] for item in items):
        return table
    missing_finding = make_finding("headings-gone", Location(table.file, table.sheet.name))
    other_findings = (finding for finding in table.findings if finding.code != "heading-changed")
    return replace(table, heading_row=table.code_row, findings=(missing_finding, *other_findings))


def _find_heading_row(sheet: SheetData, schema: FormSchema) -> tuple[int | None, int] | None:
    """Return (row of codes or None, heading row), both 0-based; None if the form is not on this sheet."""
    for row_index, row in enumerate(sheet.rows[:_SCANNED_ROWS]):
        if not schema.column_codes.isdisjoint(row) and sum(cell in schema.column_codes for cell in row) > 1:
            rows_above = sheet.rows[:row_index]
            heading_rows_above = [
                above_index
                for above_index, cells in enumerate(rows_above)
                if _is_heading_row(_match_headings(cells, schema), schema)
            ]
            if heading_rows_above:  # the codes are a copy, pasted between the rows
                return None, heading_rows_above[0]
            rows_below = range(row_index + 1, min(row_index + _MAX_ROWS_BELOW_CODES, len(sheet.rows)))
            heading_counts = [
                (len(_match_headings(sheet.rows[below_index], schema)), -below_index) for below_index in rows_below
            ]
            max_count, negative_index = max(heading_counts, default=(0, 0))
            return row_index, -negative_index if max_count > 1 else row_index + 1
    max_count = max(map(len, schema.indexes_by_heading.values()))
    for row_index, row in enumerate(sheet.rows[:_SCANNED_ROWS]):
        has_enough_cells = (len(row) - row.count(None)) * max_count >= _MIN_HEADINGS
        if has_enough_cells and _is_heading_row(_match_headings(row, schema), schema):
            return None, row_index
    return None


def _match_headings(row: Sequence[RawCell], schema: FormSchema) -> dict[int, list[int]]:
    """Return schema index -> sheet columns whose cell in this row is a heading of that column."""
    columns_by_index: dict[int, list[int]] = {}
    for heading, columns in group_headings(row, _MAX_HEADING_LENGTH).items():
        for schema_index in schema.indexes_by_heading.get(heading, ()):
            columns_by_index.setdefault(schema_index, []).extend(columns)
    return columns_by_index


def _is_heading_row(columns_by_index: dict[int, list[int]], schema: FormSchema) -> bool:
    """Return whether a row has at least three headings, one of an answer column among them, and the activity's or
    most of all columns."""
    has_expected_columns = schema.level_indexes[schema.item_level] in columns_by_index or len(
        columns_by_index
    ) * 2 > len(schema.columns)
    return (
        len(columns_by_index) >= _MIN_HEADINGS
        and has_expected_columns
        and any(field_column.schema_index in columns_by_index for field_column in schema.answer_columns)
    )


def _build_table(
    file: str, sheet: SheetData, schema: FormSchema, code_row: int | None, heading_row: int
) -> LocatedTable:
    code_cells = sheet.rows[code_row] if code_row is not None else ()
    heading_cells = sheet.rows[heading_row] if heading_row < len(sheet.rows) else ()
    columns_by_code: dict[int, list[int]] = {}
    for column_index, cell in enumerate(code_cells):
        if isinstance(cell, str) and cell in schema.index_by_code:
            columns_by_code.setdefault(schema.index_by_code[cell], []).append(column_index)
    columns_by_heading = _match_headings(heading_cells, schema)
    assigned: dict[int, int] = {}
    for schema_index, candidates in _column_candidates(schema, columns_by_code, columns_by_heading):
        free = [column_index for column_index in candidates if column_index not in assigned.values()]
        if schema_index not in assigned and free:
            assigned[schema_index] = _fullest_column(sheet, heading_row, free)
    if not columns_by_code:
        _assign_by_position(schema, heading_cells, assigned)
    column_of = tuple(assigned.get(index) for index in range(len(schema.columns)))
    table = LocatedTable(file, sheet, code_row, heading_row, column_of)
    return LocatedTable(
        file,
        sheet,
        code_row,
        heading_row,
        column_of,
        tuple(_check_columns(table, schema, columns_by_code, columns_by_heading)),
    )


def _column_candidates(
    schema: FormSchema, columns_by_code: dict[int, list[int]], columns_by_heading: dict[int, list[int]]
) -> Iterator[tuple[int, list[int]]]:
    """Yield (schema index, sheet columns where it may be), the surest first: code and heading agree; then the
    heading, which people saw when they wrote; then the code."""
    for schema_index in range(len(schema.columns)):
        yield (
            schema_index,
            [
                column_index
                for column_index in columns_by_code.get(schema_index, ())
                if column_index in columns_by_heading.get(schema_index, ())
            ],
        )
    for schema_index in range(len(schema.columns)):
        yield schema_index, columns_by_heading.get(schema_index, [])
    for schema_index in range(len(schema.columns)):
        yield schema_index, columns_by_code.get(schema_index, [])


def _fullest_column(sheet: SheetData, heading_row: int, column_indexes: Sequence[int]) -> int:
    """Return the column with most cells filled below the heading, of several the first: copies are mostly
    blank."""
    if len(column_indexes) == 1:
        return column_indexes[0]
    return max(
        column_indexes,
        key=lambda column_index: (
            sum(row[column_index] is not None for row in sheet.rows[heading_row + 1 :]),
            -column_index,
        ),
    )


def _assign_by_position(schema: FormSchema, heading_cells: Sequence[RawCell], assigned: dict[int, int]) -> None:
    """Assign columns with an unknown heading to the position at which they were issued, if all known columns are
    still at theirs (with or without the column of previous answers, which was after what remains in older
    forms)."""
    orders_with_previous = (
        (*range(position), schema.previous_index, *range(position, schema.previous_index))
        for position in (find_previous_position(schema.columns), schema.remaining_index + 1)
    )
    for order in (range(len(schema.columns)), *orders_with_previous):
        if all(column < len(order) and order[column] == index for index, column in assigned.items()):
            for column_index, schema_index in enumerate(order[: len(heading_cells)]):
                if schema_index not in assigned and heading_cells[column_index] is not None:
                    assigned[schema_index] = column_index
            return


def _check_columns(
    table: LocatedTable,
    schema: FormSchema,
    columns_by_code: dict[int, list[int]],
    columns_by_heading: dict[int, list[int]],
) -> Iterator[Finding]:
    for schema_index, column in enumerate(schema.columns):
        column_index = table.column_of[schema_index]
        params = {"field": column.label}
        if column_index is None:
            if column.kind in ("answer", "level", "id"):
                code = "column-missing" if column.kind == "answer" else "issued-column-missing"
                yield make_finding(code, Location(table.file, table.sheet.name), field=column.key, params=params)
        elif column_index not in columns_by_heading.get(schema_index, ()):
            heading_cells = (
                table.sheet.rows[table.heading_row] if table.heading_row < len(table.sheet.rows) else ()
            )
            heading_text = cell_text(heading_cells[column_index]) if column_index < len(heading_cells) else ""
            if heading_text or column.kind != "remaining":
                location = table.cell_location(table.heading_row, column_index)
                yield make_finding(
                    "heading-changed", location, field=column.key, value=heading_text, params=params
                )
        elif columns_by_code and column_index not in columns_by_code.get(schema_index, [column_index]):
            yield make_finding(
                "heading-not-code",
                table.cell_location(table.heading_row, column_index),
                field=column.key,
                params=params,
            )
