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


PHONES = {
    "Norge: +47 22 12 34 56": "+47 22 12 34 56",
    "Danmark +45 33 12 34 56.": "+45 33 12 34 56",
    "Ring 00358 9 1234567 (växeln)": "00358 9 1234567",
    "mobil +358 40 123 4567": "+358 40 123 4567",
    "Island: +354 545 1000": "+354 545 1000",
    "Estland, +372 645 7000": "+372 645 7000",
    "Warszawa +48 22 694 70 00": "+48 22 694 70 00",
    "Berlin +49 30 901820": "+49 30 901820",
    "Paris: +33 1 42 68 53 00": "+33 1 42 68 53 00",
    "London +442079460958": "+442079460958",
    "London +44 (0)20 7946 0958": "+44 (0)20 7946 0958",
    "Call +1 (202) 555-0143 today": "+1 (202) 555-0143",
    "+1-202-555-0143": "+1-202-555-0143",
    "Roma +39 06 6982": "+39 06 6982",
    "Bern: +41 31 322 21 11": "+41 31 322 21 11",
    "Bruxelles +32 2 299 11 11": "+32 2 299 11 11",
    "0047 22 12 34 56": "0047 22 12 34 56",
    "Svara senast +47 22 12 34 56 2021-04-01": "+47 22 12 34 56",
    "070-123 45 67": "070-123 45 67",
    "070-1234567": "070-1234567",
    "0701234567": "0701234567",
    "070 123 45 67": "070 123 45 67",
    "070\N{NON-BREAKING HYPHEN}123 45 67": "070\N{NON-BREAKING HYPHEN}123 45 67",
    "08\N{EN DASH}123\N{NO-BREAK SPACE}456\N{NO-BREAK SPACE}78": (
        "08\N{EN DASH}123\N{NO-BREAK SPACE}456\N{NO-BREAK SPACE}78"
    ),
    "08-123 456 78": "08-123 456 78",
    "0175-123 45": "0175-123 45",
    "08/123 456 78": "08/123 456 78",
    "+46 8 123 456 78": "+46 8 123 456 78",
    "+46701234567": "+46701234567",
    "Telefon: 031-123 45 67, sekreteraren": "031-123 45 67",
    "tel:+46-8-123456": "+46-8-123456",
    "0046 (0)8 123 456 78": "0046 (0)8 123 456 78",
}
NO_PHONES = (
    "dnr 2021/123-45",
    "dnr KS 2021/00123-4",
    "dnr 2021/0123-4567",
    "Diarienummer BUN 2019-000220",
    "00123/2021",
    "organisationsnummer 212000-0449",
    "org.nr 16212000-0449",
    "+47 500 000 kr mer än budget",
    "+49 500 000 kronor",
    "+43 500 000",
    "+358 500 000 kr",
    "+12 500 000",
    "+100 000 000 kr",
    "+4520210331 kr",
    "10 000 000 000 kr",
    "1 012 345 678 kr",
    "1\N{NO-BREAK SPACE}012\N{NO-BREAK SPACE}345\N{NO-BREAK SPACE}678",
    "-45 678 901 kr, 0,4 mnkr",
    "+1,5 % och +2 procent",
    "2021-03-31--2021-04-30",
    "20210331-20210430",
    "2021-01-02 03:04:05",
    "Klockan 0800-1230 och 0830-1645",
    "Q1 2021, kvartal 4 2021, 2021Q3",
    "a7k2 0001-0002-0003",
    "rad 0012, id 000123-000456",
    "bankgiro 5050-1055, plusgiro 90 19 50-6",
    "SE4550000000058398257466",
    "ISBN 978-91-7000-123-4",
    "konto 4010, ansvar 0012345",
    "Fastigheten Kvarnen 1:23, 123 45 Staden",
    "lag (2018:1197), SOU 2020:47",
    "1 234 567 890 elevtimmar",
    "010203",
)


