"""Forms come back broken by people and programs: every answer is read under its row, or set aside with address."""

import hashlib
import io
import json
import random
import subprocess
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from support.draw_round import draw_round, shipped_template
from support.edited_forms import (
    ASKED,
    COLUMNS,
    FILLED,
    FIRST,
    RECEIVED,
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
from support.external_tools import require_tool
from support.sampling import sample_size

from xlflow.excel.conventions import CALC_SHEET
from xlflow.excel.reader import SheetData, WorkbookData, open_workbook
from xlflow.form.layout import CODE_ROW, FIRST_ITEM_ROW, HEADING_ROW
from xlflow.form.metadata import issued_items
from xlflow.generate import write_form
from xlflow.model.findings import Finding, Location, message_of, remedy_of
from xlflow.model.plan import Deadline, Round
from xlflow.model.submission import PreviousAnswers, Submission
from xlflow.read.build_submission import read_form
from xlflow.read.recognise_by_content import KnownRound
from xlflow.values.field_values import format_value

# A form as it should be -----------------------------------------------------------------------------------


def test_a_form_says_what_was_filled_in() -> None:
    form = read_form_bytes(make_form())
    assert (form.unit, form.identity.round_key, form.file) == ("Museet", ASKED.key, RECEIVED)
    assert answers_by_item(form) == with_blank_items()
    assert (form.findings, form.unplaced, form.issued) == ((), (), ())
    assert [row.item for row in form.rows] == list(issued_items(ASKED, "Museet"))
    status, new_deadline, comment = form.rows[3].answers
    assert status.value == "postponed"
    assert form.rows[3].location_of(status) == Location("Museet.xlsx", "Uppföljning", "H8")
    assert isinstance(new_deadline.value, Deadline)
    assert (new_deadline.value.last, new_deadline.raw_text) == (date(2022, 3, 31), "kvartal 1 2022")
    assert (comment.value, comment.error_code) == ("Ladan brann\nniga", None)
    assert form.rows[4].is_blank
    assert form.rows[4].location == Location("Museet.xlsx", "Uppföljning", "A9")


def test_a_form_that_went_through_another_program_says_the_same() -> None:
    plain, saved = read_form_bytes(make_form()), read_form_bytes(edit_sheet(lambda _: None))
    assert (saved.rows, saved.findings, saved.answers_digest) == (plain.rows, (), plain.answers_digest)


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_a_form_that_libreoffice_saved_says_the_same(kind: str, tmp_path: Path) -> None:
    soffice = require_tool("soffice")
    source, profile = tmp_path / "Museet.xlsx", (tmp_path / "profile").as_uri()
    source.write_bytes(make_form())
    orders = [f"-env:UserInstallation={profile}", "--headless", "--convert-to", kind, "--outdir", tmp_path / "ut"]
    subprocess.run([soffice, *orders, source], check=True, capture_output=True, timeout=120)
    form = read_form_bytes((tmp_path / "ut" / f"Museet.{kind}").read_bytes(), name=f"Museet.{kind}")
    assert (answers_by_item(form), form.findings) == (with_blank_items(), ())
    assert form.answers_digest == read_form_bytes(make_form()).answers_digest


def test_what_stood_there_when_the_form_went_out_is_known() -> None:
    form = read_form_bytes(write_form(ASKED, "Museet", FILLED, issued={"a": {"status": "Kvarstår"}}))
    assert form.issued == (("a", "status", "Kvarstår"),)


def test_the_digest_goes_by_what_is_said() -> None:
    digests = {
        read_form_bytes(make_form()).answers_digest,
        read_form_bytes(make_form({**FILLED, "e": {"status": "Utgår"}})).answers_digest,
        read_form_bytes(make_form(unit="Åbo")).answers_digest,
        read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, 11, activity="Eget"))).answers_digest,
        read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, 30, comment="Ring"))).answers_digest,
    }
    assert len(digests) == 5


def test_the_unit_is_told_by_the_form_and_not_by_its_name() -> None:
    assert read_form_bytes(make_form(unit="Åbo"), name="Museet.xlsx").unit == "Åbo"


def test_an_english_form_is_read() -> None:
    asked = replace(ASKED, language="en")
    form = read_form_bytes(make_form({"a": {"status": "Ongoing"}}, asked))
    assert (form.rows[0].value("status"), form.findings, form.unplaced) == ("ongoing", (), ())


# Values that cannot stand ---------------------------------------------------------------------------------


