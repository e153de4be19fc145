"""What a unit added itself lives on in its next form until it is done or removed."""

from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from xlflow.model.merged import RunResult
from xlflow.pipeline.form_operations import check_forms, generate_forms, merge_forms

HEADINGS = "Perspektiv;Kommunövergripande mål;Nämndmål;Aktivitet;Delaktivitet;Slutdatum;Enhet\n"
PLAN = HEADINGS + "Samhälle;Levande kommun;Möten;Laga taket;;Kvartal 2;Norr\n"
NEXT_PLAN = PLAN + "Samhälle;Levande kommun;Möten;Rensa bäcken;;Kvartal 4;Norr\n"
FORM = "Uppföljning"
ADDED = {
    "Låna ut cyklar": {"Slutdatum": "Kvartal 3", "Status": "Pågående", "Kommentar/avvikelse": "Tio cyklar"},
    "Måla bryggan": {"Status": "Genomfört"},
    "Rensa bäcken": {"Status": "Kvarstår"},
}
MARCH, AUGUST = date(2021, 3, 31), date(2021, 8, 31)


def _columns(sheet: Worksheet) -> dict[str, int]:
    return {str(cell.value): cell.column for cell in sheet[4] if cell.value}


def _texts(sheet: Worksheet, row: int) -> dict[str, object]:
    return {heading: sheet.cell(row, column).value for heading, column in _columns(sheet).items()}


def _row_of(sheet: Worksheet, activity: str) -> int:
    column = _columns(sheet)["Aktivitet"]
    return next(row for row in range(5, sheet.max_row + 1) if sheet.cell(row, column).value == activity)


def fill_form(form: Path, target: Path, changes: dict[str, dict[str, str | None]]) -> None:
    """Write into the row of each activity, or into the first free row where the form has no such activity."""
    workbook = load_workbook(form)
    sheet = workbook[FORM]
    columns = _columns(sheet)
    for activity, texts in changes.items():
        try:
            row = _row_of(sheet, activity)
        except StopIteration:
            heading = next(row for row in range(5, 99) if "tillägg" in str(sheet.cell(row, 1).value))
            row = next(row for row in range(heading + 1, 99) if not sheet.cell(row, columns["Aktivitet"]).value)
            sheet.cell(row, columns["Aktivitet"]).value = activity
        for column, text in texts.items():
            sheet.cell(row, columns[column]).value = text
    target.parent.mkdir(exist_ok=True)
    workbook.save(target)


