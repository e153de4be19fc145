"""The one door to XlsxWriter: house style, safe text, checked calls, whole files or none.

Whatever came from a person goes out as text, number or date by its type, never as a formula or a link. A file is
written beside its target, flushed to disk and renamed, so the target is the old file or the new one, never half.
"""

from xlsxwriter.format import Format

from xlflow.excel.outgoing.book import WorkbookWriter
from xlflow.excel.outgoing.bulk import CellContent
from xlflow.excel.outgoing.claim import is_own_temp_file
from xlflow.excel.outgoing.formula import Formula
from xlflow.excel.outgoing.heights import MAX_ROW_HEIGHT, count_lines, fit_row_height, text_width
from xlflow.excel.outgoing.letters import MAX_CELL_TEXT, truncate_text
from xlflow.excel.outgoing.saving import AtomicTarget, lock_target, write_atomic
from xlflow.excel.outgoing.sheet import SheetWriter
from xlflow.excel.outgoing.style import COLOURS, FONT, STYLES

__all__ = [
    "COLOURS",
    "FONT",
    "MAX_CELL_TEXT",
    "STYLES",
    "MAX_ROW_HEIGHT",
    "WorkbookWriter",
    "Format",
    "Formula",
    "SheetWriter",
    "AtomicTarget",
    "CellContent",
    "lock_target",
    "count_lines",
    "truncate_text",
    "fit_row_height",
    "is_own_temp_file",
    "write_atomic",
    "text_width",
]
