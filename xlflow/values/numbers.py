"""Numbers that people write: as Decimal; never a guess between 1 250 and 1,25, never zero for words."""

import math
import re
from decimal import Decimal
from functools import lru_cache

from xlflow.excel.conventions import MAX_EXACT_NUMBER, RawCell, ShownNumber
from xlflow.i18n.catalogue import Language
from xlflow.model.template_elements import KRONOR_IN_UNIT, AmountUnit
from xlflow.model.text import normalize_for_parsing
from xlflow.values.cell_values import BLANK, ParseResult

_CURRENCY = r"(?:kr\.?|kronor|sek|:-|,-)"
_DIGITS_PATTERN = (
    r"(?P<digits>"
    r"[0-9]{1,3}(?: [0-9]{3})+(?:[.,][0-9]+)?"
    r"|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+"
    r"|[0-9]{1,3}(?:\.[0-9]{3}){2,}|[0-9]{1,3}(?:,[0-9]{3}){2,}"
    r"|[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+)"
)
_NUMBER_TEXT = re.compile(
    rf"(?:{_CURRENCY} ?)?(?P<sign>[-+] ?)?{_DIGITS_PATTERN}(?P<percent> ?%| procent| percent)?(?: ?{_CURRENCY})?"
)
_BRACKETED_NUMBER = re.compile(r"\( ?([0-9].*?) ?\)( ?%| ?kr\.?| ?sek)?")
_AMBIGUOUS_DIGITS = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")
_SCALED_NUMBER = re.compile(r"[0-9] ?(?:[tkm](?:kr|sek)|mnkr|mdkr|milj|mn|tusen|thousand|million|miljard)")
_NUMBER_WITH_UNIT = re.compile(
    r"(?P<number>.{0,400}[0-9)]) ?(?:"
    r"(?P<mkr>(?:m|mn|milj\.?) ?(?:kr|sek|kronor)|mn|milj(?:on|oner)?\.?(?: kronor)?"
    r"|millions?(?: of)?(?: kronor| sek)?)"
    r"|(?P<tkr>[tk] ?(?:kr|sek)|tusen(?:tals?)?(?: kronor| kr)?|thousands?(?: of)?(?: kronor| sek)?)"
    r"|(?P<kr>kr|kronor|sek|:-|,-))\.?"
)
_CURRENCY_BEFORE_NUMBER = re.compile(r"(?:kr\.?|kronor|sek) ?(?=[-+(0-9.,])")
_MAX_NUMBER_LETTERS = 400
"""Letters of a text up to which it may be a number."""

_WORDS_ONLY = re.compile(r"\A(?!.*\bminus\b)[a-zåäö0-9 .,:~]+")
_EMBEDDED_NUMBER = re.compile(r"[0-9]+(?: [0-9]{3})*(?:[.,][0-9]+)?")


def parse_number(raw: RawCell, language: Language, unit: AmountUnit | None = None) -> ParseResult:
    """Return a number as Decimal in the result; "12,5 %" is 0.125, as in a cell where the same is typed.

    `unit` is what amounts are in, None if that is not declared. An amount written with another unit is never
    converted: the amount in the declared unit is the suggestion.
    """
    if isinstance(raw, ShownNumber):
        return _parse_shown_number(raw, language, unit)
    if isinstance(raw, str):
        return _parse_amount_text(raw, language, unit) if unit else _parse_number_text(raw, language)
    if raw is None:
        return BLANK
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return ParseResult(None, "number-unreadable")
    if not math.isfinite(raw):
        return ParseResult(None, "number-unreadable")
    return _check_magnitude(Decimal(int(raw)) if raw == int(raw) else Decimal(repr(raw)))


def format_number(number: Decimal, language: Language) -> str:
    """Return 1 250,5 (1 250.5 in English) with no-break spaces, in a form that can be read in one way only."""
    whole, _, decimals = format(number.copy_abs(), "f").partition(".")
    decimals = decimals.rstrip("0")
    if len(decimals) == 3 and len(whole) <= 3 and whole != "0":
        decimals += "0"
    sign = "-" if number < 0 else ""
    decimal_mark = "," if language == "sv" else "."
    return sign + f"{int(whole):,}".replace(",", "\u00a0") + (decimal_mark + decimals if decimals else "")


def is_percent_text(text: str) -> bool:
    """Return whether a text is written as a percentage: "12,5 %", "12 procent"."""
    return "%" in text or "procent" in (normalized := normalize_for_parsing(text)) or "percent" in normalized


