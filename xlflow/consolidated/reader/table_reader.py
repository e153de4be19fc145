"""Finds the tables of a consolidated workbook by their headings, wherever a person has moved them, and its round.

Yields cells with their addresses; knows nothing about what the tables mean. Unlike `excel.header_detection`, which
scores headings that people wrote, this looks for the first row that has all headings exactly as xlflow wrote them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.form.format_1 import ROUND_SHEET_NAME
from xlflow.form.layout import ROUND_SHEET
from xlflow.form.metadata import decode_consolidated_round
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.plan import Round
from xlflow.model.text import normalize_key_cached
from xlflow.values import cell_text

_LONE_SURROGATES = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def find_round_sheet(workbook: WorkbookData) -> SheetData | None:
    """Return the hidden sheet by which a consolidated workbook says what its round was; None if it has none."""
    return workbook.find_sheet(ROUND_SHEET) or workbook.find_sheet(ROUND_SHEET_NAME)


@dataclass(frozen=True, slots=True)
class TableRecord:
    """One row of a table. `cell_by_heading`: (value, column index) by normalized heading. `row` and columns
    from 0."""

    cell_by_heading: Mapping[str, tuple[RawCell, int]]
    file: str
    sheet: str
    row: int

    def cell_value(self, *headings: str) -> RawCell:
        """Return the cell under the first of the headings that the table has; None if it has none of them."""
        return next(
            (
                self.cell_by_heading[key][0]
                for heading in headings
                if (key := normalize_key_cached(heading)) in self.cell_by_heading
            ),
            None,
        )

    def cell_text(self, *headings: str) -> str:
        """Return the same cell as text without blanks around it, "" if blank."""
        return cell_text(self.cell_value(*headings)).translate(_LONE_SURROGATES).strip()

    def column(self, heading: str) -> int | None:
        """Return the column under a heading, counted from 0; None if the table has none."""
        found = self.cell_by_heading.get(normalize_key_cached(heading))
        return found[1] if found else None

    def location(self, *headings: str) -> Location:
        """Return the address of the cell under the first heading that the table has, else of the row."""
        columns = (
            self.cell_by_heading[key][1]
            for heading in headings
            if (key := normalize_key_cached(heading)) in self.cell_by_heading
        )
        return Location(self.file, self.sheet, format_cell_address(self.row, next(columns, 0)))


def read_records(workbook: WorkbookData, sheet_name: str, *headings: str) -> Iterator[TableRecord]:
    """Yield the rows below the first row that has all the headings, up to the first row that is blank in its
    columns.

    Sheets on which the table continues ("Svar 2") are read too. Yields nothing if there is no such table.
    """
    for sheet in workbook.sheets:
        if is_sheet_of_table(sheet.name, sheet_name):
            yield from _read_sheet_records(
                workbook.name, sheet, [normalize_key_cached(heading) for heading in headings]
            )


def is_sheet_of_table(sheet_name: str, table_sheet_name: str) -> bool:
    """Return whether a sheet has the name of a table's sheet, or that name and a number ("Svar 2")."""
    name, wanted = normalize_key_cached(sheet_name), normalize_key_cached(table_sheet_name)
    return name == wanted or name.startswith(f"{wanted} ")


def _read_sheet_records(file: str, sheet: SheetData, headings: Sequence[str]) -> Iterator[TableRecord]:
    columns: dict[str, int] | None = None
    for row_number, row in enumerate(sheet.rows):
        if columns is None:
            columns_found = _columns_by_heading(row)
            columns = columns_found if all(heading in columns_found for heading in headings) else None
        elif any(row[column] is not None for column in columns.values()):
            yield TableRecord(
                {key: (row[column_index], column_index) for key, column_index in columns.items()},
                file,
                sheet.name,
                row_number,
            )
        else:
            return


def _columns_by_heading(row: Sequence[RawCell]) -> dict[str, int]:
    column_by_heading: dict[str, int] = {}
    for column, cell in enumerate(row):
        if isinstance(cell, str) and cell.strip():
            column_by_heading.setdefault(normalize_key_cached(cell), column)
    return column_by_heading


def require_round_sheet(workbook: WorkbookData) -> SheetData:
    """Return the hidden sheet; FatalError if the workbook has none, so that it is not a consolidated one."""
    hidden_sheet = find_round_sheet(workbook)
    if hidden_sheet is None:
        raise FatalError(make_finding("report-not-consolidated", Location(workbook.name)))
    return hidden_sheet


def read_text_records(sheet: SheetData) -> Sequence[Sequence[str]]:
    """Return the rows of the hidden sheet as texts, "" for a blank cell."""
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.rows]


def decode_workbook_round(workbook: WorkbookData) -> Round:
    """Return the round of a consolidated workbook, without items; FatalError if it is not a consolidated one."""
    rows = require_round_sheet(workbook).rows
    round_ = decode_consolidated_round([cell_text(cell) for cell in row] for row in rows)
    if round_ is None:
        raise FatalError(make_finding("report-not-consolidated", Location(workbook.name)))
    return round_
