"""Walks the records of an .xlsb for what the fast reader hides: error cells, formulas, hidden rows, notes, and
numbers below zero that are formatted as days.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from xlflow.excel.conventions import RawCell
from xlflow.excel.reader.cell_annotations import read_shape_texts
from xlflow.excel.reader.header_footer import parse_header_footer
from xlflow.excel.reader.workbook_data import CellAnnotation, ErrorValue, SheetMetadata
from xlflow.excel.reader.workbook_package import WorkbookPackage, read_relationships

_ROW_RECORD, _ERROR_RECORD, _FORMULA_RECORDS, _ERROR_FORMULA_RECORD = 0, 3, range(8, 12), 11
_PACKED_NUMBER_RECORD, _NUMBER_RECORD, _NUMBER_FORMULA_RECORD = 2, 5, 9
_SHEET_RECORD, _COMMENT_RECORD, _COMMENT_TEXT_RECORD, _HEADER_FOOTER_RECORD = 156, 635, 637, 479
_HIDDEN_ROW_FLAG, _MISSING_TEXT = 0x10, b"\xff" * 4
_ERROR_TEXTS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


@dataclass(slots=True)
class OmittedContent:
    """What the fast reader hides of one sheet."""

    error_cells: list[tuple[int, int, RawCell]] = field(default_factory=list)
    formula_cells: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    annotations: list[CellAnnotation] = field(default_factory=list)
    negative_numbers: list[tuple[int, int, float]] = field(default_factory=list)
    header_footer: list[str] = field(default_factory=list)
    has_pictures: bool = False

    @property
    def metadata(self) -> SheetMetadata:
        """What tells how the values came about."""
        hidden_rows, header_footer = frozenset(self.hidden_rows), tuple(dict.fromkeys(self.header_footer))
        return SheetMetadata(
            frozenset(self.formula_cells), None, hidden_rows, tuple(self.annotations), header_footer
        )

    def add_if_negative(self, row: int, column: int, number: float) -> None:
        """Note a number that the fast reader takes for a time of day where the cell is formatted as a day."""
        if number < 0:
            self.negative_numbers.append((row, column, number))


def decode_number(content: bytes) -> float:
    """Return a number that is written out in full."""
    number: float = struct.unpack_from("<d", content)[0]
    return number


def decode_packed_number(content: bytes) -> float:
    """Return a number that is written in four bytes: whole or half of a real one, maybe in hundredths."""
    (packed,) = struct.unpack_from("<l", content)
    number = float(packed >> 2) if packed & 2 else decode_number(struct.pack("<4xl", packed & ~3))
    return number / 100 if packed & 1 else number


def error_value(code: int) -> ErrorValue:
    """Return an error as cells show it."""
    return ErrorValue(_ERROR_TEXTS.get(code, "#ERR"))


def read_omitted_content(package: WorkbookPackage) -> tuple[OmittedContent, ...]:
    """Return what is hidden of each worksheet, in their order. Raises LookupError or struct.error if the records
    lead nowhere."""
    relationships = {
        relationship_id: (record_type, part)
        for relationship_id, record_type, part in read_relationships(package, package.main_part)
    }
    sheets = []
    for kind, content in _read_records(package.read_part(package.main_part)):
        if kind == _SHEET_RECORD:
            relationship_type, part = relationships[_read_text(content, 8)]
            if relationship_type == "worksheet":
                sheets.append(_read_sheet_records(package, part))
    return tuple(sheets)


def _read_sheet_records(package: WorkbookPackage, part: str) -> OmittedContent:
    omitted, row = OmittedContent(), 0
    for record_type, content in _read_records(package.read_part(part)):
        if record_type == _ROW_RECORD:
            (row,) = struct.unpack_from("<L", content)
            if content[11] & _HIDDEN_ROW_FLAG:
                omitted.hidden_rows.add(row)
        elif record_type in (_PACKED_NUMBER_RECORD, _NUMBER_RECORD):
            (column,) = struct.unpack_from("<L", content)
            omitted.add_if_negative(
                row,
                column,
                (decode_packed_number if record_type == _PACKED_NUMBER_RECORD else decode_number)(content[8:]),
            )
        elif record_type == _ERROR_RECORD or record_type in _FORMULA_RECORDS:
            (column,) = struct.unpack_from("<L", content)
            if record_type in _FORMULA_RECORDS:
                omitted.formula_cells.add((row, column))
            if record_type in (_ERROR_RECORD, _ERROR_FORMULA_RECORD):
                omitted.error_cells.append((row, column, error_value(content[8])))
            if record_type == _NUMBER_FORMULA_RECORD:
                omitted.add_if_negative(row, column, decode_number(content[8:]))
        elif record_type == _HEADER_FOOTER_RECORD:
            omitted.header_footer += parse_header_footer(_read_texts(content, 2))
    for _, relationship_type, related_part in read_relationships(package, package.find_part(part) or part):
        if relationship_type == "comments":
            omitted.annotations += _read_comments(package.read_part(related_part))
    omitted.annotations += read_shape_texts(package, package.find_part(part) or part)
    return omitted


def _read_comments(part: bytes) -> Iterator[CellAnnotation]:
    row = column = 0
    for record_type, content in _read_records(part):
        if record_type == _COMMENT_RECORD:
            row, _, column = struct.unpack_from("<3L", content, 4)
        elif record_type == _COMMENT_TEXT_RECORD:
            yield row, column, "", _read_text(content, 1)


def _read_records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, content) of every record; both numbers before it are written in pieces of seven bits."""
    offset = 0
    while offset < len(part):
        record_type, offset = _read_variable_integer(part, offset, 2)
        size, offset = _read_variable_integer(part, offset, 4)
        yield record_type, part[offset : offset + size]
        offset += size


def _read_variable_integer(part: bytes, offset: int, max_bytes: int) -> tuple[int, int]:
    number = 0
    for byte_index in range(max_bytes):
        byte = part[offset + byte_index]
        number |= (byte & 127) << 7 * byte_index
        if byte < 128:
            return number, offset + byte_index + 1
    return number, offset + max_bytes


def _read_texts(content: bytes, offset: int) -> Iterator[str]:
    """Yield the texts from a place on; one that is not there says so by its length."""
    while offset + 4 <= len(content):
        if content[offset : offset + 4] == _MISSING_TEXT:
            offset += 4
        else:
            yield _read_text(content, offset)
            offset += 4 + 2 * struct.unpack_from("<L", content, offset)[0]


def _read_text(content: bytes, offset: int) -> str:
    (length,) = struct.unpack_from("<L", content, offset)
    return content[offset + 4 : offset + 4 + 2 * length].decode("utf-16-le")
