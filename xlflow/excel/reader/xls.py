"""Reads an old .xls, and walks its records for what the fast reader hides: errors, formulas, hidden rows, notes.

Where the records cannot be followed it is said that those cannot be seen.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from xlflow.excel.reader.cell_annotations import FORM_COMMENT_AUTHOR
from xlflow.excel.reader.choose_reader import ReaderError, attach_omitted_content, read_with_calamine
from xlflow.excel.reader.header_footer import parse_header_footer
from xlflow.excel.reader.ole_container import open_ole_container
from xlflow.excel.reader.workbook_data import SheetData
from xlflow.excel.reader.xlsb import OmittedContent, decode_number, decode_packed_number, error_value

_BEGIN_RECORD, _END_RECORD, _SHEET_RECORD, _CONTINUE_RECORD = 0x809, 0x0A, 0x85, 0x3C
_FORMULA_RECORD, _BOOLEAN_OR_ERROR_RECORD, _ROW_RECORD = 0x06, 0x205, 0x208
_NUMBER_RECORD, _PACKED_NUMBER_RECORD, _PACKED_NUMBERS_RECORD = 0x203, 0x27E, 0xBD
_COMMENT_RECORD, _OBJECT_RECORD, _OBJECT_TEXT_RECORD, _DRAWING_RECORD = 0x1C, 0x5D, 0x1B6, 0xEC
_HEADER_FOOTER_RECORDS, _FURTHER_HEADER_FOOTER_RECORD, _PICTURE_OBJECT_TYPES = (
    (0x14, 0x15),
    0x89C,
    (b"\x05\0", b"\x08\0"),
)
"""The records of a header and a footer, that of those on first and even pages, and the kinds of objects that are a
chart or a picture."""

_ANCHOR_HEADER = b"\x10\xf0\x12\x00\x00\x00"
"""How the part of a drawn object begins that says over which cells it lies."""

_LINKED_WORKBOOK_RECORD, _INTERNAL_WORKBOOK_NAMES = 0x1AE, (b"\x01\x04", b"\x01\x3a")
"""The record that names a workbook to which formulas refer, and how it names this one and what Excel brings."""

_ENCRYPTION_RECORD, _HIDDEN_ROW_FLAG = 0x2F, 0x20
_NOTED_STORAGES = (("has-macros", ("_VBA_PROJECT", "_VBA_PROJECT_CUR")), ("has-objects", ("MBD", "ObjectPool")))
"""How names in the container begin that are worth a note."""


@dataclass(frozen=True, slots=True)
class XlsWorkbook:
    """The sheets of an old workbook, what it says of itself, and codes of what is worth a note."""

    sheets: tuple[SheetData, ...]
    properties: Mapping[str, str]
    last_saved: datetime | None
    note_codes: tuple[str, ...]
    descriptions: tuple[str, ...] = ()


def read_xls(content: bytes) -> XlsWorkbook:
    """Return an old workbook. Raises Failed if it cannot be read."""
    container = open_ole_container(content)
    if container and _is_encrypted(container.workbook_stream):
        raise ReaderError("file-is-encrypted")
    sheets = read_with_calamine(content)
    if container is None:
        return XlsWorkbook(sheets, MappingProxyType({}), None, ("read-incompletely",))
    note_codes = [
        code
        for code, prefixes in _NOTED_STORAGES
        if any(name.startswith(prefixes) for name in container.all_names)
    ]
    try:
        note_codes += ["has-outside-links"] if _has_outside_links(container.workbook_stream) else []
        omitted_by_sheet = tuple(_read_omitted_content(container.workbook_stream))
        sheets = attach_omitted_content(sheets, omitted_by_sheet)
        note_codes += ["has-pictures"] if any(omitted.has_pictures for omitted in omitted_by_sheet) else []
    except (struct.error, ValueError, LookupError):
        note_codes.append("read-incompletely")
    return XlsWorkbook(
        sheets,
        MappingProxyType(dict(container.properties)),
        container.last_saved,
        tuple(note_codes),
        container.descriptions,
    )


def _read_records(stream: bytes, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, content) of the records from a place on, to the end of what begins there."""
    depth = 0
    while offset + 4 <= len(stream):
        record_type, size = struct.unpack_from("<2H", stream, offset)
        yield record_type, stream[offset + 4 : offset + 4 + size]
        depth += (record_type == _BEGIN_RECORD) - (record_type == _END_RECORD)
        offset += 4 + size
        if not depth:
            return


def _is_encrypted(stream: bytes) -> bool:
    return any(record_type == _ENCRYPTION_RECORD for record_type, _ in _read_records(stream))


def _has_outside_links(stream: bytes) -> bool:
    """Return whether formulas refer to other workbooks."""
    workbook_names = (
        content[2:4] for record_type, content in _read_records(stream) if record_type == _LINKED_WORKBOOK_RECORD
    )
    return any(name not in _INTERNAL_WORKBOOK_NAMES for name in workbook_names)


