"""Texts that look like a time and are none: a quarter that no year has, a word of time that is misspelt.

Where words are legal they are kept as words; but a time that nobody can sort or compare is worth a word of doubt.
"""

import difflib
import re
from collections.abc import Callable
from functools import cache

from xlflow.core.values.days import month_numbers

_PERIODS_PER_YEAR = {
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

_PERIOD_NAMES = "|".join(_PERIODS_PER_YEAR)
_NUMBERED_PERIOD = re.compile(rf"({_PERIOD_NAMES})[ .:]*(?:nr[ .]*)?([0-9]{{1,2}})")
_ORDINAL_PERIOD = re.compile(rf"(?:det |the )?([0-9]{{1,2}})(?::?[ae]|st|nd|rd|th)[ -]*({_PERIOD_NAMES})")
_SEASON_WORDS = ("våren", "sommaren", "hösten", "vårterminen", "höstterminen", "spring", "summer", "autumn")
_WORD = re.compile(r"[^\W\d_]+")
_MIN_WORD_LENGTH, _MAX_WORDS, _MIN_SIMILARITY = 4, 4, 0.8
"""Letters of a word that may be misspelt, words of a text that is looked at, and how alike two spellings are."""


def has_impossible_period(text_without_year: str) -> bool:
    """Return whether a plain text without its year names a part of the year that is not there: kvartal 5."""
    found = _NUMBERED_PERIOD.fullmatch(text_without_year)
    name, number = found.groups() if found else ("", "")
    if not found and (ordinal := _ORDINAL_PERIOD.fullmatch(text_without_year)):
        number, name = ordinal.groups()
    return bool(name) and not 1 <= int(number) <= _PERIODS_PER_YEAR[name]


def correct_time_spelling(normalized: str, is_deadline: Callable[[str], bool]) -> str | None:
    """Return a plain text with its words of time spelt right, if it then reads as a time: kvrtal 2, kvartal 2."""
    words = _WORD.findall(normalized)
    if len(words) > _MAX_WORDS or not words:
        return None
    corrected = _WORD.sub(lambda found: _closest_time_word(found[0]), normalized)
    return corrected if corrected != normalized and is_deadline(corrected) else None


def _closest_time_word(word: str) -> str:
    if len(word) < _MIN_WORD_LENGTH:
        return word
    return next(iter(difflib.get_close_matches(word, _time_words(), 1, _MIN_SIMILARITY)), word)


@cache
def _time_words() -> tuple[str, ...]:
    all_words = (*_PERIODS_PER_YEAR, *month_numbers(), *_SEASON_WORDS)
    return tuple(word for word in all_words if len(word) > _MIN_WORD_LENGTH)
