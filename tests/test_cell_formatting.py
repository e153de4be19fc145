"""What only the formatting of a cell says is seen: struck out, hidden, a date without its day, a cell twice."""

import io
import struct
import zipfile
from datetime import date
from itertools import product

import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from support.edited_forms import (
    COLUMNS,
    FILLED,
    FIRST,
    answers_by_item,
    edit_sheet,
    finding_codes,
    make_form,
    read_form_bytes,
    set_cells,
    unplaced_texts,
    with_blank_items,
)
from support.make_xls import (
    make_ole_container,
    make_xls_stream,
    make_xlsb_from_records,
    number_cell,
    xls_record,
    xlsb_cell,
    xlsb_record,
    xlsb_row,
    xlsb_text,
)
from support.make_xlsx import MAIN, RELATIONS, refusal_code, workbook_parts, zip_parts

from xlflow.excel.cell_address import column_letters
from xlflow.excel.conventions import MonthDate, YearDate
from xlflow.excel.reader import ErrorValue, StruckOutText, WorkbookData, open_plan_workbook, open_workbook
from xlflow.excel.reader.xlsx_styles import classify_number_format
from xlflow.model.findings import Finding
from xlflow.model.plan import Deadline
from xlflow.values import cell_text, parse_deadline
from xlflow.values.deadlines import parse_date, parse_quarter

STRUCK = Font(strike=True)


def address(key: str, row: int) -> str:
    return f"{column_letters(COLUMNS[key] - 1)}{row}"


# Struck out -----------------------------------------------------------------------------------------------


def rich(*parts: str) -> CellRichText:
    """Return a rich text; what begins with a minus sign is struck out."""
    runs = (
        TextBlock(InlineFont(strike=True), part[1:]) if part.startswith("-") else TextBlock(InlineFont(), part)
        for part in parts
    )
    return CellRichText(*runs)


def test_an_answer_that_is_struck_out_is_set_aside() -> None:
    def strike(sheet: Worksheet) -> None:
        for key in ("status", "comment"):
            sheet.cell(FIRST, COLUMNS[key]).font = STRUCK

    form = read_form_bytes(edit_sheet(strike))
    assert answers_by_item(form) == with_blank_items({key: FILLED[key] for key in ("b", "d")})
    assert unplaced_texts(form) == [
        (address("status", FIRST), "Pågående", False),
        (address("comment", FIRST), "Båten är hyrd", False),
    ]
    assert finding_codes(form) == ["text-struck-out"] * 2


@pytest.mark.parametrize(
    ("parts", "status", "struck"),
    [
        (("-Pågående", " Genomfört"), "Genomfört", ["Pågående"]),
        (("Genom", "-bruten", "fört"), "Genomfört", ["bruten"]),
        (("Pågående",), "Pågående", []),
        (("-Pågående", "  "), "", ["Pågående"]),
    ],
)
def test_of_an_answer_with_a_struck_out_part_the_rest_counts(
    parts: tuple[str, ...], status: str, struck: list[str]
) -> None:
    form = read_form_bytes(edit_sheet(lambda sheet: set_cells(sheet, FIRST, status=rich(*parts))))
    assert answers_by_item(form)["a"].get("status", "") == status
    assert unplaced_texts(form) == [(address("status", FIRST), text, False) for text in struck]


def test_blanks_around_what_is_struck_out_are_closed_up() -> None:
    form = read_form_bytes(
        edit_sheet(lambda sheet: set_cells(sheet, FIRST, comment=rich("Klart ", "-i maj", " i juni")))
    )
    assert answers_by_item(form)["a"]["comment"] == "Klart i juni"