def test_a_wrong_value_is_kept_and_explained() -> None:
    form = read_form_bytes(make_form({"a": {"status": "Påbörjat nästan"}}))
    answer = form.rows[0].answers[0]
    assert (answer.value, answer.raw_text, answer.error_code) == (None, "Påbörjat nästan", "choice-unknown")
    (finding,) = form.findings
    assert (finding.location.cell, finding.unit, finding.row_id, finding.field) == ("H5", "Museet", "a", "status")
    assert finding.effective_severity == "error"
    assert "Genomfört" in remedy_of(finding, "sv")


def test_an_alias_is_understood_and_noted() -> None:
    form = read_form_bytes(make_form({"a": {"status": "Slutförd"}}))
    assert form.rows[0].value("status") == "done"
    assert [(finding.code, finding.effective_severity) for finding in form.findings] == [("choice-alias", "note")]


def test_errors_and_formulas_are_no_answers() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(sheet, FIRST, status="#REF!")
        sheet.cell(FIRST, COLUMNS["status"]).data_type = "e"
        set_cells(sheet, FIRST + 1, comment="=A1&B1")

    form = read_form_bytes(edit_sheet(change))
    assert [(finding.code, finding.location.cell, finding.value) for finding in form.findings] == [
        ("cell-error", "H5", "#REF!"),
        ("cell-formula", "J6", "=A1&B1"),
    ]
    assert form.rows[0].answers[0].raw_text == "#REF!"
    assert form.rows[1].answers[2].error_code == "cell-formula"


def test_a_real_date_is_a_deadline() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST, new_deadline=datetime(2021, 9, 30))))
    answer = form.rows[0].answers[1]
    assert isinstance(answer.value, Deadline)
    assert (answer.value.first, answer.raw_text) == (date(2021, 9, 30), "2021-09-30")


def test_one_answer_merged_over_several_rows_counts_for_each() -> None:
    form = read_form_bytes(
        edit_sheet(lambda sheet: sheet.merge_cells("H5:H7"), make_form({"a": {"status": "Pågående"}}))
    )
    assert [row.value("status") for row in form.rows] == ["ongoing"] * 3 + [None] * 2
    assert finding_codes(form) == ["cells-merged"]


# Rows -----------------------------------------------------------------------------------------------------


def test_rows_may_be_inserted_and_deleted() -> None:
    def change(sheet: Worksheet) -> None:
        sheet.delete_rows(FIRST + 2)
        sheet.insert_rows(FIRST, 3)
        sheet.insert_rows(2, 2)

    form = read_form_bytes(edit_sheet(change))
    expected = with_blank_items()
    del expected["c"]
    assert answers_by_item(form) == expected
    said_of = [(finding.code, finding.row_id) for finding in form.findings]
    assert ("row-missing", "c") in said_of
    assert {code for code, _ in said_of} <= {"row-missing", "list-pasted-over"}, "openpyxl leaves lists behind"
    assert form.rows[0].location.cell == "A10"


def swap(sheet: Worksheet, one: int, other: int, columns: Iterable[int]) -> None:
    for column in columns:
        first, second = sheet.cell(one, column), sheet.cell(other, column)
        first.value, second.value = second.value, first.value


def test_whole_rows_may_be_sorted() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: swap(sheet, FIRST, FIRST + 3, range(1, 13))))
    assert answers_by_item(form) == with_blank_items()
    assert form.findings == ()
    assert form.rows[0].item.id == "d"


def test_the_text_decides_where_ids_were_torn_off() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: swap(sheet, FIRST, FIRST + 3, range(2, 13))))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["id-and-text-disagree"] * 2
    assert form.findings[0].row_id == "d"


def test_ids_may_be_blanked() -> None:
    def change(sheet: Worksheet) -> None:
        for row in range(FIRST, FIRST + 5):
            set_cells(sheet, row, id=None)

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["row-without-id"] * 5


def test_an_unknown_id_is_no_matter_where_the_text_is_known() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST, id="xyz")))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["row-without-id"]


def test_texts_are_the_same_in_other_letters_and_spaces() -> None:
    written = "  O\u0308PPNA\u00a0 kvarn "
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST, id="B", activity=written)))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["id-and-text-disagree"]


def test_changed_texts_are_noted_and_the_id_counts() -> None:
    form = read_form_bytes(
        edit_sheet(lambda sheet: set_cells(sheet, FIRST + 3, activity="Sälja ladan och tomten"))
    )
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["issued-text-changed"]
    assert "tomten" in (form.findings[0].value or "")


