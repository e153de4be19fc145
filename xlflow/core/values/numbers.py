"""Numbers that people write: as Decimal; never a guess between 1 250 and 1,25, never zero for words."""

import math
import re
from decimal import Decimal
from functools import lru_cache

from xlflow.core.text import plain
from xlflow.core.values.raw import BLANK, Parsed, Raw
from xlflow.core.words import Language

MOST = Decimal("1e15")
"""Beyond this a spreadsheet does not hold a number exactly."""

_MONEY = r"(?:kr\.?|kronor|sek|:-|,-)"
_DIGITS = (
    r"(?P<digits>"
    r"[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+"
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]{1,3}(?:,[0-9]{3}){2,}"
    r"|[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)"
)
_NUMBER = re.compile(
    rf"(?:{_MONEY} ?)?(?P<sign>[-+] ?)?{_DIGITS}(?P<percent> ?%| procent| percent)?(?: ?{_MONEY})?"
)
_IN_BRACKETS = re.compile(r"\( ?([0-9].*?) ?\)( ?%| ?kr\.?| ?sek)?")
_DOUBTFUL = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_SCALED = re.compile(r"[0-9] ?(?:[tkm](?:kr|sek)|mnkr|mdkr|milj|mn|tusen|thousand|million|miljard)")
_MERE_WORDS = re.compile(r"(?!.*\bminus\b)[a-zåäö0-9 .,:~]+")
_WITHIN = re.compile(r"[0-9]+(?: [0-9]{3})*(?:[.,][0-9]+)?")


def parse_number(raw: Raw, language: Language) -> Parsed:
    """Return a number as Decimal; "12,5 %" is 0.125, as it is in a cell where the same is typed."""
    if isinstance(raw, str):
        return _read_text(raw, language)
    if raw is None:
        return BLANK
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return Parsed(None, "number-unreadable")
    if not math.isfinite(raw):
        return Parsed(None, "number-unreadable")
    return _within_reach(Decimal(int(raw)) if raw == int(raw) else Decimal(repr(raw)))


def show_number(number: Decimal, language: Language) -> str:
    """Return 1 250,5 (1 250.5 in English) with no-break spaces, in a form that can be read in one way only."""
    whole, _, rest = format(number.copy_abs(), "f").partition(".")
    rest = rest.rstrip("0")
    if len(rest) == 3 and len(whole) <= 3 and whole != "0":
        rest += "0"
    sign = "-" if number < 0 else ""
    mark = "," if language == "sv" else "."
    return sign + f"{int(whole):,}".replace(",", "\u00a0") + (mark + rest if rest else "")


def is_percent(text: str) -> bool:
    """Return whether a number is written as a part of a whole: "12,5 %"."""
    return "%" in text or "procent" in (key := plain(text)) or "percent" in key


def is_whole(number: Decimal) -> bool:
    """Return whether the number is whole, as a spreadsheet sees it (15 digits)."""
    return float(f"{number:.15g}").is_integer()


@lru_cache(maxsize=4096)
def _read_text(text: str, language: Language) -> Parsed:
    key = plain(text)
    if not key:
        return BLANK
    bracketed = _IN_BRACKETS.fullmatch(key)
    if bracketed:
        key = f"-{bracketed[1]}{bracketed[2] or ''}"
    found = _NUMBER.fullmatch(key) if len(key) < 400 else None
    if not found:
        return _explain(key, language)
    if _DOUBTFUL.fullmatch(found["digits"]):
        return Parsed(None, "number-ambiguous")
    number = Decimal((found["sign"] or "").strip() + _with_point(found["digits"]))
    return _within_reach(number / 100 if found["percent"] else number)


def _with_point(digits: str) -> str:
    """Return the digits with a decimal point and nothing else: the last separator, unless it stands twice."""
    bare = digits.replace(" ", "")
    mark = max(bare.rfind("."), bare.rfind(","))
    if mark < 0 or bare.count(bare[mark]) > 1:
        return bare.replace(".", "").replace(",", "")
    return f"{bare[:mark].replace('.', '').replace(',', '')}.{bare[mark + 1 :]}"


def _explain(key: str, language: Language) -> Parsed:
    if _SCALED.search(key):
        return Parsed(None, "number-scaled")
    within = _WITHIN.findall(key) if _MERE_WORDS.fullmatch(key) else []
    if len(within) != 1 or _DOUBTFUL.fullmatch(within[0]):
        return Parsed(None, "number-unreadable")
    number = _within_reach(Decimal(_with_point(within[0]))).value
    suggestion = show_number(number, language) if isinstance(number, Decimal) else None
    return Parsed(None, "number-unreadable", suggestion)


def _within_reach(number: Decimal) -> Parsed:
    if abs(number) >= MOST:
        return Parsed(None, "number-out-of-limits")
    return Parsed(number or Decimal(0))