def test_a_row_of_the_units_own_that_is_struck_out_is_none() -> None:
    def add(sheet: Worksheet) -> None:
        row = next(
            row
            for row in range(FIRST, 40)
            if sheet.cell(row, COLUMNS["activity"]).value is None
            and sheet.cell(row, COLUMNS["activity"]).protection.locked is False
        )
        set_cells(sheet, row, activity="Ny idé", status="Pågående")
        for key in ("activity", "status"):
            sheet.cell(row, COLUMNS[key]).font = STRUCK

    form = read_form_bytes(edit_sheet(add))
    assert answers_by_item(form) == with_blank_items()
    assert [text for _, text, _ in unplaced_texts(form)] == ["Ny idé", "Pågående"]


def test_a_struck_out_text_of_the_form_is_noted_and_its_answer_counts() -> None:
    def strike(sheet: Worksheet) -> None:
        sheet.cell(FIRST, COLUMNS["activity"]).font = STRUCK

    form = read_form_bytes(edit_sheet(strike))
    assert answers_by_item(form) == with_blank_items()
    assert finding_codes(form) == ["issued-text-struck-out"]


def test_a_merged_answer_that_is_struck_out_counts_for_no_row() -> None:
    def merge(sheet: Worksheet) -> None:
        column = COLUMNS["status"]
        sheet.merge_cells(start_row=FIRST, end_row=FIRST + 2, start_column=column, end_column=column)
        sheet.cell(FIRST, column).font = STRUCK

    form = read_form_bytes(edit_sheet(merge))
    assert not any("status" in answers_by_item(form)[key] for key in "abc")


def test_runs_are_struck_out_by_themselves_or_as_their_cell_is() -> None:
    fonts = "<fonts><font/><font><strike/></font><font><strike val='0'/></font></fonts>"
    xfs = '<cellXfs><xf fontId="0"/><xf fontId="1"/><xf fontId="2"/></cellXfs>'
    styles = f'<styleSheet xmlns="{MAIN}">{fonts}{xfs}</styleSheet>'
    struck_run, plain_run = "<r><rPr><strike/></rPr><t>a</t></r>", "<r><rPr><b/></rPr><t>b</t></r>"
    strings = f'<sst xmlns="{MAIN}"><si>{struck_run}{plain_run}<r><t>c</t></r></si><si><t>d</t></si></sst>'
    kinds = ('t="s"><v>0</v>', 't="s"><v>1</v>', "><v>7</v>", f't="inlineStr"><is>{struck_run}{plain_run}</is>')
    cells = [
        f'<c r="{column}1" s="{style}" {kind}</c>'
        for column, (style, kind) in zip("ABCDEFGHIJKL", product(range(3), kinds), strict=True)
    ]
    parts = workbook_parts(f'<row r="1">{"".join(cells)}</row>', strings=strings)
    content = zip_parts(parts | {"xl/styles.xml": styles.encode()})
    workbook = open_workbook(content, "f.xlsx")
    assert isinstance(workbook, WorkbookData)
    assert workbook.sheets[0].metadata.struck_out == (
        StruckOutText(0, 0, "a", whole_cell=False, remaining="bc"),
        StruckOutText(0, 3, "a", whole_cell=False, remaining="b"),
        StruckOutText(0, 4, "ac", whole_cell=False, remaining="b"),
        StruckOutText(0, 5, "d", whole_cell=True),
        StruckOutText(0, 6, "7.0", whole_cell=True),
        StruckOutText(0, 7, "a", whole_cell=False, remaining="b"),
        StruckOutText(0, 8, "a", whole_cell=False, remaining="bc"),
        StruckOutText(0, 11, "a", whole_cell=False, remaining="b"),
    )


# Hidden columns -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slowly", [False, True])
def test_a_hidden_column_with_answers_is_named(slowly: bool) -> None:
    def hide(sheet: Worksheet) -> None:
        for key in ("comment", "new_deadline", "status", "activity"):
            sheet.column_dimensions[column_letters(COLUMNS[key] - 1)].hidden = key != "status"
        if slowly:
            sheet.cell(FIRST, COLUMNS["comment"] + 8).font = STRUCK
            sheet.cell(FIRST, COLUMNS["comment"] + 8).value = "x"

    form = read_form_bytes(edit_sheet(hide))
    assert answers_by_item(form) == with_blank_items()
    hidden = [finding for finding in form.findings if finding.code == "column-hidden"]
    assert {finding.field: dict(finding.params)["count"] for finding in hidden} == {
        "comment": 2,
        "new_deadline": 1,
    }


