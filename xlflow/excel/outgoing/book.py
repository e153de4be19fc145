"""Workbooks in the making: safe text, checked calls, the house style.

Whatever came from a person goes out as text, number or date by its type, never as a formula or a link. A call
that XlsxWriter refuses becomes a fault at once instead of a hole in the sheet.
"""

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from xlsxwriter.format import Format

from xlflow.core.model import Cell
from xlflow.core.words import Language
from xlflow.excel.outgoing.raw import RawBook, RawSheet
from xlflow.excel.outgoing.style import COLOURS, FONT, STYLES

MAX_TEXT = 32_767
"""Characters that one cell can hold."""

MAX_PROPERTY = 255
"""Characters that one document property can hold."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML cannot hold. In cells XlsxWriter writes it coded; elsewhere it is left out."""


def fit_text(text: str, room: int) -> str:
    """Return a text of at most so many characters as Excel counts them (an emoji is two), cut with an ellipsis."""
    if len(text) * 2 <= room or len(text.encode("utf-16-le", "surrogatepass")) <= room * 2:
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: (room - 1) * 2].decode("utf-16-le", "ignore")
    return f"{cut}…"


class Book:
    """A workbook in the making, kept in memory until `to_bytes`. `made_on` is written as its date of creation,
    so that the same content gives the same bytes."""

    def __init__(self, title: str, language: Language, made_on: date, *, locked: bool = False):
        self._buffer = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": False,
        }
        self.raw = RawBook(self._buffer, options)
        self.raw.structure_locked = locked
        self.raw.set_size(2400, 1500)
        made_at = datetime.combine(made_on, time(12))
        self.raw.set_properties({"title": _UNPRINTABLE.sub("", title), "author": "xlflow", "created": made_at})
        self.raw.doc_properties["language"] = {"sv": "sv-SE", "en": "en-GB"}[language]
        self.raw.formats[0].set_font_name(FONT)
        self._styles: dict[tuple[str, tuple[tuple[str, Any], ...]], Format] = {}

    def style(self, name: str, **changes: Any) -> Format:
        """Return a house style, with the given XlsxWriter properties changed; made once per book."""
        key = (name, tuple(sorted(changes.items())))
        if key not in self._styles:
            base = {"font_name": FONT, "font_size": 11, "font_color": COLOURS["ink"]}
            self._styles[key] = self.raw.add_format({**base, **STYLES[name], **changes})
        return self._styles[key]

    def add_sheet(self, name: str) -> "Sheet":
        """Add a sheet; names are at most 31 characters and without []:*?/\\ (ValueError otherwise)."""
        return Sheet(self, self.raw.add_worksheet(name, RawSheet))

    def make_chart(self, kind: str, subtype: str) -> Any:
        """Return one of XlsxWriter's charts, to be filled and then placed on a sheet."""
        return self.raw.add_chart({"type": kind, "subtype": subtype})

    def set_property(self, name: str, text: str) -> None:
        """Set a custom document property (text, at most 255 characters; ValueError otherwise)."""
        if fit_text(text, MAX_PROPERTY) != text:
            raise ValueError(f"{name} is too long for a document property")
        _must(self.raw.set_custom_property(name, _UNPRINTABLE.sub("", text), "text"))

    def define_name(self, name: str, formula: str) -> None:
        """Define a name for the whole workbook, as in `=Sheet!$A$1:$A$9`."""
        _must(self.raw.define_name(name, formula))

    def to_bytes(self) -> bytes:
        """Close the workbook and return the finished file."""
        self.raw.close()
        return self._buffer.getvalue()


