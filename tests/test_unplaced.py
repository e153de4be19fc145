"""What people write where nobody looks is kept with its address: hidden rows, merged cells, headings, copies."""

from collections.abc import Callable
from datetime import date
from types import MappingProxyType

import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet
from support.edited_forms import (
    ASKED,
    COLUMNS,
    FILLED,
    FIRST,
    answers_by_item,
    copy_values,
    edit_sheet,
    edit_workbook,
    finding_codes,
    make_form,
    read_form_bytes,
    set_cells,
    unplaced_texts,
    with_blank_items,
)

from xlflow.excel.cell_address import column_letters
from xlflow.form.layout import CODE_ROW, HEADING_ROW
from xlflow.generate import write_form
from xlflow.model.submission import PreviousAnswers
from xlflow.read.recognise_by_content import KnownRound

HEADINGS, CODES = HEADING_ROW + 1, CODE_ROW + 1


def cell(key: str, row: int) -> str:
    return f"{column_letters(COLUMNS[key] - 1)}{row}"


WRITTEN: dict[str, tuple[Callable[[Worksheet], object], list[tuple[str | None, str, bool]]]] = {
    "over a code": (
        lambda sheet: set_cells(sheet, CODES, board_goal="Läs här"),
        [(cell("board_goal", CODES), "Läs här", False)],
    ),
    "beside the codes": (lambda sheet: sheet.cell(CODES, 14, "Läs här"), [("N3", "Läs här", False)]),
    "a number over the live column": (
        lambda sheet: set_cells(sheet, FIRST, remaining=12),
        [(cell("remaining", FIRST), "12", False)],
    ),
    "a sign beside the table": (lambda sheet: sheet.cell(FIRST, 14, "👍"), [("N5", "👍", False)]),
    "a question mark above": (lambda sheet: sheet.cell(1, 9, "?"), [("I1", "?", False)]),
}


@pytest.mark.parametrize("where", WRITTEN)
def test_what_stands_where_nobody_looks_is_kept(where: str) -> None:
    change, kept = WRITTEN[where]
    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == kept


def test_a_heading_written_over_is_reported_word_for_word() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, HEADINGS, remaining="Vad fattas?")))
    assert [(one.code, one.location.cell, one.value) for one in form.findings] == [
        ("heading-changed", cell("remaining", HEADINGS), "Vad fattas?")
    ]


def test_a_form_without_codes_is_found_by_most_of_its_headings() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(sheet, HEADINGS, activity="Vad vi gör")
        for column in COLUMNS.values():
            sheet.cell(CODES, column).value = None

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["heading-changed"]


# Merged cells ---------------------------------------------------------------------------------------------


def test_what_lies_unseen_under_a_merged_answer_is_set_aside() -> None:
    def change(sheet: Worksheet) -> None:
        column = COLUMNS["status"]
        sheet.merged_cells.add(CellRange(None, column, FIRST, column, FIRST + 2))

    form = read_form_bytes(edit_sheet(change))
    assert [row.value("status") for row in form.rows[:3]] == ["ongoing"] * 3
    assert unplaced_texts(form) == [(cell("status", FIRST + 1), "Genomfört", False)]
    assert finding_codes(form) == ["cells-merged", "text-under-merged"]


def test_a_merged_answer_makes_no_row_of_blank_ones() -> None:
    last = FIRST + 4
    form = read_form_bytes(
        edit_sheet(
            lambda sheet: sheet.merge_cells(f"{cell('status', last)}:{cell('status', last + 5)}"),
            make_form({**FILLED, "e": {"status": "Utgår"}}),
        )
    )
    assert answers_by_item(form) == with_blank_items(e={"status": "Utgår"})
    assert (form.unplaced, form.findings) == ((), ())


# Other sheets ---------------------------------------------------------------------------------------------


def test_a_text_far_away_on_a_sheet_of_ones_own_is_kept() -> None:
    form = read_form_bytes(
        edit_workbook(lambda opened: opened.create_sheet("Eget").cell(1_048_576, 16_384, "långt borta"))
    )
    assert unplaced_texts(form) == [("XFD1048576", "långt borta", False)]


def test_numbers_on_the_instruction_that_are_not_its_own_are_kept() -> None:
    def change(opened: Workbook) -> None:
        opened["Läs mig"]["B3"] = "070-123 45 67"
        opened["Läs mig"]["D4"] = "Klart"

    form = read_form_bytes(edit_workbook(change))
    assert unplaced_texts(form) == [("B3", "070-123 45 67", False), ("D4", "Klart", False)]


@pytest.mark.parametrize("name", ["Läs mig", "Read me"])
def test_an_instruction_with_another_name_is_still_one_and_its_name_is_kept(name: str) -> None:
    def change(opened: Workbook) -> None:
        opened["Läs mig"]["B3"] = "070-123 45 67"
        opened["Läs mig"].title = "Vi har flyttat" if name == "Läs mig" else name

    form = read_form_bytes(edit_workbook(change))
    named = [(None, "Vi har flyttat", False)] if name == "Läs mig" else []
    assert unplaced_texts(form) == [*named, ("B3", "070-123 45 67", False)]
    assert (
        "text-as-sheet-name" in finding_codes(form) if named else "text-as-sheet-name" not in finding_codes(form)
    )