@pytest.mark.parametrize("blank", [False, True], ids=["with ids", "without ids"])
def test_texts_that_lost_their_dots_are_known(blank: bool) -> None:
    """As after a find and replace through the whole sheet, or a program that knows plain letters only."""

    def change(sheet: Worksheet) -> None:
        for row in range(FIRST, FIRST + 5):
            for key in ("perspective", "overall_goal", "board_goal", "activity", "sub_activity"):
                cell = sheet.cell(row, COLUMNS[key])
                letters = unicodedata.normalize("NFD", str(cell.value or ""))
                cell.value = letters.encode("ascii", "ignore").decode() or None
            set_cells(sheet, row, **({"id": None} if blank else {}))

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert set(finding_codes(form)) == {"row-without-id" if blank else "issued-text-changed"}
    assert unplaced_texts(form) == []


def test_where_only_dots_tell_two_lines_apart_they_still_do() -> None:
    asked = draw_round(
        """
        Id | Perspektiv | Övergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet
        a  | Samhälle   | Levande kommun   | Möten    | Måla      |              |           | Museet
        b  |            |                  |          | Mala      |              |           | Museet
        """
    )
    content = make_form({"a": {"comment": "Huset"}, "b": {"comment": "Kaffe"}}, asked)

    def change(sheet: Worksheet) -> None:
        for row, text in ((FIRST, "Mala"), (FIRST + 1, "Måla")):
            set_cells(sheet, row, id=None, activity=text)

    form = read_form_bytes(edit_sheet(change, content))
    assert answers_by_item(form) == {"a": {"comment": "Kaffe"}, "b": {"comment": "Huset"}}


def test_a_copied_row_with_new_text_is_set_aside() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(sheet, 11, id="d", activity="Sälja tomten", status="Pågående")

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert [(cell, row) for cell, _, row in unplaced_texts(form)] == [("A11", True)]
    assert finding_codes(form) == ["row-unknown"]


def test_a_row_twice_counts_once_and_keeps_the_other() -> None:
    def change(sheet: Worksheet) -> None:
        for row, status in ((11, None), (12, "Utgår")):
            for column in range(1, 8):
                sheet.cell(row, column).value = sheet.cell(FIRST, column).value
            set_cells(sheet, row, status=status)

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert [cell for cell, _, _ in unplaced_texts(form)] == ["A12"]
    assert "Utgår" in unplaced_texts(form)[0][1]
    assert finding_codes(form) == ["row-twice"]


def test_a_row_pasted_above_does_not_push_the_issued_one_aside() -> None:
    def change(sheet: Worksheet) -> None:
        sheet.insert_rows(FIRST)
        set_cells(sheet, FIRST, id="f", activity="Sälja ladan", comment="Från en annan enhet")

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert [cell for cell, _, _ in unplaced_texts(form)] == ["A5"]
    assert finding_codes(form) == ["row-twice"]


def test_of_two_rows_without_id_the_one_with_all_its_text_counts() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(sheet, FIRST + 3, id=None)
        sheet.insert_rows(FIRST)
        set_cells(sheet, FIRST, activity="Sälja ladan", comment="Från en annan enhet")

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert [cell for cell, _, _ in unplaced_texts(form)] == ["A5"]
    assert finding_codes(form) == ["row-twice", "row-without-id"]


@pytest.mark.parametrize("first", [1, 2])
def test_a_heading_repeated_between_the_rows_is_no_row(first: int) -> None:
    def change(sheet: Worksheet) -> None:
        sheet.insert_rows(FIRST + 2)
        for column in range(first, sheet.max_column + 1):
            sheet.cell(FIRST + 2, column).value = sheet.cell(HEADING_ROW + 1, column).value
        sheet.cell(FIRST + 2, 20).value = "Sidan 2"

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [(f"T{FIRST + 2}", "Sidan 2", False)]


def test_a_copy_of_the_codes_below_the_heading_hides_no_row_above() -> None:
    def change(sheet: Worksheet) -> None:
        sheet.insert_rows(FIRST + 4)
        for column in range(1, sheet.max_column + 1):
            sheet.cell(FIRST + 4, column).value = sheet.cell(CODE_ROW + 1, column).value
            sheet.cell(CODE_ROW + 1, column).value = None

    form = read_form_bytes(edit_sheet(change))
    assert (answers_by_item(form), form.unplaced) == (with_blank_items(), ())


