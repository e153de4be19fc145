"""The hidden sheet of a consolidated workbook and the round that it describes."""

from xlflow.consolidated.reader.table_reader import find_round_sheet
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.form.metadata import decode_consolidated_round
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.plan import Round
from xlflow.values import cell_text


def require_round_sheet(workbook: WorkbookData) -> SheetData:
    """Return the hidden sheet; FatalError if the workbook has none, so that it is not a consolidated one."""
    hidden_sheet = find_round_sheet(workbook)
    if hidden_sheet is None:
        raise FatalError(make_finding("report-not-consolidated", Location(workbook.name)))
    return hidden_sheet


def decode_workbook_round(workbook: WorkbookData) -> Round:
    """Return the round of a consolidated workbook, without items; FatalError if it is not a consolidated one."""
    rows = require_round_sheet(workbook).rows
    round_ = decode_consolidated_round([cell_text(cell) for cell in row] for row in rows)
    if round_ is None:
        raise FatalError(make_finding("report-not-consolidated", Location(workbook.name)))
    return round_