@pytest.fixture(scope="module")
def round_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the forms of August, made from the round of March."""
    round_folder = tmp_path_factory.mktemp("desk")
    (round_folder / "plan.csv").write_text(PLAN, encoding="utf-8")
    (round_folder / "plan 2.csv").write_text(NEXT_PLAN, encoding="utf-8")
    generate_forms(round_folder / "plan.csv", round_folder / "mars", as_of=MARCH)
    fill_form(
        round_folder / "mars" / "Norr.xlsx",
        round_folder / "in 1" / "Norr.xlsx",
        {"Laga taket": {"Status": "Pågående"}, **ADDED},
    )
    merge_forms([round_folder / "in 1"], round_folder / "mars.xlsx", plan=round_folder / "plan.csv")
    generate_forms(
        round_folder / "plan 2.csv", round_folder / "augusti", as_of=AUGUST, previous=round_folder / "mars.xlsx"
    )
    return round_folder


def _merge(round_folder: Path, name: str, changes: dict[str, dict[str, str | None]]) -> RunResult:
    fill_form(round_folder / "augusti" / "Norr.xlsx", round_folder / name / "Norr.xlsx", changes)
    return merge_forms(
        [round_folder / name],
        round_folder / f"{name}.xlsx",
        plan=round_folder / "plan 2.csv",
        previous=round_folder / "mars.xlsx",
        force=True,
    )


def _added(run: RunResult) -> dict[str, tuple[bool, str]]:
    assert run.merged is not None
    rows = [merged_row.row for merged_row in run.merged.rows if merged_row.row.item.added_by_unit]
    return {
        row.item.level_texts[3]: (bool(row.item.continues_from), row.answer("status").raw_text) for row in rows
    }  # type: ignore[union-attr]


def test_an_own_activity_that_is_not_done_has_a_row_of_its_own(round_folder: Path) -> None:
    sheet = load_workbook(round_folder / "augusti" / "Norr.xlsx")[FORM]
    texts = _texts(sheet, _row_of(sheet, "Låna ut cyklar"))
    assert str(texts["Id"]).startswith("own-")
    assert (texts["Slutdatum"], texts["Status"], texts["Kommentar/avvikelse"]) == ("Kvartal 3", None, None)
    assert texts["Förra omgången"] == "Egen aktivitet från förra omgången\nPågående\nTio cyklar"


def test_what_is_done_or_in_the_plan_now_is_not_repeated(round_folder: Path) -> None:
    sheet = load_workbook(round_folder / "augusti" / "Norr.xlsx")[FORM]
    activities = [sheet.cell(row, _columns(sheet)["Aktivitet"]).value for row in range(5, sheet.max_row + 1)]
    assert [text for text in activities if text] == ["Laga taket", "Rensa bäcken", "Låna ut cyklar"]


def test_the_coordinator_reads_which_activities_live_on(round_folder: Path) -> None:
    run = generate_forms(
        round_folder / "plan 2.csv", round_folder / "augusti", as_of=AUGUST, previous=round_folder / "mars.xlsx"
    )
    carried = [found for found in run.findings if found.code == "added-items-carried"]
    assert [(found.unit, dict(found.params)["items"]) for found in carried] == [("Norr", "Låna ut cyklar")]


def test_a_form_that_came_back_with_them_alone_is_blank(round_folder: Path) -> None:
    run = _merge(round_folder, "tomt", {})
    assert run.merged is not None
    assert run.merged.units_with_blank_form == ("Norr",)
    assert _added(run) == {"Låna ut cyklar": (True, "")}
    assert run.merged.unplaced == ()


def test_it_continues_from_the_previous_round_also_when_it_is_reworded(round_folder: Path) -> None:
    run = _merge(round_folder, "svar", {"Låna ut cyklar": {"Aktivitet": "Hyra ut hojar", "Status": "Genomfört"}})
    assert _added(run) == {"Hyra ut hojar": (True, "Genomfört")}
    assert run.merged is not None
    assert run.merged.unplaced == ()
    changes = load_workbook(round_folder / "svar.xlsx")["Förändringar"]
    assert [row for row in changes.iter_rows(values_only=True) if "Hyra ut hojar" in row and "Genomförd" in row]


def test_it_is_gone_when_the_row_is_emptied(round_folder: Path) -> None:
    run = _merge(
        round_folder, "tömd", {"Laga taket": {"Status": "Genomfört"}, "Låna ut cyklar": {"Aktivitet": None}}
    )
    assert _added(run) == {}
    assert run.merged is not None
    assert run.merged.unplaced == ()
    assert "text-outside-table" not in [found.code for found in run.findings]


def test_the_form_says_what_to_do_with_them(round_folder: Path) -> None:
    guide = load_workbook(round_folder / "augusti" / "Norr.xlsx")["Läs mig"]
    assert any("från förra omgången står kvar" in str(cell.value) for (cell,) in guide["B1:B40"])
    first = load_workbook(round_folder / "mars" / "Norr.xlsx")["Läs mig"]
    assert not any("från förra omgången" in str(cell.value) for (cell,) in first["B1:B40"])


def test_the_form_that_goes_back_still_has_it(round_folder: Path) -> None:
    fill_form(
        round_folder / "augusti" / "Norr.xlsx",
        round_folder / "fel" / "Norr.xlsx",
        {"Laga taket": {"Status": "Struntat i"}, "Låna ut cyklar": {"Status": "Pågående"}},
    )
    check_forms([round_folder / "fel"], return_dir=round_folder / "åter", plan=round_folder / "plan 2.csv")
    sheet = load_workbook(round_folder / "åter" / "Norr.xlsx")[FORM]
    texts = _texts(sheet, _row_of(sheet, "Låna ut cyklar"))
    assert (texts["Status"], str(texts["Id"])[:4]) == ("Pågående", "own-")
    assert str(texts["Förra omgången"]).startswith("Egen aktivitet från förra omgången")