def test_a_blank_copy_before_the_answered_row_takes_nothing_away() -> None:
    def change(sheet: Worksheet) -> None:
        sheet.insert_rows(FIRST)
        for column in range(1, 8):
            sheet.cell(FIRST, column).value = sheet.cell(FIRST + 1, column).value

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert form.unplaced == ()


def test_the_row_of_another_unit_is_set_aside() -> None:
    change = {"id": "f", "perspective": "Ekonomi", "activity": "Måla om", "status": "Pågående"}
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, 11, **change)))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [("A11", "f | Ekonomi | Måla om | Pågående", True)]


def test_activities_of_the_units_own_are_rows() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(
            sheet, 12, perspective="Samhälle", activity="Bygga brygga", deadline="Kvartal 3", status="Pågående"
        )
        set_cells(sheet, 30, activity="Laga bryggan", deadline="3/4", status="Kanske", Ansvar="Ingen")

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items(
        **{"Bygga brygga": {"status": "Pågående"}, "Laga bryggan": {"status": "Kanske"}}
    )
    first, second = (row.item for row in form.rows if row.item.added_by_unit)
    assert first.id.startswith("own-")
    assert (first.level_texts[0], first.units, first.location) == ("Samhälle", ("Museet",), form.rows[5].location)
    given = first.plan_value("deadline")
    assert isinstance(given, Deadline)
    assert given.last == date(2021, 9, 30)
    assert ("Ansvar", "Ingen") in second.extra_columns
    assert read_form_bytes(edit_sheet(change)).rows[5].item.id == first.id
    assert {"choice-unknown"} <= set(finding_codes(form))


def test_own_activities_with_the_same_text_stay_apart() -> None:
    def change(sheet: Worksheet) -> None:
        for row, status in ((11, "Pågående"), (12, "Utgår")):
            set_cells(sheet, row, activity="Bygga brygga", status=status)

    own = [row for row in read_form_bytes(edit_sheet(change)).rows if row.item.added_by_unit]
    assert [row.value("status") for row in own] == ["ongoing", "cancelled"]
    assert len({row.item.id for row in own}) == 2


def test_an_answer_without_any_text_is_a_row_of_its_own() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, 12, comment="Vad gäller det här?")))
    assert form.rows[5].item.added_by_unit
    assert form.rows[5].item.level_texts == ("",) * 5
    assert answers_by_item(form)[""] == {"comment": "Vad gäller det här?"}


def test_what_the_plan_says_stands() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST, deadline="Kvartal 4")))
    assert finding_codes(form) == ["plan-value-changed"]
    assert "från ”Kvartal 2” till ”Kvartal 4”" in message_of(form.findings[0], "sv")
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST + 4, deadline="Kvartal 4")))
    assert "från tomt till ”Kvartal 4”" in message_of(form.findings[0], "sv")
    assert "from blank to “Kvartal 4”" in message_of(form.findings[0], "en")
    assert form.rows[0].item == ASKED.plan.items[0]
    same = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST + 1, deadline=datetime(2021, 6, 30))))
    assert same.findings == ()


# Columns --------------------------------------------------------------------------------------------------


def test_columns_may_be_inserted_and_moved() -> None:
    def change(sheet: Worksheet) -> None:
        sheet.insert_cols(3, 2)
        sheet.cell(HEADING_ROW + 1, 3).value = "Vår anteckning"
        sheet.cell(FIRST, 3).value = "se pärm 4"
        sheet.move_range("J1:J40", cols=6)

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert form.rows[0].location_of(form.rows[0].answers[0]).cell == "P5"
    assert unplaced_texts(form) == [("C4", "Vår anteckning", False), ("C5", "se pärm 4", False)]
    assert finding_codes(form) == ["text-outside-table"] * 2


def test_columns_are_known_by_code_or_heading() -> None:
    def lose_codes(sheet: Worksheet) -> None:
        sheet.delete_rows(CODE_ROW + 1)
        sheet.insert_cols(1)

    form = read_form_bytes(edit_sheet(lose_codes))
    assert (answers_by_item(form), form.findings) == (with_blank_items(), ())
    renamed = read_form_bytes(
        edit_sheet(lambda sheet: set_cells(sheet, HEADING_ROW + 1, status="Läget nu", comment=None))
    )
    assert answers_by_item(renamed) == with_blank_items()
    assert [(finding.code, finding.value) for finding in renamed.findings] == [
        ("heading-changed", "Läget nu"),
        ("heading-changed", ""),
    ]


