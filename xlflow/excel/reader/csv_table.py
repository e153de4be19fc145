"""Reads tables that came as plain text (.csv), in whatever letters and with whatever separator they were saved."""

import csv
import io
from collections import Counter

from xlflow.excel.reader.sheet_cells import LimitExceededError
from xlflow.excel.reader.workbook_data import Limits, SheetData

_SEPARATORS = ";\t,"
_SAMPLE_ROWS = 20


def read_csv(content: bytes, name: str, limits: Limits) -> SheetData:
    """Return the one sheet of a text file. Raises UnicodeError, csv.Error or TooMuch if it is none."""
    text = _decode_text(content)
    records = list(csv.reader(io.StringIO(text, newline=""), delimiter=_detect_separator(text)))
    width = max(map(len, records), default=0)
    if width * len(records) > limits.cells:
        raise LimitExceededError
    rows = tuple(tuple(cell or None for cell in (*row, *[""] * (width - len(row)))) for row in records)
    return SheetData(name, rows)


def _decode_text(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _detect_separator(text: str) -> str:
    """Return the sign that splits most of the first lines into equally many cells, more than one."""
    first, rest = text.split("\n", 1)[0].strip(), text
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4]
    return max(_SEPARATORS, key=lambda separator: _rate_separator(rest, separator))


def _rate_separator(text: str, separator: str) -> tuple[int, int]:
    rows = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=separator)
    widths = Counter(len(cells) for cells, _ in zip(rows, range(_SAMPLE_ROWS), strict=False) if len(cells) > 1)
    width, row_count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return row_count, width
