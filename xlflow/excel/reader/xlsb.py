"""Reads from the records of an .xlsb what calamine hides: error cells, formulas, merged cells, hidden rows and
columns, what is struck out, comments, shapes, short records, dates that show no day, and negative numbers that are
formatted as dates.

These records are those by which an answer would be lost or changed in silence. What else calamine does not show is
not read, and the README says so: headers and footers, data validations, links on cells.
Records are named and laid out in [MS-XLSB]. Rows and columns are counted from 0.
"""

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from xlflow.excel.cell_address import MAX_SHEET_COLUMNS
from xlflow.excel.conventions import CellRange, MonthDate, RawCell, YearDate
from xlflow.excel.reader.cell_annotations import read_shape_texts
from xlflow.excel.reader.rich_text import TextRuns, split_struck_out
from xlflow.excel.reader.workbook_data import CellAnnotation, ErrorValue, SheetMetadata, StruckOutText
from xlflow.excel.reader.workbook_package import WorkbookPackage, read_relationships
from xlflow.excel.reader.xlsb_records import (
    decode_number,
    decode_packed_number,
    decode_rich_text,
    read_records,
    read_text,
    read_xlsb_context,
)
from xlflow.excel.reader.xlsx_styles import FormatKind
from xlflow.excel.reader.xlsx_xml import WorkbookContext, convert_number_by_style

_ROW_RECORD, _PACKED_NUMBER_RECORD, _ERROR_RECORD, _BOOLEAN_RECORD, _NUMBER_RECORD = 0, 2, 3, 4, 5
_TEXT_RECORD, _SHARED_TEXT_RECORD, _RICH_TEXT_RECORD = 6, 7, 62
_TEXT_FORMULA_RECORD, _NUMBER_FORMULA_RECORD, _BOOLEAN_FORMULA_RECORD, _ERROR_FORMULA_RECORD = 8, 9, 10, 11
_CELL_RECORDS, _FORMULA_RECORDS = range(1, 12), range(8, 12)
_SHORT_RECORDS = {
    12: 1,
    13: _PACKED_NUMBER_RECORD,
    14: _ERROR_RECORD,
    15: _BOOLEAN_RECORD,
    16: _NUMBER_RECORD,
    17: _TEXT_RECORD,
    18: _SHARED_TEXT_RECORD,
}
"""The records of cells that do not state their column, each with the record that is laid out alike after it."""

_NUMBER_DECODERS: Mapping[int, Callable[[bytes], float]] = {
    _PACKED_NUMBER_RECORD: decode_packed_number,
    _NUMBER_RECORD: decode_number,
    _NUMBER_FORMULA_RECORD: decode_number,
}

_SHEET_RECORD, _COMMENT_RECORD, _COMMENT_TEXT_RECORD = 156, 635, 637
_COLUMN_RECORD, _MERGED_RECORD = 60, 176
_HIDDEN_ROW_FLAG, _HIDDEN_COLUMN_FLAG = 0x10, 0x01
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


@dataclass(frozen=True, slots=True)
class CellStyle:
    """What the style of one cell does: strikes its text out, shows of a date the month or year only."""

    is_struck: bool
    partial_date_kind: FormatKind | None