def test_columns_are_known_by_place_when_code_and_heading_are_gone() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(sheet, HEADING_ROW + 1, status="Läget nu")
        sheet.delete_rows(CODE_ROW + 1)

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["heading-changed"]


def test_no_row_is_taken_for_the_heading_that_somebody_deleted() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: sheet.delete_rows(HEADING_ROW + 1)))
    assert (answers_by_item(form), form.unplaced) == (with_blank_items(), ())
    assert finding_codes(form) == ["headings-gone"]
    assert form.rows[0].location.cell == f"A{FIRST - 1}"


def test_columns_are_known_by_place_beside_the_round_before_too() -> None:
    before = PreviousAnswers(None, MappingProxyType({"a": "Pågående"}))

    def change(sheet: Worksheet) -> None:
        set_cells(sheet, HEADING_ROW + 1, status="Läget nu", activity="Vad")
        sheet.delete_rows(CODE_ROW + 1)

    form = read_form_bytes(edit_sheet(change, write_form(ASKED, "Museet", FILLED, issued={}, previous=before)))
    assert (answers_by_item(form), form.unplaced) == (with_blank_items(), ())
    assert finding_codes(form) == ["heading-changed"] * 2


def test_the_heading_counts_where_it_and_the_code_disagree() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(sheet, HEADING_ROW + 1, new_deadline="Kommentar/avvikelse", comment="Ny tidpunkt")

    form = read_form_bytes(
        edit_sheet(change, make_form({"a": {"new_deadline": "Båten är hyrd", "comment": "Kvartal 3"}}))
    )
    assert form.rows[0].value("comment") == "Båten är hyrd"
    assert finding_codes(form) == ["heading-not-code"] * 2


def test_a_copied_column_takes_nothing_away() -> None:
    def change(sheet: Worksheet) -> None:
        for row in (CODE_ROW + 1, HEADING_ROW + 1):
            sheet.cell(row, 14).value = sheet.cell(row, COLUMNS["status"]).value
        sheet.cell(FIRST + 4, 14).value = "Utgår"

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert ("N9", "Utgår", False) in unplaced_texts(form)


def test_a_column_that_is_gone_is_missed() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: sheet.delete_cols(COLUMNS["comment"])))
    assert form.rows[0].answer("comment") is None
    assert [(finding.code, finding.field) for finding in form.findings] == [("column-missing", "comment")]


@pytest.mark.parametrize("key", ["sub_activity", "activity"])
def test_rows_are_known_by_id_where_the_column_that_names_them_is_gone(key: str) -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: sheet.delete_cols(COLUMNS[key])))
    assert (answers_by_item(form), form.unplaced) == (with_blank_items(), ())
    assert finding_codes(form) == ["issued-column-missing"]


def test_a_row_that_only_its_goals_speak_for_is_no_line() -> None:
    def change(sheet: Worksheet) -> None:
        set_cells(sheet, FIRST + 3, id=None)
        sheet.delete_cols(COLUMNS["activity"])

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == {key: cells for key, cells in with_blank_items().items() if key != "d"}
    (kept,) = form.unplaced
    assert (kept.is_row, kept.location.cell, kept.texts[-2]) == (True, "A8", "Ladan brann\nniga")


def test_ids_and_levels_may_be_gone_altogether() -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: sheet.delete_cols(1, 4)))
    assert answers_by_item(form) == with_blank_items()
    assert set(finding_codes(form)) == {"issued-column-missing", "row-without-id"}


def test_codes_pasted_right_below_the_first_row_hide_no_row() -> None:
    def change(sheet: Worksheet) -> None:
        codes = [cell.value for cell in sheet[CODE_ROW + 1]]
        sheet.insert_rows(FIRST_ITEM_ROW + 2)
        for place, code in enumerate(codes, 1):
            sheet.cell(CODE_ROW + 1, place).value = None
            sheet.cell(FIRST_ITEM_ROW + 2, place).value = code

    form = read_form_bytes(edit_sheet(change))
    assert answers_by_item(form) == with_blank_items()
    assert form.unplaced == ()


# Sheets ---------------------------------------------------------------------------------------------------


def test_sheets_may_have_any_name() -> None:
    def change(opened: Workbook) -> None:
        opened["Uppföljning"].title = "Svar från oss"
        opened["xlflow"].title = "Blad3"

    form = read_form_bytes(edit_workbook(change))
    assert answers_by_item(form) == with_blank_items()
    assert form.rows[0].location.sheet == "Svar från oss"
    assert form.findings == ()


