"""A deadline is a day, a quarter or words; all are legal, and all sort and compare together."""

import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xlflow.excel.conventions import RawCell
from xlflow.i18n.catalogue import LANGUAGES, Language
from xlflow.model.plan import Deadline
from xlflow.values import ParseResult, format_deadline, parse_deadline, parse_full_date, quarter_of, quarters_from
from xlflow.values.dates import date_from_serial, expand_short_year
from xlflow.values.deadlines import parse_date, parse_quarter

YEAR = 2021

PLAIN_QUARTERS = """
kvartal {n} | Kvartal {n} | KVARTAL {n} | kvartal{n} | kvartal  {n}. | kvartal nr {n} | kvartal: {n}
kv {n} | kv. {n} | kv.{n} | kv{n} | Q{n} | q {n} | Qtr {n} | K{n} | Quarter {n} | {n}:a kvartalet
{n}a kvartalet | {n}:e kvartalet | {n} kvartalet | det {o} kvartalet | {o} kvartalet | {o} kvartal
the {e} quarter | {e} quarter | kvartal 0{n} | senast kvartal {n} | under kvartal {n} | till kvartal {n}
Förskjuts till kvartal {n}. | by Q{n} | flyttas fram till kv {n} | during quarter {n} | postponed to Q{n}
(kvartal {n}) | Kvartal\\n{n} | kvartal {w} | kvar\u00adtal\u00a0{n}
"""
DATED_QUARTERS = """
kvartal {n} {y} | kv. {n} {y} | Q{n} {y} | Q{n}-{y} | Q{n}/{y} | Q{n}{y} | {y} kvartal {n} | {y} Q{n}
{y}-Q{n} | {y}Q{n} | {y}, kvartal {n} | {y} kv {n} | K{n} {y} | kvartal {n}, {y} | kvartal {n} ({y})
Kvartal {n} år {y} | {n}:a kvartalet {y} | {o} kvartalet {y} | {e} quarter of {y} | {e} quarter, {y}
Q{n}/{s} | Q{n} -{s} | kv {n} '{s} | {n}:a kvartalet -{s} | Förskjuts till kvartal {n} {y}.
{y} {o} kvartalet | Kvartal {n} \u2013 {y}
"""
ORDINALS = [
    ("första", "1st", "ett"),
    ("andra", "second", "två"),
    ("tredje", "3rd", "three"),
    ("fjärde", "fourth", "fyra"),
]


def _ways(table: str) -> list[str]:
    return [way.strip().replace("\\n", "\n") for way in re.split(r"[|\n]", table) if way.strip()]


def _written(way: str, number: int, year: int = 0) -> str:
    swedish, english, word = ORDINALS[number - 1]
    return way.format(n=number, o=swedish, e=english, w=word, y=year, s=f"{year % 100:02}")


def _quarter(year: int, number: int) -> Deadline:
    return quarters_from(date(year, number * 3, 1), 1)[0]


def _day(iso: str) -> Deadline:
    return Deadline("day", iso, date.fromisoformat(iso), date.fromisoformat(iso))


def _words(text: str, first: str | None = None, last: str | None = None) -> Deadline:
    days = [date.fromisoformat(iso) if iso else None for iso in (first, last)]
    return Deadline("text", text, *days)


def _read(raw: RawCell, year: int = YEAR) -> Deadline:
    value = parse_deadline(raw, year).value
    assert isinstance(value, Deadline)
    return value


# Quarters -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("way", _ways(PLAIN_QUARTERS))
def test_a_quarter_without_year_means_the_plan_s_year(way: str, number: int) -> None:
    assert parse_deadline(_written(way, number), YEAR) == ParseResult(_quarter(YEAR, number))
    assert parse_deadline(_written(way, number), 2019) == ParseResult(_quarter(2019, number))


@pytest.mark.parametrize("number", [1, 2, 3, 4])
@pytest.mark.parametrize("way", _ways(DATED_QUARTERS))
def test_a_quarter_with_a_year_means_that_year(way: str, number: int) -> None:
    assert parse_deadline(_written(way, number, 2022), YEAR) == ParseResult(_quarter(2022, number))
    assert parse_deadline(_written(way, number, 2019), YEAR) == ParseResult(_quarter(2019, number))


