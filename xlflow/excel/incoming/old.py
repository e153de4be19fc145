"""Reads an old .xls with what the fast reader hides in it: error cells, notes, hidden rows. The door to xlrd.

Where the reader gives up on a crooked file the fast one is asked, and it is said what that cannot see.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

import xlrd

from xlflow.excel.incoming.book import ErrorValue, Limits, Raw, Sheet
from xlflow.excel.incoming.cells import Cells, Context, TooMuch, lay_out, read_number
from xlflow.excel.incoming.closely import tell_format
from xlflow.excel.incoming.container import open_container
from xlflow.excel.incoming.reader import Failed, read_fast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xlrd.book import Book as Workbook
    from xlrd.sheet import Sheet as Worksheet

_NOTED = (
    ("has-macros", ("_VBA_PROJECT", "_VBA_PROJECT_CUR")),
    ("has-objects", ("MBD", "ObjectPool")),
)
"""How names in the container begin that are worth a note."""


@dataclass(frozen=True, slots=True)
class OldBook:
    """The sheets of an old workbook, what it says of itself, and codes of what is worth a note."""

    sheets: tuple[Sheet, ...]
    properties: "Mapping[str, str]"
    saved: datetime | None
    notes: tuple[str, ...]


def read_old(content: bytes, limits: Limits) -> OldBook:
    """Return an old workbook. Raises Failed or TooMuch if it cannot be read."""
    sheets, notes = _read_sheets(content, limits)
    around = open_container(content)
    if around is None:
        return OldBook(sheets, MappingProxyType({}), None, notes)
    noted = [code for code, starts in _NOTED if any(name.startswith(starts) for name in around.names)]
    noted += ["has-outside-links"] if around.links_outside else []
    return OldBook(sheets, MappingProxyType(dict(around.properties)), around.saved, (*notes, *noted))


def _read_sheets(content: bytes, limits: Limits) -> tuple[tuple[Sheet, ...], tuple[str, ...]]:
    try:
        book = xlrd.open_workbook(
            file_contents=content, logfile=io.StringIO(), formatting_info=True, ragged_rows=True
        )
        return tuple(_read_all(book, limits)), ()
    except (MemoryError, TooMuch):
        raise
    except Exception as fault:  # the library tells of crooked files in many ways
        if "encrypted" in str(fault):
            raise Failed("file-is-encrypted") from fault
        return read_fast(content), ("read-roughly",)


def _read_all(book: "Workbook", limits: Limits) -> Iterator[Sheet]:
    context = _read_formats(book)
    for sheet in book.sheets():
        cells = Cells(tells=False)
        for row, column, value in _read_cells(sheet, context):
            cells.values[row, column] = value
            if len(cells.values) > limits.cells:
                raise TooMuch
        cells.merged += [(top, left, low - 1, right - 1) for top, low, left, right in sheet.merged_cells]
        cells.hidden.update(number for number, row in sheet.rowinfo_map.items() if row.hidden)
        for (row, column), note in sorted(sheet.cell_note_map.items()):
            cells.remarks.append((row, column, note.author or "", note.text))
        laid = lay_out(sheet.name, cells, limits, visible=sheet.visibility == 0)
        yield replace(laid, evidence=replace(laid.evidence, formulas=None))


def _read_formats(book: "Workbook") -> Context:
    shown = [tell_format(book.format_map[style.format_key].format_str) for style in book.xf_list]
    days, spans = (
        frozenset(number for number, told in enumerate(shown) if told == kind) for kind in ("day", "span")
    )
    return Context((), days, spans, book.datemode == 1)


def _read_cells(sheet: "Worksheet", context: Context) -> Iterator[tuple[int, int, Raw]]:
    for row in range(sheet.nrows):
        pairs = zip(sheet.row_types(row), sheet.row_values(row), strict=True)
        for column, (kind, value) in enumerate(pairs):
            if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
                yield row, column, read_number(repr(value), sheet.cell_xf_index(row, column), context)
            elif kind == xlrd.XL_CELL_TEXT and value:
                yield row, column, str(value)
            elif kind == xlrd.XL_CELL_BOOLEAN:
                yield row, column, bool(value)
            elif kind == xlrd.XL_CELL_ERROR:
                yield row, column, ErrorValue(xlrd.error_text_from_code.get(int(value), "#ERR"))
