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
    answers = (PROJECT / "examples").glob("*/answers.csv")
    told = (line for path in answers for lines in read_answers(path).values() for line in lines)
    return sorted({text for line in told for text in line.values() if 8 < len(text) < 1500})


@pytest.fixture(scope="module")
def theirs(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, str], int]:
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


def test_no_text_is_cut_off(theirs: dict[tuple[int, str], int]) -> None:
    assert len(theirs) > 2000
    assert not [(width, text) for (width, text), lines in theirs.items() if count_lines(text, width) < lines]


def test_rows_are_hardly_higher_than_their_texts(theirs: dict[tuple[int, str], int]) -> None:
    ours = sum(count_lines(text, width) for width, text in theirs)
    assert ours <= TOO_HIGH * sum(theirs.values())


def _write(texts: list[str]) -> bytes:
    book = WorkbookWriter("Höjder", "sv", date(2021, 3, 31))
    for width in WIDTHS:
        sheet = book.add_sheet(str(width))
        sheet.set_column_widths([width])
        for row, text in enumerate(texts):
            sheet.write(row, 0, text, book.style("wrapped"))
    return book.to_bytes()
