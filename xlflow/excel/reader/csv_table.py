"""Reads tables saved as plain text (.csv, .tsv, .txt), whatever their encoding and separator."""

import csv
import io
import re
from collections import Counter

from xlflow.excel.reader.file_type import bom_encoding, wide_encoding
from xlflow.excel.reader.limits import CSV_SAMPLE_CHARACTERS, CSV_SAMPLE_ROWS, Limits
from xlflow.excel.reader.workbook_data import LimitExceededError, SheetData

_EIGHT_BIT_ENCODINGS = ("cp1252", "mac_roman", "cp850")
"""What programs write that know no Unicode, by preference: on Windows, on an old Mac, in a command line."""

_LANGUAGE_LETTERS, _USUAL_SIGNS = re.compile("[åäöÅÄÖéÉüÜ]"), re.compile("[–—‘’“”»«•…€§°\xa0]")

_SEPARATORS = ";\t,|"
"""In order of preference: Swedish Excel writes semicolons, since its decimal sign is the comma."""


def read_csv(content: bytes, name: str, limits: Limits) -> SheetData:
    """Return the one sheet of a text file, called `name`; every filled cell is text. A first line `sep=;`, by
    which Excel is told the separator, is no row.

    Raises UnicodeError or csv.Error if it is no such table, LimitExceededError if it has too many cells.
    """
    separator, table_text = _split_separator_line(_decode_text(content))
    separator = separator or _detect_separator(table_text)
    records = list(csv.reader(io.StringIO(table_text, newline=""), delimiter=separator))
    width = max(map(len, records), default=0)
    if width * len(records) > limits.cells:
        raise LimitExceededError
    rows = tuple(tuple(cell or None for cell in (*row, *[""] * (width - len(row)))) for row in records)
    return SheetData(name, rows)


def _decode_text(content: bytes) -> str:
    """Return the text: by its byte order mark, as UTF-16 without one, as UTF-8, else as the eight-bit encoding in
    which most of the other letters are those of the language."""
    encoding = bom_encoding(content) or wide_encoding(content)
    if encoding and encoding.startswith(("utf-16", "utf-32")):
        return content.decode(encoding)
    try:
        return content.decode(encoding or "utf-8")
    except UnicodeDecodeError:
        return content.decode(max(_EIGHT_BIT_ENCODINGS, key=lambda name: _rate_encoding(content, name)), "replace")


def _rate_encoding(content: bytes, encoding: str) -> int:
    """Return how many letters of the language a text has in an encoding, less all that is neither these nor
    ASCII."""
    text = content[:CSV_SAMPLE_CHARACTERS].decode(encoding, "replace")
    letter_count, sign_count = len(_LANGUAGE_LETTERS.findall(text)), len(_USUAL_SIGNS.findall(text))
    return 2 * letter_count + sign_count - sum(not character.isascii() for character in text)


def _split_separator_line(text: str) -> tuple[str, str]:
    """Return the separator that a first line such as `sep=;` names ("" if there is none), and the lines of the
    table."""
    first_line, _, rest = text.partition("\n")
    declaration = first_line.rstrip("\r")
    if len(declaration) == 5 and declaration.lower().startswith("sep="):
        return declaration[4], rest
    return "", text


def _detect_separator(text: str) -> str:
    """Return the separator that splits most of the first rows into equally many cells, more than one."""
    return max(_SEPARATORS, key=lambda separator: _rate_separator(text, separator))


def _rate_separator(text: str, separator: str) -> tuple[int, int]:
    """Return how many rows have the commonest width, and that width; rows of a single cell do not count."""
    rows = csv.reader(io.StringIO(text[:CSV_SAMPLE_CHARACTERS], newline=""), delimiter=separator)
    widths = Counter(len(cells) for cells, _ in zip(rows, range(CSV_SAMPLE_ROWS), strict=False) if len(cells) > 1)
    width, row_count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return row_count, width