def test_the_sheet_of_our_formulas_says_nothing_even_where_somebody_shows_it() -> None:
    def change(opened: Workbook) -> None:
        opened[CALC_SHEET].sheet_state = "visible"

    hidden, shown = read_form_bytes(make_form()), read_form_bytes(edit_workbook(change))
    assert (
        (answers_by_item(shown), shown.findings)
        == (answers_by_item(hidden), hidden.findings)
        == (with_blank_items(), ())
    )


def test_the_sheet_of_our_formulas_is_no_copy_of_the_form_where_they_show_its_headings() -> None:
    """As they do once somebody has pasted the headings between the rows, in a kind of file that is read whole."""

    def change(opened: Workbook) -> None:
        opened[CALC_SHEET].sheet_state = "visible"
        for column, cell in enumerate(opened["Uppföljning"][HEADING_ROW + 1], 1):
            opened[CALC_SHEET].cell(3, column).value = cell.value
        opened[CALC_SHEET].cell(4, 9).value = "Pågående"

    form = read_form_bytes(edit_workbook(change))
    assert (answers_by_item(form), unplaced_texts(form), finding_codes(form)) == (with_blank_items(), [], [])


def test_another_sheet_by_the_name_of_our_formulas_is_kept_if_it_can_be_seen() -> None:
    def change(opened: Workbook) -> None:
        opened.remove(opened[CALC_SHEET])
        opened.create_sheet(CALC_SHEET)["B2"] = "Vår egen lista"

    form = read_form_bytes(edit_workbook(change))
    assert [(one.location.cell, one.texts) for one in form.unplaced] == [("B2", ("Vår egen lista",))]


def test_the_sheet_with_most_answers_counts_and_the_other_is_kept() -> None:
    def change(opened: Workbook) -> None:
        copy = opened.copy_worksheet(opened["Uppföljning"])
        copy.title = "Kopia"
        set_cells(copy, FIRST + 4, status="Utgår")
        set_cells(opened["Uppföljning"], FIRST, comment="Annat", status=None)

    form = read_form_bytes(edit_workbook(change))
    assert answers_by_item(form) == with_blank_items(e={"status": "Utgår"})
    assert form.rows[0].location.sheet == "Kopia"
    assert unplaced_texts(form) == [
        ("A5", "Samhälle | Levande kommun | Möten | Öppna kvarn | Annat", True),
    ]
    assert finding_codes(form) == ["lists-gone", "row-on-copied-sheet", "sheet-copied"]


def test_texts_beside_the_table_and_on_other_sheets_are_kept() -> None:
    def change(opened: Workbook) -> None:
        sheet = opened["Uppföljning"]
        sheet["G1"] = "Vi ses!"
        sheet["A40"] = "Frågor? Ring växeln."
        sheet["P7"] = 12
        sheet["XFD1048576"] = "långt borta"
        opened.create_sheet("Eget")["B2"] = "Våra egna anteckningar"

    form = read_form_bytes(edit_workbook(change))
    assert answers_by_item(form) == with_blank_items()
    assert unplaced_texts(form) == [
        ("G1", "Vi ses!", False),
        ("A40", "Frågor? Ring växeln.", False),
        ("P7", "12", False),
        ("XFD1048576", "långt borta", False),
        ("B2", "Våra egna anteckningar", False),
    ]
    assert finding_codes(form) == ["text-on-other-sheet", *["text-outside-table"] * 4]


# Which form it is -----------------------------------------------------------------------------------------


def refusal_of(content: bytes, known: Iterable[KnownRound] = ()) -> str:
    opened = open_workbook(content, "Museet.xlsx")
    assert isinstance(opened, WorkbookData)
    refused = read_form(opened, RECEIVED, tuple(known))
    assert isinstance(refused, Finding)
    assert "Museet.xlsx" in message_of(refused, "sv")
    return refused.code


def test_a_form_that_lost_its_records_is_read_where_the_round_is_known() -> None:
    content = edit_workbook(lambda opened: opened.remove(opened["xlflow"]))
    form = read_form_bytes(content, [KnownRound(replace(ASKED, as_of=date(2020, 1, 1))), KnownRound(ASKED)])
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["identity-from-properties"]
    assert refusal_of(content) == "form-without-definition"
    others = replace(ASKED, plan=replace(ASKED.plan, items=ASKED.plan.items[5:]))
    assert refusal_of(content, [KnownRound(others)]) == "form-without-definition"