def test_a_quarter_covers_its_days() -> None:
    assert _read("Kvartal 1 2024") == Deadline("quarter", "2024-Q1", date(2024, 1, 1), date(2024, 3, 31))
    assert _read("kv 4") == Deadline("quarter", "2021-Q4", date(2021, 10, 1), date(2021, 12, 31))


@pytest.mark.parametrize(
    "written",
    ["kvartal 2¹", "2 kvartal", "6 kvartal", "kvartalsvis", "kvartal", "Q1/35", "K2 K3", "kvartal 4 eller så"],
)
def test_what_only_looks_like_a_quarter_is_words(written: str) -> None:
    assert parse_deadline(written, YEAR) == ParseResult(_words(written))


@pytest.mark.parametrize(
    "written",
    [
        "kvartal 5",
        "Q0",
        "Kv. 7 2022",
        "5:e kvartalet",
        "tertial 4",
        "halvår 3 2021",
        "vecka 60",
        "Till kvartal 14",
    ],
)
def test_a_part_of_the_year_that_does_not_exist_is_reported(written: str) -> None:
    assert parse_deadline(written, YEAR) == ParseResult(_words(written), "period-impossible")
    assert parse_date(written, YEAR) == ParseResult(None, "date-unreadable")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Kvrtal 2", "Kvartal 2"),
        ("kvatral 4 2022", "kvartal 4 2022"),
        ("senast septmber", "september"),
        ("14 aprli", "14 april"),
        ("Under hösen", "Hösten"),
        ("2nd quater", "2nd quarter"),
    ],
)
def test_a_misspelt_time_is_reported_with_the_nearest_right_one(written: str, meant: str) -> None:
    assert parse_deadline(written, YEAR) == ParseResult(_words(written), "time-misspelt", meant)


@pytest.mark.parametrize(
    "written",
    ["Se objektsplan", "Ej angivet i verksamhetsplan", "Tidplan enligt handlingsplan", "Årsvis", "Löpande"],
)
def test_words_that_name_no_time_are_not_doubted(written: str) -> None:
    assert parse_deadline(written, YEAR) == ParseResult(_words(written))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("kv 2 2022", ParseResult(_quarter(2022, 2))),
        ("2", ParseResult(_quarter(2021, 2), "quarter-assumed", "Kvartal 2")),
        (3.0, ParseResult(_quarter(2021, 3), "quarter-assumed", "Kvartal 3")),
        ("2022-02-14", ParseResult(_quarter(2022, 1), "quarter-assumed", "Kvartal 1 2022")),
        (datetime(2021, 12, 1), ParseResult(_quarter(2021, 4), "quarter-assumed", "Kvartal 4")),
        ("kvartal 2-3", ParseResult(None, "quarter-unreadable")),
        ("5", ParseResult(None, "quarter-unreadable")),
        ("hösten 2021", ParseResult(None, "quarter-unreadable")),
        (None, ParseResult(None)),
    ],
)
def test_a_field_for_quarters(raw: RawCell, expected: ParseResult) -> None:
    assert parse_quarter(raw, YEAR, "sv") == expected


# Days -----------------------------------------------------------------------------------------------------

DAYS = """
2021-06-30 | 2021-6-30 | 2021/06/30 | 2021.06.30 | 20210630 | 2021-06-\\n30 | 2021 -06- 30 | 2021–06–30
2021-06-30. | 30/6 2021 | 30/6-2021 | 30/6-21 | 30/6 21 | 30/06/2021 | 06/30/2021 | 30.6.2021 | 30-06-2021
30/6 | den 30/6 | onsdag 30/6 | senast 30/6 | 30 juni 2021 | 30 juni | den 30 juni | den 30:e juni 2021
30:e juni | 30e juni 2021 | onsdag 30 juni 2021 | onsdagen den 30 juni | ons. 30 juni | 30 jun 2021
30 JUNI 2021 | 30 juni, 2021 | 30 juni -21 | 30-jun-21 | 2021 juni 30 | Senast den 30 juni 2021.
juni 30, 2021 | June 30, 2021 | 30 June 2021 | 30th of June 2021 | June 30th, 2021 | Jun. 30 2021
Wednesday, 30 June 2021 | Wed 30 June | by 30 June | 2021-06-30 14:30 | 2021-06-30T14:30:00
30 juni 2021 kl. 14.30 | 2021-06-30 00:00:00
"""


