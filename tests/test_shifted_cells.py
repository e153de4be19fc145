"""Where somebody deleted or inserted single cells it is told that answers may stand beside another row's text, or
below another heading, and nothing that the form itself works out passes for an answer."""

import io
import re
import zipfile

import pytest
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_round import draw_round, shipped_template
from support.edited_forms import (
    COLUMNS,
    FIRST,
    answers_by_item,
    edit_sheet,
    finding_codes,
    read_form_bytes,
    set_cells,
    unplaced_texts,
    with_blank_items,
)
from test_answer_provenance import FORM, reported, rewrite

from xlflow.excel.cell_address import column_letters
from xlflow.generate import write_form

LETTERS = {key: column_letters(number - 1) for key, number in COLUMNS.items()}
BUDGET = draw_round(
    """
    Id | Område  | Post   | Budget  | Enhet
    a  | Drift   | Löner  | 1000000 | Badet
    b  | Drift   | El     | 250000  | Badet
    """,
    template=shipped_template("budget"),
)


def push(sheet: Worksheet, row: int, key: str, far: int) -> None:
    """Delete a cell (or insert one), so that all that stands to its right in the row moves."""
    first = COLUMNS[key] + (far < 0)
    sheet.move_range(f"{column_letters(first - 1)}{row}:Z{row}", cols=far)


@pytest.mark.parametrize(
    ("key", "far", "found", "cell"),
    [
        ("status", -1, {"status": "kvartal 1 2022", "new_deadline": "Ladan brann\nniga"}, "J8"),
        ("new_deadline", -1, {"status": "Förskjuts", "new_deadline": "Ladan brann\nniga"}, "J8"),
        ("comment", 1, {"status": "Förskjuts", "new_deadline": "kvartal 1 2022"}, "L8"),
        ("status", 2, {"comment": "Förskjuts"}, "M8"),
    ],
)
def test_cells_pushed_along_a_row_are_reported_and_no_live_cell_is_an_answer(
    key: str, far: int, found: dict[str, str], cell: str
) -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: push(sheet, FIRST + 3, key, far)))
    assert answers_by_item(form) == with_blank_items(d=found)
    assert [cell for cell, _ in reported(form, "cells-shifted")] == [cell]
    beside = {text for place, text, _ in unplaced_texts(form) if place != cell}
    assert beside <= {"Förskjuts", "kvartal 1 2022", "Ladan brann\nniga", "Ingen"}


def test_what_a_budget_works_out_is_no_amount_of_the_units() -> None:
    content = write_form(BUDGET, "Badet", {"a": {"outcome": "400", "forecast": "900"}}, issued={})
    pushed = edit_sheet(lambda sheet: sheet.move_range("F5:Z5", cols=-1), content)
    form = read_form_bytes(pushed, name="Badet.xlsx")
    assert [(answer.field, answer.raw_text) for answer in form.rows[0].answers if not answer.is_blank] == [
        ("outcome", "900")
    ]
    assert [place for place, _ in reported(form, "cells-shifted")] == ["F5", "I5"]
    assert {text[:1] for _, text, _ in unplaced_texts(form)} == {"="}


def test_a_live_cell_pushed_beyond_all_others_is_reported_too() -> None:
    """It shows nothing there, so that the sheet as it is read ends before it."""

    def show_nothing(markup: str) -> str:
        return re.sub(
            r'<c r="N8"([^>]*)>(<f>[^<]*</f>)<v ?/?>(</v>)?</c>', r'<c r="N8"\1 t="str">\2<v></v></c>', markup
        )

    content = edit_sheet(lambda sheet: sheet.move_range("K8:K8", cols=3))
    assert b't="str"' in zipfile.ZipFile(io.BytesIO(rewrite(show_nothing, content))).read(FORM)
    form = read_form_bytes(rewrite(show_nothing, content))
    assert answers_by_item(form) == with_blank_items()
    assert [cell for cell, _ in reported(form, "cells-shifted")] == ["N8"]


def test_a_row_whose_id_was_pushed_along_is_no_activity_of_the_units_own() -> None:
    """Read where they stand, its budget would be an outcome, and its area an activity."""
    content = write_form(BUDGET, "Badet", {"a": {"outcome": "400", "forecast": "900"}}, issued={})
    form = read_form_bytes(edit_sheet(lambda sheet: sheet.move_range("A5:Z5", cols=1), content), name="Badet.xlsx")
    assert [row.item.id for row in form.rows] == ["b"]
    assert [(one.reason, one.location.cell, one.texts[:6]) for one in form.unplaced if one.is_row] == [
        ("row-shifted", "A5", ("a", "Drift", "Löner", "1000000", "400", "900"))
    ]
    assert set(finding_codes(form)) == {"row-shifted", "row-missing", "cells-shifted"}


def test_a_row_of_ones_own_in_which_an_id_stands_counts() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(sheet, FIRST + 6, activity="Samma som", comment="a")

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == {**with_blank_items(), "Samma som": {"comment": "a"}}


def test_a_formula_of_ones_own_counts_as_before() -> None:
    form = read_form_bytes(
        edit_sheet(lambda sheet: set_cells(sheet, FIRST + 3, comment="=H5", remaining="Vi väntar"))
    )
    assert "cells-shifted" in finding_codes(form), "nothing tells it from a row that was pushed to the left"
    assert "=H5" in {text for _, text, _ in unplaced_texts(form)}, "and nothing is lost"
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST + 3, comment="=H5")))
    assert finding_codes(form) == ["cell-formula"]


@pytest.mark.parametrize("far", [-1, 1, 2])
@pytest.mark.parametrize("key", ["status", "new_deadline"])
def test_a_column_whose_cells_were_pushed_up_or_down_is_reported(key: str, far: int) -> None:
    """The lists moved along with the cells, also with that which says where the free rows begin."""

    def push_lists(markup: str) -> str:
        areas = f"{LETTERS[key]}{FIRST}:{LETTERS[key]}9 {LETTERS[key]}11:{LETTERS[key]}20"
        moved = f"{LETTERS[key]}{FIRST}:{LETTERS[key]}{9 + far} {LETTERS[key]}{11 + far}:{LETTERS[key]}{20 + far}"
        assert f'sqref="{areas}"' in markup
        return markup.replace(f'sqref="{areas}"', f'sqref="{moved}"')

    form = read_form_bytes(rewrite(push_lists))
    assert answers_by_item(form) == with_blank_items()
    assert [(found.code, found.field, found.location.cell) for found in form.findings] == [
        ("column-shifted", key, f"{LETTERS[key]}4")
    ]


def test_lists_that_differ_otherwise_say_nothing_of_cells_pushed_up_or_down() -> None:
    def shorten(markup: str) -> str:
        return re.sub(r'sqref="H5:H9 H11:H20"', 'sqref="H6:H9 H11:H19"', markup)

    assert finding_codes(read_form_bytes(rewrite(shorten))) == []
    assert finding_codes(read_form_bytes(rewrite(lambda markup: markup.replace("H5:H9 H11:H20", "H5:H20")))) == [
        "column-shifted"
    ]
    assert finding_codes(read_form_bytes(edit_sheet(lambda sheet: sheet.insert_rows(FIRST + 1)))) == []
