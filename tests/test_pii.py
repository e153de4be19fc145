"""What tells a person apart is found as people write it, and other numbers are left in peace."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlflow.check.pii import find_pii, is_personal_number

FOUND = {
    "Frågor till kansliet@kommunen.example, tack.": ["email kansliet@kommunen.example"],
    "<for.namn+extra@sub.kommunen.example>": ["email for.namn+extra@sub.kommunen.example"],
    "Ring 070-123 45 67 efter klockan 8.": ["phone 070-123 45 67"],
    "Växeln: 013-20 60 00 eller 0175-12345": ["phone 013-20 60 00", "phone 0175-12345"],
    "Tel. +46 (0)8 123 456 78": ["phone +46 (0)8 123 456 78"],
    "0046 70 123 45 67 / +4670-1234567": ["phone 0046 70 123 45 67", "phone +4670-1234567"],
    "Eleven 811218-9876 har slutat": ["personal_number 811218-9876"],
    "19811218-9876, 198112189876 och 811218+9876": [
        "personal_number 19811218-9876",
        "personal_number 198112189876",
        "personal_number 811218+9876",
    ],
    "samordningsnummer 701063-2391": ["personal_number 701063-2391"],
}
LEFT_IN_PEACE = (
    "KOF 2019-220, KS 2020-149 och lag 2018:1197",
    "Läget den 2021-03-31, nytt möte 01-02 2021, klockan 08:00-12:30",
    "31 av 54 anmärkningar, 60 000 kronor, 1 840 elever, 0,4 mnkr, läsåret 2021/22",
    "Kvartal 1 2022 och 10-12 2021",
    "bankgiro 123-4567, organisationsnummer 212000-0449",
    "811218-9875 har fel kontrollsiffra och 811318-9875 fel månad",
    "Frågor @ mötet; a@b",
)


@pytest.mark.parametrize("text", FOUND)
def test_what_tells_a_person_apart_is_found(text: str) -> None:
    assert [f"{one.kind} {one.text}" for one in find_pii(text)] == FOUND[text]


@pytest.mark.parametrize("text", LEFT_IN_PEACE)
def test_other_numbers_are_left_in_peace(text: str) -> None:
    assert find_pii(text) == ()


def test_what_is_shown_cannot_be_used() -> None:
    (one,) = find_pii("Eleven 811218-9876 har slutat")
    assert one.shortened == "811…"


@given(st.integers(0, 99), st.integers(1, 12), st.integers(1, 28), st.integers(0, 999))
def test_one_check_digit_of_ten_is_right(year: int, month: int, day: int, number: int) -> None:
    start = f"{year:02}{month:02}{day:02}{number:03}"
    assert sum(is_personal_number(f"{start}{digit}") for digit in range(10)) == 1


@given(st.text(st.sampled_from("0123456789 -+@a.å/()"), max_size=60))
def test_every_find_stands_where_it_says(text: str) -> None:
    end = 0
    for one in find_pii(text):
        assert text[one.start : one.end] == one.text
        assert one.start >= end
        end = one.end


@pytest.mark.parametrize("piece", ["a", "0", "1 ", "08 12 ", "a@", "+46"])
def test_long_texts_take_no_time(piece: str) -> None:
    begun = time.perf_counter()
    find_pii(piece * (32_000 // len(piece)))
    assert time.perf_counter() - begun < 1


def test_of_very_many_each_is_found_once() -> None:
    found = find_pii("x@y.se, 08-123 456 78; " * 10_000)
    assert [one.text for one in found] == ["x@y.se", "08-123 456 78"] * 10_000
