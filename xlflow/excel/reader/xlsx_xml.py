"""Reads an .xlsx cell by cell with expat, for the workbooks that calamine must not have (see `xlsx_prescan`).

Slower, and asks nothing of the file but well-formed XML: cells may be anywhere, far apart, in any order and
without address; a number may be words. Memory follows the cells that hold something, never the area they span.
Also lists the sheets of a workbook, for both readers. Element and attribute names are those of ECMA-376 part 1.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from xml.etree.ElementTree import Element

from xlflow.excel.cell_address import MAX_SHEET_COLUMNS, parse_cell_address
from xlflow.excel.conventions import SERIAL_EPOCH, RawCell
from xlflow.excel.reader.cell_annotations import HEADER_FOOTER_TAGS, parse_header_footer
from xlflow.excel.reader.limits import Limits
from xlflow.excel.reader.number_formats import make_shown_number
from xlflow.excel.reader.rich_text import TextRuns, read_shared_strings, read_string_runs, split_struck_out
from xlflow.excel.reader.safe_xml import (
    get_attribute,
    local_name,
    parse_with_handler,
    parse_xml,
)
from xlflow.excel.reader.workbook_data import (
    ErrorValue,
    LimitExceededError,
    PictureValue,
    SheetCells,
    SheetData,
    UncachedFormula,
    build_sheet_data,
    decode_ooxml_escapes,
    is_skippable_sheet,
    parse_cell_ranges,
    parse_iso_date,
)
from xlflow.excel.reader.workbook_package import WorkbookPackage, read_relationships
from xlflow.excel.reader.xlsx_styles import CellStyles, make_partial_date, parse_cell_styles

_SERIAL_ZERO = datetime.combine(SERIAL_EPOCH, datetime.min.time())
_MILLISECONDS_PER_DAY = 86_400_000
"""Serial numbers are rounded to milliseconds: 0.1 + 0.2 of a day must not end a microsecond before the full
minute."""


@dataclass(frozen=True, slots=True)
class WorkbookContext:
    """What the cells of a workbook refer to: shared strings by index, the runs of those that are rich texts, what
    the cell styles show, and from which day dates are counted; in an .xlsb also the indexes of the fonts that
    strike text out. `has_pictures_in_cells`: errors with rich values stand for pictures."""

    shared_strings: tuple[str, ...] = ()
    runs_by_string: Mapping[int, TextRuns] = field(default_factory=dict)
    styles: CellStyles = field(default_factory=CellStyles)
    uses_date_system_1904: bool = False
    struck_fonts: frozenset[int] = frozenset()
    has_pictures_in_cells: bool = False


def parse_sheet_xml(part: bytes, context: WorkbookContext, limits: Limits) -> SheetCells:
    """Return what a worksheet part holds. Raises ExpatError if it is broken, ValueError or IndexError for an
    address or shared string that does not exist, LimitExceededError if it has too many cells or takes too long."""
    handler = _WorksheetHandler(context, limits)
    parse_with_handler(part, handler)
    return handler.cells


def convert_number_by_style(text: str, style_index: int, context: WorkbookContext) -> RawCell:
    """Return a number as what its cell style shows: date or datetime, a `MonthDate` or `YearDate` where no day is
    shown, time of day, timedelta, or the float. A negative number in a date style stays a number. Raises
    ValueError if the text is no finite number."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    try:
        if style_index in context.styles.durations:
            return timedelta(milliseconds=round(number * _MILLISECONDS_PER_DAY))
        if style_index not in context.styles.dates or number < 0:
            format_code = (context.styles.telling_formats or {}).get(style_index)
            return make_shown_number(number, format_code) if format_code else number
        value = _convert_serial_date(number, context.uses_date_system_1904)
    except OverflowError:
        return number
    kind = context.styles.partial_date_kind(style_index)
    if kind is None or not isinstance(value, date):
        return value
    return make_partial_date(value, kind)


def _convert_serial_date(number: float, uses_date_system_1904: bool) -> RawCell:
    """Return the date, datetime, or (below 1) time of day of a serial number.

    Day 1 is 1900-01-01, but Excel counts a 29 February 1900 that never was (day 60); from then on days count from
    1899-12-30. The 1904 system begins 1,462 days later.
    """
    if number < 1:
        return (datetime.min + timedelta(milliseconds=round(number * _MILLISECONDS_PER_DAY))).time()
    if uses_date_system_1904:
        number += 1462
    elif number < 60:
        number += 1
    moment = _SERIAL_ZERO + timedelta(milliseconds=round(number * _MILLISECONDS_PER_DAY))
    return moment.date() if number == int(number) else moment


