"""Old kinds of workbooks are read with what the fast reader hides, and known by what they say of themselves."""

import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest
from support.make_xls import (
    DAY,
    SPAN,
    a_cell,
    a_row,
    an_old_workbook,
    an_xlsb_of,
    container,
    custom_properties,
    hidden_row,
    merged,
    number,
    piece,
    record,
    saved_at,
    text,
    truth,
    wide,
    words,
    worked_out,
)
from support.make_xlsx import refusal_code

from xlflow.excel.reader import ErrorValue, WorkbookData, open_workbook

WORKBOOK = an_old_workbook([words(0, 0, "Hej")])


def opened(streams: Mapping[str, bytes], within: Mapping[str, bytes] | None = None) -> WorkbookData:
    book = open_workbook(container(streams, within), "f.xls")
    assert isinstance(book, WorkbookData), book
    return book


# What stands in the cells ---------------------------------------------------------------------------------


def test_every_type_of_cell_is_read() -> None:
    note = record(0x1C, struct.pack("<4H", 1, 2, 0, 1) + text("Enheten") + b"\0")
    pinned = record(0x5D, struct.pack("<4H10x2H", 0x15, 18, 25, 1, 0, 0)) + record(
        0x1B6, struct.pack("<2H6x2HL", 0x212, 0, 9, 16, 0)
    )
    pinned += record(0x3C, b"\1" + "Vi väntar".encode("utf-16-le")) + record(0x3C, bytes(16))
    cells = [
        hidden_row(1),
        number(0, 0, 1.5),
        number(0, 1, 44_286.0, DAY),
        number(0, 2, 44_286.25, DAY),
        number(0, 3, 1.5, SPAN),
        words(1, 0, "Öppna kvarnen 🎨\nigen"),
        truth(1, 1, 1),
        words(1, 2, ""),
        truth(2, 0, 0x17, error=1),
        worked_out(2, 1, struct.pack("<6BH", 2, 0, 0x2A, 0, 0, 0, 0xFFFF)),
        worked_out(2, 2, struct.pack("<d", 7.0)),
        worked_out(2, 3, struct.pack("<6BH", 0, 0, 0, 0, 0, 0, 0xFFFF)) + record(0x207, text("Pågående")),
        number(70, 200, 3.0),
        merged(3, 5, 0, 0),
        pinned,
        note,
    ]
    sheet = opened({"Workbook": an_old_workbook(cells, "Uppföljning")}).sheets[0]
    blank = (None,) * 197
    assert sheet.name == "Uppföljning"
    assert sheet.rows[:3] == (
        (1.5, date(2021, 3, 31), datetime(2021, 3, 31, 6), timedelta(hours=36), *blank),
        ("Öppna kvarnen 🎨\nigen", True, None, None, *blank),
        ("#REF!", "#N/A", 7.0, "Pågående", *blank),
    )
    assert [type(cell) for cell in sheet.rows[2][:2]] == [ErrorValue, ErrorValue]
    assert sheet.rows[70][200] == 3.0
    assert sheet.merged_ranges == ((3, 0, 5, 0),)
    assert sheet.metadata.hidden_rows == {1}
    assert sheet.metadata.annotations == ((1, 2, "Enheten", "Vi väntar"),)
    assert sheet.metadata.formula_cells == frozenset({(2, 1), (2, 2), (2, 3)})
    assert sheet.metadata.validated_ranges is None, "its kind of file does not tell"


def test_what_stands_in_headers_of_all_pages_is_seen() -> None:
    first, even = text("&LFörsta &P"), text("&RVi väntar")
    counts = struct.pack("<12x16xH4H", 3, len("&RVi väntar"), 0, len("&LFörsta &P"), 0)
    margins = [record(0x14, text("&CRing oss")), record(0x15), record(0x89C, counts + even + first)]
    (sheet,) = opened({"Workbook": an_old_workbook([words(0, 0, "Hej"), *margins])}).sheets
    assert sheet.metadata.header_footer == ("Ring oss", "Vi väntar", "Första")


def test_days_count_from_1904_where_the_workbook_says_so() -> None:
    book = opened({"Workbook": an_old_workbook([number(0, 0, 42_824.0, DAY)], more=record(0x22, b"\1\0"))})
    assert book.sheets[0].rows == ((date(2021, 3, 31),),)


def test_a_number_below_zero_that_is_formatted_as_a_day_stays_the_number() -> None:
    whole, hundredths, real = (
        (-1500 << 2) | 2,
        (-150_075 << 2) | 3,
        struct.unpack("<4xl", struct.pack("<d", -1500))[0],
    )
    cells = [
        number(0, 0, -1500.75, DAY),
        record(0x27E, struct.pack("<3Hl", 0, 1, DAY, real)),
        record(0xBD, struct.pack("<2HHlHlHlH", 0, 2, DAY, whole, DAY, hundredths, 0, whole, 4)),
        worked_out(1, 0, struct.pack("<d", -2.0), DAY),
        number(1, 1, 0.5, DAY),
    ]
    sheet = opened({"Workbook": an_old_workbook(cells)}).sheets[0]
    assert sheet.rows[0] == (-1500.75, -1500.0, -1500.0, -1500.75, -1500.0)
    assert sheet.rows[1][:2] == (-2.0, time(12))


