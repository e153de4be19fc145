"""When something is to be done: a date, a quarter or words; all three are legal, sortable and comparable together.

Words that look like a time and are none (a fifth quarter, a misspelt month) are kept as words, with a code that
says so, since nobody can sort or compare them.
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import cache, lru_cache, partial

from xlflow.excel.conventions import SERIAL_EPOCH, MonthDate, RawCell, YearDate
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.plan import Deadline
from xlflow.model.text import READ_SIMILARITY, find_closest, normalize_for_parsing
from xlflow.values.cell_values import BLANK, ParseResult, cell_text, normalize_cell_text
from xlflow.values.dates import DATE_AMBIGUOUS, DATE_IMPOSSIBLE, date_from_serial, month_numbers, read_date
from xlflow.values.periods import (
    DateRange,
    date_range_of_part,
    read_date_range,
    read_quarter_range,
    split_off_year,
)

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
"""Names of parts of a year, and the greatest number each may have."""

_PERIOD_NAMES = "|".join(_PERIODS_PER_YEAR)
_NUMBERED_PERIOD = re.compile(rf"({_PERIOD_NAMES})[ .:]*(?:nr[ .]*)?([0-9]{{1,2}})")
_ORDINAL_PERIOD = re.compile(rf"(?:det |the )?([0-9]{{1,2}})(?::?[ae]|st|nd|rd|th)[ -]*({_PERIOD_NAMES})")
_SEASON_WORDS = ("våren", "sommaren", "hösten", "vårterminen", "höstterminen", "spring", "summer", "autumn")
_WORD = re.compile(r"[^\W\d_]+")
_MIN_WORD_LENGTH, _MAX_WORDS = 4, 4
"""Letters from which on a word is checked for misspelling, and words of the longest text that is checked."""


def has_impossible_period(text_without_year: str) -> bool:
    """Return whether a normalized text without its year names a part that no year has: kvartal 5."""
    found = _NUMBERED_PERIOD.fullmatch(text_without_year)
    name, number = found.groups() if found else ("", "")
    if not found and (ordinal := _ORDINAL_PERIOD.fullmatch(text_without_year)):
        number, name = ordinal.groups()
    return bool(name) and not 1 <= int(number) <= _PERIODS_PER_YEAR[name]


def correct_time_spelling(normalized: str, is_deadline: Callable[[str], bool]) -> str | None:
    """Return a normalized text with corrected words of time ("kvrtal 2": "kvartal 2"), None if still no time."""
    words = _WORD.findall(normalized)
    if len(words) > _MAX_WORDS or not words:
        return None
    corrected = _WORD.sub(lambda found: _closest_time_word(found[0]), normalized)
    return corrected if corrected != normalized and is_deadline(corrected) else None


def _closest_time_word(word: str) -> str:
    if len(word) < _MIN_WORD_LENGTH:
        return word
    return find_closest(word, _time_words(), READ_SIMILARITY) or word


@cache
def _time_words() -> tuple[str, ...]:
    all_words = (*_PERIODS_PER_YEAR, *month_numbers(), *_SEASON_WORDS)
    return tuple(word for word in all_words if len(word) > _MIN_WORD_LENGTH)


_MAX_DEADLINE_LENGTH = 80
"""Characters; longer texts are words, whatever they begin with."""

_LEAD_IN = re.compile(
    r"(?:(?:förskjut(?:s|en|et)|flytta(?:s|d|t|des)(?: fram)?|framflytta[dt]|skjut(?:s|en|et) (?:upp|fram)"
    r"|senareläggs|postponed|moved|delayed) (?:till|to) )?"
    r"(?:(?:senast|under|till|t\.?o\.?m\.?|till och med|i|by|in|during|until|no later than) )*(?:(?:the|den) )?"
)
_SPACED_SEPARATOR = re.compile(r"(?<=[0-9]) ?([-/.]) ?(?=[0-9])")
_SERIAL_TEXT = re.compile(r"[3-7][0-9]{4}")
_MAX_BARE_LENGTH = 12
_BARE_VALUE = re.compile(r"[-+]?[0-9]{1,11}(?:[.,][0-9]{1,11})?%?|SANT|FALSKT|TRUE|FALSE", re.IGNORECASE)
"""What is no time by itself: a number that is neither a year nor a day, or what a box that is ticked leaves."""

_CANONICAL_QUARTER = re.compile(r"([0-9]{4})-Q([1-4])")
SUSPICIOUS_DATE_CODES = (DATE_AMBIGUOUS, DATE_IMPOSSIBLE, "date-unlikely")
_EARLIEST_CELL_DATE = date(1911, 1, 1)
"""Earlier dates come from a number typed into a cell with a date format: 2022 becomes 1905-07-14."""


def parse_deadline(raw: RawCell, year: int, language: Language = "sv") -> ParseResult:
    """Return a date, a quarter or words as a `Deadline`; words have `first` and `last` where these are certain.

    `year` is the plan's: "Kvartal 2" means that year. A code is set for a day that is ambiguous or impossible, for
    words that look like a time and are none, and for a date of which the cell shows no day: that is the whole
    month or year, in the words of `language`.
    """
    if isinstance(raw, MonthDate | YearDate) and raw >= _EARLIEST_CELL_DATE:
        text = cell_text(raw, language)
        return ParseResult(_parse_deadline_text(text, year).value, "date-without-day", text)
    if isinstance(raw, date):
        return _parse_date_cell(raw)
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return _doubt_bare_value(_parse_number_cell(raw, year))
    result = _parse_deadline_text(cell_text(raw, language), year)
    return _doubt_bare_value(result) if raw is not None and len(str(raw)) <= _MAX_BARE_LENGTH else result


def _doubt_bare_value(result: ParseResult) -> ParseResult:
    """Return the result; with a code if the value is words that are a bare number, or true or false."""
    value = result.value
    is_words = isinstance(value, Deadline) and value.last is None and result.code is None
    if is_words and isinstance(value, Deadline) and _BARE_VALUE.fullmatch(value.text):
        return ParseResult(value, "time-unclear")
    return result


def parse_date(raw: RawCell, year: int) -> ParseResult:
    """Return a deadline of kind day; everything else is not understood."""
    result = parse_deadline(raw, year)
    if result.value is None or (isinstance(result.value, Deadline) and result.value.kind == "day"):
        return result
    return ParseResult(
        None, result.code if result.code in SUSPICIOUS_DATE_CODES else "date-unreadable", result.suggestion
    )


def parse_quarter(raw: RawCell, year: int, language: Language) -> ParseResult:
    """Return a deadline of kind quarter; a lone 1 to 4 and a day are taken for their quarter, with a note."""
    if isinstance(raw, MonthDate):
        raw = date(raw.year, raw.month, raw.day)
    text = cell_text(raw).strip()
    is_lone_number = text in ("1", "2", "3", "4")
    deadline = parse_deadline(f"Q{text}" if is_lone_number else raw, year).value
    if not isinstance(deadline, Deadline):
        return BLANK
    quarter = quarter_of(deadline) if deadline.kind != "text" else None
    if not quarter:
        return ParseResult(None, "quarter-unreadable")
    if deadline.kind == "quarter" and not is_lone_number:
        return ParseResult(deadline)
    return ParseResult(quarter, "quarter-assumed", format_deadline(quarter, language, year))


def format_deadline(deadline: Deadline, language: Language, year: int) -> str:
    """Return what people see: 2021-06-30, Kvartal 2 (in the plan's year), Kvartal 1 2022, or the words."""
    found = _CANONICAL_QUARTER.fullmatch(deadline.text) if deadline.kind == "quarter" else None
    if not found:
        return deadline.text
    if int(found[1]) == year:
        return translate("values.quarter", language, quarter=found[2])
    return translate("values.quarter_of_year", language, quarter=found[2], year=found[1])


def quarters_from(as_of: date, count: int) -> tuple[Deadline, ...]:
    """Return `count` quarters: that of the date, and those that follow."""
    start = as_of.year * 4 + (as_of.month - 1) // 3
    return tuple(
        _quarter_deadline(quarter_index // 4, quarter_index % 4 + 1)
        for quarter_index in range(start, start + count)
    )


def quarter_of(deadline: Deadline) -> Deadline | None:
    """Return the quarter of the last date; None for words without dates."""
    return _quarter_deadline(deadline.last.year, (deadline.last.month + 2) // 3) if deadline.last else None


def parse_full_date(text: str) -> date | None:
    """Return the date that a text names with its year; None if unreadable or ambiguous."""
    reading = read_date(normalize_for_parsing(text), None)
    return reading.value if reading else None


def _candidate_texts(text: str) -> Iterator[str]:
    """Yield the text as it is compared, then without lead-in words ("Förskjuts till …", "senast …")."""
    normalized = normalize_for_parsing(text).strip(" .,;:!()")
    joined = _SPACED_SEPARATOR.sub(r"\1", normalized)
    yield from dict.fromkeys(
        (normalized, joined, _LEAD_IN.sub("", normalized, count=1), _LEAD_IN.sub("", joined, count=1))
    )


def _date_deadline(value: date) -> Deadline:
    return Deadline("day", value.isoformat(), value, value)


@lru_cache(maxsize=512)
def _quarter_deadline(year: int, number: int) -> Deadline:
    date_range = date_range_of_part(year, number, 4)
    return Deadline("quarter", f"{year:04}-Q{number}", date_range.first, date_range.last)


def _text_deadline(text: str, date_range: DateRange | None = None) -> Deadline:
    return Deadline("text", text, date_range.first, date_range.last) if date_range else Deadline("text", text)


def _parse_date_cell(raw: date) -> ParseResult:
    value = raw.date() if isinstance(raw, datetime) else raw
    if value >= _EARLIEST_CELL_DATE:
        return ParseResult(_date_deadline(value))
    typed_number = (value - SERIAL_EPOCH).days
    return ParseResult(
        _text_deadline(value.isoformat()),
        "date-unlikely",
        str(typed_number) if 1990 <= typed_number <= 2100 else None,
    )


def _parse_number_cell(raw: float, year: int) -> ParseResult:
    """A whole number may be a year or 20210630; between 1990 and 2100 a number is a spreadsheet's day."""
    serial_date = date_from_serial(raw) if math.isfinite(raw) else None
    return ParseResult(_date_deadline(serial_date)) if serial_date else _parse_deadline_text(cell_text(raw), year)


@lru_cache(maxsize=8192)
def _parse_deadline_text(text: str, year: int) -> ParseResult:
    if not text:
        return BLANK
    original = normalize_cell_text(text).strip()
    if len(text) > _MAX_DEADLINE_LENGTH:
        return ParseResult(_text_deadline(original))
    candidates = tuple(_candidate_texts(text))
    result = next(filter(None, (_parse_candidate(candidate, original, year) for candidate in candidates)), None)
    return result or _check_text_deadline(candidates, original, year)


def _check_text_deadline(candidates: Sequence[str], original: str, year: int) -> ParseResult:
    """Return words as words, with a code where they look like a time that could not be read."""
    if any(
        has_impossible_period(rest)
        for candidate in candidates
        for rest, _ in split_off_year(candidate, year, short=True)
    ):
        return ParseResult(_text_deadline(original), "period-impossible")
    is_deadline = partial(_is_readable_deadline, year=year)
    corrected = next(filter(None, (correct_time_spelling(core, is_deadline) for core in candidates)), None)
    if corrected is None:
        return ParseResult(_text_deadline(original))
    return ParseResult(
        _text_deadline(original), "time-misspelt", corrected.capitalize() if original[:1].isupper() else corrected
    )


def _is_readable_deadline(candidate: str, year: int) -> bool:
    result = _parse_candidate(candidate, candidate, year)
    return result is not None and isinstance(result.value, Deadline) and result.value.last is not None


def _parse_candidate(candidate: str, original: str, year: int) -> ParseResult | None:
    quarter = read_quarter_range(candidate, year)
    if quarter:
        return ParseResult(_quarter_deadline(quarter.first.year, (quarter.first.month + 2) // 3))
    if _SERIAL_TEXT.fullmatch(candidate):
        serial_date = date_from_serial(int(candidate))
        return (
            ParseResult(_date_deadline(serial_date), "date-from-serial", serial_date.isoformat())
            if serial_date
            else None
        )
    reading = read_date(candidate, year)
    if reading:
        return (
            ParseResult(_date_deadline(reading.value))
            if reading.value
            else ParseResult(_text_deadline(original), reading.error_code)
        )
    date_range = read_date_range(candidate, year)
    return ParseResult(_text_deadline(original, date_range)) if date_range else None
