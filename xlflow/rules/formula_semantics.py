"""How a formula reads an answer: the same tables and the same few steps, here and in the form.

A spreadsheet cannot read as `parse_value` reads. So the template's rules, which the form shows live, go by what
both can: a text is stripped (lower case, no blanks, no punctuation) and looked up in a table of spellings. What is
not in the table is not recognised, here no more than there. `generate/calc_layout.py` writes these steps as
formulas.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

from xlflow.excel.conventions import SERIAL_EPOCH
from xlflow.model.template_elements import Choice, ChoiceList
from xlflow.values.dates import FIRST_DATE_SERIAL, LAST_DATE_SERIAL, month_numbers

BLANK_CHARACTERS = ("\n", "\r", "\t", "\u00a0")
"""Characters treated as a blank. Others that look like one are rare, and kept."""

LEAD_IN_WORDS = ("senast", "under", "till", "i", "den", "by", "in", "during", "until", "the")
"""Words before a time that do not change its meaning."""

IGNORED_CHARACTERS = " .,:;!?\"'()/*+_~-–—…’”\u200b\u00ad"
"""Characters removed before texts are compared."""

NOT_LISTED = -999
"""The number of an answer that is not in its table; 0 is no answer."""

CHOICE_NUMBER_WIDTH, MONTH_NUMBER_WIDTH = 6, 2
"""Digits before each spelling in the tables of answers and of times."""

ACCEPTED_YEAR_OFFSETS = range(-10, 21)
"""Years, counted from the plan's, that a time may name."""

MAX_LOOKUP_LENGTH = 99
"""Characters of an answer that are compared; no spelling is longer."""

ISO_DIGIT_COUNTS = (8, 12, 14)
"""Number of digits of a date, alone, with hours and minutes, or with seconds too."""


def strip_for_lookup(text: str) -> str:
    """Return a text as it is looked up: lower case, without blanks and punctuation."""
    return _lowercase_with_spaces(text).translate(_DROP_IGNORED)


def strip_time_for_lookup(text: str) -> str:
    """Return a time as it is looked up: as `strip_for_lookup`, without the words before it."""
    lowered = f" {_lowercase_with_spaces(text)} "
    for word in LEAD_IN_WORDS:
        lowered = lowered.replace(f" {word} ", " ")
    return lowered.translate(_DROP_IGNORED)


def _lowercase_with_spaces(text: str) -> str:
    return text.lower().translate(_BLANKS_TO_SPACE)


_BLANKS_TO_SPACE = dict.fromkeys(map(ord, BLANK_CHARACTERS), " ")
_DROP_IGNORED = dict.fromkeys(map(ord, IGNORED_CHARACTERS))


# Answers of a list ------------------------------------------------------------------------------------------


def option_number(options: tuple[Choice, ...], code: str) -> int:
    """Return (rank + 1) * 100 + position (from 1) of a choice, minus its position if it has no rank."""
    position = next(number for number, option in enumerate(options, 1) if option.code == code)
    rank = options[position - 1].rank
    has_rank = rank is not None and rank >= 0 and not options[position - 1].excluded_from_rollup
    return ((rank or 0) + 1) * 100 + position if has_rank else -position


@lru_cache(maxsize=64)
def choice_spelling_table(choices: ChoiceList) -> str:
    """Return the table of a list's spellings, each after its number: "|000101:genomfört|000101:genomförd|"."""
    number_by_spelling: dict[str, int] = {}
    for option in choices.options:
        number = option_number(choices.options, option.code)
        for name in filter(strip_for_lookup, (option.label.sv, option.label.en, option.code, *option.aliases)):
            for spelling in _unicode_forms(strip_for_lookup(name)):
                number_by_spelling[spelling] = (
                    number if number_by_spelling.get(spelling, number) == number else NOT_LISTED
                )
    return _join_spelling_table(
        ((number, name) for name, number in number_by_spelling.items() if number != NOT_LISTED),
        CHOICE_NUMBER_WIDTH,
    )


@cache
def yes_no_spelling_table() -> str:
    """Return the table of yes and no: 1 and 2."""
    yes = ("ja", "j", "yes", "y", "sant", "true", "1", "x", "✓", "✔")
    no = ("nej", "n", "no", "falskt", "false", "0")
    return _join_spelling_table([*((1, word) for word in yes), *((2, word) for word in no)], CHOICE_NUMBER_WIDTH)


