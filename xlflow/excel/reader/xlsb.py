"""Reads from the records of an .xlsb what calamine hides: error cells, formulas, hidden rows, comments, shapes,
and negative numbers that are formatted as dates.

These records are those by which an answer would be lost or changed in silence. What else calamine does not show is
not read, and the README says so: headers and footers, data validations, links on cells.
Records are named and laid out in [MS-XLSB]. Rows and columns are counted from 0.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from xlflow.excel.conventions import RawCell
from xlflow.excel.reader.cell_annotations import read_shape_texts
from xlflow.excel.reader.workbook_data import CellAnnotation, ErrorValue, SheetMetadata
from xlflow.excel.reader.workbook_package import WorkbookPackage, read_relationships

_ROW_RECORD, _ERROR_RECORD, _FORMULA_RECORDS, _ERROR_FORMULA_RECORD = 0, 3, range(8, 12), 11
_PACKED_NUMBER_RECORD, _NUMBER_RECORD, _NUMBER_FORMULA_RECORD = 2, 5, 9
_SHEET_RECORD, _COMMENT_RECORD, _COMMENT_TEXT_RECORD = 156, 635, 637
_HIDDEN_ROW_FLAG = 0x10
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
"""Error codes of .xls and .xlsb (BErr in [MS-XLS] and [MS-XLSB])."""


@dataclass(slots=True)
class OmittedContent:
    """What calamine hides of one sheet of an .xls or .xlsb.

    `error_cells` are (row, column, error), `formula_cells` (row, column), `hidden_rows` row numbers;
    `negative_numbers` are all of them, (row, column, number), since only calamine knows which are formatted as
    dates.
    """

    error_cells: list[tuple[int, int, RawCell]] = field(default_factory=list)
    formula_cells: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    annotations: list[CellAnnotation] = field(default_factory=list)
    negative_numbers: list[tuple[int, int, float]] = field(default_factory=list)
    has_pictures: bool = False

    @property
    def metadata(self) -> SheetMetadata:
        """The sheet's metadata; validations are None, headers, footers and links empty: they are not read."""
        return SheetMetadata(
            frozenset(self.formula_cells), None, frozenset(self.hidden_rows), tuple(self.annotations)
        )

    def add_if_negative(self, row: int, column: int, number: float) -> None:
        """Note a negative number: calamine turns it into a time of day if its cell is formatted as a date."""
        if number < 0:
            self.negative_numbers.append((row, column, number))


def decode_number(content: bytes) -> float:
    """Return the number in eight bytes (Xnum). Raises struct.error if there are fewer."""
    number: float = struct.unpack_from("<d", content)[0]
    return number


def decode_packed_number(content: bytes) -> float:
    """Return the number in four bytes (RkNumber): bit 0 says that it is in hundredths, bit 1 that the other thirty
    bits are an integer; they are else the high bits of a double. Raises struct.error if there are fewer bytes."""
    (packed,) = struct.unpack_from("<l", content)
    number = float(packed >> 2) if packed & 2 else decode_number(struct.pack("<4xl", packed & ~3))
    return number / 100 if packed & 1 else number


def error_value(code: int) -> ErrorValue:
    """Return the error that a cell with this error code shows; "#ERR" for an unknown one."""
    return ErrorValue(_ERROR_TEXTS.get(code, "#ERR"))


def read_omitted_content(package: WorkbookPackage) -> tuple[OmittedContent, ...]:
    """Return what calamine hides of each worksheet of an .xlsb, in their order. Raises LookupError or struct.error
    if records or relationships are damaged."""
    relationships = {each.id: each for each in read_relationships(package, package.main_part)}
    sheets = []
    for record_type, content in _read_records(package.read_part(package.main_part)):
        if record_type == _SHEET_RECORD and (relationship_id := _read_text(content, 8)):
            relationship = relationships[relationship_id]
            if relationship.type == "worksheet":
                sheets.append(_read_sheet_records(package, relationship.target))
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
            decode = decode_packed_number if record_type == _PACKED_NUMBER_RECORD else decode_number
            omitted.add_if_negative(row, column, decode(content[8:]))
        elif record_type == _ERROR_RECORD or record_type in _FORMULA_RECORDS:
            (column,) = struct.unpack_from("<L", content)
            if record_type in _FORMULA_RECORDS:
                omitted.formula_cells.add((row, column))
            if record_type in (_ERROR_RECORD, _ERROR_FORMULA_RECORD):
                omitted.error_cells.append((row, column, error_value(content[8])))
            if record_type == _NUMBER_FORMULA_RECORD:
                omitted.add_if_negative(row, column, decode_number(content[8:]))
    sheet_part = package.find_part(part) or part
    for relationship in read_relationships(package, sheet_part):
        if relationship.type == "comments":
            omitted.annotations += _read_comments(package.read_part(relationship.target))
    omitted.annotations += read_shape_texts(package, sheet_part)
    return omitted


def _read_comments(part: bytes) -> Iterator[CellAnnotation]:
    """Yield the comments without their authors, who are listed elsewhere; ours on a corrected form are among
    them."""
    row = column = 0
    for record_type, content in _read_records(part):
        if record_type == _COMMENT_RECORD:
            row, _, column = struct.unpack_from("<3L", content, 4)
        elif record_type == _COMMENT_TEXT_RECORD:
            yield row, column, "", _read_text(content, 1)


def _read_records(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (record type, content) of every record. Raises IndexError if the part ends within a record's head."""
    offset = 0
    while offset < len(part):
        record_type, offset = _read_variable_integer(part, offset, 2)
        size, offset = _read_variable_integer(part, offset, 4)
        yield record_type, part[offset : offset + size]
        offset += size


def _read_variable_integer(part: bytes, offset: int, max_bytes: int) -> tuple[int, int]:
    """Return a number written in groups of seven bits, lowest first, and the offset behind it. The high bit of a
    byte says that another one follows."""
    number = 0
    for byte_index in range(max_bytes):
        byte = part[offset + byte_index]
        number |= (byte & 127) << 7 * byte_index
        if byte < 128:
            return number, offset + byte_index + 1
    return number, offset + max_bytes


def _read_text(content: bytes, offset: int) -> str:
    """Return the text at an offset: its length in characters (four bytes), then UTF-16."""
    (length,) = struct.unpack_from("<L", content, offset)
    return content[offset + 4 : offset + 4 + 2 * length].decode("utf-16-le")
