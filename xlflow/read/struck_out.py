"""Takes struck-out text out of the answers: who strikes an answer out has taken it back.

What is struck out is set aside with its cell, never dropped; what is not struck out in the same cell counts. Texts
that the form was issued with stay, since they are not the unit's; that somebody struck them out is only noted.
"""

from collections.abc import Iterator
from dataclasses import replace

from xlflow.excel.reader import StruckOutText
from xlflow.form.layout import FormColumn
from xlflow.model.findings import Finding, make_finding
from xlflow.model.submission import Unplaced
from xlflow.model.text import collapse_whitespace_keep_lines
from xlflow.read.form_schema import FormSchema
from xlflow.read.locate_table import LocatedTable
from xlflow.values import cell_text


def remove_struck_out(
    table: LocatedTable, schema: FormSchema, unit: str
) -> tuple[LocatedTable, list[Unplaced], list[Finding]]:
    """Return the table without what is struck out in the unit's cells, that as texts set aside, and the notes on
    issued texts that are struck out."""
    struck_cells = list(_list_struck_cells(table, schema))
    if not struck_cells:
        return table, [], []
    rows = [list(row) for row in table.sheet.rows]
    unplaced, findings = list[Unplaced](), list[Finding]()
    for struck, column in struck_cells:
        location = table.cell_location(struck.row, struck.column)
        if _is_issued_text(table, column, struck.row):
            findings.append(make_finding("issued-text-struck-out", location, unit=unit, value=struck.text.strip()))
            continue
        remaining = collapse_whitespace_keep_lines(struck.remaining)
        rows[struck.row][struck.column] = remaining or None
        unplaced.append(Unplaced(unit, location, (struck.text.strip(),), "text-struck-out", is_row=False))
    return (
        replace(table, sheet=replace(table.sheet, rows=tuple(map(tuple, rows)))),
        unplaced,
        findings,
    )


def _list_struck_cells(table: LocatedTable, schema: FormSchema) -> Iterator[tuple[StruckOutText, FormColumn]]:
    """Yield what is struck out in the table's columns below its heading."""
    column_at = {
        column_index: schema.columns[schema_index]
        for schema_index, column_index in enumerate(table.column_of)
        if column_index is not None
    }
    for struck in table.sheet.metadata.struck_out:
        column = column_at.get(struck.column)
        is_in_grid = struck.row < len(table.sheet.rows) and struck.column < len(table.sheet.rows[struck.row])
        if column and is_in_grid and struck.row > table.heading_row:
            yield struck, column


def _is_issued_text(table: LocatedTable, column: FormColumn, row_index: int) -> bool:
    """Return whether a cell holds what the form was issued with: no answer, in a row that has an id."""
    id_column = table.column_of[0]
    has_id = id_column is not None and bool(cell_text(table.sheet.rows[row_index][id_column]).strip())
    return column.kind != "answer" and has_id
