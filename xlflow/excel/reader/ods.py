"""Reads an .ods cell by cell: empty cells that are repeated a million times cost nothing, error cells are seen.

Calamine would show error cells as blanks and expand every repeated row. Rows and columns are counted from 0.
Element and attribute names are those of OpenDocument 1.3, with the prefixes that all programs use for them.
"""

import re
import time
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from xlflow.excel.cell_address import MAX_SHEET_COLUMNS, MAX_SHEET_ROWS
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader.cell_annotations import is_external_link
from xlflow.excel.reader.limits import (
    MAX_CELL_CHARACTERS,
    MAX_HIDDEN_ROW_REPEATS,
    MAX_REPEATED_BLANKS,
    Limits,
)
from xlflow.excel.reader.safe_xml import parse_with_handler
from xlflow.excel.reader.workbook_data import (
    ErrorValue,
    LimitExceededError,
    SheetCells,
    SheetData,
    build_sheet_data,
    parse_iso_date,
)
from xlflow.excel.reader.xlsx_styles import FormatKind, make_partial_date

_DURATION = re.compile(r"(-?)P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?")
_ANNOTATION_TAGS = ("dc:creator", "text:p")
"""What is read of a comment on a cell, or of a text box over it: who wrote it, and each of its paragraphs."""

_NUMBER_TYPES = {"float", "percentage", "currency"}
_WHITESPACE_TAGS = {"text:tab": "\t", "text:line-break": "\n"}
_ANNOTATION_WHITESPACE_TAGS = {**_WHITESPACE_TAGS, "text:s": " "}
_DAY_PARTS = {"number:day", "number:day-of-week", "number:hours", "number:minutes", "number:seconds"}
"""The parts of a date format that show a day, or a time of day."""

_HIDDEN_VISIBILITIES = {"collapse", "filter"}


def read_ods(
    content: bytes,
    limits: Limits,
    header_footer_by_page: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    styles: bytes = b"",
) -> tuple[SheetData, ...]:
    """Return all sheets of a `content.xml`, hidden ones too. `header_footer_by_page` is page style name -> texts
    (see `read_ods_header_footer`); `styles` is the `styles.xml`, which has the styles that cells share.

    Raises ExpatError, KeyError or ValueError if it is broken, LimitExceededError if it has too many cells or
    takes too long.
    """
    handler = _OdsHandler(limits, header_footer_by_page)
    if styles:
        parse_with_handler(styles, handler)
    parse_with_handler(content, handler)
    return tuple(handler.sheets)


