"""Longer periods than a day: quarters, and the half-years, months, seasons and years that people write.

A quarter is a kind of deadline. Of the others only the dates are taken, where they are certain; the words stay.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from xlflow.values.dates import YEAR_PATTERN, expand_short_year, month_numbers, read_date

_CARDINAL_WORDS = {
    1: ("ett", "one"),
    2: ("två", "two"),
    3: ("tre", "three"),
    4: ("fyra", "four"),
}
_ORDINAL_WORDS = {
    1: ("första", "first"),
    2: ("andra", "second"),
    3: ("tredje", "third"),
    4: ("fjärde", "fourth"),
}
_NUMBERS_BY_WORD = {
    word: n for names in (_CARDINAL_WORDS, _ORDINAL_WORDS) for n, words in names.items() for word in words
}
_CARDINAL_PATTERN = "|".join(("0?[1-4]", *(word for words in _CARDINAL_WORDS.values() for word in words)))
_ORDINAL_PATTERN = "|".join(
    (
        r"[1-4](?::?(?:a|e|sta|dra|dje|de)|st|nd|rd|th)",
        *(word for words in _ORDINAL_WORDS.values() for word in words),
    )
)


@dataclass(frozen=True, slots=True)
class DateRange:
    """The dates from `first` to `last`, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class _YearDivision:
    """A division of the year into equal parts, and the pattern of their names."""

    part_count: int
    pattern: re.Pattern[str]

    def read_part(self, normalized: str, year: int) -> DateRange | None:
        """Return the dates of the part that a normalized text without a year names, None if it names none."""
        found = self.pattern.fullmatch(normalized)
        part = _number_from_word(next(filter(None, found.groups()))) if found else 0
        return date_range_of_part(year, part, self.part_count) if 1 <= part <= self.part_count else None


def _number_from_word(word: str) -> int:
    """Return 2 for 2, 02, 2:a, två and andra."""
    return _NUMBERS_BY_WORD.get(word) or int(word.lstrip("0")[0])


def _make_division(part_count: int, names: str, definite: str) -> _YearDivision:
    """`names` stand before a number or after an ordinal (kvartal 2, andra kvartal); `definite` after both."""
    number_last = rf"(?:{names}|{definite})[ .:]{{0,9}}(?:nr[ .]{{0,9}})?({_CARDINAL_PATTERN})"
    word_first, digit_first = rf"({_ORDINAL_PATTERN})[ -]{{0,9}}(?:{names}|{definite})", r"([1-4])[. ]{0,9}"
    number_first = rf"(?:det |the )?(?:{word_first}|{digit_first}(?:{definite}))"
    return _YearDivision(part_count, re.compile(f"{number_last}|{number_first}"))


_QUARTER_DIVISION = _make_division(4, "kvartal|kvart|kv|qtr|q|k|quarter", "kvartalet")
_OTHER_DIVISIONS = (
    _make_division(3, "tertial", "tertialet"),
    _make_division(2, "halvår|half[ -]year|half|h", "halvåret|halvan"),
)
_WHOLE_YEAR = re.compile(
    r"(?:år|året|hela|hela år|hela året|helår|helåret|kalenderåret|verksamhetsåret|year|whole year)?"
)
_SEASONS = (
    (re.compile(r"(?:våren|vår|vårterminen|vt|spring)"), 1, 6),
    (re.compile(r"(?:sommaren|sommar|summer)"), 6, 8),
    (re.compile(r"(?:hösten|höst|höstterminen|ht|autumn|fall)"), 7, 12),
)
_YEAR_FIRST = re.compile(rf"(?P<year>{YEAR_PATTERN})[ ,./:()-]*(?P<rest>.*)")
_YEAR_LAST = re.compile(
    r"(?P<rest>.{0,200}?)[ ,./:(-]{0,9}(?:\b(?:år|of|in|i|under|för|for) )?" + rf"(?P<year>{YEAR_PATTERN})\)?"
)
_SHORT_YEAR_LAST = re.compile(r"(?P<rest>.{0,200}?[0-9a-zåäö])(?: ?[-/'] ?'?| )(?P<year>[1-9][0-9])")
_MONTH_FIRST = re.compile(rf"(?P<rest>0[1-9]|1[0-2])[-/.](?P<year>{YEAR_PATTERN})")
_MONTH_LAST = re.compile(rf"(?P<year>{YEAR_PATTERN})[-/.]?(?P<rest>0[1-9]|1[0-2])")
_SPACED_RANGE_MARK = re.compile(r" (?:-|till|to|och|o|and|eller|or|&|t\.? ?o\.? ?m\.?|through) ")
_TIGHT_RANGE_MARK = re.compile(r" ?[-/&+] ?")
_END_OF_PERIOD = re.compile(r"(?:i |at )?(?:the )?(?:slutet|slut|end) (?:av|på|of) (?:the )?")
_WEEK_NUMBER = re.compile(r"(?:vecka|veckan|v|week|w)[ .]*([0-9]{1,2})")
_YEAR_IN_TEXT = re.compile(rf"(?<![0-9]){YEAR_PATTERN}(?![0-9])")
_LONE_PART_NUMBER = re.compile(r"[1-4]")