# What the file says of itself -----------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1200, 1252, 65_001])
def test_the_properties_and_the_time_of_saving_are_read(page: int) -> None:
    told = {"xlflow.unit": "Åbo å ä ö", "xlflow.round": "followup 2021-03-31", "xlflow.rows": "12"}
    ticks = (datetime(2021, 4, 1, 8, 30, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )
    about = {"\x05SummaryInformation": saved_at(ticks * 10)}
    book = opened({"Workbook": WORKBOOK, **about, "\x05DocumentSummaryInformation": custom_properties(told, page)})
    assert (dict(book.properties), book.last_saved) == (told, datetime(2021, 4, 1, 8, 30, tzinfo=UTC))


@pytest.mark.parametrize("length", range(0, 200, 7))
def test_properties_that_end_too_soon_harm_nothing_and_say_nothing_else(length: int) -> None:
    whole = custom_properties({"xlflow.unit": "Åbo"})
    book = opened({"Workbook": WORKBOOK, "\x05DocumentSummaryInformation": whole[:length] or b"x"})
    assert book.sheets[0].rows == (("Hej",),)
    for name, value in book.properties.items():
        assert "xlflow.unit".startswith(name)
        assert "Åbo".startswith(value.removesuffix("\ufffd"))


def test_a_time_that_no_calendar_has_is_no_time() -> None:
    for ticks in (0, 2**63, 2**64 - 1):
        assert opened({"Workbook": WORKBOOK, "\x05SummaryInformation": saved_at(ticks)}).last_saved is None


def test_what_is_not_read_is_noted() -> None:
    links = record(0x1AE, struct.pack("<H", 1) + text("\x01Plan.xls"))
    book = opened(
        {"Workbook": an_old_workbook([], more=links)},
        {"_VBA_PROJECT_CUR": b"x", "MBD0001": b"x"},
    )
    assert [finding.code for finding in book.findings] == ["has-macros", "has-objects", "has-outside-links"]
    ours = record(0x1AE, struct.pack("<2H", 1, 0x0401))
    assert opened({"Workbook": an_old_workbook([], more=ours)}).findings == ()


# What a container is --------------------------------------------------------------------------------------


def test_a_container_is_what_its_own_streams_say() -> None:
    assert refusal_code(container({"WordDocument": b"x"}), "f.doc") == "file-is-word"
    assert refusal_code(container({"EncryptedPackage": b"x"})) == "file-is-encrypted"
    assert (
        refusal_code(container({"EncryptedPackage": b"x"}, {"DRMEncryptedDataSpace": b"x"})) == "file-is-labelled"
    )
    assert refusal_code(container({"\tDRMContent": b"x", "Workbook": WORKBOOK}), "f.xls") == "file-is-labelled"
    assert refusal_code(container({"Contents": b"x"})) == "file-is-unknown"


def test_words_in_a_cell_and_documents_within_do_not_make_a_workbook_another_thing() -> None:
    cells = [words(0, 0, "EncryptedPackage"), words(0, 1, "WordDocument"), words(0, 2, "DRMEncryptedDataSpace")]
    book = opened({"Workbook": an_old_workbook(cells)}, {"WordDocument": b"x", "PowerPoint Document": b"x"})
    assert book.sheets[0].rows == (("EncryptedPackage", "WordDocument", "DRMEncryptedDataSpace"),)


def test_where_records_lead_nowhere_it_is_said_what_cannot_be_seen() -> None:
    whole = an_old_workbook([words(0, 0, "Hej"), record(0x208, b"\0")])
    book = opened({"Workbook": whole})
    assert (book.sheets[0].rows, [finding.code for finding in book.findings]) == (
        (("Hej",),),
        ["read-incompletely"],
    )


def test_an_encrypted_workbook_is_named() -> None:
    locked = an_old_workbook([], more=record(0x2F, bytes(54)))
    assert refusal_code(container({"Workbook": locked}), "f.xls") == "file-is-encrypted"


# .xlsb ----------------------------------------------------------------------------------------------------


def test_an_xlsb_is_read_with_its_errors_hidden_rows_and_notes() -> None:
    rows = [
        a_row(0, a_cell(5, 0, struct.pack("<d", 1.5)), a_cell(6, 2, wide("Öppna")), a_cell(3, 3, b"\x17")),
        a_row(2, a_cell(9, 0, struct.pack("<dH", 7.0, 0)), a_cell(11, 1, b"\x2a\0\0"), hidden=True),
    ]
    note = piece(635, struct.pack("<5L16x", 0, 2, 2, 1, 1)) + piece(637, b"\0" + wide("Vi väntar"))
    book = open_workbook(an_xlsb_of(rows, 2, 3, comments=note), "f.xlsb")
    assert isinstance(book, WorkbookData), book
    sheet = book.sheets[0]
    assert sheet.rows == ((1.5, None, "Öppna", "#REF!"), (None,) * 4, (7.0, "#N/A", None, None))
    assert [type(cell) for cell in (sheet.rows[0][3], sheet.rows[2][1])] == [ErrorValue, ErrorValue]
    assert sheet.metadata.formula_cells == frozenset({(2, 0), (2, 1)})
    assert sheet.metadata.hidden_rows == {2}
    assert sheet.metadata.annotations == ((2, 1, "", "Vi väntar"),)


def test_an_xlsb_keeps_numbers_below_zero_that_are_formatted_as_days() -> None:
    cells = [
        a_cell(5, 0, struct.pack("<d", -1500.75), DAY),
        a_cell(2, 1, struct.pack("<l", (-150_075 << 2) | 3), DAY),
        a_cell(9, 2, struct.pack("<dH", -2.0, 0), DAY),
        a_cell(5, 3, struct.pack("<d", 0.5), DAY),
    ]
    book = open_workbook(an_xlsb_of([a_row(0, *cells)], 0, 3), "f.xlsb")
    assert isinstance(book, WorkbookData), book
    assert book.sheets[0].rows == ((-1500.75, -1500.75, -2.0, time(12)),)
