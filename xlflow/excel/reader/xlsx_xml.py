"""Reads an .xlsx cell by cell with expat, for the workbooks that calamine must not have (see `xlsx_prescan`).

Slower, and asks nothing of the file but well-formed XML: cells may be anywhere, far apart, in any order and
without address; a number may be words. Memory follows the cells that hold something, never the area they span.
Also lists the sheets of a workbook, for both readers. Element and attribute names are those of ECMA-376 part 1.
"""

import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple
from xml.etree.ElementTree import Element

from xlflow.excel.cell_address import parse_cell_address
from xlflow.excel.conventions import SERIAL_EPOCH, RawCell
from xlflow.excel.reader.cell_annotations import HEADER_FOOTER_TAGS, parse_header_footer
from xlflow.excel.reader.limits import Limits
from xlflow.excel.reader.safe_xml import (
    get_attribute,
    iter_text_elements,
    local_name,
    parse_with_handler,
    parse_xml,
)
from xlflow.excel.reader.workbook_data import (
    ErrorValue,
    LimitExceededError,
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

_SERIAL_ZERO = datetime.combine(SERIAL_EPOCH, datetime.min.time())
_MILLISECONDS_PER_DAY = 86_400_000
"""Serial numbers are rounded to milliseconds: 0.1 + 0.2 of a day must not end a microsecond before the full
minute."""


@dataclass(frozen=True, slots=True)
class WorkbookContext:
    """What the cells of a workbook refer to: shared strings by index, the indexes of cell styles whose number
    format shows a date or time of day, and of those that show a duration, and from which day dates are counted."""

    shared_strings: tuple[str, ...] = ()
    date_styles: frozenset[int] = frozenset()
    duration_styles: frozenset[int] = frozenset()
    uses_date_system_1904: bool = False


def parse_sheet_xml(part: bytes, context: WorkbookContext, limits: Limits) -> SheetCells:
    """Return what a worksheet part holds. Raises ExpatError if it is broken, ValueError or IndexError for an
    address or shared string that does not exist, LimitExceededError if it has too many cells or takes too long."""
    handler = _WorksheetHandler(context, limits)
    parse_with_handler(part, handler)
    return handler.cells


def convert_number_by_style(text: str, style_index: int, context: WorkbookContext) -> RawCell:
    """Return a number as what its cell style shows: date or datetime, time of day, timedelta, or the float. A
    negative number in a date style stays a number. Raises ValueError if the text is no finite number."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    try:
        if style_index in context.duration_styles:
            return timedelta(milliseconds=round(number * _MILLISECONDS_PER_DAY))
        return (
            _convert_serial_date(number, context.uses_date_system_1904)
            if style_index in context.date_styles and number >= 0
            else number
        )
    except OverflowError:
        return number


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

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.cells.hidden_rows.add(self._row)
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

    def _end_cell(self, attributes: Mapping[str, str]) -> None:
        value = self._cell_value(attributes)
        if "f" in self._texts_by_tag:
            self.cells.formula_cells.add((self._row, self._column))
        if value is None or value == "":
            return
        self.cells.values[self._row, self._column] = value
        if len(self.cells.values) > self._limits.cells:
            raise LimitExceededError

    def _cell_value(self, attributes: Mapping[str, str]) -> RawCell:
        kind, text = attributes.get("t", "n"), self._joined_text("v")
        if kind == "inlineStr":
            return decode_ooxml_escapes(self._joined_text("t") or text)
        if not text:
            lacks_value = "f" in self._texts_by_tag and kind != "str"
            return UncachedFormula("=" + self._joined_text("f")) if lacks_value else None
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


_DATE_FORMAT_IDS = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
"""Built-in number formats that show dates or times of day (ECMA-376 part 1, 18.8.30)."""

_DURATION_FORMAT_ID = 46
"""The built-in format [h]:mm:ss."""

_FORMAT_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DURATION_CODE = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)


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
    date_styles, duration_styles = (
        _classify_cell_styles(package.read_part(parts["styles"]))
        if "styles" in parts
        else (frozenset(), frozenset())
    )
    shared_strings = (
        tuple(_read_shared_strings(package.read_part(parts["sharedStrings"]))) if "sharedStrings" in parts else ()
    )
    context = WorkbookContext(
        shared_strings,
        date_styles,
        duration_styles,
        outline.uses_date_system_1904,
    )
    return tuple(
        build_sheet_data(name, parse_sheet_xml(package.read_part(part), context, limits), limits, visible=visible)
        for name, part, visible in outline.sheets
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


def classify_number_format(format_code: str) -> Literal["day", "span"] | None:
    """Return "day" if a number format shows a date or time of day, "span" if a duration ([h]:mm), None for any
    other. Only its first section counts (the one for positive numbers), without quoted and escaped text."""
    format_letters = _FORMAT_LITERALS.sub("", format_code.split(";", maxsplit=1)[0])
    if _DURATION_CODE.search(format_letters):
        return "span"
    shows_date = re.search("[dmyhs]", format_letters, re.IGNORECASE) and "general" not in format_letters.lower()
    return "day" if shows_date else None


def _uses_date_system_1904(workbook: Element) -> bool:
    settings = (element for element in workbook.iter() if local_name(element) == "workbookPr")
    return any(get_attribute(element, "date1904") in ("1", "true", "on") for element in settings)


def _read_shared_strings(part: bytes) -> Iterator[str]:
    """Yield the shared strings in the order of their indexes."""
    for item in parse_xml(part):
        if local_name(item) == "si":
            yield "".join(map(_decode_text_element, iter_text_elements(item)))


def _decode_text_element(element: Element) -> str:
    """Return the text of a `t` element; blanks around it count only where it says xml:space="preserve"."""
    text = element.text or ""
    preserves_whitespace = get_attribute(element, "space") == "preserve"
    return decode_ooxml_escapes(text if preserves_whitespace else text.strip())


def _classify_cell_styles(part: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Return the indexes of the cell styles that show dates or times of day, and of those that show durations.
    Built-in formats have fixed ids; a workbook may define them anew."""
    root = parse_xml(part)
    date_formats, duration_formats = set(_DATE_FORMAT_IDS), {_DURATION_FORMAT_ID}
    for element in root.iter():
        if local_name(element) == "numFmt" and (key := get_attribute(element, "numFmtId")).isdecimal():
            format_kind = classify_number_format(get_attribute(element, "formatCode"))
            duration_formats.discard(int(key))
            date_formats.discard(int(key))
            if format_kind:
                (duration_formats if format_kind == "span" else date_formats).add(int(key))
    style_formats = [
        int(get_attribute(style, "numFmtId") or 0)
        for element in root
        if local_name(element) == "cellXfs"
        for style in element
    ]
    return (
        frozenset(number for number, key in enumerate(style_formats) if key in date_formats),
        frozenset(number for number, key in enumerate(style_formats) if key in duration_formats),
    )
