"""Every answer leads to the cell it came from, in a file beside the workbook; no link leads elsewhere."""

import os
import shutil
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from commands import play_round
from openpyxl import load_workbook
from openpyxl.cell import Cell

from xlflow import merge_forms


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return play_round(tmp_path)


def test_every_answer_leads_to_the_row_of_the_file_it_came_from(folder: Path) -> None:
    merge_forms([folder / "in"], folder / "all.xlsx")
    book = load_workbook(folder / "all.xlsx")
    headings = [cell.value for cell in book["Svar"][1]]
    rows = list(book["Svar"].iter_rows(min_row=2))
    assert len(rows) > 10
    for row in rows:
        told = dict(zip(headings, row, strict=True))
        address, sheet, cell = _place_of(told["Källa"])
        assert told["Källa"].value == f"{address.name}, blad {sheet}, rad {cell.lstrip('A')}"
        assert load_workbook(folder / address)[sheet][cell].value == told["Id"].value


def test_links_are_no_formulas_and_stand_nowhere_else(folder: Path) -> None:
    merge_forms([folder / "in"], folder / "all.xlsx")
    book = load_workbook(folder / "all.xlsx")
    outward = {
        (sheet.title, sheet.cell(1, cell.column).value)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink and cell.hyperlink.target
    }
    assert outward == {("Svar", "Källa")}
    assert all(cell.font.underline for cell in book["Svar"]["L"][1:] if cell.hyperlink)


def test_nothing_leads_out_of_the_folder_or_into_an_archive(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    with zipfile.ZipFile(folder / "in.zip", "w") as archive:
        for path in sorted((folder / "in").iterdir()):
            archive.write(path, path.name)
    merge_forms([folder / "in"], folder / "elsewhere" / "all.xlsx")
    merge_forms([folder / "in.zip"], folder / "zipped.xlsx")
    for path in (folder / "elsewhere" / "all.xlsx", folder / "zipped.xlsx"):
        assert _links(path) == []


def test_a_name_that_an_address_would_cut_is_not_linked(folder: Path) -> None:
    odd, *others = sorted((folder / "in").iterdir())
    odd.rename(odd.with_name("Svar #1 100%.xlsx"))
    merge_forms([folder / "in"], folder / "all.xlsx")
    assert {_place_of(cell)[0].name for cell in _links(folder / "all.xlsx")} == {path.name for path in others}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name of a file is text")
def test_a_name_that_is_no_text_is_not_linked(folder: Path) -> None:
    odd, *others = sorted((folder / "in").iterdir())
    odd.rename(odd.with_name(os.fsdecode("Måltid.xlsx".encode("cp1252"))))
    merge_forms([folder / "in"], folder / "all.xlsx")
    assert {_place_of(cell)[0].name for cell in _links(folder / "all.xlsx")} == {path.name for path in others}


def test_the_folder_as_a_whole_may_be_moved(folder: Path) -> None:
    merge_forms([folder / "in"], folder / "all.xlsx")
    before = (folder / "all.xlsx").read_bytes()
    moved = shutil.move(folder / "in", folder / "moved" / "in")
    merge_forms([Path(moved)], folder / "moved" / "all.xlsx")
    assert (folder / "moved" / "all.xlsx").read_bytes() == before


def _links(path: Path) -> list[Cell]:
    rows = load_workbook(path)["Svar"].iter_rows(min_row=2)
    return [cell for row in rows for cell in row if isinstance(cell, Cell) and cell.hyperlink]


def _place_of(cell: Cell) -> tuple[Path, str, str]:
    """Return the file, the sheet and the cell that a cell leads to."""
    assert cell.hyperlink is not None
    sheet, _, place = str(cell.hyperlink.location).rpartition("!")
    return Path(unquote(str(cell.hyperlink.target))), sheet.strip("'").replace("''", "'"), place
