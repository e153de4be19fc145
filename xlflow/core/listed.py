"""What the sheets of a form that goes back say themselves, so that what somebody types over it is told from it.

The form carries a mark of every text that it wrote there, cell by cell; the texts themselves stand on the sheets.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from xlflow.core.model import Cell
from xlflow.core.text import short_code
from xlflow.core.values import Raw, written_text

LIVE = "\0"
"""Stands for a text that a formula works out anew."""

_LIVE_MARK = "*"

_LETTERS = 6
"""Letters of a mark: two texts with the same one are as good as never met in one place."""


def mark_texts(rows: Iterable[Sequence[Cell]]) -> str:
    """Return the marks of what stands on a sheet, from its first cell on; `LIVE` stands for itself."""
    return "/".join(",".join(map(_mark_cell, row)) for row in rows)


def find_strange(
    cells: Iterable[tuple[int, int, Raw]], marks: str, is_ours: Callable[[str], bool]
) -> frozenset[tuple[int, int]]:
    """Return the places (row, column) of the cells that hold what the form never wrote on the sheet, or wrote less
    often; rows may have been moved. `is_ours` tells what a formula may have come to."""
    rows = enumerate(marks.split("/"))
    expected = {(row, place): mark for row, line in rows for place, mark in enumerate(line.split(","))}
    found = {(row, place): text for row, place, value in cells if (text := written_text(value))}
    moved = {
        at: _mark(text)
        for at, text in found.items()
        if not (is_ours(text) if expected.get(at) == _LIVE_MARK else expected.get(at) == _mark(text))
    }
    left = Counter(mark for at, mark in expected.items() if at not in found or at in moved)
    strange = set()
    for at, mark in moved.items():
        left[mark] -= 1
        if left[mark] < 0:
            strange.add(at)
    return frozenset(strange)


def _mark_cell(cell: Cell) -> str:
    if cell == LIVE:
        return _LIVE_MARK
    text = written_text(float(cell) if isinstance(cell, Decimal) else cell)
    return _mark(text) if text else ""


def _mark(text: str) -> str:
    return short_code((text,), _LETTERS)
