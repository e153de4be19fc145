"""The gate: whatever comes in ends as values or as a refusal with a code and whole words, never otherwise."""

import random
import struct
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from packages import a_form, code_of, one, package_of, parts_of, zipped

from xlflow.core.findings import Finding
from xlflow.excel.incoming import Book, ErrorValue, Limits, open_book, open_bundle
from xlflow.excel.incoming.archive import list_entries, pack, unpack
from xlflow.excel.incoming.book import LIMITS

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
    assert code_of(zipped(parts_of(odd)), limits=Limits(seconds=0)) == "reader-too-slow"


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


SHORT = (
    ("<row", "<table:table-row"),
    ("</row", "</table:table-row"),
    ("<cell", "<table:table-cell"),
    ("</cell", "</table:table-cell"),
    (" type=", " office:value-type="),
    (" across=", " table:number-columns-repeated="),
    (" down=", " table:number-rows-repeated="),
    ("<p>", "<text:p>"),
    ("</p>", "</text:p>"),
    ("<sheet", "<table:table"),
    ("</sheet", "</table:table"),
)
"""What the tables below call things, and what an .ods calls them."""


def ods_of(inner: str) -> bytes:
    for short, long in SHORT:
        inner = inner.replace(short, long)
    saved = "<dc:date>2021-04-01T08:00:00.123</dc:date>"
    told = '<meta:user-defined meta:name="xlflow.unit">Å</meta:user-defined>'
    meta = f'<m xmlns:meta="m" xmlns:dc="d">{saved}{told}</m>'
    return zipped({"mimetype": b"a", "content.xml": ODS.format(inner).encode(), "meta.xml": meta.encode()})


def test_an_ods_is_read_with_its_errors_and_repeats() -> None:
    rows = """
        <sheet table:name="Form">
        <row><cell type="string"><office:annotation><p>not</p></office:annotation>
          <p>rad<text:s text:c="2"/>ett</p><p>två</p></cell>
          <cell type="float" office:value="1.5" across="2"><p>1,5</p></cell>
          <cell calcext:value-type="error" type="string"><p>#DIV/0!</p></cell></row>
        <row down="2"><cell type="date" office:date-value="2021-03-31"/>
          <cell type="boolean" office:boolean-value="true"/>
          <cell type="time" office:time-value="PT36H30M00S"/></row>
        <row down="1048570"><cell across="16384"/></row>
        </sheet>
        <sheet table:name="Dold" table:style-name="gömd"><row><cell type="string"
          table:number-rows-spanned="2" table:number-columns-spanned="3"><p>x</p></cell></row></sheet>"""
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
    rows = '<sheet><row down="1048576"><cell type="string" across="16384"><p>x</p></cell></row></sheet>'
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
