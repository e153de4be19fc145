"""A single date, as people write it in Swedish and English. The only door to dateutil.

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

from xlflow.excel.conventions import SERIAL_EPOCH
from xlflow.i18n.catalogue import LANGUAGES, Language, translate

if TYPE_CHECKING:
    from dateutil.parser import parserinfo

YEAR_PATTERN = r"(?:19|20|21)[0-9]{2}"
"""Four digits that count as a year: 1900 to 2199."""

FIRST_DATE_SERIAL, LAST_DATE_SERIAL = 32874, 73415
"""Serial numbers of 1990-01-01 and 2100-12-31: only a number between them is taken for a date."""

DATE_AMBIGUOUS, DATE_IMPOSSIBLE = "date-ambiguous", "date-impossible"

_FULL_YEAR = re.compile(YEAR_PATTERN)
_ISO_DATE = re.compile(rf"({YEAR_PATTERN}) ?[-/.] ?([0-9]{{1,2}}) ?[-/.] ?([0-9]{{1,2}})")
_COMPACT_DATE = re.compile(rf"({YEAR_PATTERN})([0-9]{{2}})([0-9]{{2}})")
_SIX_DIGITS = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_NUMERIC_DATE = re.compile(
    rf"([0-9]{{1,2}}) ?(?P<mark>[-/.]) ?([0-9]{{1,2}})(?:(?P<other> ?["
    rf"-/., '] ?)(?P<year>{YEAR_PATTERN}|[0-9]{{2}}))?"
)
_TIME_OF_DAY = re.compile(r"(?:t| |, ?| ?kl\.? ?)[0-9]{1,2}[:.][0-9]{2}(?:[:.][0-9]{2})?(?:[.,][0-9]+)?z?$")
_FIRST_WORD = re.compile(r"([a-zåäö]{1,40})[., ]{1,20}(?:den )?")
_ORDINAL_SUFFIX = re.compile(r"(?<=[0-9])(?::?e|:?a|st|nd|rd|th)\b")
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+")
_FOREIGN_CHARACTERS = re.compile(r"[^a-zåäöé0-9 .,'/-]")
_FILLER_WORDS = frozenset(("den", "the", "of", "av"))
_EXTRA_ABBREVIATIONS = {"sept": 9}


@dataclass(frozen=True, slots=True)
class DateReading:
    """A text that has the shape of a date: the date, or the code that says why it is none."""

    value: date | None
    error_code: str | None = None


def read_date(normalized: str, year: int | None) -> DateReading | None:
    """Read a text from `normalize_for_parsing` as a date; None if it has not even the shape of one.

    `year` is used where the text names none; without it a date must name its year.
    """
    without_time = _TIME_OF_DAY.sub("", normalized)
    first_word = _FIRST_WORD.match(without_time)
    weekday = _weekday_numbers().get(first_word[1]) if first_word else None
    if first_word and weekday is not None:
        without_time = without_time[first_word.end() :]
    reading = (
        _read_digits_date(without_time)
        or _read_numeric_date(without_time, year)
        or _read_month_name_date(without_time, year)
    )
    return _check_weekday(reading, weekday) if reading else None


def date_from_serial(number: float) -> date | None:
    """Return the date of a spreadsheet's serial number, its time of day dropped; None outside 1990 to 2100."""
    if not FIRST_DATE_SERIAL <= number < LAST_DATE_SERIAL + 1:
        return None
    return SERIAL_EPOCH + timedelta(days=int(number))


def expand_short_year(short: str, plan_year: int | None) -> str | None:
    """Return the year that two digits stand for, None if it is not within ten years of the plan's."""
    year = 2000 + int(short)
    return str(year) if plan_year and abs(year - plan_year) <= 10 else None


@cache
def month_numbers() -> dict[str, int]:
    """Return the numbers (1 to 12) of all names of months, whole and shortened, Swedish and English, lower
    case."""
    full_names = [
        (name, number) for language in LANGUAGES for number, name in enumerate(_month_names(language), 1)
    ]
    return _EXTRA_ABBREVIATIONS | {name[:3]: number for name, number in full_names} | dict(full_names)


def _month_names(language: Language) -> list[str]:
    return translate("calendar.months", language).casefold().split()


@cache
def _weekday_numbers() -> dict[str, int]:
    full_names = [
        (weekday_name, number)
        for language in LANGUAGES
        for number, weekday_name in enumerate(translate("calendar.weekdays", language).split())
    ]
    return {spelling: number for name, number in full_names for spelling in _weekday_spellings(name.casefold())}


def _weekday_spellings(name: str) -> tuple[str, ...]:
    """Return a weekday as people write it: onsdag, onsdagen, ons, tors."""
    return name, f"{name}en", name[:3], name[:4]