@pytest.mark.parametrize("written", _ways(DAYS))
def test_days_as_people_write_them(written: str) -> None:
    assert parse_deadline(written, YEAR) == ParseResult(_day("2021-06-30"))
    assert parse_date(written, YEAR) == ParseResult(_day("2021-06-30"))


@pytest.mark.parametrize(
    "raw",
    [
        date(2021, 6, 30),
        datetime(2021, 6, 30),
        datetime(2021, 6, 30, 23, 59),
        44377,
        44377.0,
        44377.75,
        20210630.0,
    ],
)
def test_days_as_spreadsheets_hold_them(raw: RawCell) -> None:
    assert parse_deadline(raw, YEAR) == ParseResult(_day("2021-06-30"))


AMBIGUOUS = """
03/04/2021 | 3/4 2021 | 3.4.2021 | 03-04-2021 | 3/4 | 30/06/21 | 210630 | 201112
juni 21 | maj-22 | fredag 30 juni 2021
"""


@pytest.mark.parametrize("written", _ways(AMBIGUOUS))
def test_a_day_that_could_be_another_is_not_guessed(written: str) -> None:
    assert parse_deadline(written, YEAR) == ParseResult(_words(written), "date-ambiguous")
    assert parse_date(written, YEAR) == ParseResult(None, "date-ambiguous")
    assert parse_full_date(written) is None


def test_day_and_month_alike_cannot_be_confused() -> None:
    assert _read("5/5/2021") == _day("2021-05-05")


@pytest.mark.parametrize(
    "written",
    ["2021-02-30", "2021-13-01", "31 november 2021", "31/4 2021", "30/13 2021", "0/5 2021", "2021-30-06"],
)
def test_a_day_that_does_not_exist_is_reported(written: str) -> None:
    assert parse_deadline(written, YEAR) == ParseResult(_words(written), "date-impossible")
    assert parse_date(written, YEAR) == ParseResult(None, "date-impossible")


def test_a_year_typed_into_a_cell_that_shows_days_is_reported() -> None:
    assert parse_deadline(datetime(1905, 7, 14), YEAR) == ParseResult(
        _words("1905-07-14"), "date-unlikely", "2022"
    )
    assert parse_deadline(date(1900, 1, 2), YEAR) == ParseResult(_words("1900-01-02"), "date-unlikely")
    assert parse_date(date(1905, 7, 14), YEAR) == ParseResult(None, "date-unlikely", "2022")


def test_a_spreadsheet_s_day_number_as_text_is_read_and_reported() -> None:
    assert parse_deadline("44377", YEAR) == ParseResult(_day("2021-06-30"), "date-from-serial", "2021-06-30")
    assert parse_deadline("74000", YEAR) == ParseResult(_words("74000"), "time-unclear")


@pytest.mark.parametrize("raw", ["Kvartal 2", "2021-06", "snart", "2021", 7, True, time(8), timedelta(hours=2)])
def test_a_field_for_days_takes_days_only(raw: RawCell) -> None:
    assert parse_date(raw, YEAR) == ParseResult(None, "date-unreadable")


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_the_day_number_is_that_of_spreadsheets(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    assert date_from_serial(serial) == date_from_serial(serial + 0.999) == day
    assert _read(float(serial)) == _read(day) == _day(day.isoformat())


def test_the_day_number_has_bounds() -> None:
    assert [date_from_serial(n) for n in (32873, 32874, 73415, 73416)] == [
        None,
        date(1990, 1, 1),
        date(2100, 12, 31),
        None,
    ]


@given(st.integers(0, 40), st.integers(0, 40), st.integers(1900, 2199), st.sampled_from("/-."))
def test_a_numeric_day_is_read_only_if_it_can_be_no_other(one: int, two: int, year: int, mark: str) -> None:
    possible = {_existing(year, month, day) for month, day in ((one, two), (two, one))} - {None}
    read = parse_full_date(f"{one}{mark}{two}{mark}{year}")
    assert read == (possible.pop() if len(possible) == 1 else None)


def _existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# The command line -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2021-03-31", "31 mars 2021", "31 March 2021", "March 31, 2021", "20210331", "31/3 2021"]
)
def test_a_day_on_the_command_line(text: str) -> None:
    assert parse_full_date(text) == date(2021, 3, 31)


@pytest.mark.parametrize(
    "text", ["", "31 mars", "31/3", "31/3-21", "2021-03", "idag", "44286", "2021-02-29", "kvartal 1", "1"]
)
def test_half_a_day_is_none_on_the_command_line(text: str) -> None:
    assert parse_full_date(text) is None


