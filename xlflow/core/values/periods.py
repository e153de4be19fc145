"""Longer times than a day: quarters above all, and the half-years, months, seasons and years that people write.

A quarter is a value of its own. Of the others only the days are taken, where they are certain; the words stay.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from xlflow.core.values.days import YEAR, full_year, months, read_day

_COUNTS = {
    1: ("ett", "one"),
    2: ("två", "two"),
    3: ("tre", "three"),
    4: ("fyra", "four"),
}
_ORDINALS = {
    1: ("första", "first"),
    2: ("andra", "second"),
    3: ("tredje", "third"),
    4: ("fjärde", "fourth"),
}
_WORDS = {word: n for names in (_COUNTS, _ORDINALS) for n, words in names.items() for word in words}
_COUNT = "|".join(("0?[1-4]", *(word for words in _COUNTS.values() for word in words)))
_ORDINAL = "|".join(
    (r"[1-4](?::?(?:a|e|sta|dra|dje|de)|st|nd|rd|th)", *(word for words in _ORDINALS.values() for word in words))
)


@dataclass(frozen=True, slots=True)
class Span:
    """The days from `first` to `last`, both counted in."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class _Division:
    """A way to cut a year into equal parts, and how people name one of them."""

    parts: int
    pattern: re.Pattern[str]

    def read(self, key: str, year: int) -> Span | None:
        """Return the days of the part that a text names, without a year in it."""
        found = self.pattern.fullmatch(key)
        part = _number(next(filter(None, found.groups()))) if found else 0
        return part_of_year(year, part, self.parts) if 1 <= part <= self.parts else None


def _number(word: str) -> int:
    """Return 2 for 2, 02, 2:a, två and andra."""
    return _WORDS.get(word) or int(word.lstrip("0")[0])


def _division(parts: int, names: str, definite: str) -> _Division:
    """`names` stand before a number or after an ordinal (kvartal 2, andra kvartal); `definite` after both."""
    before = rf"(?:{names}|{definite})[ .:]*(?:nr[ .]*)?({_COUNT})"
    after = rf"(?:det |the )?(?:({_ORDINAL})[ -]*(?:{names}|{definite})|([1-4])[. ]*(?:{definite}))"
    return _Division(parts, re.compile(f"{before}|{after}"))


_QUARTER = _division(4, "kvartal|kvart|kv|qtr|q|k|quarter", "kvartalet")
_DIVISIONS = (
    _division(3, "tertial", "tertialet"),
    _division(2, "halvår|half[ -]year|half|h", "halvåret|halvan"),
)
_WHOLE_YEAR = re.compile(
    r"(?:år|året|hela|hela år|hela året|helår|helåret|kalenderåret|verksamhetsåret|year|whole year)?"
)
_SEASONS = (
    (re.compile(r"(?:våren|vår|vårterminen|vt|spring)"), 1, 6),
    (re.compile(r"(?:sommaren|sommar|summer)"), 6, 8),
    (re.compile(r"(?:hösten|höst|höstterminen|ht|autumn|fall)"), 7, 12),
)
_YEAR_FIRST = re.compile(rf"(?P<year>{YEAR})[ ,./:()-]*(?P<rest>.*)")
_YEAR_LAST = re.compile(rf"(?P<rest>.*?)[ ,./:(-]*(?:\b(?:år|of|in|i|under|för|for) )?(?P<year>{YEAR})\)?")
_SHORT_YEAR_LAST = re.compile(r"(?P<rest>.*?[0-9a-zåäö])(?: ?[-/'] ?'?| )(?P<year>[1-9][0-9])")
_MONTH_FIRST = re.compile(rf"(?P<rest>0[1-9]|1[0-2])[-/.](?P<year>{YEAR})")
_MONTH_LAST = re.compile(rf"(?P<year>{YEAR})[-/.]?(?P<rest>0[1-9]|1[0-2])")
_WIDE = re.compile(r" (?:-|till|to|och|o|and|eller|or|&|t\.? ?o\.? ?m\.?|through) ")
_TIGHT = re.compile(r" ?[-/&+] ?")
_ENDING = re.compile(r"(?:i |at )?(?:the )?(?:slutet|slut|end) (?:av|på|of) (?:the )?")
_WEEK = re.compile(r"(?:vecka|veckan|v|week|w)[ .]*([0-9]{1,2})")
_A_YEAR = re.compile(rf"(?<![0-9]){YEAR}(?![0-9])")
_LONE_PART = re.compile(r"[1-4]")


