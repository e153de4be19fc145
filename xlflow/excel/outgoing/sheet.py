"""One sheet in the making: what is written is typed, and every call is asked whether it was obeyed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from xlsxwriter.format import Format

from xlflow.core.layout import column_letters
from xlflow.core.model import Cell
from xlflow.core.text import count_units
from xlflow.excel.outgoing.bulk import FIRST_DAY, LaidRow, Look, Numbering, Written
from xlflow.excel.outgoing.formula import Formula, SharedFormula, cached_value, repeat_formula
from xlflow.excel.outgoing.letters import MAX_TEXT, code_illegal, code_letters, drop_illegal, fit_text
from xlflow.excel.outgoing.raw import MOST_HEADER, RawSheet, must, number_style
from xlflow.excel.outgoing.style import COLOURS, FONT
from xlflow.excel.outgoing.texts import FORMULA_SIGNS

if TYPE_CHECKING:
    from xlflow.excel.outgoing.book import Book


class Sheet:
    """A sheet in the making. Rows and columns count from 0. `raw` is XlsxWriter's own, called from here only."""

    def __init__(self, book: "Book", raw: RawSheet):
        self.book = book
        self.raw = raw

    @property
    def name(self) -> str:
        """What stands on the sheet's tab."""
        return str(self.raw.get_name())

    def write(self, row: int, column: int, value: Written, style: Format | None = None) -> None:
        """Write one value by its type. Text stays text; what looks like a formula is marked as text."""
        raw = self.raw
        number_style(style)
        if isinstance(value, Formula):
            self.write_formula(row, column, value.text, value.value, style)
        elif value is None or value == "":
            must(raw.write_blank(row, column, None, style))
        elif isinstance(value, str):
            text = self._whole_or_begun(row, column, value)
            must(raw.write_string(row, column, text, self._quoted(text, style)))
        elif isinstance(value, bool):
            must(raw.write_boolean(row, column, value, style))
        elif isinstance(value, date) and value < FIRST_DAY:
            must(raw.write_string(row, column, value.isoformat(), style))
        elif isinstance(value, date):
            must(raw.write_datetime(row, column, datetime.combine(value, time()), style))
        else:
            must(raw.write_number(row, column, value, style))

    def write_row(self, row: int, values: Iterable[Written], styles: Sequence[Format | None]) -> None:
        """Write one row from column 0 on, each cell in its style."""
        for style in styles:
            number_style(style)
        for column, (value, style) in enumerate(zip(values, styles, strict=True)):
            self.write(row, column, value, style)

    def lay_rows(self, first: int, rows: Iterable[LaidRow], look: Look, *, grows: bool = False) -> None:
        """Write rows below each other as `write_row` and `set_height` do, much faster and not kept in memory.

        Nothing else may be written into them. `look` tells the styles of a row from the kinds of its cells and
        from what else it was laid with; a row that grows gets higher when somebody writes more into it.
        """
        raw = self.book.raw
        number = Numbering(raw.str_table, Format._get_xf_index, raw.quoted_twin, self._whole_or_begun)
        must(self.raw.lay_rows(first, rows, look, number, grows=grows))

    def write_formula(self, row: int, column: int, formula: str, value: Cell, style: Format | None = None) -> None:
        """Write a formula of ours with the value that it has; never call this with anything that came in."""
        number_style(style)
        text = formula if isinstance(formula, SharedFormula) else code_illegal(formula)
        must(self.raw.write_formula(row, column, text, style, cached_value(value)))

    def write_formula_down(
        self, row: int, column: int, formula: str, values: Sequence[Cell], style: Format | None = None
    ) -> None:
        """Write one formula of ours down a column, from a row on, a cell for each of the values that it has there.

        It is given as it reads in the first cell and looks at its own sheet only; its relative addresses follow.
        """
        for place, formula_ in enumerate(self.share_formula(row, column, formula, values)):
            self.write(row + place, column, formula_, style)

    def share_formula(self, row: int, column: int, formula: str, values: Sequence[Cell]) -> Iterator[Formula]:
        """Yield the cells of a formula that goes down a column; see `write_formula_down`."""
        letters = column_letters(column)
        area = f"{letters}{row + 1}:{letters}{row + len(values)}"
        texts = repeat_formula(code_illegal(formula).removeprefix("="), self.raw.next_shared(), area)
        return map(Formula, texts, values)

    def write_array_formula(
        self, row: int, column: int, formula: str, value: Cell, style: Format | None = None
    ) -> None:
        """Like `write_formula`, for one of ours that works on whole columns at once ({=…} in Excel)."""
        area = (row, column, row, column)
        must(self.raw.write_array_formula(*area, code_illegal(formula), style, cached_value(value)))

    def link(self, row: int, column: int, place: str, text: str, style: Format | None = None) -> None:
        """Write a link to a place in this workbook ("internal:'Svar'!A5") with our own text."""
        must(self.raw.write_url(row, column, place, style or self.book.style("link"), text))

    def lead(self, row: int, column: int, place: str) -> None:
        """Make a cell whose text is written otherwise a link to a file ("external:svar/A.xlsx#'Blad'!A5")."""
        must(self.raw.lead_to(row, column, place))

    def note(self, row: int, column: int, text: str, author: str, size: tuple[int, int]) -> None:
        """Put a note on a cell, shown when somebody points at it; `size` in pixels."""
        width, height = size
        look = {"width": width, "height": height, "font_name": FONT, "font_size": 10, "color": COLOURS["ask"]}
        kept = fit_text(drop_illegal(text), MAX_TEXT)
        must(self.raw.write_comment(row, column, kept, {"author": author, "visible": False, **look}))

    def validate(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a data validation on (first row, first column, last row, last column)."""
        must(self.raw.data_validation(*area, _clean(options)))

    def format_if(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a conditional format on (first row, first column, last row, last column)."""
        must(self.raw.conditional_format(*area, _clean(options)))

    def add_table(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Make an Excel table of (first row, first column, last row, last column)."""
        must(self.raw.add_table(*area, options))
        for column in self.raw.tables[-1]["columns"]:
            column["name"] = code_letters(column["name"])

    def place_chart(self, row: int, column: int, chart: Any, options: dict[str, Any]) -> None:
        """Put a chart made by `Book.make_chart` with its upper left corner on a cell."""
        must(self.raw.insert_chart(row, column, chart, _clean(options)))

    def set_widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the columns from 0 on, in characters."""
        for column, width in enumerate(widths):
            must(self.raw.set_column(column, column, width))

    def set_height(self, row: int, height: float, *, grows: bool = False) -> None:
        """Set the height of a row, in points; a row that grows gets higher when somebody writes more into it."""
        must(self.raw.set_row(row, height))
        if grows:
            self.raw.growing.add(row)

    def hide_row(self, row: int) -> None:
        """Hide a row; whoever wants to see it may show it again."""
        must(self.raw.set_row(row, None, None, {"hidden": True}))

    def freeze(self, row: int, column: int) -> None:
        """Keep what stands above a row and to the left of a column in view."""
        self.raw.freeze_panes(row, column)

    def add_filter(self, area: tuple[int, int, int, int]) -> None:
        """Put filter buttons on the first row of (first row, first column, last row, last column)."""
        must(self.raw.autofilter(*area))

    def accept_oddities(self, kinds: Mapping[str, str]) -> None:
        """Have Excel leave out its green corners: kind of oddity -> cells in which it is meant."""
        must(self.raw.ignore_errors(dict(kinds)))

    def show_at(self, percent: int) -> None:
        """Set at what size the sheet is shown, 10 to 400 percent."""
        must(0 if 10 <= percent <= 400 else percent)
        self.raw.set_zoom(percent)

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
        large: bool = False,
    ) -> None:
        """Set up A4, A3 if `large`, one page wide; row `repeat` is on every page, only `columns` are printed."""
        raw = self.raw
        if not portrait:
            raw.set_landscape()
        raw.set_paper(8 if large else 9)
        raw.fit_to_pages(1, int(one_page))
        raw.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        must(raw.print_around(raw.header, f"&L&A&R{footer}"))
        if repeat is not None:
            raw.repeat_rows(repeat)
        if columns is not None:
            must(raw.print_area(0, 0, raw.dim_rowmax or 0, columns - 1))

    def set_header(self, left: str, right: str) -> None:
        """Set the two texts at the top of every printed page; longer ones than there is room for are cut."""
        must(self.raw.print_around(f"&L{_fit_header(left)}&R{_fit_header(right)}", self.raw.footer))

    def _whole_or_begun(self, row: int, column: int, text: str) -> str:
        if len(text) <= MAX_TEXT // 2 or count_units(text) <= MAX_TEXT:
            return text
        return self.book.continue_text(text, self.name, f"{column_letters(column)}{row + 1}")

    def _quoted(self, value: str, style: Format | None) -> Format | None:
        return self.book.raw.quoted_twin(style) if value[0] in FORMULA_SIGNS else style


def _clean(options: dict[str, Any]) -> dict[str, Any]:
    return {key: drop_illegal(one) if isinstance(one, str) else one for key, one in options.items()}


def _fit_header(text: str) -> str:
    """Return a text for half of a printed header, where an ampersand takes two characters."""
    room = (MOST_HEADER - 4) // 2
    kept = fit_text(drop_illegal(" ".join(text.split())), room)
    while count_units(kept.replace("&", "&&")) > room:
        kept = fit_text(kept, count_units(kept) - 1)
    return kept.replace("&", "&&")
