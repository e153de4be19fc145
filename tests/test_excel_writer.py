"""Whatever came from a person goes out as it is, and does nothing; no call goes unchecked."""

import ast
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet as ReadSheet
from support.external_tools import PROJECT
from support.not_empty import not_empty
from xlsxwriter.worksheet import Worksheet

from xlflow.excel.conventions import MAX_CELL_CHUNK
from xlflow.excel.reader import WorkbookData, open_workbook
from xlflow.excel.writer import (
    COLOURS,
    MAX_CELL_TEXT,
    STYLES,
    SheetWriter,
    WorkbookWriter,
    count_lines,
    fit_row_height,
    quote_formula_text,
    truncate_text,
)
from xlflow.model.table import TableCell
from xlflow.model.text import utf16_length

DAY = date(2021, 3, 31)
SHEET = "xl/worksheets/sheet1.xml"
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


def make(write: Callable[[WorkbookWriter, SheetWriter], None], title: str = "Prov") -> bytes:
    book = WorkbookWriter(title, "sv", DAY, lock_structure=True)
    write(book, book.add_sheet("Blad"))
    return book.to_bytes()


def written(values: list[TableCell]) -> ReadSheet:
    def write(_: WorkbookWriter, sheet: SheetWriter) -> None:
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
    with pytest.raises(ValueError, match="too long"):
        make(lambda book, _: book.set_custom_property("namn", "x" * 300))
    with pytest.raises(ValueError, match="refused"):
        make(lambda _, sheet: sheet.write(1_048_576, 0, "utanför"))
    with pytest.raises(ValueError, match="refused"):
        make(lambda _, sheet: sheet.add_validation((0, 0, 0, 0), {"validate": "list", "source": ["x" * 256]}))
    with pytest.raises(ValueError, match="refused"):
        make(lambda _, sheet: sheet.set_zoom(5))


def test_the_document_names_itself_and_is_locked() -> None:
    content = make(lambda book, _: book.set_custom_property("xlflow.unit", "Kultur\x07skolan"))
    workbook = openpyxl.load_workbook(io.BytesIO(content))
    assert workbook.properties.title == "Prov"
    assert workbook.properties.language == "sv-SE"
    assert workbook.security.lockStructure
    assert workbook.custom_doc_props["xlflow.unit"].value == "Kulturskolan"


def test_the_same_content_gives_the_same_bytes() -> None:
    def write(book: WorkbookWriter, sheet: SheetWriter) -> None:
        sheet.write(0, 0, "=1", book.style("input", bold=True, num_format="@"))

    assert make(write) == make(write)


def test_a_row_that_grows_has_a_height_that_is_not_fixed() -> None:
    def write(_: WorkbookWriter, sheet: SheetWriter) -> None:
        sheet.write_row(0, ["fast", "rad"], [None, None])
        sheet.write(1, 0, "växer")
        sheet.set_row_height(0, 45)
        sheet.set_row_height(1, 45, auto_height=True)

    rows = part(make(write), "xl/worksheets/sheet1.xml").split("<row ")[1:]
    assert 'ht="45" customHeight="1"' in rows[0]
    assert 'ht="45"' in rows[1]
    assert "customHeight" not in rows[1]


def test_a_formula_of_ours_carries_its_value() -> None:
    def write(_: WorkbookWriter, sheet: SheetWriter) -> None:
        sheet.write_formula(0, 0, "=1+1", 2)

    content = io.BytesIO(make(write))
    assert openpyxl.load_workbook(content)["Blad"]["A1"].value == "=1+1"
    shown = openpyxl.load_workbook(content, data_only=True)["Blad"]
    assert shown["A1"].value == 2


@given(st.text(max_size=400), st.integers(1, 300))
def test_a_text_is_fitted_as_excel_counts(text: str, room: int) -> None:
    fitted = truncate_text(text, room)
    assert len(fitted.encode("utf-16-le")) // 2 <= room
    assert fitted == text or (fitted.endswith("…") and text.startswith(fitted[:-1]))


# Letters that XML cannot hold ------------------------------------------------------------------------------

STRANGE = (
    "flik\x0boch\x0csida",
    "rad\r\nrad\rrad",
    "\x00\x07\x1b\x1f",
    "a\ufffeb\uffffc",
    "halv \ud83d emoji, \ude00",
    "_x0041_",
    "_x0041_x0042_",
    "_x005F_x0041_",
    "_x0041\x01",
    "_xD83D\ud83d",
    "__x000B__",
    "_X0041_ _x41_ _x00G1_",
    "<r><t>fet</t></r>",
    "<r>&</r>",
    "]]>&amp;<!--",
    "\x85\u2028\u200b",
    " luft \n",
)
letters = st.sampled_from([*"_x0041FD \n\t<&", "\x0b", "\r", "\ud83d", "\ufffe", "😀", "_x0041_"])
any_text = st.lists(letters | st.text(min_size=1, max_size=3), min_size=1, max_size=8).map("".join)


