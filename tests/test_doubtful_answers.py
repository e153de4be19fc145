"""Answers that cannot be meant are doubted: dragged series, cells merged over columns, bare numbers as times."""

from datetime import date, timedelta

import pytest
from openpyxl.worksheet.worksheet import Worksheet
from support.edited_forms import (
    COLUMNS,
    FILLED,
    FIRST,
    answers_by_item,
    edit_sheet,
    finding_codes,
    make_form,
    read_form_bytes,
    set_cells,
    unplaced_texts,
    with_blank_items,
)

from xlflow.excel.cell_address import column_letters
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