NUMBERS = (
    "121212-1212",
    "121212–1212",
    "121212—1212",
    "121212−1212",
    "121212\N{SOFT HYPHEN}1212",
    "121212 - 1212",
    "121212 – 1212",
    "121212+1212",
    "121212/1212",
    "121212.1212",
    "121212 1212",
    "121212\N{NO-BREAK SPACE}1212",
    "121212\t1212",
    "1212121212",
    "12 12 12 1212",
    "12 12 12-1212",
    "19121212-1212",
    "19121212–1212",
    "19121212 1212",
    "191212121212",
    "1912-12-12-1212",
    "1912-12-12 1212",
    "1912 12 12 1212",
    "1912 1212 1212",
    "１２１２１２-１２１２",
    "811218-9876",
    "8112189876",
    "19811218–9876",
    "811218 9876",
    "701063-2391",
    "7010632391",
    "19701063-2391",
    "19701063 2391",
    "1970 1063 2391",
    "701063–2391",
)
MORE_NUMBERS = (
    *(
        "121212_1212",
        "121212:1212",
        "121212=1212",
        "121212~1212",
        "121212--1212",
        "121212-12 12",
        "121212 - 12 12",
    ),
    *("121212-\n1212", "121212\n-1212", "121212\N{TWO-EM DASH}1212", "121212\N{WAVE DASH}1212"),
    *("121212\N{HEBREW PUNCTUATION MAQAF}1212", "121212\N{LEFT-TO-RIGHT MARK}-1212", "701063\N{WORD JOINER}–2391"),
)
"""The well-known test numbers, as people and programs write them; the last six of the first are coordination
numbers."""

OTHER_HELD = {
    "Ring 070.123.45.67": "phone 070.123.45.67",
    "Ring (070) 123 45 67": "phone (070) 123 45 67",
    "Växel (08)-123 456 78": "phone (08)-123 456 78",
    "tfn 08.123 456 78": "phone 08.123 456 78",
    "namn(at)kommunen.example svarar": "email namn(at)kommunen.example",
    "namn (at) kommunen.example": "email namn (at) kommunen.example",
    "namn [at] kommunen.example": "email namn [at] kommunen.example",
    "namn(snabel-a)kommunen.example": "email namn(snabel-a)kommunen.example",
    "namn＠kommunen.example": "email namn＠kommunen.example",
    "namn @ kommunen.example": "email namn @ kommunen.example",
    "namn(a)kommunen.example": "email namn(a)kommunen.example",
    "namn snabel-a kommunen.example": "email namn snabel-a kommunen.example",
    "Ring (+46) 70 123 45 67": "phone (+46) 70 123 45 67",
    "Ring ＋46 70 123 45 67": "phone ＋46 70 123 45 67",
    "Ring 46701234567 snart": "phone 46701234567",
    "Ring 46 70 123 45 67.": "phone 46 70 123 45 67",
}
HOLDS_NONE = (
    *("2021-03-31 0830", "2021-02-30-1212", "20210331 0830-1200", "01.02.2021", "2021.03.31", "1.2.3.4.5"),
    *("Klockan 08.30-12.30", "kl 08.15–09.45", "version 010.12.34", "19000229-1212", "dnr 2021.0123.4567"),
    *(
        "121212-1213",
        "121212–1213",
        "1912 1212 1213",
        "191212121213",
        "121212 - 1213",
        "701063-2392",
        "701099-2391",
    ),
    *("organisationsnummer 556000-4615", "org.nr 802000-0000", "212000-0142", "16556000-4615"),
    *("121212-12120", "1121212-1212", "121212-1212-3", "GUID 4f121212-1213", "11-121212-1212"),
    *("1212 kr", "121 212 kr och 1 212 st", "12 500 000 kronor", "1 250 000 kr till 2022", "0,5 mnkr, 1,25 %"),
    *("Budget 1 200 tkr, utfall 1 150 tkr, avvikelse -50 tkr", "Antal 12, 15, 18 och 21", "från 010 till 090"),
    *("KS 2021/00123", "KS-2021-00123", "dnr KUN 2021:0045", "§ 123, 2021-03-31", "SFS 2010:900", "rum 0812"),
    *(
        "Se 3.2.1 och 4.5.6",
        "kap. 10.11.12",
        "vecka 12–14",
        "kvartal 1-3 2021",
        "januari–mars 2021",
        "läsåret 20/21",
    ),
    *("@kommunen", "e-post enligt (att)", "möte @ 10.00", "a(at)b", "namn at kommunen", "30 % (at risk)"),
    *("postnummer 123 45", "Box 1234, 581 81", "konto 123 456", "ISBN 91-7000-123-4", "artikel 12-345-678"),
    *("121212_1213", "121212:1213", "121212-12 13", "210331 08 30", "121212\n1213", "3 st @ 25.50", "rum (a) 1.5"),
    *("46 701 kr", "46 701 234 st", "46 700 000 000 kr", "mellan 46 70 och 46 90", "snabel-a är ett tecken"),
    *("41 310 besökare, 38 200 året före", "nr 1–12", "A4-2021-0001", "punkt 08"),
)


