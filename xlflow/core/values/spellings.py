"""What a formula can make of an answer: the same tables and the same few steps, here and in the form.

A spreadsheet cannot read as `parse_value` reads. So the template's rules, which the form shows live, go by what
both can: a text is squeezed (small letters, no blanks, no marks) and looked up in a table of spellings. What is
not in the table is not recognised, here no more than there. `generate/live.py` writes these steps as formulas.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache

from xlflow.core.template import Choice, ChoiceList
from xlflow.core.values.days import FIRST_SERIAL, LAST_SERIAL, months

BLANKS = ("\n", "\r", "\t", "\u00a0")
"""Letters that stand for a blank. Others that look like one are rare, and kept."""

LEADS = ("senast", "under", "till", "i", "den", "by", "in", "during", "until", "the")
"""Words before a time that say nothing about it."""

MARKS = " .,:;!?\"'()/*+_~-–—…’”\u200b\u00ad"
"""What is left out before texts are compared."""

UNKNOWN = -999
"""The number of an answer that no table knows; 0 is no answer."""

NUMBER_WIDTH, MONTH_WIDTH = 6, 2
"""Digits before each spelling in the tables of answers and of times."""

YEARS_AROUND = range(-10, 21)
"""Years, counted from the plan's, that a time may name."""

LONGEST = 99
"""Letters of an answer that are looked at; no spelling is longer."""

ISO_LENGTHS = (8, 12, 14)
"""Digits of a day, alone or with hours and minutes, or seconds too."""

_DAY_ZERO = date(1899, 12, 30)


def squeeze(text: str) -> str:
    """Return what is compared: small letters without blanks and marks."""
    return _flatten(text).translate(_NO_MARKS)


def squeeze_time(text: str) -> str:
    """Return what is compared of a time: as `squeeze`, without the words that lead in to it."""
    flat = f" {_flatten(text)} "
    for word in LEADS:
        flat = flat.replace(f" {word} ", " ")
    return flat.translate(_NO_MARKS)


def _flatten(text: str) -> str:
    return text.lower().translate(_TO_BLANK)


_TO_BLANK = dict.fromkeys(map(ord, BLANKS), " ")
_NO_MARKS = dict.fromkeys(map(ord, MARKS))


# Answers of a list ------------------------------------------------------------------------------------------


def number_of(options: tuple[Choice, ...], code: str) -> int:
    """Return the number that stands for a choice: a worse rank, a greater hundred; negative if it has no rank."""
    place = next(place for place, option in enumerate(options, 1) if option.code == code)
    rank = options[place - 1].rank
    ranked = rank is not None and rank >= 0 and not options[place - 1].left_out
    return ((rank or 0) + 1) * 100 + place if ranked else -place


@lru_cache(maxsize=64)
def choice_table(choices: ChoiceList) -> str:
    """Return the table of a list's spellings, each after its number: "|000101:genomfört|000101:genomförd|"."""
    names: dict[str, int] = {}
    for option in choices.options:
        number = number_of(choices.options, option.code)
        for name in filter(squeeze, (option.label.sv, option.label.en, option.code, *option.aliases)):
            for spelling in _forms(squeeze(name)):
                names[spelling] = number if names.get(spelling, number) == number else UNKNOWN
    return _table(((number, name) for name, number in names.items() if number != UNKNOWN), NUMBER_WIDTH)


@cache
def yes_no_table() -> str:
    """Return the table of yes and no: 1 and 2."""
    yes = ("ja", "j", "yes", "y", "sant", "true", "1", "x", "✓", "✔")
    no = ("nej", "n", "no", "falskt", "false", "0")
    return _table([*((1, word) for word in yes), *((2, word) for word in no)], NUMBER_WIDTH)


@lru_cache(maxsize=1 << 14)
def recognise_choice(written: str, table: str) -> int:
    """Return the number of an answer, 0 if the cell is blank, `UNKNOWN` if the table does not have it."""
    begun = written[:LONGEST]
    if not begun.translate(_TO_BLANK).strip(" "):
        return 0
    found = _look_up(squeeze(begun), table, NUMBER_WIDTH)
    return UNKNOWN if found is None else found


# Numbers ----------------------------------------------------------------------------------------------------


MONEY = ("kronor", "kr", "sek")
"""What may stand beside an amount."""

NUMBER_BLANKS = (" ", *BLANKS, "\u202f")

MINUSES = "−–"
"""What people write for a minus."""


def flatten_number(written: str) -> str:
    """Return what is compared of a number written as text: a point for the comma, no blanks, no money."""
    flat = written[:LONGEST].lower()
    for letters in (*NUMBER_BLANKS, *MONEY):
        flat = flat.replace(letters, "")
    return flat.translate({**dict.fromkeys(map(ord, MINUSES), "-"), ord(","): "."})


def is_plain_number(written: str) -> bool:
    """Return whether a formula takes a text for a number too: digits, at most one mark, a minus at most."""
    return _PLAIN_NUMBER.fullmatch(flatten_number(written)) is not None


_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


# Times ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TimeTables:
    """The tables by which a time is read: what ends with which month, names of months, years; and the plan's."""

    periods: str
    months: str
    years: str
    year: int


