"""Whatever people do to a consolidated workbook, it is read, or a message says why not; never a traceback."""

import io
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from support.edited_forms import make_form

from xlflow.model.findings import FatalError, message_of
from xlflow.pipeline.form_operations import merge_forms
from xlflow.pipeline.report_operations import read_history, write_report

if TYPE_CHECKING:
    from collections.abc import Callable

ODD_VALUES = (
    *(None, "", " ", "x", "=1+1", "å" * 300, "\n", "Genomfört", "Ja", "a", "zz", "{x}", "9" * 400),
    *("Museet; Åbo", "Museet: x\nÅbo: y", 0, -1, 1e300, 3.5, True, 10**15),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("merged")
    (folder / "in").mkdir()
    (folder / "in" / "Museet.xlsx").write_bytes(make_form())
    merge_forms([folder / "in"], folder / "c.xlsx", cache=False)
    return folder


def edit(opened: Workbook, rng: Random) -> None:
    """Do one thing to one sheet, as a person might."""
    sheet = rng.choice(opened.worksheets)
    row, column = rng.randint(1, min(sheet.max_row, 40)), rng.randint(1, min(sheet.max_column, 40))
    changes: tuple[Callable[[], object], ...] = (
        lambda: sheet.delete_rows(row),
        lambda: sheet.insert_rows(row),
        lambda: sheet.delete_cols(column),
        lambda: sheet.insert_cols(column),
        lambda: setattr(sheet, "title", rng.choice(["Blad1", "Svar", "x"])),
        lambda: setattr(sheet, "sheet_state", "hidden"),
        lambda: opened.move_sheet(sheet, rng.randint(-3, 3)),
        lambda: opened.remove(sheet),
        *[lambda: _set_value(sheet.cell(row, column), rng.choice(ODD_VALUES))] * 8,
    )
    rng.choice(changes)()


def _set_value(cell: object, value: object) -> None:
    if type(cell).__name__ != "MergedCell":
        cell.value = value  # type: ignore[attr-defined]


def refusal_reasons(use: "Callable[[], object]") -> list[str] | None:
    """Return the messages with which a use refuses, None if it does not."""
    try:
        use()
    except FatalError as refused:
        return [message_of(found, "sv") for found in refused.findings] or [""]
    return None


@pytest.mark.parametrize("count", [4, pytest.param(600, marks=pytest.mark.long)])
def test_an_edited_workbook_is_read_or_refused_with_a_reason(folder: Path, count: int) -> None:
    base, edited = (folder / "c.xlsx").read_bytes(), folder / "e.xlsx"
    uses: tuple[Callable[[], object], ...] = (
        lambda: write_report(edited, folder / "r.html", force=True),
        lambda: read_history([edited]),
        lambda: merge_forms([folder / "in"], folder / "n.xlsx", previous=edited, cache=False, force=True),
        lambda: merge_forms([folder / "in"], edited, cache=False),
    )
    read = 0
    for seed in range(count):
        opened, rng = load_workbook(io.BytesIO(base)), Random(seed)
        for _ in range(rng.randint(1, 3)):
            if len(opened.worksheets) > 1:
                edit(opened, rng)
        opened.worksheets[0].sheet_state = "visible"
        opened.save(edited)
        for use in uses:
            reasons = refusal_reasons(use)
            assert reasons is None or all(reasons), seed
            read += reasons is None
    assert read > count
