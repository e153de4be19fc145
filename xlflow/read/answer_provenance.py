"""Notes on how answers came about: computed by a formula, in hidden rows, columns or sheets, pasted over a list.

Notes only: the answers count as they are, and whoever doubts one knows where to look.
"""

from collections.abc import Iterable, Iterator, Sequence

from xlflow.excel.cell_address import format_cell_address, split_cell_address
from xlflow.form.layout import list_key
from xlflow.model.findings import Finding, Location, MessageParam, make_finding
from xlflow.model.submission import Answer, AnswerRow
from xlflow.model.template_elements import DEADLINE_TYPES, NUMBER_TYPES
from xlflow.read.dragged_series import check_dragged_series
from xlflow.read.form_schema import FieldColumn, FormSchema
from xlflow.read.locate_table import LocatedTable


def check_answer_provenance(
    table: LocatedTable, schema: FormSchema, rows: Sequence[AnswerRow]
) -> Iterator[Finding]:
    """Yield notes on the table's sheet, and on the answers of its rows (`rows` are those that were read from
    it)."""
    location, evidence = Location(table.file, table.sheet.name), table.sheet.metadata
    columns = {
        column_index: field_column
        for field_column in schema.answer_columns
        if (column_index := table.column_of[field_column.schema_index]) is not None
    }
    if not table.sheet.visible:
        yield make_finding("sheet-hidden", location)
    if evidence.validated_ranges == () and any(list_key(column.field) for column in schema.answer_columns):
        yield make_finding("lists-gone", location)
    formula_cells = {format_cell_address(*cell) for cell in evidence.formula_cells or () if cell[1] in columns}
    yield from _check_hidden_columns(table, columns, rows)
    yield from check_dragged_series(_list_counting_columns(columns.values()), rows)
    hidden_cells = {f"A{row + 1}" for row in evidence.hidden_rows if row > table.heading_row}
    pasted_cells = set(_find_validation_gaps(table, columns))
    suspicious_rows = {split_cell_address(cell)[1] for cell in (*formula_cells, *hidden_cells, *pasted_cells)}
    for row in rows if suspicious_rows else ():
        if split_cell_address(row.location.cell or "")[1] not in suspicious_rows:
            continue
        filled_answers = [answer for answer in row.answers if not answer.is_blank]
        if filled_answers and row.location.cell in hidden_cells:
            yield make_finding("row-hidden", row.location, unit=row.unit, row_id=row.item.id)
        for answer in filled_answers:
            cell = row.location_of(answer).cell
            if cell in formula_cells and answer.error_code not in ("cell-error", "cell-formula"):
                yield _make_answer_note("cell-calculated", answer, row, schema)
            if cell in pasted_cells:
                yield _make_answer_note("list-pasted-over", answer, row, schema)


def _list_counting_columns(columns: Iterable[FieldColumn]) -> list[FieldColumn]:
    """Return the columns in which a series is doubted: of times and amounts."""
    return [column for column in columns if column.field.type in (*DEADLINE_TYPES, *NUMBER_TYPES)]


def _check_hidden_columns(
    table: LocatedTable, columns: dict[int, FieldColumn], rows: Sequence[AnswerRow]
) -> Iterator[Finding]:
    """Yield a note on every hidden answer column (`columns` by sheet column, 0-based) that holds an answer."""
    for column_index in sorted(table.sheet.metadata.hidden_columns & columns.keys()):
        field_column = columns[column_index]
        answered_rows = sum(not answer.is_blank for row in rows if (answer := row.answer(field_column.key)))
        if answered_rows:
            params: dict[str, MessageParam] = {"field": field_column.field.label, "count": answered_rows}
            location = table.cell_location(table.heading_row, column_index)
            unit = rows[0].unit if rows else None
            yield make_finding("column-hidden", location, unit=unit, field=field_column.key, params=params)


def _make_answer_note(code: str, answer: Answer, row: AnswerRow, schema: FormSchema) -> Finding:
    return make_finding(
        code,
        row.location_of(answer),
        unit=row.unit,
        row_id=row.item.id,
        field=answer.field,
        value=answer.raw_text,
        params={"field": schema.template.field(answer.field).label},
    )


def _find_validation_gaps(table: LocatedTable, columns: dict[int, FieldColumn]) -> Iterator[str]:
    """Yield the addresses of cells without a list between cells of the same column that have one: what is pasted
    brings its own data validation, or none. `columns` are the answer columns by sheet column (0-based)."""
    row_count = len(table.sheet.rows)
    for column_index, field_column in columns.items():
        cell_ranges = [
            cell_range
            for cell_range in table.sheet.metadata.validated_ranges or ()
            if cell_range[1] <= column_index <= cell_range[3]
        ]
        if list_key(field_column.field) and cell_ranges:
            validated_rows = {
                row for top, _, bottom, _ in cell_ranges for row in range(top, min(bottom + 1, row_count))
            }
            checked_rows = range(
                max(min(validated_rows, default=row_count), table.heading_row + 1), max(validated_rows, default=0)
            )
            yield from (
                format_cell_address(row, column_index) for row in checked_rows if row not in validated_rows
            )
