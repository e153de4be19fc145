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
    Area,
    ErrorValue,
    Evidence,
    Limits,
    Raw,
    Remark,
    Sheet,
    UncountedFormula,
    cell_position,
    read_areas,
    unescape,
)
from xlflow.excel.incoming.margins import MARGINS, list_margins

_DAY_MILLISECONDS = 86_400_000
_NEAR_ROWS, _NEAR_COLUMNS, _MOST_STRAY = 20_000, 100, 10_000
_ROOMY = 200_000
"""Cells that a sheet may span without a second look at whether they are mostly empty."""


class TooMuch(Exception):
    """The sheet holds more cells than the limit; or reading it took too long, as `code` says."""

    def __init__(self, code: str = "too-many-cells"):
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Context:
    """What the cells of a workbook refer to: shared texts, styles that show days or spans, the first day."""

    strings: tuple[str, ...] = ()
    days: frozenset[int] = frozenset()
    spans: frozenset[int] = frozenset()
    from_1904: bool = False


@dataclass(slots=True)
class Cells:
    """What one sheet holds: the cells that are not empty by (row, column), the merged areas, and what tells how
    the values came about; `guarded` only where `tells` says that the kind of file tells it."""

    values: dict[tuple[int, int], Raw] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    guarded: list[Area] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    remarks: list[Remark] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)
    links: list[Remark] = field(default_factory=list)
    tells: bool = True

    @property
    def evidence(self) -> Evidence:
        """What tells how the values came about."""
        guarded = tuple(self.guarded) if self.tells else None
        hidden, margins = frozenset(self.hidden), tuple(dict.fromkeys(self.margins))
        return Evidence(frozenset(self.formulas), guarded, hidden, tuple(self.remarks), margins, tuple(self.links))


def read_cells(part: bytes, context: Context, limits: Limits) -> Cells:
    """Return what a sheet holds. Raises ExpatError, ValueError (an address or index of nowhere) or TooMuch."""
    gatherer = _Gatherer(context, limits)
    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, 1 << 20
    parser.StartElementHandler = gatherer.start
    parser.EndElementHandler = gatherer.end
    parser.CharacterDataHandler = gatherer.text
    parser.Parse(part, True)
    return gatherer.cells


def lay_out(name: str, cells: Cells, limits: Limits, *, visible: bool) -> Sheet:
    """Lay the cells out from A1 on; those that would stretch the sheet over mostly nothing become stray."""
    values = cells.values
    height, width = _extent(values)
    if height * width > max(_ROOMY, 10 * len(values)):
        height, width = _extent(place for place in values if place[0] < _NEAR_ROWS and place[1] < _NEAR_COLUMNS)
    grid: list[list[Raw]] = [[None] * width for _ in range(height)]
    stray = []
    for (row, column), value in sorted(values.items(), key=lambda item: item[0]):
        if row < height and column < width:
            grid[row][column] = value
        else:
            stray.append((row, column, value))
    if len(stray) > _MOST_STRAY or height * width > limits.cells:
        raise TooMuch
    rows = tuple(map(tuple, grid))
    return Sheet(name, rows, tuple(cells.merged), visible, tuple(stray), cells.evidence)


def _extent(places: Iterable[tuple[int, int]]) -> tuple[int, int]:
    height = width = 0
    for row, column in places:
        height, width = max(height, row + 1), max(width, column + 1)
    return height, width


