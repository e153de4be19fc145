"""Workbooks in the making: safe text, checked calls, the house style.

Whatever came from a person goes out as text, number or date by its type, never as a formula or a link. A call
that XlsxWriter refuses becomes a fault at once instead of a hole in the sheet. A text that is longer than a cell
is never cut: it goes on on a sheet of its own.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from xlsxwriter.format import Format

from xlflow.core.layout import PIECE, column_letters, continued_mark, continued_sheet
from xlflow.core.model import Cell
from xlflow.core.text import count_units, cut_units
from xlflow.core.words import Language, say
from xlflow.excel.outgoing.bulk import LaidRow
from xlflow.excel.outgoing.letters import code_illegal, code_letters, drop_illegal
from xlflow.excel.outgoing.raw import MOST_HEADER, RawBook, RawSheet
from xlflow.excel.outgoing.style import COLOURS, FONT, STYLES

MAX_TEXT = 32_767
"""Characters that one cell can hold, as Excel counts them."""

MAX_PROPERTY = 255
"""Characters that one document property can hold."""

FIRST_DAY = date(1900, 1, 1)
"""The first day that Excel knows; earlier ones go out as text."""


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
        self.raw.set_properties({"title": drop_illegal(title), "author": "xlflow", "created": made_at})
        self.raw.doc_properties["language"] = {"sv": "sv-SE", "en": "en-GB"}[language]
        self.raw.formats[0].set_font_name(FONT)
        self._language: Language = language
        self._styles: dict[tuple[str, tuple[tuple[str, Any], ...]], Format] = {}
        self._continued: list[tuple[str, str, str]] = []

    def style(self, name: str, **changes: Any) -> Format:
        """Return a house style, with the given XlsxWriter properties changed; made once per book."""
        key = (name, tuple(sorted(changes.items())))
        if key not in self._styles:
            base = {"font_name": FONT, "font_size": 11, "font_color": COLOURS["ink"]}
            self._styles[key] = self.raw.add_format({**base, **STYLES[name], **changes})
        return self._styles[key]

    def make_look(self, **changes: Any) -> Format:
        """Return what a conditional format changes of a cell's style, by XlsxWriter's properties."""
        return self.raw.add_format(changes)

    def add_sheet(self, name: str) -> "Sheet":
        """Add a sheet; names are at most 31 characters and without []:*?/\\ (ValueError otherwise)."""
        return Sheet(self, self.raw.add_worksheet(name, RawSheet))

    def make_chart(self, kind: str, subtype: str) -> Any:
        """Return one of XlsxWriter's charts, to be filled and then placed on a sheet."""
        return self.raw.make_chart(kind, subtype)

    def set_property(self, name: str, text: str) -> None:
        """Set a custom document property (text, at most 255 characters; ValueError otherwise)."""
        if fit_text(text, MAX_PROPERTY) != text:
            raise ValueError(f"{name} is too long for a document property")
        _must(self.raw.set_custom_property(name, drop_illegal(text), "text"))

    def define_name(self, name: str, formula: str) -> None:
        """Define a name for the whole workbook, as in `=Sheet!$A$1:$A$9`."""
        _must(self.raw.define_name(name, formula))

    def to_bytes(self) -> bytes:
        """Close the workbook and return the finished file."""
        if self._continued:
            self._add_continued_sheet()
        self.raw.close()
        return self._buffer.getvalue()

    def continue_text(self, text: str, sheet: str, cell: str) -> str:
        """Return what a cell holds of a text that is too long for it; the rest goes on, word for word, on a sheet
        of its own, under the number that the cell ends with."""
        first = next(cut_units(text, PIECE))
        self._continued.append((sheet, cell, text[len(first) :]))
        return first + continued_mark(len(self._continued), self._language)

    def _add_continued_sheet(self) -> None:
        sheet = self.add_sheet(continued_sheet().say(self._language))
        headings = [say(f"continued.{key}", self._language) for key in ("number", "sheet", "cell", "text")]
        sheet.set_widths([8, 18, 10, 100])
        sheet.write_row(0, headings, [self.style("heading")] * len(headings))
        rows = (
            (number, name, cell, piece)
            for number, (name, cell, text) in enumerate(self._continued, 1)
            for piece in cut_units(text, PIECE)
        )
        for row, cells in enumerate(rows, 1):
            sheet.write_row(row, cells, [self.style("integer"), *[self.style("cell")] * 3])
        sheet.freeze(1, 0)
        sheet.set_page(repeat=0)


