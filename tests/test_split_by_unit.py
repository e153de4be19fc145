"""The forms of several units in one workbook: each counts for its own unit, or is set aside with its address."""

import io
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_plan import save_plan
from support.draw_round import draw_round
from support.edited_forms import ASKED, RECEIVED, edit_workbook, make_form, read_form_bytes

from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.layout import CODE_ROW
from xlflow.form.metadata import AnswerTexts
from xlflow.generate import write_form
from xlflow.model.findings import Finding, message_of, remedy_of
from xlflow.model.merged import RunResult
from xlflow.model.plan import Round
from xlflow.model.submission import FileState, Submission
from xlflow.pipeline.form_operations import check_forms, merge_forms
from xlflow.read.build_submission import read_form
from xlflow.read.recognise_by_content import KnownRound
from xlflow.runtime.submission_decoder import SubmissionDecoder
from xlflow.runtime.submission_encoder import encode_submission

A: AnswerTexts = {"a": {"status": "Pågående", "comment": "Båten är hyrd"}, "b": {"status": "Genomfört"}}
B: AnswerTexts = {
    "b": {"status": "Kvarstår", "comment": "Ingen båt"},
    "f": {"status": "Utgår", "comment": "Målat"},
}
PLANNED = [KnownRound(ASKED)]


def move(content: bytes, other: bytes, *names: str, title: str = "") -> bytes:
    """Return a workbook into which somebody moved sheets of another, which a program then names anew."""
    source = load_workbook(io.BytesIO(other))

    def change(opened: Workbook) -> None:
        for name in names or ("Uppföljning",):
            copy_sheet(source[name], opened.create_sheet(title or f"{name} (2)"))

    return edit_workbook(change, content)


def copy_sheet(source: Worksheet, target: Worksheet) -> None:
    for row in source.iter_rows():
        for cell in row:
            if cell.value is not None:
                target.cell(cell.row, int(cell.column or 0)).value = cell.value
    target.sheet_state = source.sheet_state


def units_of(form: Submission) -> dict[str, dict[str, dict[str, str]]]:
    """Return what was answered, by unit, line and field."""
    return {
        one.unit: {
            row.item.id: {answer.field: answer.raw_text for answer in row.answers if answer.raw_text}
            for row in one.rows
            if not row.is_blank
        }
        for one in (form, *form.other_submissions)
    }


def reported(form: Submission, code: str) -> list[tuple[str | None, str | None]]:
    found = [found for one in (form, *form.other_submissions) for found in one.findings if found.code == code]
    return [(each.location.sheet, each.unit) for each in found]


def test_a_sheet_of_another_unit_is_that_units_form() -> None:
    form = read_form_bytes(move(make_form(A), make_form(B, unit="Åbo")), PLANNED)
    assert units_of(form) == {"Museet": A, "Åbo": B}
    assert reported(form, "sheet-of-other-unit") == [("Uppföljning (2)", "Åbo")]
    assert (form.unplaced, form.other_submissions[0].unplaced) == ((), ())
    assert {row.unit for row in form.other_submissions[0].rows} == {"Åbo"}
    assert form.other_submissions[0].rows[0].location.sheet == "Uppföljning (2)"


def test_the_record_that_came_along_tells_it_all() -> None:
    content = move(make_form(A), make_form(B, unit="Åbo"), "Läs mig", "Uppföljning", "xlflow")
    form = read_form_bytes(content)
    assert units_of(form) == {"Museet": A, "Åbo": B}
    assert (form.unplaced, form.other_submissions[0].unplaced) == ((), ())


@pytest.mark.parametrize("mine", [{}, A], ids=["empty", "answered"])
@pytest.mark.parametrize("theirs", [{}, B], ids=["empty", "answered"])
def test_either_may_be_empty(mine: AnswerTexts, theirs: AnswerTexts) -> None:
    form = read_form_bytes(move(make_form(mine), make_form(theirs, unit="Åbo")), PLANNED)
    assert units_of(form) == {"Museet": mine, "Åbo": theirs}


