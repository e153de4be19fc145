"""Every answer leads to the cell it came from, in a file beside the workbook; no link leads elsewhere."""

import os
import shutil
import sys
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import pytest
from openpyxl import load_workbook
from openpyxl.cell import Cell
from support.draw_merged import draw_merged
from support.draw_round import draw_round
from support.not_empty import not_empty
from support.run_cli import play_round

from xlflow.consolidated.writer.source_links import source_address
from xlflow.excel.writer import count_lines
from xlflow.pipeline.form_operations import generate_forms, merge_forms

ROUND = draw_round("""
    Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet   | Slutdatum | Enhet
    a  | Samhälle   | Levande kommun         | Möten    | Öppna kvarn | Kvartal 2 | Museet
""")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return play_round(tmp_path)


def test_every_answer_leads_to_the_row_of_the_file_it_came_from(folder: Path) -> None:
    merge_forms([folder / "in"], folder / "all.xlsx")
    workbook = load_workbook(folder / "all.xlsx")
    headings = [cell.value for cell in workbook["Svar"][1]]
    rows = list(workbook["Svar"].iter_rows(min_row=2))
    assert len(rows) > 10
    for row in rows:
        reported = dict(zip(headings, row, strict=True))
        address, sheet, cell = _place_of(reported["Gå till"])
        assert reported["Källa"].value == f"{address.name}, blad {sheet}, rad {cell.lstrip('A')}"
        assert reported["Gå till"].value == f"Rad {cell.lstrip('A')}"
        assert load_workbook(folder / address)[sheet][cell].value == reported["Id"].value


def test_links_are_no_formulas_and_stand_nowhere_else(folder: Path) -> None:
    merge_forms([folder / "in"], folder / "all.xlsx")
    workbook = load_workbook(folder / "all.xlsx")
    outward = {
        (sheet.title, sheet.cell(1, cell.column).value)
        for sheet in workbook
        for row in sheet.iter_rows()
        for cell in row
        if cell.hyperlink and cell.hyperlink.target
    }
    assert outward == {("Svar", "Gå till")}
    assert all(cell.font.underline for cell in not_empty(_links(folder / "all.xlsx")))


def test_nothing_leads_out_of_the_folder_or_into_an_archive(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    with zipfile.ZipFile(folder / "in.zip", "w") as archive:
        for path in sorted((folder / "in").iterdir()):
            archive.write(path, path.name)
    merge_forms([folder / "in"], folder / "elsewhere" / "all.xlsx")
    merge_forms([folder / "in.zip"], folder / "zipped.xlsx")
    for path in (folder / "elsewhere" / "all.xlsx", folder / "zipped.xlsx"):
        assert _links(path) == []
        assert "Gå till" not in [cell.value for cell in load_workbook(path)["Svar"][1]]


@pytest.mark.parametrize(("fact", "column", "text"), [("– saknas", 2, "Saknas"), ("Fel att rätta", 1, "Fel")])
def test_a_single_figure_leads_to_the_first_row_that_it_counts(
    folder: Path, fact: str, column: int, text: str
) -> None:
    (folder / "in" / "Måltid.xlsx").unlink()
    merge_forms([folder / "in"], folder / "all.xlsx", plan=folder / "plan.xlsx")
    workbook = load_workbook(folder / "all.xlsx")
    cells = [cell for row in workbook["Sammanfattning"].iter_rows() for cell in row]
    label = next(cell for cell in cells if cell.value == fact)
    link = next(cell for cell in cells if cell.row == label.row and cell.column > label.column and cell.hyperlink)
    name, _, address = str(link.hyperlink.location).rpartition("!")
    sheet = workbook[name.strip("'")]
    place = sheet[address]
    assert sheet.cell(place.row, column).value == text
    assert text not in [sheet.cell(row, column).value for row in range(1, place.row)]


def test_a_long_name_of_a_file_is_shown_whole_and_leaves_the_links_short(folder: Path) -> None:
    name = "Uppföljning av verksamhetsplanen per den 30 april, ifylld och läst av chefen (slutlig version 2).xlsx"
    long = min((folder / "in").iterdir())
    long.rename(long.with_name(name))
    merge_forms([folder / "in"], folder / "all.xlsx")
    sheet = load_workbook(folder / "all.xlsx")["Svar"]
    headings = {cell.value: cell for cell in sheet[1]}
    source, lead = headings["Källa"], headings["Gå till"]
    width = sheet.column_dimensions[source.column_letter].width
    rows = [row[0].row for row in sheet.iter_rows(min_row=2) if str(row[source.column - 1].value).startswith(name)]
    assert rows
    for row in rows:
        text = str(sheet.cell(row, source.column).value)
        assert sheet.cell(row, source.column).alignment.wrap_text
        assert count_lines(text, width) <= 3
        assert (sheet.row_dimensions[row].height or 15) >= 15 * count_lines(text, width)
        assert len(str(sheet.cell(row, lead.column).value)) < sheet.column_dimensions[lead.column_letter].width


def test_a_column_of_the_plan_may_be_called_as_the_links_are(tmp_path: Path) -> None:
    plan = "Perspektiv | Aktivitet | Enhet | Gå till\nSamhälle | Öppna bron | Norr | trädgården"
    (tmp_path / "plan.csv").write_text(plan.replace(" | ", ";"), encoding="utf-8")
    generate_forms(tmp_path / "plan.csv", tmp_path / "in", as_of=date(2021, 3, 31))
    merge_forms([tmp_path / "in"], tmp_path / "all.xlsx")
    headings = [cell.value for cell in load_workbook(tmp_path / "all.xlsx")["Svar"][1]]
    assert [heading for heading in headings if str(heading).startswith("Gå till")] == ["Gå till (2)", "Gå till"]


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


def _address_of(file: str, sheet: str) -> str:
    merged, _ = draw_merged(ROUND, {"Museet": "Id | Status\na | Pågående"})
    row = merged.rows[0]
    location = replace(row.row.location, file=file, sheet=sheet)
    return source_address(replace(row, row=replace(row.row, location=location)), {file: file})


@pytest.mark.parametrize("sheet", ["Svar", "Bo's", "50 % #2", 'a"b', "<b>&", "å" * 31])
def test_a_sheet_with_any_name_that_excel_allows_is_linked(sheet: str) -> None:
    assert _address_of("a.xlsx", sheet).startswith("external:a.xlsx#'")


@pytest.mark.parametrize(
    "sheet", ["\x1b[31m", "a\ufffe", "a\ud83d", "a\nb", "a\tb", "_x0041_", "å" * 32, "a/b", "[1]", "a:b"]
)
def test_a_sheet_whose_name_no_link_can_hold_gets_none(sheet: str) -> None:
    assert _address_of("a.xlsx", sheet) == ""


@pytest.mark.parametrize("file", ["a", "C:b.xlsx", "a\x1b.xlsx", "javascript:x.xlsx", "a\nb.xlsx"])
def test_a_file_whose_name_no_link_can_hold_gets_none(file: str) -> None:
    assert _address_of(file, "Svar") == ""
