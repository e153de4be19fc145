"""Tables as CSV, the way the spreadsheets and Power BI of their readers take them: UTF-8 that says so (BOM), and
separators by the language, since a Swedish program reads 1.5 as the first of May.

A text that a spreadsheet could take for a formula gets an apostrophe before it: where it begins with = + - @ or
their full-width forms, perhaps after blanks, and likewise behind every separator or line break within it, where a
program that goes by other separators would begin a new cell. A text that has an apostrophe there already gets one
more. So `unguard_text` gives back every text as it was. Numbers and days are never texts and stand as they are.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from xlflow.core.words import Language
from xlflow.interchange.typed import TypedTable, TypedValue

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
    """Return a text as it was before it was guarded."""
    return _ADDED_APOSTROPHE.sub(r"\1", text)


def _format_csv_value(value: TypedValue, dialect: CsvDialect) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return format(value, "f").replace(".", dialect.decimal_mark)
    return value.isoformat() if isinstance(value, date) else escape_formula_text(value)
