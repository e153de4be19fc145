"""What people write is understood in both languages, never guessed, and shown so that it can be read again."""

import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xlflow.excel.conventions import RawCell
from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText
from xlflow.model.findings import Location, Severity, make_finding, message_of, remedy_of
from xlflow.model.plan import Deadline, FieldValue
from xlflow.model.template import Template
from xlflow.model.template_elements import Choice, ChoiceList, Field, Level
from xlflow.runtime.resources import load_resource_toml
from xlflow.values import ParseResult, cell_text, parse_deadline, quarters_from
from xlflow.values.field_values import describe_accepted, format_value, make_parser, parse_value

YEAR = 2021


def _field(key: str, kind: str, **more: Any) -> Field:
    label = {"sv": f"Fält {key}", "en": f"Field {key}"}
    return Field.model_validate({"key": key, "label": label, "type": kind} | more)


def _choice(code: str, sv: str, en: str, *aliases: str) -> Choice:
    return Choice(code=code, label=LocalizedText(sv=sv, en=en), aliases=aliases)


STATUS = ChoiceList(
    key="status",
    options=(
        _choice("done", "Genomfört", "Done", "Uppfyllt"),
        _choice("ongoing", "Pågående", "Ongoing", "Pågår"),
        _choice("late", "Kan komma att försenas", "May be delayed"),
    ),
)
TEMPLATE = Template(
    name="trial",
    version="1",
    title=LocalizedText(sv="Prov", en="Trial"),
    description=LocalizedText(sv="Prov", en="Trial"),
    levels=(Level(key="activity", kind="item", label=LocalizedText(sv="Aktivitet", en="Activity")),),
    fields=(
        _field("status", "choice", choices="status"),
        _field("place", "choice", choices="place"),
        _field("comment", "text", max_length=100),
        _field("quarter", "quarter"),
        _field("date", "date"),
        _field("deadline", "deadline"),
        _field("number", "number"),
        _field("integer", "integer", minimum=0, maximum=5000),
        _field("yes_no", "yes_no"),
    ),
    choices=(STATUS, STATUS.model_copy(update={"key": "place", "open": True})),
)
KEYS = [field.key for field in TEMPLATE.fields]

texts = st.text(st.characters(codec="utf-8"), max_size=30)
raws = st.one_of(
    texts,
    st.floats(),
    st.integers(-(10**18), 10**18),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(timedelta(0), timedelta(days=5000)),
    st.none(),
)
days = st.dates(date(1990, 1, 1), date(2100, 12, 31)).map(lambda day: Deadline("day", day.isoformat(), day, day))
quarters = st.dates(date(1990, 1, 1), date(2100, 12, 31)).map(lambda day: quarters_from(day, 1)[0])
decimals = st.decimals(-(10**14), 10**14, allow_nan=False, allow_infinity=False, places=6)
values = {
    "status": st.sampled_from([option.code for option in STATUS.options]),
    "comment": texts.filter(lambda text: _parse(text, "comment").value == text),
    "quarter": quarters,
    "date": days,
    "deadline": st.one_of(days, quarters, texts.map(lambda t: parse_deadline(f"Se {t}", YEAR).value)),
    "number": decimals,
    "integer": st.integers(0, 5000).map(Decimal),
    "yes_no": st.booleans(),
}


def _parse(raw: RawCell, key: str, language: Language = "sv") -> ParseResult:
    return parse_value(raw, TEMPLATE.field(key), TEMPLATE, YEAR, language)


def _show(value: FieldValue | None, key: str, language: Language) -> str:
    return format_value(value, TEMPLATE.field(key), TEMPLATE, language, YEAR)


# Every type -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
@given(raw=raws)
@example(raw="!")
def test_nothing_is_lost_in_silence(key: str, raw: RawCell) -> None:
    found = _parse(raw, key)
    assert (found.value is None and found.code is None) == (cell_text(raw) == "")
    assert found.code is None or found.code in load_resource_toml("messages.toml")
    assert (found.severity is Severity.ERROR) == (found.value is None and found.code is not None)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("key", values)
@given(data=st.data())
def test_what_is_shown_can_be_read(key: str, language: Language, data: st.DataObject) -> None:
    value = data.draw(values[key])
    assert _parse(_show(value, key, language), key) == ParseResult(value)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("blank", [None, "", " ", "\u00a0\n", "\u200b", "\u00ad"])
def test_a_blank_is_no_answer_and_no_fault(key: str, blank: RawCell) -> None:
    assert _parse(blank, key) == ParseResult(None)
    assert _show(None, key, "sv") == ""


