"""One sheet in the making: what is written is typed, and every call is asked whether it was obeyed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from xlsxwriter.format import Format

from xlflow.excel.cell_address import column_letters, format_cell_address
from xlflow.excel.writer.formula_cells import Formula, SharedFormula, encode_cached_value, repeat_shared_formula
from xlflow.excel.writer.row_xml import FIRST_EXCEL_DATE, CellContent, RowSpec, StyleChooser, WorkbookCallbacks
from xlflow.excel.writer.shared_strings import FORMULA_PREFIXES
from xlflow.excel.writer.style import COLOURS, FONT
from xlflow.excel.writer.xlsxwriter_patches import (
    MAX_HEADER_LENGTH,
    PatchedWorksheet,
    assign_style_index,
    check_return_code,
)
from xlflow.excel.writer.xml_text import (
    MAX_CELL_TEXT,
    escape_illegal_xml,
    escape_xlsx_text,
    remove_illegal_xml,
    truncate_text,
)
from xlflow.model.table import TableCell
from xlflow.model.text import utf16_length

if TYPE_CHECKING:
    from xlflow.excel.writer.workbook import WorkbookWriter


class SheetWriter:
    """A sheet in the making. Rows and columns count from 0. `raw` is XlsxWriter's own, called from here only."""

    def __init__(self, workbook: "WorkbookWriter", backend: PatchedWorksheet):
        self.workbook = workbook
        self.backend = backend

    @property
    def name(self) -> str:
        """What stands on the sheet's tab."""
        return str(self.backend.get_name())

    def write(self, row: int, column: int, value: CellContent, style: Format | None = None) -> None:
        """Write one value by its type. Text stays text; what looks like a formula is marked as text."""
        backend = self.backend
        assign_style_index(style)
        if isinstance(value, Formula):
            self.write_formula(row, column, value.text, value.value, style)
        elif value is None or value == "":
            check_return_code(backend.write_blank(row, column, None, style))
        elif isinstance(value, str):
            text = self._split_if_too_long(row, column, value)
            check_return_code(backend.write_string(row, column, text, self._quoted_if_formula_like(text, style)))
        elif isinstance(value, bool):
            check_return_code(backend.write_boolean(row, column, value, style))
        elif isinstance(value, date) and value < FIRST_EXCEL_DATE:
            check_return_code(backend.write_string(row, column, value.isoformat(), style))
        elif isinstance(value, date):
            check_return_code(backend.write_datetime(row, column, datetime.combine(value, time()), style))
        else:
            check_return_code(backend.write_number(row, column, value, style))

    def write_row(self, row: int, values: Iterable[CellContent], styles: Sequence[Format | None]) -> None:
        """Write one row from column 0 on, each cell in its style."""
        for style in styles:
            assign_style_index(style)
        for column, (value, style) in enumerate(zip(values, styles, strict=True)):
            self.write(row, column, value, style)

    def write_rows_fast(
        self, first_row: int, rows: Iterable[RowSpec], choose_styles: StyleChooser, *, auto_height: bool = False
    ) -> None:
        """Write rows below each other as `write_row` and `set_row_height` do, much faster and not kept in memory.

        Nothing else may be written into them. `look` tells the styles of a row from the kinds of its cells and
        from what else it was laid with; a row that grows gets higher when somebody writes more into it.
        """
        workbook_backend = self.workbook.backend
        callbacks = WorkbookCallbacks(
            workbook_backend.str_table,
            Format._get_xf_index,
            workbook_backend.quoted_style,
            self._split_if_too_long,
        )
        check_return_code(
            self.backend.write_rows_fast(first_row, rows, choose_styles, callbacks, auto_height=auto_height)
        )

    def write_formula(
        self, row: int, column: int, formula: str, value: TableCell, style: Format | None = None
    ) -> None:
        """Write a formula of ours with the value that it has; never call this with anything that came in."""
        assign_style_index(style)
        text = formula if isinstance(formula, SharedFormula) else escape_illegal_xml(formula)
        check_return_code(self.backend.write_formula(row, column, text, style, encode_cached_value(value)))

    def write_formula_down(
        self, row: int, column: int, formula: str, values: Sequence[TableCell], style: Format | None = None
    ) -> None:
        """Write one formula of ours down a column, from a row on, a cell for each of the values that it has there.

        It is given as it reads in the first cell and looks at its own sheet only; its relative addresses follow.
        """
        for offset, formula_cell in enumerate(self.shared_formula_cells(row, column, formula, values)):
            self.write(row + offset, column, formula_cell, style)

    def shared_formula_cells(
        self, row: int, column: int, formula: str, values: Sequence[TableCell]
    ) -> Iterator[Formula]:
        """Yield the cells of a formula that goes down a column; see `write_formula_down`."""
        letters = column_letters(column)
        cell_range = f"{letters}{row + 1}:{letters}{row + len(values)}"
        formula_texts = repeat_shared_formula(
            escape_illegal_xml(formula).removeprefix("="), self.backend.next_shared_index(), cell_range
        )
        return map(Formula, formula_texts, values)

    def write_array_formula(
        self, row: int, column: int, formula: str, value: TableCell, style: Format | None = None
    ) -> None:
        """Like `write_formula`, for one of ours that works on whole columns at once ({=…} in Excel)."""
        cell_range = (row, column, row, column)
        check_return_code(
            self.backend.write_array_formula(
                *cell_range, escape_illegal_xml(formula), style, encode_cached_value(value)
            )
        )

    def write_link(self, row: int, column: int, address: str, text: str, style: Format | None = None) -> None:
        """Write a link to a place in this workbook ("internal:'Svar'!A5") with our own text."""
        check_return_code(self.backend.write_url(row, column, address, style or self.workbook.style("link"), text))

    def link_file(self, row: int, column: int, address: str) -> None:
        """Make a cell whose text is written otherwise a link to a file ("external:svar/A.xlsx#'Blad'!A5")."""
        check_return_code(self.backend.link_cell_to_file(row, column, address))

    def add_note(self, row: int, column: int, text: str, author: str, size: tuple[int, int]) -> None:
        """Put a note on a cell, shown when somebody points at it; `size` in pixels."""
        width, height = size
        appearance = {
            "width": width,
            "height": height,
            "font_name": FONT,
            "font_size": 10,
            "color": COLOURS["input"],
        }
        note_text = truncate_text(remove_illegal_xml(text), MAX_CELL_TEXT)
        check_return_code(
            self.backend.write_comment(row, column, note_text, {"author": author, "visible": False, **appearance})
        )

    def add_validation(self, cell_range: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a data validation on (first row, first column, last row, last column)."""
        check_return_code(self.backend.data_validation(*cell_range, _clean_options(options)))

    def add_conditional_format(self, cell_range: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a conditional format on (first row, first column, last row, last column)."""
        check_return_code(self.backend.conditional_format(*cell_range, _clean_options(options)))

    def add_table(self, cell_range: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Make an Excel table of (first row, first column, last row, last column)."""
        check_return_code(self.backend.add_table(*cell_range, options))
        for column in self.backend.tables[-1]["columns"]:
            column["name"] = escape_xlsx_text(column["name"])

    def insert_chart(self, row: int, column: int, chart: Any, options: dict[str, Any]) -> None:
        """Put a chart made by `Book.make_chart` with its upper left corner on a cell."""
        check_return_code(self.backend.insert_chart(row, column, chart, _clean_options(options)))

    def set_column_widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the columns from 0 on, in characters."""
        for column, width in enumerate(widths):
            check_return_code(self.backend.set_column(column, column, width))

    def set_row_height(self, row: int, height: float, *, auto_height: bool = False) -> None:
        """Set the height of a row, in points; a row that grows gets higher when somebody writes more into it."""
        check_return_code(self.backend.set_row(row, height))
        if auto_height:
            self.backend.auto_height_rows.add(row)

    def hide_row(self, row: int) -> None:
        """Hide a row; whoever wants to see it may show it again."""
        check_return_code(self.backend.set_row(row, None, None, {"hidden": True}))

    def freeze_panes(self, row: int, column: int) -> None:
        """Keep what stands above a row and to the left of a column in view."""
        self.backend.freeze_panes(row, column)

    def add_autofilter(self, cell_range: tuple[int, int, int, int]) -> None:
        """Put filter buttons on the first row of (first row, first column, last row, last column)."""
        check_return_code(self.backend.autofilter(*cell_range))

    def ignore_errors(self, cells_by_error: Mapping[str, str]) -> None:
        """Have Excel leave out its green corners: kind of oddity -> cells in which it is meant."""
        check_return_code(self.backend.ignore_errors(dict(cells_by_error)))

    def set_zoom(self, percent: int) -> None:
        """Set at what size the sheet is shown, 10 to 400 percent."""
        check_return_code(0 if 10 <= percent <= 400 else percent)
        self.backend.set_zoom(percent)

    def hide_gridlines(self) -> None:
        """Show no lines between the cells, on the screen or on paper."""
        self.backend.hide_gridlines(2)

    def activate(self) -> None:
        """Have the workbook open on this sheet."""
        self.backend.activate()

    def set_very_hidden(self) -> None:
        """Hide the sheet so that Excel's menu does not offer to show it."""
        self.backend.very_hidden()

    def protect(self, *, allow_filtering: bool) -> None:
        """Lock what is not unlocked, without a password; widths and heights may be changed, and rows filtered."""
        self.backend.protect("", {"autofilter": allow_filtering, "format_columns": True, "format_rows": True})

    def set_page_layout(
        self,
        *,
        repeat_row: int | None = None,
        printed_columns: int | None = None,
        footer: str = "&P (&N)",
        portrait: bool = False,
        one_page: bool = False,
        use_a3: bool = False,
    ) -> None:
        """Set up A4, A3 if `large`, one page wide; row `repeat` is on every page, only `columns` are printed."""
        backend = self.backend
        if not portrait:
            backend.set_landscape()
        backend.set_paper(8 if use_a3 else 9)
        backend.fit_to_pages(1, int(one_page))
        backend.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        check_return_code(backend.set_header_and_footer(backend.header, f"&L&A&R{footer}"))
        if repeat_row is not None:
            backend.repeat_rows(repeat_row)
        if printed_columns is not None:
            check_return_code(backend.print_area(0, 0, backend.dim_rowmax or 0, printed_columns - 1))

    def set_print_header(self, left: str, right: str) -> None:
        """Set the two texts at the top of every printed page; longer ones than there is room for are cut."""
        check_return_code(
            self.backend.set_header_and_footer(
                f"&L{_truncate_header(left)}&R{_truncate_header(right)}", self.backend.footer
            )
        )

    def _split_if_too_long(self, row: int, column: int, text: str) -> str:
        if len(text) <= MAX_CELL_TEXT // 2 or utf16_length(text) <= MAX_CELL_TEXT:
            return text
        return self.workbook.split_long_text(text, self.name, format_cell_address(row, column))

    def _quoted_if_formula_like(self, value: str, style: Format | None) -> Format | None:
        return self.workbook.backend.quoted_style(style) if value[0] in FORMULA_PREFIXES else style


def _clean_options(options: dict[str, Any]) -> dict[str, Any]:
    return {
        key: remove_illegal_xml(option) if isinstance(option, str) else option for key, option in options.items()
    }


def _truncate_header(text: str) -> str:
    """Return a text for half of a printed header, where an ampersand takes two characters."""
    max_length = (MAX_HEADER_LENGTH - 4) // 2
    shortened = truncate_text(remove_illegal_xml(" ".join(text.split())), max_length)
    while utf16_length(shortened.replace("&", "&&")) > max_length:
        shortened = truncate_text(shortened, utf16_length(shortened) - 1)
    return shortened.replace("&", "&&")