@dataclass(slots=True)
class OmittedContent:
    """What calamine hides of one sheet of an .xls or .xlsb.

    `error_cells` are (row, column, error), `formula_cells` (row, column), `hidden_rows` row numbers;
    `negative_numbers` are all of them, (row, column, number), since only calamine knows which are formatted as
    dates. `unread_values` are (row, column, value) of cells that calamine passes over, `partial_dates` of those
    that show no day; `replaced_values` are what the first of two records of one cell held. `cell_styles` are the
    styles of the cells that are struck out or show no day, where only calamine knows their values.
    """

    error_cells: list[tuple[int, int, RawCell]] = field(default_factory=list)
    formula_cells: set[tuple[int, int]] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    annotations: list[CellAnnotation] = field(default_factory=list)
    negative_numbers: list[tuple[int, int, float]] = field(default_factory=list)
    has_pictures: bool = False
    hidden_columns: set[int] = field(default_factory=set)
    merged_ranges: list[CellRange] = field(default_factory=list)
    struck_out: list[StruckOutText] = field(default_factory=list)
    unread_values: list[tuple[int, int, RawCell]] = field(default_factory=list)
    partial_dates: list[tuple[int, int, RawCell]] = field(default_factory=list)
    replaced_values: list[tuple[int, int, RawCell]] = field(default_factory=list)
    cell_styles: dict[tuple[int, int], CellStyle] = field(default_factory=dict)

    @property
    def metadata(self) -> SheetMetadata:
        """The sheet's metadata; validations are None, headers, footers and links empty: they are not read."""
        return SheetMetadata(
            frozenset(self.formula_cells),
            None,
            frozenset(self.hidden_rows),
            tuple(self.annotations),
            hidden_columns=frozenset(self.hidden_columns),
            struck_out=tuple(self.struck_out),
            replaced_values=tuple(self.replaced_values),
        )

    def add_struck_out(self, row: int, column: int, struck: str, remaining: str) -> None:
        """Note what is struck out in a cell, and what is not; nothing if no letter is struck out."""
        if struck.strip():
            self.struck_out.append(StruckOutText(row, column, struck, not remaining.strip(), remaining))

    def add_if_negative(self, row: int, column: int, number: float) -> None:
        """Note a negative number: calamine turns it into a time of day if its cell is formatted as a date."""
        if number < 0:
            self.negative_numbers.append((row, column, number))


def error_value(code: int) -> ErrorValue:
    """Return the error that a cell with this error code shows; "#ERR" for an unknown one."""
    return ErrorValue(_ERROR_TEXTS.get(code, "#ERR"))


def read_omitted_content(package: WorkbookPackage) -> tuple[OmittedContent, ...]:
    """Return what calamine hides of each worksheet of an .xlsb, in their order. Raises LookupError or struct.error
    if records or relationships are damaged."""
    relationships = {each.id: each for each in read_relationships(package, package.main_part)}
    context = read_xlsb_context(package)
    sheets = []
    for record_type, content in read_records(package.read_part(package.main_part)):
        if record_type == _SHEET_RECORD and (relationship_id := read_text(content, 8)):
            relationship = relationships[relationship_id]
            if relationship.type == "worksheet":
                sheets.append(_read_sheet_part(package, relationship.target, context))
    return tuple(sheets)


def _read_sheet_part(package: WorkbookPackage, part: str, context: WorkbookContext) -> OmittedContent:
    omitted = OmittedContent()
    reader = _CellRecordReader(omitted, context)
    for record_type, content in read_records(package.read_part(part)):
        reader.add_record(record_type, content)
    sheet_part = package.find_part(part) or part
    for relationship in read_relationships(package, sheet_part):
        if relationship.type == "comments":
            omitted.annotations += _read_comments(package.read_part(relationship.target))
    omitted.annotations += read_shape_texts(package, sheet_part)
    return omitted


