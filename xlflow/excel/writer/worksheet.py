"""Writes one sheet: each value by its type, and every call of XlsxWriter checked for its return code.

Rows and columns are counted from 0; a range is (first row, first column, last row, last column), all inclusive.
Raises ValueError where XlsxWriter refuses a call, such as for a cell outside the sheet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from xlsxwriter.format import Format

from xlflow.excel.cell_address import column_letters, format_cell_address
from xlflow.excel.conventions import CellRange
from xlflow.excel.writer.formula_cells import Formula, SharedFormula, encode_cached_value, repeat_shared_formula
from xlflow.excel.writer.row_xml import FIRST_EXCEL_DATE, CellContent, RowSpec, StyleChooser, WorkbookCallbacks
from xlflow.excel.writer.shared_strings import (
    FORMULA_PREFIXES,
    MAX_CELL_TEXT,
    escape_illegal_xml,
    escape_xlsx_text,
    remove_illegal_xml,
    truncate_text,
)
from xlflow.excel.writer.style import COLOURS, FONT
from xlflow.excel.writer.workbook_base import WorkbookBase
from xlflow.excel.writer.xlsxwriter_patches import (
    MAX_HEADER_LENGTH,
    PatchedWorksheet,
    assign_style_index,
    check_return_code,
)
from xlflow.model.table import TableCell
from xlflow.model.text import utf16_length


class SheetWriter:
    """A sheet being written; made by `WorkbookWriter.add_sheet`. `workbook` gives its styles and charts; `backend`
    is XlsxWriter's sheet, called in this package only."""

    def __init__(self, workbook: WorkbookBase, backend: PatchedWorksheet):
        self.workbook = workbook
        self.backend = backend

    @property
    def name(self) -> str:
        """The name on the sheet's tab."""
        return str(self.backend.get_name())

    def write(self, row: int, column: int, value: CellContent, style: Format | None = None) -> None:
        """Write one value by its type. Text stays text, and gets the quote prefix if it looks like a formula; None
        and "" are an empty cell with a style; a date before 1900 is text, since Excel knows no such day."""
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
        """Write one row from column 0 on, each cell in its style; as many styles as values."""
        for style in styles:
            assign_style_index(style)
        for column, (value, style) in enumerate(zip(values, styles, strict=True)):
            self.write(row, column, value, style)

    def write_rows_fast(
        self, first_row: int, rows: Iterable[RowSpec], choose_styles: StyleChooser, *, auto_height: bool = False
    ) -> None:
        """Write rows below each other as `write_row` and `set_row_height` do, much faster and not kept in memory.

        A row is (values, style key, height in points or None); `choose_styles` returns its styles from the types
        of its values and the style key, and is asked once for each such pair. `auto_height`: Excel makes a row
        higher when more is written into it. Nothing else may be written into these rows: ValueError when the file
        is made.
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
        """Write a formula of ours with its computed value. Never to be called with anything that came from a
        file."""
        assign_style_index(style)
        text = formula if isinstance(formula, SharedFormula) else escape_illegal_xml(formula)
        check_return_code(self.backend.write_formula(row, column, text, style, encode_cached_value(value)))

    def shared_formula_cells(
        self, row: int, column: int, formula: str, values: Sequence[TableCell]
    ) -> Iterator[Formula]:
        """Yield the cells of one formula that goes down a column from a row on, a cell for each of its values
        there.

        The formula is given as it reads in the first cell and may refer to its own sheet only; its relative
        addresses follow. It is written out once in the file, which is what makes large tables small.
        """
        letters = column_letters(column)
        cell_range = f"{letters}{row + 1}:{letters}{row + len(values)}"
        formula_texts = repeat_shared_formula(
            escape_illegal_xml(formula).removeprefix("="), self.backend.next_shared_index(), cell_range
        )
        return map(Formula, formula_texts, values)

    def write_link(self, row: int, column: int, address: str, text: str, style: Format | None = None) -> None:
        """Write a cell with a text of ours that links to a cell of this workbook ("internal:'Svar'!A5")."""
        check_return_code(self.backend.write_url(row, column, address, style or self.workbook.style("link"), text))

    def link_file(self, row: int, column: int, address: str) -> None:
        """Make a cell a link to a file ("external:svar/A.xlsx#'Blad'!A5"); its text is written by another call."""
        check_return_code(self.backend.link_cell_to_file(row, column, address))

    def add_note(self, row: int, column: int, text: str, author: str, size: tuple[int, int]) -> None:
        """Put a comment on a cell, shown on hovering; `size` is width and height in pixels. A longer text than a
        cell can hold is cut with an ellipsis."""
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

    def add_validation(self, cell_range: CellRange, options: dict[str, Any]) -> None:
        """Put a data validation on a range; `options` as XlsxWriter's `data_validation` takes them."""
        check_return_code(self.backend.data_validation(*cell_range, _clean_options(options)))

    def add_conditional_format(self, cell_range: CellRange, options: dict[str, Any]) -> None:
        """Put a conditional format on a range; `options` as XlsxWriter's `conditional_format` takes them."""
        check_return_code(self.backend.conditional_format(*cell_range, _clean_options(options)))

    def add_table(self, cell_range: CellRange, options: dict[str, Any]) -> None:
        """Make a range an Excel table; `options` as XlsxWriter's `add_table` takes them. ValueError if tables
        overlap."""
        check_return_code(self.backend.add_table(*cell_range, options))
        for column in self.backend.tables[-1]["columns"]:
            column["name"] = escape_xlsx_text(column["name"])

    def insert_chart(self, row: int, column: int, chart: Any, options: dict[str, Any]) -> None:
        """Put a chart made by `workbook.make_chart` with its upper left corner on a cell; `options` as in
        XlsxWriter."""
        check_return_code(self.backend.insert_chart(row, column, chart, _clean_options(options)))

    def set_column_widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the columns from 0 on, in characters."""
        for column, width in enumerate(widths):
            check_return_code(self.backend.set_column(column, column, width))

    def set_row_height(self, row: int, height: float, *, auto_height: bool = False) -> None:
        """Set the height of a row in points; `auto_height`: Excel makes it higher when more is written into it."""
        check_return_code(self.backend.set_row(row, height))
        if auto_height:
            self.backend.auto_height_rows.add(row)

    def hide_row(self, row: int) -> None:
        """Hide a row; Excel can show it again."""
        check_return_code(self.backend.set_row(row, None, None, {"hidden": True}))

    def freeze_panes(self, row: int, column: int) -> None:
        """Keep the rows above `row` and the columns to the left of `column` in view."""
        self.backend.freeze_panes(row, column)

    def add_autofilter(self, cell_range: CellRange) -> None:
        """Put filter buttons on the first row of a range."""
        check_return_code(self.backend.autofilter(*cell_range))

    def ignore_errors(self, cells_by_error: Mapping[str, str]) -> None:
        """Have Excel leave out its green corners: name of the check -> cells ("A1:C9"), as XlsxWriter takes
        them."""
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
        """Hide the sheet so that Excel's menu does not offer to show it ("very hidden")."""
        self.backend.very_hidden()

    def protect(self, *, allow_filtering: bool) -> None:
        """Lock all cells whose style is not unlocked, without a password; widths and heights may be changed, and
        rows filtered if `allow_filtering`."""
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
        """Set up the printed page: landscape A4 unless told otherwise, one page wide, with the sheet's name at its
        foot.

        `repeat_row` is printed on every page; only the first `printed_columns` columns are printed (call it after
        all rows are written); `footer` is the right part of the footer in Excel's codes; `one_page` high as well.
        """
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
        """Set the texts at the left and right of every printed page's header; too long ones are cut with an
        ellipsis."""
        check_return_code(
            self.backend.set_header_and_footer(
                f"&L{_truncate_header(left)}&R{_truncate_header(right)}", self.backend.footer
            )
        )

    def _split_if_too_long(self, row: int, column: int, text: str) -> str:
        """Return what the cell holds of a text. No text has more UTF-16 units than twice its characters, so that
        only long ones are counted."""
        if len(text) <= MAX_CELL_TEXT // 2 or utf16_length(text) <= MAX_CELL_TEXT:
            return text
        return self.workbook.split_long_text(text, self.name, format_cell_address(row, column))

    def _quoted_if_formula_like(self, value: str, style: Format | None) -> Format | None:
        return self.workbook.backend.quoted_style(style) if value[0] in FORMULA_PREFIXES else style


def _clean_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return options whose texts have nothing that XML cannot hold; Excel decodes no escapes there."""
    return {
        key: remove_illegal_xml(option) if isinstance(option, str) else option for key, option in options.items()
    }


def _truncate_header(text: str) -> str:
    """Return a text that fits half of a printed header, in its codes: an ampersand is written as two."""
    max_length = (MAX_HEADER_LENGTH - 4) // 2
    shortened = truncate_text(remove_illegal_xml(" ".join(text.split())), max_length)
    while utf16_length(shortened.replace("&", "&&")) > max_length:
        shortened = truncate_text(shortened, utf16_length(shortened) - 1)
    return shortened.replace("&", "&&")
