"""Nothing to report is not the same as not answered: from the form to the consolidated workbook."""

import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from support.draw_round import draw_round
from support.libreoffice import recalculate

from xlflow.check.form_checks import check_merged, check_submission
from xlflow.cli.json_output import result_to_values
from xlflow.cli.text_output import format_result
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.layout import FIRST_ITEM_ROW, HEADING_ROW
from xlflow.generate import write_form
from xlflow.i18n.catalogue import Language
from xlflow.merge.build_merged import merge_submissions
from xlflow.model.merged import Merged, RunResult
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.pipeline.form_operations import merge_forms as merge_files
from xlflow.pipeline.report_operations import write_report
from xlflow.read.build_submission import read_form

ASKED = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2 | Norr; Söder
    b  |            |                        |          | Ny hemsida   |              | Kvartal 3 | Norr
    c  |            |                        |          | Nya kurser   |              | Kvartal 3 | Söder; Väst
""")


def form(unit: str, statuses: str = "", *, nothing: bool = True, saved: int = 1) -> Submission:
    """Return a form as it is read back; `statuses` as "a Pågående, b Genomfört"."""
    reported = {
        line: {"status": status} for line, _, status in (one.strip().partition(" ") for one in statuses.split(","))
    }
    content = write_form(ASKED, unit, reported if statuses else {}, issued={}, nothing_to_report=nothing)
    return read(content, f"{unit} {saved}.xlsx", saved)


def read(content: bytes, name: str, saved: int = 1) -> Submission:
    workbook = open_workbook(content, name)
    assert isinstance(workbook, WorkbookData)
    received = ReceivedFile(name, str(saved), 1, datetime(2021, 4, saved), FileState.ACCEPTED)
    found = read_form(workbook, received)
    assert isinstance(found, Submission)
    return found


def merge(*forms: Submission) -> Merged:
    return merge_submissions(forms, [each.file for each in forms], ASKED)[0]


def written(text: str, *, language: str = "sv") -> Submission:
    """Return a form in whose cell a unit has written something."""
    asked = replace(ASKED, language=language)
    workbook = openpyxl.load_workbook(io.BytesIO(write_form(asked, "Norr")))
    guide = workbook.worksheets[0]
    label = next(cell for cell in guide["A"] if cell.value in ("Inget att rapportera", "Nothing to report"))
    guide.cell(label.row, 2).value = text
    guide.insert_rows(1, 3)
    stream = io.BytesIO()
    workbook.save(stream)
    return read(stream.getvalue(), "Norr.xlsx")


@pytest.mark.parametrize("text", ["Ja", " ja. ", "JA", "yes", "x", "Inget att rapportera"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_yes_is_heard_wherever_its_label_stands_by_now(text: str, language: str) -> None:
    found = written(text, language=language)
    assert found.nothing_to_report is not None
    assert (found.nothing_to_report.sheet, (found.nothing_to_report.cell or "")[0]) == (
        {"sv": "Läs mig", "en": "Read me"}[language],
        "B",
    )
    assert found.unplaced == ()


def test_a_no_is_none_and_what_else_is_written_there_is_kept() -> None:
    assert written("Nej").nothing_to_report is None
    assert written("").nothing_to_report is None
    found = written("Vi återkommer i maj")
    assert found.nothing_to_report is None
    assert [one.texts for one in found.unplaced] == [("Vi återkommer i maj",)]


def test_who_has_nothing_to_report_lacks_nothing_and_is_reported_so() -> None:
    found = form("Norr")
    assert [(one.code, one.effective_severity) for one in check_submission(found)] == [
        ("nothing-to-report", "note")
    ]
    assert form("Norr").answers_digest != form("Norr", nothing=False).answers_digest


def test_who_answers_all_the_same_is_doubted_and_its_answers_count() -> None:
    merged = merge(form("Norr", "a Pågående"))
    assert [(one.code, one.location.sheet) for one in check_merged(merged)] == [
        ("nothing-to-report-contradicted", "Läs mig")
    ]
    assert merged.units_with_nothing_to_report == ()
    assert merged.accounts.rows_unanswered == 4


def test_rows_of_who_has_nothing_to_report_are_not_unanswered() -> None:
    assert merge(form("Norr")).accounts.rows_unanswered == 3
    assert merge(form("Norr", nothing=False)).accounts.rows_unanswered == 5


def test_of_several_returns_the_newest_says_whether_there_is_nothing() -> None:
    later = form("Norr", "a Pågående, b Pågående", nothing=False, saved=2)
    assert merge(form("Norr"), later).nothing_to_report_claims == ()
    merged = merge(form("Norr", "a Pågående", nothing=False), form("Norr", saved=2))
    assert [unit for unit, _ in merged.nothing_to_report_claims] == ["Norr"]
    assert [one.code for one in check_merged(merged)] == ["nothing-to-report-contradicted"]


def test_console_and_other_programs_hear_it() -> None:
    merged = merge(form("Norr"), form("Söder", "a Pågående, c Genomfört", nothing=False))
    run = RunResult("sv", check_merged(merged), merged)
    assert "Har inget att rapportera: Norr." in format_result(run).splitlines()
    assert format_result(run).count("inget att rapportera") == 1
    reported = result_to_values(run)
    assert reported["units"] == {"asked": 3, "answered": 2, "missing": ["Väst"]}
    assert [(one["code"], one["unit"]) for one in reported["findings"]] == [("nothing-to-report", "Norr")]


def test_the_consolidated_workbook_tells_it_apart(tmp_path: Path) -> None:
    for unit, reported in (("Norr", {}), ("Söder", {"a": {"status": "Pågående"}, "c": {"status": "Genomfört"}})):
        (tmp_path / f"{unit}.xlsx").write_bytes(
            write_form(ASKED, unit, reported, issued={}, nothing_to_report=unit == "Norr")
        )
    merge_files([tmp_path], tmp_path / "allt.xlsx")
    workbook = openpyxl.load_workbook(tmp_path / "allt.xlsx", data_only=True)
    states: dict[object, object] = {}
    for unit, state, *_ in workbook["Insamling"].iter_rows(values_only=True):
        states.setdefault(unit, state)
    reported = [states[unit] for unit in ("Norr", "Söder", "Väst")]
    assert reported == ["Inget att rapportera", "Svarat", "Saknas"]
    headings, *rows = [row for row in workbook["Aktiviteter"].iter_rows(values_only=True) if any(row)]
    place = headings.index("Sammanvägd status")
    assert [row[place] for row in rows if row[0] in "abc"] == [
        "Pågående",
        "Inget att rapportera",
        "Ej besvarad",
    ], "Väst is silent"
    figures = {row[0]: row[1] for row in workbook["Sammanfattning"].iter_rows(values_only=True)}
    assert figures["– har inget att rapportera"] == 1
    assert figures["– har svarat"] == 1


# A form that came back as it went out --------------------------------------------------------------------


def draw_plan(folder: Path) -> Path:
    """Write the plan as a file, as it is asked here."""
    path = folder / "plan.csv"
    path.write_text(
        "Id;Perspektiv;Kommunövergripande mål;Nämndmål;Aktivitet;Slutdatum;Enhet\n"
        'a;Samhälle;Levande kommun;Möten;Öppna scenen;Kvartal 2;"Norr; Söder"\n'
        'b;;;;Ny hemsida;Kvartal 3;Norr\nc;;;;Nya kurser;Kvartal 3;"Söder; Väst"\n',
        encoding="utf-8",
    )
    return path


def added(unit: str, activity: str) -> Submission:
    """Return a form to which the unit has added an activity, and nothing else."""
    workbook = openpyxl.load_workbook(io.BytesIO(write_form(ASKED, unit)))
    sheet = workbook["Uppföljning"]
    heading = [cell.value for cell in sheet[HEADING_ROW + 1]]
    row = FIRST_ITEM_ROW + len(ASKED.items_for_unit(unit)) + 2
    sheet.cell(row, heading.index("Aktivitet") + 1).value = activity
    stream = io.BytesIO()
    workbook.save(stream)
    return read(stream.getvalue(), f"{unit}.xlsx")


def send_in(folder: Path, language: Language = "sv", **reported: dict[str, dict[str, str]] | None) -> Path:
    """Put the form of each unit in a folder: what it answers by line, None where it has nothing to report."""
    asked = replace(ASKED, language=language)
    folder.mkdir()
    for unit, answers in reported.items():
        content = write_form(asked, unit, answers or {}, issued={}, nothing_to_report=answers is None)
        (folder / f"{unit}.xlsx").write_bytes(content)
    return folder


def look(workbook: Path, sheet: str) -> list[tuple[object, ...]]:
    return list(openpyxl.load_workbook(workbook, data_only=True)[sheet].iter_rows(values_only=True))


@pytest.mark.parametrize(
    ("reported", "said"),
    [
        (
            {"Norr": {}, "Söder": {}, "Väst": {}},
            "Alla tillfrågade enheter har skickat in sitt formulär. Formulär utan svar från: Norr, Söder, Väst.",
        ),
        (
            {"Norr": None, "Söder": {}, "Väst": {"c": {"comment": "Snart"}}},
            "Alla tillfrågade enheter har skickat in sitt formulär. Formulär utan svar från: Söder.",
        ),
        ({"Norr": None, "Söder": {}}, "Saknar svar från: Väst. Formulär utan svar från: Söder."),
        (
            {"Norr": None, "Söder": {"c": {"status": "klurigt"}}, "Väst": None},
            "Alla tillfrågade enheter har svarat.",
        ),
    ],
)
def test_the_summary_tells_blank_forms_from_answers(
    reported: dict[str, dict[str, dict[str, str]] | None], said: str, tmp_path: Path
) -> None:
    merge_files([send_in(tmp_path / "in", **reported)], tmp_path / "ut.xlsx", plan=draw_plan(tmp_path), jobs=1)
    rows = look(tmp_path / "ut.xlsx", "Sammanfattning")
    assert " ".join(str(row[0]) for row in rows[2:4]).startswith(said)
    figures = {row[0]: row[1] for row in rows}
    states = {str(row[0]): row[1] for row in look(tmp_path / "ut.xlsx", "Insamling")[::-1]}
    blank = [unit for unit, answers in reported.items() if answers == {}]
    assert [unit for unit in reported if states[unit] == "Utan svar"] == blank
    assert figures.get("– har skickat in utan svar", 0) == len(blank)
    assert figures["– har svarat"] == sum(bool(answers) for answers in reported.values())


def test_in_english_and_in_the_report(tmp_path: Path) -> None:
    folder = send_in(tmp_path / "in", "en", Norr={}, Söder={"c": {"status": "Done"}}, Väst={})
    run = merge_files([folder], tmp_path / "out.xlsx", plan=draw_plan(tmp_path), jobs=1)
    rows = look(tmp_path / "out.xlsx", "Summary")
    assert rows[2][0] == "All units asked have sent in their form. Forms without answers from: Norr, Väst."
    assert "Forms without an answer: Norr, Väst." in format_result(run).splitlines()
    write_report(tmp_path / "out.xlsx", tmp_path / "report.html")
    reported = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "1 of 3 units asked have answered. No answer has come from Norr and Väst." in reported
    assert reported.count("No answers<") == 2


def test_an_activity_of_the_units_own_is_an_answer() -> None:
    rows = [row for row in merge(form("Norr", nothing=False)).rows if row.row.item.added_by_unit]
    assert rows == []
    assert merge(form("Norr", nothing=False)).units_with_blank_form == ("Norr",)
    assert merge(added("Norr", "Ny idé")).units_with_blank_form == ()


def test_the_recalculated_summary_counts_blank_forms_alike(tmp_path: Path) -> None:
    folder = send_in(tmp_path / "in", Norr={}, Söder={"c": {"status": "Genomfört"}}, Väst=None)
    merge_files([folder], tmp_path / "ut.xlsx", plan=draw_plan(tmp_path), jobs=1)
    before, after = (
        look(path, "Sammanfattning") for path in (tmp_path / "ut.xlsx", recalculate(tmp_path / "ut.xlsx"))
    )
    counted = [[row[:2] for row in rows if str(row[0]).startswith("– ")] for rows in (before, after)]
    assert counted[0] == counted[1]
    assert ("– har skickat in utan svar", 1) in counted[0]
