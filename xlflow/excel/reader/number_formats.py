"""Number formats that show an amount in another unit, or as a percentage, and what a cell with one shows.

A person reads "50 tkr" where the cell holds 50, and "50" where a format divides 50,000 by a thousand. Other
formats, those with a currency or separators among them, say nothing that the number does not. Opens nothing.
"""

import re
from functools import lru_cache

from xlflow.excel.conventions import ShownNumber

BUILTIN_PERCENT_FORMATS = {9: "0%", 10: "0.00%"}
"""The built-in number formats for percentages (ECMA-376 part 1, 18.8.30)."""

_OWN_FORMATS = frozenset(("0.0 %", '0.0 %;"\u25bc "-0.0 %;0.0 %'))
"""Formats of the percentages that a form computes itself."""

_TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*")|\\(?P<escaped>.)|_(?P<gap>.)|\*.|\[[^\]]*\]|(?P<digits>[0#?][0#?,. ]*)|(?P<sign>.)"""
)
_UNIT_WORD = re.compile(r"(?i)(?<![a-zåäö])(?:[tkm] ?(?:kr|sek)|mnkr|mdkr|milj|mn|tusen|thousand|million|[tkm]$)")
_DIVIDING_COMMA = re.compile(r"[0#?],+(?![0#?])")


@lru_cache(maxsize=1024)
def is_telling_number_format(format_code: str) -> bool:
    """Return whether a number format shows another number than the cell holds, or a unit of more than one."""
    if format_code in _OWN_FORMATS or format_code == "General":
        return False
    section = format_code.split(";", maxsplit=1)[0]
    quoted = "".join(
        _literal(match) for match in _TOKEN.finditer(section) if match["quoted"] or match["escaped"]
    ).strip()
    codes = _strip_literals(section)
    return "%" in codes or bool(_DIVIDING_COMMA.search(codes) or _UNIT_WORD.search(quoted))


def make_shown_number(number: float, format_code: str) -> ShownNumber:
    """Return a number with what a cell of this telling format shows of it, with a decimal comma."""
    sections = format_code.split(";")
    is_negative = number < 0
    section = sections[1] if is_negative and len(sections) > 1 and sections[1] else sections[0]
    amount = abs(number) * (100 if "%" in _strip_literals(section) else 1)
    text, has_number = "", False
    for match in _TOKEN.finditer(section):
        if match["digits"] and not has_number:
            has_number = True
            text += _format_digits(amount, match["digits"])
        elif not match["digits"]:
            text += _literal(match)
    shown = " ".join(text.split())
    return ShownNumber(number, f"-{shown}" if is_negative and "-" not in shown else shown)


def _literal(match: re.Match[str]) -> str:
    if match["quoted"]:
        return match["quoted"][1:-1]
    return match["escaped"] or match["sign"] or (" " if match["gap"] else "")


def _strip_literals(section: str) -> str:
    return "".join(match[0] for match in _TOKEN.finditer(section) if match["digits"] or match["sign"])


def _format_digits(amount: float, digits: str) -> str:
    placeholders = digits.rstrip()
    commas = len(placeholders) - len(placeholders.rstrip(","))
    decimals = sum(letter in "0#?" for letter in placeholders.partition(".")[2])
    shown = f"{amount / 1000**commas:.{decimals}f}".replace(".", ",")
    return shown + " " * (len(digits) > len(placeholders))
