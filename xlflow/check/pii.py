"""Finds what tells a person apart in a text that becomes public: e-mail addresses, phone numbers and Swedish
personal identity numbers, these by their date and check digit so that an order number is not taken for one.

Only finds; whoever asks decides what to say. Shows what was found shortened, so that no message repeats it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

PiiKind = Literal["personal_number", "email", "phone"]

_PERSONAL_NUMBER = re.compile(r"(?<![\d-])(?:19|20)?(\d{6})[ ]?([-+]?)[ ]?(\d{4})(?![\d-])")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[^\W_][\w-]*(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![\w.,+-])(?:(?:\+|00)\d{2,3}[ -]?(?:\(0\) ?)?\d{1,3}|0(?:8|\d{2,3}))"
    r" ?[-/ ]? ?\d{2,3}(?:[ -]?\d{2,3}){1,4}(?![\d,])"
)
_PII_HINT = re.compile(r"@|[0-9][0-9 ()/+-]{5}")
"""What everything personal has; most texts have none of it."""

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
    """Return everything personal in a text, in its order; nothing counts twice."""
    if not _PII_HINT.search(text):
        return ()
    matches: list[PiiMatch] = []
    is_taken = bytearray(len(text))
    for match in (*_find_personal_numbers(text), *_find_by_pattern("email", _EMAIL, text), *_find_phones(text)):
        if not any(is_taken[match.start : match.end]):
            matches.append(match)
            is_taken[match.start : match.end] = b"\1" * (match.end - match.start)
    return tuple(sorted(matches, key=lambda one: one.start))


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


def _find_personal_numbers(text: str) -> Iterator[PiiMatch]:
    for match in _PERSONAL_NUMBER.finditer(text):
        if is_personal_number(match[1] + match[3]):
            yield PiiMatch("personal_number", match[0], *match.span())


def _find_phones(text: str) -> Iterator[PiiMatch]:
    for match in _find_by_pattern("phone", _PHONE, text):
        if _MIN_PHONE_DIGITS <= sum(map(str.isdecimal, match.text)) <= _MAX_PHONE_DIGITS:
            yield match


def _find_by_pattern(kind: PiiKind, pattern: re.Pattern[str], text: str) -> Iterator[PiiMatch]:
    return (PiiMatch(kind, match[0], *match.span()) for match in pattern.finditer(text))