# Words ----------------------------------------------------------------------------------------------------


WORDS = """
Ej angivet i verksamhetsplan | Se objektsplan | Tidplan enligt handlingsplan | Löpande | Ej fastställd | ?
- | början av 2022 | efter kvartal 2 | före sommaren | jul 2021 | 2021-22 | Kvartal II | v 60
måndag | den
"""


@pytest.mark.parametrize("number", ["0", "7", "1.4"])
def test_a_bare_number_is_kept_as_words_and_doubted(number: str) -> None:
    assert parse_deadline(number, YEAR) == ParseResult(_words(number), "time-unclear")


@pytest.mark.parametrize("words", [*_ways(WORDS), "i" * 81])
def test_words_are_legal_and_say_no_day(words: str) -> None:
    assert parse_deadline(words, YEAR) == ParseResult(_words(words))


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2022", "2022-01-01", "2022-12-31"),
        ("Under 2022", "2022-01-01", "2022-12-31"),
        ("Hela året 2022", "2022-01-01", "2022-12-31"),
        ("2021-06", "2021-06-01", "2021-06-30"),
        ("202106", "2021-06-01", "2021-06-30"),
        ("mars 2022", "2022-03-01", "2022-03-31"),
        ("februari 2024", "2024-02-01", "2024-02-29"),
        ("dec. 2021", "2021-12-01", "2021-12-31"),
        ("första halvåret 2021", "2021-01-01", "2021-06-30"),
        ("andra halvåret", "2021-07-01", "2021-12-31"),
        ("H1 2022", "2022-01-01", "2022-06-30"),
        ("tertial 2", "2021-05-01", "2021-08-31"),
        ("våren 2022", "2022-01-01", "2022-06-30"),
        ("Under hösten 2021", "2021-07-01", "2021-12-31"),
        ("sommaren 2021", "2021-06-01", "2021-08-31"),
        ("vecka 24", "2021-06-14", "2021-06-20"),
        ("v. 1 2022", "2022-01-03", "2022-01-09"),
        ("slutet av 2021", "2021-01-01", "2021-12-31"),
        ("i slutet av kvartal 2", "2021-04-01", "2021-06-30"),
        ("by the end of 2022", "2022-01-01", "2022-12-31"),
        ("kvartal 2-3", "2021-04-01", "2021-09-30"),
        ("Kvartal 2\u20133 2022", "2022-04-01", "2022-09-30"),
        ("kvartal 2/3", "2021-04-01", "2021-09-30"),
        ("kvartal 3 eller 4", "2021-07-01", "2021-12-31"),
        ("2022 Q1-Q2", "2022-01-01", "2022-06-30"),
        ("kv 4 2021 - kv 1 2022", "2021-10-01", "2022-03-31"),
        ("maj-juni 2021", "2021-05-01", "2021-06-30"),
        ("2021-2023", "2021-01-01", "2023-12-31"),
        ("15 juni 2022 - 30 juni", "2022-06-15", "2022-06-30"),
        ("2021-06-15 - 2021-06-30", "2021-06-15", "2021-06-30"),
        ("hösten 2021 - våren 2022", "2021-07-01", "2022-06-30"),
    ],
)
def test_words_that_name_a_time_keep_their_words_and_know_its_days(written: str, first: str, last: str) -> None:
    assert parse_deadline(written, YEAR) == ParseResult(_words(written, first, last))


def test_a_year_in_a_number_cell_is_a_year() -> None:
    assert parse_deadline(2022.0, YEAR) == ParseResult(_words("2022", "2022-01-01", "2022-12-31"))


def test_words_are_kept_as_written() -> None:
    assert _read("  Se\u00a0planen,\r\nbilaga 2 ") == _words("Se\u00a0planen,\nbilaga 2")


# Shown, sorted, compared ----------------------------------------------------------------------------------

written_deadlines = st.one_of(
    st.sampled_from([_written(way, n, 2022) for way in _ways(PLAIN_QUARTERS + DATED_QUARTERS) for n in (1, 4)]),
    st.sampled_from(_ways(DAYS)),
    st.sampled_from(["2022", "våren 2022", "kvartal 2-3", "Se planen", "Löpande"]),
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.text("0123456789-/. kqvartlQKjunimjså:'", max_size=16),
    st.dates(date(1911, 1, 1), date(2150, 1, 1)),
    st.floats(0, 80000),
)