def decode(text: str) -> str:
    """As the standard says that a program reads a cell."""
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def shared_texts(content: bytes) -> list[str]:
    """The texts of all cells by a reader that knows XML and nothing of workbooks."""
    tag = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return [decode(item.findtext(f"{tag}t") or "") for item in ElementTree.fromstring(part_bytes(content))]


def part_bytes(content: bytes, name: str = "xl/sharedStrings.xml") -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return package.read(name)


def write_down(values: list[str], *, whole_rows: bool = False) -> bytes:
    def write(book: WorkbookWriter, sheet: SheetWriter) -> None:
        for row, value in enumerate(values):
            if whole_rows:
                sheet.write_rows_fast(row, [([value], None, None)], lambda _, __: [book.style("cell")])
            else:
                sheet.write(row, 0, value)

    return make(write)


@given(st.lists(any_text | st.sampled_from(STRANGE), min_size=1, max_size=12, unique=True), st.booleans())
def test_every_letter_comes_back(values: list[str], whole_rows: bool) -> None:
    content = write_down(values, whole_rows=whole_rows)
    assert shared_texts(content) == values
    opened = open_workbook(content, "prov.xlsx")
    assert isinstance(opened, WorkbookData)
    assert [row[0] for row in opened.sheets[0].rows] == values


def test_a_second_reader_sees_code_where_it_cannot_show_the_letter() -> None:
    sheet = openpyxl.load_workbook(
        io.BytesIO(write_down(["a\x0bb", "_x0041_", "<r><t>fet</t></r>", "\ud83d"]))
    ).active
    assert [cell.value for cell in sheet["A"]] == ["a_x000B_b", "_x0041_", "<r><t>fet</t></r>", "_xD83D_"]


@pytest.mark.parametrize("strange", STRANGE)
def test_strange_letters_break_nothing_anywhere(strange: str) -> None:
    def write(book: WorkbookWriter, sheet: SheetWriter) -> None:
        sheet.set_print_header(strange, f"R&GD {strange}")
        sheet.write_formula(5, 0, f'="{strange.replace(chr(34), "")}"', strange)
        sheet.write(6, 0, "Ett")
        sheet.add_validation((6, 0, 6, 0), {"validate": "any", "input_title": "Not", "input_message": strange})
        sheet.add_conditional_format(
            (6, 0, 6, 0), {"type": "formula", "criteria": f'=A7="{strange}"', "format": book.style("incomplete")}
        )
        sheet.add_table((0, 0, 2, 0), {"name": "Tabell", "columns": [{"header": strange}]})
        sheet.write(1, 0, strange)
        sheet.add_note(6, 0, strange, "xlflow", (100, 50))
        chart = book.make_chart("bar", "stacked")
        chart.add_series({"name": strange, "categories": ["Blad", 0, 0, 1, 0], "values": ["Blad", 1, 1, 2, 1]})
        sheet.insert_chart(8, 0, chart, {"description": strange})
        book.set_custom_property("xlflow.unit", strange)

    content = make(write, strange)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        for name in not_empty(package.namelist()):
            assert len(list(ElementTree.fromstring(package.read(name)).iter())) > 0, name
    named = ElementTree.fromstring(part_bytes(content, "xl/tables/table1.xml")).find(".//{*}tableColumn")
    assert named is not None
    assert decode(named.get("name", "")) == strange
    assert shared_texts(content)[0] in (strange, "Ett")


def test_a_header_that_names_research_and_growth_is_no_picture() -> None:
    content = make(lambda _, sheet: sheet.set_print_header("R&G " + "&" * 300, "Läget per 31 mars 2021"))
    header = ElementTree.fromstring(part_bytes(content, SHEET)).findtext(".//{*}oddHeader") or ""
    assert header.startswith("&LR&&G &&&&")
    assert header.endswith("…&RLäget per 31 mars 2021")
    assert len(header) <= 255
    assert re.sub("&&", "", header).count("&") == 2


