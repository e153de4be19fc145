"""Reads an .ods cell by cell with expat: what is repeated a million times and empty costs nothing, errors show.

The fast reader would show error cells as blanks and lay out every repeated row.
"""

import re
import time
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from xml.parsers import expat

from xlflow.excel.incoming.book import ErrorValue, Limits, Raw, Sheet
from xlflow.excel.incoming.cells import Cells, TooMuch, lay_out, read_iso
from xlflow.excel.incoming.links import leads_out

_SPAN = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?")
_SAID = ("dc:creator", "text:p")
"""What counts of a note on a cell, or of a box of text over it: who wrote it, and each of its paragraphs."""

_MANY = 10_000
_NUMBERS = {"float", "percentage", "currency"}
_WHITE = {"text:tab": "\t", "text:line-break": "\n"}
_BLANK = {**_WHITE, "text:s": " "}
_UNSEEN = {"collapse", "filter"}


def read_opendocument(
    content: bytes, limits: Limits, pages: Mapping[str, tuple[str, ...]] = MappingProxyType({})
) -> tuple[Sheet, ...]:
    """Return all sheets of a `content.xml`; `pages` are the texts around each kind of page. Raises ExpatError,
    ValueError or TooMuch if it cannot be read."""
    gatherer = _Gatherer(limits, pages)
    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, 1 << 20
    parser.StartElementHandler = gatherer.start
    parser.EndElementHandler = gatherer.end
    parser.CharacterDataHandler = gatherer.text
    parser.Parse(content, True)
    return tuple(gatherer.sheets)


class _Gatherer:
    """Takes the events of the document's markup and keeps the cells, sheet by sheet."""

    def __init__(self, limits: Limits, pages: Mapping[str, tuple[str, ...]]):
        self.sheets: list[Sheet] = []
        self._pages, self._printed = pages, dict[str, str]()
        self._limits = limits
        self._ends = time.monotonic() + limits.seconds
        self._hidden: set[str] = set()
        self._style = self._name = ""
        self._visible = True
        self._cells = Cells(tells=False)
        self._row = self._column = self._rows = 0
        self._line: list[tuple[int, int, Raw]] = []
        self._cell: dict[str, str] | None = None
        self._texts: list[str] = []
        self._depth = self._aside = 0
        self._remark: dict[str, list[str]] = {}
        self._within = ""
        self._starts = {
            "style:style": self._start_style,
            "style:table-properties": self._start_properties,
            "table:table": self._start_table,
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
            "table:covered-table-cell": self._start_cell,
        }
        self._ends_of = {
            "table:table": self._end_table,
            "table:table-row": self._end_row,
            "table:table-cell": self._end_cell,
            "table:covered-table-cell": self._end_cell,
        }

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "office:annotation" or name.startswith("draw:") or self._aside:
            self._aside += 1
            if name in _SAID:
                self._within = name
                self._remark.setdefault(name, []).append("")
            elif self._within and name in _BLANK:
                self._remark[self._within][-1] += _BLANK[name]
        elif self._cell is not None:
            self._start_text(name, attributes)
        elif name in self._starts:
            self._starts[name](attributes)

    def text(self, data: str) -> None:
        if self._aside and self._within:
            self._remark[self._within][-1] += data
        elif self._depth and not self._aside:
            self._texts[-1] += data

    def end(self, name: str) -> None:
        if self._aside:
            self._aside -= 1
            self._within = "" if name == self._within else self._within
            if not self._aside:
                self._end_remark()
        elif name == "text:p" and self._cell is not None:
            self._depth -= 1
        elif name in self._ends_of:
            self._ends_of[name]()

    def _start_text(self, name: str, attributes: dict[str, str]) -> None:
        if name == "text:p":
            self._depth += 1
            self._texts.append("")
        elif self._depth and name == "text:a" and leads_out(attributes.get("xlink:href", "")):
            self._cells.links.append((self._row, self._column, "", attributes["xlink:href"]))
        elif self._depth and name == "text:s":
            self._texts[-1] += " " * min(int(attributes.get("text:c", "1")), 32_767)
        elif self._depth:
            self._texts[-1] += _WHITE.get(name, "")

    def _end_remark(self) -> None:
        author, text = ("\n".join(self._remark.get(tag, ())) for tag in _SAID)
        if text.strip():
            self._cells.remarks.append((self._row, self._column, author, text))
        self._remark = {}

    def _start_style(self, attributes: dict[str, str]) -> None:
        self._style = attributes.get("style:name", "")
        self._printed[self._style] = attributes.get("style:master-page-name", "")

    def _start_properties(self, attributes: dict[str, str]) -> None:
        if attributes.get("table:display") == "false":
            self._hidden.add(self._style)

    def _start_table(self, attributes: dict[str, str]) -> None:
        self._name = attributes.get("table:name", "")
        style = attributes.get("table:style-name", "")
        self._visible = style not in self._hidden
        self._cells, self._row, self._column = Cells(tells=False), 0, 0
        self._cells.margins += self._pages.get(self._printed.get(style, ""), ())

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._rows = _count(attributes, "table:number-rows-repeated")
        if attributes.get("table:visibility") in _UNSEEN and self._rows < _MANY:
            self._cells.hidden.update(range(self._row, self._row + self._rows))
        self._column, self._line = 0, []

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._cell, self._texts = attributes, []

    def _end_cell(self) -> None:
        cell = self._cell or {}
        wide = _count(cell, "table:number-columns-repeated")
        value = _value_of(cell, "\n".join(self._texts))
        if value is not None and value != "":
            self._line.append((self._column, wide, value))
        if "table:formula" in cell:
            self._cells.formulas.add((self._row, self._column))
        high, across = _count(cell, "table:number-rows-spanned"), _count(cell, "table:number-columns-spanned")
        if high > 1 or across > 1:
            self._cells.merged.append((self._row, self._column, self._row + high - 1, self._column + across - 1))
        self._column += wide
        self._cell = None

    def _end_row(self) -> None:
        values, more = self._cells.values, self._rows * sum(wide for _, wide, _ in self._line)
        if len(values) + more > self._limits.cells or time.monotonic() > self._ends:
            raise TooMuch
        for first, wide, value in self._line:
            for row in range(self._row, self._row + self._rows):
                values.update(((row, column), value) for column in range(first, first + wide))
        self._row += self._rows
        self._line = []

    def _end_table(self) -> None:
        self.sheets.append(lay_out(self._name, self._cells, self._limits, visible=self._visible))


def _count(attributes: dict[str, str], name: str) -> int:
    return min(max(int(attributes.get(name, "1")), 1), 1_048_576)


def _value_of(cell: dict[str, str], text: str) -> Raw:
    kind = cell.get("office:value-type")
    if cell.get("calcext:value-type") == "error":
        return ErrorValue(text or "#ERR")
    if kind in _NUMBERS:
        return float(cell["office:value"])
    if kind == "date":
        return read_iso(cell["office:date-value"])
    if kind == "time":
        return _read_span(cell["office:time-value"])
    if kind == "boolean":
        return _read_truth(cell["office:boolean-value"])
    return text or cell.get("office:string-value") or None


def _read_truth(text: str) -> Raw:
    """Return whether it is true; the number that LibreOffice writes there of a cell made to show any number so."""
    return text == "true" if text in ("true", "false") else float(text)


def _read_span(text: str) -> Raw:
    found = _SPAN.fullmatch(text)
    if found is None:
        return text
    days, hours, minutes = (int(part or 0) for part in found.groups()[1:4])
    seconds = float((found[5] or "0").replace(",", "."))
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if found[1] else span