def test_a_hidden_column_without_answers_is_not_worth_a_word() -> None:
    def hide(sheet: Worksheet) -> None:
        sheet.column_dimensions[column_letters(COLUMNS["comment"] - 1)].hidden = True

    assert "column-hidden" not in finding_codes(read_form_bytes(edit_sheet(hide, make_form({}))))


@pytest.mark.parametrize("rows", ['<row r="1"><c r="A1"><v>1</v></c></row>', "<row><c><v>1</v></c></row>"])
def test_hidden_columns_are_seen_by_both_readers(rows: str) -> None:
    hidden = '<col min="2" max="3" hidden="1"/><col min="16384" max="99999" hidden="true"/>'
    columns = f'<cols>{hidden}<col min="5" max="5"/></cols>'
    part = f'<worksheet xmlns="{MAIN}">{columns}<sheetData>{rows}</sheetData></worksheet>'
    workbook = open_workbook(zip_parts(workbook_parts("") | {"xl/worksheets/sheet1.xml": part.encode()}), "f.xlsx")
    assert isinstance(workbook, WorkbookData)
    assert workbook.sheets[0].rows == ((1.0,),)
    assert workbook.sheets[0].metadata.hidden_columns == {1, 2, 16383}


# Dates without a day --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("mmm-yy", "month"),
        ("mmm\\-yy;@", "month"),
        ("[$-41D]mmmm yyyy", "month"),
        ("MMM YY", "month"),
        ("yyyy", "year"),
        ('yyyy" (år)"', "year"),
        ("yyyy-mm-dd", "day"),
        ("d mmm", "day"),
        ("mm:ss", "day"),
        ("h:mm", "day"),
        ("[h]:mm", "span"),
        ("General", None),
        ('0 "my"', None),
        ("0.00", None),
    ],
)
def test_what_a_number_format_shows(code: str, kind: str | None) -> None:
    assert classify_number_format(code) == kind


def test_a_date_that_shows_no_day_is_read_as_one() -> None:
    codes = {170: "mmmm\\ yyyy", 171: "yyyy"}
    inner = "".join(f'<numFmt numFmtId="{key}" formatCode="{code}"/>' for key, code in codes.items())
    formats = f"<numFmts>{inner}</numFmts>"
    xfs = "".join(f'<xf numFmtId="{key}"/>' for key in (0, 14, 17, 170, 171))
    styles = f'<styleSheet xmlns="{MAIN}">{formats}<cellXfs>{xfs}</cellXfs></styleSheet>'
    cells = "".join(f'<c r="{column}1" s="{style}"><v>44348</v></c>' for style, column in enumerate("ABCDE"))
    content = zip_parts(workbook_parts(f'<row r="1">{cells}</row>') | {"xl/styles.xml": styles.encode()})
    for opened in (open_workbook(content, "f.xlsx"), open_plan_workbook(content, "f.xlsx")):
        assert isinstance(opened, WorkbookData)
        first = date(2021, 6, 1)
        assert opened.sheets[0].rows == ((44348.0, first, first, first, first),)
        kinds = [float, date, MonthDate, MonthDate, YearDate]
        assert list(map(type, opened.sheets[0].rows[0])) == kinds


