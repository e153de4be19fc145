"""How high a row must be to show its text, since no program works that out for a file it has not opened.

Letters are as wide as those of Calibri, in widths of a digit, as columns are measured. Excel draws them in whole
pixels on the screen, and on paper in columns narrower than the digits they were measured by: both take 6 percent
of a column's room. Measured against LibreOffice, which does neither, on 1,163 texts in ten widths: 10 percent too
many lines, never one too few. A line is as high as Excel makes it, 15 points; LibreOffice needs 11.
"""

import math
from collections.abc import Iterable
from functools import lru_cache
from unicodedata import east_asian_width

TALLEST = 409.0
"""Points that a row of Excel can be high."""

_ROOM = 0.942
"""Part of a column's width that its text may take."""

_BLANK = 0.45
_WIDTHS = {
    letter: width
    for width, letters in (
        (_BLANK, " \N{NO-BREAK SPACE}'ijlíìîï"),
        (0.5, "I,.·‘’"),
        (0.53, ":;"),
        (0.6, "f()-´`"),
        (0.62, "[]{}"),
        (0.64, "!J"),
        (0.69, "rt°"),
        (0.79, 'sz/"\\'),
        (0.85, "cxçL“”"),
        (0.91, "kvyýFS?|"),
        (0.94, "gZ"),
        (0.97, "aåäáàâãETY"),
        (1.0, "0123456789eéèêë–+=*<>_#§~^•€"),
        (1.08, "BRµ"),
        (1.14, "AÅÄÁÀÂÃV"),
        (1.24, "DGH"),
        (1.28, "NUÚÜÑ"),
        (1.33, "OÖÓÒÔÕØQ½"),
        (1.41, "w%&…"),
        (1.58, "mæÆ"),
        (1.76, "MWœŒ@"),
        (1.79, "—"),
    )
    for letter in letters
}
_SMALL, _CAPITAL, _WIDE = 1.05, 1.2, 2.0
"""Widths of all others: small letters, digits and signs; capitals; signs as wide as they are high."""

_AFTER = 1.0
"""Room that is left unused where a long word is broken, since a program may break it before its last letters."""


def height_of(cells: Iterable[tuple[str, float]], *, line: float = 15.0, least: int = 1) -> float:
    """Return the height in points at which every (text, column width in characters) shows all its lines.

    Words wrap; a word longer than the column is broken. Excel allows 409 points at most.
    """
    lines = max((count_lines(text, width) for text, width in cells), default=1)
    return min(TALLEST, line * max(lines, least) + 1)


def count_lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a column `width` characters wide, a little on the safe side."""
    room = max(1.0, width * _ROOM)
    if len(text) * _WIDE <= room and "\n" not in text:
        return 1
    return sum(_count_wrapped(paragraph, room) for paragraph in text.split("\n")) if text else 1


def text_width(word: str) -> float:
    """Return the width of a word that is not bold, in characters as column widths are given."""
    return _measure(word)


def _count_wrapped(paragraph: str, room: float) -> int:
    lines, used = 1, 0.0
    for word in paragraph.split(" "):
        size = _measure(word)
        if used and used + _BLANK + size > room:
            lines, used = lines + 1, 0.0
        used += size + (_BLANK if used else 0)
        if used > room:
            broken = math.ceil(used / room) - 1
            lines, used = lines + broken, min(room, used - broken * room + _AFTER)
    return lines


@lru_cache(maxsize=1 << 14)
def _measure(word: str) -> float:
    return sum(_WIDTHS.get(letter) or _guess(letter) for letter in word)


def _guess(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return _WIDE
    return _CAPITAL if letter.isupper() else _SMALL
