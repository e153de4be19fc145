""".xls and .xlsb are read with what calamine hides, and recognised by their content; the unread is harmless."""

import struct
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

import pytest
from support.make_xls import (
    DATE_STYLE,
    DURATION_STYLE,
    boolean_or_error_cell,
    custom_properties,
    formula_cell,
    hidden_row,
    last_saved_stream,
    make_ole_container,
    make_xls_stream,
    make_xlsb_from_records,
    merged_cells,
    number_cell,
    text_cell,
    xls_record,
    xls_text,
    xlsb_cell,
    xlsb_record,
    xlsb_row,
    xlsb_text,
)
from support.make_xlsx import refusal_code

from xlflow.excel.reader import ErrorValue, WorkbookData, open_workbook

WORKBOOK = make_xls_stream([text_cell(0, 0, "Hej")])


def opened(streams: Mapping[str, bytes], embedded: Mapping[str, bytes] | None = None) -> WorkbookData:
    workbook = open_workbook(make_ole_container(streams, embedded), "f.xls")
    assert isinstance(workbook, WorkbookData), workbook
    return workbook


# Cells of an .xls ---------------------------------------------------------------------------------


def test_every_type_of_cell_is_read() -> None:
    note = xls_record(0x1C, struct.pack("<4H", 1, 2, 0, 1) + xls_text("Enheten") + b"\0")
    pinned = xls_record(0x5D, struct.pack("<4H10x2H", 0x15, 18, 25, 1, 0, 0)) + xls_record(
        0x1B6, struct.pack("<2H6x2HL", 0x212, 0, 9, 16, 0)
    )
    pinned += xls_record(0x3C, b"\1" + "Vi väntar".encode("utf-16-le")) + xls_record(0x3C, bytes(16))
    cells = [
        hidden_row(1),
        number_cell(0, 0, 1.5),
        number_cell(0, 1, 44_286.0, DATE_STYLE),
        number_cell(0, 2, 44_286.25, DATE_STYLE),
        number_cell(0, 3, 1.5, DURATION_STYLE),
        text_cell(1, 0, "Öppna kvarnen 🎨\nigen"),
        boolean_or_error_cell(1, 1, 1),
        text_cell(1, 2, ""),
        boolean_or_error_cell(2, 0, 0x17, error=1),
        formula_cell(2, 1, struct.pack("<6BH", 2, 0, 0x2A, 0, 0, 0, 0xFFFF)),
        formula_cell(2, 2, struct.pack("<d", 7.0)),
        formula_cell(2, 3, struct.pack("<6BH", 0, 0, 0, 0, 0, 0, 0xFFFF))
        + xls_record(0x207, xls_text("Pågående")),
        number_cell(70, 200, 3.0),
        merged_cells(3, 5, 0, 0),
        pinned,
        note,
    ]
    sheet = opened({"Workbook": make_xls_stream(cells, "Uppföljning")}).sheets[0]
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


def test_headers_and_footers_are_not_read_and_harm_nothing() -> None:
    headers = [
        xls_record(0x14, xls_text("&CRing oss")),
        xls_record(0x15),
        xls_record(0x14, b"\xff\xff"),
        xls_record(0x89C, b"x"),
    ]
    workbook = opened({"Workbook": make_xls_stream([text_cell(0, 0, "Hej"), *headers])})
    assert (workbook.sheets[0].rows, workbook.sheets[0].metadata.header_footer, workbook.findings) == (
        (("Hej",),),
        (),
        (),
    )


def test_days_count_from_1904_where_the_workbook_says_so() -> None:
    workbook = opened(
        {"Workbook": make_xls_stream([number_cell(0, 0, 42_824.0, DATE_STYLE)], more=xls_record(0x22, b"\1\0"))}
    )
    assert workbook.sheets[0].rows == ((date(2021, 3, 31),),)


def test_a_number_below_zero_that_is_formatted_as_a_day_stays_the_number() -> None:
    whole, hundredths, real = (
        (-1500 << 2) | 2,
        (-150_075 << 2) | 3,
        struct.unpack("<4xl", struct.pack("<d", -1500))[0],
    )
    cells = [
        number_cell(0, 0, -1500.75, DATE_STYLE),
        xls_record(0x27E, struct.pack("<3Hl", 0, 1, DATE_STYLE, real)),
        xls_record(0xBD, struct.pack("<2HHlHlHlH", 0, 2, DATE_STYLE, whole, DATE_STYLE, hundredths, 0, whole, 4)),
        formula_cell(1, 0, struct.pack("<d", -2.0), DATE_STYLE),
        number_cell(1, 1, 0.5, DATE_STYLE),
    ]
    sheet = opened({"Workbook": make_xls_stream(cells)}).sheets[0]
    assert sheet.rows[0] == (-1500.75, -1500.0, -1500.0, -1500.75, -1500.0)
    assert sheet.rows[1][:2] == (-2.0, time(12))


# Document properties -----------------------------------------------------------------------------


