"""A grid as a table of which every column holds one type, whatever people wrote into it.

A spreadsheet's column of amounts may hold a text that is none, and keeps it as it was written. A data table
cannot: there the column holds amounts only, and a column beside it the words that are none. It is always there
for what units fill in, so that the tables of every round have the same columns.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Literal

from xlflow.core.model import Cell, Grid, GridColumn
from xlflow.core.words import Language, say

Type = Literal["string", "number", "integer", "date"]

Value = str | Decimal | date | None

_TYPES: dict[str, Type] = {
    "number": "number",
    "signed": "number",
    "share": "number",
    "integer": "integer",
    "date": "date",
}


_HALF = re.compile("[\ud800-\udfff]")
"""Half of an emoji, which no file of text can hold."""


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """One column: its key, its heading, and what it holds; None is a blank."""

    key: str
    heading: str
    type: Type
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class TypedTable:
    """A table by its columns, all equally long. `name` is that of its grid, `title` what the workbook calls it."""

    name: str
    title: str
    columns: tuple[TypedColumn, ...]


def type_grid(grid: Grid, filled_in: Container[str], language: Language) -> TypedTable:
    """Return the table of a grid; `filled_in` are the keys of the columns that units fill in."""
    cells = list(zip(*grid.rows, strict=True)) or [()] * len(grid.columns)
    taken = {column.heading.casefold() for column in grid.columns}
    columns = (
        typed
        for column, values in zip(grid.columns, cells, strict=True)
        for typed in _type_column(column, values, _name_words(column.heading, taken, language), filled_in)
    )
    return TypedTable(grid.name, say(f"consolidated.{grid.name}", language), tuple(columns))


def _type_column(
    column: GridColumn, cells: tuple[Cell, ...], words: str, filled_in: Container[str]
) -> Iterator[TypedColumn]:
    kind = _TYPES.get(column.kind, "string")
    if kind == "string":
        yield TypedColumn(column.key, column.heading, "string", tuple(map(_say, cells)))
        return
    yield TypedColumn(column.key, column.heading, kind, tuple(map(_take, cells)))
    if column.key in filled_in:
        texts = tuple(_say(cell) if isinstance(cell, str) else None for cell in cells)
        yield TypedColumn(f"{column.key}:written", words, "string", texts)


def _take(cell: Cell) -> Value:
    if isinstance(cell, str) or cell is None:
        return None
    return cell if isinstance(cell, Decimal | date) else Decimal(cell)


def _say(cell: Cell) -> str | None:
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return None if cell is None or cell == "" else _HALF.sub("\ufffd", str(cell))


def _name_words(heading: str, taken: Container[str], language: Language) -> str:
    """Return the heading of the column for what was written, one that no other column has."""
    name = say("interchange.as_written", language, heading=heading)
    names = (name if number == 1 else f"{name} {number}" for number in count(1))
    return next(each for each in names if each.casefold() not in taken)
