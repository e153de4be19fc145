"""Whole rows as XML in one pass: the same cells as XlsxWriter would write one by one, in a fraction of the time.

XlsxWriter keeps an object per cell and writes each with several calls; a large table has millions of cells. Here
a row becomes text as it comes. Rows whose cells are of the same kinds and styles share a pattern, into which only
the row's number, its height and its values are put.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import compress
from typing import Any

from xlsxwriter.format import Format

from xlflow.core.layout import column_letters
from xlflow.core.model import Cell
from xlflow.excel.outgoing.formula import Formula, inner_xml
from xlflow.excel.outgoing.letters import MAX_TEXT
from xlflow.excel.outgoing.texts import FORMULA_SIGNS, Texts

EPOCH = date(1899, 12, 30).toordinal()
"""The day from which Excel counts, for all days from March 1900 on."""

LEAP_MISTAKE = date(1900, 3, 1)
"""Excel counts a 29 February 1900; days before this one are a day less."""

FIRST_DAY = date(1900, 1, 1)
"""The first day that Excel knows; earlier ones go out as text."""

Written = Cell | Formula

LaidRow = tuple[Sequence[Written], Hashable, float | None]
"""What stands in a row from column 0 on; by what its styles are chosen beside the kinds of its cells; its
height in points, None for the usual one."""

Kinds = tuple[type, ...]

Look = Callable[[Kinds, Any], Sequence[Format | None]]
"""Tells the styles of a row from the kinds of its cells and from what it was laid with."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """How the book numbers texts, styles, and styles with the mark of a text that looks like a formula; `begin`
    tells what a cell (row, column) holds of a text that is too long for it."""

    texts: Texts
    style: Callable[[Format], int]
    marked: Callable[[Format | None], Format]
    begin: Callable[[int, int, str], str]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """XML with a @ for the row's number and a %s for its height and each of its values; which cells have a value,
    how each is told, and how many of them are texts."""

    whole: str
    kept: tuple[bool, ...]
    tell: tuple[Callable[[Any], object], ...]
    texts: int


class RowMaker:
    """Makes XML of rows that have their styles chosen in the same way."""

    def __init__(self, number: Numbering, look: Look, *, grows: bool):
        self._number, self._look, self._grows = number, look, grows
        self._index: Callable[[Any], int] = number.texts.plain.__getitem__
        self._patterns: dict[tuple[Kinds, Hashable], _Pattern] = {}

    def make(self, number: int, row: LaidRow) -> str:
        """Return a row, counted from 0, as XML."""
        values, mark, points = row
        kinds = tuple(map(type, values))
        pattern = self._patterns.get((kinds, mark))
        if pattern is None:
            pattern = self._patterns[kinds, mark] = self._make_pattern(kinds, self._look(kinds, mark), self._index)
        height = _show_height(points, grows=self._grows)
        try:
            if pattern.texts == len(pattern.tell):
                told = (height, *map(self._index, compress(values, pattern.kept)))
            else:
                kept = compress(values, pattern.kept)
                told = (height, *[tell(value) for tell, value in zip(pattern.tell, kept, strict=True)])
        except KeyError:
            return self._make_oddly(number, values, self._look(kinds, mark), height)
        self._number.texts.count += pattern.texts
        return pattern.whole.replace("@", str(number + 1)) % told

    def _make_pattern(
        self, kinds: Kinds, styles: Sequence[Format | None], index: Callable[[str], int]
    ) -> _Pattern:
        cells = zip(kinds, _letters(len(kinds)), styles, strict=True)
        whole = f'<row r="@"%s>{"".join(self._show_cell(*cell) for cell in cells)}</row>'
        kept = tuple(kind is not type(None) for kind in kinds)
        tell = {**_TELL, str: index}
        return _Pattern(whole, kept, tuple(tell[kind] for kind in compress(kinds, kept)), kinds.count(str))

    def _show_cell(self, kind: type, letters: str, style: Format | None) -> str:
        begin = f'<c r="{letters}@"' + ("" if style is None else f' s="{self._number.style(style)}"')
        if kind is type(None):
            return "" if style is None else f"{begin}/>"
        return begin + _VALUES.get(kind, "><v>%s</v></c>")

    def _make_oddly(
        self, number: int, values: Sequence[Written], styles: Sequence[Format | None], height: str
    ) -> str:
        """Return a row with cells that need a closer look: blank, long, like a formula, a day before all days."""
        cells = [self._straighten(number, *cell) for cell in zip(range(len(values)), values, styles, strict=True)]
        kinds = tuple(type(value) for value, _ in cells)
        pattern = self._make_pattern(kinds, [style for _, style in cells], self._number.texts.number)
        kept = compress([value for value, _ in cells], pattern.kept)
        told = (height, *[tell(value) for tell, value in zip(pattern.tell, kept, strict=True)])
        return pattern.whole.replace("@", str(number + 1)) % told

    def _straighten(
        self, row: int, column: int, value: Written, style: Format | None
    ) -> tuple[Written, Format | None]:
        if isinstance(value, date) and value < FIRST_DAY:
            return value.isoformat(), style
        if not isinstance(value, str):
            return value, style
        if not value:
            return None, style
        text = value if len(value) <= MAX_TEXT // 2 else self._number.begin(row, column, value)
        return text, self._number.marked(style) if text[0] in FORMULA_SIGNS else style


def _tell_day(day: date) -> int:
    if day < FIRST_DAY:
        raise KeyError(day)
    return day.toordinal() - EPOCH - (day < LEAP_MISTAKE)


def _tell_number(number: int | Decimal) -> str:
    return f"{number:.16G}"


_VALUES = {str: ' t="s"><v>%s</v></c>', bool: ' t="b"><v>%s</v></c>', Formula: "%s</c>"}
"""What follows address and style in a cell of a kind; all others are numbers."""

_TELL: dict[type, Callable[[Any], object]] = {
    bool: int,
    int: _tell_number,
    Decimal: _tell_number,
    date: _tell_day,
    Formula: inner_xml,
}
"""How a value of a kind is put into its cell; a KeyError where it takes a closer look."""


@lru_cache(maxsize=256)
def height_in_pixels(points: float | None) -> int:
    """Return a height in whole pixels, as XlsxWriter counts them."""
    return USUAL if points is None else int(points * 4.0 / 3.0 + 0.5)


@lru_cache(maxsize=256)
def _show_height(points: float | None, *, grows: bool) -> str:
    """Return a height as XlsxWriter writes it; nothing for the usual one."""
    pixels = height_in_pixels(points)
    if pixels == USUAL:
        return ""
    return f' ht="{pixels * 0.75:.16g}"' + ("" if grows else ' customHeight="1"')


USUAL = 20
"""Pixels that a row is high unless it is said otherwise."""


@lru_cache(maxsize=64)
def _letters(count: int) -> tuple[str, ...]:
    return tuple(column_letters(column) for column in range(count))
