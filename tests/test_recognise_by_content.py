"""A form that lost all it said of itself is known again by what anybody can see, or refused; never guessed at."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from support.edited_forms import (
    ASKED,
    FILLED,
    RECEIVED,
    answers_by_item,
    copy_values,
    finding_codes,
    make_form,
    read_form_bytes,
    unplaced_texts,
    with_blank_items,
)

from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.layout import make_form_code
from xlflow.form.metadata import issued_items
from xlflow.i18n.catalogue import UNKNOWN_DATE
from xlflow.model.findings import Finding, message_of
from xlflow.model.submission import Submission
from xlflow.read.build_submission import read_form
from xlflow.read.recognise_by_content import KnownRound

if TYPE_CHECKING:
    from xlflow.model.plan import Round

PLANNED = [KnownRound(ASKED)]
TITLE = "Uppföljning av verksamhetsplanen – Museet, per 31 mars 2021"
HEADINGS = ("Aktivitet", "Delaktivitet", "Slutdatum", "Status", "Ny tidpunkt", "Kommentar/avvikelse")
ROWS = (
    ("Öppna kvarn", None, "Kvartal 2", "Pågående", None, "Båten är hyrd"),
    ("Öppna kvarn", "Hyra båt", "2021-06-30", "Genomfört"),
    ("Öppna kvarn", "Sälja båt", "Se plan"),
    ("Sälja ladan", None, "Kvartal 4", "Förskjuts", "kvartal 1 2022", "Ladan brann\nniga"),
    ("Byta lås",),
)


def retyped(*above: str, rows: Iterable[Sequence[object]] = ROWS, name: str = "Blad1") -> bytes:
    """Return a workbook into which somebody typed the form anew, with these texts above it."""
    opened = Workbook()
    sheet = opened.worksheets[0]
    sheet.title = name
    for text in above:
        sheet.append([text])
    sheet.append(HEADINGS)
    for row in rows:
        sheet.append(row)
    return saved(opened)


def saved(opened: Workbook) -> bytes:
    buffer = io.BytesIO()
    opened.save(buffer)
    return buffer.getvalue()


def outcome(content: bytes, known: Sequence[KnownRound] = PLANNED) -> Submission | Finding:
    opened = open_workbook(content, "Svar.xlsx")
    assert isinstance(opened, WorkbookData)
    return read_form(opened, RECEIVED, known)


def refusal(content: bytes, known: Sequence[KnownRound] = PLANNED) -> str:
    found = outcome(content, known)
    assert isinstance(found, Finding)
    assert "Svar.xlsx" in message_of(found, "sv")
    return found.code


def how(form: Submission) -> str:
    (finding,) = (found for found in form.findings if found.code == "form-recognised")
    return message_of(finding, "sv").partition("(")[2].partition(")")[0]


def test_everything_copied_into_a_new_workbook_is_the_form() -> None:
    form = read_form_bytes(copy_values(), PLANNED)
    assert (form.unit, answers_by_item(form), form.unplaced) == ("Museet", with_blank_items(), ())
    assert [row.item for row in form.rows] == list(issued_items(ASKED, "Museet"))
    assert how(form) == "efter formulärkoden"
    assert finding_codes(form) == ["form-recognised", "lists-gone"]


@pytest.mark.parametrize("above", [[TITLE], ["Svar från museet"], ["Till kansliet", "", "MUSEET"]])
def test_a_form_typed_anew_is_known_by_the_name_of_its_unit(above: list[str]) -> None:
    form = read_form_bytes(retyped(*above), PLANNED)
    assert (form.unit, answers_by_item(form)) == ("Museet", with_blank_items())
    assert how(form) == "efter enhetens namn"
    assert "issued-column-missing" in finding_codes(form)


def test_the_name_may_stand_on_the_tab() -> None:
    assert read_form_bytes(retyped(name="Museet mars"), PLANNED).unit == "Museet"


def test_a_form_typed_anew_without_a_name_is_known_by_its_rows() -> None:
    form = read_form_bytes(retyped(), PLANNED)
    assert (form.unit, answers_by_item(form), how(form)) == ("Museet", with_blank_items(), "efter raderna")


def test_rows_that_fit_two_units_are_nobody_s() -> None:
    shared = replace(
        ASKED,
        plan=replace(ASKED.plan, items=tuple(replace(line, units=("Museet", "Åbo")) for line in ASKED.plan.items)),
    )
    assert refusal(retyped(), [KnownRound(shared)]) == "form-unit-unclear"
    dayless = [KnownRound(replace(shared, as_of=UNKNOWN_DATE))]
    for known, unit in (([KnownRound(replace(ASKED, as_of=UNKNOWN_DATE))], "Museet"), (dayless, None)):
        reported = outcome(retyped(), known)
        assert isinstance(reported, Finding)
        assert (reported.code, reported.unit) == ("form-day-unknown", unit)
    assert read_form_bytes(retyped("Åbo"), [KnownRound(shared)]).unit == "Åbo"


def test_a_name_counts_before_rows_and_the_longer_name_before_the_shorter() -> None:
    units = tuple(
        replace(unit, name=name) for unit, name in zip(ASKED.plan.units, ("Museet", "Museet Norr"), strict=True)
    )
    lines = tuple(replace(line, units=("Museet", "Museet Norr")) for line in ASKED.plan.items)
    both = [KnownRound(replace(ASKED, plan=replace(ASKED.plan, units=units, items=lines)))]
    assert read_form_bytes(retyped("Museet norr"), both).unit == "Museet Norr"
    assert read_form_bytes(retyped("Museet"), both).unit == "Museet"


def test_another_unit_than_the_one_named_is_never_taken() -> None:
    known = [KnownRound(replace(ASKED, plan=replace(ASKED.plan, items=issued_items(ASKED, "Museet"))), "Museet")]
    assert refusal(retyped("Svar från Åbo"), known) == "not-a-form"
    assert read_form_bytes(retyped("Svar från Museet"), known).unit == "Museet"


def test_the_round_is_told_by_code_or_day() -> None:
    last = replace(ASKED, as_of=date(2020, 12, 31))
    both = [KnownRound(last), KnownRound(ASKED)]
    assert read_form_bytes(copy_values(), both).round.as_of == ASKED.as_of
    assert read_form_bytes(retyped(TITLE), both).round.as_of == ASKED.as_of
    assert (
        read_form_bytes(retyped(TITLE.replace("31 mars 2021", "31 december 2020")), both).round.as_of == last.as_of
    )
    assert make_form_code(last.key, "Museet") != make_form_code(ASKED.key, "Museet")


def test_most_rows_must_be_there_where_nothing_else_speaks() -> None:
    assert refusal(retyped(rows=ROWS[3:4])) == "not-a-form"
    assert read_form_bytes(retyped("Museet", rows=ROWS[3:4]), PLANNED).rows[0].item.id == "d"


@pytest.mark.parametrize("known", [[], PLANNED], ids=["nothing known", "a round known"])
def test_a_workbook_of_something_else_is_no_form(known: list[KnownRound]) -> None:
    assert refusal(retyped("Museet", rows=[("Något helt annat", None, None, "Pågående")]), known) == "not-a-form"
    opened = Workbook()
    opened.worksheets[0].append(["Budget", "Museet", 12])
    assert refusal(saved(opened), known) == "not-a-form"


def test_what_is_not_the_form_s_is_set_aside_and_own_activities_are_rows() -> None:
    more = (*ROWS, ("Bygga bastu", None, None, "Pågående"), (), ("Hälsningar från oss",))
    form = read_form_bytes(retyped("Museet", rows=more), PLANNED)
    assert answers_by_item(form) == with_blank_items(
        **{"Bygga bastu": {"status": "Pågående"}, "Hälsningar från oss": {}}
    )
    assert read_form_bytes(retyped("Museet", "Skickat för sent, förlåt"), PLANNED).unplaced[0].texts == (
        "Skickat för sent, förlåt",
    )
    assert unplaced_texts(read_form_bytes(retyped("Museet"), PLANNED)) == []


def test_an_english_form_is_known_again() -> None:
    asked = replace(ASKED, language="en")
    form, opened = load_workbook(io.BytesIO(make_form({"a": {"status": "Ongoing"}}, asked))), Workbook()
    for row in form["Follow-up"].iter_rows(values_only=True):
        opened.worksheets[0].append(row)
    found = outcome(saved(opened), [KnownRound(asked)])
    assert isinstance(found, Submission)
    assert found.rows[0].value("status") == "ongoing"


def test_of_other_forms_one_knows_only_their_own_unit() -> None:
    mine: Round = replace(ASKED, plan=replace(ASKED.plan, items=issued_items(ASKED, "Museet")))
    assert (KnownRound(mine, "Museet").units, KnownRound(ASKED).units) == (("Museet",), ("Museet", "Åbo"))
    assert FILLED
