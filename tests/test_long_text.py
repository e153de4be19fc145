"""A text longer than a cell goes out whole and comes back whole, whatever program saved the form between."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import load_workbook
from support.draw_round import draw_round
from support.libreoffice import convert

from xlflow.collect.discover import DiscoveredFile, make_received_file
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.excel.writer import WorkbookWriter
from xlflow.generate import write_form
from xlflow.model.plan import Round
from xlflow.model.submission import Submission
from xlflow.pipeline.form_operations import merge_forms
from xlflow.read.build_submission import read_form

LONG = "Kvarnen behöver ett nytt hjul, och det tar tid. 😀 " * 900
ANSWERED = "Vi har fått tre anbud, och inget av dem håller. \n" * 1500
ASKED = draw_round("""
    Id | Perspektiv | Aktivitet     | Delaktivitet | Slutdatum | Enhet
    a  | Samhälle   | Öppna kvarnen |              | Kvartal 2 | Museet
    b  |            | Hyra ut båtar |              | Kvartal 3 | Museet
""")


def ask_long(asked: Round) -> Round:
    """The same round, its first activity with a text longer than a cell."""
    first, *others = asked.plan.items
    levels = (
        *first.level_texts[: asked.template.item_level_index],
        LONG.strip(),
        *first.level_texts[asked.template.item_level_index + 1 :],
    )
    return replace(asked, plan=replace(asked.plan, items=(replace(first, level_texts=levels), *others)))


def make_form() -> bytes:
    answers = {"a": {"status": "Pågående", "comment": ANSWERED}, "b": {"comment": "kort"}}
    return write_form(ask_long(ASKED), "Museet", answers)


def read(content: bytes, name: str = "Museet.xlsx") -> Submission:
    workbook = open_workbook(content, name)
    assert isinstance(workbook, WorkbookData), workbook
    filled = read_form(workbook, make_received_file(DiscoveredFile(name, content, len(content)), workbook))
    assert isinstance(filled, Submission), filled
    return filled


def check_whole(filled: Submission) -> None:
    first, second = filled.rows
    assert first.item.level_texts[ASKED.template.item_level_index] == LONG.strip()
    assert first.answer("comment").raw_text == ANSWERED
    assert second.answer("comment").raw_text == "kort"
    assert filled.unplaced == ()
    assert [finding.code for finding in filled.findings] == []


def test_long_texts_come_back_whole() -> None:
    check_whole(read(make_form()))


@pytest.mark.with_tools
@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_long_texts_come_back_whole_from_libreoffice(kind: str, tmp_path: Path) -> None:
    (tmp_path / "Museet.xlsx").write_bytes(make_form())
    saved = convert([tmp_path / "Museet.xlsx"], kind, tmp_path / "saved")[0]
    check_whole(read(saved.read_bytes(), saved.name))


def edit(change: dict[str, str | None]) -> bytes:
    """The form after somebody has worked on it; {sheet!cell: text}."""
    workbook = load_workbook(io.BytesIO(make_form()))
    for where, text in change.items():
        sheet, cell = where.split("!")
        workbook[sheet][cell] = text
    saved = io.BytesIO()
    workbook.save(saved)
    return saved.getvalue()


def cell_of(number: int) -> str:
    """Where the text is that goes on under a number."""
    rows = load_workbook(io.BytesIO(make_form()))["Fortsättning"].iter_rows(values_only=True)
    return next(f"{sheet}!{cell}" for found, sheet, cell, _ in rows if found == number)


def test_what_somebody_adds_behind_the_number_is_kept_too() -> None:
    where = cell_of(2)
    sheet, cell = where.split("!")
    begun = str(load_workbook(io.BytesIO(make_form()))[sheet][cell].value)
    filled = read(edit({where: f"Nytt: {begun} Och mer."}))
    assert filled.rows[0].answer("comment").raw_text == f"Nytt: {ANSWERED} Och mer."


def test_a_rest_that_no_cell_refers_to_any_more_is_set_aside_with_its_address() -> None:
    filled = read(edit({cell_of(2): "Hjulet är beställt."}))
    assert filled.rows[0].answer("comment").raw_text == "Hjulet är beställt."
    assert filled.rows[0].item.level_texts[ASKED.template.item_level_index] == LONG.strip()
    (aside, *_) = [one for one in filled.unplaced if one.location.sheet == "Fortsättning"]
    assert aside.texts[-1] in ANSWERED
    assert aside.location.cell == "A3"


def test_a_number_without_a_rest_stays_as_it_was_written() -> None:
    note = "Se … [fortsätter på bladet Fortsättning, nummer 77]"
    assert read(edit({cell_of(2): note})).rows[0].answer("comment").raw_text == note


def test_long_texts_stand_whole_in_the_consolidated_workbook(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "Museet.xlsx").write_bytes(make_form())
    run = merge_forms([tmp_path / "in"], tmp_path / "alla.xlsx")
    assert run.output_path is not None
    assert load_workbook(run.output_path).sheetnames[-1] == "Fortsättning"
    workbook = open_workbook(run.output_path, "alla.xlsx")
    assert isinstance(workbook, WorkbookData)
    assert workbook.find_sheet("Fortsättning") is None
    for name in ("Svar", "Aktiviteter"):
        heading, first, *_ = workbook.find_sheet(name).rows
        value_by_heading = dict(zip(heading, first, strict=True))
        assert (value_by_heading["Aktivitet"], value_by_heading["Kommentar/avvikelse"]) == (
            LONG.strip(),
            ANSWERED,
        ), name


def test_one_number_in_many_cells_does_not_fill_the_memory() -> None:
    def write(workbook: WorkbookWriter) -> bytes:
        sheet = workbook.add_sheet("Blad")
        sheet.write(0, 0, "x" * 500_000)
        for row in range(1, 2_000):
            sheet.write(row, 0, f"… [fortsätter på bladet Fortsättning, nummer {row % 3}]")
        return workbook.to_bytes()

    workbook = open_workbook(write(WorkbookWriter("Prov", "sv", ASKED.as_of)), "prov.xlsx")
    assert isinstance(workbook, WorkbookData)
    lengths = [len(str(row[0])) for row in workbook.sheets[0].rows]
    assert lengths[0] == 500_000
    assert 10_000_000 < sum(lengths) < 25_000_000
