"""What the workbook carries of its round beside what it shows, so that it is enough for whatever follows.

The definition in particular: which column is the status, which statuses there are, what the report begins with.
"""

from datetime import date

from xlflow.core.issued import round_records
from xlflow.core.layout import ROUND_SHEET, SINCE
from xlflow.core.model import Round
from xlflow.excel.outgoing import Book

MADE_BY = "xlflow.kind"
"""The document property by which the program knows a workbook of its own."""


def add_record(book: Book, round_: Round, since: date | None) -> None:
    """Add the sheet that nobody sees, and the property that says who made the file; changes are told against the
    round of the day `since`."""
    sheet = book.add_sheet(ROUND_SHEET)
    records = (*round_records(round_), *([(SINCE, since.isoformat())] if since else ()))
    for row, record in enumerate(records):
        sheet.write_row(row, record, [None] * len(record))
    sheet.hide_deeply()
    book.set_property(MADE_BY, "consolidated")