@pytest.mark.parametrize("language", LANGUAGES)
@given(raw=written_deadlines)
def test_a_deadline_shown_is_the_deadline_read(language: Language, raw: RawCell) -> None:
    found = parse_deadline(raw, YEAR)
    assume(isinstance(found.value, Deadline))
    assert _read(format_deadline(found.value, language, YEAR)) == found.value


@given(written_deadlines)
def test_a_deadline_s_days_fit_its_kind(raw: RawCell) -> None:
    found = parse_deadline(raw, YEAR).value
    assume(isinstance(found, Deadline))
    assert (found.first is None) == (found.last is None)
    assert found.kind == "text" or found.last is not None
    assert found.first is None or found.first <= found.last
    assert (found.kind == "day") == (found.text == str(found.first))


def test_quarters_are_shown_with_the_year_only_where_it_is_not_the_plan_s() -> None:
    shown = [format_deadline(_quarter(year, 2), language, YEAR) for year in (2021, 2022) for language in LANGUAGES]
    assert shown == ["Kvartal 2", "Quarter 2", "Kvartal 2 2022", "Quarter 2 2022"]
    assert format_deadline(_day("2021-06-30"), "en", YEAR) == "2021-06-30"


@given(st.lists(written_deadlines, max_size=12), st.dates(date(2015, 1, 1), date(2030, 1, 1)))
def test_all_kinds_sort_and_compare_together(raws: list[RawCell], as_of: date) -> None:
    found = [value for raw in raws if isinstance(value := parse_deadline(raw, YEAR).value, Deadline)]
    ordered, again = (sorted(some, key=lambda deadline: deadline.sort_key) for some in (found, found[::-1]))
    assert again == ordered
    for earlier, later in pairwise(ordered):  # may be empty: any list
        assert not earlier.is_later_than(later)
        assert earlier.has_passed(as_of) or not later.has_passed(as_of)


def test_an_order_that_people_expect() -> None:
    written = [
        "Se planen",
        "2022",
        "kv 4",
        "2021-09-15",
        "kvartal 2",
        "hösten 2021",
        "Ej angivet",
        "30/6",
        "augusti",
    ]
    ordered = sorted(map(_read, written), key=lambda deadline: deadline.sort_key)
    shown = [format_deadline(deadline, "sv", YEAR) for deadline in ordered]
    assert shown == [
        "Kvartal 2",
        "2021-06-30",
        "augusti",
        "2021-09-15",
        "hösten 2021",
        "Kvartal 4",
        "2022",
        "Ej angivet",
        "Se planen",
    ]


def test_the_coming_quarters() -> None:
    quarters = quarters_from(date(2021, 11, 30), 3)
    assert [quarter.text for quarter in quarters] == ["2021-Q4", "2022-Q1", "2022-Q2"]
    assert quarters_from(date(2021, 1, 1), 0) == ()


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_the_quarter_of_a_day_contains_it(day: date) -> None:
    quarter = quarter_of(_day(day.isoformat()))
    assert quarter is not None
    assert quarter == quarters_from(day, 1)[0] == quarter_of(quarter)
    assert quarter.first <= day <= quarter.last


def test_words_without_days_have_no_quarter() -> None:
    assert quarter_of(_words("Se planen")) is None
    assert quarter_of(_read("första halvåret 2022")) == _quarter(2022, 2)


@pytest.mark.parametrize(
    ("plan_year", "short", "meant"),
    [
        (2021, "21", "2021"),
        (2021, "11", "2011"),
        (2021, "31", "2031"),
        (2021, "10", None),
        (2021, "32", None),
        (2021, "99", None),
        (2095, "05", None),
        (2095, "99", "2099"),
        (None, "21", None),
    ],
)
def test_a_year_of_two_digits_lies_within_ten_years_of_the_plan(
    plan_year: int | None, short: str, meant: str | None
) -> None:
    assert expand_short_year(short, plan_year) == meant
    if plan_year:
        expected = _day(f"{meant}-06-30") if meant else None
        for written in (f"30/6-{short}", f"30 juni -{short}", f"30-jun-{short}"):
            found = parse_date(written, plan_year)
            assert found == ParseResult(expected) if expected else found.value is None, written