def test_a_deadline_without_a_day_is_the_whole_month_or_year() -> None:
    for raw, text, english, last in (
        (MonthDate(2021, 6, 1), "juni 2021", "June 2021", date(2021, 6, 30)),
        (YearDate(2021, 1, 1), "2021", "2021", date(2021, 12, 31)),
    ):
        assert (cell_text(raw), cell_text(raw, "en")) == (text, english)
        result = parse_deadline(raw, 2021)
        assert isinstance(result.value, Deadline)
        assert (result.value.kind, result.value.text, result.value.last) == ("text", text, last)
        assert result.code == "date-without-day"
        in_english = parse_deadline(raw, 2021, "en").value
        assert isinstance(in_english, Deadline)
        assert in_english.text == english
        assert parse_deadline(text, 2021).value == result.value, "what the form shows is read back alike"
        assert parse_date(raw, 2021).code == "date-unreadable"
    assert parse_deadline(YearDate(1905, 7, 13), 2021).code == "date-unlikely", "2021 typed into a cell for years"
    quarter = parse_quarter(MonthDate(2021, 6, 1), 2021, "sv")
    assert isinstance(quarter.value, Deadline)
    assert (quarter.value.text, quarter.code) == ("2021-Q2", "quarter-assumed")


def test_a_new_deadline_typed_as_a_month_is_the_month() -> None:
    def type_month(sheet: Worksheet) -> None:
        cell = sheet.cell(FIRST + 3, COLUMNS["new_deadline"])
        cell.value, cell.number_format = date(2022, 3, 1), "mmm-yy"

    form = read_form_bytes(edit_sheet(type_month))
    assert answers_by_item(form)["d"]["new_deadline"] == "mars 2022"
    assert finding_codes(form) == ["date-without-day"]


# Cells twice, and texts that are not there ------------------------------------------------------------------

TWICE = [
    '<row r="1"><c r="A1"><v>1</v></c><c r="A1"><v>2</v></c></row>',
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="1"><c r="A1"><v>2</v></c></row>',
    '<row r="1"><c r="A1"><v>1</v></c></row></sheetData><sheetData><row r="1"><c r="A1"><v>2</v></c></row>',
    '<row r="1"><c r="A1" t="inlineStr"><is><t>1.0</t></is></c><c r="A1"><v>2</v></c></row>',
    '<row r="1"><c r="A1" t="e"><v>1.0</v></c><c r="A1"><v>2</v></c></row>',
]


@pytest.mark.parametrize("rows", TWICE)
def test_a_cell_that_is_there_twice_is_named_with_both_values(rows: str) -> None:
    workbook = open_workbook(zip_parts(workbook_parts(rows)), "f.xlsx")
    assert isinstance(workbook, WorkbookData)
    assert workbook.sheets[0].rows == ((2.0,),)
    found = [(finding.code, finding.location.cell, finding.value) for finding in workbook.findings]
    assert found == [("cell-twice", "A1", "1.0")]


def test_a_cell_that_says_the_same_twice_or_nothing_once_is_let_be() -> None:
    for other in ("<v>1</v>", ""):
        rows = f'<row r="1"><c r="A1"><v>1</v></c><c r="A1">{other}</c></row>'
        workbook = open_workbook(zip_parts(workbook_parts(rows)), "f.xlsx")
        assert isinstance(workbook, WorkbookData)
        assert (workbook.sheets[0].rows, workbook.findings) == (((1.0,),), ())


@pytest.mark.parametrize("index", ["2", "99", "-1", "INF", "", "1.0", "1e0", "4294967297", "9" * 30])
def test_a_text_that_the_workbook_does_not_have_is_no_other(index: str) -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>Ett</t></si><si><t>Två</t></si></sst>'
    rows = f'<row r="1"><c r="A1" t="s"><v>{index}</v></c></row>'
    assert refusal_code(zip_parts(workbook_parts(rows, strings=strings))) == "workbook-corrupt"


# Entries without a part ---------------------------------------------------------------------------------------


