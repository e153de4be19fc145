"""When something is to be done: a day, a quarter or words, all three legal, sortable and comparable together."""

import math
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache, partial

from xlflow.core.model import Deadline
from xlflow.core.text import plain
from xlflow.core.values.days import AMBIGUOUS, IMPOSSIBLE, day_of_serial, read_day
from xlflow.core.values.doubtful import mend_spelling, names_no_period
from xlflow.core.values.periods import Span, part_of_year, read_quarter, read_span, without_year
from xlflow.core.values.raw import BLANK, Parsed, Raw, keep_text, written_text
from xlflow.core.words import Language, say

_LONGEST = 80
"""Longer texts are words, whatever they begin with."""

_LEAD = re.compile(
    r"(?:(?:förskjut(?:s|en|et)|flytta(?:s|d|t|des)(?: fram)?|framflytta[dt]|skjut(?:s|en|et) (?:upp|fram)"
    r"|senareläggs|postponed|moved|delayed) (?:till|to) )?"
    r"(?:(?:senast|under|till|t\.?o\.?m\.?|till och med|i|by|in|during|until|no later than) )*(?:(?:the|den) )?"
)
_BROKEN_LINE = re.compile(r"(?<=[0-9]) ?([-/.]) ?(?=[0-9])")
_SERIAL_TEXT = re.compile(r"[3-7][0-9]{4}")
_CANONICAL = re.compile(r"([0-9]{4})-Q([1-4])")
DAYS_IN_DOUBT = (AMBIGUOUS, IMPOSSIBLE, "date-unlikely")
_EARLIEST_CELL = date(1911, 1, 1)
"""Days before this come from a number typed into a cell that shows days: 2022 becomes 1905-07-14."""


def parse_deadline(raw: Raw, year: int) -> Parsed:
    """Return a day, a quarter or words; words are legal, and carry days where these are certain.

    `year` is the plan's: "Kvartal 2" means that year. A code is set for a day that is ambiguous or impossible, and
    for words that look like a time and are none.
    """
    if isinstance(raw, date):
        return _read_cell(raw)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _read_number(raw, year)
    return _read_text(written_text(raw), year)


def parse_date(raw: Raw, year: int) -> Parsed:
    """Return a deadline of kind day; everything else is not understood."""
    found = parse_deadline(raw, year)
    if found.value is None or (isinstance(found.value, Deadline) and found.value.kind == "day"):
        return found
    return Parsed(None, found.code if found.code in DAYS_IN_DOUBT else "date-unreadable", found.suggestion)


def parse_quarter(raw: Raw, year: int, language: Language) -> Parsed:
    """Return a deadline of kind quarter; a lone 1 to 4 and a day are taken for their quarter, with a note."""
    text = written_text(raw).strip()
    lone = text in ("1", "2", "3", "4")
    found = parse_deadline(f"Q{text}" if lone else raw, year).value
    if not isinstance(found, Deadline):
        return BLANK
    quarter = quarter_of(found) if found.kind != "text" else None
    if not quarter:
        return Parsed(None, "quarter-unreadable")
    if found.kind == "quarter" and not lone:
        return Parsed(found)
    return Parsed(quarter, "quarter-assumed", show_deadline(quarter, language, year))


def show_deadline(deadline: Deadline, language: Language, year: int) -> str:
    """Return what people see: 2021-06-30, Kvartal 2 (in the plan's year), Kvartal 1 2022, or the words."""
    found = _CANONICAL.fullmatch(deadline.text) if deadline.kind == "quarter" else None
    if not found:
        return deadline.text
    if int(found[1]) == year:
        return say("values.quarter", language, quarter=found[2])
    return say("values.quarter_of_year", language, quarter=found[2], year=found[1])


