"""One day, as people write it in Swedish and English. The only door to dateutil.

dateutil reads much, and guesses much: it fills what is missing from the clock, and it swaps day and month.
So it is asked only about texts that name a day, a month and a year, and twice, with either order; two answers
are no answer. Works with dateutil 2.9 and 4.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from xlflow.core.words import LANGUAGES, Language, say

if TYPE_CHECKING:
    from dateutil.parser import parserinfo

YEAR = r"(?:19|20|21)[0-9]{2}"
"""A year as written out in full; others are no years."""

FIRST_SERIAL, LAST_SERIAL = 32874, 73415
"""The numbers of 1990-01-01 and 2100-12-31 in a spreadsheet: between them a number may be a day."""

AMBIGUOUS, IMPOSSIBLE = "date-ambiguous", "date-impossible"

_YEAR = re.compile(YEAR)
_ISO = re.compile(rf"({YEAR}) ?[-/.] ?([0-9]{{1,2}}) ?[-/.] ?([0-9]{{1,2}})")
_COMPACT = re.compile(rf"({YEAR})([0-9]{{2}})([0-9]{{2}})")
_SIX = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_NUMERIC = re.compile(
    rf"([0-9]{{1,2}}) ?(?P<mark>[-/.]) ?([0-9]{{1,2}})(?:(?P<other> ?[-/., '] ?)(?P<year>{YEAR}|[0-9]{{2}}))?"
)
_TIME = re.compile(r"(?:t| |, ?| ?kl\.? ?)[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2})?(?:[.,][0-9]+)?z?$")
_FIRST_WORD = re.compile(r"([a-zåäö]+)[., ]+(?:den )?")
_ORDINAL = re.compile(r"(?<=[0-9])(?::?e|:?a|st|nd|rd|th)\b")
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")
_OTHER_MARKS = re.compile(r"[^a-zåäöé0-9 .,'/-]")
_FILLING = frozenset(("den", "the", "of", "av"))
_SHORTER = {"sept": 9}


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that has the shape of a day: the day, or why it is none."""

    day: date | None
    fault: str | None = None


def read_day(key: str, year: int | None) -> Reading | None:
    """Read a plain text (`text.plain`) as a day; None if it has not even the shape of one.

    `year` is meant where the text names none; without it, a day without a year has not the shape of a day.
    """
    bare = _TIME.sub("", key)
    first = _FIRST_WORD.match(bare)
    weekday = _weekdays().get(first[1]) if first else None
    if first and weekday is not None:
        bare = bare[first.end() :]
    reading = _read_digits(bare) or _read_numeric(bare, year) or _read_named(bare, year)
    return _agree(reading, weekday) if reading else None


def day_of_serial(number: float) -> date | None:
    """Return the day that a spreadsheet's number stands for, None outside 1990 to 2100."""
    if not FIRST_SERIAL <= number < LAST_SERIAL + 1:
        return None
    return date(1899, 12, 30) + timedelta(days=int(number))


def full_year(short: str, near: int | None) -> str | None:
    """Return the year that two digits stand for, None if it is not within ten years of the plan's."""
    year = 2000 + int(short)
    return str(year) if near and abs(year - near) <= 10 else None


@cache
def months() -> dict[str, int]:
    """Return every name of a month, whole and shortened, Swedish and English."""
    whole = [(name, at) for language in LANGUAGES for at, name in enumerate(_month_names(language), 1)]
    return _SHORTER | {name[:3]: at for name, at in whole} | dict(whole)


def _month_names(language: Language) -> list[str]:
    return say("calendar.months", language).casefold().split()


@cache
def _weekdays() -> dict[str, int]:
    whole = [(n, at) for language in LANGUAGES for at, n in enumerate(say("calendar.weekdays", language).split())]
    return {form: at for name, at in whole for form in _forms(name.casefold())}


def _forms(name: str) -> tuple[str, ...]:
    """Return a weekday as people write it: onsdag, onsdagen, ons, tors."""
    return name, f"{name}en", name[:3], name[:4]


