"""What stands in a workbook comes out as it went in, also where the fast reader hides it or falls over it."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from support.make_xlsx import (
    MAIN,
    WORKBOOK,
    load_package,
    make_workbook,
    number_row,
    read_sheet,
    refusal_code,
    workbook_parts,
    zip_parts,
)
from support.sampling import sample_size

from xlflow.excel.cell_address import format_cell_address, parse_cell_address
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import DEFAULT_LIMITS, ErrorValue, UncachedFormula, WorkbookData, open_workbook
from xlflow.excel.reader.choose_reader import read_with_calamine
from xlflow.excel.reader.safe_zip import build_uncompressed_zip
from xlflow.excel.reader.workbook_data import NO_METADATA
from xlflow.excel.reader.xlsx_prescan import can_expand_shared_strings, prescan_sheet
from xlflow.excel.reader.xlsx_xml import read_workbook_outline, read_xlsx_sheets


def test_a_workbook_opens_with_everything_that_counts() -> None:
    workbook = open_workbook(content := make_workbook(), "Museet.xlsx")
    assert isinstance(workbook, WorkbookData)
    form, hidden = workbook.sheets
    assert (workbook.kind, workbook.size, workbook.properties["xlflow.unit"]) == ("xlsx", len(content), "Museet å")
    assert workbook.last_saved == datetime(2021, 4, 1, 9, 30, tzinfo=UTC)
    assert (form.visible, hidden.visible, workbook.find_sheet("xlflow")) == (True, False, hidden)
    assert form.rows[0] == (date(2021, 6, 30), *[None] * 6)
    assert form.rows[1] == (None,) * 7
    assert form.rows[3] == (None, "Öppna kvarnen 1", 1.5, 1.0, None, 2.0, None)
    assert form.rows[2][6] == "samma"
    assert form.merged_ranges == ((2, 6, 4, 6),)


def test_a_path_and_its_content_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(make_workbook())
    assert open_workbook(tmp_path / "x.xlsx", "x.xlsx") == open_workbook(make_workbook(), "x.xlsx")


CELLS = """
<row r="1">
  <c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t> kant </t></is></c>
  <c r="D1" t="inlineStr"><is><r><t xml:space="preserve">två </t></r><r><t>delar</t></r></is></c>
  <c r="E1" t="str"><f>A1</f><v>räknad</v></c><c r="F1" t="str"><f>""</f><v></v></c><c r="G1" t="b"><v>1</v></c>
</row>
<row r="2">
  <c r="A2"><v>1E3</v></c><c r="B2" s="1"><v>44286</v></c><c r="C2" s="1"><v>44286.25</v></c>
  <c r="D2" s="2"><v>0.5</v></c><c r="E2" s="3"><v>1.5</v></c><c r="F2" s="5"><v>7</v></c>
  <c r="G2" t="d"><v>2021-03-04</v></c>
</row>
<row r="3"><c r="A3" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B3" t="e"><v>#REF!</v></c>
  <c r="C3"><f>A1&amp;"x"</f></c><c r="D3"><f>B1</f><v></v></c><c r="E3"><f t="shared" si="0"/><v/></c></row>