def test_an_entry_of_the_list_of_sheets_that_names_no_part_is_passed_over() -> None:
    content = zip_parts(
        {
            name: part.replace(
                b"<sheets>", b'<sheets><sheet name="Modul1" sheetId="9" state="veryHidden" r:id=""/>'
            )
            for name, part in workbook_parts('<row r="1"><c r="A1"><v>1</v></c></row>').items()
        }
    )
    workbook = open_workbook(content, "f.xlsx")
    assert isinstance(workbook, WorkbookData)
    assert [sheet.name for sheet in workbook.sheets] == ["Blad"]


# The same in other kinds of files ------------------------------------------------------------------------------


def in_xls(*cells: bytes, strings: bytes = b"", continued: bytes = b"") -> WorkbookData:
    """Return an .xls whose fonts 1 and 5 strike out, and whose cell styles 3 to 5 are: font 1, mmm-yy, font 5."""
    fonts = b"".join(xls_record(0x31, struct.pack("<2H", 200, 8 * (number in (1, 4)))) for number in range(5))
    styles = ((1, 0), (0, 17), (5, 0))
    more = fonts + b"".join(xls_record(0xE0, struct.pack("<2H", *style).ljust(20, b"\0")) for style in styles)
    more += xls_record(0xFC, strings) if strings else b""
    more += xls_record(0x3C, continued) if continued else b""
    workbook = open_workbook(make_ole_container({"Workbook": make_xls_stream(cells, more=more)}), "f.xls")
    assert isinstance(workbook, WorkbookData), workbook
    return workbook


def test_an_xls_is_seen_with_its_formatting() -> None:
    struck, month, other = 3, 4, 5
    rich = struct.pack("<HBH", 9, 8, 1) + b"bort kvar" + struct.pack("<2H", 4, 0)
    long_start, long_end = "å" * 10, "ö" * 5
    split = struct.pack("<HBH", 15, 1 | 8, 1) + long_start.encode("utf-16-le")
    rest = b"\1" + long_end.encode("utf-16-le") + struct.pack("<2H", 10, 1)
    workbook = in_xls(
        xls_record(0x7D, struct.pack("<5H2x", 6, 7, 2560, 0, 1)),
        number_cell(0, 0, 7.0, struck),
        number_cell(0, 1, 44348.0, month),
        number_cell(0, 2, 7.0),
        xls_record(0xFD, struct.pack("<3HL", 1, 0, other, 0)),
        xls_record(0xFD, struct.pack("<3HL", 1, 1, 0, 1)),
        xls_record(0xBD, struct.pack("<3HlHlH", 2, 0, 0, 4 | 2, struck, 8 | 2, 1)),
        strings=struct.pack("<2L", 2, 2) + rich + split,
        continued=rest,
    )
    sheet = workbook.sheets[0]
    assert sheet.rows[0] == (7.0, date(2021, 6, 1), 7.0)
    assert type(sheet.rows[0][1]) is MonthDate
    assert sheet.rows[1][:2] == ("bort kvar", long_start + long_end)
    assert sheet.metadata.hidden_columns == {6, 7}
    assert sorted(sheet.metadata.struck_out, key=lambda text: (text.row, text.column)) == [
        StruckOutText(0, 0, "7.0", whole_cell=True),
        StruckOutText(1, 0, "bort", whole_cell=False, remaining=" kvar"),
        StruckOutText(1, 1, long_end, whole_cell=False, remaining=long_start),
        StruckOutText(2, 1, "2", whole_cell=True),
    ]


