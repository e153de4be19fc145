"""From the consolidated workbook on disk to the report on disk: what is refused, blanked, kept and overwritten."""

import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from support.draw_report import draw_replies
from support.draw_report import draw_round as draw_followed
from support.draw_round import draw_round
from support.not_empty import not_empty
from test_consolidated_reader import edit, put, write

from xlflow.check.pii import find_pii
from xlflow.model.findings import FatalError, Location
from xlflow.model.plan import PlanItem
from xlflow.pipeline.report_operations import write_report
from xlflow.report.compose import ReportOptions, compose_document
from xlflow.report.redact import check_personal_data, redact_personal_data
from xlflow.rounds.round_changes import ItemChange, ItemSnapshot

EMAIL = "Fråga anna.exempel@exempel.example om bokningen."
PLAN = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Scenen    |              | Kvartal 2 | Norr; Söder
    b  |            |                        |          | Laga tak  |              | Kvartal 3 | Norr
""")


def reported(run_or_stop) -> list[str]:
    return [finding.code for finding in run_or_stop.findings]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    path = tmp_path / "sammanställning.xlsx"
    path.write_bytes(write())
    return path


@pytest.fixture
def exposed(tmp_path: Path) -> Path:
    path = tmp_path / "sammanställning.xlsx"
    path.write_bytes(edit(write(), put("Aktiviteter", "b", "Kommentar/avvikelse", EMAIL)))
    return path


def words_in(path: Path) -> str:
    document = docx.Document(io.BytesIO(path.read_bytes()))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(one.text for one in document.paragraphs), *cells])


# From workbook to file ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "start"), [("r.docx", b"PK"), ("r.pdf", b"%PDF-1.7"), ("r.HTML", b"<!doctype html>")]
)
def test_the_ending_of_the_name_says_what_is_written(workbook: Path, name: str, start: bytes) -> None:
    output = workbook.with_name(name)
    run = write_report(workbook, output)
    assert output.read_bytes().lstrip().startswith(start)
    assert (run.output_path, run.exit_code, run.language) == (output, 0, "sv")
    assert (run.notes[0].word_key, run.notes[0].params["file"]) == ("report.written", output)


def test_the_report_says_what_stands_in_the_workbook_also_in_english(workbook: Path) -> None:
    output = workbook.with_name("report.docx")
    write_report(workbook, output, language="en")
    text = words_in(output)
    assert "Past the deadline" in text or "Postponed" in text
    assert "New deadline: Quarter 3 (in the plan: 2021-02-28). Snön låg kvar" in text


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"output": "rapport.txt"}, "report-format-unknown"),
        ({"output": "rapport"}, "report-format-unknown"),
        ({"unit": "Väster"}, "report-unit-unknown"),
        ({"intro": "finns-inte.md"}, "report-introduction-unreadable"),
        ({"reference": "finns-inte.docx"}, "report-reference-unreadable"),
        ({"reference": "sammanställning.xlsx"}, "report-reference-unreadable"),
        ({"consolidated": "finns-inte.xlsx"}, "path-not-found"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    workbook: Path, options: dict[str, str], code: str
) -> None:
    folder, before = workbook.parent, sorted(workbook.parent.iterdir())
    paths = {key: folder / value for key, value in options.items() if key != "unit"}
    asked = {"consolidated": workbook, "output": folder / "rapport.docx", **paths}
    with pytest.raises(FatalError) as stop:
        write_report(**asked, unit=options.get("unit", ""))
    assert reported(stop.value) == [code]
    assert sorted(folder.iterdir()) == before


def test_an_introduction_that_is_no_text_is_refused(workbook: Path) -> None:
    intro = workbook.with_name("inledning.md")
    intro.write_bytes("Förord".encode("utf-16"))
    with pytest.raises(FatalError) as stop:
        write_report(workbook, workbook.with_name("r.docx"), intro=intro)
    assert reported(stop.value) == ["report-introduction-unreadable"]


def test_introduction_and_unit_reach_the_report(workbook: Path) -> None:
    intro = workbook.with_name("inledning.md")
    intro.write_text("Ett **eget** förord.", encoding="utf-8")
    output = workbook.with_name("r.docx")
    write_report(workbook, output, intro=intro, unit="norr", layout="merged")
    text = words_in(output)
    assert "Ett eget förord." in text
    assert "Norr" in text.split("\n")[1]
    assert "Köp in" in text
    assert "Spara" not in text


def test_a_reference_that_is_of_no_use_is_noted(workbook: Path) -> None:
    reference = workbook.with_name("brev.docx")
    write_report(workbook, reference)
    run = write_report(workbook, workbook.with_name("r.html"), reference=reference)
    assert reported(run) == ["report-reference-unused", "report-errors-unresolved"]


def test_unresolved_errors_are_reported_or_stop_the_report_where_it_is_to_be_clean(tmp_path: Path) -> None:
    path = tmp_path / "sammanställning.xlsx"
    answers = """
        Id | Status              | Ny tidpunkt | Kommentar/avvikelse
        b  | Kraftigt svängande  |             | Snön låg kvar
    """
    path.write_bytes(write(PLAN, {"Norr": answers}))
    run = write_report(path, tmp_path / "r.docx")
    finding = next(finding for finding in run.findings if finding.code == "report-errors-unresolved")
    assert (dict(finding.params)["count"], finding.location.sheet) == (1, "Anmärkningar")
    assert "Svaren har ett fel som inte är rättat." in words_in(tmp_path / "r.docx")
    assert "Fel i svaret (Status, Norr)" in words_in(tmp_path / "r.docx")
    with pytest.raises(FatalError) as stop:
        write_report(path, tmp_path / "ren.docx", require_clean=True)
    assert reported(stop.value) == ["report-not-clean"]
    assert not (tmp_path / "ren.docx").exists()

    def delete_errors(opened: Workbook) -> None:
        sheet = opened["Anmärkningar"]
        for row in reversed(range(2, sheet.max_row + 1)):
            if sheet.cell(row, 1).value == "Fel":
                sheet.delete_rows(row)

    path.write_bytes(edit(path.read_bytes(), delete_errors))
    run = write_report(path, tmp_path / "ren.docx", require_clean=True)
    assert "report-errors-unresolved" not in reported(run)


# What is overwritten --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["r.docx", "r.pdf", "r.html"])
def test_a_report_of_ours_is_replaced_and_anything_else_only_by_force(workbook: Path, name: str) -> None:
    output = workbook.with_name(name)
    write_report(workbook, output)
    write_report(workbook, output, only="deviations")
    output.write_bytes(b"annat")
    with pytest.raises(FatalError) as stop:
        write_report(workbook, output)
    assert reported(stop.value) == ["report-target-edited"]
    assert output.read_bytes() == b"annat"
    write_report(workbook, output, force=True)
    assert output.read_bytes() != b"annat"


def test_a_report_that_somebody_worked_on_is_not_replaced(workbook: Path) -> None:
    output = workbook.with_name("r.docx")
    write_report(workbook, output)
    document = docx.Document(io.BytesIO(output.read_bytes()))
    document.core_properties.last_modified_by = "Nämndsekreteraren"
    document.save(str(output))
    with pytest.raises(FatalError):
        write_report(workbook, output)


@pytest.mark.parametrize(
    ("name", "edits"),
    [
        ("r.html", [(b"</main>", b"<p>Eget</p></main>"), (b"\n", b"\r\n"), (b' name="xlflow-digest"', b"")]),
        ("r.pdf", [(b"%%EOF", b"%%EOF\n9 0 obj\n<</Type/Annot>>\nendobj\n%%EOF"), (b"/Author", b"/Creator")]),
    ],
)
def test_a_page_or_pdf_with_a_hand_edit_is_not_replaced(
    workbook: Path, name: str, edits: list[tuple[bytes, bytes]]
) -> None:
    output = workbook.with_name(name)
    write_report(workbook, output)
    made = output.read_bytes()
    for old, new in not_empty(edits):
        edited = made.replace(old, new)
        assert edited != made
        output.write_bytes(edited)
        with pytest.raises(FatalError) as stop:
            write_report(workbook, output)
        assert reported(stop.value) == ["report-target-edited"]
        assert output.read_bytes() == edited
    output.write_bytes(made)
    write_report(workbook, output)


# What becomes public --------------------------------------------------------------------------------------


def test_personal_data_stops_the_report_with_its_cell_before_anything_is_written(exposed: Path) -> None:
    output = exposed.with_name("r.docx")
    with pytest.raises(FatalError) as stop:
        write_report(exposed, output)
    assert reported(stop.value) == ["report-personal-data"]
    place = stop.value.findings[0].location
    assert (place.file, place.sheet) == ("sammanställning.xlsx", "Aktiviteter")
    assert place.cell
    assert "anna.exempel" not in repr(stop.value.findings), "a message does not repeat it"
    assert not output.exists()


def test_a_number_is_named_where_it_is_now_and_not_where_it_was(tmp_path: Path) -> None:
    answers = {
        "Norr": "Id | Status | Kommentar/avvikelse\na | Pågående | Ring 013-20 60 00",
        "Söder": "Id | Status | Kommentar/avvikelse\na | Pågående | Bra",
    }
    path = tmp_path / "s.xlsx"
    without = edit(write(PLAN, answers), put("Svar", "a", "Kommentar/avvikelse", None))
    path.write_bytes(edit(without, put("Aktiviteter", "a", "Kommentar/avvikelse", "Norr: Ring 013-20 60 00 nu")))
    with pytest.raises(FatalError) as stop:
        write_report(path, tmp_path / "r.pdf")
    (finding,) = stop.value.findings
    sheet = load_workbook(path)["Aktiviteter"]
    assert finding.location.sheet == "Aktiviteter"
    assert finding.location.cell is not None
    assert "013-20 60 00" in str(sheet[finding.location.cell].value)


def test_a_number_that_was_taken_out_of_the_answer_is_not_in_the_report(tmp_path: Path) -> None:
    answers = {
        "Norr": "Id | Status | Kommentar/avvikelse\na | Pågående | Ring 013-20 60 00",
        "Söder": "Id | Status | Kommentar/avvikelse\na | Pågående | Bra",
    }
    path = tmp_path / "s.xlsx"
    path.write_bytes(edit(write(PLAN, answers), put("Svar", "a", "Kommentar/avvikelse", None)))
    write_report(path, tmp_path / "r.html")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Bra" in text
    assert "013-20 60 00" not in text


def test_a_number_outside_the_comment_is_named_with_its_own_cell(tmp_path: Path) -> None:
    path = tmp_path / "s.xlsx"
    path.write_bytes(
        edit(
            write(PLAN, {"Norr": "Id | Status\nb | Pågående"}),
            put("Aktiviteter", "b", "Ny tidpunkt", "Fråga 013-20 60 00"),
        )
    )
    with pytest.raises(FatalError) as stop:
        write_report(path, tmp_path / "r.pdf")
    (finding,) = stop.value.findings
    assert finding.location.cell is not None
    assert load_workbook(path)["Aktiviteter"][finding.location.cell].value == "Fråga 013-20 60 00"


def test_it_is_blanked_or_kept_when_that_is_wanted(exposed: Path) -> None:
    output = exposed.with_name("r.docx")
    run = write_report(exposed, output, redact=True)
    assert (reported(run), run.exit_code) == (["report-redacted", "report-errors-unresolved"], 0)
    assert "Fråga [uppgift borttagen] om bokningen." in words_in(output)
    assert "@" not in words_in(output)
    run = write_report(exposed, output, force=True)
    assert (reported(run), run.exit_code) == (["report-personal-data", "report-errors-unresolved"], 0)
    assert EMAIL in words_in(output)


def test_what_several_units_said_is_looked_through_as_well(tmp_path: Path) -> None:
    answers = {
        "Norr": "Id | Status | Kommentar/avvikelse\na | Pågående | Ring 013-20 60 00\nb | Pågående | Bra",
        "Söder": "Id | Status | Kommentar/avvikelse\na | Pågående | Bra",
    }
    path = tmp_path / "s.xlsx"
    path.write_bytes(write(PLAN, answers))
    with pytest.raises(FatalError) as stop:
        write_report(path, tmp_path / "r.pdf")
    assert reported(stop.value) == ["report-personal-data"]
    run = write_report(path, tmp_path / "r.html", redact=True)
    assert reported(run) == ["report-redacted"]
    assert "013-20" not in (tmp_path / "r.html").read_text(encoding="utf-8")


@given(
    st.text(max_size=30),
    st.sampled_from(["a.b@exempel.example", "070-123 45 67", "+46 13 20 60 00"]),
    st.text(max_size=30),
)
def test_nothing_personal_is_left_once_it_is_blanked(before: str, secret: str, after: str) -> None:
    followed = draw_followed("S/M/N/Öppna verkstad || Pågående")
    entry = followed.item_statuses[0]
    text = f"{before} {secret} {after}"
    said = draw_replies(entry, ("A", "ongoing", "Pågående", text), ("B", "ongoing", "Pågående", "Bra"))
    entry = replace(entry, answers={"comment": text}, unit_replies=said)
    clean = redact_personal_data(replace(followed, item_statuses=(entry,)))
    assert check_personal_data(clean) == ()
    left = str(clean.item_statuses[0].unit_replies[0].answers["comment"])
    assert not find_pii(left)
    assert re.sub(r"\s", "", left).startswith(re.sub(r"\s", "", before)[:1])


def test_what_has_changed_is_looked_through_too() -> None:
    followed = draw_followed("S/M/N/Öppna verkstad || Pågående")
    kept, gone = followed.item_statuses[0].item, PlanItem("gone", ("", "", "", "Ring 013-20 60 00", ""), ())
    then, now = ItemSnapshot(kept, None, "Fråga a.b@exempel.example"), ItemSnapshot(kept, "ongoing", "Pågående")
    changes = (
        ItemChange("status", is_part=False, previous=then, current=now, matched_by="id"),
        ItemChange("gone", is_part=False, previous=ItemSnapshot(gone, "done", "Genomfört"), current=None),
    )
    followed = replace(followed, changes=changes, compared_to=date(2020, 8, 31))
    found = check_personal_data(followed)
    assert [(one.row_id, one.location.sheet) for one in found] == [
        ("l1", "Förändringar"),
        ("gone", "Förändringar"),
    ]
    assert check_personal_data(redact_personal_data(followed)) == ()
    reported = compose_document(redact_personal_data(followed), ReportOptions())
    assert "exempel.example" not in repr(reported)
    assert "013-20" not in repr(reported)
    assert "[uppgift borttagen]" in repr(reported)


def test_the_plans_own_words_are_left_alone() -> None:
    followed = draw_followed("S/M/N/Svara på post@exempel.example || Pågående")
    assert check_personal_data(followed) == ()
    assert redact_personal_data(followed).item_statuses[0].item == followed.item_statuses[0].item


def test_the_text_of_a_units_own_activity_is_searched_and_blanked() -> None:
    followed = draw_followed("S/M/N/Ring 013-20 60 00 || Pågående\nS/M/N/Fråga a.b@exempel.example || Pågående")
    planned, other = followed.item_statuses
    added = replace(other, item=replace(other.item, added_by_unit=True), location=Location("s.xlsx", "Svar", "D7"))
    followed = replace(followed, item_statuses=(planned, added))
    (finding,) = check_personal_data(followed)
    assert (finding.row_id, finding.location.cell) == (added.item.id, "D7")
    redacted = redact_personal_data(followed)
    assert check_personal_data(redacted) == ()
    assert "Ring 013-20 60 00" in redacted.item_statuses[0].item.level_texts
    assert "Fråga [uppgift borttagen]" in redacted.item_statuses[1].item.level_texts
    shown = repr(compose_document(redacted, ReportOptions()))
    assert "exempel.example" not in shown
    assert "Ring 013-20 60 00" in shown


def test_a_units_own_activity_among_the_changes_is_searched_and_a_planned_one_is_not() -> None:
    followed = draw_followed("S/M/N/Ring 013-20 60 00 || Pågående")
    planned = followed.item_statuses[0].item
    added = replace(planned, id="+", level_texts=("", "", "", "Ring 013-20 60 01", ""), added_by_unit=True)
    changes = tuple(
        ItemChange("new", is_part=False, previous=None, current=ItemSnapshot(item, "ongoing", "Pågående"))
        for item in (planned, added)
    )
    followed = replace(followed, changes=changes, compared_to=date(2020, 8, 31))
    assert [finding.row_id for finding in check_personal_data(followed)] == ["+"]
    redacted = redact_personal_data(followed)
    assert check_personal_data(redacted) == ()
    assert [change.current and change.current.item.level_texts[3] for change in redacted.changes] == [
        "Ring 013-20 60 00",
        "Ring [uppgift borttagen]",
    ]
