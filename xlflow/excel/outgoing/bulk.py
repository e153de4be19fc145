"""Whole rows as XML in one pass: the same cells as XlsxWriter would write one by one, in a fraction of the time.

XlsxWriter keeps an object per cell and writes each with several calls; a large table has millions of cells. Here
a row is kept as the values that it came as, and becomes text once, when the book closes. Sheets without such rows
do not notice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from xlsxwriter.format import Format

from xlflow.core.layout import column_letters
from xlflow.core.model import Cell

EPOCH = date(1899, 12, 30).toordinal()
"""The day from which Excel counts, for all days from March 1900 on."""

LEAP_MISTAKE = date(1900, 3, 1)
"""Excel counts a 29 February 1900; days before this one are a day less."""

FORMULA_SIGNS = frozenset("=+-@\t\r")
"""First letters of a text that a program might take for a formula."""


@dataclass(frozen=True, slots=True)
class LaidRow:
    """One row as it will be written, from column 0 on."""

    values: Sequence[Cell]
    styles: Sequence[Format]


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the book numbers texts, styles, and styles with the mark of a text that looks like a formula."""

    text: Callable[[str], int]
    style: Callable[[Format], int]
    marked: Callable[[Format], int]


def row_to_xml(row: int, laid: LaidRow, points: float | None, number: Numbering) -> str:
    """Return a row, counted from 0, as XML; its height in points, None for the usual one."""
    height = "" if points is None else f' ht="{points:.16g}" customHeight="1"'
    cells = "".join(_cells_to_xml(row + 1, laid, number))
    return f'<row r="{row + 1}"{height}>{cells}</row>'


def _cells_to_xml(row: int, laid: LaidRow, number: Numbering) -> Iterator[str]:
    letters = _letters(len(laid.values))
    text_of, style_of = number.text, number.style
    for column, value, style in zip(letters, laid.values, laid.styles, strict=True):
        if value is None or value == "":
            yield f'<c r="{column}{row}" s="{style_of(style)}"/>'
        elif isinstance(value, str):
            index = number.marked(style) if value[0] in FORMULA_SIGNS else style_of(style)
            yield f'<c r="{column}{row}" s="{index}" t="s"><v>{text_of(value)}</v></c>'
        elif isinstance(value, bool):
            yield f'<c r="{column}{row}" s="{style_of(style)}" t="b"><v>{value:d}</v></c>'
        else:
            yield f'<c r="{column}{row}" s="{style_of(style)}"><v>{_number(value)}</v></c>'


def _number(value: int | Decimal | date) -> str:
    if isinstance(value, date):
        return str(value.toordinal() - EPOCH - (value < LEAP_MISTAKE))
    return f"{value:.16G}"


@lru_cache(maxsize=64)
def _letters(count: int) -> tuple[str, ...]:
    return tuple(column_letters(column) for column in range(count))