def in_xlsb(*records: bytes, strings: bytes = b"") -> WorkbookData | Finding:
    """Return an .xlsb with these records; its styles 1 to 3 are: mmm-yy, struck out, yyyy."""
    fonts = xlsb_record(43, struct.pack("<2H", 200, 0)) + xlsb_record(43, struct.pack("<2H", 200, 8))
    formats = xlsb_record(44, struct.pack("<H", 170) + xlsb_text("yyyy"))
    styles = ((0, 0), (17, 0), (0, 1), (170, 0))
    xfs = b"".join(xlsb_record(47, struct.pack("<3H10x", 0, *style)) for style in styles)
    content = make_xlsb_from_records(records, 9, 9)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/styles.bin"] = fonts + formats + xlsb_record(617, struct.pack("<L", 4)) + xfs + xlsb_record(618)
    strings = strings or xlsb_record(19, b"\0" + xlsb_text("delad"))
    parts["xl/sharedStrings.bin"] = xlsb_record(159, struct.pack("<2L", 1, 1)) + strings + xlsb_record(160)
    relations = parts["xl/_rels/workbook.bin.rels"].decode().replace("</Relationships>", "")
    for number, (kind, name) in enumerate((("styles", "styles"), ("sharedStrings", "sharedStrings")), 7):
        relations += f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{name}.bin"/>'
    parts["xl/_rels/workbook.bin.rels"] = f"{relations}</Relationships>".encode()
    return open_workbook(zip_parts(parts), "f.xlsb")


RICH_TEXT = b"\1" + xlsb_text("🎨bort kvar") + struct.pack("<L4H", 2, 2, 1, 6, 0)


def test_an_xlsb_is_seen_with_its_formatting_and_merged_cells() -> None:
    day = struct.pack("<d", 44348.0)
    workbook = in_xlsb(
        xlsb_record(60, struct.pack("<4LH", 6, 7, 2560, 0, 1)),
        xlsb_row(0, xlsb_cell(5, 0, day, 1), xlsb_cell(5, 1, day, 3), xlsb_cell(6, 2, xlsb_text("hel"), 2)),
        xlsb_row(1, xlsb_cell(7, 0, struct.pack("<L", 0)), xlsb_cell(62, 1, RICH_TEXT)),
        xlsb_record(177, struct.pack("<L", 1))
        + xlsb_record(176, struct.pack("<4L", 2, 4, 0, 1))
        + xlsb_record(178),
        strings=xlsb_record(19, RICH_TEXT),
    )
    assert isinstance(workbook, WorkbookData), workbook
    sheet = workbook.sheets[0]
    assert sheet.rows[0] == (date(2021, 6, 1), date(2021, 6, 1), "hel")
    assert list(map(type, sheet.rows[0])) == [MonthDate, YearDate, str]
    assert sheet.rows[1][:2] == ("🎨bort kvar", "🎨bort kvar")
    assert sheet.merged_ranges == ((2, 0, 4, 1),)
    assert sheet.metadata.hidden_columns == {6, 7}
    assert sheet.metadata.struck_out == (
        StruckOutText(0, 2, "hel", whole_cell=True),
        StruckOutText(1, 0, "bort", whole_cell=False, remaining="🎨 kvar"),
        StruckOutText(1, 1, "bort", whole_cell=False, remaining="🎨 kvar"),
    )


def test_short_records_of_an_xlsb_are_read_with_their_columns() -> None:
    def short(kind: int, value: bytes = b"", style: int = 0) -> bytes:
        return xlsb_record(kind, struct.pack("<L", style) + value)

    workbook = in_xlsb(
        xlsb_row(
            0,
            xlsb_cell(5, 1, struct.pack("<d", 1.5)),
            short(12),
            short(13, struct.pack("<l", (7 << 2) | 2)),
            short(14, b"\x2a"),
            short(15, b"\1"),
            short(16, struct.pack("<d", 44348.0), 1),
            short(17, xlsb_text("Genomfört")),
            short(18, struct.pack("<L", 0), 2),
        ),
        xlsb_row(1, short(17, xlsb_text("först"))),
    )
    assert isinstance(workbook, WorkbookData), workbook
    sheet = workbook.sheets[0]
    assert sheet.rows[0] == (None, 1.5, None, 7.0, "#N/A", True, date(2021, 6, 1), "Genomfört", "delad")
    assert [type(sheet.rows[0][column]) for column in (4, 6)] == [ErrorValue, MonthDate]
    assert sheet.rows[1][0] == "först"
    assert [struck.text for struck in sheet.metadata.struck_out] == ["delad"]


