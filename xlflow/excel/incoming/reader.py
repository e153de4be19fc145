"""Reads the values of a workbook with calamine."""

import io

import python_calamine

from xlflow.excel.incoming.book import Raw, Sheet


def read_sheets(content: bytes) -> tuple[Sheet, ...]:
    """Return every worksheet with its cells from A1 on."""
    book = python_calamine.load_workbook(io.BytesIO(content))
    return tuple(_read_sheet(book, meta) for meta in book.sheets_metadata)


def _read_sheet(book: python_calamine.CalamineWorkbook, meta: python_calamine.SheetMetadata) -> Sheet:
    sheet = book.get_sheet_by_name(meta.name)
    rows: tuple[tuple[Raw, ...], ...] = tuple(
        tuple(None if cell == "" else cell for cell in row) for row in sheet.to_python(skip_empty_area=False)
    )
    visible = meta.visible == python_calamine.SheetVisibleEnum.Visible
    return Sheet(meta.name, rows, (), visible)
