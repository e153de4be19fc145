"""Nothing to report is not the same as not answered: from the form to the consolidated workbook."""

import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from rounds import draw_round

from xlflow.check import check_form, check_merged
from xlflow.core.model import Filled, Merged, Received, Run, State
from xlflow.excel import incoming
from xlflow.generate import write_form
from xlflow.merge import merge_forms
from xlflow.pipeline import merge_forms as merge_files
from xlflow.read import read_form
from xlflow.report.machine import run_to_values
from xlflow.report.terminal import show_run

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2 | Norr; Söder
    b  |            |                        |          | Ny hemsida   |              | Kvartal 3 | Norr
    c  |            |                        |          | Nya kurser   |              | Kvartal 3 | Söder; Väst
""")


def form(unit: str, statuses: str = "", *, nothing: bool = True, saved: int = 1) -> Filled:
    """Return a form as it is read back; `statuses` as "a Pågående, b Genomfört"."""
    told = {
        line: {"status": status} for line, _, status in (one.strip().partition(" ") for one in statuses.split(","))
    }
    content = write_form(ASKED, unit, told if statuses else {}, issued={}, nothing=nothing)
    return read(content, f"{unit} {saved}.xlsx", saved)


def read(content: bytes, name: str, saved: int = 1) -> Filled:
    book = incoming.open_book(content, name)
    assert isinstance(book, incoming.Book)
    received = Received(name, str(saved), 1, datetime(2021, 4, saved), State.ACCEPTED)
    found = read_form(book, received)
    assert isinstance(found, Filled)
    return found


def merge(*forms: Filled) -> Merged:
    return merge_forms(forms, [each.received for each in forms], ASKED)[0]


def written(text: str, *, language: str = "sv") -> Filled:
    """Return a form in whose cell a unit has written something."""
    asked = replace(ASKED, language=language)
    book = openpyxl.load_workbook(io.BytesIO(write_form(asked, "Norr")))
    guide = book.worksheets[0]
    label = next(cell for cell in guide["A"] if cell.value in ("Inget att rapportera", "Nothing to report"))
    guide.cell(label.row, 2).value = text
    guide.insert_rows(1, 3)
    stream = io.BytesIO()
    book.save(stream)
    return read(stream.getvalue(), "Norr.xlsx")


@pytest.mark.parametrize("text", ["Ja", " ja. ", "JA", "yes", "x", "Inget att rapportera"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_yes_is_heard_wherever_its_label_stands_by_now(text: str, language: str) -> None:
    found = written(text, language=language)
    assert found.nothing is not None
    assert (found.nothing.sheet, (found.nothing.cell or "")[0]) == (
        {"sv": "Läs mig", "en": "Read me"}[language],
        "B",
    )
    assert found.set_aside == ()


def test_a_no_is_none_and_what_else_is_written_there_is_kept() -> None:
    assert written("Nej").nothing is None
    assert written("").nothing is None
    found = written("Vi återkommer i maj")
    assert found.nothing is None
    assert [one.texts for one in found.set_aside] == [("Vi återkommer i maj",)]


def test_who_has_nothing_to_report_lacks_nothing_and_is_told_so() -> None:
    found = form("Norr")
    assert [(one.code, one.weight) for one in check_form(found)] == [("nothing-to-report", "note")]
    assert form("Norr").answers_digest != form("Norr", nothing=False).answers_digest


def test_who_answers_all_the_same_is_doubted_and_its_answers_count() -> None:
    merged = merge(form("Norr", "a Pågående"))
    assert [(one.code, one.place.sheet) for one in check_merged(merged)] == [("nothing-but-answers", "Läs mig")]
    assert merged.nothing_to_report == ()
    assert merged.accounts.rows_unanswered == 4


def test_rows_of_who_has_nothing_to_report_are_not_unanswered() -> None:
    assert merge(form("Norr")).accounts.rows_unanswered == 3
    assert merge(form("Norr", nothing=False)).accounts.rows_unanswered == 5


def test_of_several_returns_the_newest_says_whether_there_is_nothing() -> None:
    later = form("Norr", "a Pågående, b Pågående", nothing=False, saved=2)
    assert merge(form("Norr"), later).nothing == ()
    merged = merge(form("Norr", "a Pågående", nothing=False), form("Norr", saved=2))
    assert [unit for unit, _ in merged.nothing] == ["Norr"]
    assert [one.code for one in check_merged(merged)] == ["nothing-but-answers"]


def test_console_and_other_programs_hear_it() -> None:
    merged = merge(form("Norr"), form("Söder", "a Pågående, c Genomfört", nothing=False))
    run = Run("sv", check_merged(merged), merged)
    assert "Har inget att rapportera: Norr." in show_run(run).splitlines()
    assert show_run(run).count("inget att rapportera") == 1
    told = run_to_values(run)
    assert told["units"] == {"asked": 3, "answered": 2, "missing": ["Väst"]}
    assert [(one["code"], one["unit"]) for one in told["findings"]] == [("nothing-to-report", "Norr")]


def test_the_consolidated_workbook_tells_it_apart(tmp_path: Path) -> None:
    for unit, told in (("Norr", {}), ("Söder", {"a": {"status": "Pågående"}, "c": {"status": "Genomfört"}})):
        (tmp_path / f"{unit}.xlsx").write_bytes(write_form(ASKED, unit, told, issued={}, nothing=unit == "Norr"))
    merge_files([tmp_path], tmp_path / "allt.xlsx")
    book = openpyxl.load_workbook(tmp_path / "allt.xlsx", data_only=True)
    states: dict[object, object] = {}
    for unit, state, *_ in book["Insamling"].iter_rows(values_only=True):
        states.setdefault(unit, state)
    told = [states[unit] for unit in ("Norr", "Söder", "Väst")]
    assert told == ["Inget att rapportera", "Svarat", "Saknas"]
    headings, *rows = [row for row in book["Aktiviteter"].iter_rows(values_only=True) if any(row)]
    place = headings.index("Sammanvägd status")
    assert [row[place] for row in rows if row[0] in "abc"] == ["Pågående", "Inget att rapportera", "Genomfört"]
    figures = {row[0]: row[1] for row in book["Sammanfattning"].iter_rows(values_only=True)}
    assert figures["– har inget att rapportera"] == 1
    assert figures["– har svarat"] == 1
