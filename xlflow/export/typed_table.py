"""A table of the consolidated workbook with one type per column, whatever people wrote into it.

A spreadsheet's column of amounts may hold a text that is none, and keeps it as it was written. A data table
cannot: there the column holds amounts only, and a column beside it the words that are none. It is always there
for what units fill in, so that the tables of every round have the same columns.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from xlflow.i18n.catalogue import Language, translate
from xlflow.model.table import Table, TableCell, TableColumn
from xlflow.model.text import first_free_name

ColumnType = Literal["string", "number", "integer", "date"]

TypedValue = str | Decimal | date | None

_COLUMN_TYPES: dict[str, ColumnType] = {
    "number": "number",
    "signed": "number",
    "share": "number",
    "integer": "integer",
    "date": "date",
}


_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of an emoji, which no file of text can hold."""


@dataclass(frozen=True, slots=True)
class TypedColumn:
    """One column: key, heading, type and values; None is a blank."""

    key: str
    heading: str
    type: ColumnType
    values: tuple[TypedValue, ...]


@dataclass(frozen=True, slots=True)
class TypedTable:
    """A table by its columns, all equally long. `name` is the table's key, `title` its name in the workbook."""

    name: str
    title: str
    columns: tuple[TypedColumn, ...]


def build_typed_table(table: Table, answer_keys: Container[str], language: Language) -> TypedTable:
    """Return a table with one type per column. `answer_keys` are the keys of the columns that units fill in."""
    cells = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    used_headings = {column.heading.casefold() for column in table.columns}
    columns = (
        typed_column
        for column, values in zip(table.columns, cells, strict=True)
        for typed_column in _build_typed_columns(
            column, values, _unused_raw_text_heading(column.heading, used_headings, language), answer_keys
        )
    )
    return TypedTable(table.name, translate(f"consolidated.{table.name}", language), tuple(columns))


def _build_typed_columns(
    column: TableColumn, cells: tuple[TableCell, ...], raw_text_heading: str, answer_keys: Container[str]
) -> Iterator[TypedColumn]:
    column_type = _COLUMN_TYPES.get(column.kind, "string")
    if column_type == "string":
        yield TypedColumn(column.key, column.heading, "string", tuple(map(_to_text, cells)))
        return
    yield TypedColumn(column.key, column.heading, column_type, tuple(map(_to_number_or_date, cells)))
    if column.key in answer_keys:
        texts = tuple(_to_text(cell) if isinstance(cell, str) else None for cell in cells)
        yield TypedColumn(f"{column.key}:written", raw_text_heading, "string", texts)


def _to_number_or_date(cell: TableCell) -> TypedValue:
    if isinstance(cell, str) or cell is None:
        return None
    return cell if isinstance(cell, Decimal | date) else Decimal(cell)


def _to_text(cell: TableCell) -> str | None:
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return None if cell is None or cell == "" else _LONE_SURROGATE.sub("\ufffd", str(cell))


def _unused_raw_text_heading(heading: str, used_headings: Container[str], language: Language) -> str:
    """Return the heading of the column for what was written, one that no other column has."""
    name = translate("interchange.as_written", language, heading=heading)
    return first_free_name(name, lambda candidate: candidate.casefold() in used_headings, "{name} {number}")
