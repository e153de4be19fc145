"""Measures text: how wide it is, how many lines it takes in a column, how high its row must be.

A file must say how high its rows are, and no program works that out before it opens the file. Widths are those of
Calibri in widths of a digit, the unit in which Excel gives the widths of columns. Excel draws letters in whole
pixels on the screen, and on paper in columns narrower than the digits they were measured by: both take 6 percent
of a column's width. Measured against LibreOffice, which does neither, on 1,163 texts in ten widths: 10 percent too
many lines, never one too few. A line is as high as Excel makes it, 15 points; LibreOffice needs 11.
"""

import math
from collections.abc import Iterable, Iterator
from functools import lru_cache
from unicodedata import east_asian_width

MAX_ROW_HEIGHT = 409.0
"""Points that a row of Excel can be high."""

_USABLE_SHARE = 0.942
"""Share of a column's width that its text may take; the rest is lost to rounding, see above."""

_SPACE_WIDTH = 0.45
_CHARACTER_WIDTHS = {
    letter: width
    for width, letters in (
        (_SPACE_WIDTH, " \N{NO-BREAK SPACE}'ijlíìîï"),
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
_DEFAULT_WIDTH, _CAPITAL_WIDTH, _FULL_WIDTH = 1.05, 1.2, 2.0
"""Widths of all other characters: lower case letters and signs; capitals; East Asian wide ones."""

_WORD_BREAK_SLACK = 1.0
"""Width that stays unused where a long word is broken, since a program may break it before its last letters."""


def fit_row_height(cells: Iterable[tuple[str, float]], *, line_height: float = 15.0, min_lines: int = 1) -> float:
    """Return the height in points at which every (text, column width in characters) shows all its lines, at most
    the 409 points that Excel allows. Lines break between words; a word wider than the column is broken."""
    lines = max((count_lines(text, width) for text, width in cells), default=1)
    return min(MAX_ROW_HEIGHT, line_height * max(lines, min_lines) + 1)


def count_lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a column `width` characters wide; rather one too many than too few."""
    usable_width = max(1.0, width * _USABLE_SHARE)
    if len(text) * _FULL_WIDTH <= usable_width and "\n" not in text:
        return 1
    return sum(_count_wrapped_lines(paragraph, usable_width) for paragraph in text.split("\n")) if text else 1


def text_width(word: str) -> float:
    """Return the width of a text on one line, not bold, in characters as column widths are given."""
    return _measure_word(word)


def wrap_text(text: str, width: float) -> Iterator[str]:
    """Yield a text in lines that fit `width` characters, broken between words; a wider word has a line of its own.
    At least one line, "" for a text without words. For texts that go over several rows instead of into one
    cell."""
    usable_width = width * _USABLE_SHARE
    line, used_width = "", 0.0
    for word in text.split():
        word_width = _measure_word(word)
        if line and used_width + _SPACE_WIDTH + word_width > usable_width:
            yield line
            line, used_width = word, word_width
        else:
            line, used_width = f"{line} {word}".strip(), used_width + word_width + (_SPACE_WIDTH if line else 0)
    yield line


def _count_wrapped_lines(paragraph: str, usable_width: float) -> int:
    """Return how many lines a paragraph takes. Unlike `wrap_text` it keeps runs of blanks and breaks wide words,
    as programs do in a cell, and builds no lines: it is called for every cell of a table."""
    lines, used_width = 1, 0.0
    for word in paragraph.split(" "):
        width = _measure_word(word)
        if used_width and used_width + _SPACE_WIDTH + width > usable_width:
            lines, used_width = lines + 1, 0.0
        used_width += width + (_SPACE_WIDTH if used_width else 0)
        if used_width > usable_width:
            extra_lines = math.ceil(used_width / usable_width) - 1
            lines, used_width = (
                lines + extra_lines,
                min(usable_width, used_width - extra_lines * usable_width + _WORD_BREAK_SLACK),
            )
    return lines


@lru_cache(maxsize=1 << 17)
def _measure_word(word: str) -> float:
    return sum(_CHARACTER_WIDTHS.get(letter) or _guess_character_width(letter) for letter in word)


def _guess_character_width(character: str) -> float:
    if east_asian_width(character) in "WF":
        return _FULL_WIDTH
    return _CAPITAL_WIDTH if character.isupper() else _DEFAULT_WIDTH