def is_whole_number(number: Decimal) -> bool:
    """Return whether the number is whole, as a spreadsheet sees it (15 digits)."""
    return float(f"{number:.15g}").is_integer()


@lru_cache(maxsize=4096)
def _parse_number_text(text: str, language: Language) -> ParseResult:
    normalized = normalize_for_parsing(text)
    if not normalized:
        return BLANK
    bracketed = _BRACKETED_NUMBER.fullmatch(normalized)
    if bracketed:
        normalized = f"-{bracketed[1]}{bracketed[2] or ''}"
    found = _NUMBER_TEXT.fullmatch(normalized) if len(normalized) < _MAX_NUMBER_LETTERS else None
    if not found:
        return _explain_unreadable(normalized, language)
    if _AMBIGUOUS_DIGITS.fullmatch(found["digits"]):
        return ParseResult(None, "number-ambiguous")
    number = Decimal((found["sign"] or "").strip() + _with_decimal_point(found["digits"]))
    return _check_magnitude(number / 100 if found["percent"] else number)


def _parse_shown_number(raw: ShownNumber, language: Language, unit: AmountUnit | None) -> ParseResult:
    """Return the number in a cell that shows a unit or another number: refused where the same text would be, or
    where a thousand or a million times less is shown than the cell holds."""
    shown, number = parse_number(raw.shown, language, unit), parse_number(float(raw), language)
    if shown.code == "number-scaled" or not isinstance(number.value, Decimal):
        return shown if shown.code == "number-scaled" else number
    if isinstance(shown.value, Decimal) and abs(number.value) > 1 and abs(shown.value) * 100 < abs(number.value):
        return ParseResult(None, "number-scaled", format_number(number.value, language))
    return number


@lru_cache(maxsize=4096)
def _parse_amount_text(text: str, language: Language, unit: AmountUnit) -> ParseResult:
    """Return the amount in a text with or without a unit; one in another unit than the declared is refused."""
    normalized = normalize_for_parsing(text)
    is_before = _CURRENCY_BEFORE_NUMBER.match(normalized)
    found = _NUMBER_WITH_UNIT.fullmatch(normalized) if len(normalized) < _MAX_NUMBER_LETTERS else None
    written_unit = "kr" if is_before else (found.lastgroup if found else None)
    if written_unit is None or (is_before and found and found.lastgroup != "kr"):
        return _parse_number_text(text, language)
    number_text = normalized[is_before.end() :] if is_before else str(found["number"]) if found else normalized
    parsed = _parse_number_text(number_text, language)
    if written_unit == unit or not isinstance(parsed.value, Decimal):
        return (
            parsed
            if written_unit == unit or parsed.code == "number-ambiguous"
            else ParseResult(None, "number-scaled")
        )
    amount = parsed.value * KRONOR_IN_UNIT[written_unit] / KRONOR_IN_UNIT[unit]
    return ParseResult(None, "number-scaled", format_number(amount, language))


def _with_decimal_point(digits: str) -> str:
    """Return the digits with only a decimal point: the last separator, unless it occurs twice."""
    without_spaces = digits.replace(" ", "")
    separator_index = max(without_spaces.rfind("."), without_spaces.rfind(","))
    if separator_index < 0 or without_spaces.count(without_spaces[separator_index]) > 1:
        return without_spaces.replace(".", "").replace(",", "")
    return (
        f"{without_spaces[:separator_index].replace('.', '').replace(',', '')}"
        f".{without_spaces[separator_index + 1 :]}"
    )


def _explain_unreadable(normalized: str, language: Language) -> ParseResult:
    if _SCALED_NUMBER.search(normalized):
        return ParseResult(None, "number-scaled")
    embedded = _EMBEDDED_NUMBER.findall(normalized) if _WORDS_ONLY.fullmatch(normalized) else []
    if len(embedded) != 1 or _AMBIGUOUS_DIGITS.fullmatch(embedded[0]):
        return ParseResult(None, "number-unreadable")
    number = _check_magnitude(Decimal(_with_decimal_point(embedded[0]))).value
    suggestion = format_number(number, language) if isinstance(number, Decimal) else None
    return ParseResult(None, "number-unreadable", suggestion)


def _check_magnitude(number: Decimal) -> ParseResult:
    if abs(number) >= MAX_EXACT_NUMBER:
        return ParseResult(None, "number-out-of-limits")
    return ParseResult(number or Decimal(0))