def test_what_is_not_known_is_set_aside_with_its_address() -> None:
    form = read_form_bytes(move(make_form(A), make_form(B, unit="Åbo")))
    assert units_of(form) == {"Museet": A}
    assert reported(form, "sheet-of-unknown-form") == [("Uppföljning (2)", "Museet")]
    rows = [one for one in form.unplaced if one.is_row]
    assert [(one.location.sheet, one.location.cell) for one in rows][:2] == [
        ("Uppföljning (2)", "A5"),
        ("Uppföljning (2)", "A6"),
    ]
    assert {text for one in rows for text in one.texts} >= {"Kvarstår", "Ingen båt", "Utgår", "Målat"}
    (found,) = (found for found in form.findings if found.code == "sheet-of-unknown-form")
    assert "Åbo" in message_of(found, "sv")
    assert "--plan" in remedy_of(found, "sv")


def test_no_row_of_a_strange_sheet_is_taken_for_its_heading() -> None:
    theirs = edit_workbook(
        lambda opened: opened["Uppföljning"].delete_rows(CODE_ROW + 2), make_form(B, unit="Åbo")
    )
    form = read_form_bytes(move(make_form(A), theirs))
    assert reported(form, "sheet-of-unknown-form") == [("Uppföljning (2)", "Museet")]
    rows = [one for one in form.unplaced if one.is_row]
    assert rows[0].location.cell == "A4"
    assert {text for one in rows for text in one.texts} >= {"Kvarstår", "Ingen båt", "Utgår", "Målat"}


def test_a_copy_of_the_units_own_sheet_stays_a_copy() -> None:
    content = move(make_form(A), make_form({**A, "d": {"status": "Kvarstår"}}))
    form = read_form_bytes(content, PLANNED)
    assert form.other_submissions == ()
    assert form.rows[0].location.sheet == "Uppföljning (2)"
    assert "sheet-copied" in {found.code for found in form.findings}


def test_without_the_code_the_name_tells() -> None:
    other = edit_workbook(
        lambda opened: [set_text(opened, cell) for cell in ("A2", "B2", "C2")], make_form(B, unit="Åbo")
    )
    assert units_of(read_form_bytes(move(make_form(A), other), PLANNED)) == {"Museet": A, "Åbo": B}


def set_text(opened: Workbook, cell: str, text: str | None = None) -> None:
    opened["Uppföljning"][cell] = text


def test_without_any_heading_the_rows_tell() -> None:
    other = edit_workbook(lambda opened: opened["Uppföljning"].delete_rows(1, CODE_ROW), make_form(B, unit="Åbo"))
    assert units_of(read_form_bytes(move(make_form(A), other), PLANNED)) == {"Museet": A, "Åbo": B}
    few = edit_workbook(lambda opened: opened["Uppföljning"].delete_rows(1, CODE_ROW), make_form(A))
    assert list(units_of(read_form_bytes(move(make_form(), few), PLANNED))) == ["Museet"]


def test_a_name_in_a_remark_makes_no_sheet_another_units() -> None:
    def change(opened: Workbook) -> None:
        opened["Uppföljning"]["H1"] = "Kopia till Åbo"
        copy_sheet(opened["Uppföljning"], opened.create_sheet("Åbo"))

    form = read_form_bytes(edit_workbook(change, make_form(A)), PLANNED)
    assert list(units_of(form)) == ["Museet"]


def test_a_sheet_of_the_round_before_is_set_aside() -> None:
    before = replace(ASKED, as_of=date(2020, 12, 31))
    last = make_form({**A, "d": {"status": "Kvarstår"}, "e": {"status": "Kvarstår"}}, before)
    form = read_form_bytes(move(make_form(A), last))
    assert units_of(form) == {"Museet": A}
    assert reported(form, "sheet-of-other-form") == [("Uppföljning (2)", "Museet")]
    assert {one.location.sheet for one in form.unplaced} == {"Uppföljning (2)"}


def test_the_other_units_sheet_alone_counts_for_that_unit() -> None:
    def only_theirs(opened: Workbook) -> None:
        del opened["Uppföljning"]

    content = edit_workbook(only_theirs, move(make_form(A), make_form(B, unit="Åbo")))
    form = read_form_bytes(content, PLANNED)
    assert units_of(form) == {"Åbo": B}
    assert reported(form, "sheet-of-other-unit") == [("Uppföljning (2)", "Åbo")]


