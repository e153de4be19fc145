"""Finds personal data in a text that becomes public: e-mail addresses, phone numbers and Swedish personal identity
numbers, the last by date and check digit so that an order number is not taken for one.

Only finds; the caller decides what to report. A match is shown shortened, so that no message repeats it.
This is the only module that knows `phonenumbers`, which is imported when a foreign number may be there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Literal

PiiKind = Literal["personal_number", "email", "phone"]

_DASHES = (
    "\u00ad\u02d7\u058a\u05be\u1400\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u207b\u208b\u2212\u2e17\u2e1a\u2e3a"
    "\u2e3b\u2e40\u301c\u3030\u30a0\u30fc\ufe31\ufe32\ufe58\ufe63\uff0d\uff5e"
)
_BLANKS = (
    "\t\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d\u200e\u200f"
    "\u202f\u205f\u2060\u2061\u2062\u2063\u2064\u3000\ufeff"
)
_UNUSUAL_SEPARATORS = str.maketrans(
    {
        **dict.fromkeys(_BLANKS, " "),
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n"),
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        **dict(zip("\uff20\uff0b\uff08\uff09\uff0e\uff0f", "@+()./", strict=True)),
    }
)
"""Blanks, dashes and digits that programs put in place of the usual ones; one letter for one, so that positions
stay."""

_PERSONAL_NUMBER = re.compile(
    r"(?<!\d)(?<!\d-)(?:(?P<century>18|19|20)[ ]?)?(?P<year>\d{2})(?P<mark>[ ./-]?)(?P<month>\d{2})(?P=mark)"
    r"(?P<day>\d{2})(?P<separator>[ ]?\n?(?:[-+./_:=~]|--)?\n?[ ]?)"
    r"(?P<serial>\d{4}|(?<=-)\d{2} \d{2}|(?<=- )\d{2} \d{2})(?!\d|-\d)"
    r"|(?<!\d)(?<!\d-)(?P<long_year>(?:18|19|20)\d{2}) (?P<month_day>\d{4}) ?-? ?"
    r"(?P<long_serial>\d{4})(?!\d|-\d)"
)
"""A personal identity number, with or without century and marks: 811218-9876, 1981-12-18 9876, 1981 1218 9876."""

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}(?:@| ?[(\[{] ?(?:at|snabel-?a) ?[)\]}] ?| snabel-?a )[^\W_][\w-]*(?:\.[\w-]+)+"
    r"|(?<![\w.+-])[\w.+-]{1,64}(?: ?@ ?| ?[(\[{]a[)\]}] ?)[^\W_][\w-]*(?:\.[\w-]+){0,3}\.[^\W\d_]{2,24}(?![\w-])"
)
_SWEDISH_PHONE = re.compile(
    r"(?<![\w.,+-])(?<!\d{4}/)(?!0\d\.?[0-5]\d ?- ?[0-2]\d\.?[0-5]\d(?![\d-]))"
    r"(?:\(?(?:\+|00)46\)?[ .-]?(?:\(0\) ?)?\d{1,3}|\(0(?:8|[1-9]\d{1,2})\)|0(?:8|[1-9]\d{1,2}))"
    r" ?[-/ .]? ?\d{2,3}(?:[ .-]?\d{2,3}){1,4}(?!\d|[,.]\d)"
)
"""A Swedish number, at home or from abroad; not what follows the year of a record number (2021/0123-4567), nor
two times of day (0800-1230)."""

_PHONE_WITHOUT_PLUS = re.compile(r"(?<![\w.,+-])46[ -]?7[02369][ -]?\d{3}[ -]?\d{2}[ -]?\d{2}(?![\d,]|[.]\d)")
"""A Swedish mobile number from abroad, without the plus sign: 46 70 123 45 67."""

_FOREIGN_PHONE = re.compile(r"(?<![\w+])(?:\+|00)(?!46)[1-9](?:[ ()./-]{0,3}\d){6,14}(?!\d)")
_AMOUNT_AFTER = re.compile(r"[ ]?(?:kr|kronor|tkr|mkr|mnkr|mdkr|sek|eur|euro|%|procent|percent)\b", re.IGNORECASE)
_THREE_DIGIT_GROUPS = re.compile(r"\+?\d{1,3}(?: \d{3})+")
_THOUSANDS_BEFORE = re.compile(r"(?<!\d)\d{1,3} $")
_PII_HINT = re.compile(r"@|snabel-?a |[(\[{] ?(?:at?|snabel-?a) ?[)\]}]|[0-9][0-9 ()./+-]{5}")
"""What everything personal has; most texts have none of it."""

_TIME_OF_DAY = re.compile(r"[01]\d[0-5]\d|2[0-3][0-5]\d")

_FIRST_YEAR_OF_TIMES = "2015"
"""From this year on a date with four more digits after a blank is taken for a time of day (2021-03-31 0830)."""

_MIN_PHONE_DIGITS, _MAX_PHONE_DIGITS = 8, 14
_COORDINATION_DAY_OFFSET = 60
"""What is added to the day in the number of a person who is not registered in Sweden."""

_SHOWN_CHARACTERS = 3


@dataclass(frozen=True, slots=True)
class PiiMatch:
    """One thing that was found: what it is, as it was written, and where in the text it begins and ends."""

    kind: PiiKind
    text: str
    start: int
    end: int

    @property
    def shortened(self) -> str:
        """What is shown of it: enough to find it again, not enough to use it."""
        return f"{self.text[:_SHOWN_CHARACTERS]}…"


def find_pii(text: str) -> tuple[PiiMatch, ...]:
    """Return the personal data in a text, in its order; no two matches overlap."""
    searched = text.translate(_UNUSUAL_SEPARATORS)
    if not _PII_HINT.search(searched):
        return ()
    matches: list[PiiMatch] = []
    is_taken = bytearray(len(text))
    for kind, start, end in _find_spans(searched):
        if not any(is_taken[start:end]):
            matches.append(PiiMatch(kind, text[start:end], start, end))
            is_taken[start:end] = b"\1" * (end - start)
    return tuple(sorted(matches, key=lambda match: match.start))


def is_personal_number(digits: str) -> bool:
    """Return whether ten digits are a Swedish personal identity number: a day of the year and a check digit."""
    month, day = int(digits[2:4]), int(digits[4:6])
    day -= _COORDINATION_DAY_OFFSET if day > _COORDINATION_DAY_OFFSET else 0
    try:
        date(2000, month, day)
    except ValueError:
        return False
    weighted_digits = (int(digit) * (2 - position % 2) for position, digit in enumerate(digits))
    return sum(number // 10 + number % 10 for number in weighted_digits) % 10 == 0


def _is_personal_number_match(match: re.Match[str]) -> bool:
    """Return whether a match is a personal number: a day of its year, no day with a time, and a check digit."""
    if match["long_year"]:
        year, month_day, serial = match["long_year"], match["month_day"], match["long_serial"]
        return _is_day_of(year, month_day) and is_personal_number(year[2:] + month_day + serial)
    month_day, serial = match["month"] + match["day"], match["serial"].replace(" ", "")
    full_year = (match["century"] or "") + match["year"]
    has_time = match["mark"].strip() and not match["separator"].strip() and _TIME_OF_DAY.fullmatch(serial)
    if has_time and not (match["century"] and full_year < _FIRST_YEAR_OF_TIMES):
        return False
    is_day = not match["century"] or _is_day_of(full_year, month_day)
    return is_day and is_personal_number(match["year"] + month_day + serial)


def _is_day_of(year: str, month_day: str) -> bool:
    """Return whether a year has a day, written MMDD; in a coordination number the day is 60 higher."""
    month, day = int(month_day[:2]), int(month_day[2:])
    try:
        date(int(year), month, day - _COORDINATION_DAY_OFFSET if day > _COORDINATION_DAY_OFFSET else day)
    except ValueError:
        return False
    return True


def _find_spans(text: str) -> Iterator[tuple[PiiKind, int, int]]:
    """Yield kind, start and end (from 0) of each candidate; where two overlap, the first one counts."""
    for match in _PERSONAL_NUMBER.finditer(text):
        if _is_personal_number_match(match):
            yield ("personal_number", *match.span())
    for match in _EMAIL.finditer(text):
        yield ("email", *match.span())
    for match in chain(_SWEDISH_PHONE.finditer(text), _PHONE_WITHOUT_PLUS.finditer(text)):
        digit_count = sum(map(str.isdecimal, match[0]))
        if _MIN_PHONE_DIGITS <= digit_count <= _MAX_PHONE_DIGITS and not _is_amount(text, *match.span()):
            yield ("phone", *match.span())
    for match in _FOREIGN_PHONE.finditer(text):
        length = 0 if _is_amount(text, *match.span()) else _foreign_phone_length(match[0])
        if length:
            yield "phone", match.start(), match.start() + length


def _is_amount(text: str, start: int, end: int) -> bool:
    """Whether digits are an amount: before a unit; or in groups of three, as even thousands or the end of more."""
    if _AMOUNT_AFTER.match(text, end):
        return True
    is_tail = bool(_THOUSANDS_BEFORE.search(text[max(0, start - 5) : start]))
    in_groups = bool(_THREE_DIGIT_GROUPS.fullmatch(text, start, end))
    return in_groups and (is_tail or text[end - 3 : end] == "000")


@lru_cache(maxsize=1024)
def _foreign_phone_length(candidate: str) -> int:
    """Return how many letters of a text that begins with + or 00 are a valid phone number; 0 if none are.

    What is valid in a country is the knowledge of `phonenumbers`. Digits that follow a number after a blank are
    tried as part of it first.
    """
    from phonenumbers import NumberParseException, is_valid_number, parse  # noqa: PLC0415 (half a second)

    for end in (len(candidate), *(match.start() for match in reversed([*re.finditer(r"[ /]+", candidate)]))):
        try:
            if is_valid_number(parse(candidate[:end], "SE")):
                return end
        except NumberParseException:
            continue
    return 0