@dataclass(slots=True)
class _CellRecordReader:
    """Fills `omitted` from the records of a worksheet, one after another; `row` and `column` are where they are,
    `values` what they hold so far. Short records (12 to 18) do not state their column: it is the one after the
    last."""

    omitted: OmittedContent
    context: WorkbookContext
    row: int = 0
    column: int = -1
    values: dict[tuple[int, int], RawCell] = field(default_factory=dict)

    def add_record(self, record_type: int, content: bytes) -> None:
        """Take the next record, whatever it is. Raises struct.error or IndexError if it is too short."""
        if record_type == _ROW_RECORD:
            (self.row,), self.column = struct.unpack_from("<L", content), -1
            if content[11] & _HIDDEN_ROW_FLAG:
                self.omitted.hidden_rows.add(self.row)
        elif record_type == _COLUMN_RECORD:
            first, last = struct.unpack_from("<2L", content)
            if content[16] & _HIDDEN_COLUMN_FLAG:
                self.omitted.hidden_columns.update(range(first, min(last + 1, MAX_SHEET_COLUMNS)))
        elif record_type == _MERGED_RECORD:
            top, bottom, left, right = struct.unpack_from("<4L", content)
            self.omitted.merged_ranges.append((top, left, bottom, right))
        elif record_type in _CELL_RECORDS or record_type == _RICH_TEXT_RECORD:
            (self.column,) = struct.unpack_from("<L", content)
            self._add_cell(record_type, content[4:])
        elif record_type in _SHORT_RECORDS:
            self.column += 1
            self._add_cell(_SHORT_RECORDS[record_type], content, is_short=True)

    def _add_cell(self, record_type: int, content: bytes, *, is_short: bool = False) -> None:
        """Add what calamine hides of a cell; `content` begins with its style. Of a short record and of a rich text
        that is the value too."""
        omitted, position = self.omitted, (self.row, self.column)
        style, content = struct.unpack_from("<L", content)[0] & 0xFFFFFF, content[4:]
        value = self._decode_value(record_type, content, style)
        if record_type in _FORMULA_RECORDS:
            omitted.formula_cells.add(position)
        if record_type in _NUMBER_DECODERS:
            omitted.add_if_negative(*position, _NUMBER_DECODERS[record_type](content))
        if value is None:
            return
        if self.values.setdefault(position, value) != value:
            omitted.replaced_values.append((*position, self.values[position]))
            self.values[position] = value
        if isinstance(value, ErrorValue):
            omitted.error_cells.append((*position, value))
        elif is_short or record_type == _RICH_TEXT_RECORD:
            omitted.unread_values.append((*position, value))
        elif isinstance(value, MonthDate | YearDate):
            omitted.partial_dates.append((*position, value))
        self._add_struck_out(record_type, content, value, style)

    def _decode_value(self, record_type: int, content: bytes, style: int) -> RawCell:
        """Return the value of a cell; None if it is blank, or a text that nobody has to see."""
        if record_type in (_ERROR_RECORD, _ERROR_FORMULA_RECORD):
            return error_value(content[0])
        if record_type in _NUMBER_DECODERS:
            number = _NUMBER_DECODERS[record_type](content)
            return convert_number_by_style(repr(number), style, self.context) if math.isfinite(number) else None
        if record_type in (_BOOLEAN_RECORD, _BOOLEAN_FORMULA_RECORD):
            return bool(content[0])
        if record_type == _SHARED_TEXT_RECORD:
            return self.context.shared_strings[struct.unpack_from("<L", content)[0]] or None
        if record_type == _RICH_TEXT_RECORD:
            return decode_rich_text(content, frozenset())[0] or None
        return read_text(content, 0) or None if record_type in (_TEXT_RECORD, _TEXT_FORMULA_RECORD) else None

    def _add_struck_out(self, record_type: int, content: bytes, value: RawCell, style: int) -> None:
        runs: TextRuns = ()
        cell_is_struck = style in self.context.styles.struck_out
        if record_type == _SHARED_TEXT_RECORD:
            runs = self.context.runs_by_string.get(struct.unpack_from("<L", content)[0], ())
        elif record_type == _RICH_TEXT_RECORD:
            runs = decode_rich_text(content, self.context.struck_fonts)[1]
        if runs or cell_is_struck:
            struck, remaining = split_struck_out(runs or ((str(value), None),), cell_is_struck=cell_is_struck)
            self.omitted.add_struck_out(self.row, self.column, struck, remaining)


def _read_comments(part: bytes) -> Iterator[CellAnnotation]:
    """Yield the comments without their authors, who are listed elsewhere; ours on a corrected form are among
    them."""
    row = column = 0
    for record_type, content in read_records(part):
        if record_type == _COMMENT_RECORD:
            row, _, column = struct.unpack_from("<3L", content, 4)
        elif record_type == _COMMENT_TEXT_RECORD:
            yield row, column, "", read_text(content, 1)