def _read_omitted_content(stream: bytes) -> Iterator[OmittedContent]:
    """Yield what is hidden of each worksheet, in their order."""
    for record_type, content in _read_records(stream):
        if record_type == _SHEET_RECORD and content[5] == 0:
            yield _read_sheet_records(stream, struct.unpack_from("<L", content)[0])


def _read_sheet_records(stream: bytes, start: int) -> OmittedContent:
    omitted, texts, current_object, missing_characters = OmittedContent(), dict[int, str](), 0, 0
    object_cells, anchor_cell, comment_objects = dict[int, tuple[int, int]](), (0, 0), set[int]()
    for record_type, content in _read_records(stream, start):
        if record_type in (_FORMULA_RECORD, _BOOLEAN_OR_ERROR_RECORD):
            _add_formula_or_error(omitted, record_type, content)
        elif record_type in (_NUMBER_RECORD, _PACKED_NUMBER_RECORD, _PACKED_NUMBERS_RECORD):
            _add_negative_numbers(omitted, record_type, content)
        elif record_type == _ROW_RECORD and content[12] & _HIDDEN_ROW_FLAG:
            omitted.hidden_rows.add(struct.unpack_from("<H", content)[0])
        elif record_type == _OBJECT_RECORD:
            (current_object,) = struct.unpack_from("<H", content, 6)
            object_cells[current_object] = anchor_cell
            omitted.has_pictures = omitted.has_pictures or content[4:6] in _PICTURE_OBJECT_TYPES
        elif record_type in (*_HEADER_FOOTER_RECORDS, _FURTHER_HEADER_FOOTER_RECORD):
            omitted.header_footer += parse_header_footer(
                _read_counted_texts(content, 38 if record_type == _FURTHER_HEADER_FOOTER_RECORD else 0)
            )
        elif record_type == _DRAWING_RECORD:
            anchor_cell = _find_anchor_cell(content)
        elif record_type == _OBJECT_TEXT_RECORD:
            (missing_characters,) = struct.unpack_from("<H", content, 10)
            texts[current_object] = ""
        elif record_type == _CONTINUE_RECORD and missing_characters:
            texts[current_object] += _decode_characters(content[:1], content[1:])
            missing_characters -= len(content[1:]) // (1 if content[:1] == b"\0" else 2)
        elif record_type == _COMMENT_RECORD and len(content) >= 8:
            row, column, _, object_id = struct.unpack_from("<4H", content)
            author = _decode_characters(content[10:11], content[11:-1])
            comment_objects.add(object_id)
            if object_id in texts and author != FORM_COMMENT_AUTHOR:
                omitted.annotations.append((row, column, author, texts[object_id]))
    text_boxes = (
        (*object_cells.get(number, (0, 0)), "", text)
        for number, text in texts.items()
        if number not in comment_objects
    )
    omitted.annotations += (text_box for text_box in text_boxes if text_box[3].strip())
    return omitted


def _read_counted_texts(content: bytes, offset: int) -> Iterator[str]:
    """Yield the texts from a place on: how many letters, how they are written, the letters."""
    while offset + 3 < len(content):
        (count,) = struct.unpack_from("<H", content, offset)
        width_flag = content[offset + 2 : offset + 3]
        end = offset + 3 + count * (1 if width_flag == b"\0" else 2)
        yield _decode_characters(width_flag, content[offset + 3 : end])
        offset = end


def _find_anchor_cell(drawing: bytes) -> tuple[int, int]:
    """Return the row and the column at which a drawn object begins."""
    start = drawing.rfind(_ANCHOR_HEADER)
    if start < 0 or start + 16 > len(drawing):
        return 0, 0
    column, _, row = struct.unpack_from("<3H", drawing, start + len(_ANCHOR_HEADER) + 2)
    return row, column


def _add_formula_or_error(omitted: OmittedContent, record_type: int, content: bytes) -> None:
    row, column = struct.unpack_from("<2H", content)
    if record_type == _FORMULA_RECORD:
        omitted.formula_cells.add((row, column))
        is_error, error_code = content[12:14] == b"\xff\xff" and content[6] == 2, content[8]
    else:
        error_code, is_error = content[6], bool(content[7])
    if is_error:
        omitted.error_cells.append((row, column, error_value(error_code)))
    elif record_type == _FORMULA_RECORD and content[12:14] != b"\xff\xff":
        omitted.add_if_negative(row, column, decode_number(content[6:]))


def _add_negative_numbers(omitted: OmittedContent, record_type: int, content: bytes) -> None:
    row, column = struct.unpack_from("<2H", content)
    if record_type == _NUMBER_RECORD:
        omitted.add_if_negative(row, column, decode_number(content[6:]))
        return
    for column_offset, offset in enumerate(range(6, len(content) - 3, 6)):
        omitted.add_if_negative(row, column + column_offset, decode_packed_number(content[offset:]))


def _decode_characters(width_flag: bytes, characters: bytes) -> str:
    return characters.decode("latin-1" if width_flag == b"\0" else "utf-16-le", "replace")