@pytest.mark.parametrize("key", KEYS)
def test_one_reader_serves_a_whole_column(key: str) -> None:
    read = make_parser(TEMPLATE.field(key), TEMPLATE, YEAR)
    for raw in ("Pågår", 1, 1.0, True, "1", "1.250", date(2021, 6, 30), "kv 2"):
        assert read(raw) == _parse(raw, key)


# Choices --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["{}", " {}\u00a0", "{}\n", "\u200b{}"])
@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKC"])
@pytest.mark.parametrize("case", [str.upper, str.lower, str.title, str.swapcase])
@pytest.mark.parametrize("option", STATUS.options)
def test_spelling_does_not_matter(option: Choice, case: Any, form: Any, spelling: str) -> None:
    for label in (option.label.sv, option.label.en, option.label.sv.replace(" ", "\u00a0\n")):
        written = unicodedata.normalize(form, spelling.format(case(label)))
        assert _parse(written, "status") == ParseResult(option.code)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Uppfyllt", "done"),
        ("uppfyllt ", "done"),
        ("Genomfört.", "done"),
        ("Genom-\nfört", "done"),
        ("✔ Genomfört", "done"),
        ("PÅGÅR", "ongoing"),
    ],
)
def test_an_alias_counts_and_is_reported(written: str, code: str) -> None:
    label = TEMPLATE.choice_label(TEMPLATE.field("status"), code, "sv")
    assert _parse(written, "status") == ParseResult(code, "choice-alias", label)


@pytest.mark.parametrize(
    ("written", "suggestion"),
    [
        ("Genomfrt", "Genomfört"),
        ("Pågende", "Pågående"),
        ("pågår i stort sett, men pågående arbete dröjer", "Pågående"),
        ("Pågående, se kommentar", "Pågående"),
        ("Uppfylt", "Genomfört"),
        ("Budget ej i balans", None),
        ("Se ovan", None),
        ("x", None),
        ("genomfört pågående kan komma att försenas, alla tre på en gång i samma cell", None),
    ],
)
def test_what_is_no_choice_gets_a_suggestion_and_no_value(written: str, suggestion: str | None) -> None:
    assert _parse(written, "status") == ParseResult(None, "choice-unknown", suggestion)


def test_the_suggestion_is_in_the_language_of_the_form() -> None:
    assert _parse("Ongoin", "status", "en").suggestion == "Ongoing"
    assert _parse("Uppfyllt", "status", "en").suggestion == "Done"


def test_an_open_list_accepts_other_answers_as_they_were_written() -> None:
    assert _parse(" I skolans\naula ", "place") == ParseResult("I skolans\naula")
    assert _parse("GENOMFÖRT", "place") == ParseResult("done")
    assert _show("I skolans\naula", "place", "en") == "I skolans\naula"


def test_choices_that_are_numbers_are_found_in_number_cells() -> None:
    grades = ChoiceList(key="status", options=(_choice("low", "1", "1"), _choice("high", "2", "2")))
    template = TEMPLATE.model_copy(update={"choices": (grades,)})
    assert parse_value(2.0, template.field("status"), template, YEAR) == ParseResult("high")


def test_a_word_with_two_meanings_goes_by_the_language_of_the_form() -> None:
    options = (_choice("end", "Slut", "Over"), _choice("kept", "Over", "Kept"))
    template = TEMPLATE.model_copy(update={"choices": (ChoiceList(key="status", options=options),)})
    read = {code: make_parser(template.field("status"), template, YEAR, code) for code in LANGUAGES}
    assert read["sv"]("over") == ParseResult("kept")
    assert read["en"]("over") == ParseResult("end")


# Yes and no, text, what stood in the cell -----------------------------------------------------------------


@pytest.mark.parametrize(
    "written", ["Ja", "ja ", "J", "JA!", "Yes", "y", "x", "X", "✓", "Sant", "TRUE", "1", 1, 1.0, True]
)
def test_yes(written: RawCell) -> None:
    assert _parse(written, "yes_no") == ParseResult(True)


@pytest.mark.parametrize("written", ["Nej", "nej.", "N", "No", "Falskt", "false", "0", 0, 0.0, False])
def test_no(written: RawCell) -> None:
    assert _parse(written, "yes_no") == ParseResult(False)


