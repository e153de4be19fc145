"""Tables as CSV and, with pyarrow (`pip install xlflow[parquet]`), as Parquet. The only door to pyarrow.

Every column has one type, whatever people wrote into it: a column of amounts holds amounts only, and a column
beside it the words that are none. It is always there for what units fill in, so that the tables of every round
have the same columns.

Parquet holds amounts as exact decimals and texts as written, since nothing in it can become a formula. CSV is as
spreadsheets and Power BI take it: UTF-8 with a BOM, and separators by language, since a Swedish program reads 1.5
as the first of May.

A text that a spreadsheet could take for a formula gets an apostrophe before it: where it begins with = + - @ or
their full-width forms, perhaps after blanks, and likewise behind every separator or line break within it, where a
program that goes by other separators would begin a new cell. A text that has an apostrophe there already gets one
more. So `unescape_formula_text` gives back every text as it was. Numbers and days are never texts and stand as
they are.
"""

import csv
import io
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Literal

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


DECIMAL_PRECISION = 38
"""Digits that a decimal of Parquet may have."""

MIN_DECIMALS, MAX_DECIMALS = 2, 14
"""Decimals of an amount: as many as one of its column has, within these."""


def can_write_parquet() -> bool:
    """Return whether pyarrow is installed."""
    return find_spec("pyarrow") is not None


def encode_parquet(table: TypedTable) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    import pyarrow  # noqa: PLC0415  (not everybody has it)
    from pyarrow import parquet  # noqa: PLC0415

    arrays = [_column_to_array(column, pyarrow) for column in table.columns]
    stream = io.BytesIO()
    parquet.write_table(pyarrow.table(arrays, names=[column.heading for column in table.columns]), stream)
    return stream.getvalue()


def _column_to_array(column: TypedColumn, arrow: Any) -> Any:
    if column.type == "number":
        decimals = min(MAX_DECIMALS, max([MIN_DECIMALS, *map(_count_decimals, column.values)]))
        step = Decimal(1).scaleb(-decimals)
        with localcontext(prec=DECIMAL_PRECISION):
            values = [
                value.quantize(step, ROUND_HALF_EVEN) if isinstance(value, Decimal) else None
                for value in column.values
            ]
        return arrow.array(values, arrow.decimal128(DECIMAL_PRECISION, decimals))
    if column.type == "integer":
        return arrow.array([int(v) if isinstance(v, Decimal) else None for v in column.values], arrow.int64())
    return arrow.array(column.values, arrow.date32() if column.type == "date" else arrow.string())


def _count_decimals(value: object) -> int:
    """Return how many decimals a number needs; zeros at its end say nothing."""
    return len(format(value, "f").partition(".")[2].rstrip("0")) if isinstance(value, Decimal) else 0


BOM = "\ufeff"
LINE_END = "\r\n"

_FORMULA_START = r"(?=[^\S\t\r\n]*[=+\-@'\uff1d\uff0b\uff0d\uff20])"
_NEEDS_APOSTROPHE = re.compile(rf"(^|[;,|\t\r\n]){_FORMULA_START}")
_ADDED_APOSTROPHE = re.compile(rf"(^|[;,|\t\r\n])'{_FORMULA_START}")


@dataclass(frozen=True, slots=True)
class CsvDialect:
    """How a language separates cells, and whole numbers from decimals."""

    delimiter: str
    decimal_mark: str


CSV_DIALECTS: Mapping[Language, CsvDialect] = MappingProxyType(
    {"sv": CsvDialect(";", ","), "en": CsvDialect(",", ".")}
)


def encode_csv(table: TypedTable, language: Language) -> bytes:
    """Return a table as the bytes of a CSV file, its headings first."""
    dialect, stream = CSV_DIALECTS[language], io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=dialect.delimiter, lineterminator=LINE_END)
    writer.writerow(escape_formula_text(column.heading) for column in table.columns)
    rows = zip(*(column.values for column in table.columns), strict=True)
    writer.writerows([_format_csv_value(value, dialect) for value in row] for row in rows)
    return (BOM + stream.getvalue()).encode()


def escape_formula_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return _NEEDS_APOSTROPHE.sub(r"\1'", text)


def unescape_formula_text(text: str) -> str:
    """Return a text as it was before `escape_formula_text`."""
    return _ADDED_APOSTROPHE.sub(r"\1", text)


def _format_csv_value(value: TypedValue, dialect: CsvDialect) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f").replace(".", dialect.decimal_mark)
    return value.isoformat() if isinstance(value, date) else escape_formula_text(value)