def _read_digits(key: str) -> Reading | None:
    """Read 2021-06-30, 2021/6/30, 20210630: the year first, so never ambiguous; 210630 always is."""
    found = _ISO.fullmatch(key) or _COMPACT.fullmatch(key)
    if found:
        return _build(*map(int, found.groups()))
    six = _SIX.fullmatch(key)
    if six:
        a, b, c = map(int, six.groups())
        if any(_build(2000 + y, m, d).day for y, m, d in ((a, b, c), (c, b, a), (c, a, b))):
            return Reading(None, AMBIGUOUS)
    return None


def _build(year: int, month: int, day: int) -> Reading:
    try:
        return Reading(date(year, month, day))
    except ValueError:
        return Reading(None, IMPOSSIBLE)


def _read_numeric(key: str, year: int | None) -> Reading | None:
    """Read 30/6 2021, 30.6.2021, 30/6: ambiguous unless only one order of day and month makes a day."""
    found = _NUMERIC.fullmatch(key)
    if not found:
        return None
    named = found["year"]
    if not named:
        named = str(year) if year and found["mark"] == "/" else None
    elif len(named) == 2:
        if found["other"].strip() == found["mark"]:
            return Reading(None, AMBIGUOUS)
        named = full_year(named, year)
    return _ask(f"{found[1]}/{found[3]}/{named}") if named else None


def _read_named(key: str, year: int | None) -> Reading | None:
    """Read den 30 juni 2021, June 30th, 2021, 30-jun-21, juni 30: a month by name, a day, maybe a year.

    "juni 21" may be a day or a year, and is ambiguous.
    """
    bare = _ORDINAL.sub("", key)
    tokens = [token for token in _TOKEN.findall(bare) if token not in _FILLING]
    if _OTHER_MARKS.search(bare) or months().keys().isdisjoint(tokens):
        return None
    text, shape = " ".join(tokens), "".join(map(_shape, tokens))
    if shape in ("1m2", "2m2"):
        whole = full_year(text[-2:], year)
        text = f"{text[:-2]}{whole}" if whole else ""
    elif year and shape in ("1m", "2m", "m1", "m2"):
        if shape == "m2" and int(text[-2:]) > 12:
            return Reading(None, AMBIGUOUS)
        text = f"{text} {year:04}"
    elif shape not in ("1m4", "2m4", "m14", "m24", "4m1", "4m2"):
        return None
    return _ask(text) if text else None


def _shape(token: str) -> str:
    """Return m for a month, the count of its digits for a number (9 for a year that is none), ? for the rest."""
    if not token.isdecimal():
        return "m" if token in months() else "?"
    return "9" if len(token) > 2 and not _YEAR.fullmatch(token) else str(len(token))


def _agree(reading: Reading, weekday: int | None) -> Reading:
    """Return the reading; ambiguous if the text names a weekday that the day is not."""
    wrong = reading.day and weekday is not None and reading.day.weekday() != weekday
    return Reading(None, AMBIGUOUS) if wrong else reading


@lru_cache(maxsize=4096)
def _ask(text: str) -> Reading:
    found = set(_readings(text))
    if len(found) > 1:
        return Reading(None, AMBIGUOUS)
    return Reading(found.pop()) if found else Reading(None, IMPOSSIBLE)


def _readings(text: str) -> Iterator[date]:
    """Yield what dateutil makes of a whole day, in either order of day and month."""
    from dateutil.parser import parse  # noqa: PLC0415  (a tenth of the start-up time, and most days are ISO)

    for dayfirst in (True, False):
        try:
            yield parse(text, _names(), dayfirst=dayfirst, default=datetime(2000, 1, 1), ignoretz=True).date()
        except (ValueError, OverflowError):
            continue


@cache
def _names() -> "parserinfo":
    """Return the names of the months in both languages, as dateutil wants them."""
    from dateutil.parser import parserinfo  # noqa: PLC0415

    class Names(parserinfo):
        def month(self, name: str) -> int | None:
            return months().get(name.casefold())

    return Names()
