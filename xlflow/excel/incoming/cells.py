"""Turns the markup of one worksheet into cell values, whatever order, addresses and types it uses.

Feeds `closely.py`, which knows the rest of the workbook.
"""

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from xml.parsers import expat

from xlflow.excel.incoming.book import (
    CellAnnotation,
    CellRange,
    ErrorValue,
    Limits,
    RawCellValue,
    SheetData,
    SheetMetadata,
    UncachedFormula,
    decode_ooxml_escapes,
    parse_cell_address,
    parse_cell_ranges,
)
from xlflow.excel.incoming.margins import HEADER_FOOTER_TAGS, parse_header_footer

_MILLISECONDS_PER_DAY = 86_400_000
_SPARSE_GRID_ROWS, _SPARSE_GRID_COLUMNS, _MAX_DISTANT_CELLS = 20_000, 100, 10_000
_UNCHECKED_GRID_SIZE = 200_000
"""Cells that a sheet may span without a second look at whether they are mostly empty."""


class LimitExceededError(Exception):
    """The sheet holds more cells than the limit; or reading it took too long, as `code` says."""

    def __init__(self, code: str = "too-many-cells"):
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class WorkbookContext:
    """What the cells of a workbook refer to: shared texts, styles that show days or spans, the first day."""

    shared_strings: tuple[str, ...] = ()
    date_styles: frozenset[int] = frozenset()
    duration_styles: frozenset[int] = frozenset()
    uses_date_system_1904: bool = False


@dataclass(slots=True)
class SheetCells:
    """What one sheet holds: the cells that are not empty by (row, column), the merged areas, and what tells how
    the values came about; `guarded` only where `tells` says that the kind of file tells it."""

    values: dict[tuple[int, int], RawCellValue] = field(default_factory=dict)
    merged_ranges: list[CellRange] = field(default_factory=list)
    formula_cells: set[tuple[int, int]] = field(default_factory=set)
    validated_ranges: list[CellRange] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    annotations: list[CellAnnotation] = field(default_factory=list)
    header_footer: list[str] = field(default_factory=list)
    links: list[CellAnnotation] = field(default_factory=list)
    reports_validation: bool = True

    @property
    def metadata(self) -> SheetMetadata:
        """What tells how the values came about."""
        validated_ranges = tuple(self.validated_ranges) if self.reports_validation else None
        hidden_rows, header_footer = frozenset(self.hidden_rows), tuple(dict.fromkeys(self.header_footer))
        return SheetMetadata(
            frozenset(self.formula_cells),
            validated_ranges,
            hidden_rows,
            tuple(self.annotations),
            header_footer,
            tuple(self.links),
        )


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


def build_sheet_data(name: str, cells: SheetCells, limits: Limits, *, visible: bool) -> SheetData:
    """Lay the cells out from A1 on; those that would stretch the sheet over mostly nothing become stray."""
    values = cells.values
    height, width = _grid_size(values)
    if height * width > max(_UNCHECKED_GRID_SIZE, 10 * len(values)):
        height, width = _grid_size(
            position
            for position in values
            if position[0] < _SPARSE_GRID_ROWS and position[1] < _SPARSE_GRID_COLUMNS
        )
    grid: list[list[RawCellValue]] = [[None] * width for _ in range(height)]
    distant_cells = []
    for (row, column), value in sorted(values.items(), key=lambda item: item[0]):
        if row < height and column < width:
            grid[row][column] = value
        else:
            distant_cells.append((row, column, value))
    if len(distant_cells) > _MAX_DISTANT_CELLS or height * width > limits.cells:
        raise LimitExceededError
    rows = tuple(map(tuple, grid))
    return SheetData(name, rows, tuple(cells.merged_ranges), visible, tuple(distant_cells), cells.metadata)


def _grid_size(positions: Iterable[tuple[int, int]]) -> tuple[int, int]:
    height = width = 0
    for row, column in positions:
        height, width = max(height, row + 1), max(width, column + 1)
    return height, width


def convert_number_by_style(text: str, style_index: int, context: WorkbookContext) -> RawCellValue:
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


def _convert_serial_date(number: float, uses_date_system_1904: bool) -> RawCellValue:
    if number < 1:
        return (datetime.min + timedelta(milliseconds=round(number * _MILLISECONDS_PER_DAY))).time()
    if uses_date_system_1904:
        number += 1462
    elif number < 60:
        number += 1
    moment = datetime(1899, 12, 30) + timedelta(milliseconds=round(number * _MILLISECONDS_PER_DAY))
    return moment.date() if number == int(number) else moment


def _parse_index(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def parse_iso_date(text: str) -> RawCellValue:
    """Return "2021-03-31" or "2021-03-31T10:00:00" as a day or moment, anything else as it is."""
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return text or None


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

    def _cell_value(self, attributes: Mapping[str, str]) -> RawCellValue:
        kind, text = attributes.get("t", "n"), self._joined_text("v")
        if kind == "inlineStr":
            return decode_ooxml_escapes(self._joined_text("t") or text)
        if not text:
            lacks_value = "f" in self._texts_by_tag and kind != "str"
            return UncachedFormula("=" + self._joined_text("f")) if lacks_value else None
        return self._convert_by_type(kind, text, attributes.get("s", "0"))

    def _joined_text(self, tag: str) -> str:
        return "".join("".join(text_parts) for text_parts in self._texts_by_tag.get(tag, ()))

    def _convert_by_type(self, kind: str, text: str, style_index: str) -> RawCellValue:
        if kind == "s":
            return self._context.shared_strings[_parse_index(text)]
        if kind == "str":
            return decode_ooxml_escapes(text)
        if kind == "b":
            return text.strip() in ("1", "true")
        if kind == "e":
            return ErrorValue(text)
        return parse_iso_date(text.strip()) if kind == "d" else self._convert_number(text.strip(), style_index)

    def _convert_number(self, text: str, style_index: str) -> RawCellValue:
        """Return the number, or the very text where a cell that should hold a number holds words."""
        try:
            return convert_number_by_style(text, int(style_index), self._context)
        except ValueError:
            return text