def _parse_index(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


class _WorksheetHandler:
    """Builds `cells` from the events of one worksheet part. `_cell_attributes` is None outside cells;
    `_texts_by_tag` are the texts of the current cell's v, f and t elements, each a list of pieces; phonetic guides
    are passed over."""

    def __init__(self, context: WorkbookContext, limits: Limits):
        self.cells = SheetCells()
        self._context, self._limits = context, limits
        self._stop_time = time.monotonic() + limits.seconds
        self._row = self._column = -1
        self._cell_attributes: Mapping[str, str] | None = None
        self._texts_by_tag: dict[str, list[list[str]]] = {}
        self._open_tag: str | None = None
        self._preserves_whitespace = False
        self._phonetic_depth = 0
        self._in_validation = False
        self._runs: list[tuple[str, bool | None]] = []
        self._run_is_struck: bool | None = None

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.cells.hidden_rows.add(self._row)
        elif tag == "col":
            self._add_hidden_columns(attributes)
        elif tag == "mergeCell":
            first, _, last = attributes.get("ref", "").replace("$", "").partition(":")
            self.cells.merged_ranges.append((*parse_cell_address(first), *parse_cell_address(last or first)))
        elif tag == "dataValidation":
            self._in_validation = True
            self.cells.validated_ranges += parse_cell_ranges(attributes.get("sqref", ""))
        elif (tag == "sqref" and self._in_validation) or tag in HEADER_FOOTER_TAGS:
            self._open_tag, self._texts_by_tag = tag, {tag: [[]]}
        elif tag == "rPh":
            self._phonetic_depth += 1
        elif tag in ("r", "rPr", "strike"):
            is_strike = tag == "strike" and attributes.get("val", "1") not in ("0", "false")
            self._run_is_struck = None if tag == "r" else self._run_is_struck or is_strike
        elif self._cell_attributes is not None and tag in ("v", "f", "t") and not self._phonetic_depth:
            self._open_tag, self._preserves_whitespace = tag, attributes.get("xml:space") == "preserve"
            self._texts_by_tag.setdefault(tag, []).append([])

    def add_text(self, data: str) -> None:
        if self._open_tag:
            self._texts_by_tag[self._open_tag][-1].append(data)

    def end_element(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "rPh":
            self._phonetic_depth -= 1
        elif tag == self._open_tag:
            if tag == "t" and not self._preserves_whitespace:
                self._texts_by_tag["t"][-1] = ["".join(self._texts_by_tag["t"][-1]).strip()]
            if tag == "t":
                run_text = decode_ooxml_escapes("".join(self._texts_by_tag["t"][-1]))
                self._runs.append((run_text, self._run_is_struck))
            elif tag == "sqref":
                self.cells.validated_ranges += parse_cell_ranges(self._joined_text(tag))
            elif tag in HEADER_FOOTER_TAGS:
                self.cells.header_footer += parse_header_footer([decode_ooxml_escapes(self._joined_text(tag))])
            self._open_tag = None
        elif tag == "dataValidation":
            self._in_validation = False
        elif tag == "c" and self._cell_attributes is not None:
            self._end_cell(self._cell_attributes)
            self._cell_attributes = None

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if time.monotonic() > self._stop_time:
            raise LimitExceededError("reader-too-slow")
        if "r" in attributes:
            self._row, self._column = parse_cell_address(attributes["r"].replace("$", ""))
        else:
            self._column += 1
        self._cell_attributes, self._texts_by_tag = attributes, {}
        self._runs, self._run_is_struck = [], None

    def _add_hidden_columns(self, attributes: Mapping[str, str]) -> None:
        first, last = attributes.get("min", ""), attributes.get("max", "")
        is_hidden = attributes.get("hidden") in ("1", "true")
        if is_hidden and first.isdecimal() and last.isdecimal():
            self.cells.hidden_columns.update(range(int(first) - 1, min(int(last), MAX_SHEET_COLUMNS)))

    def _end_cell(self, attributes: Mapping[str, str]) -> None:
        value = self._cell_value(attributes)
        if "f" in self._texts_by_tag:
            self.cells.formula_cells.add((self._row, self._column))
        if value is None or value == "":
            return
        position = self._row, self._column
        if self.cells.values.get(position, value) != value:
            self.cells.replaced_values.append((*position, self.cells.values[position]))
        self.cells.values[position] = value
        self._note_struck_out(attributes, value)
        if len(self.cells.values) > self._limits.cells:
            raise LimitExceededError

    def _note_struck_out(self, attributes: Mapping[str, str], value: RawCell) -> None:
        """Note what is struck out in the cell that ends, whole or in part."""
        styles, style = self._context.styles, attributes.get("s", "0")
        cell_is_struck = style.isdecimal() and int(style) in styles.struck_out
        runs: Sequence[tuple[str, bool | None]] = self._runs
        if attributes.get("t") == "s" and not isinstance(value, UncachedFormula):
            runs = self._context.runs_by_string.get(int(self._joined_text("v")), ())
        if runs or cell_is_struck:
            struck, remaining = split_struck_out(runs or ((str(value), None),), cell_is_struck=cell_is_struck)
            self.cells.add_struck_out(self._row, self._column, struck, remaining)

    def _cell_value(self, attributes: Mapping[str, str]) -> RawCell:
        kind, text = attributes.get("t", "n"), self._joined_text("v")
        if kind == "inlineStr":
            return decode_ooxml_escapes(self._joined_text("t") or text)
        if not text:
            if kind == "s" and "v" in self._texts_by_tag:
                raise ValueError("a shared string without its index")
            lacks_value = "f" in self._texts_by_tag and kind != "str"
            return UncachedFormula("=" + self._joined_text("f")) if lacks_value else None
        if kind == "e" and "vm" in attributes and self._context.has_pictures_in_cells:
            return PictureValue(text)
        return self._convert_by_type(kind, text, attributes.get("s", "0"))

    def _joined_text(self, tag: str) -> str:
        return "".join("".join(text_parts) for text_parts in self._texts_by_tag.get(tag, ()))

    def _convert_by_type(self, kind: str, text: str, style_index: str) -> RawCell:
        if kind == "s":
            return self._context.shared_strings[_parse_index(text)]
        if kind == "str":
            return decode_ooxml_escapes(text)
        if kind == "b":
            return text.strip() in ("1", "true")
        if kind == "e":
            return ErrorValue(text)
        return parse_iso_date(text.strip()) if kind == "d" else self._convert_number(text.strip(), style_index)

    def _convert_number(self, text: str, style_index: str) -> RawCell:
        """Return the number as its style shows it, or the text itself if it is no number."""
        try:
            return convert_number_by_style(text, int(style_index), self._context)
        except ValueError:
            return text


class SheetPart(NamedTuple):
    """A worksheet as the workbook part lists it: the name on its tab, the name of its part, whether it is
    shown."""

    name: str
    part: str
    visible: bool


@dataclass(frozen=True, slots=True)
class WorkbookOutline:
    """What the workbook part says: its worksheets in order, without a form's own formula sheet, and whether dates
    are counted from 1904."""

    sheets: tuple[SheetPart, ...]
    uses_date_system_1904: bool


def read_workbook_outline(package: WorkbookPackage) -> WorkbookOutline:
    """Return what the workbook part of an .xlsx says. Raises KeyError if a sheet has no relationship, ParseError
    if the part is broken."""
    workbook = parse_xml(package.read_part(package.main_part))
    return WorkbookOutline(tuple(_list_sheet_parts(package, workbook)), _uses_date_system_1904(workbook))


def read_xlsx_sheets(package: WorkbookPackage, outline: WorkbookOutline, limits: Limits) -> tuple[SheetData, ...]:
    """Return all worksheets of the outline. Raises ExpatError, ParseError, LookupError, ValueError or
    LimitExceededError if one of them cannot be read."""
    parts = {
        each.type: each.target
        for each in read_relationships(package, package.main_part)
        if package.find_part(each.target)
    }
    strings_part = package.read_part(parts["sharedStrings"]) if "sharedStrings" in parts else b""
    context = WorkbookContext(
        tuple(read_shared_strings(strings_part)),
        read_string_runs(strings_part),
        parse_cell_styles(package.read_part(parts["styles"])) if "styles" in parts else CellStyles(),
        outline.uses_date_system_1904,
        has_pictures_in_cells=has_pictures_in_cells(package),
    )
    return tuple(
        build_sheet_data(name, parse_sheet_xml(package.read_part(part), context, limits), limits, visible=visible)
        for name, part, visible in outline.sheets
    )


def has_pictures_in_cells(package: WorkbookPackage) -> bool:
    """Return whether pictures were placed in cells, not only over them."""
    return any(
        name.lower().endswith("rdrichvaluestructure.xml") and b"_localImage" in part
        for name, part in package.parts.items()
    )


def _list_sheet_parts(package: WorkbookPackage, workbook: Element) -> Iterator[SheetPart]:
    """Yield the worksheets that are read; chart sheets and the like have no cells, and an entry that names no part
    at all, as the modules of Excel 5 leave behind, has nothing. A part that is missing keeps the name under which
    it was looked for."""
    relationships = {each.id: each for each in read_relationships(package, package.main_part)}
    for element in workbook.iter():
        if local_name(element) == "sheet" and get_attribute(element, "id"):
            relationship = relationships[get_attribute(element, "id")]
            if relationship.type == "worksheet":
                visible = get_attribute(element, "state") not in ("hidden", "veryHidden")
                name = decode_ooxml_escapes(get_attribute(element, "name"))
                if not is_skippable_sheet(name, visible=visible):
                    part = package.find_part(relationship.target) or relationship.target
                    yield SheetPart(name, part, visible)


def _uses_date_system_1904(workbook: Element) -> bool:
    settings = (element for element in workbook.iter() if local_name(element) == "workbookPr")
    return any(get_attribute(element, "date1904") in ("1", "true", "on") for element in settings)