# Texts longer than a cell ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["x" * 32_768, "två ord " * 20_000, "😀" * 16_384, "å" * 32_766 + "😀" + "ä"])
def test_a_text_longer_than_a_cell_goes_on_elsewhere_and_not_a_letter_is_cut(text: str) -> None:
    def write(book: WorkbookWriter, sheet: SheetWriter) -> None:
        sheet.write(0, 0, "kort")
        sheet.write(4, 2, text)
        sheet.write_rows_fast(5, [(["", "", text[::-1]], None, None)], lambda _, __: [book.style("cell")] * 3)

    book = openpyxl.load_workbook(io.BytesIO(make(write)))
    assert book.sheetnames == ["Blad", "Fortsättning"]
    rows = list(book["Fortsättning"].iter_rows(values_only=True))
    assert rows[0] == ("Nummer", "Blad", "Cell", "Texten fortsätter")
    for number, (cell, whole) in enumerate([("C5", text), ("C6", text[::-1])], 1):
        first, mark, _ = str(book["Blad"][cell].value).partition(" … [fortsätter på bladet Fortsättning, nummer ")
        assert mark
        assert str(book["Blad"][cell].value).endswith(f"nummer {number}]")
        pieces = [row[3] for row in rows if row[0] == number]
        assert {row[1:3] for row in rows if row[0] == number} == {("Blad", cell)}
        assert first + "".join(pieces) == whole
        assert max(map(utf16_length, pieces)) <= MAX_CELL_CHUNK
        assert utf16_length(str(book["Blad"][cell].value)) < MAX_CELL_TEXT - 2000


@pytest.mark.parametrize("text", ["x" * 32_767, "😀" * 16_383 + "x", "å" * 32_767])
def test_a_text_that_just_fits_stays_in_its_cell(text: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(write_down([text])))
    assert book.sheetnames == ["Blad"]
    assert book["Blad"]["A1"].value == text


def test_a_day_before_excel_s_first_goes_out_as_text() -> None:
    sheet = written([date(1899, 12, 31), date(1521, 6, 6)])
    assert [sheet["A1"].value, sheet["A2"].value] == ["1899-12-31", "1521-06-06"]
    assert [cell.data_type for cell in sheet["A"]] == ["s", "s"]


# Calls ----------------------------------------------------------------------------------------------------

CANNOT_REFUSE = {
    *("activate", "add_format", "add_worksheet", "close", "fit_to_pages", "freeze_panes", "get_name"),
    *("hide_gridlines", "protect", "repeat_rows", "set_landscape", "set_margins", "set_paper", "set_properties"),
    *("set_size", "set_zoom", "very_hidden"),
}
"""Calls of XlsxWriter that give no answer; every other one is asked for its answer."""

WRITER = PROJECT / "xlflow" / "excel" / "writer"


def raw_calls(path: Path) -> list[tuple[str, bool]]:
    """Every call of XlsxWriter in a module, and whether its answer is looked at."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    checked = {
        id(one) for call in calls if ast.unparse(call.func) == "check_return_code" for one in ast.walk(call)
    }
    named = [(call, ast.unparse(call.func).rpartition(".")) for call in calls]
    return [(name, id(call) in checked) for call, (owner, _, name) in named if re.search(r"\bbackend$", owner)]


def test_every_call_of_xlsxwriter_is_asked_for_its_answer() -> None:
    calls = [call for path in sorted(WRITER.glob("*.py")) for call in raw_calls(path)]
    assert len(calls) > 40
    theirs = {*dir(xlsxwriter.Workbook), *dir(Worksheet)}
    assert {name for name, checked in calls if not checked and name in theirs} == CANNOT_REFUSE


def test_nobody_else_calls_xlsxwriter_past_the_door() -> None:
    past = [
        f"{path.relative_to(PROJECT)}:{node.lineno}"
        for path in sorted((PROJECT / "xlflow").rglob("*.py"))
        if WRITER not in path.parents and "excel.writer" in path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "backend"
    ]
    assert past == []


# Heights --------------------------------------------------------------------------------------------------


def test_lines_are_counted_as_they_are_read() -> None:
    assert count_lines("", 10) == 1
    assert count_lines("kort", 10) == 1
    assert count_lines("rad ett\n\nrad tre", 10) == 3
    assert count_lines("verksamhetsplaneringsprocess", 10) >= 3
    assert fit_row_height([("rad ett\nrad två", 20), ("kort", 20)]) == 31
    assert fit_row_height([("x" * 100_000, 10)]) == 409


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
    ink, fill = style.get("font_color", COLOURS["text"]), style.get("bg_color", "#FFFFFF")
    assert contrast(ink, fill) >= 4.5


@pytest.mark.parametrize("text", ["", 'a"b', '"' * 300, "x" * 255, "x" * 256, "😀" * 200, 'å"' * 999])
def test_a_text_in_a_formula_is_quoted_in_literals_that_excel_takes(text: str) -> None:
    literals = re.findall(r'"((?:[^"]|"")*)"(?:&|$)', quote_formula_text(text))
    assert "".join(literals).replace('""', '"') == text
    assert all(len(literal.encode("utf-16-le")) // 2 <= 255 for literal in literals)
    assert len(literals) == max(1, -(-(len(text.encode("utf-16-le")) // 2 + text.count('"')) // 255))
