"""Answers that cannot be meant are doubted: dragged series, cells merged over columns, bare numbers as times."""

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.edited_forms import (
    COLUMNS,
    FILLED,
    FIRST,
    answers_by_item,
    edit_sheet,
    edit_workbook,
    finding_codes,
    make_form,
    read_form_bytes,
    set_cells,
    unplaced_texts,
    with_blank_items,
)
from support.make_xlsx import read_sheet, workbook_parts, zip_parts

from xlflow.excel.cell_address import column_letters
from xlflow.excel.reader import ErrorValue, PictureValue, WorkbookData, open_workbook
from xlflow.model.findings import message_of
from xlflow.model.submission import Submission
from xlflow.values import parse_deadline

# Series -----------------------------------------------------------------------------------------------------

DAY, MONTH = date(2021, 12, 30), [date(2021, 10 + number, 1) for number in range(3)]
SERIES = {
    "years of a quarter": ["Kvartal 4 2021", "Kvartal 4 2022", "Kvartal 4 2023"],
    "quarters": ["2026-Q2", "2026-Q3", "2026-Q4"],
    "quarters past the year's end": ["Q3 2026", "Q4 2026", "Q1 2027"],
    "quarters that do not exist": ["Kvartal 3", "Kvartal 4", "Kvartal 5"],
    "days": [DAY + timedelta(number) for number in range(3)],
    "days as text": ["2021-12-30", "2021-12-31", "2022-01-01"],
    "months": MONTH,
    "months in words": ["mars 2022", "april 2022", "maj 2022"],
    "weeks": ["v. 14", "v. 15", "v. 16"],
    "years": [2022, 2023, 2024],
    "words with a number": ["efter möte 7", "efter möte 8", "efter möte 9"],
}
NO_SERIES = {
    "two only": ["Kvartal 4 2021", "Kvartal 4 2022", ""],
    "the same": ["Kvartal 4 2021"] * 3,
    "down": ["2026-Q4", "2026-Q3", "2026-Q2"],
    "by other steps": ["2026-Q1", "2026-Q2", "2026-Q4"],
    "a gap between": ["2026-Q1", "", "2026-Q2"],
    "other words": ["efter möte 7", "före möte 8", "efter möte 9"],
    "mixed steps": ["2021-12-30", "2021-12-31", "2022-12-31"],
}


def with_new_deadlines(values: list[object]) -> Submission:
    def fill(sheet: Worksheet) -> None:
        for row, value in enumerate(values, FIRST + 2):
            set_cells(sheet, row, new_deadline=value or None)

    return read_form_bytes(edit_sheet(fill, make_form({})))


@pytest.mark.parametrize("kind", SERIES)
def test_answers_that_count_up_are_doubted_once(kind: str) -> None:
    form = with_new_deadlines(list(SERIES[kind]))
    found = [finding for finding in form.findings if finding.code == "answers-in-series"]
    assert len(found) == 1
    cell = f"{column_letters(COLUMNS['new_deadline'] - 1)}{FIRST + 2}"
    assert (found[0].location.cell, found[0].unit) == (cell, "Museet")
    assert f"rad {FIRST + 2}–{FIRST + 4}" in message_of(found[0], "sv")
    assert sum("new_deadline" in answers for answers in answers_by_item(form).values()) == 3, "they count"


@pytest.mark.parametrize("kind", NO_SERIES)
def test_answers_that_do_not_count_up_are_not_doubted(kind: str) -> None:
    assert "answers-in-series" not in finding_codes(with_new_deadlines(list(NO_SERIES[kind])))


# Times that are none ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [True, False, 5.0, 0.5, 100.0, "5", "SANT", "true", "3,5", "50%", -1.0])
def test_a_bare_number_or_true_is_no_time(raw: object) -> None:
    result = parse_deadline(raw, 2021)  # type: ignore[arg-type]
    assert result.code == "time-unclear"
    assert result.value is not None, "it counts as the words that it is"


@pytest.mark.parametrize(
    "raw", [2022.0, "2022", 44286.0, 20210630.0, "Kvartal 2", "mars", "30/6", "Se plan", None]
)
def test_a_year_a_day_and_words_are_left_alone(raw: object) -> None:
    assert parse_deadline(raw, 2021).code != "time-unclear"  # type: ignore[arg-type]


# Merged over columns ----------------------------------------------------------------------------------------


def merge_across(first: str, last: str, value: str, covered: str = "") -> Submission:
    def merge(sheet: Worksheet) -> None:
        set_cells(sheet, FIRST, status=None, new_deadline=None, comment=None)
        set_cells(sheet, FIRST, **{first: value})
        left, right = (column_letters(COLUMNS[key] - 1) for key in (first, last))
        sheet.merge_cells(f"{left}{FIRST}:{right}{FIRST}")
        if covered:
            sheet._cells.pop((FIRST, COLUMNS[last]))  # type: ignore[attr-defined]
            set_cells(sheet, FIRST, **{last: covered})

    return read_form_bytes(edit_sheet(merge))


