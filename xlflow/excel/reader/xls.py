"""Reads an .xls with calamine, and from its records what calamine hides: error cells, formulas, hidden rows and
columns, struck-out cells, comments, text boxes, dates that show no day, and negative numbers that are formatted as
dates; and whether it is encrypted.

These records are those by which an answer would be lost or changed in silence. What else calamine does not show is
not read, and the README says so: headers and footers, data validations, links on cells. Where the records are
damaged, the finding `read-incompletely` says that only the answers can be seen.
Records are named and laid out in [MS-XLS] (BIFF8). Rows and columns are counted from 0.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from xlflow.excel.cell_address import MAX_SHEET_COLUMNS
from xlflow.excel.conventions import COMMENT_AUTHOR
from xlflow.excel.reader.choose_reader import ReaderError, attach_omitted_content, read_with_calamine
from xlflow.excel.reader.ole_container import open_ole_container
from xlflow.excel.reader.rich_text import TextRuns, split_struck_out
from xlflow.excel.reader.workbook_data import CellAnnotation, SheetData
from xlflow.excel.reader.xls_strings import read_runs_by_string
from xlflow.excel.reader.xlsb import CellStyle, OmittedContent, error_value
from xlflow.excel.reader.xlsb_records import decode_number, decode_packed_number
from xlflow.excel.reader.xlsx_styles import CellStyles, classify_styles

_BEGIN_RECORD, _END_RECORD, _SHEET_RECORD, _CONTINUE_RECORD = 0x809, 0x0A, 0x85, 0x3C
_FORMULA_RECORD, _BOOLEAN_OR_ERROR_RECORD, _ROW_RECORD = 0x06, 0x205, 0x208
_NUMBER_RECORD, _PACKED_NUMBER_RECORD, _PACKED_NUMBERS_RECORD = 0x203, 0x27E, 0xBD
_COMMENT_RECORD, _OBJECT_RECORD, _OBJECT_TEXT_RECORD, _DRAWING_RECORD = 0x1C, 0x5D, 0x1B6, 0xEC
_PICTURE_OBJECT_TYPES = (b"\x05\0", b"\x08\0")
"""The types of objects that are a chart or a picture (ftCmo.ot)."""

_ANCHOR_HEADER = b"\x10\xf0\x12\x00\x00\x00"
"""How the record of a shape's anchor begins (OfficeArtClientAnchorSheet): type 0xF010, 18 bytes."""

_FONT_RECORD, _FORMAT_RECORD, _STYLE_RECORD, _COLUMN_RECORD = 0x31, 0x41E, 0xE0, 0x7D
_LABEL_RECORD, _SHARED_LABEL_RECORD, _STRINGS_RECORD = 0x204, 0xFD, 0xFC
_CELL_RECORDS = {
    _FORMULA_RECORD,
    _BOOLEAN_OR_ERROR_RECORD,
    _NUMBER_RECORD,
    _PACKED_NUMBER_RECORD,
    _PACKED_NUMBERS_RECORD,
    _LABEL_RECORD,
    _SHARED_LABEL_RECORD,
}
_STRUCK_FONT_FLAG, _HIDDEN_COLUMN_FLAG, _SKIPPED_FONT = 0x08, 0x01, 4

_LINKED_WORKBOOK_RECORD, _INTERNAL_WORKBOOK_NAMES = 0x1AE, (b"\x01\x04", b"\x01\x3a")
"""The record of a workbook to which formulas refer (SupBook), and how it names this workbook and add-ins."""

_ENCRYPTION_RECORD, _HIDDEN_ROW_FLAG = 0x2F, 0x20
_NOTED_STORAGES = (("has-macros", ("_VBA_PROJECT", "_VBA_PROJECT_CUR")), ("has-objects", ("MBD", "ObjectPool")))
"""(message code, how the names of storages begin) of content that is not read but worth a note."""


@dataclass(frozen=True, slots=True)
class XlsWorkbook:
    """An .xls: its sheets, and as in `WorkbookData` its properties, last saving and descriptions; `note_codes` are
    message codes of content that was not read."""

    sheets: tuple[SheetData, ...]
    properties: Mapping[str, str]
    last_saved: datetime | None
    note_codes: tuple[str, ...]
    descriptions: tuple[str, ...] = ()


