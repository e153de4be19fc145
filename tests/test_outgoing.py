"""Whatever came from a person goes out as it is and does nothing; a file is whole, or it is the old one."""

import io
import os
import stat
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from xlflow.core.findings import Stop
from xlflow.core.model import Cell
from xlflow.excel.outgoing import COLOURS, STYLES, Book, Sheet, count_lines, fit_text, height_of, save_whole

DAY = date(2021, 3, 31)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
LOOKS_LIKE_A_FORMULA = (
    "=1+1",
    "+46 13 20 60 00",
    "-",
    "- punkt",
    "@namn",
    "=cmd|' /C calc'!A0",
    "\tindrag",
    '="a"',
)
LOOKS_LIKE_A_LINK = ("https://exempel.se", "mailto:enhet@exempel.se", "internal:Blad!A1", "www.exempel.se")


def make(write: Callable[[Book, Sheet], None]) -> bytes:
    book = Book("Prov", "sv", DAY, locked=True)
    write(book, book.add_sheet("Blad"))
    return book.to_bytes()


def written(values: list[Cell]) -> Worksheet:
    def write(_: Book, sheet: Sheet) -> None:
        for row, value in enumerate(values):
            sheet.write(row, 0, value)

    return openpyxl.load_workbook(io.BytesIO(make(write)))["Blad"]


def part(content: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return package.read(name).decode()


@given(st.lists(texts | st.sampled_from(LOOKS_LIKE_A_FORMULA + LOOKS_LIKE_A_LINK), min_size=1, max_size=20))
def test_text_stays_text(values: list[str]) -> None:
    sheet = written([*values])
    cells = [sheet.cell(row, 1) for row in range(1, len(values) + 1)]
    assert [cell.value for cell in cells] == values
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)


@pytest.mark.parametrize("text", LOOKS_LIKE_A_FORMULA)
def test_what_looks_like_a_formula_is_marked_as_text(text: str) -> None:
    assert written([text])["A1"].quotePrefix
    assert not written([f"Se {text}"])["A1"].quotePrefix


def test_every_type_goes_out_as_itself() -> None:
    sheet = written([Decimal("1250.50"), 7, True, None, ""])
    assert [sheet.cell(row, 1).value for row in range(1, 6)] == [1250.5, 7, True, None, None]


def test_a_day_is_a_day() -> None:
    content = make(lambda book, sheet: sheet.write(0, 0, date(2021, 6, 30), book.style("date")))
    assert openpyxl.load_workbook(io.BytesIO(content))["Blad"]["A1"].value == datetime(2021, 6, 30)


@pytest.mark.filterwarnings("ignore")
def test_a_call_that_is_refused_is_a_fault() -> None:
    with pytest.raises(ValueError, match="refused"):
        written(["x" * 32_768])
    with pytest.raises(ValueError, match="too long"):
        make(lambda book, _: book.set_property("namn", "x" * 300))
    with pytest.raises(ValueError, match="refused"):
        make(lambda _, sheet: sheet.write(1_048_576, 0, "utanför"))


def test_the_document_names_itself_and_is_locked() -> None:
    content = make(lambda book, _: book.set_property("xlflow.unit", "Kultur\x07skolan"))
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    assert workbook.properties.title == "Prov"
    assert workbook.properties.language == "sv-SE"
    assert workbook.security.lockStructure
    assert workbook.custom_doc_props["xlflow.unit"].value == "Kulturskolan"


def test_the_same_content_gives_the_same_bytes() -> None:
    def write(book: Book, sheet: Sheet) -> None:
        sheet.write(0, 0, "=1", book.style("ask", bold=True, num_format="@"))

    assert make(write) == make(write)


def test_a_row_that_grows_has_a_height_that_is_not_fixed() -> None:
    def write(_: Book, sheet: Sheet) -> None:
        sheet.write_row(0, ["fast", "rad"], [None, None])
        sheet.write(1, 0, "växer")
        sheet.set_height(0, 45)
        sheet.set_height(1, 45, grows=True)

    rows = part(make(write), "xl/worksheets/sheet1.xml").split("<row ")[1:]
    assert 'ht="45" customHeight="1"' in rows[0]
    assert 'ht="45"' in rows[1]
    assert "customHeight" not in rows[1]


def test_a_formula_of_ours_carries_its_value() -> None:
    def write(_: Book, sheet: Sheet) -> None:
        sheet.write_formula(0, 0, "=1+1", 2)
        sheet.write_array_formula(1, 0, "=SUM(A1*{1,2})", 6)

    content = io.BytesIO(make(write))
    assert openpyxl.load_workbook(content)["Blad"]["A1"].value == "=1+1"
    shown = openpyxl.load_workbook(content, data_only=True)["Blad"]
    assert (shown["A1"].value, shown["A2"].value) == (2, 6)


@given(st.text(max_size=400), st.integers(1, 300))
def test_a_text_is_fitted_as_excel_counts(text: str, room: int) -> None:
    fitted = fit_text(text, room)
    assert len(fitted.encode("utf-16-le")) // 2 <= room
    assert fitted == text or (fitted.endswith("…") and text.startswith(fitted[:-1]))


# Heights --------------------------------------------------------------------------------------------------


def test_lines_are_counted_as_they_are_read() -> None:
    assert count_lines("", 10) == 1
    assert count_lines("kort", 10) == 1
    assert count_lines("rad ett\n\nrad tre", 10) == 3
    assert count_lines("verksamhetsplaneringsprocess", 10) >= 3
    assert height_of([("rad ett\nrad två", 20), ("kort", 20)]) == 31
    assert height_of([("x" * 100_000, 10)]) == 409


@given(texts, st.integers(5, 60))
def test_more_room_never_takes_more_lines(text: str, width: int) -> None:
    assert count_lines(text, width + 5) <= count_lines(text, width)
    assert count_lines(f"{text} {text}", width) >= count_lines(text, width)


# Colours --------------------------------------------------------------------------------------------------


def contrast(one: str, other: str) -> float:
    lights = sorted(_light(colour) for colour in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", STYLES)
def test_every_style_can_be_read(name: str) -> None:
    style = STYLES[name]
    ink, fill = style.get("font_color", COLOURS["ink"]), style.get("bg_color", "#FFFFFF")
    assert contrast(ink, fill) >= 4.5


# Whole files ----------------------------------------------------------------------------------------------


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    target = tmp_path / "ny mapp" / "fil.xlsx"
    save_whole(target, "innehåll".encode())
    assert target.read_bytes() == "innehåll".encode()
    assert [path.name for path in target.parent.iterdir()] == ["fil.xlsx"]


def test_the_old_file_survives_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "fil.xlsx"
    target.write_bytes(b"gammal")

    def fail(_: int) -> None:
        raise OSError(28, "disken är full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Stop) as stopped:
        save_whole(target, b"ny")
    assert stopped.value.findings[0].code == "target-not-writable"
    assert stopped.value.findings[0].value == "disken är full"
    assert target.read_bytes() == b"gammal"
    assert [path.name for path in tmp_path.iterdir()] == ["fil.xlsx"]


@pytest.mark.skipif(os.name == "nt", reason="rights are of another kind there")
def test_a_new_file_has_the_rights_of_a_new_file(tmp_path: Path) -> None:
    save_whole(tmp_path / "ny.xlsx", b"x")
    (tmp_path / "vanlig").write_bytes(b"x")
    assert stat.S_IMODE((tmp_path / "ny.xlsx").stat().st_mode) == stat.S_IMODE(
        (tmp_path / "vanlig").stat().st_mode
    )


def test_a_target_that_is_a_folder_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(Stop):
        save_whole(tmp_path, b"x")
