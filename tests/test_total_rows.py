"""A row that sums others up is set aside and told of, so that no amount is counted twice; other rows count."""

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from support.draw_round import draw_round, shipped_template
from support.libreoffice import recalculate

from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.form.layout import FREE_ROW_COUNT
from xlflow.generate import write_form
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.pipeline.form_operations import merge_forms
from xlflow.read.build_submission import read_form

ASKED = draw_round(
    """
    Id | Område  | Post   | Budget  | Enhet
    a  | Drift   | Löner  | 1000000 | Badet
    b  | Drift   | El     | 250000  | Badet
    c  | Intäkt  | Avgift | -300000 | Badet
    """,
    template=shipped_template("budget"),
)
ANSWERS = {"a": {"outcome": "400"}, "b": {"outcome": "30,5"}, "c": {"outcome": "-100"}}
FORM, BELOW = "Uppföljning", 9
"""The sheet, and the first of the free rows."""


def a_form(table: str, worked_out_in: Path | None = None) -> bytes:
    """Return a form in whose free rows somebody wrote `Område | Post | Utfall | Kommentar`."""
    workbook = load_workbook(io.BytesIO(write_form(ASKED, "Badet", ANSWERS, issued={})))
    sheet: Any = workbook[FORM]
    for number, line in enumerate(table.strip().splitlines(), BELOW):
        for column, text in zip("BCEI", line.split("|"), strict=True):
            said = text.strip()
            if said:
                sheet[f"{column}{number}"] = float(said) if said.replace(".", "").isdigit() else said
    if worked_out_in:
        workbook.save(worked_out_in / "form.xlsx")
        return recalculate(worked_out_in / "form.xlsx").read_bytes()
    workbook.save(stream := io.BytesIO())
    return stream.getvalue()


def read(content: bytes) -> Submission:
    workbook = open_workbook(content, "Badet.xlsx")
    assert isinstance(workbook, WorkbookData), workbook
    filled = read_form(
        workbook, ReceivedFile("Badet.xlsx", "0" * 64, len(content), None, FileState.ACCEPTED, "Badet")
    )
    assert isinstance(filled, Submission), filled
    return filled


def aside(form: Submission) -> list[tuple[str | None, str, bool]]:
    return [(one.location.cell, one.reason, one.is_row) for one in form.unplaced]


@pytest.mark.parametrize(
    "row",
    [
        "| Summa | 330.5 |",
        "| SUMMA: | 999 |",
        "Totalt | | 330.5 |",
        "| Summa alla | 330.5 | enligt vår bok",
        "| Grand total | 7 |",
        "| Summa drift | =SUM(E5:E6) |",
        "Drift totalt | | =SUM(E5:E6) |",
        "| Summa verksamheten | 330.5 |",
        "| Summa kostnader | 430.5 |",
        "| Summa personal och el | 430.5 |",
        "| S:a | 330.5 |",
        "| \N{GREEK CAPITAL LETTER SIGMA} | 330.5 |",
        "| \N{N-ARY SUMMATION} = | 330.5 |",
        "| Sa | 330.5 |",
        "| Resultat | 330.5 |",
        "Netto | | 330.5 |",
        "| Delsumma | 12 |",
        "| Subtotal drift | 430.5 |",
        "| Summa/total | 330,50 kr |",
        "| | =SUM(E5:E7) |",
        "| | 330.5 |",
    ],
)
def test_a_row_that_sums_others_up_is_set_aside_and_reported(row: str) -> None:
    form = read(a_form(row))
    assert [each.item.id for each in form.rows if not each.is_blank] == ["a", "b", "c"]
    assert aside(form) == [(f"A{BELOW}", "total-row", True)]
    assert [
        (found.code, found.location.cell) for found in form.findings if found.code.startswith(("row", "total-row"))
    ] == [("total-row", f"A{BELOW}")]


def test_a_row_under_any_name_is_a_sum_where_two_columns_say_so() -> None:
    amounts = {"a": ("400", "1000000"), "b": ("30,5", "250000"), "c": ("-100", "-300000")}
    answers = {key: {"outcome": outcome, "forecast": forecast} for key, (outcome, forecast) in amounts.items()}
    for forecast, wanted in ((950000, [f"A{BELOW}"]), (950001, [])):
        workbook = load_workbook(io.BytesIO(write_form(ASKED, "Badet", answers, issued={})))
        sheet = workbook[FORM]
        sheet[f"C{BELOW}"], sheet[f"E{BELOW}"], sheet[f"F{BELOW}"] = "Hela förvaltningen", 330.5, forecast
        workbook.save(stream := io.BytesIO())
        assert [cell for cell, _, _ in aside(read(stream.getvalue()))] == wanted


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("| Konsulter | 330.5 |", "sum-row-suspected"),
        ("| | 330.5 | Konsulter", "sum-row-suspected"),
        ("| Summa pengar till konsulter | 330 |", "sum-row-differs"),
        ("| Konsulter totalt | 12 |", "sum-row-differs"),
        ("| Konsulter | 12 |", None),
        ("| Nettokostnad | 12 |", None),
    ],
)
def test_a_row_that_may_be_a_sum_counts_and_is_doubted(row: str, code: str | None) -> None:
    form = read(a_form(row))
    assert aside(form) == []
    assert len([each for each in form.rows if each.item.added_by_unit]) == 1
    doubts = [(found.code, found.location.cell) for found in form.findings if found.code.startswith("sum-row")]
    assert doubts == ([(code, f"A{BELOW}")] if code else [])


@pytest.mark.parametrize(
    ("row", "called"),
    [
        ("| Summa pengar till konsulter | 330 |", "Summa pengar till konsulter"),
        ("| Totalentreprenad | 330.5 |", "Totalentreprenad"),
        ("| Konsulter | =SUM(E5:E6) |", "Konsulter"),
        ("| Konsulter | 330.5 |", "Konsulter"),
        ("| Summa | | Vi väntar", "Summa"),
        ("| | 331 |", ""),
        ("| | 330.5 | Konsulter", ""),
    ],
)
def test_a_row_of_the_units_own_counts_whatever_it_is_called(row: str, called: str) -> None:
    form = read(a_form(row))
    assert aside(form) == []
    assert [each.item.level_texts[-1] for each in form.rows if each.item.added_by_unit] == [called]


def test_sums_of_sums_are_known_too() -> None:
    table = """
        | Konsulter | 10.5 |
        | Summa     | 341  |
        |           | 341  |
        | Böcker    | 9    |
        | Totalt vi | 350  |
        | Penslar   | 0.2  |
        | Summa för oss | 350 |
    """
    form = read(a_form(table))
    assert [cell for cell, _, _ in aside(form)] == ["A10", "A11", "A13", "A15"]
    assert [str(each.value("outcome")) for each in form.rows if each.item.added_by_unit] == ["10.5", "9", "0.2"]
    assert len(table.strip().splitlines()) < FREE_ROW_COUNT


def test_the_sums_of_a_merge_hold_every_amount_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Badet.xlsx").write_bytes(a_form("| Summa | =SUM(E5:E7) |\n| Böcker | =4+5 |", tmp_path))
    run = merge_forms([tmp_path / "in"], tmp_path / "all.xlsx", jobs=1)
    assert run.merged is not None
    assert run.merged.accounts.sums_out["outcome"] == Decimal("339.5")
    assert run.merged.accounts.rows_set_aside == 1
    (kept,) = run.merged.unplaced
    assert (kept.location.cell, kept.texts) == (f"A{BELOW}", ("Summa", "330.5"))
