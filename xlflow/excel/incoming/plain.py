"""Reads tables that came as plain text (.csv), in whatever letters and with whatever separator they were saved."""

import csv
import io
from collections import Counter

from xlflow.excel.incoming.book import Limits, Sheet
from xlflow.excel.incoming.cells import TooMuch

_SEPARATORS = ";\t,"
_LOOKED_AT = 20


def read_table(content: bytes, name: str, limits: Limits) -> Sheet:
    """Return the one sheet of a text file. Raises UnicodeError, csv.Error or TooMuch if it is none."""
    text = _decode(content)
    found = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator_of(text)))
    width = max(map(len, found), default=0)
    if width * len(found) > limits.cells:
        raise TooMuch
    rows = tuple(tuple(cell or None for cell in (*row, *[""] * (width - len(row)))) for row in found)
    return Sheet(name, rows)


def _decode(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _separator_of(text: str) -> str:
    """Return the sign that splits most of the first lines into equally many cells, more than one."""
    first, rest = text.split("\n", 1)[0].strip(), text
    if first.lower().startswith("sep=") and len(first) == 5:
        return first[4]
    return max(_SEPARATORS, key=lambda sign: _evenness(rest, sign))


def _evenness(text: str, sign: str) -> tuple[int, int]:
    lines = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=sign)
    widths = Counter(len(cells) for cells, _ in zip(lines, range(_LOOKED_AT), strict=False) if len(cells) > 1)
    width, lines_so_wide = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    return lines_so_wide, width
