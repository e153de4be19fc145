"""Writes workbooks in the house style: safe text, checked calls. The only package that imports XlsxWriter.

Whatever came from a person goes out as text, number or date by its type, never as a formula or a link. Makes bytes
only; `xlflow.runtime.atomic_write` puts them on disk.

`workbook` and `worksheet` are what others use. `row_xml` writes whole rows at once, `shared_strings` numbers their
texts, `zip_stream` packs the parts; `xlsxwriter_patches` says what of XlsxWriter they replace.
"""

from xlsxwriter.format import Format as CellStyle

from xlflow.excel.writer.formula_cells import Formula, quote_formula_text
from xlflow.excel.writer.row_xml import CellContent
from xlflow.excel.writer.shared_strings import MAX_CELL_TEXT, truncate_text
from xlflow.excel.writer.style import COLOURS, FONT, STYLES
from xlflow.excel.writer.text_metrics import MAX_ROW_HEIGHT, count_lines, fit_row_height, text_width, wrap_text
from xlflow.excel.writer.workbook import WorkbookWriter
from xlflow.excel.writer.worksheet import SheetWriter

__all__ = [
    "COLOURS",
    "FONT",
    "MAX_CELL_TEXT",
    "MAX_ROW_HEIGHT",
    "STYLES",
    "CellContent",
    "CellStyle",
    "Formula",
    "SheetWriter",
    "WorkbookWriter",
    "count_lines",
    "fit_row_height",
    "quote_formula_text",
    "text_width",
    "truncate_text",
    "wrap_text",
]
