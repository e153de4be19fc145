"""On the sheets of a form that went back, what somebody types over its own words is kept, and nothing else."""

import io
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from support.edited_forms import (
    ASKED,
    FILLED,
    answers_by_item,
    edit_sheet,
    edit_workbook,
    finding_codes,
    make_form,
    read_form_bytes,
    unplaced_texts,
    with_blank_items,
)
from support.libreoffice import convert

from xlflow.form.fingerprints import FORMULA_RESULT, find_changed_cells, fingerprint_cells
from xlflow.generate import write_form
from xlflow.model.findings import Location
from xlflow.model.submission import CorrectionRequest, Submission, Unplaced
from xlflow.pipeline.form_operations import check_forms
from xlflow.read.recognise_by_content import KnownRound

TO_CORRECT, LOOSE = "Att rätta", "Text utanför tabellen"
ANSWERS = {
    "a": {"status": "Klar kanske", "comment": "Ja"},
    "b": {"status": "Genomfört", "new_deadline": "kvartal 1 2022"},
    "d": {"status": "Klar kanske"},
}
FIRST = 5
"""The first line of the list."""


@pytest.fixture(scope="module")
def gone_back(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a form that goes back with three things to correct and a text that stood above the table."""
    folder = tmp_path_factory.mktemp("back")
    (folder / "in").mkdir()
    content = edit_workbook(
        lambda opened: opened["Uppföljning"].cell(1, 12, "Hälsningar från oss"), make_form(ANSWERS)
    )
    (folder / "in" / "Museet.xlsx").write_bytes(content)
    (back,) = check_forms([folder / "in"], return_dir=folder / "out").written_files
    return back.read_bytes()


def typed(gone_back: bytes, sheet: str, **cells: object) -> list[tuple[str | None, str]]:
    """Return what is set aside of a sheet, after somebody typed into its cells."""

    def change(opened: Workbook) -> None:
        for cell, value in cells.items():
            opened[sheet][cell] = value

    return kept_of(read_form_bytes(edit_workbook(change, gone_back)), sheet)


def kept_of(form: Submission, sheet: str) -> list[tuple[str | None, str]]:
    return [(one.location.cell, " | ".join(one.texts)) for one in form.unplaced if one.location.sheet == sheet]


def test_what_the_lists_say_themselves_is_nobodys_text(gone_back: bytes) -> None:
    form = read_form_bytes(gone_back)
    assert unplaced_texts(form) == [("B4", "Hälsningar från oss", False)]
    assert [code for code in finding_codes(form) if code.startswith("text-")] == ["text-outside-table"]


OVER: dict[str, object] = {
    "A5": "Gjort",
    "B6": "Se H5",
    "C5": "Öppna ladan",
    "D5": "Kommentar",
    "E5": "Genomfört",
    "E6": date(2021, 6, 30),
    "E7": 12,
    "F5": "Vi väntar på beslut",
    "G7": "Välj status.",
    "H5": "Klart hos oss",
    "H6": 4,
    "A2": "Vi rättar i nästa vecka",
    "A3": "Allt är gjort",
    "F4": "Status",
    "J6": "Bredvid",
    "A12": "Nedanför",
}
"""Cells of the list, and what somebody types over them: words of their own, of the form, numbers and days."""


@pytest.mark.parametrize("cell", OVER)
def test_what_is_typed_over_the_list_is_set_aside_with_its_cell(gone_back: bytes, cell: str) -> None:
    assert typed(gone_back, TO_CORRECT, **{cell: OVER[cell]}) == [(cell, str(OVER[cell]))]


def test_what_another_line_says_typed_over_one_is_seen_where_it_was_typed(gone_back: bytes) -> None:
    other = load_workbook(io.BytesIO(gone_back))[TO_CORRECT]["E6"].value
    assert other == "kvartal 1 2022"
    assert typed(gone_back, TO_CORRECT, E5=other, E8=other) == [("E5", other), ("E8", other)]


def test_lines_that_were_sorted_or_deleted_say_nothing_new(gone_back: bytes) -> None:
    def change(opened: Workbook) -> None:
        sheet = opened[TO_CORRECT]
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST)]
        for row, values in zip(sheet.iter_rows(min_row=FIRST), [*rows[2:], *rows[:1]], strict=False):
            for cell, value in zip(row, values, strict=True):
                cell.value = value
        sheet.delete_rows(sheet.max_row)
        sheet["F6"] = "Vi väntar"

    assert kept_of(read_form_bytes(edit_workbook(change, gone_back)), TO_CORRECT) == [("F6", "Vi väntar")]


def test_what_is_typed_over_the_sheet_of_kept_texts_is_kept_too(gone_back: bytes) -> None:
    assert typed(gone_back, LOOSE, A1="Rubrik", A4="Flyttad till rad 5", B4="Hej", B9="Mer") == [
        ("A1", "Rubrik"),
        ("A4", "Flyttad till rad 5 | Hej"),
        ("B9", "Mer"),
    ]


def test_lists_with_other_names_say_nothing_new_but_their_names(gone_back: bytes) -> None:
    def change(opened: Workbook) -> None:
        opened[TO_CORRECT]["F5"] = "Vi väntar"
        opened[TO_CORRECT].title, opened[LOOSE].title = "Rättat och klart", "Resten"

    form = read_form_bytes(edit_workbook(change, gone_back))
    assert unplaced_texts(form) == [
        (None, "Rättat och klart", False),
        ("F5", "Vi väntar", False),
        (None, "Resten", False),
        ("B4", "Hälsningar från oss", False),
    ]


def test_rows_among_the_kept_texts_are_no_table() -> None:
    """Headings and rows that somebody repeated below the table are kept, and look like another one."""
    rows: list[tuple[str, ...]] = []
    edit_sheet(
        lambda sheet: rows.extend(tuple(str(cell.value) for cell in row if cell.value) for row in sheet[3:5])
    )
    rows[2] = tuple(text.replace("Båten är hyrd", "Båten är såld") for text in rows[2])
    place = Location("Museet.xlsx", "Uppföljning", "A30")
    kept = tuple(Unplaced("Museet", place, texts, "text-outside-table") for texts in rows)
    form = read_form_bytes(write_form(ASKED, "Museet", FILLED, correction_request=CorrectionRequest((), kept, ())))
    assert {row.location.sheet for row in form.rows} == {"Uppföljning"}
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [(f"B{row}", " | ".join(texts), False) for row, texts in enumerate(rows, 4)]


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_so_it_is_after_libreoffice_has_saved_the_form(gone_back: bytes, tmp_path: Path, kind: str) -> None:
    def change(opened: Workbook) -> None:
        opened[TO_CORRECT]["E5"] = "Genomfört"

    (tmp_path / "Museet.xlsx").write_bytes(edit_workbook(change, gone_back))
    (saved,) = convert([tmp_path / "Museet.xlsx"], kind, tmp_path / "saved")
    form = read_form_bytes(saved.read_bytes(), name=saved.name)
    assert unplaced_texts(form) == [("E5", "Genomfört", False), ("B4", "Hälsningar från oss", False)]


def without_marks(opened: Workbook) -> None:
    """Make a form as it was sent out before forms told what their lists say."""
    sheet = opened["xlflow"]
    for row in [row for row in range(1, sheet.max_row + 1) if sheet.cell(row, 1).value == "sheet_fingerprint"]:
        sheet.cell(row, 1).value = None
        sheet.cell(row, 2).value = None
        sheet.cell(row, 3).value = None


def without_records(opened: Workbook) -> None:
    del opened["xlflow"]


@pytest.mark.parametrize("change", [without_marks, without_records])
def test_where_a_form_does_not_tell_its_lists_say_nothing_new_either(
    gone_back: bytes, change: Callable[[Workbook], None]
) -> None:
    form = read_form_bytes(edit_workbook(change, gone_back), [KnownRound(ASKED, "Museet")])
    assert unplaced_texts(form) == [("B4", "Hälsningar från oss", False)]


@pytest.mark.parametrize("text", ["Kvarnhjulet är trasigt", "Klar kanske i klar7b"])
def test_where_the_records_are_gone_words_that_stand_nowhere_else_are_kept(gone_back: bytes, text: str) -> None:
    def change(opened: Workbook) -> None:
        without_records(opened)
        opened[TO_CORRECT]["F5"] = text

    form = read_form_bytes(edit_workbook(change, gone_back), [KnownRound(ASKED, "Museet")])
    assert kept_of(form, TO_CORRECT) == [("F5", text)]


TEXTS = st.text("abå *\0/,", max_size=3)
GRIDS = st.lists(st.lists(TEXTS, max_size=4), max_size=4)


@given(GRIDS, st.integers(0, 4), st.integers(0, 4))
def test_only_what_was_typed_is_strange(rows: list[list[str]], row: int, column: int) -> None:
    marks = fingerprint_cells(rows)
    cells = {
        (at, place): text
        for at, line in enumerate(rows)
        for place, text in enumerate(line)
        if text != FORMULA_RESULT
    }

    def strange() -> frozenset[tuple[int, int]]:
        return find_changed_cells(((*at, text) for at, text in cells.items()), marks, lambda text: text == "live")

    assert not strange()
    cells[row, column] = "typed"
    assert strange() == {(row, column)}


def test_a_live_text_may_change_as_formulas_do() -> None:
    cells = [(0, 0, "2 av 3"), (0, 1, "Annat")]
    marks = fingerprint_cells([[FORMULA_RESULT, FORMULA_RESULT, 12, date(2021, 6, 30)]])
    more = [(0, 2, 12.0), (0, 3, date(2021, 6, 30))]
    assert find_changed_cells([*cells, *more], marks, lambda text: text == "2 av 3") == {(0, 1)}