def test_a_form_whose_only_sheet_is_another_units_is_refused_where_that_is_not_known() -> None:
    def only_theirs(opened: Workbook) -> None:
        del opened["Uppföljning"]

    content = edit_workbook(only_theirs, move(make_form(A), make_form(B, unit="Åbo")))
    opened = open_workbook(content, "Museet.xlsx")
    assert isinstance(opened, WorkbookData)
    refused = read_form(opened, RECEIVED)
    assert isinstance(refused, Finding)
    assert (refused.code, refused.unit, refused.location.sheet) == (
        "form-of-unknown-unit",
        "Åbo",
        "Uppföljning (2)",
    )
    assert "--plan" in remedy_of(refused, "en")


def test_nothing_to_report_counts_for_the_unit_that_says_so() -> None:
    other = write_form(ASKED, "Åbo", {}, issued={}, nothing_to_report=True)
    form = read_form_bytes(move(make_form(A), other, "Läs mig", "Uppföljning"), PLANNED)
    assert (
        form.nothing_to_report,
        form.other_submissions[0].nothing_to_report and form.other_submissions[0].nothing_to_report.sheet,
    ) == (None, "Läs mig (2)")


def test_two_units_in_a_new_workbook_without_any_record() -> None:
    opened = Workbook()
    for place, content in enumerate((make_form(A), make_form(B, unit="Åbo"))):
        sheet = opened.create_sheet(f"Blad{place + 2}")
        copy_sheet(load_workbook(io.BytesIO(content), data_only=True)["Uppföljning"], sheet)
    buffer = io.BytesIO()
    opened.save(buffer)
    form = read_form_bytes(buffer.getvalue(), PLANNED)
    assert units_of(form) == {"Museet": A, "Åbo": B}


def test_it_travels_from_process_to_process() -> None:
    form = read_form_bytes(move(make_form(A), make_form(B, unit="Åbo")), PLANNED)
    packed, unpacker = encode_submission((RECEIVED, form)), SubmissionDecoder()
    unpacker.add_shared_round(packed.shared_digest, packed.shared_content)
    assert unpacker.decode(packed) == (RECEIVED, form)


# In a run -------------------------------------------------------------------------------------------------

PLAN = """
    Id | Perspektiv | Övergripande mål | Nämndmål | Aktivitet   | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun   | Möten    | Öppna kvarn |              | Kvartal 2 | Museet
    b  |            |                  |          | Hyra båt    |              |           | Museet;Åbo;Hamnen
    f  |            |                  |          | Måla om     |              |           | Åbo
    g  |            |                  |          | Muddra      |              |           | Hamnen
"""
THREE = draw_round(PLAN)
C: AnswerTexts = {"b": {"status": "Genomfört"}, "g": {"status": "Pågående"}}


def plan_file(folder: Path) -> Path:
    return save_plan(folder, PLAN, ("Museet", "Åbo", "Hamnen"))


def answers_of(run: RunResult) -> dict[tuple[str, str], str]:
    assert run.merged
    reported = ((one.row, one.row.answer("status")) for one in run.merged.rows)
    return {(row.unit, row.item.id): answer.raw_text for row, answer in reported if answer and answer.raw_text}


def codes_of(run: RunResult) -> set[str]:
    return {found.code for found in run.findings}


def form_of(unit: str, answers: AnswerTexts, asked: Round = THREE) -> bytes:
    return make_form(answers, asked, unit)


MINE: AnswerTexts = {"a": {"status": "Pågående"}, "b": {"status": "Genomfört"}}
ALL = {
    ("Museet", "a"): "Pågående",
    ("Museet", "b"): "Genomfört",
    ("Åbo", "b"): "Kvarstår",
    ("Åbo", "f"): "Utgår",
    ("Hamnen", "b"): "Genomfört",
    ("Hamnen", "g"): "Pågående",
}