@pytest.mark.parametrize(
    ("written", "suggestion"), [("Ja, delvis", "Ja"), ("nejj", "Nej"), ("kanske", None), (2, None), ("10", None)]
)
def test_neither_yes_nor_no(written: RawCell, suggestion: str | None) -> None:
    assert _parse(written, "yes_no") == ParseResult(None, "yes-no-unreadable", suggestion)


def test_text_is_kept_as_it_was_written() -> None:
    assert _parse("  Två  rader:\r\nförst – sedan ", "comment") == ParseResult("  Två  rader:\nförst – sedan ")
    assert _parse(unicodedata.normalize("NFD", "Målen nås"), "comment") == ParseResult("Målen nås")


def test_text_that_is_too_long_is_reported_and_kept() -> None:
    assert _parse("å" * 100, "comment") == ParseResult("å" * 100)
    assert _parse("å" * 101, "comment") == ParseResult("å" * 101, "text-too-long")


@pytest.mark.parametrize(
    ("raw", "written"),
    [
        (12.0, "12"),
        (12.5, "12.5"),
        (-0.0, "0"),
        (1e-7, "0.0000001"),
        (1e20, "1e+20"),
        (float("nan"), "nan"),
        (198001011234.0, "198001011234"),
        (7, "7"),
        (True, "SANT"),
        (date(2021, 6, 30), "2021-06-30"),
        (datetime(2021, 6, 30), "2021-06-30"),
        (datetime(2021, 6, 30, 14, 5), "2021-06-30 14:05"),
        (time(8, 30), "08:30"),
        (time(8, 30, 15), "08:30:15"),
        (timedelta(hours=36, minutes=5), "36:05"),
        ("a\r\nb", "a\nb"),
        (None, ""),
    ],
)
def test_what_stood_in_the_cell(raw: RawCell, written: str) -> None:
    assert cell_text(raw) == written
    assert _parse(raw, "comment") == ParseResult(written or None)


def test_a_logical_value_is_named_as_the_spreadsheet_shows_it() -> None:
    assert [cell_text(raw, "en") for raw in (True, False)] == ["TRUE", "FALSE"]


# What is said about it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "sv", "en"),
    [
        ("status", "Genomfört, Pågående, Kan komma att försenas", "Done, Ongoing, May be delayed"),
        ("comment", "text, högst 100 tecken", "text, at most 100 characters"),
        ("integer", "ett heltal från 0 till 5\u00a0000", "a whole number from 0 to 5\u00a0000"),
        ("yes_no", "Ja eller Nej", "Yes or No"),
    ],
)
def test_what_is_accepted_is_said_in_words(key: str, sv: str, en: str) -> None:
    assert describe_accepted(TEMPLATE.field(key), TEMPLATE, YEAR) == LocalizedText(sv=sv, en=en)


@pytest.mark.parametrize(
    ("limits", "sv"),
    [
        ({"minimum": 0}, "ett tal som är minst 0"),
        ({"maximum": 99.5}, "ett tal som är högst 99,5"),
        ({}, "ett tal, till exempel 1\xa0250 eller 12,5"),
    ],
)
def test_limits_are_said_in_words(limits: dict[str, float], sv: str) -> None:
    assert describe_accepted(_field("share", "number", **limits), TEMPLATE, YEAR).sv == sv


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("Pågende", "status"),
        ("Uppfyllt", "status"),
        ("03/04/2021", "deadline"),
        ("2021-02-30", "deadline"),
        (date(1905, 7, 14), "deadline"),
        ("44377", "deadline"),
        ("snart", "date"),
        ("snart", "quarter"),
        ("2", "quarter"),
        ("mycket", "number"),
        ("1.250", "number"),
        ("25 tkr", "number"),
        (5001, "integer"),
        ("1,5", "integer"),
        ("å" * 101, "comment"),
        ("kanske", "yes_no"),
    ],
)
def test_every_code_makes_a_whole_sentence(raw: RawCell, key: str, language: Language) -> None:
    field, found = TEMPLATE.field(key), _parse(raw, key, language)
    assert found.code
    words = {"field": field.label, "accepted": describe_accepted(field, TEMPLATE, YEAR)}
    finding = make_finding(
        found.code,
        Location("a.xlsx", "Blad", "D4"),
        severity=found.severity,
        value=cell_text(raw),
        suggestion=found.suggestion,
        params=words,
    )
    both = f"{message_of(finding, language)} {remedy_of(finding, language)}"
    assert field.label.in_language(language) in both
    assert found.suggestion is None or found.suggestion in both
    assert "{" not in both
    assert both.endswith(".")