@pytest.mark.parametrize("page", [1200, 1252, 65_001])
def test_the_properties_and_the_time_of_saving_are_read(page: int) -> None:
    properties_written = {"xlflow.unit": "Åbo å ä ö", "xlflow.round": "followup 2021-03-31", "xlflow.rows": "12"}
    ticks = (datetime(2021, 4, 1, 8, 30, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )
    about = {"\x05SummaryInformation": last_saved_stream(ticks * 10)}
    workbook = opened(
        {
            "Workbook": WORKBOOK,
            **about,
            "\x05DocumentSummaryInformation": custom_properties(properties_written, page),
        }
    )
    assert (dict(workbook.properties), workbook.last_saved) == (
        properties_written,
        datetime(2021, 4, 1, 8, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize("length", range(0, 200, 7))
def test_properties_that_end_too_soon_harm_nothing_and_give_nothing_else(length: int) -> None:
    whole = custom_properties({"xlflow.unit": "Åbo"})
    workbook = opened({"Workbook": WORKBOOK, "\x05DocumentSummaryInformation": whole[:length] or b"x"})
    assert workbook.sheets[0].rows == (("Hej",),)
    for name, value in workbook.properties.items():
        assert "xlflow.unit".startswith(name)
        assert "Åbo".startswith(value.removesuffix("\ufffd"))


def test_a_time_that_no_calendar_has_is_no_time() -> None:
    for ticks in (0, 2**63, 2**64 - 1):
        assert (
            opened({"Workbook": WORKBOOK, "\x05SummaryInformation": last_saved_stream(ticks)}).last_saved is None
        )


def test_what_is_not_read_is_noted() -> None:
    links = xls_record(0x1AE, struct.pack("<H", 1) + xls_text("\x01Plan.xls"))
    workbook = opened(
        {"Workbook": make_xls_stream([], more=links)},
        {"_VBA_PROJECT_CUR": b"x", "MBD0001": b"x"},
    )
    assert [finding.code for finding in workbook.findings] == ["has-macros", "has-objects", "has-outside-links"]
    internal = xls_record(0x1AE, struct.pack("<2H", 1, 0x0401))
    assert opened({"Workbook": make_xls_stream([], more=internal)}).findings == ()


# Kinds of OLE containers --------------------------------------------------------------------------------------


def test_the_kind_of_a_container_is_decided_by_its_own_streams() -> None:
    assert refusal_code(make_ole_container({"WordDocument": b"x"}), "f.doc") == "file-is-word"
    assert refusal_code(make_ole_container({"EncryptedPackage": b"x"})) == "file-is-encrypted"
    assert (
        refusal_code(make_ole_container({"EncryptedPackage": b"x"}, {"DRMEncryptedDataSpace": b"x"}))
        == "file-is-labelled"
    )
    assert (
        refusal_code(make_ole_container({"\tDRMContent": b"x", "Workbook": WORKBOOK}), "f.xls")
        == "file-is-labelled"
    )
    assert refusal_code(make_ole_container({"Contents": b"x"})) == "file-is-unknown"


def test_words_in_a_cell_and_documents_within_do_not_make_a_workbook_another_thing() -> None:
    cells = [
        text_cell(0, 0, "EncryptedPackage"),
        text_cell(0, 1, "WordDocument"),
        text_cell(0, 2, "DRMEncryptedDataSpace"),
    ]
    workbook = opened({"Workbook": make_xls_stream(cells)}, {"WordDocument": b"x", "PowerPoint Document": b"x"})
    assert workbook.sheets[0].rows == (("EncryptedPackage", "WordDocument", "DRMEncryptedDataSpace"),)


def test_damaged_records_are_reported_with_what_cannot_be_seen() -> None:
    whole = make_xls_stream([text_cell(0, 0, "Hej"), xls_record(0x208, b"\0")])
    workbook = opened({"Workbook": whole})
    assert (workbook.sheets[0].rows, [finding.code for finding in workbook.findings]) == (
        (("Hej",),),
        ["read-incompletely"],
    )


def test_an_encrypted_workbook_is_named() -> None:
    locked = make_xls_stream([], more=xls_record(0x2F, bytes(54)))
    assert refusal_code(make_ole_container({"Workbook": locked}), "f.xls") == "file-is-encrypted"


# .xlsb ----------------------------------------------------------------------------------------------------


def test_an_xlsb_is_read_with_its_errors_hidden_rows_and_notes() -> None:
    rows = [
        xlsb_row(
            0,
            xlsb_cell(5, 0, struct.pack("<d", 1.5)),
            xlsb_cell(6, 2, xlsb_text("Öppna")),
            xlsb_cell(3, 3, b"\x17"),
        ),
        xlsb_row(2, xlsb_cell(9, 0, struct.pack("<dH", 7.0, 0)), xlsb_cell(11, 1, b"\x2a\0\0"), hidden=True),
    ]
    note = xlsb_record(635, struct.pack("<5L16x", 0, 2, 2, 1, 1)) + xlsb_record(
        637, b"\0" + xlsb_text("Vi väntar")
    )
    workbook = open_workbook(make_xlsb_from_records(rows, 2, 3, comments=note), "f.xlsb")
    assert isinstance(workbook, WorkbookData), workbook
    sheet = workbook.sheets[0]
    assert sheet.rows == ((1.5, None, "Öppna", "#REF!"), (None,) * 4, (7.0, "#N/A", None, None))
    assert [type(cell) for cell in (sheet.rows[0][3], sheet.rows[2][1])] == [ErrorValue, ErrorValue]
    assert sheet.metadata.formula_cells == frozenset({(2, 0), (2, 1)})
    assert sheet.metadata.hidden_rows == {2}
    assert sheet.metadata.annotations == ((2, 1, "", "Vi väntar"),)


def test_an_xlsb_keeps_numbers_below_zero_that_are_formatted_as_days() -> None:
    cells = [
        xlsb_cell(5, 0, struct.pack("<d", -1500.75), DATE_STYLE),
        xlsb_cell(2, 1, struct.pack("<l", (-150_075 << 2) | 3), DATE_STYLE),
        xlsb_cell(9, 2, struct.pack("<dH", -2.0, 0), DATE_STYLE),
        xlsb_cell(5, 3, struct.pack("<d", 0.5), DATE_STYLE),
    ]
    workbook = open_workbook(make_xlsb_from_records([xlsb_row(0, *cells)], 0, 3), "f.xlsb")
    assert isinstance(workbook, WorkbookData), workbook
    assert workbook.sheets[0].rows == ((-1500.75, -1500.75, -2.0, time(12)),)
