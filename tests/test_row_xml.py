"""Rows written as whole XML hold the same as rows that are written cell by cell."""

import io
import tempfile
import zlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell as ReadCell
from python_calamine import CalamineWorkbook
from support.reference_writer import read_parts, written_plainly
from support.sampling import sample_size
from xlsxwriter.format import Format

from xlflow.excel.writer import CellContent, Formula, WorkbookWriter
from xlflow.excel.writer.zip_stream import (
    CHUNK_SIZE,
    SpoolBuffer,
    TextCompressor,
    XmlPart,
    combine_crc32,
    zip_parts,
)

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
    st.builds(Formula, st.just("=1&2"), st.one_of(st.none(), st.booleans(), st.text(max_size=5), st.integers())),
)
HEIGHTS = (None, 15.0, 31.0, 400.0)


def _write(rows: list[list[CellContent]], *, whole: bool) -> bytes:
    if not whole:
        with written_plainly():
            return _write(rows, whole=True)
    workbook = WorkbookWriter("Prov", "sv", date(2021, 3, 31))
    sheet, styles = workbook.add_sheet("Blad"), [workbook.style(name) for name in ("cell", "input", "plain")]
    kinds = {date: workbook.style("date"), int: workbook.style("integer"), Decimal: workbook.style("number")}

    def look(found: tuple[type, ...], turn: int) -> list[Format | None]:
        return [kinds.get(kind, styles[(turn + place) % 3]) for place, kind in enumerate(found)]

    sheet.write(0, 0, "Rubrik", workbook.style("heading"))
    laid = [(row, number % 3, HEIGHTS[number % 4]) for number, row in enumerate(rows)]
    sheet.write_rows_fast(2, laid[:3], look)
    sheet.write(len(rows) + 7, 1, "Sist")
    sheet.write_rows_fast(6, laid[3:], look, auto_height=True)
    return workbook.to_bytes()


def _look(cell: ReadCell) -> tuple[object, ...]:
    return (cell.value, cell.data_type, cell.number_format, cell.border.left.style, cell.quotePrefix)


def _read(content: bytes) -> list[list[tuple[object, ...]]]:
    sheet = load_workbook(io.BytesIO(content))["Blad"]
    heights = [sheet.row_dimensions[row].height for row in range(1, sheet.max_row + 1)]
    return [[(heights[place], *_look(cell)) for cell in row] for place, row in enumerate(sheet.iter_rows())]


@settings(max_examples=sample_size(60))
@given(
    st.integers(1, 6).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6))
)
def test_two_readers_see_no_difference(rows: list[list[CellContent]]) -> None:
    slow, fast = _write(rows, whole=False), _write(rows, whole=True)
    assert _read(fast) == _read(slow)
    assert read_parts(fast) == read_parts(slow)
    one, other = (CalamineWorkbook.from_filelike(io.BytesIO(file)).get_sheet_by_index(0) for file in (slow, fast))
    assert one.to_python(skip_empty_area=False) == other.to_python(skip_empty_area=False)


def test_a_text_longer_than_a_cell_goes_on_in_both_ways() -> None:
    rows: list[list[CellContent]] = [["x" * 40_000, Decimal(1)]]
    assert _read(_write(rows, whole=True)) == _read(_write(rows, whole=False))


def test_cells_without_a_style_are_the_same_in_both_ways() -> None:
    def write() -> bytes:
        workbook = WorkbookWriter("Prov", "sv", date(2021, 3, 31))
        row: list[CellContent] = ["a", None, Decimal("1.5"), True, date(2021, 3, 31), "", "=b"]
        workbook.add_sheet("Blad").write_rows_fast(0, [(row, None, None)], lambda kinds, _: [None] * len(kinds))
        return workbook.to_bytes()

    fast = write()
    with written_plainly():
        assert read_parts(fast) == read_parts(write())