@pytest.mark.parametrize("number", [*NUMBERS, *MORE_NUMBERS])
def test_a_personal_number_is_found_however_it_is_written(number: str) -> None:
    for text in (number, f"Eleven {number} har slutat.", f"pnr:{number},", f"({number})"):
        assert [(match.kind, match.text) for match in find_pii(text)] == [("personal_number", number)]


@pytest.mark.parametrize("text", OTHER_HELD)
def test_addresses_and_phone_numbers_are_found_in_other_writing(text: str) -> None:
    assert [f"{match.kind} {match.text}" for match in find_pii(text)] == [OTHER_HELD[text]]


@pytest.mark.parametrize("text", HOLDS_NONE)
def test_figures_times_and_record_numbers_raise_no_alarm(text: str) -> None:
    assert find_pii(text) == ()


def test_two_hundred_texts_are_tried_and_about_half_of_them_hold_something() -> None:
    held = {*FOUND, *PHONES, *NUMBERS, *OTHER_HELD, *(f"Eleven {number} har slutat." for number in NUMBERS[:20])}
    free = {*LEFT_IN_PEACE, *NO_PHONES, *HOLDS_NONE}
    assert len(held) >= 100
    assert len(free) >= 100


@pytest.mark.parametrize("text", PHONES)
def test_phone_numbers_of_all_countries_are_found(text: str) -> None:
    assert [(match.kind, match.text) for match in find_pii(text)] == [("phone", PHONES[text])]


@pytest.mark.parametrize("text", NO_PHONES)
def test_amounts_dates_and_record_numbers_are_no_phone_numbers(text: str) -> None:
    assert find_pii(text) == ()


@pytest.mark.parametrize(
    "dash", ["-", "\N{HYPHEN}", "\N{NON-BREAKING HYPHEN}", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}"]
)
def test_a_personal_number_is_found_with_any_dash(dash: str) -> None:
    for number in (f"811218{dash}9876", f"701063{dash}2391"):
        assert [(match.kind, match.text) for match in find_pii(f"Eleven {number}.")] == [
            ("personal_number", number)
        ]


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
    for one in find_pii(text):  # may be empty: any text
        assert text[one.start : one.end] == one.text
        assert one.start >= end
        end = one.end


@pytest.mark.parametrize("piece", ["a", "0", "1 ", "08 12 ", "a@", "+46", "+47 ", "+47 22 12 34 56 "])
def test_long_texts_take_no_time(piece: str) -> None:
    begun = time.process_time()
    find_pii(piece * (32_000 // len(piece)))
    assert time.process_time() - begun < 1


def test_of_very_many_each_is_found_once() -> None:
    found = find_pii("x@y.se, 08-123 456 78; " * 10_000)
    assert [one.text for one in found] == ["x@y.se", "08-123 456 78"] * 10_000
