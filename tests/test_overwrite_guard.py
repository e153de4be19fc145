"""A form is replaced only where nothing that anybody wrote is lost by it."""

from pathlib import Path

import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet
from support.edited_forms import COLUMNS, FILLED, FIRST, edit_sheet, make_form

from xlflow.pipeline.overwrite_guard import reason_to_keep_form, refuse_overwrite

BLANK = make_form({})


def reason(folder: Path, content: bytes) -> str | None:
    """Return the code of why a form with this content may not be replaced."""
    path = folder / "Museet.xlsx"
    path.write_bytes(content)
    finding = reason_to_keep_form(path)
    return finding.code if finding else None


def write_below(sheet: Worksheet) -> None:
    sheet.cell(sheet.max_row + 3, 2).value = "Vi återkommer i maj"


def write_beside(sheet: Worksheet) -> None:
    sheet.cell(FIRST, max(COLUMNS.values()) + 3).value = "Se bilaga"


def comment(sheet: Worksheet) -> None:
    sheet.cell(FIRST, COLUMNS["status"]).comment = Comment("Fråga Museet", "Chefen")


def test_a_blank_form_may_be_replaced(tmp_path: Path) -> None:
    assert reason(tmp_path, BLANK) is None
    assert reason(tmp_path, edit_sheet(str, BLANK)) is None, "opened and saved by another program"


def test_a_form_with_an_answer_may_not(tmp_path: Path) -> None:
    assert reason(tmp_path, make_form({"a": {"comment": "x"}})) == "target-has-answers"
    assert reason(tmp_path, make_form(FILLED)) == "target-has-answers"


@pytest.mark.parametrize("write", [write_below, write_beside, comment])
def test_a_form_that_holds_nothing_but_unplaced_text_may_not(tmp_path: Path, write: object) -> None:
    assert reason(tmp_path, edit_sheet(write, BLANK)) == "target-has-answers"  # type: ignore[arg-type]


def test_what_is_no_form_may_not(tmp_path: Path) -> None:
    assert reason(tmp_path, b"eget") == "target-not-ours"


def test_a_folder_under_the_name_is_left_to_whoever_writes(tmp_path: Path) -> None:
    refuse_overwrite([tmp_path, tmp_path / "ny.xlsx"], reason_to_keep_form)
