"""Files that people really sent somewhere: each ends as values or as a refusal with a code, in time.

The folder lies outside the project; where it is absent the tests skip. `corpus.csv` says how many cells a second
reader found to hold a value, or why it refused the file.
"""

import csv
import time
from pathlib import Path

import pytest
from support.external_tools import PROJECT, require_folder

from xlflow.excel.reader import UncachedFormula, WorkbookData, open_workbook
from xlflow.model.findings import Finding, message_of

CORPUS = PROJECT.parent / "shared" / "corpus"

READ_ALL_THE_SAME = {
    "028_ExcelLibrary-newdoc.xls": "an old .xls, which our reader reads and theirs does not",
    "030_LowerCaseReferenceAttribute.xlsx": "addresses in small letters, which are no less clear",
    "042_Test-git-issue-635.xlsb": "an .xlsb, which our reader reads and theirs does not",
    "062_HiddenRow.xlsb": "an .xlsb, which our reader reads and theirs does not",
    "080_nomimetype.ods": "an .ods that lacks only the note of what it is",
    "165_sheet-with-whitespaces-as-xml.ods": "an .ods, which our reader reads and theirs does not",
    "239_unknown-value-type.ods": "an .ods, whole but for a type of value that nobody knows",
    "295_issue-666-lost-sheets.xlsb": "an .xlsb, which our reader reads and theirs does not",
}
"""Files that the second reader refused and that we read, and why that is right."""

COUNTED_OTHERWISE = {
    "297_minimal-package.xlsx": (5083, "1,903 of the cells hold a text of no letters, which is a blank here"),
}


def list_corpus() -> list[tuple[str, str]]:
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "corpus.csv").open(encoding="utf-8", newline="") as stream:
        return [(row["file"], row["expect"]) for row in csv.DictReader(stream)]


def count_values(workbook: WorkbookData) -> int:
    """Return how many cells hold a value; a formula that nobody has worked out holds none."""
    rows = (row for sheet in workbook.sheets for row in sheet.rows)
    found = sum(cell is not None and not isinstance(cell, UncachedFormula) for row in rows for cell in row)
    return found + sum(len(sheet.distant_cells) for sheet in workbook.sheets)


def test_the_corpus_is_whole() -> None:
    require_folder(CORPUS)
    assert len(list_corpus()) > 100


@pytest.mark.parametrize(("name", "expected"), list_corpus())
def test_every_file_ends_as_values_or_as_a_refusal(name: str, expected: str) -> None:
    start = time.monotonic()
    opened = open_workbook(CORPUS / name, name)
    assert time.monotonic() - start < 10
    if isinstance(opened, Finding):
        assert expected.startswith("reject"), f"{name} was refused: {opened.code}"
        assert Path(name).name in message_of(opened, "sv")
    elif expected.startswith("data:"):
        assert count_values(opened) == COUNTED_OTHERWISE.get(name, (int(expected[5:]), ""))[0]
    else:
        assert name in READ_ALL_THE_SAME, f"{name} was read although it is {expected}"
