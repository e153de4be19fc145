"""Turns the markup of one worksheet into cell values, whatever order, addresses and types it uses.

Feeds `closely.py`, which knows the rest of the workbook.

Reads an .xlsx cell by cell with expat, for the workbooks that the fast reader gets wrong or falls over.

Slower, and asks nothing of the file but well-formed parts: cells may stand anywhere, far apart, in any order and
without address; numbers may be words. Memory follows the cells that hold something, never the area they span.
"""

import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from xml.etree.ElementTree import Element
from xml.parsers import expat

from xlflow.excel.cell_address import parse_cell_address
from xlflow.excel.conventions import SERIAL_EPOCH, RawCell
from xlflow.excel.reader.header_footer import HEADER_FOOTER_TAGS, parse_header_footer
from xlflow.excel.reader.safe_xml import get_attribute, local_name, parse_xml
from xlflow.excel.reader.sheet_cells import LimitExceededError, SheetCells, build_sheet_data, parse_iso_date
from xlflow.excel.reader.workbook_data import (
    ErrorValue,
    Limits,
    SheetData,
    UncachedFormula,
    decode_ooxml_escapes,
    is_skippable_sheet,
    parse_cell_ranges,
)
from xlflow.excel.reader.workbook_package import WorkbookPackage, read_relationships

_SERIAL_ZERO = datetime.combine(SERIAL_EPOCH, datetime.min.time())
_MILLISECONDS_PER_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class WorkbookContext:
    """What the cells of a workbook refer to: shared texts, styles that show days or spans, the first day."""

    shared_strings: tuple[str, ...] = ()
    date_styles: frozenset[int] = frozenset()
    duration_styles: frozenset[int] = frozenset()
    uses_date_system_1904: bool = False


def parse_sheet_xml(part: bytes, context: WorkbookContext, limits: Limits) -> SheetCells:
    """Return what a sheet holds. Raises ExpatError, ValueError (an address or index of nowhere) or TooMuch."""
    handler = _WorksheetHandler(context, limits)
    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, 1 << 20
    parser.StartElementHandler = handler.start_element
    parser.EndElementHandler = handler.end_element
    parser.CharacterDataHandler = handler.add_text
    parser.Parse(part, True)
    return handler.cells


def convert_number_by_style(text: str, style_index: int, context: WorkbookContext) -> RawCell:
    """Return a number as what its style shows: a day, a time of day, a span of time, or the number."""
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
    """Takes the events of one sheet's markup and keeps the cells."""

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
        """Return the number, or the very text where a cell that should hold a number holds words."""
        try:
            return convert_number_by_style(text, int(style_index), self._context)
        except ValueError:
            return text


_DATE_FORMAT_IDS = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
_DURATION_FORMAT_ID = 46
_FORMAT_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DURATION_CODE = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)


def read_xlsx_sheets(package: WorkbookPackage, limits: Limits) -> tuple[SheetData, ...]:
    """Return all worksheets. Raises ExpatError, ParseError, LookupError, ValueError or TooMuch if one fails."""
    parts = {
        kind: part for _, kind, part in read_relationships(package, package.main_part) if package.find_part(part)
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
        _uses_date_system_1904(parse_xml(package.read_part(package.main_part))),
    )
    return tuple(
        build_sheet_data(name, parse_sheet_xml(package.read_part(part), context, limits), limits, visible=visible)
        for name, part, visible in list_sheet_parts(package)
    )


def list_sheet_parts(package: WorkbookPackage) -> Iterator[tuple[str, str, bool]]:
    """Yield (name, part, whether it is visible) of every worksheet that is read; KeyError where one leads
    nowhere."""
    relations = {key: (kind, part) for key, kind, part in read_relationships(package, package.main_part)}
    for element in parse_xml(package.read_part(package.main_part)).iter():
        if local_name(element) == "sheet":
            kind, part = relations[get_attribute(element, "id")]
            if kind == "worksheet":
                is_hidden = get_attribute(element, "state") in ("hidden", "veryHidden")
                name = decode_ooxml_escapes(get_attribute(element, "name"))
                if not is_skippable_sheet(name, visible=not is_hidden):
                    yield name, part, not is_hidden


def classify_number_format(format_code: str) -> Literal["day", "span"] | None:
    """Return whether a number format shows a day or time of day, a span of time, or None: a number."""
    format_letters = _FORMAT_LITERALS.sub("", format_code.split(";", maxsplit=1)[0])
    if _DURATION_CODE.search(format_letters):
        return "span"
    shows_date = re.search("[dmyhs]", format_letters, re.IGNORECASE) and "general" not in format_letters.lower()
    return "day" if shows_date else None


def _uses_date_system_1904(workbook: Element) -> bool:
    settings = (element for element in workbook.iter() if local_name(element) == "workbookPr")
    return any(get_attribute(element, "date1904") in ("1", "true", "on") for element in settings)


def _read_shared_strings(part: bytes) -> Iterator[str]:
    for item in parse_xml(part):
        if local_name(item) == "si":
            yield "".join(_rich_text_parts(item))


def _rich_text_parts(item: Element) -> Iterator[str]:
    """Yield the pieces of a rich text, without the reading aid (rPh) that Japanese texts carry."""
    for element in item:
        if local_name(element) == "t":
            text = element.text or ""
            preserves_whitespace = get_attribute(element, "space") == "preserve"
            yield decode_ooxml_escapes(text if preserves_whitespace else text.strip())
        elif local_name(element) == "r":
            yield from _rich_text_parts(element)


def _classify_cell_styles(part: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Return which styles show a number as a day or time of day, and which as a span of time."""
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
