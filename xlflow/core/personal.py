"""Finds what tells a person apart in a text that becomes public: e-mail addresses, phone numbers and Swedish
personal identity numbers, these by their date and check digit so that an order number is not taken for one.

Only finds; whoever asks decides what to say. Shows what was found shortened, so that no message repeats it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["personal_number", "email", "phone"]

_NUMBER = re.compile(r"(?<![\d-])(?:19|20)?(\d{6})[ ]?([-+]?)[ ]?(\d{4})(?![\d-])")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[^\W_][\w-]*(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![\w.,+-])(?:(?:\+|00)\d{2,3}[ -]?(?:\(0\) ?)?\d{1,3}|0(?:8|\d{2,3}))"
    r" ?[-/ ]? ?\d{2,3}(?:[ -]?\d{2,3}){1,4}(?![\d,])"
)
_MAYBE = re.compile(r"@|[0-9][0-9 ()/+-]{5}")
"""What everything personal has; most texts have none of it."""

_LEAST_DIGITS, _MOST_DIGITS = 8, 14
_DAY_OF_COORDINATION = 60
"""What is added to the day in the number of a person who is not registered in Sweden."""

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Personal:
    """One thing that was found: what it is, as it was written, and where in the text it begins and ends."""

    kind: Kind
    text: str
    start: int
    end: int

    @property
    def shortened(self) -> str:
        """What is shown of it: enough to find it again, not enough to use it."""
        return f"{self.text[:_SHOWN]}…"


def find_personal(text: str) -> tuple[Personal, ...]:
    """Return everything personal in a text, in its order; nothing counts twice."""
    if not _MAYBE.search(text):
        return ()
    found: list[Personal] = []
    taken = bytearray(len(text))
    for one in (*_find_numbers(text), *_find_all("email", _EMAIL, text), *_find_phones(text)):
        if not any(taken[one.start : one.end]):
            found.append(one)
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
    return tuple(sorted(found, key=lambda one: one.start))


def is_personal_number(digits: str) -> bool:
    """Return whether ten digits are a Swedish personal identity number: a day of the year and a check digit."""
    month, day = int(digits[2:4]), int(digits[4:6])
    day -= _DAY_OF_COORDINATION if day > _DAY_OF_COORDINATION else 0
    try:
        date(2000, month, day)
    except ValueError:
        return False
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return sum(number // 10 + number % 10 for number in doubled) % 10 == 0


def _find_numbers(text: str) -> Iterator[Personal]:
    for match in _NUMBER.finditer(text):
        if is_personal_number(match[1] + match[3]):
            yield Personal("personal_number", match[0], *match.span())


def _find_phones(text: str) -> Iterator[Personal]:
    for one in _find_all("phone", _PHONE, text):
        if _LEAST_DIGITS <= sum(map(str.isdecimal, one.text)) <= _MOST_DIGITS:
            yield one


def _find_all(kind: Kind, pattern: re.Pattern[str], text: str) -> Iterator[Personal]:
    return (Personal(kind, match[0], *match.span()) for match in pattern.finditer(text))
