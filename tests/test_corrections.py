"""Answers carried over: a form that goes back holds all that came, marked where it must be mended, and what comes
back of it counts in place of the first without a conflict."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_round import AS_OF, DUE, draw_round
from support.libreoffice import convert
from support.sampling import sample_size

from xlflow.correct.plan_corrections import plan_correction_forms
from xlflow.definition.template_loader import load_template
from xlflow.excel.reader import open_workbook
from xlflow.form.metadata import issued_items
from xlflow.generate import write_form
from xlflow.i18n.catalogue import Language, translate
from xlflow.merge.build_merged import merge_submissions as merge_forms_read
from xlflow.model.findings import FatalError, Finding, Location, Severity, make_finding, remedy_of
from xlflow.model.merged import RunResult
from xlflow.model.plan import PlanItem
from xlflow.model.submission import AnswerRow, FileState, ReceivedFile, Submission, Unplaced
from xlflow.model.text import collapse_whitespace
from xlflow.pipeline.form_operations import check_forms, generate_forms, merge_forms
from xlflow.read.build_submission import read_form

PLAN = """
Perspektiv;Kommunövergripande mål;Nämndmål;Aktivitet;Delaktivitet;Slutdatum;Enhet
Samhälle;Levande kommun;Möten;Öppna kvarnen;;Kvartal 2;Norr; Söder
;;;Hyra ut båtar;;2021-06-30;Norr
;;;;Köpa båtar;;Norr
;;;Laga taket;;Se planen;Norr
""".replace("Norr; Söder", '"Norr; Söder"')
FORM, TO_CORRECT, LOOSE = "Uppföljning", "Att rätta", "Text utanför tabellen"
MILL, BOATS, BUYING, ROOF, FREE = 5, 6, 7, 8, 10
"""Rows of the form of Norr: its lines, and the first free one."""

Cells = Mapping[str, object]


class Loop:
    """One round in a folder: what went out, what came back, what goes back again."""

    def __init__(self, folder: Path, plan: str = PLAN, template: str = "followup", language: Language = "sv"):
        self.plan, self.out, self.back, self.again = (
            folder / name for name in ("plan.csv", "out", "returned", "again")
        )
        self.plan.write_text(plan, encoding="utf-8")
        generate_forms(self.plan, self.out, as_of=AS_OF, due=DUE, template=template, language=language)
        self.back.mkdir()

    def answer(self, unit: str, cells: Cells, name: str = "", *, sheet: str = FORM) -> Path:
        """Type into the form that went out and put it among what came back."""
        return type_into(self.out / f"{unit}.xlsx", self.back / f"{name or unit}.xlsx", cells, sheet=sheet)

    def correct(self, unit: str, cells: Cells, name: str = "") -> Path:
        """Type into the form that went back and put it among what came back, beside the first."""
        return type_into(self.again / f"{unit}.xlsx", self.back / f"{name or unit + ' rättat'}.xlsx", cells)

    def send_back(self, *, plan: bool = False) -> RunResult:
        return check_forms([self.back], return_dir=self.again, plan=self.plan if plan else None)

    def merge(self) -> RunResult:
        return merge_forms([self.back], self.back.parent / "all.xlsx", plan=self.plan, force=True)

    def opened(self, unit: str = "Norr") -> Workbook:
        return load_workbook(self.again / f"{unit}.xlsx")


def type_into(form: Path, target: Path, cells: Cells, *, sheet: str = FORM) -> Path:
    """Type into a form, a None clears a cell; saved as another program saves it."""
    book = load_workbook(form)
    for cell, value in cells.items():
        book[sheet][cell] = value
    book.properties.modified = None
    book.save(target)
    return target


def table_of(sheet: Worksheet) -> list[str]:
    """Return the list of what is to be corrected, as "Rätta | H5 | Öppna kvarnen | Status | Klart"."""
    return [
        " | ".join(str(cell or "") for cell in row[:5]).rstrip(" |")
        for row in sheet.iter_rows(min_row=5, values_only=True)
    ]


def codes(run: RunResult) -> list[str]:
    return [
        f"{found.code} {found.location.cell or ''}".strip()
        for found in run.findings
        if found.effective_severity != "note"
    ]


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return Loop(tmp_path)


ANSWERS: Cells = {
    f"H{MILL}": "På gång, typ",
    f"J{MILL}": "  Två rader\noch blanksteg  ",
    f"H{BOATS}": "Pågående",
    f"H{ROOF}": "Förskjuts",
    f"J{ROOF}": "Förskjuts till kvartal 4.",
    f"E{FREE}": "Egen idé",
    f"H{FREE}": "Pågår",
    f"J{FREE}": "- ett\n- två",
}


def test_a_form_goes_back_with_its_answers_its_faults_and_its_lists(loop: Loop) -> None:
    loop.answer("Norr", {**ANSWERS, "N2": "Hälsningar från Norr"})
    run = loop.send_back()
    assert [path.name for path in run.written_files] == ["Norr.xlsx"]
    book = loop.opened()
    assert book.sheetnames == ["Läs mig", TO_CORRECT, FORM, LOOSE, "xlflow", "xlflow_calc"]
    assert book.active.title == TO_CORRECT
    assert [sheet.title for sheet in book if sheet.sheet_view.tabSelected] == [TO_CORRECT]
    form = book[FORM]
    assert {cell: form[cell].value for cell in ANSWERS} == ANSWERS
    assert table_of(book[TO_CORRECT]) == [
        "Rätta | H5 | Öppna kvarnen | Status | På gång, typ",
        "Rätta | I8 | Laga taket | Ny tidpunkt",
        "Tips | H10 | Egen idé | Status | Pågår",
    ]
    assert [row[0] for row in book[LOOSE].iter_rows(min_row=4, max_col=2, values_only=True)] == [
        "Norr.xlsx, blad Uppföljning, cell N2"
    ]
    assert book[LOOSE]["B4"].value == "Hälsningar från Norr"


def test_the_marked_cells_carry_notes_and_links_lead_to_them(loop: Loop) -> None:
    loop.answer("Norr", ANSWERS)
    loop.send_back()
    book = loop.opened()
    form, listed = book[FORM], book[TO_CORRECT]
    notes = {cell.coordinate: cell.comment for row in form for cell in row if cell.comment}
    assert set(notes) == {"H5", "I8", "H10"}
    assert {note.author for note in notes.values()} == {"xlflow"}
    assert "Menade du ”Pågående”?" not in notes["I8"].text
    assert "Menade du ”Kvartal 4”?" in notes["I8"].text
    assert [cell.hyperlink.location for (cell,) in listed["B5:B7"]] == [
        f"'{FORM}'!{cell}" for cell in ("H5", "I8", "H10")
    ]
    fills = {cell: form[cell].fill.fgColor.rgb for cell in ("H5", "I8", "H10", "H6")}
    assert fills["H5"] == fills["I8"] != fills["H6"] == fills["H10"]
    assert any(
        "H5:H7" in str(each.sqref) or "H5:H8" in str(each.sqref) for each in form.data_validations.dataValidation
    )


def test_a_form_in_which_nothing_is_wrong_does_not_go_back(loop: Loop) -> None:
    loop.answer("Norr", {f"H{row}": "Genomfört" for row in (MILL, BOATS, ROOF)})
    loop.answer("Söder", {"H5": "Pågår", "J5": "Ring 070-123 45 67"})
    run = loop.send_back()
    assert run.written_files == ()
    assert run.output_path is None
    assert not loop.again.exists()
    assert {found.effective_severity for found in run.findings} == {Severity.NOTE}


def test_the_corrected_form_counts_in_place_of_the_first_without_conflict(loop: Loop) -> None:
    first = loop.answer("Norr", {**ANSWERS, "N2": "Hälsningar från Norr"})
    loop.send_back()
    loop.correct(
        "Norr", {"H5": "Genomfört", "I8": "Kvartal 4", f"E{FREE}": "Egen idé, ny form", f"H{FREE}": "Pågående"}
    )
    run = loop.merge()
    assert run.merged is not None
    assert codes(run) == []
    assert {file.name: file.state for file in run.merged.files} == {
        first.name: FileState.SUPERSEDED,
        "Norr rättat.xlsx": FileState.ACCEPTED,
    }
    assert [one.row.item.level_texts[3] for one in run.merged.rows if one.row.item.added_by_unit] == [
        "Egen idé, ny form"
    ]
    assert [one.texts for one in run.merged.unplaced] == [("Hälsningar från Norr",)]
    assert run.merged.accounts.is_balanced


def test_the_order_of_the_two_does_not_matter_nor_when_they_were_saved(loop: Loop) -> None:
    loop.answer("Norr", ANSWERS, "Z först")
    loop.send_back()
    loop.correct("Norr", {"H5": "Genomfört", "I8": "Kvartal 4"}, "A sedan")
    merged = loop.merge().merged
    assert merged is not None
    assert {file.name: file.state.value for file in merged.files} == {
        "Z först.xlsx": "superseded",
        "A sedan.xlsx": "accepted",
    }


def test_a_third_return_meets_the_corrected_one_cell_by_cell(loop: Loop) -> None:
    loop.answer("Norr", ANSWERS)
    loop.send_back()
    loop.correct("Norr", {"H5": "Genomfört", "I8": "Kvartal 4"})
    # Meanwhile somebody else changed one cell in an old copy, and saved it last.
    loop.answer("Norr", {**ANSWERS, f"H{BOATS}": "Kvarstår"}, "Norr igen")
    run = loop.merge()
    assert run.merged is not None
    assert codes(run) == []
    said = {one.row.item.level_texts[3:]: one.row.answers[0].raw_text for one in run.merged.rows}
    assert said["Öppna kvarnen", ""] == "Genomfört"
    assert said["Hyra ut båtar", ""] == "Kvarstår"


def test_a_form_that_came_back_as_it_was_says_the_same_as_the_first(loop: Loop) -> None:
    loop.answer("Norr", {**ANSWERS, "N2": "Hälsningar från Norr", "B20": "Under tabellen"})
    loop.send_back()
    shutil.copy(loop.again / "Norr.xlsx", loop.back / "Norr åter.xlsx")
    merged = loop.merge().merged
    assert merged is not None
    assert sorted(file.state.value for file in merged.files) == ["accepted", "duplicate"]


def test_what_went_back_is_written_anew_until_somebody_has_filled_it_in(loop: Loop) -> None:
    loop.answer("Norr", {**ANSWERS, f"J{FREE + 1}": "utan aktivitet", "N2": "Hälsningar"})
    loop.send_back()
    assert loop.send_back().written_files
    type_into(loop.again / "Norr.xlsx", loop.again / "Norr.xlsx", {"H5": "Genomfört"})
    with pytest.raises(FatalError) as stop:
        loop.send_back()
    assert [found.code for found in stop.value.findings] == ["target-has-answers"]


def test_two_returns_of_a_unit_go_back_as_one(loop: Loop) -> None:
    loop.answer("Norr", {"H5": "Genomfört", "H6": "Pågående"})
    loop.answer("Norr", {"H5": "Utgår", "H8": "Klart"}, "Norr 2")
    loop.send_back()
    form = loop.opened()[FORM]
    assert {form["H5"].value, form["H6"].value, form["H8"].value} >= {"Pågående", "Klart"}
    (conflict,) = [line for line in table_of(loop.opened()[TO_CORRECT]) if " H5 " in line]
    assert conflict.startswith("Se över | H5 | Öppna kvarnen | Status")
    loop.correct("Norr", {"H5": "Genomfört", "H8": "Genomfört"}, "Norr 3")
    run = loop.merge()
    assert codes(run) == []
    assert run.merged is not None
    assert sorted(file.state.value for file in run.merged.files) == ["accepted", "superseded", "superseded"]


@pytest.mark.parametrize(
    ("last", "remedy"),
    [("Utgår", "Låt det stå om det stämmer."), ("vet ej", "Det som står här behöver rättas.")],
)
def test_what_two_returns_disagree_on_may_stay_only_if_it_can_stand(loop: Loop, last: str, remedy: str) -> None:
    loop.answer("Norr", {"H5": "Pågående", "H6": "Genomfört", "J5": "Skäl"}, "Norr i mars")
    loop.answer("Norr", {"H5": last, "H6": "Genomfört", "J5": "Skäl"})
    loop.send_back()
    rows = loop.opened()[TO_CORRECT].iter_rows(min_row=5, values_only=True)
    (said,) = [str(row[6]) for row in rows if str(row[5]).startswith("Det kom två olika svar")]
    assert said.startswith(remedy)


def test_what_the_fresh_form_mends_is_reported_in_words_that_fit_it(loop: Loop) -> None:
    form = loop.answer(
        "Norr", {"H5": "Genomfört", "H6": "Pågående", "A9": "okänt", "E9": "Främmande", "H9": "Pågår"}
    )
    book = load_workbook(form)
    book[FORM].delete_rows(ROOF)
    book.save(form)
    loop.send_back()
    book = loop.opened()
    assert table_of(book[TO_CORRECT]) == [
        "Se över | H8 | Laga taket | Status",
        "Se över | B4",
    ]
    assert [row[5] for row in book[TO_CORRECT].iter_rows(min_row=5, values_only=True)] == [
        "Raden fanns inte med i det ni skickade. Nu är den tillbaka.",
        "En rad i det ni skickade gick inte att placera: okänt | Främmande | Pågår",
    ]
    assert [cell.value for cell in book[LOOSE][4]][1:] == ["okänt", "Främmande", "Pågår"]


@pytest.mark.with_tools
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_the_loop_goes_round_through_libreoffice(loop: Loop, kind: str) -> None:
    loop.answer("Norr", {**ANSWERS, "N2": "Hälsningar från Norr"})
    through_office(loop.back / "Norr.xlsx", "xlsx")
    run = loop.send_back()
    assert run.merged is not None
    assert [path.name for path in run.written_files] == ["Norr.xlsx"]
    loop.correct("Norr", {"H5": "Genomfört", "I8": "Kvartal 4"})
    through_office(loop.back / "Norr rättat.xlsx", kind)
    merged = loop.merge()
    assert codes(merged) == []
    assert merged.merged is not None
    assert sorted(file.state.value for file in merged.merged.files) == ["accepted", "superseded"]
    said = {one.row.item.level_texts[3]: one.row.answers for one in merged.merged.rows}
    assert [answer.raw_text for answer in said["Egen idé"]] == ["Pågår", "", "- ett\n- två"]
    assert said["Öppna kvarnen"][2].raw_text == ANSWERS["J5"]


@pytest.mark.with_tools
def test_libreoffice_sees_what_has_been_changed(loop: Loop) -> None:
    loop.answer("Norr", ANSWERS)
    loop.send_back()
    target = loop.correct("Norr", {"I8": "Kvartal 4"})
    through_office(target, "xlsx")
    listed = load_workbook(target, data_only=True)[TO_CORRECT]
    assert [listed[f"H{row}"].value for row in (5, 6, 7)] == ["Oförändrad", "Ändrad", "Oförändrad"]
    assert listed["A3"].value == "Ändrade rutor: 1 av 3"


def through_office(path: Path, kind: str) -> None:
    """Open and save a form in LibreOffice, in its own place."""
    (saved,) = convert([path], "xlsx:Calc MS Excel 2007 XML" if kind == "xlsx" else kind, path.parent / "saved")
    path.unlink()
    saved.rename(path.with_suffix(f".{kind}"))
    saved.parent.rmdir()
    if kind != "xlsx":
        path.with_suffix(f".{kind}").rename(path)


# Numbers and days ---------------------------------------------------------------------------------------------


def test_numbers_go_back_so_that_they_are_read_the_same(tmp_path: Path) -> None:
    asked = load_template("budget")
    labels = [each.label.sv for each in (*asked.levels, *asked.plan_fields())]
    plan = ";".join([*labels, "Enhet"]) + "\n" + ";".join([*(["x"] * len(asked.levels)), "1000", "Norr"]) + "\n"
    loop = Loop(tmp_path, plan, "budget")
    columns = {cell.value: cell.column_letter for cell in load_workbook(loop.out / "Norr.xlsx")[FORM][4]}
    first, second = [columns[each.label.sv] for each in asked.answer_fields() if each.type == "number"][:2]
    loop.answer("Norr", {f"{first}5": 1.125, f"{second}5": "ungefär hälften"})
    run = loop.send_back()
    assert run.merged is not None
    form = loop.opened()[FORM]
    assert form[f"{first}5"].value == 1.125
    assert form[f"{second}5"].value == "ungefär hälften"
    assert loop.send_back().written_files
    loop.correct("Norr", {f"{second}5": 2})
    merged = loop.merge().merged
    assert merged is not None
    assert [str(total) for total in merged.accounts.sums_out.values()][:2] == ["1.125", "2"]
    assert merged.accounts.is_balanced


# An older version of the template -----------------------------------------------------------------------------

OLDER = """
extends = "followup"
name = "round"
version = "9"
title = { sv = "Uppföljning", en = "Follow-up" }
description = { sv = "Första försöket.", en = "The first try." }
fields = [
  { key = "mood", type = "text", label = { sv = "Läget", en = "Mood" }, after = "status" },
  { key = "plan_b", type = "text", label = { sv = "Reservplan", en = "Fallback" } },
]
"""
NEWER = """
extends = "followup"
name = "round"
version = "10"
title = { sv = "Uppföljning", en = "Follow-up" }
description = { sv = "Med en fråga till.", en = "With one more question." }
fields = [
  { key = "fallback", type = "text", label = { sv = "Reservplan", en = "Fallback" } },
  { key = "cost", type = "number", required = true, label = { sv = "Kostnad", en = "Cost" } },
]
"""


def test_answers_move_from_an_older_version_of_the_template(tmp_path: Path) -> None:
    for name, text in (("older.toml", OLDER), ("newer.toml", NEWER)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    loop = Loop(tmp_path, template=str(tmp_path / "older.toml"))
    loop.answer(
        "Norr",
        {
            "H5": "Genomfört",
            "I5": "Bra",
            "K5": "Klart före sommaren",
            "L5": "Hyra en",
            "H6": "Pågår",
            "H8": "Utgår",
        },
    )
    shutil.rmtree(loop.out)
    generate_forms(loop.plan, loop.out, as_of=AS_OF, due=DUE, template=str(tmp_path / "newer.toml"))
    loop.answer("Söder", {"H5": "Genomfört", "L5": 12})
    run = loop.send_back()
    assert run.merged is not None
    assert run.merged.round.template.version == "10"
    assert "form-lacks-questions" in codes(run)
    assert [one.texts for one in run.merged.unplaced] == [("Läget", "Bra")]
    form = loop.opened()[FORM]
    headings = [cell.value for cell in form[4]]
    assert headings[7:12] == ["Status", "Ny tidpunkt", "Kommentar/avvikelse", "Reservplan", "Kostnad"]
    assert [form.cell(5, column).value for column in range(8, 13)] == [
        "Genomfört",
        None,
        "Klart före sommaren",
        "Hyra en",
        None,
    ]
    reported = [str(row[5]) for row in loop.opened()[TO_CORRECT].iter_rows(min_row=5, values_only=True)]
    assert "Formuläret har fått nya frågor sedan ni svarade: Kostnad." in reported


def test_an_answer_that_only_the_newer_version_knows_is_understood(tmp_path: Path) -> None:
    name = 'extends = "followup"\nname = "round"\nversion = "{}"\ntitle = {{ sv = "Ny", en = "New" }}\n'
    resting = '[[choices]]\nkey = "status"\n[[choices.options]]\ncode = "resting"\nrank = 2\n'
    resting += 'label = { sv = "Vilar", en = "Rests" }\n'
    for version, more in (("1", ""), ("2", resting)):
        (tmp_path / f"{version}.toml").write_text(name.format(version) + more, encoding="utf-8")
    loop = Loop(tmp_path, template=str(tmp_path / "1.toml"))
    loop.answer("Norr", {"H5": "Vilar", "H6": "Kanske", "H8": "Genomfört"})
    assert codes(loop.send_back()) == ["choice-unknown H5", "choice-unknown H6"]
    generate_forms(loop.plan, loop.out, as_of=AS_OF, due=DUE, template=str(tmp_path / "2.toml"), force=True)
    loop.answer("Söder", {"H5": "Genomfört"})
    run = loop.send_back()
    assert codes(run) == ["choice-unknown H6"]
    assert "Vilar" in next(str(remedy_of(found, "sv")) for found in run.findings if found.code == "choice-unknown")


def test_what_was_written_over_the_forms_own_words_goes_along(loop: Loop) -> None:
    loop.answer("Norr", {"H5": "Vilar?", "C5": "Vårt eget mål", "J4": "Vår kommentar", "A6": "nr 7", "A7": None})
    loop.send_back()
    texts = [str(cell.value) for row in loop.opened()[LOOSE].iter_rows(min_row=4, min_col=2) for cell in row]
    assert [text for text in ("Vårt eget mål", "Vår kommentar", "nr 7") if text not in "; ".join(texts)] == []
    assert "Köpa båtar" not in "; ".join(texts)
    loop.correct("Norr", {"H5": "Genomfört", "H6": "Pågående", "H7": "Pågående", "H8": "Pågående"})
    run = loop.merge()
    assert run.merged is not None
    assert [file.state for file in run.merged.files] == [FileState.ACCEPTED, FileState.SUPERSEDED]
    assert {one.location.sheet for one in run.merged.unplaced} == {LOOSE}


def test_what_is_written_below_the_list_of_faults_is_kept(loop: Loop) -> None:
    loop.answer("Norr", ANSWERS)
    loop.send_back()
    last = loop.opened()[TO_CORRECT].max_row
    type_into(
        loop.again / "Norr.xlsx",
        loop.back / "Norr igen.xlsx",
        {f"A{last + 2}": "Vi återkommer", f"I{last}": "Ja"},
        sheet=TO_CORRECT,
    )
    run = loop.merge()
    assert run.merged is not None
    kept = [(one.location.cell, one.texts) for one in run.merged.unplaced if one.location.sheet == TO_CORRECT]
    assert kept == [(f"I{last}", ("Ja",)), (f"A{last + 2}", ("Vi återkommer",))]


# The previous round -------------------------------------------------------------------------------------------


def test_last_rounds_answers_stand_beside_the_empty_cells(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    loop.answer(
        "Norr", {"H5": "Förskjuts", "I5": "Kvartal 4", "J5": "Rör\npå ön", "H6": "Pågående", "H8": "Kvarstår"}
    )
    loop.answer("Söder", {"H5": "Genomfört"})
    loop.merge()
    plan = tmp_path / "plan 2.csv"
    plan.write_text(
        "Perspektiv;Kommunövergripande mål;Nämndmål;Aktivitet;Delaktivitet;Slutdatum;Enhet;Fortsätter från\n"
        "Samhälle;Levande kommun;Möten;Öppna kvarnen;;Kvartal 2;Norr;\n"
        "Samhälle;Levande kommun;Möten;Hyra ut kanoter;;Kvartal 2;Norr;Hyra ut båtar\n"
        "Samhälle;Levande kommun;Möten;Laga taket;;Kvartal 2;Väster;\n"
        "Samhälle;Levande kommun;Möten;Något nytt;;Kvartal 2;Norr;2019-77\n",
        encoding="utf-8",
    )
    out = tmp_path / "out 2"
    run = generate_forms(plan, out, as_of=date(2021, 8, 31), previous=tmp_path / "all.xlsx")
    assert [
        f"{found.code} {found.value or ''}".strip()
        for found in run.findings
        if "previous" in found.code or "from" in found.code
    ] == [
        "previous-item-not-found Hyra ut båtar – Köpa båtar",
        "previous-shown",
        "continues-from-unknown 2019-77",
    ]
    form = load_workbook(out / "Norr.xlsx")
    headings = [cell.value for cell in form[FORM][4]]
    column = headings.index("Förra omgången") + 1
    assert headings[column - 2 : column + 1] == ["Slutdatum", "Förra omgången", "Status"]
    last_printed_column = form[FORM].print_area.rpartition("$")[0].rpartition("$")[2]
    assert column <= column_index_from_string(last_printed_column)
    assert [form[FORM].cell(row, column).value for row in (5, 6, 7)] == [
        "Förskjuts\nNy tidpunkt: Kvartal 4\nRör\npå ön",
        "Pågående",
        None,
    ]
    assert all(form[FORM].cell(row, column).protection.locked for row in (5, 6, 7))
    assert load_workbook(out / "Väster.xlsx")[FORM].cell(5, column).value is None
    steps = [str(cell.value) for (cell,) in form["Läs mig"]["B1:B40"]]
    assert any("visar vad ni svarade per 31 mars 2021" in step for step in steps)


def test_a_form_with_last_rounds_answers_is_read_and_goes_back_with_them(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    loop.answer("Norr", {"H5": "Pågående"})
    loop.merge()
    shutil.rmtree(loop.out)
    shutil.rmtree(loop.back)
    loop.back.mkdir()
    generate_forms(loop.plan, loop.out, as_of=date(2021, 8, 31), previous=tmp_path / "all.xlsx")
    loop.answer("Norr", {"I5": "Vilar?", "I6": "Genomfört", "I8": "Genomfört"})
    run = loop.send_back()
    assert codes(run) == ["choice-unknown I5"]
    assert run.merged is not None
    assert run.merged.unplaced == ()
    form = loop.opened()[FORM]
    assert [form["H4"].value, form["H5"].value] == ["Förra omgången", "Pågående"]


def test_a_workbook_that_is_no_consolidated_one_is_refused_as_previous(tmp_path: Path) -> None:
    loop = Loop(tmp_path)
    with pytest.raises(FatalError) as stop:
        generate_forms(loop.plan, tmp_path / "x", as_of=AS_OF, previous=loop.out / "Norr.xlsx")
    assert [found.code for found in stop.value.findings] == ["report-not-consolidated"]


# Nothing to report ----------------------------------------------------------------------------------------------


def test_a_unit_that_has_nothing_to_report_and_answers_all_the_same_gets_both_back(loop: Loop) -> None:
    guide = load_workbook(loop.out / "Norr.xlsx")["Läs mig"]
    (label,) = [cell for (cell,) in guide["A1:A40"] if cell.value == translate("nothing.label", "sv")]
    cell = f"B{label.row}"
    form = type_into(loop.out / "Norr.xlsx", loop.back / "Norr.xlsx", {cell: "Ja"}, sheet="Läs mig")
    type_into(form, form, {"H5": "Genomfört", "H6": "Klart"})
    run = loop.send_back()
    assert f"nothing-to-report-contradicted B{label.row}" in codes(run)
    book = loop.opened()
    assert book["Läs mig"][cell].value == "Ja"
    assert f"Se över | {cell}" in table_of(book[TO_CORRECT])
    links = {each.value: each.hyperlink.location for (each,) in book[TO_CORRECT]["B5:B8"] if each.hyperlink}
    assert links[cell].replace("$", "") == f"'Läs mig'!{cell}"
    assert loop.send_back().written_files
    type_into(loop.again / "Norr.xlsx", loop.back / "Norr rättat.xlsx", {cell: None}, sheet="Läs mig")
    merged = loop.merge().merged
    assert merged is not None
    assert merged.nothing_to_report_claims == ()


# English, and any text ------------------------------------------------------------------------------------------


def test_an_english_form_goes_back_in_english(tmp_path: Path) -> None:
    loop = Loop(tmp_path, language="en")
    type_into(
        loop.out / "Norr.xlsx",
        loop.back / "Norr.xlsx",
        {"H5": "Sort of done", "H6": "Ongoing", "H8": "Postponed", "J8": "Moved to quarter 4.", "N2": "Regards"},
        sheet="Follow-up",
    )
    loop.send_back()
    book = loop.opened()
    assert book.sheetnames == [
        "Read me",
        "To correct",
        "Follow-up",
        "Text outside the table",
        "xlflow",
        "xlflow_calc",
    ]
    texts = [
        str(cell)
        for sheet in book.worksheets[:4]
        for row in sheet.iter_rows(values_only=True)
        for cell in row
        if cell and not str(cell).startswith("=")
    ]
    own = {"Samhälle", "Öppna kvarnen", "Hyra ut båtar", "Köpa båtar", "Möten"}
    assert not [text for text in texts if re.search("[åäöÅÄÖ]", text) and text.split(" – ")[0] not in own]
    assert "Correct | I8 | Laga taket | New deadline" in table_of(book["To correct"])
    assert "Did you mean “Quarter 4”?" in book["Follow-up"]["I8"].comment.text


LETTERS = st.characters(exclude_categories=("Cs", "Cc", "Cn"), exclude_characters="\ufffe\uffff") | st.just("\n")
WRITTEN = st.none() | st.sampled_from(
    ("Pågår", "genomfört ", "Klart", "=1+1", "  luft  ", "_x0041_", "x" * 700, "Kvartal 4", "2021-06-30", "0,5")
)
TEXTS = WRITTEN | st.text(LETTERS, min_size=1, max_size=12)
STORIES = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=6, max_size=6)


@settings(max_examples=sample_size(60))
@given(STORIES, st.none() | st.text(LETTERS, min_size=1, max_size=8))
def test_whatever_was_written_comes_back_to_the_letter(
    story: list[tuple[str | None, ...]], beside: str | None
) -> None:
    asked = draw_round(ROUND)
    ids = [line.id for line in issued_items(asked, "Norr")]
    own = tuple(
        PlanItem(f"o{n}", ("", "", "", f"Egen {n}", ""), ("Norr",), added_by_unit=True)
        for n in range(len(story) - len(ids))
    )
    whole = replace(asked, plan=replace(asked.plan, items=(*asked.plan.items, *own)))
    keys = ("status", "new_deadline", "comment")
    lines = [*ids, *(line.id for line in own)]
    answers = {
        line: {key: text for key, text in zip(keys, texts, strict=True) if text}
        for line, texts in zip(lines, story, strict=True)
    }
    first = read_bytes(write_form(whole, "Norr", answers, issued={}), "first.xlsx")
    merged, _ = merge_forms_read([first], [first.file])
    fault = make_finding(
        "missing-answer", Location("first.xlsx"), unit="Norr", row_id=ids[0], params={"field": "x"}
    )
    (back,) = plan_correction_forms(merged, [fault], [first])
    loose = Unplaced("Norr", Location("first.xlsx", "Blad1", "A1"), (beside,), "text-outside-table", is_row=False)
    aside = (loose,) if beside and collapse_whitespace(beside) else ()
    again = read_bytes(
        write_form(
            back.round, "Norr", back.answers, correction_request=replace(back.correction_request, unplaced=aside)
        ),
        "again.xlsx",
    )
    assert [said(row) for row in again.rows] == [said(row) for row in first.rows]
    assert [one.texts for one in again.unplaced] == [one.texts for one in aside]
    if not aside:
        assert again.answers_digest in again.identity.replaced_digests
    joined, conflicts = merge_forms_read([again, first], [first.file, again.file])
    assert [said(one.row) for one in joined.rows] == [said(row) for row in first.rows]
    assert not [found for found in conflicts if found.code.startswith("conflict")]


def said(row: AnswerRow) -> tuple[object, ...]:
    return (row.item.level_texts, *(answer.raw_text for answer in row.answers))


def read_bytes(content: bytes, name: str) -> Submission:
    book = open_workbook(content, name)
    assert not isinstance(book, Finding)
    received = ReceivedFile(name, book.digest, len(content), None, FileState.ACCEPTED, "Norr")
    form = read_form(book, received)
    assert isinstance(form, Submission)
    return form


ROUND = """
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet    | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna scenen |              | Kvartal 2 | Norr
    a1 |            |                        |          |              | Bygg golvet  |           | Norr
    b  |            |                        |          | Ny hemsida   |              | Se planen | Norr; Söder
"""