@lru_cache(maxsize=1 << 14)
def lookup_choice(text: str, spelling_table: str) -> int:
    """Return the number of an answer; 0 for a blank cell, `NOT_LISTED` if the table does not have it."""
    compared = text[:MAX_LOOKUP_LENGTH]
    if not compared.translate(_BLANKS_TO_SPACE).strip(" "):
        return 0
    found = _find_number(strip_for_lookup(compared), spelling_table, CHOICE_NUMBER_WIDTH)
    return NOT_LISTED if found is None else found


# Numbers ----------------------------------------------------------------------------------------------------


CURRENCY_WORDS = ("kronor", "kr", "sek")
"""Units that may be written beside an amount."""

NUMBER_BLANK_CHARACTERS = (" ", *BLANK_CHARACTERS, "\u202f")

MINUS_CHARACTERS = "−–"
"""What people write for a minus."""


def normalize_number(text: str) -> str:
    """Return a number written as text for comparison: a point for the comma, without blanks and currency."""
    stripped = text[:MAX_LOOKUP_LENGTH].lower()
    for letters in (*NUMBER_BLANK_CHARACTERS, *CURRENCY_WORDS):
        stripped = stripped.replace(letters, "")
    return stripped.translate({**dict.fromkeys(map(ord, MINUS_CHARACTERS), "-"), ord(","): "."})


def is_plain_number(text: str) -> bool:
    """Return whether a formula reads a text as a number too: digits, one decimal mark and one minus at most."""
    return _PLAIN_NUMBER.fullmatch(normalize_number(text)) is not None


def reads_as_number(text: str) -> bool:
    """Return whether a formula reads a text as a number: a plain one, whose point cannot be one of thousands."""
    normalized = normalize_number(text)
    return _PLAIN_NUMBER.fullmatch(normalized) is not None and not _POINT_OF_THOUSANDS.fullmatch(normalized)


_POINT_OF_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


# Times ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeadlineTables:
    """The tables for reading times: last month of each period, names of months, years; and the plan's year."""

    period_table: str
    month_table: str
    year_table: str
    plan_year: int


@lru_cache(maxsize=16)
def build_deadline_tables(year: int) -> DeadlineTables:
    """Return the tables for a plan of this year."""
    periods = _join_spelling_table(
        ((last_month, spelling) for last_month, name in _iter_period_names() for spelling in _unicode_forms(name)),
        MONTH_NUMBER_WIDTH,
    )
    month_names = _join_spelling_table(
        ((month, form) for name, month in month_numbers().items() for form in _unicode_forms(name)),
        MONTH_NUMBER_WIDTH,
    )
    years = "".join(f"{year + offset}|" for offset in ACCEPTED_YEAR_OFFSETS)
    return DeadlineTables(periods, month_names, f"|{years}", year)


@lru_cache(maxsize=1 << 14)
def lookup_end_date(text: str, year: int) -> date | None:
    """Return the last date of a time that a formula can read: quarter, half-year, season, month, year or date.

    None for all else, which the rules then do not compare, whatever `parse_deadline` makes of it.
    """
    stripped = strip_time_for_lookup(text[:MAX_LOOKUP_LENGTH])
    if not stripped:
        return None
    tables = build_deadline_tables(year)
    year_first = put_year_first(stripped, tables)
    return (
        _lookup_serial_date(stripped)
        or _lookup_iso_date(stripped, tables)
        or _lookup_period_end(year_first, tables)
        or _lookup_day_and_month(year_first, tables)
    )


def put_year_first(stripped: str, tables: DeadlineTables) -> str:
    """Return "2022q1" for "q12022" and for "2022q1", "2021q1" for "q1"."""
    if f"|{stripped[-4:]}|" in tables.year_table:
        return stripped[-4:] + stripped[:-4]
    return stripped if f"|{stripped[:4]}|" in tables.year_table else f"{tables.plan_year}{stripped}"


def serial_from_date(value: date) -> int:
    """Return the serial number of a date in a spreadsheet."""
    return (value - SERIAL_EPOCH).days


