"""The gate: what comes in ends as values or as a refusal with a code, whatever it is."""

import io
import random
import struct
import zipfile
import zlib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from xlflow.core.findings import Finding, message_of, remedy_of
from xlflow.excel.incoming import (
    Book,
    ErrorValue,
    Limits,
    Raw,
    Sheet,
    UncountedFormula,
    cell_name,
    open_book,
    open_bundle,
)
from xlflow.excel.incoming.archive import list_entries, pack, unpack
from xlflow.excel.incoming.book import LIMITS, cell_position
from xlflow.excel.incoming.closely import read_closely
from xlflow.excel.incoming.package import Package, open_package
from xlflow.excel.incoming.reader import read_fast

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORKBOOK = f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets><sheet name="Blad" sheetId="1" r:id="r1"/></sheets></workbook>'
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="[h]:mm"/>'
    '<numFmt numFmtId="171" formatCode="yyyy\\-mm\\-dd;@"/><numFmt numFmtId="172" formatCode="&quot;dag&quot; 0"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="20"/><xf numFmtId="170"/><xf numFmtId="171"/>'
    '<xf numFmtId="172"/></cellXfs></styleSheet>'
)


# Files made by hand ---------------------------------------------------------------------------------------


def parts_of(rows: str, *, strings: str = "", tail: str = "", **changed: str | bytes | None) -> dict[str, bytes]:
    """Return the parts of a workbook with one sheet whose rows are given as markup; None takes a part away."""
    relation = f'<Relationship Id="{{}}" Type="{RELATIONS}/{{}}" Target="{{}}"/>'
    inner = [("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "sharedStrings", "sharedStrings.xml")]
    inner.append(("r3", "styles", "styles.xml"))
    parts: dict[str, str | bytes | None] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="a/b"/></Types>',
        "_rels/.rels": relations_of(relation.format("r1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": WORKBOOK,
        "xl/_rels/workbook.xml.rels": relations_of("".join(relation.format(*one) for one in inner)),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{tail}</worksheet>',
        "xl/sharedStrings.xml": strings or f'<sst xmlns="{MAIN}"/>',
        "xl/styles.xml": STYLES,
        **{name.replace("__", "/"): part for name, part in changed.items()},
    }
    whole = {name: part for name, part in parts.items() if part is not None}
    return {name: part.encode() if isinstance(part, str) else part for name, part in whole.items()}


def relations_of(inner: str) -> str:
    return f'<Relationships xmlns="{PACKAGE}/relationships">{inner}</Relationships>'


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2021, 3, 31, 12, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def sheet_of(rows: str, **more: str) -> Sheet:
    book = open_book(zipped(parts_of(rows, **more)), "f.xlsx")
    assert isinstance(book, Book), book
    return book.sheets[0]


def a_form(words: str = "Öppna kvarnen") -> bytes:
    """Return a workbook as Excel would write one: text, numbers, days, a formula, a hidden sheet, a property."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        book.set_properties({"created": datetime(2021, 4, 1, 9, 30)})
        book.set_custom_property("xlflow.unit", "Museet å")
        sheet = book.add_worksheet("Uppföljning")
        for row in range(20):
            sheet.write_row(row + 2, 1, [f"{words} {row}", row + 0.5, row])
            sheet.write_formula(row + 2, 5, "=1+1", None, 2)
        sheet.write_datetime("A1", datetime(2021, 6, 30), book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.merge_range("G3:G5", "samma")
        book.add_worksheet("xlflow").very_hidden()
    return buffer.getvalue()


def code_of(content: bytes | Path, name: str = "f.xlsx", limits: Limits = LIMITS) -> str:
    """Return the code of the refusal; its words must be whole in both languages."""
    found = open_book(content, name, limits)
    assert isinstance(found, Finding), found
    for language in ("sv", "en"):
        for text in (message_of(found, language), remedy_of(found, language)):
            assert text
            assert "{" not in text
    assert name in message_of(found, "sv")
    return found.code


def package_of(content: bytes) -> Package:
    package = open_package(content, LIMITS)
    assert isinstance(package, Package)
    return package


# Values ---------------------------------------------------------------------------------------------------


def test_a_workbook_opens_with_everything_that_counts() -> None:
    book = open_book(content := a_form(), "Museet.xlsx")
    assert isinstance(book, Book)
    form, hidden = book.sheets
    assert (book.kind, book.size, book.properties["xlflow.unit"]) == ("xlsx", len(content), "Museet å")
    assert book.saved == datetime(2021, 4, 1, 9, 30, tzinfo=UTC)
    assert (form.visible, hidden.visible, book.sheet("xlflow")) == (True, False, hidden)
    assert form.rows[0] == (date(2021, 6, 30), *[None] * 6)
    assert form.rows[1] == (None,) * 7
    assert form.rows[3] == (None, "Öppna kvarnen 1", 1.5, 1.0, None, 2.0, None)
    assert form.rows[2][6] == "samma"
    assert form.merged == ((2, 6, 4, 6),)


def test_a_path_and_its_content_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").write_bytes(a_form())
    assert open_book(tmp_path / "x.xlsx", "x.xlsx") == open_book(a_form(), "x.xlsx")


CELLS = """
<row r="1">
  <c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><t> kant </t></is></c>
  <c r="D1" t="inlineStr"><is><r><t xml:space="preserve">två </t></r><r><t>delar</t></r></is></c>
  <c r="E1" t="str"><f>A1</f><v>räknad</v></c><c r="F1" t="str"><f>""</f><v></v></c><c r="G1" t="b"><v>1</v></c>
</row>
<row r="2">
  <c r="A2"><v>1E3</v></c><c r="B2" s="1"><v>44286</v></c><c r="C2" s="1"><v>44286.25</v></c>
  <c r="D2" s="2"><v>0.5</v></c><c r="E2" s="3"><v>1.5</v></c><c r="F2" s="5"><v>7</v></c><c r="G2" t="d"><v>2021-03-04</v></c>
</row>
<row r="3"><c r="A3" t="e"><f>1/0</f><v>#DIV/0!</v></c><c r="B3" t="e"><v>#REF!</v></c>
  <c r="C3"><f>A1&amp;"x"</f></c><c r="D3"><f>B1</f><v></v></c><c r="E3"><f t="shared" si="0"/><v/></c></row>
"""
STRINGS = (
    f'<sst xmlns="{MAIN}"><si><t>rad_x000D_&#10;bryt</t></si>'
    "<si><r><t>läs</t></r><rPh sb='0' eb='1'><t>uttal</t></rPh></si></sst>"
)
EXPECTED: tuple[tuple[Raw, ...], ...] = (
    ("rad\r\nbryt", "läs", "kant", "två delar", "räknad", None, True),
    (1000.0, date(2021, 3, 31), datetime(2021, 3, 31, 6), time(12), timedelta(hours=36), 7.0, date(2021, 3, 4)),
    ("#DIV/0!", "#REF!", '=A1&"x"', "=B1", "=", None, None),
)


@pytest.mark.parametrize("tidy", [True, False], ids=["read fast", "read closely"])
def test_every_type_of_cell_is_read(tidy: bool) -> None:
    cells = "".join(line.strip() for line in CELLS.splitlines()) if tidy else CELLS.replace("<c r=", "<c  r=")
    sheet = sheet_of(cells, strings=STRINGS)
    assert sheet.rows == EXPECTED
    assert [type(cell) for cell in sheet.rows[2][:5]] == [ErrorValue] * 2 + [UncountedFormula] * 3


def test_days_count_from_1904_where_the_workbook_says_so() -> None:
    old = WORKBOOK.replace("<sheets>", '<workbookPr date1904="1"/><sheets>')
    for prefix in ("<c r=", "<c  r="):
        parts = parts_of(f'<row r="1">{prefix}"A1" s="1"><v>44286</v></c></row>', xl__workbook_xml=None)
        parts["xl/workbook.xml"] = old.encode()
        book = open_book(zipped(parts), "f.xlsx")
        assert isinstance(book, Book)
        assert book.sheets[0].rows == ((date(2025, 4, 1),),)


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
@settings(max_examples=60)
def test_both_readers_read_what_was_written(rows: list[list[Raw]]) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, date):
                    sheet.write_datetime(number, place, datetime(value.year, value.month, value.day), day)
                elif isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif value is not None:
                    sheet.write(number, place, value)
    package = package_of(buffer.getvalue())
    fast, close = read_fast(pack(package.parts)), read_closely(package, LIMITS)
    assert fast == close
    found = {(n, p): v for n, row in enumerate(close[0].rows) for p, v in enumerate(row) if v is not None}
    assert found == {(n, p): v for n, row in enumerate(rows) for p, v in enumerate(row) if v is not None}


@given(st.integers(0, 1_048_575), st.integers(0, 16_383))
def test_addresses_go_both_ways(row: int, column: int) -> None:
    assert cell_position(cell_name(row, column)) == (row, column)


def test_addresses_are_as_people_write_them() -> None:
    assert [cell_name(6, 7), cell_name(0, 25), cell_name(0, 26), cell_name(9, 16_383)] == [
        "H7",
        "Z1",
        "AA1",
        "XFD10",
    ]


# What the fast reader gets wrong or falls over ------------------------------------------------------------


def one(address: str, value: str = "1") -> str:
    return f'<row r="{address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{address}"><v>{value}</v></c></row>'


def test_a_cell_far_away_is_kept_aside() -> None:
    sheet = sheet_of(one("A1") + one("XFD1048576", "2"))
    assert sheet.rows == ((1.0,),)
    assert sheet.stray == ((1_048_575, 16_383, 2.0),)


def test_a_lone_cell_at_the_bottom_costs_nothing() -> None:
    sheet = sheet_of('<row r="1048576"><c><v>7</v></c></row>')
    assert (sheet.rows, sheet.stray) == ((), ((1_048_575, 0, 7.0),))


def test_a_format_on_a_million_rows_is_no_content() -> None:
    rows = "".join(f'<row r="{number}"><c r="A{number}" s="1"/></row>' for number in range(2, 60_000))
    assert sheet_of(one("A1") + rows).rows == ((1.0,),)


@pytest.mark.parametrize(
    "strings",
    [f'<sst xmlns="{MAIN}" count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>'],
)
def test_a_lying_count_of_texts_is_not_believed(strings: str) -> None:
    assert sheet_of('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', strings=strings).rows == (("a",),)


def test_cells_without_address_stand_in_order() -> None:
    assert sheet_of("<row><c><v>1</v></c><c><v>2</v></c></row><row><c><v>3</v></c></row>").rows == (
        (1.0, 2.0),
        (3.0, None),
    )


def test_a_number_that_is_words_is_kept_as_words() -> None:
    assert sheet_of('<row r="1"><c r="A1" t="n"><v>sju</v></c></row>').rows == (("sju",),)


def test_a_sheet_with_prefixes_is_read() -> None:
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    parts = {**parts_of(""), "xl/worksheets/sheet1.xml": sheet.encode()}
    book = open_book(zipped(parts), "f.xlsx")
    assert isinstance(book, Book)
    assert book.sheets[0].rows == ((1.0,),)


@pytest.mark.parametrize("letters", ["utf-16", "utf-16-le", "utf-16-be", "iso-8859-1"])
def test_parts_in_other_letters_are_read(letters: str) -> None:
    head = '<?xml version="1.0" encoding="ISO-8859-1"?>' if letters == "iso-8859-1" else '<?xml version="1.0"?>'
    markup = f'<worksheet xmlns="{MAIN}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>åäö</t></is></c></row></sheetData></worksheet>'
    parts = {**parts_of(""), "xl/worksheets/sheet1.xml": (head + markup).encode(letters)}
    book = open_book(zipped(parts), "f.xlsx")
    assert isinstance(book, Book)
    assert book.sheets[0].rows == (("åäö",),)


def test_text_that_looks_like_markup_stays_text() -> None:
    text = escape('<c r="XFD1048576"> r="A99999" <f>x</f> <!DOCTYPE x>')
    row = f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'
    assert sheet_of(row).rows == (('<c r="XFD1048576"> r="A99999" <f>x</f> <!DOCTYPE x>',),)
    quoted = '<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[<f>kvar</f>]]></t></is></c></row>'
    assert sheet_of(quoted).rows == (("<f>kvar</f>",),)


@pytest.mark.parametrize("address", ["A0", "XFE1", "A1048577", "1", "ÅA1", "ZZZZZZZ99999999"])
def test_an_address_of_nowhere_is_refused(address: str) -> None:
    assert code_of(zipped(parts_of(f'<row r="1"><c r="{address}"><v>1</v></c></row>'))) == "parts-broken"


def test_a_shared_text_that_is_not_there_is_refused() -> None:
    assert code_of(zipped(parts_of('<row r="1"><c r="A1" t="s"><v>7</v></c></row>'))) == "parts-broken"
    assert code_of(zipped(parts_of('<row r="1"><c r="A1" t="s"><v>-1</v></c></row>'))) == "parts-broken"


def test_one_long_text_in_many_cells_stays_small() -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>{"x" * 30_000}</t></si></sst>'
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 20_001))
    sheet = sheet_of(rows, strings=strings)
    assert len(sheet.rows) == 20_000
    assert sheet.rows[0][0] is sheet.rows[-1][0]


# Refusals -------------------------------------------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (b"", "f.xlsx", "file-empty"),
        (bytes(2000), "f.xlsx", "file-is-zeros"),
        (b"%PDF-1.7\n", "f.xlsx", "file-is-pdf"),
        (b"MZ\x90\x00", "f.xlsx", "file-is-program"),
        (b"{\\rtf1 hej}", "f.xlsx", "file-is-rtf"),
        (b"\x89PNG\r\n\x1a\n\0\0", "f.xlsx", "file-is-picture"),
        (b"7z\xbc\xaf\x27\x1c\0", "f.xlsx", "file-is-archive"),
        (b"\xef\xbb\xbf  <!DOCTYPE html><p>", "f.xls", "file-is-html"),
        (b"<html><table>", "f.xls", "file-is-html"),
        (b"MIME-Version: 1.0\r\n", "f.xls", "file-is-html"),
        (b'<?xml version="1.0"?><Workbook/>', "f.xls", "file-is-xml"),
        ("a;b\nå;ö".encode(), "f.xlsx", "file-is-text"),
        (b"\x01\x02\x03\x04", "f.xlsx", "file-is-unknown"),
        (b"\x09\x04\x06\x00\x00\x00", "f.xls", "file-is-ancient"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "f.xlsx", "file-is-encrypted"),
        (OLE + "DRMEncryptedDataSpace".encode("utf-16-le"), "f.xlsx", "file-is-labelled"),
        (OLE + "WordDocument".encode("utf-16-le"), "f.doc", "file-is-word"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), "f.ppt", "file-is-slides"),
        (OLE + "Workbook".encode("utf-16-le"), "f.xls", "parts-broken"),
        (OLE, "f.xls", "file-is-unknown"),
        (zipped({"word/document.xml": b"<a/>"}), "f.xlsx", "file-is-word"),
        (zipped({"ppt/presentation.xml": b"<a/>"}), "f.xlsx", "file-is-slides"),
        (zipped({"Index/Document.iwa": b"a"}), "f.xlsx", "file-is-numbers"),
        (zipped({"a.txt": b"a"}), "f.xlsx", "file-is-archive"),
        (zipped({}), "f.xlsx", "file-is-archive"),
        (a_form()[:-30], "f.xlsx", "archive-cut-off"),
        (a_form() + b"mer", "f.xlsx", "archive-crooked"),
        (b"mer" + a_form(), "f.xlsx", "file-is-unknown"),
    ],
)
def test_a_file_that_is_something_else_is_named(content: bytes, name: str, code: str) -> None:
    assert code_of(content, name) == code


@pytest.mark.parametrize(
    "name", ["_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"]
)
def test_a_workbook_without_a_needed_part_is_refused(name: str) -> None:
    parts = parts_of(one("A1"))
    del parts[name]
    if name == "_rels/.rels":
        book = open_book(zipped(parts), "f.xlsx")
        assert isinstance(book, Book), "the usual place is tried where the package names none"
    else:
        assert code_of(zipped(parts)) == "parts-missing"


@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "docProps/core.xml"]
)
@pytest.mark.parametrize("letters", ["utf-8", "utf-16"])
def test_a_document_type_is_refused(part: str, letters: str) -> None:
    bomb = '<?xml version="1.0"?><!-- <a> --><!DOCTYPE a [<!ENTITY x "xxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'
    assert code_of(zipped({**parts_of(one("A1")), part: bomb.encode(letters)})) == "archive-doctype"


def test_limits_are_kept() -> None:
    content = a_form()
    assert code_of(content, limits=Limits(file_bytes=1000)) == "file-too-large"
    assert code_of(content, limits=Limits(entries=3)) == "archive-too-many-parts"
    assert code_of(content, limits=Limits(unpacked_bytes=2000)) == "unpacked-too-large"
    odd = "".join(f'<row><c r="A{number}"><v>1</v></c></row>' for number in range(1, 200))
    assert code_of(zipped(parts_of(odd)), limits=Limits(cells=100)) == "too-many-cells"
    assert code_of(zipped(parts_of(odd)), limits=Limits(seconds=0)) == "too-many-cells"


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zipped({**parts_of(one("A1")), "xl/media/a.xml": bytes(60_000_000)})
    assert len(bomb) < 100_000
    assert code_of(bomb) == "unpacked-too-large"


def test_a_bomb_that_lies_about_its_size_is_not_unpacked() -> None:
    content = bytearray(zipped({**parts_of(one("A1")), "xl/media/a.xml": bytes(60_000_000)}))
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        place = content.rfind(mark)
        content[place + offset : place + offset + 4] = struct.pack("<L", 1000)
    assert code_of(bytes(content)) == "archive-damaged"


def test_crooked_archives_are_refused() -> None:
    plain = zipped(parts_of(one("A1")))
    twice = zipped({**parts_of(one("A1")), "XL/Workbook.xml": b"<a/>"})
    assert code_of(twice) == "archive-crooked"
    method = plain.replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x08\x00", b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x0c\x00", 1
    )
    assert method != plain
    assert code_of(method) == "archive-crooked"
    locked = bytearray(plain)
    locked[plain.find(b"PK\x01\x02") + 8] |= 1
    assert code_of(bytes(locked)) == "file-is-encrypted"
    overlap = bytearray(plain)
    second = plain.find(b"PK\x01\x02", plain.find(b"PK\x01\x02") + 4)
    overlap[second + 42 : second + 46] = struct.pack("<L", 0)
    assert code_of(bytes(overlap)) == "archive-crooked"


def test_a_file_that_cannot_be_taken_is_said_to_be_so(tmp_path: Path) -> None:
    assert code_of(tmp_path / "gone.xlsx", "gone.xlsx") == "file-not-readable"
    (tmp_path / "big.xlsx").write_bytes(bytes(2000))
    assert code_of(tmp_path / "big.xlsx", "big.xlsx", Limits(file_bytes=1000)) == "file-too-large"


def test_what_is_not_read_is_noted() -> None:
    more = {"xl/vbaProject.bin": b"a", "xl/externalLinks/link1.xml": b"<a/>", "xl/embeddings/a.bin": b"a"}
    book = open_book(zipped({**parts_of(one("A1")), **more}), "f.xlsm")
    assert isinstance(book, Book)
    assert [finding.code for finding in book.findings] == ["has-macros", "has-outside-links", "has-objects"]


# Damage ---------------------------------------------------------------------------------------------------


def read_same_or_refuse(content: bytes, whole: Book) -> bool:
    """Return whether a damaged file was refused; otherwise it must say what the whole one says."""
    book = open_book(content, "f.xlsx")
    if isinstance(book, Finding):
        return True
    assert (book.sheets, book.properties, book.saved) == (whole.sheets, whole.properties, whole.saved)
    return False


def flip_bits(times: int) -> int:
    content, dice = a_form(), random.Random(2021)
    whole, refused = open_book(content, "f.xlsx"), 0
    assert isinstance(whole, Book)
    for _ in range(times):
        flipped, place = bytearray(content), dice.randrange(len(content))
        flipped[place] ^= 1 << dice.randrange(8)
        refused += read_same_or_refuse(bytes(flipped), whole)
    return refused


def test_a_flipped_bit_never_gives_other_data() -> None:
    assert flip_bits(300) > 200


@pytest.mark.long
def test_two_thousand_flipped_bits_never_give_other_data() -> None:
    assert flip_bits(2000) > 1500


def test_a_truncated_file_is_refused_wherever_it_ends() -> None:
    content = a_form()
    for length in range(0, len(content), 100):
        assert code_of(content[:length]) in ("file-empty", "archive-cut-off", "archive-crooked")


def mutate(times: int, seed: int) -> int:
    """Garble the markup of a workbook, with the check sums right; return how many were still read."""
    package, dice, read = package_of(a_form()), random.Random(seed), 0
    names = [
        "xl/worksheets/sheet1.xml",
        "xl/workbook.xml",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
        "[Content_Types].xml",
    ]
    pieces = [b"<", b">", b'"', b"/", b"", b"9999999", b"<c>", b"</row>", b"&#0;", b"<!--", b"]]>", b"-1", b"\xff"]
    for _ in range(times):
        name = dice.choice(names)
        part = bytearray(package.parts[name])
        for _ in range(dice.randrange(1, 4)):
            place = dice.randrange(len(part))
            part[place : place + dice.randrange(4)] = dice.choice(pieces)
        book = open_book(zipped({**package.parts, name: bytes(part)}), "f.xlsx", Limits(seconds=5))
        assert isinstance(book, Book | Finding)
        read += isinstance(book, Book)
    return read


def test_garbled_markup_ends_as_values_or_refusal() -> None:
    assert mutate(200, seed=7) < 200


@pytest.mark.long
def test_two_thousand_garbled_workbooks_end_as_values_or_refusal() -> None:
    assert mutate(2000, seed=11) < 2000


def test_what_is_packed_again_unpacks_the_same() -> None:
    parts = {"a/å.xml": b"<a/>", "b": bytes(1000), "c": b""}
    content = pack(parts)
    entries = list_entries(content, LIMITS)
    assert not isinstance(entries, str)
    assert {entry.name: unpack(content, entry) for entry in entries} == parts
    assert all(entry.crc == zlib.crc32(parts[entry.name]) for entry in entries)


# Other kinds of files -------------------------------------------------------------------------------------

ODS = (
    '<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x" xmlns:calcext="c" xmlns:style="s">'
    '<office:automatic-styles><style:style style:name="gömd"><style:table-properties table:display="false"/>'
    "</style:style></office:automatic-styles><office:body><office:spreadsheet>{}</office:spreadsheet>"
    "</office:body></office:document-content>"
)


def ods_of(inner: str) -> bytes:
    meta = '<m xmlns:meta="m" xmlns:dc="d"><dc:date>2021-04-01T08:00:00.123</dc:date><meta:user-defined meta:name="xlflow.unit">Å</meta:user-defined></m>'
    return zipped({"mimetype": b"a", "content.xml": ODS.format(inner).encode(), "meta.xml": meta.encode()})


def test_an_ods_is_read_with_its_errors_and_repeats() -> None:
    rows = """
        <table:table table:name="Form">
        <table:table-row><table:table-cell office:value-type="string"><office:annotation><text:p>not</text:p></office:annotation>
          <text:p>rad<text:s text:c="2"/>ett</text:p><text:p>två</text:p></table:table-cell>
          <table:table-cell office:value-type="float" office:value="1.5" table:number-columns-repeated="2"><text:p>1,5</text:p></table:table-cell>
          <table:table-cell calcext:value-type="error" office:value-type="string"><text:p>#DIV/0!</text:p></table:table-cell></table:table-row>
        <table:table-row table:number-rows-repeated="2"><table:table-cell office:value-type="date" office:date-value="2021-03-31"/>
          <table:table-cell office:value-type="boolean" office:boolean-value="true"/>
          <table:table-cell office:value-type="time" office:time-value="PT36H30M00S"/></table:table-row>
        <table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>
        </table:table>
        <table:table table:name="Dold" table:style-name="gömd"><table:table-row><table:table-cell office:value-type="string"
          table:number-rows-spanned="2" table:number-columns-spanned="3"><text:p>x</text:p></table:table-cell></table:table-row></table:table>"""
    book = open_book(ods_of(rows), "f.ods")
    assert isinstance(book, Book)
    again = (date(2021, 3, 31), True, timedelta(hours=36, minutes=30), None)
    form, hidden = book.sheets
    assert form.rows == (("rad  ett\ntvå", 1.5, 1.5, "#DIV/0!"), again, again)
    assert isinstance(form.rows[0][3], ErrorValue)
    assert (hidden.name, hidden.visible, hidden.merged) == ("Dold", False, ((0, 0, 1, 2),))
    assert (book.kind, book.saved, book.properties["xlflow.unit"]) == (
        "ods",
        datetime(2021, 4, 1, 8, tzinfo=UTC),
        "Å",
    )


def test_an_ods_that_repeats_a_value_endlessly_is_refused() -> None:
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
    rows = f'<table:table><table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row></table:table>'
    assert code_of(ods_of(rows), "f.ods") == "too-many-cells"


def test_an_encrypted_ods_is_named() -> None:
    manifest = b'<m><manifest:encryption-data xmlns:manifest="m"/></m>'
    assert (
        code_of(zipped({"content.xml": b"x", "META-INF/manifest.xml": manifest}), "f.ods") == "file-is-encrypted"
    )


@pytest.mark.parametrize("letters", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_a_text_table_is_read_in_any_letters(letters: str, sign: str) -> None:
    lines = [["Perspektiv", "Aktivitet", "Enhet"], ["Samhälle", 'Öppna "kvarnen"\nigen', "Museet"], ["Ö", "", ""]]
    text = "\r\n".join(
        sign.join(f'"{cell.replace(chr(34), chr(34) * 2)}"' if "\n" in cell else cell for cell in line)
        for line in lines
    )
    book = open_book(text.encode(letters), "plan.csv")
    assert isinstance(book, Book)
    assert (book.kind, book.sheets[0].name) == ("csv", "plan")
    assert book.sheets[0].rows == tuple(tuple(cell or None for cell in line) for line in lines)


def test_a_bundle_gives_its_files(tmp_path: Path) -> None:
    target = tmp_path / "svar.zip"
    target.write_bytes(zipped({"b/Museet.xlsx": a_form(), "a.txt": b"hej", "mapp/": b""}))
    bundle = open_bundle(target, "svar.zip")
    assert isinstance(bundle, tuple)
    assert [(packed.name, packed.size) for packed in bundle] == [("a.txt", 3), ("b/Museet.xlsx", len(a_form()))]
    assert isinstance(bundle[1].content, bytes)
    assert isinstance(open_book(bundle[1].content, "Museet.xlsx"), Book)


def test_a_bundle_that_is_a_workbook_or_broken_says_so(tmp_path: Path) -> None:
    target = tmp_path / "svar.zip"
    target.write_bytes(a_form())
    assert open_bundle(target, "svar.zip") is None
    target.write_bytes(a_form()[:500])
    broken = open_bundle(target, "svar.zip")
    assert isinstance(broken, Finding)
    assert broken.code == "archive-cut-off"
    target.write_bytes(zipped({"a.xlsx": bytes(3000)}))
    large = open_bundle(target, "svar.zip", Limits(file_bytes=1000))
    assert isinstance(large, tuple)
    assert isinstance(large[0].content, Finding)
    assert (large[0].content.code, large[0].content.place.file) == ("file-too-large", "svar.zip/a.xlsx")