"""
STRINGS = (
    f'<sst xmlns="{MAIN}"><si><t>rad_x000D_&#10;bryt</t></si>'
    "<si><r><t>läs</t></r><rPh sb='0' eb='1'><t>uttal</t></rPh></si></sst>"
)
EXPECTED: tuple[tuple[RawCell, ...], ...] = (
    ("rad\r\nbryt", "läs", "kant", "två delar", "räknad", None, True),
    (1000.0, date(2021, 3, 31), datetime(2021, 3, 31, 6), time(12), timedelta(hours=36), 7.0, date(2021, 3, 4)),
    ("#DIV/0!", "#REF!", '=A1&"x"', "=B1", "=", None, None),
)


@pytest.mark.parametrize("tidy", [True, False], ids=["read fast", "read closely"])
def test_every_type_of_cell_is_read(tidy: bool) -> None:
    cells = "".join(line.strip() for line in CELLS.splitlines()) if tidy else CELLS.replace("<c r=", "<c  r=")
    sheet = read_sheet(cells, strings=STRINGS)
    assert sheet.rows == EXPECTED
    assert [type(cell) for cell in sheet.rows[2][:5]] == [ErrorValue] * 2 + [UncachedFormula] * 3


def test_days_count_from_1904_where_the_workbook_says_so() -> None:
    old = WORKBOOK.replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    for prefix in ("<c r=", "<c  r="):
        parts = workbook_parts(f'<row r="1">{prefix}"A1" s="1"><v>44286</v></c></row>', xl__workbook_xml=None)
        parts["xl/workbook.xml"] = old.encode()
        workbook = open_workbook(zip_parts(parts), "f.xlsx")
        assert isinstance(workbook, WorkbookData)
        assert workbook.sheets[0].rows == ((date(2025, 4, 1),),)


@pytest.mark.parametrize("number", ["-1500", "-1500.75", "-0.25", "-1"])
def test_a_number_below_zero_that_is_formatted_as_a_day_stays_the_number(number: str) -> None:
    cells = f'<c r="A1" s="1"><v>{number}</v></c><c r="B1" s="2"><v>0.5</v></c><c r="C1" s="3"><v>-1.5</v></c>'
    for written in (cells, cells.replace("<c r=", "<c  r=")):
        sheet = read_sheet(f'<row r="1">{written}</row>')
        assert sheet.rows == ((float(number), time(12), timedelta(hours=-36)),)


TEXTS = (
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF), min_size=1, max_size=20)
    .map(str.strip)
    .filter(bool)
)
VALUES = st.one_of(
    st.none(),
    TEXTS,
    st.booleans(),
    st.floats(-1e9, 1e9).map(lambda number: round(number, 4)),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
)


@given(st.lists(st.lists(VALUES, min_size=1, max_size=6), min_size=1, max_size=8))
@settings(max_examples=sample_size(60))
def test_both_readers_read_what_was_written(rows: list[list[RawCell]]) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as workbook:
        sheet, day = workbook.add_worksheet(), workbook.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, place, datetime(value.year, value.month, value.day), day)
                elif isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif value is not None:
                    sheet.write(number, place, value)
    package = load_package(buffer.getvalue())
    fast = read_with_calamine(build_uncompressed_zip(package.parts))
    close = tuple(
        replace(sheet, metadata=NO_METADATA)
        for sheet in read_xlsx_sheets(package, read_workbook_outline(package), DEFAULT_LIMITS)
    )
    assert fast == close
    found = {(n, p): v for n, row in enumerate(close[0].rows) for p, v in enumerate(row) if v is not None}
    assert found == {(n, p): v for n, row in enumerate(rows) for p, v in enumerate(row) if v is not None}


@given(st.integers(0, 1_048_575), st.integers(0, 16_383))
def test_addresses_go_both_ways(row: int, column: int) -> None:
    assert parse_cell_address(format_cell_address(row, column)) == (row, column)


def test_addresses_are_as_people_write_them() -> None:
    assert [
        format_cell_address(6, 7),
        format_cell_address(0, 25),
        format_cell_address(0, 26),
        format_cell_address(9, 16_383),
    ] == [
        "H7",
        "Z1",
        "AA1",
        "XFD10",
    ]


# What the fast reader gets wrong or falls over ------------------------------------------------------------


def test_a_cell_far_away_is_kept_aside() -> None:
    sheet = read_sheet(number_row("A1") + number_row("XFD1048576", "2"))
    assert sheet.rows == ((1.0,),)
    assert sheet.distant_cells == ((1_048_575, 16_383, 2.0),)


def test_a_lone_cell_at_the_bottom_costs_nothing() -> None:
    sheet = read_sheet('<row r="1048576"><c><v>7</v></c></row>')
    assert (sheet.rows, sheet.distant_cells) == ((), ((1_048_575, 0, 7.0),))


def test_a_format_on_a_million_rows_is_no_content() -> None:
    rows = "".join(f'<row r="{number}"><c r="A{number}" s="1"/></row>' for number in range(2, 60_000))
    assert read_sheet(number_row("A1") + rows).rows == ((1.0,),)


def test_blanks_far_away_change_nothing_whoever_reads() -> None:
    blanks = (
        '<row r="2" s="1" customFormat="1"/><row r="3"><c r="A3" s="1"/><c r="DA3" s="1"></c><c r="B3"/></row>'
        '<row r="4"><c r="A4" s="1"/><c r="B4"><v>2</v></c><c r="XFD4" s="1"/></row>'
        '<row r="5" hidden="1"><c r="A5" t="e"><v>#REF!</v></c><c r="ZZ5" s="1"><f>A1</f><v></v></c></row>'
        '<row r="20000" s="1"></row><row r="1048576" hidden="1" s="1"/>'
    )
    sheet = read_sheet(number_row("A1") + blanks)
    assert sheet == read_sheet(number_row("A1") + blanks.replace('<c r="B4">', '<c  r="B4">'))
    assert sheet.rows[:4] == ((1.0, *[None] * 701), (None,) * 702, (None,) * 702, (None, 2.0, *[None] * 700))
    assert sheet.rows[4][0] == "#REF!"
    assert isinstance(sheet.rows[4][701], UncachedFormula)
    assert sheet.metadata.hidden_rows == {4, 1_048_575}


@pytest.mark.parametrize(
    "strings",
    [f'<sst xmlns="{MAIN}" count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'],
)
def test_a_lying_count_of_texts_is_not_believed(strings: str) -> None:
    assert read_sheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', strings=strings).rows == (("a",),)


def test_a_formula_typed_as_a_shared_text_but_never_worked_out_is_no_damage() -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>a</t></si></sst>'
    row = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><f>1&amp;2</f></c><c r="C1" t="s"/></row>'
    (found,) = read_sheet(row, strings=strings).rows
    assert found[:2] == ("a", UncachedFormula("=1&2"))
    assert not any(found[2:])


def test_cells_without_address_stand_in_order() -> None:
    assert read_sheet("<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>").rows == (
        (1.0, 2.0),
        (3.0, None),
    )


@pytest.mark.parametrize("name", ["a&#10;b", "_x001B_[31m", "å_x0041_", "&lt;Blad&gt;", "e&#769;"])
def test_a_sheet_may_have_any_name(name: str) -> None:
    parts = workbook_parts(number_row("A1") + '<row r="2"><c r="A2" t="e"><v>#REF!</v></c></row>')
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'"Blad"', f'"{name}"'.encode())
    fast = open_workbook(zip_parts(parts), "f.xlsx")
    sheet = parts["xl/worksheets/sheet1.xml"].replace(b"<c ", b"<c  ")
    closely = open_workbook(zip_parts({**parts, "xl/worksheets/sheet1.xml": sheet}), "f.xlsx")
    assert isinstance(fast, WorkbookData)
    assert isinstance(closely, WorkbookData)
    assert fast.sheets == closely.sheets
    assert fast.sheets[0].rows == ((1.0,), ("#REF!",))


def test_a_sheet_that_stands_twice_in_the_list_is_refused() -> None:
    parts = workbook_parts(number_row("A1"))
    again = b'<sheet name="Kopia" sheetId="2" r:id="r1"/></sheets>'
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"</sheets>", again)
    assert refusal_code(zip_parts(parts)) == "archive-inconsistent"


def test_a_number_that_is_words_is_kept_as_words() -> None:
    assert read_sheet('<row r="1"><c r="A1" t="n"><v>sju</v></c></row>').rows == (("sju",),)


def test_a_sheet_with_prefixes_is_read() -> None:
    rows = '<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>'
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    parts = {**workbook_parts(""), "xl/worksheets/sheet1.xml": sheet.encode()}
    workbook = open_workbook(zip_parts(parts), "f.xlsx")
    assert isinstance(workbook, WorkbookData)
    assert workbook.sheets[0].rows == ((1.0,),)


@pytest.mark.parametrize("letters", ["utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_parts_in_other_letters_are_read(letters: str) -> None:
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>' if letters == "iso-8859-1" else '<?xml version="1.0"?>'
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>åäö</t></is></c></row>'
    markup = f'<worksheet xmlns="{MAIN}"><sheetData>{row}</sheetData></worksheet>'
    parts = {**workbook_parts(""), "xl/worksheets/sheet1.xml": (head + markup).encode(letters)}
    workbook = open_workbook(zip_parts(parts), "f.xlsx")
    assert isinstance(workbook, WorkbookData)
    assert workbook.sheets[0].rows == (("åäö",),)


def test_text_that_looks_like_markup_stays_text() -> None:
    text = escape('<c r="XFD1048576"> r="A99999" <f>x</f> <!DOCTYPE x>')
    row = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'
    assert read_sheet(row).rows == (('<c r="XFD1048576"> r="A99999" <f>x</f> <!DOCTYPE x>',),)
    quoted = '<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[<f>kvar</f>]]></t></is></c></row>'
    assert read_sheet(quoted).rows == (("<f>kvar</f>",),)


@pytest.mark.parametrize("address", ["A0", "XFE1", "A1048577", "1", "ÅA1", "ZZZZZZZ99999999"])
def test_an_address_of_nowhere_is_refused(address: str) -> None:
    assert (
        refusal_code(zip_parts(workbook_parts(f'<row r="1"><c r="{address}"><v>1</v></c></row>')))
        == "workbook-corrupt"
    )


@pytest.mark.parametrize("second", [' r="XFD1048576"', " r='ZZ99999'", ' r ="B7"', "\tr\n=\t'B7'"])
def test_an_address_given_twice_is_refused(second: str) -> None:
    assert (
        refusal_code(zip_parts(workbook_parts(f'<row r="1"><c r="A1"{second}><v>1</v></c></row>')))
        == "workbook-corrupt"
    )
    assert (
        refusal_code(zip_parts(workbook_parts(f'<row r="1"{second}><c r="A1"><v>1</v></c></row>')))
        == "workbook-corrupt"
    )
    assert refusal_code(zip_parts(workbook_parts(f'<row r="1"{second}/>{number_row("A2")}'))) == "workbook-corrupt"


def test_one_crooked_cell_among_many_straight_ones_is_refused() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="1" t="n"><v>{n}</v></c></row>' for n in range(1, 30_000))
    crooked = '<row r="30000"><c r="A30000" s="1" r="B30000"><v>1</v></c></row>'
    assert len(rows) > 1 << 20
    assert refusal_code(zip_parts(workbook_parts(rows + crooked))) == "workbook-corrupt"
    assert len(read_sheet(rows).rows) == 29_999


def test_a_shared_text_that_is_not_there_is_refused() -> None:
    assert (
        refusal_code(zip_parts(workbook_parts('<row r="1"><c r="A1" t="s"><v>7</v></c></row>')))
        == "workbook-corrupt"
    )
    assert (
        refusal_code(zip_parts(workbook_parts('<row r="1"><c r="A1" t="s"><v>-1</v></c></row>')))
        == "workbook-corrupt"
    )


def test_one_long_text_in_many_cells_stays_small() -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 30_000}</t></si></sst>'
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_001))
    sheet = read_sheet(rows, strings=strings)
    assert len(sheet.rows) == 20_000
    assert sheet.rows[0][0] is sheet.rows[-1][0]


RARE_LETTERS = {"_xD83D_": "\ud83d", "_xdfFF_": "\udfff", "_xFFFE_": "\ufffe", "_xffff_": "\uffff"}


@pytest.mark.parametrize("coded", RARE_LETTERS)
def test_a_rare_letter_is_decoded_in_inline_text_as_in_shared_text(coded: str) -> None:
    text, expected = f"Klart {coded} här", f"Klart {RARE_LETTERS[coded]} här"
    inline = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'
    assert read_sheet(inline).rows == ((expected,),)
    strings = f'<sst xmlns="{MAIN}"><si><t>{text}</t></si></sst>'
    assert read_sheet('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', strings=strings).rows == ((expected,),)
    computed = f'<row r="1"><c r="A1" t="str"><f>B1</f><v>{text}</v></c></row>'
    assert read_sheet(computed).rows == ((expected,),)


def test_what_only_looks_like_a_rare_letter_stays_as_it_is() -> None:
    row = '<row r="1"><c r="A1" t="inlineStr"><is><t>_xD83_ _x005F_xFFFE_ _xFFFE</t></is></c></row>'
    assert read_sheet(row).rows == (("_xD83_ _xFFFE_ _xFFFE",),)


# Which reader a sheet gets --------------------------------------------------------------------------------


def _rows_xml(first: int, last: int, columns: str = "ABCDEFGHIJ") -> bytes:
    rows = (
        f'<row r="{row}">' + "".join(f'<c r="{letter}{row}"><v>{row}</v></c>' for letter in columns) + "</row>"
        for row in range(first, last + 1)
    )
    return f"<worksheet><sheetData>{''.join(rows)}</sheetData></worksheet>".encode()


@pytest.mark.parametrize(
    ("part", "max_cells", "is_fast"),
    [
        pytest.param(_rows_xml(1, 12_000), 2_000_000, True, id="12,000 full rows"),
        pytest.param(_rows_xml(1, 12_000), 100_000, False, id="more cells than the file may have"),
        pytest.param(_rows_xml(30_000, 30_050), 2_000_000, False, id="a few rows at 30,000"),
        pytest.param(_rows_xml(15_000, 15_000), 2_000_000, True, id="one row at 15,000 is a small grid"),
        pytest.param(_rows_xml(1_048_570, 1_048_590, "A"), 2_000_000, False, id="below the last row of Excel"),
    ],
)
def test_calamine_reads_long_sheets_that_are_mostly_filled(part: bytes, max_cells: int, *, is_fast: bool) -> None:
    assert (prescan_sheet(part, max_cells) is not None) == is_fast


def test_one_long_text_sends_no_large_workbook_to_the_slow_reader() -> None:
    texts = "".join(f"<si><t>{text}</t></si>" for text in ("Klart", "x" * 30_000))
    strings = f'<sst xmlns="{MAIN}">{texts}</sst>'.encode()
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>{{}}</v></c></row>' for row in range(1, 1_001))
    sheets = [
        prescan_sheet(f"<worksheet><sheetData>{cells.format(*[index] * 1_000)}</sheetData></worksheet>".encode())
        for index in (0, 1)
    ]
    assert all(sheets)
    of_short_texts, of_long_texts = (sheet for sheet in sheets if sheet)
    assert can_expand_shared_strings(strings, [of_short_texts], 1_000_000)
    assert not can_expand_shared_strings(strings, [of_short_texts, of_long_texts], 1_000_000)