def part_of_year(year: int, part: int, parts: int) -> Span:
    """Return the days of one of the equal parts of a year: part 2 of 4 is April to June."""
    size = 12 // parts
    return months_of_year(year, (part - 1) * size + 1, part * size)


def months_of_year(year: int, first: int, last: int) -> Span:
    """Return the days from the first day of one month to the last day of another."""
    return Span(date(year, first, 1), date(year, last, monthrange(year, last)[1]))


def read_quarter(key: str, year: int) -> Span | None:
    """Return the days of a quarter written in any of the ways people write it; `year` if none is named."""
    for rest, named in without_year(key, year, short=True):
        found = _QUARTER.read(rest, named)
        if found:
            return found
    return None


def read_span(key: str, year: int) -> Span | None:
    """Return the days of a half-year, month, season, year or a range of such; None where they are not certain."""
    core = _ENDING.sub("", key, count=1) if _ENDING.match(key) else key
    quarter = read_quarter(core, year) if core != key else None
    return quarter or _read_single(core, year) or _read_range(core, year)


@lru_cache(maxsize=256)
def without_year(key: str, year: int, *, short: bool) -> tuple[tuple[str, int], ...]:
    """Return the ways to take a year off a text: the rest and the year, the given one where none is named."""
    found = [_YEAR_FIRST.fullmatch(key), _YEAR_LAST.fullmatch(key)]
    ways = [(match["rest"], int(match["year"])) for match in found if match]
    short_found = _SHORT_YEAR_LAST.fullmatch(key) if short and not ways else None
    whole = full_year(short_found["year"], year) if short_found else None
    if short_found and whole:
        ways.append((short_found["rest"], int(whole)))
    return (*ways, (key, year))


def _read_single(key: str, year: int) -> Span | None:
    numeric = _MONTH_FIRST.fullmatch(key) or _MONTH_LAST.fullmatch(key)
    if numeric:
        return months_of_year(int(numeric["year"]), int(numeric["rest"]), int(numeric["rest"]))
    for rest, named in without_year(key, year, short=False):
        found = _read_rest(rest, named, whole=rest != key)
        if found:
            return found
    for rest, named in without_year(key, year, short=True):
        found = next(filter(None, (division.read(rest, named) for division in _DIVISIONS)), None)
        if found:
            return found
    return None


def _read_rest(rest: str, year: int, *, whole: bool) -> Span | None:
    """Read what is left when the year is taken off; nothing left is the whole year, if one was named."""
    if whole and _WHOLE_YEAR.fullmatch(rest):
        return months_of_year(year, 1, 12)
    month = _month_names().get(rest.rstrip("."))
    if month:
        return months_of_year(year, month, month)
    week = _WEEK.fullmatch(rest)
    if week:
        return _days_of_week(year, int(week[1]))
    season = next(((first, last) for pattern, first, last in _SEASONS if pattern.fullmatch(rest)), None)
    return months_of_year(year, *season) if season else None


def _days_of_week(year: int, week: int) -> Span | None:
    try:
        return Span(date.fromisocalendar(year, week, 1), date.fromisocalendar(year, week, 7))
    except ValueError:
        return None


def _read_range(key: str, year: int) -> Span | None:
    for rest, named in without_year(key, year, short=False):
        for parting in (_WIDE, _TIGHT):
            found = parting.search(rest)
            ends = _read_ends(rest[: found.start()], rest[found.end() :], named) if found else None
            if ends and ends[0].first <= ends[1].first and ends[0].last <= ends[1].last:
                return Span(ends[0].first, ends[1].last)
    return None


def _read_ends(left: str, right: str, year: int) -> tuple[Span, Span] | None:
    """Read both ends of a range: a year may stand at one end only, the word (kvartal 2-3) at the left one."""
    named_left = None if _A_YEAR.search(right) else _A_YEAR.search(left)
    for rest, named in without_year(right, int(named_left[0]) if named_left else year, short=True):
        repeated = f"{left.rstrip('01234 ')} {rest}" if _LONE_PART.fullmatch(rest) else rest
        last = _read_end(repeated, named)
        first = _read_end(left, named) if last else None
        if first and last:
            return first, last
    return None


def _read_end(key: str, year: int) -> Span | None:
    day = read_day(key, year)
    if day:
        return Span(day.day, day.day) if day.day else None
    return read_quarter(key, year) or _read_single(key, year)


@cache
def _month_names() -> dict[str, int]:
    """Return the names of months that stand alone; "jul 2021" is Christmas in Swedish, not July."""
    return {name: at for name, at in months().items() if name != "jul"}