def read_xls(content: bytes) -> XlsWorkbook:
    """Return the workbook in a file's bytes. Raises ReaderError if it is encrypted or calamine cannot read it."""
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
    """Yield (record type, content) of the records from an offset on, to the end of the substream that begins
    there. Charts are substreams within sheets. Never raises; a stream that is cut off ends early."""
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
    """Yield what calamine hides of each worksheet, in their order. Raises struct.error or IndexError if a record
    is too short."""
    context = _read_context(stream)
    for record_type, content in _read_records(stream):
        if record_type == _SHEET_RECORD and content[5] == 0:
            yield _read_sheet_records(stream, struct.unpack_from("<L", content)[0], context)


@dataclass(frozen=True, slots=True)
class _XlsContext:
    """What the cell styles show, and the runs of the shared texts that have parts of their own font."""

    styles: CellStyles
    runs_by_string: Mapping[int, TextRuns]


def _read_context(stream: bytes) -> _XlsContext:
    """Return what the cells refer to. Fonts are counted from 0, but none has the number 4."""
    codes, struck_fonts, font_count, is_continued = dict[int, str](), set[int](), 0, False
    formats, string_chunks = list[tuple[int, int]](), list[bytes]()
    for record_type, content in _read_records(stream):
        if record_type == _FONT_RECORD:
            if content[2] & _STRUCK_FONT_FLAG:
                struck_fonts.add(font_count + (font_count >= _SKIPPED_FONT))
            font_count += 1
        elif record_type == _FORMAT_RECORD:
            codes[struct.unpack_from("<H", content)[0]] = _decode_characters(content[4:5], content[5:])
        elif record_type == _STYLE_RECORD:
            font, format_id = struct.unpack_from("<2H", content)
            formats.append((format_id, font))
        elif record_type == _STRINGS_RECORD or (record_type == _CONTINUE_RECORD and is_continued):
            string_chunks.append(content)
        is_continued = record_type == _STRINGS_RECORD or (is_continued and record_type == _CONTINUE_RECORD)
    styles = classify_styles(((format_id, font in struck_fonts) for format_id, font in formats), codes)
    runs = read_runs_by_string(string_chunks, frozenset(struck_fonts)) if struck_fonts else {}
    return _XlsContext(styles, runs)


def _add_cell_style(omitted: OmittedContent, record_type: int, content: bytes, context: _XlsContext) -> None:
    """Note the style of a cell, or of the cells of a MulRk record, if it strikes out or shows no day, and which
    parts of its text are struck out."""
    row, column = struct.unpack_from("<2H", content)
    is_several = record_type == _PACKED_NUMBERS_RECORD
    for column_offset, offset in enumerate(range(4, len(content) - 5, 6) if is_several else (4,)):
        (style,) = struct.unpack_from("<H", content, offset)
        kind = context.styles.partial_date_kind(style)
        is_struck = style in context.styles.struck_out
        runs: TextRuns = ()
        if record_type == _SHARED_LABEL_RECORD:
            runs = context.runs_by_string.get(struct.unpack_from("<L", content, 6)[0], ())
        if runs:
            omitted.add_struck_out(row, column, *split_struck_out(runs, cell_is_struck=is_struck))
        elif is_struck or kind:
            omitted.cell_styles[row, column + column_offset] = CellStyle(is_struck, kind)


def _read_sheet_records(stream: bytes, start: int, context: _XlsContext) -> OmittedContent:
    omitted, objects = OmittedContent(), _SheetObjects()
    for record_type, content in _read_records(stream, start):
        if record_type in _CELL_RECORDS:
            _add_cell_style(omitted, record_type, content, context)
        if record_type in (_FORMULA_RECORD, _BOOLEAN_OR_ERROR_RECORD):
            _add_formula_or_error(omitted, record_type, content)
        elif record_type in (_NUMBER_RECORD, _PACKED_NUMBER_RECORD, _PACKED_NUMBERS_RECORD):
            _add_negative_numbers(omitted, record_type, content)
        elif record_type == _ROW_RECORD and content[12] & _HIDDEN_ROW_FLAG:
            omitted.hidden_rows.add(struct.unpack_from("<H", content)[0])
        elif record_type == _COLUMN_RECORD and content[8] & _HIDDEN_COLUMN_FLAG:
            first, last = struct.unpack_from("<2H", content)
            omitted.hidden_columns.update(range(first, min(last + 1, MAX_SHEET_COLUMNS)))
        else:
            objects.add_record(record_type, content)
    omitted.annotations += (*objects.comments, *objects.text_boxes())
    omitted.has_pictures = objects.has_pictures
    return omitted