def _lookup_serial_date(stripped: str) -> date | None:
    number = int(stripped) if stripped.isascii() and stripped.isdigit() and stripped[0] != "0" else 0
    return SERIAL_EPOCH + timedelta(days=number) if FIRST_DATE_SERIAL <= number <= LAST_DATE_SERIAL else None


def _lookup_iso_date(stripped: str, tables: DeadlineTables) -> date | None:
    """Read 20210630, perhaps with a time of day after it."""
    digits = stripped[:8]
    if len(stripped) not in ISO_DIGIT_COUNTS or not (digits.isascii() and digits.isdigit()):
        return None
    is_listed_year = f"|{digits[:4]}|" in tables.year_table
    return _date_or_none(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if is_listed_year else None


def _lookup_period_end(year_first: str, tables: DeadlineTables) -> date | None:
    month = _find_number(year_first[4:], tables.period_table, MONTH_NUMBER_WIDTH)
    return date(int(year_first[:4]), month, monthrange(int(year_first[:4]), month)[1]) if month else None


def _lookup_day_and_month(year_first: str, tables: DeadlineTables) -> date | None:
    """Read 202130juni: one or two digits and the name of a month."""
    digits = 2 if year_first[5:6].isascii() and year_first[5:6].isdigit() else 1
    number, month = (
        year_first[4 : 4 + digits],
        _find_number(year_first[4 + digits :], tables.month_table, MONTH_NUMBER_WIDTH),
    )
    return _date_or_none(int(year_first[:4]), month, int(number)) if month and number.isdecimal() else None


def _date_or_none(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1] else None


def _iter_period_names() -> Iterator[tuple[int, str]]:
    """Yield (last month, stripped name) of every period that a time may name; "" is the whole year."""
    yield from ((12, name) for name in ("", "år", "helår", "hela", "helaåret", "year"))
    for part, (first, second) in enumerate(zip(_ORDINAL_WORDS, _ORDINAL_NUMERALS, strict=True), 1):
        for name in ("kvartal", "kvartalet", "kvart", "kv", "quarter", "qtr", "q", "k"):
            yield part * 3, f"{name}{part}"
        ordinal_names = [
            f"{each}{name}" for each in (*first, *second) for name in ("kvartal", "kvartalet", "quarter")
        ]
        yield from ((part * 3, name) for name in (*ordinal_names, f"{part}kvartalet"))
        if part < 3:
            half_year_names = ("halvår", "halvåret", "halvan", "half", "halfyear")
            yield from ((part * 6, f"{name}{part}") for name in ("halvår", "halvåret", "half", "h"))
            yield from ((part * 6, f"{each}{name}") for each in (*first, *second) for name in half_year_names)
        if part < 4:
            yield from ((part * 4, name) for name in (f"tertial{part}", *(f"{each}tertialet" for each in first)))
    yield from ((last_month, name) for last_month, names in _SEASON_NAMES for name in names)
    yield from ((month, name) for name, month in month_numbers().items() if name != "jul")


_ORDINAL_WORDS = (("första", "first"), ("andra", "second"), ("tredje", "third"), ("fjärde", "fourth"))
_ORDINAL_NUMERALS = (("1a", "1st"), ("2a", "2nd"), ("3e", "3rd"), ("4e", "4th"))
_SEASON_NAMES = (
    (6, ("våren", "vår", "vårterminen", "vt", "spring")),
    (8, ("sommaren", "sommar", "summer")),
    (12, ("hösten", "höst", "höstterminen", "ht", "autumn", "fall")),
)


# Tables -----------------------------------------------------------------------------------------------------


def _join_spelling_table(entries: Iterable[tuple[int, str]], width: int) -> str:
    return "|" + "".join(f"{number:0{width}d}:{name}|" for number, name in dict.fromkeys(entries))


def _find_number(key: str, table: str, width: int) -> int | None:
    """Return the number before a spelling, None if the table lacks it; searched as a formula does."""
    index = table.find(f":{key}|")
    return None if index < 0 else int(table[index - width : index])


def _unicode_forms(name: str) -> tuple[str, ...]:
    """Return a spelling with its letters composed and decomposed, since a formula tells these apart."""
    return tuple(dict.fromkeys((unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))))