def test_a_cell_that_an_xlsb_has_twice_is_named() -> None:
    cells = [xlsb_cell(5, 0, struct.pack("<d", number)) for number in (1.0, 2.0)]
    workbook = in_xlsb(xlsb_row(0, *cells))
    assert isinstance(workbook, WorkbookData), workbook
    assert [(finding.code, finding.value) for finding in workbook.findings] == [("cell-twice", "1.0")]


@pytest.mark.parametrize(
    "record",
    [
        xlsb_row(0, xlsb_cell(7, 0, struct.pack("<L", 99))),
        xlsb_row(0, xlsb_cell(6, 0, xlsb_text("Genomfört")[:-4])),
        xlsb_row(0, xlsb_cell(5, 0, b"\0\0")),
        xlsb_row(0, b"\5\xff\x7f"),
    ],
    ids=["text that is not there", "half a text", "half a number", "record beyond the part"],
)
def test_an_xlsb_with_half_a_record_is_refused(record: bytes) -> None:
    found = in_xlsb(record)
    assert isinstance(found, Finding), found
    assert found.code == "workbook-corrupt"


ODS = """<office:document-content xmlns:office="o" xmlns:style="s" xmlns:table="t" xmlns:text="x" xmlns:number="n">
<office:automatic-styles>
<number:date-style style:name="N1"><number:month/><number:text>-</number:text><number:year/></number:date-style>
<number:date-style style:name="N2"><number:year/></number:date-style>
<number:time-style style:name="N3"><number:hours/></number:time-style>
<number:date-style style:name="N4"><number:year/><number:month/><number:day/></number:date-style>
<style:style style:name="c1" style:data-style-name="N1"/><style:style style:name="c2" style:data-style-name="N2"/>
<style:style style:name="c4" style:data-style-name="N4"/>
<style:style style:name="s"><style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="p"><style:text-properties style:text-line-through-style="none"/></style:style>
<style:default-style><style:text-properties style:text-line-through-style="solid"/></style:default-style>
</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="Blad">
<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>
<table:table-column table:default-cell-style-name="s"/>
<table:table-row>{cells}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>
"""


def test_an_ods_is_seen_with_its_formatting() -> None:
    day = '<table:table-cell office:value-type="date" office:date-value="2021-06-01" table:style-name="{}"/>'
    text = '<table:table-cell office:value-type="string"{}><text:p>{}</text:p></table:table-cell>'
    span = '<text:span text:style-name="{}">{}</text:span>'
    cells = [
        *map(day.format, ("c1", "c2", "c4")),
        text.format("", "hel"),
        text.format(' table:style-name="p"', f"{span.format('s', 'bort')} kvar"),
        text.format(' table:style-name="s"', f"{span.format('p', 'kvar')}{span.format('x', '<text:s/>bort')}"),
        text.format(' table:style-name="c1"', "hel"),
    ]
    parts = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}
    parts["content.xml"] = ODS.format(cells="".join(cells)).encode()
    workbook = open_workbook(zip_parts(parts), "f.ods")
    assert isinstance(workbook, WorkbookData), workbook
    sheet = workbook.sheets[0]
    assert list(map(type, sheet.rows[0][:3])) == [MonthDate, YearDate, date]
    assert sheet.rows[0][3:] == ("hel", "bort kvar", "kvar bort", "hel")
    assert sheet.metadata.hidden_columns == {2}
    assert sheet.metadata.struck_out == (
        StruckOutText(0, 3, "hel", whole_cell=True),
        StruckOutText(0, 4, "bort", whole_cell=False, remaining=" kvar"),
        StruckOutText(0, 5, " bort", whole_cell=False, remaining="kvar"),
    )
