"""What the workbook carries of its round beside what it shows, so that it is enough for whatever follows.

The definition in particular: which column is the status, which statuses there are, what the report begins with.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from xlflow.core.issued import round_records
from xlflow.core.layout import ORDER, ROUND_SHEET, SINCE
from xlflow.core.model import Round
from xlflow.excel.outgoing import Book

MADE_BY = "xlflow.kind"
"""The document property by which the program knows a workbook of its own."""


IDS_IN_CELL = 500
"""Ids that one cell holds; more go into further cells."""


def add_record(book: Book, round_: Round, since: date | None, lines: Sequence[str]) -> None:
    """Add the sheet that nobody sees, and the property that says who made the file; changes are told against the
    round of the day `since`, and the `lines` stand in this order, whatever people do to the table of them."""
    sheet = book.add_sheet(ROUND_SHEET)
    compared = [(SINCE, since.isoformat())] if since else []
    records = (*round_records(round_), *compared, *_order_records(lines))
    for row, record in enumerate(records):
        sheet.write_row(row, record, [None] * len(record))
    sheet.hide_deeply()
    book.set_property(MADE_BY, "consolidated")


def _order_records(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    for start in range(0, len(lines), IDS_IN_CELL):
        yield ORDER, "\n".join(lines[start : start + IDS_IN_CELL])