@pytest.mark.parametrize("planned", [True, False], ids=["with the plan", "forms only"])
def test_three_units_in_one_workbook(tmp_path: Path, planned: bool) -> None:
    content = form_of("Museet", MINE)
    parts = () if planned else ("Uppföljning", "xlflow")
    for unit, answers, title in (("Åbo", B, "Åbo"), ("Hamnen", C, "Hamnen")):
        for part in parts or ("Uppföljning",):
            content = move(content, form_of(unit, answers), part, title=f"{part} {title}")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Museet.xlsx").write_bytes(content)
    output = tmp_path / "samlat.xlsx"
    run = merge_forms([tmp_path / "in"], output, plan=plan_file(tmp_path) if planned else None, jobs=1)
    assert run.merged
    assert answers_of(run) == ALL
    assert run.merged.missing_units == ()
    assert run.merged.accounts.is_balanced
    assert (run.merged.accounts.files_found, run.merged.accounts.files[FileState.ACCEPTED]) == (1, 1)
    assert run.merged.accounts.rows_by_file == {"Museet.xlsx": 6}
    (file,) = run.merged.files
    assert {file.unit, *file.further_units} == {"Museet", "Åbo", "Hamnen"}
    collected = load_workbook(output)["Insamling"]
    cells = [[cell.value for cell in row] for row in collected.iter_rows()]
    assert [row[2] for row in cells if row[0] in ("Museet", "Åbo", "Hamnen")] == ["Museet.xlsx"] * 3
    assert ["Hamnen; Museet; Åbo", "Inläst", "Museet.xlsx"] in [row[:3] for row in cells]