def test_the_name_of_an_empty_sheet_is_kept_if_somebody_gave_it() -> None:
    def change(opened: Workbook) -> None:
        for name in ("Ring oss om rad 5", "Blad1", "Tabelle 2", "Blad1 (2)", "Genomfört"):
            opened.create_sheet(name)
        opened.create_sheet("_Tillägg").sheet_state = "veryHidden"
        opened["Uppföljning"].title = "Klart från oss"

    form = read_form_bytes(edit_workbook(change))
    assert answers_by_item(form) == with_blank_items()
    assert {row.location.sheet for row in form.rows} == {"Klart från oss"}
    assert unplaced_texts(form) == [(None, "Ring oss om rad 5", False), (None, "Genomfört", False)]


def test_of_two_sheets_the_one_with_changed_answers_counts() -> None:
    content = write_form(ASKED, "Museet", FILLED, issued=FILLED)

    def change(opened: Workbook) -> None:
        copy = opened.copy_worksheet(opened["Uppföljning"])
        copy.title = "Kopia"
        set_cells(copy, FIRST, comment="Båten är såld")
        set_cells(opened["Uppföljning"], 12, activity="Eget utan svar")

    form = read_form_bytes(edit_workbook(change, content))
    assert form.rows[0].location.sheet == "Kopia"
    assert answers_by_item(form) == with_blank_items(a={"status": "Pågående", "comment": "Båten är såld"})
    assert [text for _, text, _ in unplaced_texts(form)] == [
        "Samhälle | Levande kommun | Möten | Öppna kvarn | Pågående | Båten är hyrd",
        "Eget utan svar",
    ]


def test_a_copy_that_says_the_same_is_a_note_only() -> None:
    form = read_form_bytes(edit_workbook(lambda opened: opened.copy_worksheet(opened["Uppföljning"])))
    assert form.unplaced == ()
    assert {one.effective_severity for one in form.findings if one.code == "sheet-copied"} == {"note"}


def test_what_the_instruction_says_of_a_round_years_ago_is_nobodys_text() -> None:
    previous = PreviousAnswers(date(2018, 10, 31), MappingProxyType({"a": "Pågående"}))
    content = write_form(ASKED, "Museet", FILLED, issued={}, previous=previous)
    assert read_form_bytes(content).unplaced == ()


def test_what_is_written_over_the_round_before_is_kept() -> None:
    previous = PreviousAnswers(None, MappingProxyType({"a": "Pågående\nGår bra", "b": "Kvarstår"}))
    content = write_form(ASKED, "Museet", FILLED, issued={}, previous=previous)
    places: list[int] = []
    edit_sheet(
        lambda sheet: places.extend(one.column for one in sheet[HEADINGS] if one.value == "Förra omgången"),
        content,
    )
    (place,) = places

    def change(sheet: Worksheet) -> None:
        sheet.cell(FIRST, place).value = "Stämmer inte"
        sheet.cell(FIRST + 2, place).value = "Ny här"

    assert read_form_bytes(content).unplaced == ()
    form = read_form_bytes(edit_sheet(change, content))
    assert [(one.location.cell, one.texts) for one in form.unplaced] == [
        (f"{column_letters(place - 1)}{FIRST}", ("Stämmer inte",)),
        (f"{column_letters(place - 1)}{FIRST + 2}", ("Ny här",)),
    ]


# What two returns say -------------------------------------------------------------------------------------


def test_two_returns_that_differ_in_what_is_written_over_the_plan_are_not_the_same() -> None:
    one = read_form_bytes(make_form())
    other = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST, deadline="Kvartal 4")))
    assert [row.answers for row in one.rows] == [row.answers for row in other.rows]
    assert one.answers_digest != other.answers_digest


@pytest.mark.parametrize(
    "counter", ["1 av 1 klara", "1 av 1 klar", "3 av 5 klara", "1 av 5 klar", "1 of 5 done", "3 of 5 done"]
)
def test_the_counter_is_nobodys_text_in_old_words_or_new(counter: str) -> None:
    def say(text: str) -> Callable[[Worksheet], object]:
        return lambda sheet: sheet.cell(2, 1, text)

    assert unplaced_texts(read_form_bytes(edit_sheet(say(counter)))) == []
    copied = edit_workbook(lambda opened: say(counter)(opened.worksheets[0]), copy_values())
    assert unplaced_texts(read_form_bytes(copied, [KnownRound(ASKED)])) == []
    more = f"{counter}, ring Måltid"
    assert unplaced_texts(read_form_bytes(edit_sheet(say(more)))) == [("A2", more, False)]
