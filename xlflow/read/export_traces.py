"""Takes out of a workbook what a program wrote that exported it: Apple Numbers' summary and names of tables.

Numbers makes each of its tables a sheet called "name - Tabell 1", with the table's name in the first row, and puts
a sheet with a list of them first. None of that is a text of the unit. Addresses stay as people see them.
"""

from collections.abc import Iterator
from dataclasses import replace

from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.model.findings import Location, make_finding
from xlflow.model.text import normalize_key
from xlflow.read.unplaced import non_blank_texts

_PROGRAM, _NAME_SEPARATOR = "numbers", " - "
_MAX_OTHER_ROWS, _LISTED_CELLS = 3, 3
"""Rows of the summary that list no sheet (what it is, headings), and what is said of each sheet: its name in
Numbers, that of its table, and its name here."""


def remove_export_traces(workbook: WorkbookData) -> WorkbookData:
    """Return the workbook without Numbers' own texts, with a note if it had any; else the same workbook."""
    sheets = tuple(_clean_sheets(workbook))
    if all(map(_is_same, sheets, workbook.sheets)) and len(sheets) == len(workbook.sheets):
        return workbook
    note = make_finding("form-via-numbers", Location(workbook.name))
    return replace(workbook, sheets=sheets, findings=(*workbook.findings, note))


def _is_same(sheet: SheetData, other: SheetData) -> bool:
    return sheet is other


def _clean_sheets(workbook: WorkbookData) -> Iterator[SheetData]:
    names = {normalize_key(sheet.name) for sheet in workbook.sheets}
    for sheet in workbook.sheets:
        if not _is_export_summary(sheet, names):
            yield _remove_table_name(sheet)


def _is_export_summary(sheet: SheetData, sheet_names: set[str]) -> bool:
    """Return whether a sheet lists the workbook's other sheets and says that they come from Numbers."""
    if len(sheet.rows) > 2 * len(sheet_names) + _MAX_OTHER_ROWS or sheet.distant_cells:
        return False
    rows = [tuple(map(normalize_key, non_blank_texts(row))) for row in sheet.rows]
    other_names = sheet_names - {normalize_key(sheet.name)}
    others = [row for row in rows if row and not (len(row) == _LISTED_CELLS and row[-1] in other_names)]
    headings = [row for row in others if sum(_PROGRAM in text for text in row) > 1]
    is_listed = sum(map(bool, rows)) > len(others)
    return is_listed and bool(headings) and all(len(row) == 1 or row in headings for row in others)


def _remove_table_name(sheet: SheetData) -> SheetData:
    """Return the sheet without the name of its table in the first row, if that is what ends the sheet's name."""
    first_row = sheet.rows[0] if sheet.rows else ()
    table_name = first_row[0] if first_row else None
    is_title = isinstance(table_name, str) and sheet.name.endswith(f"{_NAME_SEPARATOR}{table_name}")
    if not is_title or any(cell is not None for cell in first_row[1:]):
        return sheet
    return replace(sheet, rows=((None,) * len(first_row), *sheet.rows[1:]))