def test_what_a_form_says_in_another_language_than_the_plan_is_no_text_of_the_unit_s() -> None:
    english = make_form(round_=replace(ASKED, language="en"), answers={"a": {"status": "Ongoing"}})
    form = read_form_bytes(
        edit_workbook(lambda opened: opened.remove(opened["xlflow"]), english), [KnownRound(ASKED)]
    )
    assert (answers_by_item(form)["a"], form.unplaced) == ({"status": "Ongoing"}, ())


def test_what_is_no_form_is_refused() -> None:
    plain = Workbook()
    plain.active["A1"] = "Budget"  # type: ignore[index]
    buffer = io.BytesIO()
    plain.save(buffer)
    assert refusal_of(buffer.getvalue()) == "not-a-form"
    assert refusal_of(edit_workbook(lambda opened: opened.remove(opened["Uppföljning"]))) == "form-sheet-missing"

    def garble(opened: Workbook) -> None:
        opened["xlflow"].delete_rows(3, 5)
        while opened.custom_doc_props.names:
            del opened.custom_doc_props[opened.custom_doc_props.names[0]]

    assert refusal_of(edit_workbook(garble)) == "form-metadata-corrupt"


def redefine(change: Callable[[dict[str, Any]], object], form_version: str = "1") -> bytes:
    """Return a form as a newer version of the program might make it, its definition changed."""

    def change_records(opened: Workbook) -> None:
        sheet = opened["xlflow"]
        for row in sheet.iter_rows():
            if row[0].value == "definition":
                whole = json.loads("".join(str(cell.value or "") for cell in row[2:]))
                change(whole)
                text = json.dumps(whole, separators=(",", ":"))
                row[1].value = hashlib.sha256(text.encode()).hexdigest()
                for number, cell in enumerate(row[2:]):
                    cell.value = text[number * 30_000 : (number + 1) * 30_000] or None
            elif (row[0].value, row[1].value) == ("identity", "format"):
                row[2].value = form_version

    return edit_workbook(change_records)


def test_a_form_of_a_newer_version_is_read_without_what_is_not_known() -> None:
    def change(whole: dict[str, Any]) -> None:
        whole["colour"] = "blue"
        whole["fields"][1]["spoken"] = True
        whole["rules"][0]["unless"] = {"field": "comment"}
        whole["rules"][2]["require"] = {"somehow": 1}

    form = read_form_bytes(redefine(change))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["form-partly-of-newer-version"]
    rules = ASKED.template.rules
    for name in ("colour", f"fields.{ASKED.template.fields[1].key}.spoken", f"rules.{rules[0].name}"):
        assert name in message_of(form.findings[0], "sv")
    assert form.round.template.rules == (rules[1], *rules[3:])


def test_a_form_that_only_a_newer_version_can_read_says_so() -> None:
    def change(whole: dict[str, Any]) -> None:
        whole["fields"][1]["type"] = "sound"

    def forget(opened: Workbook) -> None:
        while opened.custom_doc_props.names:
            del opened.custom_doc_props[opened.custom_doc_props.names[0]]

    for content in (redefine(change), redefine(lambda _: None, "2")):
        alone = edit_workbook(forget, content)
        assert refusal_of(alone) == "form-of-newer-version"
        assert finding_codes(read_form_bytes(alone, [KnownRound(ASKED)])) == ["form-recognised"]


def test_sheets_copied_between_two_forms_are_noticed() -> None:
    def change(opened: Workbook) -> None:
        opened.custom_doc_props["xlflow.unit"].value = "Åbo"

    form = read_form_bytes(edit_workbook(change))
    assert form.unit == "Museet"
    assert finding_codes(form) == ["identities-differ"]
    assert "Åbo" in message_of(form.findings[0], "sv")


def test_numbers_are_exact() -> None:
    template = shipped_template("budget")
    asked = draw_round(
        f"{' | '.join(level.label.sv for level in template.levels)} | Enhet\n"
        f"{' | '.join(f'Nivå {n}' for n, _ in enumerate(template.levels))} | Museet",
        template=template,
    )
    number = next(field.key for field in template.answer_fields() if field.type == "number")
    line = asked.plan.items[0].id
    form = read_form_bytes(write_form(asked, "Museet", {line: {number: "1 250,1"}}, issued={}))
    assert form.rows[0].value(number) == Decimal("1250.1")