class _OdsHandler:
    """Builds `sheets` from the events of a `content.xml`, one sheet at a time.

    `_cell_attributes` is None outside cells; `_annotation_depth` counts the open elements of a comment or shape,
    whose text is no text of the cell; `_row_cells` are (column, repeats, value) of the current row. What is struck
    out in a cell is in `_struck`, what is not in `_remaining`, paragraph by paragraph; `_strike_states` says of
    the cell and each open span in it whether it strikes out.
    """

    def __init__(self, limits: Limits, header_footer_by_page: Mapping[str, tuple[str, ...]]):
        self.sheets: list[SheetData] = []
        self._header_footer_by_page, self._page_by_style = header_footer_by_page, dict[str, str]()
        self._limits = limits
        self._stop_time = time.monotonic() + limits.seconds
        self._hidden_styles: set[str] = set()
        self._current_style = self._sheet_name = ""
        self._visible = True
        self._cells = SheetCells(reports_validation=False)
        self._row = self._column = self._row_repeats = 0
        self._row_cells: list[tuple[int, int, RawCell]] = []
        self._cell_attributes: dict[str, str] | None = None
        self._paragraphs: list[str] = []
        self._remaining: list[str] = []
        self._struck = self._cell_style = self._date_style = ""
        self._strike_states = [False]
        self._row_struck_texts: list[tuple[int, int, str, str]] = []
        self._strikes_by_style, self._date_style_by_style = dict[str, bool](), dict[str, str]()
        self._parts_by_date_style, self._style_by_column = dict[str, set[str]](), dict[int, str]()
        self._paragraph_depth = self._annotation_depth = self._characters = 0
        self._annotation_texts: dict[str, list[str]] = {}
        self._annotation_tag = ""
        self._start_handlers = {
            "style:style": self._start_style,
            "style:default-style": self._start_unnamed_style,
            "style:text-properties": self._start_text_properties,
            "style:table-properties": self._start_table_properties,
            "number:date-style": self._start_date_style,
            "table:table-column": self._start_column,
            "table:table": self._start_table,
            "table:table-row": self._start_row,
            "table:table-cell": self._start_cell,
            "table:covered-table-cell": self._start_cell,
        }
        self._end_handlers = {
            "table:table": self._end_table,
            "table:table-row": self._end_row,
            "table:table-cell": self._end_cell,
            "table:covered-table-cell": self._end_cell,
        }

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "office:annotation" or name.startswith("draw:") or self._annotation_depth:
            self._annotation_depth += 1
            if name in _ANNOTATION_TAGS:
                self._annotation_tag = name
                self._annotation_texts.setdefault(name, []).append("")
                self._count_characters(name)
            elif self._annotation_tag and name in _ANNOTATION_WHITESPACE_TAGS:
                self._count_characters(" ")
                self._annotation_texts[self._annotation_tag][-1] += _ANNOTATION_WHITESPACE_TAGS[name]
        elif self._cell_attributes is not None:
            self._start_text_element(name, attributes)
        elif name.startswith("number:") and name != "number:date-style":
            self._date_style = "" if name.endswith("-style") else self._date_style
            self._parts_by_date_style.setdefault(self._date_style, set()).add(name)
        elif name in self._start_handlers:
            self._start_handlers[name](attributes)

    def add_text(self, data: str) -> None:
        if self._annotation_depth and self._annotation_tag:
            self._annotation_texts[self._annotation_tag][-1] += data
            self._count_characters(data)
        elif self._paragraph_depth and not self._annotation_depth:
            self._add_cell_text(data)

    def end_element(self, name: str) -> None:
        if self._annotation_depth:
            self._annotation_depth -= 1
            self._annotation_tag = "" if name == self._annotation_tag else self._annotation_tag
            if not self._annotation_depth:
                self._end_annotation()
        elif name == "text:p" and self._cell_attributes is not None:
            self._paragraph_depth -= 1
        elif name == "text:span" and len(self._strike_states) > 1:
            self._strike_states.pop()
        elif name in self._end_handlers:
            self._end_handlers[name]()

    def _start_text_element(self, name: str, attributes: dict[str, str]) -> None:
        if name == "text:p":
            self._paragraph_depth += 1
            self._paragraphs.append("")
            self._remaining.append("")
        elif name == "text:span":
            self._strike_states.append(self._strikes_out(attributes.get("text:style-name", "")))
        elif self._paragraph_depth and name == "text:a" and is_external_link(attributes.get("xlink:href", "")):
            self._cells.links.append((self._row, self._column, "", attributes["xlink:href"]))
        elif self._paragraph_depth and name == "text:s":
            self._add_cell_text(" " * min(int(attributes.get("text:c", "1")), MAX_REPEATED_BLANKS))
        elif self._paragraph_depth:
            self._add_cell_text(_WHITESPACE_TAGS.get(name, ""))

    def _count_characters(self, text: str) -> None:
        """Stop at a cell with more text than anybody writes, since texts are put together piece by piece."""
        self._characters += len(text)
        if self._characters > MAX_CELL_CHARACTERS:
            raise LimitExceededError("reader-too-large")

    def _add_cell_text(self, text: str) -> None:
        self._count_characters(text)
        self._paragraphs[-1] += text
        if self._strike_states[-1]:
            self._struck += text
        else:
            self._remaining[-1] += text

    def _strikes_out(self, style: str) -> bool:
        """Return whether a style strikes text out; one that says nothing of it does as what is around it."""
        return self._strikes_by_style.get(style, self._strike_states[-1])

    def _end_annotation(self) -> None:
        author, text = ("\n".join(self._annotation_texts.get(tag, ())) for tag in _ANNOTATION_TAGS)
        if text.strip():
            self._cells.annotations.append((self._row, self._column, author, text))
        self._annotation_texts = {}

    def _start_style(self, attributes: dict[str, str]) -> None:
        self._current_style = attributes.get("style:name", "")
        self._page_by_style[self._current_style] = attributes.get("style:master-page-name", "")
        self._date_style_by_style[self._current_style] = attributes.get("style:data-style-name", "")
        parent = attributes.get("style:parent-style-name", "")
        if parent in self._strikes_by_style:
            self._strikes_by_style[self._current_style] = self._strikes_by_style[parent]

    def _start_unnamed_style(self, _attributes: dict[str, str]) -> None:
        self._current_style = ""

    def _start_date_style(self, attributes: dict[str, str]) -> None:
        self._current_style, self._date_style = "", attributes.get("style:name", "")

    def _start_text_properties(self, attributes: dict[str, str]) -> None:
        line = attributes.get("style:text-line-through-style") or attributes.get("style:text-line-through-type")
        if line and self._current_style:
            self._strikes_by_style[self._current_style] = line != "none"

    def _start_column(self, attributes: dict[str, str]) -> None:
        repeats = _read_count(attributes, "table:number-columns-repeated")
        columns = range(self._column, min(self._column + repeats, MAX_SHEET_COLUMNS))
        self._column += repeats
        if attributes.get("table:visibility") in _HIDDEN_VISIBILITIES:
            self._cells.hidden_columns.update(columns)
        style = attributes.get("table:default-cell-style-name", "")
        if self._strikes_by_style.get(style) or self._shows_no_day(style):
            self._style_by_column.update(dict.fromkeys(columns, style))

    def _shows_no_day(self, style: str) -> FormatKind | None:
        """Return "month" or "year" if a cell style shows no more of a date, else None."""
        parts = self._parts_by_date_style.get(self._date_style_by_style.get(style) or "-", set())
        if not parts or parts & _DAY_PARTS:
            return None
        return "month" if "number:month" in parts else "year" if "number:year" in parts else None

    def _start_table_properties(self, attributes: dict[str, str]) -> None:
        if attributes.get("table:display") == "false":
            self._hidden_styles.add(self._current_style)

    def _start_table(self, attributes: dict[str, str]) -> None:
        self._sheet_name = attributes.get("table:name", "")
        style = attributes.get("table:style-name", "")
        self._visible, self._style_by_column = style not in self._hidden_styles, {}
        self._cells, self._row, self._column = SheetCells(reports_validation=False), 0, 0
        self._cells.header_footer += self._header_footer_by_page.get(self._page_by_style.get(style, ""), ())

    def _start_row(self, attributes: dict[str, str]) -> None:
        self._row_repeats = _read_count(attributes, "table:number-rows-repeated")
        if (
            attributes.get("table:visibility") in _HIDDEN_VISIBILITIES
            and self._row_repeats < MAX_HIDDEN_ROW_REPEATS
        ):
            self._cells.hidden_rows.update(range(self._row, self._row + self._row_repeats))
        self._column, self._row_cells, self._row_struck_texts = 0, [], []

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._cell_attributes, self._paragraphs, self._remaining, self._struck = attributes, [], [], ""
        self._characters = 0
        self._cell_style = attributes.get("table:style-name") or self._style_by_column.get(self._column, "")
        self._strike_states = [self._strikes_by_style.get(self._cell_style, False)]

    def _end_cell(self) -> None:
        cell = self._cell_attributes or {}
        repeats = _read_count(cell, "table:number-columns-repeated")
        value = _cell_value(cell, "\n".join(self._paragraphs))
        kind = self._shows_no_day(self._cell_style) if isinstance(value, date) else None
        if kind and isinstance(value, date):
            value = make_partial_date(value, kind)
        if self._struck.strip():
            self._row_struck_texts.append((self._column, repeats, self._struck, "\n".join(self._remaining)))
        if value is not None and value != "":
            self._row_cells.append((self._column, repeats, value))
        if "table:formula" in cell:
            self._cells.formula_cells.add((self._row, self._column))
        row_span, column_span = (
            _read_count(cell, "table:number-rows-spanned"),
            _read_count(cell, "table:number-columns-spanned"),
        )
        if row_span > 1 or column_span > 1:
            self._cells.merged_ranges.append(
                (self._row, self._column, self._row + row_span - 1, self._column + column_span - 1)
            )
        self._column += repeats
        self._cell_attributes = None

    def _end_row(self) -> None:
        values, added_count = (
            self._cells.values,
            self._row_repeats * sum(repeats for _, repeats, _ in self._row_cells),
        )
        if len(values) + added_count > self._limits.cells or time.monotonic() > self._stop_time:
            raise LimitExceededError
        for first_column, repeats, value in self._row_cells:
            for row in range(self._row, self._row + self._row_repeats):
                values.update(((row, column), value) for column in range(first_column, first_column + repeats))
        for first_column, repeats, struck, remaining in self._row_struck_texts:
            for row in range(self._row, self._row + self._row_repeats):
                for column in range(first_column, first_column + repeats):
                    self._cells.add_struck_out(row, column, struck, remaining)
        self._row += self._row_repeats
        self._row_cells = []

    def _end_table(self) -> None:
        self.sheets.append(build_sheet_data(self._sheet_name, self._cells, self._limits, visible=self._visible))


