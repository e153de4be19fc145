"""Numbers are read as people write them, exactly, and never guessed."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlflow.excel.conventions import RawCell
from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.values import ParseResult, format_number
from xlflow.values.numbers import parse_number

NUMBERS = {
    "1 250,50 kr": "1250.50",
    "1\u00a0250,50": "1250.50",
    "1\u202f250\u202f000": "1250000",
    "1.250,50": "1250.50",
    "1,250.50": "1250.50",
    "1.250.000": "1250000",
    "1,250,000.5": "1250000.5",
    "−3 000": "-3000",
    "– 3 000": "-3000",
    "-3000": "-3000",
    "+7": "7",
    "(3 000)": "-3000",
    "(3 000 kr)": "-3000",
    "( 12,5 ) kr": "-12.5",
    "12,5 %": "0.125",
    "12.5%": "0.125",
    "-2 procent": "-0.02",
    "1250:-": "1250",
    "1 250,- ": "1250",
    "SEK 1 250": "1250",
    "1 250 sek": "1250",
    "kr 5": "5",
    "12 kronor": "12",
    "0,125": "0.125",
    "0.125": "0.125",
    "1250,125": "1250.125",
    "12 500,125": "12500.125",
    "1,2500": "1.25",
    ",5": "0.5",
    "007": "7",
    "-0": "0",
    "0": "0",
}
UNREADABLE = [
    "",
    "-",
    "noll",
    "nan",
    "inf",
    "1e5",
    "12 34",
    "1 2500",
    "1.25.30",
    "--5",
    "5-",
    "1/2",
    "10²",
    "½",
    "#REF!",
]
UNREADABLE += [
    "=1+1",
    "1 250 st",
    "ca 1 250 kr",
    "mellan 5 och 10",
    "٣",
    "１２",
    "(-5)",
    "5 000-",
    "1,250.000,5",
    "1.250 %%",
]
SCALED = [
    "25 tkr",
    "25tkr",
    "1,5 mkr",
    "2 mnkr",
    "3 miljoner",
    "3 milj. kr",
    "12 tusen",
    "5 ksek",
    "2 million",
    "1 mdkr",
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("written", NUMBERS)
def test_numbers_as_people_write_them(written: str, language: Language) -> None:
    assert parse_number(written, language) == ParseResult(Decimal(NUMBERS[written]))


@pytest.mark.parametrize("written", ["1.250", "1,250", "12.500", "-125,000", "1,250 kr", "(1.250)", "1,250 %"])
def test_thousands_or_decimals_is_not_guessed(written: str) -> None:
    assert parse_number(written, "sv") == ParseResult(None, "number-ambiguous")


@pytest.mark.parametrize("written", UNREADABLE[1:])
def test_what_is_no_number_is_never_zero(written: str) -> None:
    found = parse_number(written, "sv")
    assert (found.value, found.code) == (None, "number-unreadable")


@pytest.mark.parametrize("written", SCALED)
def test_thousands_and_millions_in_words_are_not_guessed(written: str) -> None:
    assert parse_number(written, "sv") == ParseResult(None, "number-scaled")


@pytest.mark.parametrize(
    ("written", "sv", "en"),
    [
        ("ca 1250,5 kr", "1\u00a0250,5", "1\u00a0250.5"),
        ("minus 5", None, None),
        ("12 % mer", None, None),
        ("5 < 7", None, None),
    ],
)
def test_a_number_among_words_is_suggested(written: str, sv: str | None, en: str | None) -> None:
    assert parse_number(written, "sv").suggestion == sv
    assert parse_number(written, "en").suggestion == en


@pytest.mark.parametrize("raw", [float("nan"), float("inf"), True, False, date(2021, 1, 2)])
def test_what_is_no_number_in_a_cell(raw: RawCell) -> None:
    assert parse_number(raw, "sv") == ParseResult(None, "number-unreadable")


@pytest.mark.parametrize("raw", [1e15, -1e15, 1e300, 10**15, "1 000 000 000 000 000", "9" * 50])
def test_what_no_spreadsheet_holds_exactly_is_out_of_limits(raw: RawCell) -> None:
    assert parse_number(raw, "sv") == ParseResult(None, "number-out-of-limits")


def test_a_cell_s_number_is_what_its_digits_say() -> None:
    assert parse_number(0.1, "sv") == ParseResult(Decimal("0.1"))
    assert str(parse_number(12.0, "sv").value) == "12"
    assert str(parse_number(-0.0, "sv").value) == "0"


@given(st.floats(-1e14, 1e14))
def test_no_digit_of_a_cell_s_number_is_lost(raw: float) -> None:
    value = parse_number(raw, "sv").value
    assert isinstance(value, Decimal)
    assert float(value) == raw


@pytest.mark.parametrize("language", LANGUAGES)
@given(st.decimals(Decimal("-1e14"), Decimal("1e14"), allow_nan=False, allow_infinity=False))
def test_a_number_shown_is_the_number_read(language: Language, number: Decimal) -> None:
    for shown in (format_number(number, language), format_number(number, language).replace("\u00a0", " ") + " kr"):
        assert parse_number(shown, language) == ParseResult(number)


@pytest.mark.parametrize(
    ("number", "sv", "en"),
    [
        ("1250.50", "1\u00a0250,5", "1\u00a0250.5"),
        ("-3000", "-3\u00a0000", "-3\u00a0000"),
        ("1.125", "1,1250", "1.1250"),
        ("0.125", "0,125", "0.125"),
        ("-0.125", "-0,125", "-0.125"),
        ("12.125", "12,1250", "12.1250"),
        ("-999.125", "-999,1250", "-999.1250"),
        ("1000.125", "1\u00a0000,125", "1\u00a0000.125"),
        ("1.1250", "1,1250", "1.1250"),
        ("1.12", "1,12", "1.12"),
        ("1.1255", "1,1255", "1.1255"),
        ("1E+3", "1\u00a0000", "1\u00a0000"),
        ("-0.0", "0", "0"),
    ],
)
def test_numbers_are_shown_so_that_they_read_in_one_way(number: str, sv: str, en: str) -> None:
    assert format_number(Decimal(number), "sv") == sv
    assert format_number(Decimal(number), "en") == en


@pytest.mark.parametrize("language", LANGUAGES)
@given(st.integers(-(10**7), 10**7))
def test_a_number_with_three_decimals_is_read_back_as_itself(language: Language, thousandths: int) -> None:
    number = Decimal(thousandths) / 1000
    assert parse_number(format_number(number, language), language) == ParseResult(number)
