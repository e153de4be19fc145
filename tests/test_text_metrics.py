"""How many lines a text takes: at least as many as LibreOffice makes of it, and hardly more."""

import re
import subprocess
from datetime import date

import pytest
from openpyxl import load_workbook
from support.external_tools import PROJECT, require_tool, skip_or_fail
from support.fill_forms import read_answers
from support.libreoffice import convert, recalculate

from xlflow.excel.writer import WorkbookWriter, count_lines

WIDTHS = (9, 12, 16, 20, 25, 32, 48, 80)
FIRST, FURTHER = 12.66, 11.19
"""Points of a line in Carlito, whose letters are as wide as those of Calibri, and of each further one."""

TOO_HIGH = 1.12
"""How many times as many lines are counted at most, all texts together."""


@pytest.fixture(scope="module")
def texts() -> list[str]:
    files = (PROJECT / "examples").glob("*/answers.csv")
    answers = (line for path in files for lines in read_answers(path).values() for line in lines)
    return sorted({text for line in answers for text in line.values() if 8 < len(text) < 1500})


@pytest.fixture(scope="module")
def libreoffice_lines(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, str], int]:
    """Return the lines that LibreOffice makes of each text in each width, by the height of its row."""
    fonts = subprocess.run([require_tool("fc-list")], capture_output=True, check=True, encoding="utf-8").stdout
    if "Carlito" not in fonts:
        skip_or_fail("the font Carlito is not installed")
    path = tmp_path_factory.mktemp("heights") / "heights.xlsx"
    path.write_bytes(_write(texts))
    flat = convert([path], "fods", path.parent / "flat")[0]
    flat.write_text(re.sub(r'style:row-height="[^"]*"', "", flat.read_text(encoding="utf-8")), encoding="utf-8")
    sized = load_workbook(recalculate(flat))
    return {
        (width, text): 1 + max(0, round((sized[str(width)].row_dimensions[row].height - FIRST) / FURTHER))
        for width in WIDTHS
        for row, text in enumerate(texts, 1)
    }


def test_no_text_is_cut_off(libreoffice_lines: dict[tuple[int, str], int]) -> None:
    assert len(libreoffice_lines) > 2000
    assert not [
        (width, text) for (width, text), lines in libreoffice_lines.items() if count_lines(text, width) < lines
    ]


def test_rows_are_hardly_higher_than_their_texts(libreoffice_lines: dict[tuple[int, str], int]) -> None:
    ours = sum(count_lines(text, width) for width, text in libreoffice_lines)
    assert ours <= TOO_HIGH * sum(libreoffice_lines.values())


def _write(texts: list[str]) -> bytes:
    workbook = WorkbookWriter("Höjder", "sv", date(2021, 3, 31))
    for width in WIDTHS:
        sheet = workbook.add_sheet(str(width))
        sheet.set_column_widths([width])
        for row, text in enumerate(texts):
            sheet.write(row, 0, text, workbook.style("wrapped"))
    return workbook.to_bytes()