@pytest.mark.parametrize(
    ("first", "last", "value", "field"),
    [
        ("new_deadline", "comment", "Upphandlingen är överklagad", "comment"),
        ("new_deadline", "comment", "kvartal 1 2022", "new_deadline"),
        ("status", "comment", "Genomfört", "status"),
        ("status", "comment", "Vi väntar på besked", "comment"),
        ("status", "new_deadline", "Pågående", "status"),
    ],
)
def test_a_text_merged_over_columns_is_for_one_of_them(first: str, last: str, value: str, field: str) -> None:
    form = merge_across(first, last, value)
    assert answers_by_item(form) == with_blank_items({**FILLED, "a": {field: value}})
    assert finding_codes(form) == ["cells-merged-across"]


def test_what_lies_under_cells_merged_over_columns_is_set_aside() -> None:
    form = merge_across("new_deadline", "comment", "kvartal 1 2022", "Gammal kommentar")
    assert answers_by_item(form)["a"] == {"new_deadline": "kvartal 1 2022"}
    assert [text for _, text, _ in unplaced_texts(form)] == ["Gammal kommentar"]


def test_cells_merged_over_rows_and_columns_count_for_each_row() -> None:
    def merge(sheet: Worksheet) -> None:
        for row in range(FIRST, FIRST + 2):
            set_cells(sheet, row, new_deadline=None, comment=None)
        set_cells(sheet, FIRST, new_deadline="Upphandlingen är överklagad")
        left, right = (column_letters(COLUMNS[key] - 1) for key in ("new_deadline", "comment"))
        sheet.merge_cells(f"{left}{FIRST}:{right}{FIRST + 1}")

    form = read_form_bytes(edit_sheet(merge))
    answers = answers_by_item(form)
    assert [answers[key]["comment"] for key in "ab"] == ["Upphandlingen är överklagad"] * 2
    assert not any("new_deadline" in answers[key] for key in "ab")
    assert finding_codes(form) == ["cells-merged", "cells-merged-across"]


# Pictures in cells ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("formula", ['=DISPIMG("ID_5BA4",1)', '=_xlfn.DISPIMG("ID",1)', '=IMAGE("https://x")'])
def test_a_picture_in_a_cell_is_no_answer(formula: str) -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST, comment=formula)))
    assert answers_by_item(form)["a"] == {"status": "Pågående"}
    (found,) = (finding for finding in form.findings if finding.code == "cell-picture")
    assert found.location.cell == f"{column_letters(COLUMNS['comment'] - 1)}{FIRST}"


def test_a_picture_of_wps_keeps_its_text_as_the_value_of_the_formula() -> None:
    row = '<row r="1"><c r="A1" t="str"><f>_xlfn.DISPIMG("ID",1)</f><v>=DISPIMG("ID",1)</v></c></row>'
    assert read_sheet(row).rows == (('=DISPIMG("ID",1)',),)


@pytest.mark.parametrize(("structure", "kind"), [('<s t="_localImage"/>', PictureValue), ("", ErrorValue)])
def test_a_picture_that_excel_placed_in_a_cell_is_reported_from_an_error(structure: str, kind: type) -> None:
    parts = workbook_parts(
        '<row r="1"><c r="A1" t="e" vm="1"><v>#VALUE!</v></c><c r="B1" t="e"><v>#N/A</v></c></row>'
    )
    parts["xl/richData/rdrichvaluestructure.xml"] = f"<rvStructures>{structure}</rvStructures>".encode()
    workbook = open_workbook(zip_parts(parts), "f.xlsx")
    assert isinstance(workbook, WorkbookData)
    assert [type(cell) for cell in workbook.sheets[0].rows[0]] == [kind, ErrorValue]


# What a program wrote that exported the form ----------------------------------------------------------------


def export_as_numbers(content: bytes) -> bytes:
    """Return a form as Apple Numbers exports it, after descriptions: a list first, every sheet under a new name
    and one row further down, nothing hidden, no formulas."""
    form, exported = load_workbook(io.BytesIO(content), data_only=True), Workbook()
    summary = exported.worksheets[0]
    summary.title = "Exportsammanfattning"
    summary.append(["Numbers-arknamn", "Numbers-tabellnamn", "Excel-arbetsbladsnamn"])
    for sheet in form.worksheets:
        name = f"{sheet.title} - Tabell 1"
        summary.append([sheet.title, "Tabell 1", name])
        target = exported.create_sheet(name)
        target["A1"] = "Tabell 1"
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    target.cell(cell.row + 1, int(cell.column or 0)).value = cell.value
    buffer = io.BytesIO()
    exported.save(buffer)
    return buffer.getvalue()


def test_a_form_that_went_through_numbers_is_read_with_two_notes() -> None:
    form = read_form_bytes(export_as_numbers(make_form()))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == []
    assert finding_codes(form) == ["form-via-numbers", "lists-gone"]


def test_a_sheet_of_the_units_own_with_a_list_is_no_summary_of_an_export() -> None:
    def add(opened: Workbook) -> None:
        own = opened.create_sheet("Lista")
        for row in (("Blad",), ("Läs mig",), ("Numbers är bra",)):
            own.append(row)
        titled = opened.create_sheet("Mina tankar - Båten")
        titled.append(["Båten", "läcker"])

    form = read_form_bytes(edit_workbook(add))
    assert [text for _, text, _ in unplaced_texts(form)] == ["Blad", "Läs mig", "Numbers är bra", "Båten | läcker"]