def quarters_from(as_of: date, count: int) -> tuple[Deadline, ...]:
    """Return the quarter that the day lies in and those that follow, `count` in all."""
    start = as_of.year * 4 + (as_of.month - 1) // 3
    return tuple(_quarter(at // 4, at % 4 + 1) for at in range(start, start + count))


def quarter_of(deadline: Deadline) -> Deadline | None:
    """Return the quarter in which the last day lies; None where words say no time."""
    return _quarter(deadline.last.year, (deadline.last.month + 2) // 3) if deadline.last else None


def parse_day(text: str) -> date | None:
    """Return the day that a text names in full (ISO, Swedish, English); None if it is unreadable or ambiguous."""
    found = read_day(plain(text), None)
    return found.day if found else None


def _cores(text: str) -> Iterator[str]:
    """Yield the text as it is compared, then without lead-in words ("Förskjuts till …", "senast …")."""
    key = plain(text).strip(" .,;:!()")
    joined = _BROKEN_LINE.sub(r"\1", key)
    yield from dict.fromkeys((key, joined, _LEAD.sub("", key, count=1), _LEAD.sub("", joined, count=1)))


def _day(day: date) -> Deadline:
    return Deadline("day", day.isoformat(), day, day)


@lru_cache(maxsize=512)
def _quarter(year: int, number: int) -> Deadline:
    span = part_of_year(year, number, 4)
    return Deadline("quarter", f"{year:04}-Q{number}", span.first, span.last)


def _words(text: str, span: Span | None = None) -> Deadline:
    return Deadline("text", text, span.first, span.last) if span else Deadline("text", text)


def _read_cell(raw: date) -> Parsed:
    day = raw.date() if isinstance(raw, datetime) else raw
    if day >= _EARLIEST_CELL:
        return Parsed(_day(day))
    typed = (day - date(1899, 12, 30)).days
    return Parsed(_words(day.isoformat()), "date-unlikely", str(typed) if 1990 <= typed <= 2100 else None)


def _read_number(raw: float, year: int) -> Parsed:
    """A whole number may be a year or 20210630; between 1990 and 2100 a number is a spreadsheet's day."""
    day = day_of_serial(raw) if math.isfinite(raw) else None
    return Parsed(_day(day)) if day else _read_text(written_text(raw), year)


@lru_cache(maxsize=8192)
def _read_text(text: str, year: int) -> Parsed:
    if not text:
        return BLANK
    kept = keep_text(text).strip()
    if len(text) > _LONGEST:
        return Parsed(_words(kept))
    cores = tuple(_cores(text))
    read = next(filter(None, (_read_core(core, kept, year) for core in cores)), None)
    return read or _doubt(cores, kept, year)


def _doubt(cores: Sequence[str], kept: str, year: int) -> Parsed:
    """Return words as words, with a code where they look like a time that could not be read."""
    if any(names_no_period(rest) for core in cores for rest, _ in without_year(core, year, short=True)):
        return Parsed(_words(kept), "period-impossible")
    reads = partial(_is_time, year=year)
    mended = next(filter(None, (mend_spelling(core, reads) for core in cores)), None)
    if mended is None:
        return Parsed(_words(kept))
    return Parsed(_words(kept), "time-misspelt", mended.capitalize() if kept[:1].isupper() else mended)


def _is_time(core: str, year: int) -> bool:
    found = _read_core(core, core, year)
    return found is not None and isinstance(found.value, Deadline) and found.value.last is not None


def _read_core(core: str, kept: str, year: int) -> Parsed | None:
    quarter = read_quarter(core, year)
    if quarter:
        return Parsed(_quarter(quarter.first.year, (quarter.first.month + 2) // 3))
    if _SERIAL_TEXT.fullmatch(core):
        day = day_of_serial(int(core))
        return Parsed(_day(day), "date-from-serial", day.isoformat()) if day else None
    reading = read_day(core, year)
    if reading:
        return Parsed(_day(reading.day)) if reading.day else Parsed(_words(kept), reading.fault)
    span = read_span(core, year)
    return Parsed(_words(kept, span)) if span else None