@dataclass(slots=True)
class _SheetObjects:
    """Comments and text boxes of one sheet, as their records come one after another.

    A shape is a Drawing record (which holds its anchor), an Obj record (its id), a TxO record (how many characters
    its text has) and Continue records (the text). Which shapes are the boxes of comments is said after them, in
    Note records. `texts` and `cells` go by object id.
    """

    comments: list[CellAnnotation] = field(default_factory=list)
    has_pictures: bool = False
    texts: dict[int, str] = field(default_factory=dict)
    cells: dict[int, tuple[int, int]] = field(default_factory=dict)
    comment_ids: set[int] = field(default_factory=set)
    current_id: int = 0
    current_cell: tuple[int, int] = (0, 0)
    missing_characters: int = 0

    def add_record(self, record_type: int, content: bytes) -> None:
        """Take the next record of the sheet, whatever it is. Raises struct.error if it is too short."""
        if record_type == _DRAWING_RECORD:
            self.current_cell = _find_anchor_cell(content)
        elif record_type == _OBJECT_RECORD:
            (self.current_id,) = struct.unpack_from("<H", content, 6)
            self.cells[self.current_id] = self.current_cell
            self.has_pictures = self.has_pictures or content[4:6] in _PICTURE_OBJECT_TYPES
        elif record_type == _OBJECT_TEXT_RECORD:
            (self.missing_characters,) = struct.unpack_from("<H", content, 10)
            self.texts[self.current_id] = ""
        elif record_type == _CONTINUE_RECORD and self.missing_characters:
            self.texts[self.current_id] += _decode_characters(content[:1], content[1:])
            self.missing_characters -= len(content[1:]) // (1 if content[:1] == b"\0" else 2)
        elif record_type == _COMMENT_RECORD and len(content) >= 8:
            row, column, _, object_id = struct.unpack_from("<4H", content)
            author = _decode_characters(content[10:11], content[11:-1])
            self.comment_ids.add(object_id)
            if object_id in self.texts and author != COMMENT_AUTHOR:
                self.comments.append((row, column, author, self.texts[object_id]))

    def text_boxes(self) -> Iterator[CellAnnotation]:
        """Yield the texts of the shapes that are no comments, each at the cell where the shape begins."""
        for object_id, text in self.texts.items():
            if object_id not in self.comment_ids and text.strip():
                yield (*self.cells.get(object_id, (0, 0)), "", text)


def _find_anchor_cell(drawing: bytes) -> tuple[int, int]:
    """Return (row, column) of the cell at which a shape begins; (0, 0) if its anchor is missing."""
    start = drawing.rfind(_ANCHOR_HEADER)
    if start < 0 or start + 16 > len(drawing):
        return 0, 0
    column, _, row = struct.unpack_from("<3H", drawing, start + len(_ANCHOR_HEADER) + 2)
    return row, column


def _add_formula_or_error(omitted: OmittedContent, record_type: int, content: bytes) -> None:
    """Add a Formula or BoolErr record. A formula's cached value is a number, unless its last two bytes are 0xFFFF:
    then the first byte says which other type it is, 2 an error."""
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
    """Add the negative numbers of a Number, RK or MulRk record; the last one holds several cells of a row."""
    row, column = struct.unpack_from("<2H", content)
    if record_type == _NUMBER_RECORD:
        omitted.add_if_negative(row, column, decode_number(content[6:]))
        return
    for column_offset, offset in enumerate(range(6, len(content) - 3, 6)):
        omitted.add_if_negative(row, column + column_offset, decode_packed_number(content[offset:]))


def _decode_characters(width_flag: bytes, characters: bytes) -> str:
    """Return a text that is written with one byte per character (flag 0) or with two (flag 1)."""
    return characters.decode("latin-1" if width_flag == b"\0" else "utf-16-le", "replace")