# Properties -----------------------------------------------------------------------------------------------

WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), min_size=1, max_size=30).filter(
    lambda text: text.strip() and any(map(str.isalnum, text))
)


@st.composite
def rounds_and_answers(draw: st.DrawFn) -> tuple[Round, dict[str, dict[str, str]]]:
    """Return a round of one unit, with any texts, and any answers to it."""
    template = shipped_template()
    texts = draw(st.lists(st.tuples(WORDS, WORDS, st.one_of(st.just(""), WORDS)), min_size=1, max_size=6))
    lines = []
    for number, (goal, item, part) in enumerate(texts):
        levels = ("Perspektiv", goal, "Mål", f"{number} {item}", part)
        lines.append(
            replace(ASKED.plan.items[0], id=f"r{number}", level_texts=levels, plan_values=(), extra_columns=())
        )
    asked = replace(
        ASKED, plan=replace(ASKED.plan, items=tuple(lines), units=ASKED.plan.units[:1], extra_headings=())
    )
    status = template.choice_list(template.field("status")).options
    answers = {
        line.id: {
            "status": draw(st.sampled_from(["", *(option.label.sv for option in status)])),
            "new_deadline": draw(st.sampled_from(["", "Kvartal 3", "Kvartal 1 2022", "2021-09-30", "under 2022"])),
            "comment": draw(st.one_of(st.just(""), WORDS)),
        }
        for line in lines
    }
    return asked, answers


@given(rounds_and_answers())
@settings(max_examples=sample_size(40))
def test_reading_gives_back_what_was_filled(drawn: tuple[Round, dict[str, dict[str, str]]]) -> None:
    asked, answers = drawn
    form = read_form_bytes(make_form(answers, asked))
    template = asked.template
    assert len(form.rows) == len(asked.plan.items)
    for row in form.rows:
        for answer in row.answers:
            wanted = answers[row.item.id][answer.field]
            shown = format_value(answer.value, template.field(answer.field), template, "sv", asked.plan.year)
            assert (shown.strip(), answer.raw_text.strip()) == (wanted.strip(), wanted.strip())
    assert not [finding for finding in form.findings if finding.effective_severity == "error"]


def shuffle_rows(rows: list[list[object]], dice: random.Random, edits: int) -> None:
    """Do to the rows of a form what people do: sort, insert, delete nothing, blank ids, tear ids off, add."""
    for _ in range(edits):
        kind, place = dice.randrange(5), dice.randrange(len(rows))
        if kind == 0:
            dice.shuffle(rows)
        elif kind == 1:
            rows.insert(place, [None] * len(rows[0]))
        elif kind == 2:
            rows[place][0] = None
        elif kind == 3:
            other = dice.randrange(len(rows))
            rows[place][0], rows[other][0] = rows[other][0], rows[place][0]
        else:
            own: list[object] = [None] * len(rows[0])
            own[4], own[7] = f"Eget {dice.random()}", "Pågående"
            rows.insert(place, own)


@given(st.integers(0, 10_000), st.integers(0, 8))
@settings(max_examples=sample_size(150))
def test_no_answer_is_lost_whatever_happens_to_the_rows(seed: int, edits: int) -> None:
    opened = open_workbook(make_form(), "Museet.xlsx")
    assert isinstance(opened, WorkbookData)
    sheet = opened.sheets[1]
    rows, dice = [list(row) for row in sheet.rows[FIRST_ITEM_ROW:]], random.Random(seed)
    shuffle_rows(rows, dice, edits)
    form = read_form(with_rows(opened, sheet, rows), RECEIVED)
    assert isinstance(form, Submission)
    issued = {key: texts for key, texts in answers_by_item(form).items() if not key.startswith("Eget")}
    assert issued == with_blank_items()
    own = sum(isinstance(row[4], str) and row[4].startswith("Eget") for row in rows)
    set_aside = sum(one.is_row for one in form.unplaced)
    assert len(form.rows) + set_aside == 5 + own


def with_rows(opened: WorkbookData, sheet: SheetData, rows: list[list[object]]) -> WorkbookData:
    whole = (*sheet.rows[:FIRST_ITEM_ROW], *(tuple(row) for row in rows))
    changed = replace(sheet, rows=whole)  # type: ignore[arg-type]
    return replace(opened, sheets=tuple(changed if one is sheet else one for one in opened.sheets))
