"""Where the table of a sheet stands: below its title, wherever that leaves it."""

from openpyxl.cell.cell import Cell
from openpyxl.utils import range_boundaries
from openpyxl.worksheet.worksheet import Worksheet


def heading_row(sheet: Worksheet) -> int:
    """Return the row (from 1) with the headings of the first table of a sheet."""
    return min(range_boundaries(table.ref)[1] for table in sheet.tables.values())


def headings_of(sheet: Worksheet) -> list[str]:
    """Return the headings of the first table of a sheet, by column."""
    return [str(cell.value) for cell in sheet[heading_row(sheet)] if cell.value is not None]


def rows_below_headings(sheet: Worksheet) -> list[tuple[Cell, ...]]:
    """Return the cells below the headings of the first table of a sheet, to the end of the sheet."""
    return list(sheet.iter_rows(min_row=heading_row(sheet) + 1))
