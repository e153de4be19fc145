"""Puts texts together again that were too long for one cell when xlflow wrote the workbook.

Such a text ends in its cell with a number, under which it goes on on a sheet of its own. What no cell refers to
any more stays on that sheet, to be looked at like everything else that stands in a workbook.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xlflow.core.layout import continued_mark, continued_sheet
from xlflow.core.words import LANGUAGES
from xlflow.excel.incoming.book import Book, Raw, Sheet

_NAMES = frozenset(continued_sheet().say(language) for language in LANGUAGES)
_MARKS = (re.escape(continued_mark(0, language).strip()).replace("0", "([0-9]{1,6})") for language in LANGUAGES)
_MARK = re.compile(" ?(?:" + "|".join(_MARKS) + ")")
_ROOM = 20_000_000
"""Letters that a workbook may be the longer for it; a number that stands in many cells could be meant as harm."""


def join_texts(book: Book) -> Book:
    """Return the workbook with every continued text whole and in its cell."""
    told = next((sheet for sheet in book.sheets if sheet.name in _NAMES), None)
    rests = _read_rests(told) if told else {}
    if not told or not rests:
        return book
    joiner = _Joiner(rests)
    sheets = tuple(joiner.join_cells(sheet) for sheet in book.sheets if sheet is not told)
    left = (_leave_out(told, joiner.used),) if joiner.used < rests.keys() else ()
    return replace(book, sheets=(*sheets, *left))


@dataclass(slots=True)
class _Joiner:
    """Puts rests into cells, as long as there is room, and remembers which."""

    rests: Mapping[int, str]
    used: set[int] = field(default_factory=set)
    room: int = _ROOM

    def join_cells(self, sheet: Sheet) -> Sheet:
        rows = tuple(
            tuple([self.join(cell) if type(cell) is str and "]" in cell else cell for cell in row])
            for row in sheet.rows
        )
        return replace(sheet, rows=rows)

    def join(self, text: str) -> str:
        return _MARK.sub(self._go_on, text)

    def _go_on(self, found: re.Match[str]) -> str:
        number = int(next(filter(None, found.groups())))
        rest = self.rests.get(number)
        if rest is None or len(rest) > self.room:
            return found[0]
        self.used.add(number)
        self.room -= len(rest)
        return rest


def _read_rests(sheet: Sheet) -> Mapping[int, str]:
    """Return how each text goes on, by its number."""
    pieces: dict[int, list[str]] = {}
    for row in sheet.rows[1:]:
        number, text = _number_of(row), row[3] if len(row) > 3 else None
        if number and isinstance(text, str):
            pieces.setdefault(number, []).append(text)
    return {number: "".join(texts) for number, texts in pieces.items()}


def _number_of(row: tuple[Raw, ...]) -> int:
    return int(row[0]) if isinstance(row[0], float) and 0 < row[0] < 1_000_000 else 0


def _leave_out(sheet: Sheet, used: set[int]) -> Sheet:
    """Return the sheet without its heading and the rows that were joined, all others where they stood."""
    blank = (None,) * len(sheet.rows[0])
    rows = (row if number and _number_of(row) not in used else blank for number, row in enumerate(sheet.rows))
    return replace(sheet, rows=tuple(rows))