def _read_count(attributes: dict[str, str], name: str) -> int:
    """Return an attribute that counts rows or columns: at least 1, at most as many as a sheet has rows."""
    return min(max(int(attributes.get(name, "1")), 1), MAX_SHEET_ROWS)


def _cell_value(cell: dict[str, str], text: str) -> RawCell:
    """Return the value of a cell from its attributes; `text` is what it shows."""
    value_type = cell.get("office:value-type")
    if cell.get("calcext:value-type") == "error":
        return ErrorValue(text or "#ERR")
    if value_type in _NUMBER_TYPES:
        return float(cell["office:value"])
    if value_type == "date":
        return parse_iso_date(cell["office:date-value"])
    if value_type == "time":
        return _parse_duration(cell["office:time-value"])
    if value_type == "boolean":
        return _parse_boolean(cell["office:boolean-value"])
    return text or cell.get("office:string-value") or None


def _parse_boolean(text: str) -> RawCell:
    """Return True or False; or the number that LibreOffice writes there if a number is formatted as yes/no."""
    return text == "true" if text in ("true", "false") else float(text)


def _parse_duration(text: str) -> RawCell:
    """Return "PT36H00M00S" as a timedelta; the text itself if it is no such duration (ISO 8601)."""
    match = _DURATION.fullmatch(text)
    if match is None:
        return text
    days, hours, minutes = (int(part or 0) for part in match.groups()[1:4])
    seconds = float((match[5] or "0").replace(",", "."))
    duration = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -duration if match[1] else duration