class Sheet:
    """A sheet in the making. Rows and columns count from 0. `raw` is XlsxWriter's own, for set-up calls."""

    def __init__(self, book: Book, raw: RawSheet):
        self.book = book
        self.raw = raw

    @property
    def name(self) -> str:
        """What stands on the sheet's tab."""
        return str(self.raw.get_name())

    def write(self, row: int, column: int, value: Cell, style: Format | None = None) -> None:
        """Write one value by its type. Text stays text; what looks like a formula is marked as text."""
        raw = self.raw
        if value is None or value == "":
            _must(raw.write_blank(row, column, None, style))
        elif isinstance(value, str):
            text = self._whole_or_begun(row, column, value)
            _must(raw.write_string(row, column, text, self._quoted(text, style)))
        elif isinstance(value, bool):
            _must(raw.write_boolean(row, column, value, style))
        elif isinstance(value, date) and value < FIRST_DAY:
            _must(raw.write_string(row, column, value.isoformat(), style))
        elif isinstance(value, date):
            _must(raw.write_datetime(row, column, datetime.combine(value, time()), style))
        else:
            _must(raw.write_number(row, column, value, style))

    def write_row(self, row: int, values: Iterable[Cell], styles: Sequence[Format | None]) -> None:
        """Write one row from column 0 on, each cell in its style."""
        for column, (value, style) in enumerate(zip(values, styles, strict=True)):
            self.write(row, column, value, style)

    def lay_row(self, row: int, values: Sequence[Cell], styles: Sequence[Format]) -> None:
        """Write one row from column 0 on as `write_row` does, much faster; nothing else may be written into it."""
        if any(isinstance(value, str) and len(value) > MAX_TEXT // 2 for value in values):
            values = [
                self._whole_or_begun(row, column, value) if isinstance(value, str) else value
                for column, value in enumerate(values)
            ]
        if any(isinstance(value, date) and value < FIRST_DAY for value in values):
            values = [one.isoformat() if isinstance(one, date) and one < FIRST_DAY else one for one in values]
        _must(self.raw.lay_row(row, LaidRow(values, styles)))

    def write_formula(self, row: int, column: int, formula: str, value: Cell, style: Format | None = None) -> None:
        """Write a formula of ours with the value that it has; never call this with anything that came in."""
        _must(self.raw.write_formula(row, column, code_illegal(formula), style, _cached(value)))

    def write_array_formula(
        self, row: int, column: int, formula: str, value: Cell, style: Format | None = None
    ) -> None:
        """Like `write_formula`, for one of ours that works on whole columns at once ({=…} in Excel)."""
        area = (row, column, row, column)
        _must(self.raw.write_array_formula(*area, code_illegal(formula), style, _cached(value)))

    def link(self, row: int, column: int, place: str, text: str, style: Format | None = None) -> None:
        """Write a link to a place in this workbook ("internal:'Svar'!A5") with our own text."""
        _must(self.raw.write_url(row, column, place, style or self.book.style("link"), text))

    def note(self, row: int, column: int, text: str, author: str, size: tuple[int, int]) -> None:
        """Put a note on a cell, shown when somebody points at it; `size` in pixels."""
        width, height = size
        look = {"width": width, "height": height, "font_name": FONT, "font_size": 10, "color": COLOURS["ask"]}
        kept = fit_text(drop_illegal(text), MAX_TEXT)
        _must(self.raw.write_comment(row, column, kept, {"author": author, "visible": False, **look}))

    def validate(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a data validation on (first row, first column, last row, last column)."""
        _must(self.raw.data_validation(*area, _clean(options)))

    def format_if(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a conditional format on (first row, first column, last row, last column)."""
        _must(self.raw.conditional_format(*area, _clean(options)))

    def add_table(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Make an Excel table of (first row, first column, last row, last column)."""
        _must(self.raw.add_table(*area, options))
        for column in self.raw.tables[-1]["columns"]:
            column["name"] = code_letters(column["name"])

    def place_chart(self, row: int, column: int, chart: Any, options: dict[str, Any]) -> None:
        """Put a chart made by `Book.make_chart` with its upper left corner on a cell."""
        _must(self.raw.insert_chart(row, column, chart, _clean(options)))

    def set_widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the columns from 0 on, in characters."""
        for column, width in enumerate(widths):
            _must(self.raw.set_column(column, column, width))

    def set_height(self, row: int, height: float, *, grows: bool = False) -> None:
        """Set the height of a row, in points; a row that grows gets higher when somebody writes more into it."""
        _must(self.raw.set_row(row, height))
        if grows:
            self.raw.growing.add(row)

    def hide_row(self, row: int) -> None:
        """Hide a row; whoever wants to see it may show it again."""
        _must(self.raw.set_row(row, None, None, {"hidden": True}))

    def freeze(self, row: int, column: int) -> None:
        """Keep what stands above a row and to the left of a column in view."""
        self.raw.freeze_panes(row, column)

    def add_filter(self, area: tuple[int, int, int, int]) -> None:
        """Put filter buttons on the first row of (first row, first column, last row, last column)."""
        _must(self.raw.autofilter(*area))

    def accept_oddities(self, kinds: Mapping[str, str]) -> None:
        """Have Excel leave out its green corners: kind of oddity -> cells in which it is meant."""
        _must(self.raw.ignore_errors(dict(kinds)))

    def show_at(self, percent: int) -> None:
        """Set at what size the sheet is shown, 10 to 400 percent."""
        _must(0 if 10 <= percent <= 400 else percent)
        self.raw.set_zoom(percent)

    def select(self, row: int, column: int) -> None:
        """Put the cursor on a cell."""
        self.raw.set_selection(row, column, row, column)

    def hide_lines(self) -> None:
        """Show no lines between the cells, on the screen or on paper."""
        self.raw.hide_gridlines(2)

    def open_here(self) -> None:
        """Have the workbook open on this sheet."""
        self.raw.activate()

    def hide_deeply(self) -> None:
        """Hide the sheet so that Excel's menu does not offer to show it."""
        self.raw.very_hidden()

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
        one_page: bool = False,
    ) -> None:
        """Set up A4, one page wide; row `repeat` is repeated on every page, `columns` columns are printed."""
        raw = self.raw
        if not portrait:
            raw.set_landscape()
        raw.set_paper(9)
        raw.fit_to_pages(1, int(one_page))
        raw.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        _must(raw.print_around(raw.header, f"&L&A&R{footer}"))
        if repeat is not None:
            raw.repeat_rows(repeat)
        if columns is not None:
            _must(raw.print_area(0, 0, raw.dim_rowmax or 0, columns - 1))

    def set_header(self, left: str, right: str) -> None:
        """Set the two texts at the top of every printed page; longer ones than there is room for are cut."""
        _must(self.raw.print_around(f"&L{_fit_header(left)}&R{_fit_header(right)}", self.raw.footer))

    def _whole_or_begun(self, row: int, column: int, text: str) -> str:
        if len(text) <= MAX_TEXT // 2 or count_units(text) <= MAX_TEXT:
            return text
        return self.book.continue_text(text, self.name, f"{column_letters(column)}{row + 1}")

    def _quoted(self, value: str, style: Format | None) -> Format | None:
        if value[0] not in "=+-@\t\r":
            return style
        return self.book.raw.quoted_twin(style)


def _must(answer: object) -> None:
    """Fail at once where XlsxWriter says that it did not write; it would only warn otherwise."""
    if answer not in (0, None):
        raise ValueError(f"XlsxWriter refused a call (code {answer})")


def _cached(value: Cell) -> Cell:
    """Return what a formula came to as it is written beside it."""
    return code_letters(value) if isinstance(value, str) else "" if value is None else value


def _clean(options: dict[str, Any]) -> dict[str, Any]:
    return {key: drop_illegal(one) if isinstance(one, str) else one for key, one in options.items()}


def _fit_header(text: str) -> str:
    """Return a text for half of a printed header, where an ampersand takes two characters."""
    room = (MOST_HEADER - 4) // 2
    kept = fit_text(drop_illegal(" ".join(text.split())), room)
    while count_units(kept.replace("&", "&&")) > room:
        kept = fit_text(kept, count_units(kept) - 1)
    return kept.replace("&", "&&")