def test_the_units_own_file_too(tmp_path: Path) -> None:
    both = move(form_of("Museet", MINE), form_of("Åbo", B))
    plan = plan_file(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Museet.xlsx").write_bytes(both)
    (tmp_path / "in" / "Åbo.xlsx").write_bytes(form_of("Åbo", B))
    for given in (plan, None):
        run = check_forms([tmp_path / "in"], plan=given, jobs=1)
        assert answers_of(run) == {key: text for key, text in ALL.items() if key[0] != "Hamnen"}
        assert "same-return-twice" in codes_of(run)
        assert run.merged
        assert run.merged.accounts.files_found == sum(run.merged.accounts.files.values()) == 2
    (tmp_path / "in" / "Åbo.xlsx").write_bytes(form_of("Åbo", {"b": B["b"], "f": {"status": "Pågående"}}))
    run = check_forms([tmp_path / "in"], plan=plan, jobs=1)
    assert {"newer-return", "conflict"} <= codes_of(run)
    (conflict,) = (found for found in run.findings if found.code == "conflict")
    assert (conflict.unit, conflict.row_id) == ("Åbo", "f")
    (tmp_path / "in" / "Åbo.xlsx").write_bytes(form_of("Åbo", {"b": B["b"]}))
    run = check_forms([tmp_path / "in"], plan=plan, jobs=1)
    assert answers_of(run)["Åbo", "f"] == "Utgår"
    assert "conflict" not in codes_of(run)


def test_sheets_that_changed_places_are_told_by_the_plan(tmp_path: Path) -> None:
    def only_theirs(opened: Workbook) -> None:
        del opened["Uppföljning"]

    mine, theirs = form_of("Museet", MINE), form_of("Åbo", B)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Museet.xlsx").write_bytes(edit_workbook(only_theirs, move(mine, theirs)))
    (tmp_path / "in" / "Åbo.xlsx").write_bytes(edit_workbook(only_theirs, move(theirs, mine)))
    run = check_forms([tmp_path / "in"], plan=plan_file(tmp_path), jobs=1)
    assert answers_of(run) == {key: text for key, text in ALL.items() if key[0] != "Hamnen"}
    assert codes_of(run) >= {"sheet-of-other-unit"}
    alone = check_forms([tmp_path / "in"], jobs=1)
    assert alone.merged
    assert alone.merged.accounts.files[FileState.REFUSED] == 2
    assert codes_of(alone) == {"form-of-unknown-unit", "nothing-to-merge"}


def test_notes_and_stray_texts_on_a_strange_sheet_are_kept() -> None:
    def remark(opened: Workbook) -> None:
        sheet = opened["Uppföljning (2)"]
        sheet["H5"].comment = Comment("Ring mig", "Anna")
        sheet["N40"] = "Långt ner"

    form = read_form_bytes(edit_workbook(remark, move(make_form(A), make_form(B, unit="Åbo"))))
    kept = {(one.location.sheet, one.location.cell): one.texts for one in form.unplaced}
    assert kept["Uppföljning (2)", "H5"] == ("Ring mig",)
    assert kept["Uppföljning (2)", "N40"] == ("Långt ner",)


def test_what_else_stands_beside_the_other_units_sheet_is_kept() -> None:
    """As where somebody wrote on a sheet of their own, and threw the form's away."""

    def only_theirs(opened: Workbook) -> None:
        del opened["Uppföljning"]
        opened.create_sheet("Vårt")["B2"] = "Vi svarar här i stället"
        opened["Läs mig"]["A40"] = "Ring oss"
        opened["Vårt"]["B3"].comment = Comment("Gäller från mars", "Kollega")

    form = read_form_bytes(edit_workbook(only_theirs, move(make_form(A), make_form(B, unit="Åbo"))), PLANNED)
    assert units_of(form) == {"Åbo": B}
    kept = {(one.location.sheet, one.location.cell): (one.unit, one.texts) for one in form.unplaced}
    assert kept == {
        ("Vårt", "B2"): ("Museet", ("Vi svarar här i stället",)),
        ("Läs mig", "A40"): ("Museet", ("Ring oss",)),
        ("Vårt", "B3"): ("Museet", ("Gäller från mars",)),
    }


def test_two_returns_that_differ_on_a_strange_sheet_only_are_two(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name, text in (("Museet.xlsx", "Pågående"), ("Museet (1).xlsx", "Kvarstår")):
        theirs = form_of("Åbo", {"f": {"status": text}})
        (tmp_path / "in" / name).write_bytes(move(form_of("Museet", MINE), theirs))
    run = check_forms([tmp_path / "in"], jobs=1)
    assert run.merged
    assert {file.state for file in run.merged.files} == {FileState.ACCEPTED, FileState.SUPERSEDED}
    said = {text for one in run.merged.unplaced for text in one.texts}
    assert {"Pågående", "Kvarstår"} <= said


def test_forms_sent_back_go_to_each_unit(tmp_path: Path) -> None:
    wrong: AnswerTexts = {"b": {"status": "Kanske"}, "f": {"status": "Pågående"}}
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Museet.xlsx").write_bytes(move(form_of("Museet", MINE), form_of("Åbo", wrong)))
    run = check_forms([tmp_path / "in"], plan=plan_file(tmp_path), return_dir=tmp_path / "ut", jobs=1)
    assert [path.name for path in run.written_files] == ["Åbo.xlsx"]


@pytest.mark.parametrize("seed", range(8))
def test_wherever_the_sheets_end_up_every_answer_counts_for_its_unit(tmp_path: Path, seed: int) -> None:
    """Each unit's sheet stays, is moved or is copied into somebody's workbook, with or without its record."""
    dice = Random(seed)
    forms = {unit: form_of(unit, answers) for unit, answers in (("Museet", MINE), ("Åbo", B), ("Hamnen", C))}
    workbooks = dict(forms)
    for number, (unit, content) in enumerate(forms.items()):
        for host in dice.sample(sorted(workbooks), dice.randint(0, 2)):
            if host != unit:
                for part in dice.choice([("Uppföljning",), ("Uppföljning", "xlflow"), ("Läs mig", "Uppföljning")]):
                    workbooks[host] = move(workbooks[host], content, part, title=f"{part} {number}")
    (tmp_path / "in").mkdir()
    for name, content in workbooks.items():
        (tmp_path / "in" / f"{name}.xlsx").write_bytes(content)
    run = check_forms([tmp_path / "in"], plan=plan_file(tmp_path), jobs=1)
    assert answers_of(run) == ALL
    assert run.merged
    assert run.merged.accounts.is_balanced
    assert run.merged.accounts.rows_set_aside == 0
    assert "conflict" not in codes_of(run)
    assert {found.unit for found in run.findings if found.code == "sheet-of-other-unit"} <= set(forms)