def test_one_formula_for_many_cells_is_the_same_in_both_ways() -> None:
    def write() -> bytes:
        workbook = WorkbookWriter("Prov", "sv", date(2021, 3, 31))
        sheet = workbook.add_sheet("Blad")
        shared = sheet.shared_formula_cells(0, 1, '=A1&"<&>"', ["a<&>", "b<&>", ""])
        rows = [([letter, formula], None, None) for letter, formula in zip("ab ", shared, strict=True)]
        sheet.write_rows_fast(0, rows, lambda kinds, _: [None] * len(kinds))
        return workbook.to_bytes()

    fast = write()
    with written_plainly():
        slow = write()
    assert read_parts(fast) == read_parts(slow)
    cells = load_workbook(io.BytesIO(fast), data_only=True)["Blad"]["B"]
    assert [cell.value for cell in cells] == ["a<&>", "b<&>", None]


@pytest.mark.parametrize("otherwise", ["write", "set_height"])
def test_a_row_that_was_laid_whole_is_written_in_no_other_way(otherwise: str) -> None:
    workbook = WorkbookWriter("Prov", "sv", date(2021, 3, 31))
    sheet = workbook.add_sheet("Blad")
    sheet.write_rows_fast(1, [(["a"], None, None)], lambda _, __: [workbook.style("cell")])
    if otherwise == "write":
        sheet.write(1, 3, "b")
    else:
        sheet.set_row_height(1, 40)
    with pytest.raises(ValueError, match="row 2 was written whole and cell by cell too"):
        workbook.to_bytes()


def test_rows_outside_the_sheet_are_refused() -> None:
    workbook = WorkbookWriter("Prov", "sv", date(2021, 3, 31))
    with pytest.raises(ValueError, match="refused"):
        workbook.add_sheet("Blad").write_rows_fast(1_048_575, [(["a"], None, None)] * 2, lambda _, __: [None])


def test_tables_of_one_sheet_do_not_overlap() -> None:
    sheet = WorkbookWriter("Prov", "sv", date(2021, 3, 31)).add_sheet("Blad")
    for number, area in enumerate([(0, 0, 5, 2), (7, 0, 9, 2), (0, 3, 9, 3)]):
        sheet.add_table(area, {"name": f"Tabell{number}"})
    with pytest.raises(ValueError, match="overlap"):
        sheet.add_table((5, 2, 6, 2), {"name": "Tabell4"})


def test_the_same_rows_give_the_same_bytes() -> None:
    rows: list[list[CellContent]] = [[text, number] for number, text in enumerate(ODD_TEXTS)]
    assert _write(rows, whole=True) == _write(rows, whole=True)


# The package ----------------------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_two_checksums_make_that_of_the_whole(first: bytes, second: bytes) -> None:
    assert combine_crc32(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


def test_a_part_larger_than_is_compressed_at_once_comes_back_whole() -> None:
    rows, texts = TextCompressor(), [f"<rad nummer='{number}'>åäö</rad>" for number in range(CHUNK_SIZE // 8)]
    for text in texts:
        rows.write(text)
    part = XmlPart("xl/stor.xml")
    part.write("<början>")
    part.append(rows.close())
    part.write("</slut>")
    assert read_parts(b"".join(zip_parts([part]))) == {"xl/stor.xml": f"<början>{''.join(texts)}</slut>".encode()}


# Large parts --------------------------------------------------------------------------------------------------


CHUNKS = [bytes([number % 251]) * (number * 37 % 900) for number in range(300)]


@pytest.mark.parametrize("room", [0, 1, 5_000, 10_000_000])
def test_what_is_held_on_disk_comes_back_as_it_was_given(room: int) -> None:
    held = SpoolBuffer(room)
    for chunk in CHUNKS:
        held.append(chunk)
    assert held.byte_count == sum(map(len, CHUNKS))
    assert b"".join(held.drain()) == b"".join(CHUNKS)
    assert list(held.drain()) == []


def test_what_cannot_be_held_on_disk_is_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    held = SpoolBuffer(1_000)
    for chunk in CHUNKS:
        held.append(chunk)
    assert b"".join(held.drain()) == b"".join(CHUNKS)