def _read_digits_date(normalized: str) -> DateReading | None:
    """Read 2021-06-30, 2021/6/30, 20210630: the year first, so never ambiguous; 210630 always is."""
    found = _ISO_DATE.fullmatch(normalized) or _COMPACT_DATE.fullmatch(normalized)
    if found:
        return _make_reading(*map(int, found.groups()))
    six_digits = _SIX_DIGITS.fullmatch(normalized)
    if six_digits:
        a, b, c = map(int, six_digits.groups())
        if any(_make_reading(2000 + y, m, d).value for y, m, d in ((a, b, c), (c, b, a), (c, a, b))):
            return DateReading(None, DATE_AMBIGUOUS)
    return None


def _make_reading(year: int, month: int, day: int) -> DateReading:
    try:
        return DateReading(date(year, month, day))
    except ValueError:
        return DateReading(None, DATE_IMPOSSIBLE)


def _read_numeric_date(normalized: str, year: int | None) -> DateReading | None:
    """Read 30/6 2021, 30.6.2021, 30/6: ambiguous unless only one order of day and month makes a day."""
    found = _NUMERIC_DATE.fullmatch(normalized)
    if not found:
        return None
    year_digits = found["year"]
    if not year_digits:
        year_digits = str(year) if year and found["mark"] == "/" else None
    elif len(year_digits) == 2:
        if found["other"].strip() == found["mark"]:
            return DateReading(None, DATE_AMBIGUOUS)
        year_digits = expand_short_year(year_digits, year)
    return _read_both_orders(f"{found[1]}/{found[3]}/{year_digits}") if year_digits else None


def _read_month_name_date(normalized: str, year: int | None) -> DateReading | None:
    """Read den 30 juni 2021, June 30th, 2021, 30-jun-21, juni 30: a month by name, a day, maybe a year.

    "juni 21" may be a day or a year, and is ambiguous.
    """
    without_ordinals = _ORDINAL_SUFFIX.sub("", normalized)
    tokens = [token for token in _TOKEN.findall(without_ordinals) if token not in _FILLER_WORDS]
    if _FOREIGN_CHARACTERS.search(without_ordinals) or month_numbers().keys().isdisjoint(tokens):
        return None
    text, shape = " ".join(tokens), "".join(map(_token_shape, tokens))
    if shape in ("1m2", "2m2"):
        full_year = expand_short_year(text[-2:], year)
        text = f"{text[:-2]}{full_year}" if full_year else ""
    elif year and shape in ("1m", "2m", "m1", "m2"):
        if shape == "m2" and int(text[-2:]) > 12:
            return DateReading(None, DATE_AMBIGUOUS)
        text = f"{text} {year:04}"
    elif shape not in ("1m4", "2m4", "m14", "m24", "4m1", "4m2"):
        return None
    return _read_both_orders(text) if text else None


def _token_shape(token: str) -> str:
    """Return m for a month, the count of its digits for a number (9 for a year that is none), ? for the rest."""
    if not token.isdecimal():
        return "m" if token in month_numbers() else "?"
    return "9" if len(token) > 2 and not _FULL_YEAR.fullmatch(token) else str(len(token))


def _check_weekday(reading: DateReading, weekday: int | None) -> DateReading:
    """Return the reading; ambiguous if the text names a weekday that the day is not."""
    is_other_weekday = reading.value and weekday is not None and reading.value.weekday() != weekday
    return DateReading(None, DATE_AMBIGUOUS) if is_other_weekday else reading


@lru_cache(maxsize=4096)
def _read_both_orders(text: str) -> DateReading:
    dates = set(_iter_dateutil_dates(text))
    if len(dates) > 1:
        return DateReading(None, DATE_AMBIGUOUS)
    return DateReading(dates.pop()) if dates else DateReading(None, DATE_IMPOSSIBLE)


def _iter_dateutil_dates(text: str) -> Iterator[date]:
    """Yield what dateutil makes of a whole day, in either order of day and month."""
    from dateutil.parser import parse  # noqa: PLC0415  (a tenth of the start-up time, and most days are ISO)

    for dayfirst in (True, False):
        try:
            yield parse(
                text, _month_parser_info(), dayfirst=dayfirst, default=datetime(2000, 1, 1), ignoretz=True
            ).date()
        except (ValueError, OverflowError):
            continue


@cache
def _month_parser_info() -> "parserinfo":
    """Return the names of the months in both languages, as dateutil wants them."""
    from dateutil.parser import parserinfo  # noqa: PLC0415

    class Names(parserinfo):
        def month(self, name: str) -> int | None:
            return month_numbers().get(name.casefold())

    return Names()