class Sheet:
    """A sheet in the making. Rows and columns count from 0. `raw` is XlsxWriter's own, for set-up calls."""

    def __init__(self, book: Book, raw: RawSheet):
        self.book = book
        self.raw = raw

    def write(self, row: int, column: int, value: Cell, style: Format | None = None) -> None:
        """Write one value by its type. Text stays text; what looks like a formula is marked as text."""
        raw = self.raw
        if value is None or value == "":
            _must(raw.write_blank(row, column, None, style))
        elif isinstance(value, str):
            _must(raw.write_string(row, column, value, self._quoted(value, style)))
        elif isinstance(value, bool):
            _must(raw.write_boolean(row, column, value, style))
        elif isinstance(value, date):
            _must(raw.write_datetime(row, column, datetime.combine(value, time()), style))
        else:
            _must(raw.write_number(row, column, value, style))

    def write_row(self, row: int, values: Iterable[Cell], styles: Sequence[Format | None]) -> None:
        """Write one row from column 0 on, each cell in its style."""
        for column, (value, style) in enumerate(zip(values, styles, strict=True)):
            self.write(row, column, value, style)

    def write_formula(self, row: int, column: int, formula: str, value: Cell, style: Format | None = None) -> None:
        """Write a formula of ours with the value that it has; never call this with anything that came in."""
        _must(self.raw.write_formula(row, column, formula, style, "" if value is None else value))

    def write_array_formula(
        self, row: int, column: int, formula: str, value: Cell, style: Format | None = None
    ) -> None:
        """Like `write_formula`, for one of ours that works on whole columns at once ({=…} in Excel)."""
        _must(self.raw.write_array_formula(row, column, row, column, formula, style, value))

    def link(self, row: int, column: int, place: str, text: str, style: Format | None = None) -> None:
        """Write a link to a place in this workbook ("internal:'Svar'!A5") with our own text."""
        _must(self.raw.write_url(row, column, place, style or self.book.style("link"), text))

    def validate(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a data validation on (first row, first column, last row, last column)."""
        _must(self.raw.data_validation(*area, options))

    def format_if(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a conditional format on (first row, first column, last row, last column)."""
        _must(self.raw.conditional_format(*area, options))

    def add_table(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Make an Excel table of (first row, first column, last row, last column)."""
        _must(self.raw.add_table(*area, options))

    def place_chart(self, row: int, column: int, chart: Any, options: dict[str, Any]) -> None:
        """Put a chart made by `Book.make_chart` with its upper left corner on a cell."""
        _must(self.raw.insert_chart(row, column, chart, options))

    def set_widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the columns from 0 on, in characters."""
        for column, width in enumerate(widths):
            _must(self.raw.set_column(column, column, width))

    def set_height(self, row: int, height: float, *, grows: bool = False) -> None:
        """Set the height of a row, in points; a row that grows gets higher when somebody writes more into it."""
        _must(self.raw.set_row(row, height))
        if grows:
            self.raw.growing.add(row)

    def protect(self, *, filtering: bool) -> None:
        """Lock what is not unlocked, without a password; widths and heights may be changed, and rows filtered."""
        self.raw.protect("", {"autofilter": filtering, "format_columns": True, "format_rows": True})

    def set_page(
        self,
        *,
        repeat: int | None = None,
        columns: int | None = None,
        footer: str = "&P (&N)",
        portrait: bool = False,
    ) -> None:
        """Set up A4, one page wide; row `repeat` is repeated on every page, `columns` columns are printed."""
        raw = self.raw
        if not portrait:
            raw.set_landscape()
        raw.set_paper(9)
        raw.fit_to_pages(1, 0)
        raw.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        raw.set_footer(f"&L&A&R{footer}")
        if repeat is not None:
            raw.repeat_rows(repeat)
        if columns is not None:
            _must(raw.print_area(0, 0, raw.dim_rowmax or 0, columns - 1))

    def _quoted(self, value: str, style: Format | None) -> Format | None:
        if value[0] not in "=+-@\t\r":
            return style
        return self.book.raw.quoted_twin(style)


def _must(answer: object) -> None:
    """Fail at once where XlsxWriter says that it did not write; it would only warn otherwise."""
    if answer not in (0, None):
        raise ValueError(f"XlsxWriter refused a call (code {answer})")