def date_range_of_part(year: int, part: int, part_count: int) -> DateRange:
    """Return the dates of one of the equal parts of a year, from 1: part 2 of 4 is April to June."""
    size = 12 // part_count
    return date_range_of_months(year, (part - 1) * size + 1, part * size)


def date_range_of_months(year: int, first_month: int, last_month: int) -> DateRange:
    """Return the dates from the first of one month (1 to 12) to the last of another."""
    return DateRange(date(year, first_month, 1), date(year, last_month, monthrange(year, last_month)[1]))


def read_quarter_range(normalized: str, year: int) -> DateRange | None:
    """Return the dates of a quarter in any of its spellings, of `year` if none is named; None if it is none."""
    for rest, named_year in split_off_year(normalized, year, short=True):
        found = _QUARTER_DIVISION.read_part(rest, named_year)
        if found:
            return found
    return None


def read_date_range(normalized: str, year: int) -> DateRange | None:
    """Return the dates of a half-year, month, season, year or range of such; None where not certain."""
    without_ending = (
        _END_OF_PERIOD.sub("", normalized, count=1) if _END_OF_PERIOD.match(normalized) else normalized
    )
    quarter = read_quarter_range(without_ending, year) if without_ending != normalized else None
    return quarter or _read_single_period(without_ending, year) or _read_two_ended_range(without_ending, year)


@lru_cache(maxsize=256)
def split_off_year(normalized: str, year: int, *, short: bool) -> tuple[tuple[str, int], ...]:
    """Return the ways to take a year off a text: the rest and the year, the given one where none is named."""
    found = [_YEAR_FIRST.fullmatch(normalized), _YEAR_LAST.fullmatch(normalized)]
    splits = [(match["rest"], int(match["year"])) for match in found if match]
    short_found = _SHORT_YEAR_LAST.fullmatch(normalized) if short and not splits else None
    full_year = expand_short_year(short_found["year"], year) if short_found else None
    if short_found and full_year:
        splits.append((short_found["rest"], int(full_year)))
    return (*splits, (normalized, year))


def _read_single_period(normalized: str, year: int) -> DateRange | None:
    numeric = _MONTH_FIRST.fullmatch(normalized) or _MONTH_LAST.fullmatch(normalized)
    if numeric:
        return date_range_of_months(int(numeric["year"]), int(numeric["rest"]), int(numeric["rest"]))
    for rest, named_year in split_off_year(normalized, year, short=False):
        found = _read_named_period(rest, named_year, year_named=rest != normalized)
        if found:
            return found
    for rest, named_year in split_off_year(normalized, year, short=True):
        found = next(filter(None, (division.read_part(rest, named_year) for division in _OTHER_DIVISIONS)), None)
        if found:
            return found
    return None


def _read_named_period(rest: str, year: int, *, year_named: bool) -> DateRange | None:
    """Read what is left when the year is taken off; nothing left is the whole year, if one was named."""
    if year_named and _WHOLE_YEAR.fullmatch(rest):
        return date_range_of_months(year, 1, 12)
    month = _standalone_months().get(rest.rstrip("."))
    if month:
        return date_range_of_months(year, month, month)
    week = _WEEK_NUMBER.fullmatch(rest)
    if week:
        return _date_range_of_week(year, int(week[1]))
    season = next(((first, last) for pattern, first, last in _SEASONS if pattern.fullmatch(rest)), None)
    return date_range_of_months(year, *season) if season else None


def _date_range_of_week(year: int, week: int) -> DateRange | None:
    try:
        return DateRange(date.fromisocalendar(year, week, 1), date.fromisocalendar(year, week, 7))
    except ValueError:
        return None


def _read_two_ended_range(normalized: str, year: int) -> DateRange | None:
    for rest, named_year in split_off_year(normalized, year, short=False):
        for range_mark in (_SPACED_RANGE_MARK, _TIGHT_RANGE_MARK):
            found = range_mark.search(rest)
            ends = _read_range_ends(rest[: found.start()], rest[found.end() :], named_year) if found else None
            if ends and ends[0].first <= ends[1].first and ends[0].last <= ends[1].last:
                return DateRange(ends[0].first, ends[1].last)
    return None


def _read_range_ends(left: str, right: str, year: int) -> tuple[DateRange, DateRange] | None:
    """Read both ends of a range: a year may stand at one end only, the word (kvartal 2-3) at the left one."""
    left_year = None if _YEAR_IN_TEXT.search(right) else _YEAR_IN_TEXT.search(left)
    for rest, named_year in split_off_year(right, int(left_year[0]) if left_year else year, short=True):
        repeated = f"{left.rstrip('01234 ')} {rest}" if _LONE_PART_NUMBER.fullmatch(rest) else rest
        last = _read_range_end(repeated, named_year)
        first = _read_range_end(left, named_year) if last else None
        if first and last:
            return first, last
    return None


def _read_range_end(normalized: str, year: int) -> DateRange | None:
    reading = read_date(normalized, year)
    if reading:
        return DateRange(reading.value, reading.value) if reading.value else None
    return read_quarter_range(normalized, year) or _read_single_period(normalized, year)


@cache
def _standalone_months() -> dict[str, int]:
    """Return the names of months that stand alone; "jul 2021" is Christmas in Swedish, not July."""
    return {name: number for name, number in month_numbers().items() if name != "jul"}