@lru_cache(maxsize=16)
def time_tables(year: int) -> TimeTables:
    """Return the tables for a plan of this year."""
    periods = _table(((end, form) for end, name in _periods() for form in _forms(name)), MONTH_WIDTH)
    named = _table(((at, form) for name, at in months().items() for form in _forms(name)), MONTH_WIDTH)
    years = "".join(f"{year + near}|" for near in YEARS_AROUND)
    return TimeTables(periods, named, f"|{years}", year)


@lru_cache(maxsize=1 << 14)
def recognise_time(written: str, year: int) -> date | None:
    """Return the last day of a time that a formula can read: a quarter, half-year, season, month, year or day.

    None for all else, which the rules then do not compare, whatever `parse_deadline` makes of it.
    """
    said = squeeze_time(written[:LONGEST])
    if not said:
        return None
    tables = time_tables(year)
    dated = put_year_first(said, tables)
    return _read_serial(said) or _read_iso(said, tables) or _read_period(dated, tables) or _read_day(dated, tables)


def put_year_first(said: str, tables: TimeTables) -> str:
    """Return "2022q1" for "q12022" and for "2022q1", "2021q1" for "q1"."""
    if f"|{said[-4:]}|" in tables.years:
        return said[-4:] + said[:-4]
    return said if f"|{said[:4]}|" in tables.years else f"{tables.year}{said}"


def serial_of(day: date) -> int:
    """Return the number by which a spreadsheet counts a day."""
    return (day - _DAY_ZERO).days


def _read_serial(said: str) -> date | None:
    number = int(said) if said.isascii() and said.isdigit() and said[0] != "0" else 0
    return _DAY_ZERO + timedelta(days=number) if FIRST_SERIAL <= number <= LAST_SERIAL else None


def _read_iso(said: str, tables: TimeTables) -> date | None:
    """Read 20210630, perhaps with a time of day after it."""
    digits = said[:8]
    if len(said) not in ISO_LENGTHS or not (digits.isascii() and digits.isdigit()):
        return None
    known = f"|{digits[:4]}|" in tables.years
    return _day(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if known else None


def _read_period(dated: str, tables: TimeTables) -> date | None:
    month = _look_up(dated[4:], tables.periods, MONTH_WIDTH)
    return date(int(dated[:4]), month, monthrange(int(dated[:4]), month)[1]) if month else None


def _read_day(dated: str, tables: TimeTables) -> date | None:
    """Read 202130juni: one or two digits and the name of a month."""
    digits = 2 if dated[5:6].isascii() and dated[5:6].isdigit() else 1
    number, month = dated[4 : 4 + digits], _look_up(dated[4 + digits :], tables.months, MONTH_WIDTH)
    return _day(int(dated[:4]), month, int(number)) if month and number.isdecimal() else None


def _day(year: int, month: int, day: int) -> date | None:
    return date(year, month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1] else None


def _periods() -> Iterator[tuple[int, str]]:
    """Yield the last month of every period that a time may name, with its squeezed name; "" is the whole year."""
    yield from ((12, name) for name in ("", "år", "helår", "hela", "helaåret", "year"))
    for part, (first, second) in enumerate(zip(_ORDINALS, _COUNTED, strict=True), 1):
        for name in ("kvartal", "kvartalet", "kvart", "kv", "quarter", "qtr", "q", "k"):
            yield part * 3, f"{name}{part}"
        endings = [f"{each}{name}" for each in (*first, *second) for name in ("kvartal", "kvartalet", "quarter")]
        yield from ((part * 3, name) for name in (*endings, f"{part}kvartalet"))
        if part < 3:
            halves = ("halvår", "halvåret", "halvan", "half", "halfyear")
            yield from ((part * 6, f"{name}{part}") for name in ("halvår", "halvåret", "half", "h"))
            yield from ((part * 6, f"{each}{name}") for each in (*first, *second) for name in halves)
        if part < 4:
            yield from ((part * 4, name) for name in (f"tertial{part}", *(f"{each}tertialet" for each in first)))
    yield from ((end, name) for end, names in _SEASONS for name in names)
    yield from ((at, name) for name, at in months().items() if name != "jul")


_ORDINALS = (("första", "first"), ("andra", "second"), ("tredje", "third"), ("fjärde", "fourth"))
_COUNTED = (("1a", "1st"), ("2a", "2nd"), ("3e", "3rd"), ("4e", "4th"))
_SEASONS = (
    (6, ("våren", "vår", "vårterminen", "vt", "spring")),
    (8, ("sommaren", "sommar", "summer")),
    (12, ("hösten", "höst", "höstterminen", "ht", "autumn", "fall")),
)


# Tables -----------------------------------------------------------------------------------------------------


def _table(entries: Iterable[tuple[int, str]], width: int) -> str:
    return "|" + "".join(f"{number:0{width}d}:{name}|" for number, name in dict.fromkeys(entries))


def _look_up(key: str, table: str, width: int) -> int | None:
    """Return the number before a spelling, found as a formula finds it."""
    place = table.find(f":{key}|")
    return None if place < 0 else int(table[place - width : place])


def _forms(name: str) -> tuple[str, ...]:
    """Return a spelling with its letters composed and decomposed, since a formula tells these apart."""
    return tuple(dict.fromkeys((unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name))))
