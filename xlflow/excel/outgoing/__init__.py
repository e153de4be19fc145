"""The one door to XlsxWriter: house style, safe text, checked calls, whole files or none.

Whatever came from a person goes out as text, number or date by its type, never as a formula or a link. A file is
written beside its target, flushed to disk and renamed, so the target is the old file or the new one, never half.
"""

from xlsxwriter.format import Format

from xlflow.excel.outgoing.book import Book
from xlflow.excel.outgoing.bulk import Written
from xlflow.excel.outgoing.claim import is_passing
from xlflow.excel.outgoing.formula import Formula
from xlflow.excel.outgoing.heights import TALLEST, count_lines, height_of, text_width
from xlflow.excel.outgoing.letters import MAX_TEXT, fit_text
from xlflow.excel.outgoing.saving import Target, claim_target, save_whole
from xlflow.excel.outgoing.sheet import Sheet
from xlflow.excel.outgoing.style import COLOURS, FONT, STYLES

__all__ = [
    "COLOURS",
    "FONT",
    "MAX_TEXT",
    "STYLES",
    "TALLEST",
    "Book",
    "Format",
    "Formula",
    "Sheet",
    "Target",
    "Written",
    "claim_target",
    "count_lines",
    "fit_text",
    "height_of",
    "is_passing",
    "save_whole",
    "text_width",
]
