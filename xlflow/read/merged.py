"""Lets a merged cell count for every row that it covers: what people see is one answer that goes for all of them.

What stood in the covered cells may still be there, though nobody sees it; it is set aside, and no row is made up.
"""

from collections.abc import Sequence

from xlflow.core.findings import Finding, find
from xlflow.core.layout import Column
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.excel.incoming import Raw
from xlflow.read.aside import Keeper
from xlflow.read.shape import Shape
from xlflow.read.table import Table

Area = tuple[int, int, int, int]
"""First row, first column, last row, last column of merged cells, counted from 0."""

_SPREAD = ("level", "given", "answer")


def spread_merged(table: Table, shape: Shape, keeper: Keeper) -> tuple[Sequence[Sequence[Raw]], list[Finding]]:
    """Return the rows with the value of every merged cell in each row that it covers, and a note on each."""
    areas = [area for area in table.sheet.merged if area[2] > area[0] > table.heading]
    if not areas:
        return table.sheet.rows, []
    rows, findings = [list(row) for row in table.sheet.rows], []
    columns = {place: shape.columns[index] for index, place in enumerate(table.places) if place is not None}
    found = [(column, area) for area in areas if (column := columns.get(area[1])) and column.kind in _SPREAD]
    for column, area in sorted(found, key=lambda pair: (_SPREAD.index(pair[0].kind), pair[1])):
        note = _spread_one(rows, column, area, table, shape, keeper)
        if note and column.kind == "answer":
            findings.append(note)
    return rows, findings


def _spread_one(
    rows: list[list[Raw]], column: Column, area: Area, table: Table, shape: Shape, keeper: Keeper
) -> Finding | None:
    """Write a merged cell's value into the rows below that it covers; return the note on it, if it has a value."""
    top, left, bottom, _ = area
    value = rows[top][left] if top < len(rows) and left < len(rows[top]) else None
    if value is None:
        return None
    count = 1
    for number in range(top + 1, min(bottom + 1, len(rows))):
        row, below = rows[number], written_text(rows[number][left])
        if below and column.kind == "answer":
            row[left] = None
            if fold(below) != fold(written_text(value)):
                keeper.keep_text(number, left, below, "text-under-merged")
        if row[left] is None and _says_which(row, table, shape):
            row[left], count = value, count + 1
    if count < 2:
        return None
    return find(
        "cells-merged",
        table.place(top, left),
        unit=keeper.unit,
        field=column.key,
        words={"field": column.label, "count": count},
    )


def _says_which(row: Sequence[Raw], table: Table, shape: Shape) -> bool:
    """Return whether a row says what it is about; blank rows and the heading of the free rows do not."""
    places = [table.places[index] for index in (0, *shape.levels)]
    texts = [written_text(row[place]) for place in places if place is not None]
    return any(text and not shape.is_ours(text) for text in texts)