def read_number(text: str, style: int, context: Context) -> Raw:
    """Return a number as what its style shows: a day, a time of day, a span of time, or the number."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    try:
        if style in context.spans:
            return timedelta(milliseconds=round(number * _DAY_MILLISECONDS))
        return _read_day(number, context.from_1904) if style in context.days and number >= 0 else number
    except OverflowError:
        return number


def _read_day(number: float, from_1904: bool) -> Raw:
    if number < 1:
        return (datetime.min + timedelta(milliseconds=round(number * _DAY_MILLISECONDS))).time()
    if from_1904:
        number += 1462
    elif number < 60:
        number += 1
    moment = datetime(1899, 12, 30) + timedelta(milliseconds=round(number * _DAY_MILLISECONDS))
    return moment.date() if number == int(number) else moment


def _read_index(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def read_iso(text: str) -> Raw:
    """Return "2021-03-31" or "2021-03-31T10:00:00" as a day or moment, anything else as it is."""
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return text or None


class _Gatherer:
    """Takes the events of one sheet's markup and keeps the cells."""

    def __init__(self, context: Context, limits: Limits):
        self.cells = Cells()
        self._context, self._limits = context, limits
        self._ends = time.monotonic() + limits.seconds
        self._row = self._column = -1
        self._cell: Mapping[str, str] | None = None
        self._found: dict[str, list[list[str]]] = {}
        self._into: str | None = None
        self._kept = False
        self._aside = 0
        self._guard = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
            if attributes.get("hidden") in ("1", "true"):
                self.cells.hidden.add(self._row)
        elif tag == "mergeCell":
            first, _, last = attributes.get("ref", "").replace("$", "").partition(":")
            self.cells.merged.append((*cell_position(first), *cell_position(last or first)))
        elif tag == "dataValidation":
            self._guard = True
            self.cells.guarded += read_areas(attributes.get("sqref", ""))
        elif (tag == "sqref" and self._guard) or tag in MARGINS:
            self._into, self._found = tag, {tag: [[]]}
        elif tag == "rPh":
            self._aside += 1
        elif self._cell is not None and tag in ("v", "f", "t") and not self._aside:
            self._into, self._kept = tag, attributes.get("xml:space") == "preserve"
            self._found.setdefault(tag, []).append([])

    def text(self, data: str) -> None:
        if self._into:
            self._found[self._into][-1].append(data)

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "rPh":
            self._aside -= 1
        elif tag == self._into:
            if tag == "t" and not self._kept:
                self._found["t"][-1] = ["".join(self._found["t"][-1]).strip()]
            elif tag == "sqref":
                self.cells.guarded += read_areas(self._text_of(tag))
            elif tag in MARGINS:
                self.cells.margins += list_margins([unescape(self._text_of(tag))])
            self._into = None
        elif tag == "dataValidation":
            self._guard = False
        elif tag == "c" and self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None

    def _start_cell(self, attributes: dict[str, str]) -> None:
        if time.monotonic() > self._ends:
            raise TooMuch("reader-too-slow")
        if "r" in attributes:
            self._row, self._column = cell_position(attributes["r"].replace("$", ""))
        else:
            self._column += 1
        self._cell, self._found = attributes, {}

    def _end_cell(self, attributes: Mapping[str, str]) -> None:
        value = self._value_of(attributes)
        if "f" in self._found:
            self.cells.formulas.add((self._row, self._column))
        if value is None or value == "":
            return
        self.cells.values[self._row, self._column] = value
        if len(self.cells.values) > self._limits.cells:
            raise TooMuch

    def _value_of(self, attributes: Mapping[str, str]) -> Raw:
        kind, text = attributes.get("t", "n"), self._text_of("v")
        if kind == "inlineStr":
            return unescape(self._text_of("t") or text)
        if not text:
            uncounted = "f" in self._found and kind != "str"
            return UncountedFormula("=" + self._text_of("f")) if uncounted else None
        return self._typed(kind, text, attributes.get("s", "0"))

    def _text_of(self, tag: str) -> str:
        return "".join("".join(pieces) for pieces in self._found.get(tag, ()))

    def _typed(self, kind: str, text: str, style: str) -> Raw:
        if kind == "s":
            return self._context.strings[_read_index(text)]
        if kind == "str":
            return unescape(text)
        if kind == "b":
            return text.strip() in ("1", "true")
        if kind == "e":
            return ErrorValue(text)
        return read_iso(text.strip()) if kind == "d" else self._number_of(text.strip(), style)

    def _number_of(self, text: str, style: str) -> Raw:
        """Return the number, or the very text where a cell that should hold a number holds words."""
        try:
            return read_number(text, int(style), self._context)
        except ValueError:
            return text
