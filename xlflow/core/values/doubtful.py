"""Texts that look like a time and are none: a quarter that no year has, a word of time that is misspelt.

Where words are legal they are kept as words; but a time that nobody can sort or compare is worth a word of doubt.
"""

import difflib
import re
from collections.abc import Callable
from functools import cache

from xlflow.core.values.days import months

_PARTS = {
    "kvartal": 4,
    "kvartalet": 4,
    "kvart": 4,
    "kv": 4,
    "qtr": 4,
    "q": 4,
    "quarter": 4,
    "tertial": 3,
    "tertialet": 3,
    "halvår": 2,
    "halvåret": 2,
    "vecka": 53,
    "week": 53,
}
"""What a year is cut into, by name, and how many of each there may be."""

_NAMES = "|".join(_PARTS)
_NUMBERED = re.compile(rf"({_NAMES})[ .:]*(?:nr[ .]*)?([0-9]{{1,2}})")
_ORDINAL = re.compile(rf"(?:det |the )?([0-9]{{1,2}})(?::?[ae]|st|nd|rd|th)[ -]*({_NAMES})")
_OTHER_WORDS = ("våren", "sommaren", "hösten", "vårterminen", "höstterminen", "spring", "summer", "autumn")
_WORD = re.compile(r"[^\W\d_]+")
_SHORTEST, _MOST, _ALIKE = 4, 4, 0.8
"""Letters of a word that may be misspelt, words of a text that is looked at, and how alike two spellings are."""


def names_no_period(rest: str) -> bool:
    """Return whether a plain text without its year names a part of the year that is not there: kvartal 5."""
    found = _NUMBERED.fullmatch(rest)
    name, number = found.groups() if found else ("", "")
    if not found and (ordinal := _ORDINAL.fullmatch(rest)):
        number, name = ordinal.groups()
    return bool(name) and not 1 <= int(number) <= _PARTS[name]


def mend_spelling(key: str, reads: Callable[[str], bool]) -> str | None:
    """Return a plain text with its words of time spelt right, if it then reads as a time: kvrtal 2, kvartal 2."""
    words = _WORD.findall(key)
    if len(words) > _MOST or not words:
        return None
    mended = _WORD.sub(lambda found: _nearest(found[0]), key)
    return mended if mended != key and reads(mended) else None


def _nearest(word: str) -> str:
    if len(word) < _SHORTEST:
        return word
    return next(iter(difflib.get_close_matches(word, _time_words(), 1, _ALIKE)), word)


@cache
def _time_words() -> tuple[str, ...]:
    named = (*_PARTS, *months(), *_OTHER_WORDS)
    return tuple(word for word in named if len(word) > _SHORTEST)
