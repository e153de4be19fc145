"""What a formula can recognise: never another value than a reader of words gets, and most of what people write."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.draw_round import shipped_template

from xlflow.i18n.catalogue import LocalizedText
from xlflow.model.plan import Deadline
from xlflow.model.template_elements import Choice, ChoiceList
from xlflow.rules.formula_semantics import (
    NOT_LISTED,
    build_deadline_tables,
    choice_spelling_table,
    is_plain_number,
    lookup_choice,
    lookup_end_date,
    normalize_number,
    option_number,
    serial_from_date,
    strip_for_lookup,
    yes_no_spelling_table,
)
from xlflow.values import parse_deadline
from xlflow.values.choices import make_choice_parser

STATUSES = shipped_template().choice_list(shipped_template().field("status"))
TABLE = choice_spelling_table(STATUSES)
YEAR = 2021

KNOWN_TIMES = {
    "Kvartal 4": "2021-12-31",
    "kv. 2": "2021-06-30",
    "Q1 2022": "2022-03-31",
    "2022 kvartal 1": "2022-03-31",
    "andra kvartalet": "2021-06-30",
    "2:a kvartalet 2022": "2022-06-30",
    "första halvåret": "2021-06-30",
    "h2 2020": "2020-12-31",
    "tertial 2": "2021-08-31",
    "Våren 2022": "2022-06-30",
    "under hösten": "2021-12-31",
    "Senast juni 2021": "2021-06-30",
    "februari 2024": "2024-02-29",
    "Under 2022": "2022-12-31",
    "2022": "2022-12-31",
    "30 juni": "2021-06-30",
    "den 1 maj 2022": "2022-05-01",
    "2021-10-31": "2021-10-31",
    "20211031": "2021-10-31",
    "2021-06-30 12:00": "2021-06-30",
    "44500": "2021-10-31",
    "Quarter 3": "2021-09-30",
    "autumn 2021": "2021-12-31",
    "kvartal\N{NO-BREAK SPACE}4": "2021-12-31",
}

NO_TIMES = (
    *(
        "",
        " ",
        "-",
        "?",
        "Ej fastställd",
        "Se objektsplan",
        "snarast",
        "kvartal 5",
        "kv 2-3",
        "31 april",
        "0 juni",
    ),
    *(
        "11/12 2021",
        "06-30",
        "1/4",
        "2021-13-01",
        "2021-02-29",
        "2021-2022",
        "kvartal 1 1850",
        "99999",
        "jul 2021",
    ),
)

# Texts that people write, put together from pieces: the periods, with years and words before them.
periods = st.sampled_from(
    [name for name in KNOWN_TIMES if not any(str(year) in name for year in range(2019, 2031))]
)
years = st.sampled_from(["", " 2020", " 2021", " 2022", ", 2023"])
leads = st.sampled_from(["", "under ", "Senast ", "till ", "I ", "förskjuts till "])


@pytest.mark.parametrize("text", KNOWN_TIMES)
def test_times_as_people_write_them_are_recognised(text: str) -> None:
    found = lookup_end_date(text, YEAR)
    assert found is not None
    assert found.isoformat() == KNOWN_TIMES[text]
    assert lookup_end_date(unicodedata.normalize("NFD", text).upper(), YEAR) == found


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_or_more_than_one_is_not_recognised(text: str) -> None:
    assert lookup_end_date(text, YEAR) is None


@given(leads, periods, years)
def test_what_is_recognised_is_what_a_reader_of_words_gets(lead: str, period: str, year: str) -> None:
    text = f"{lead}{period}{year}"
    found, read = lookup_end_date(text, YEAR), parse_deadline(text, YEAR).value
    if found is not None:
        assert isinstance(read, Deadline)
        assert read.last == found


@given(
    st.dates(date(2012, 1, 1), date(2040, 12, 31)), st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d"])
)
def test_every_day_with_its_year_first_is_recognised(day: date, shape: str) -> None:
    assert lookup_end_date(day.strftime(shape), YEAR) == day
    assert lookup_end_date(str(serial_from_date(day)), YEAR) == day


@pytest.mark.parametrize("option", STATUSES.options, ids=lambda option: option.code)
def test_every_spelling_of_an_answer_is_recognised_in_whatever_dress(option: Choice) -> None:
    number = option_number(STATUSES.options, option.code)
    for name in (option.label.sv, option.label.en, option.code, *option.aliases):
        for dressed in (name, f" {name.upper()}. ", f"({name})\n", unicodedata.normalize("NFD", name)):
            assert lookup_choice(dressed, TABLE) == number
            assert make_choice_parser(STATUSES, "sv")(dressed).value == option.code


@given(
    st.text(max_size=30) | st.sampled_from(["*", "?", "P*", "|", "genomfört|", ":genomfört", "-", "Pågående ✔"])
)
def test_what_is_recognised_as_an_answer_is_so_for_a_reader_too(text: str) -> None:
    found = lookup_choice(text, TABLE)
    read = make_choice_parser(STATUSES, "sv")(text).value
    if found not in (0, NOT_LISTED):
        assert isinstance(read, str)
        assert option_number(STATUSES.options, read) == found
    assert (found == 0) <= (read is None)


def test_a_word_that_means_two_things_once_it_is_squeezed_means_none() -> None:
    options = tuple(
        Choice(code=code, label=LocalizedText(sv=label, en=label))
        for code, label in (("a", "På går"), ("b", "Pågår"))
    )
    table = choice_spelling_table(ChoiceList(key="k", options=options))
    assert lookup_choice("pågår", table) == NOT_LISTED
    assert lookup_choice("a", table) == -1


def test_yes_and_no_are_recognised() -> None:
    assert [
        lookup_choice(text, yes_no_spelling_table()) for text in ("Ja", " nej.", "YES", "x", "kanske", "")
    ] == [*(1, 2, 1, 1, NOT_LISTED, 0)]


def test_tables_fit_a_cell_and_tell_composed_letters_from_others() -> None:
    tables = build_deadline_tables(YEAR)
    assert all(len(table) < 4_000 for table in (TABLE, tables.period_table, tables.month_table, tables.year_table))
    assert unicodedata.normalize("NFD", ":hösten|") in tables.period_table
    assert f"|{YEAR}|" in tables.year_table


def test_days_are_counted_as_spreadsheets_count_them() -> None:
    found = lookup_end_date("2021-10-31", YEAR)
    assert found is not None
    assert serial_from_date(found) == 44500


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        *(
            ("1250", True),
            ("1 250,50 kr", True),
            ("−3 000", True),
            ("1\N{NO-BREAK SPACE}250 SEK", True),
            ("0,125", True),
        ),
        *(
            ("1.250.000,50", False),
            ("(500)", False),
            ("12 %", False),
            ("310 tkr", False),
            ("1e6", False),
            ("", False),
        ),
        *(("5-", False), ("--5", False), (".5", False), ("kr", False)),
    ],
)
def test_amounts_as_text_are_recognised_where_they_are_plain(text: str, plain: bool) -> None:
    assert is_plain_number(text) is plain
    assert " " not in normalize_number(text)


@given(st.text(max_size=40))
def test_squeezing_twice_is_squeezing_once(text: str) -> None:
    assert strip_for_lookup(strip_for_lookup(text)) == strip_for_lookup(text)
