"""Rows that are laid whole hold the same as rows that are written cell by cell."""

import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell as ReadCell
from python_calamine import CalamineWorkbook

from xlflow.core.model import Cell
from xlflow.excel.outgoing import Book

ODD_TEXTS = (
    "=1+1",
    "@SUM(A1)",
    "-avvaktar",
    " blank ",
    "två\nrader",
    'a<b>&"c"',
    "_x0041_",
    "\x0b",
    "<r>x</r>",
    "😀" * 40,
)

CELLS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(ODD_TEXTS),
    st.text(max_size=20),
    st.integers(-(10**12), 10**12),
    st.decimals(-(10**9), 10**9, places=2),
    st.dates(date(1890, 1, 1), date(1899, 12, 31)),
    st.dates(date(1900, 3, 1), date(2100, 12, 31)),
)


def _write(rows: list[list[Cell]], *, whole: bool) -> bytes:
    book = Book("Prov", "sv", date(2021, 3, 31))
    sheet = book.add_sheet("Blad")
    kinds = {date: book.style("date"), int: book.style("integer"), Decimal: book.style("number")}
    sheet.write(0, 0, "Rubrik", book.style("heading"))
    for number, row in enumerate(rows, 2):
        styles = [kinds.get(type(value), book.style("cell")) for value in row]
        (sheet.lay_row if whole else sheet.write_row)(number, row, styles)
        if number % 2:
            sheet.set_height(number, 15.0 * number)
    sheet.write(len(rows) + 3, 1, "Sist")
    return book.to_bytes()


def _look(cell: ReadCell) -> tuple[object, ...]:
    return (cell.value, cell.data_type, cell.number_format, cell.border.left.style, cell.quotePrefix)


def _read(content: bytes) -> list[list[tuple[object, ...]]]:
    sheet = load_workbook(io.BytesIO(content))["Blad"]
    heights = [sheet.row_dimensions[row].height for row in range(1, sheet.max_row + 1)]
    return [[(heights[place], *_look(cell)) for cell in row] for place, row in enumerate(sheet.iter_rows())]


@settings(max_examples=60)
@given(
    st.integers(1, 6).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6))
)
def test_two_readers_see_no_difference(rows: list[list[Cell]]) -> None:
    slow, fast = _write(rows, whole=False), _write(rows, whole=True)
    assert _read(fast) == _read(slow)
    one, other = (CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0) for file in (slow, fast))
    assert one.to_python(skip_empty_area=False) == other.to_python(skip_empty_area=False)


def test_a_text_longer_than_a_cell_goes_on_in_both_ways() -> None:
    rows: list[list[Cell]] = [["x" * 40_000, Decimal(1)]]
    assert _read(_write(rows, whole=True)) == _read(_write(rows, whole=False))


def test_a_row_is_laid_whole_or_written_cell_by_cell_never_both() -> None:
    book = Book("Prov", "sv", date(2021, 3, 31))
    sheet = book.add_sheet("Blad")
    sheet.lay_row(1, ["a"], [book.style("cell")])
    sheet.write(1, 3, "b")
    with pytest.raises(ValueError, match="row 2 was laid whole"):
        book.to_bytes()


def test_the_same_rows_give_the_same_bytes() -> None:
    rows: list[list[Cell]] = [[text, number] for number, text in enumerate(ODD_TEXTS)]
    assert _write(rows, whole=True) == _write(rows, whole=True)
