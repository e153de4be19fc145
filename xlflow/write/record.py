"""What the workbook carries of its round beside what it shows, so that it is enough for whatever follows.

The definition in particular: which column is the status, which statuses there are, what the report begins with.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from xlflow.core.issued import encode_consolidated_round
from xlflow.core.layout import COMPARED_TO, ITEM_ORDER, ROUND_SHEET
from xlflow.core.model import Round
from xlflow.excel.outgoing import WorkbookWriter

KIND_PROPERTY = "xlflow.kind"
"""The document property by which the program knows a workbook of its own."""


IDS_PER_CELL = 500
"""Ids that one cell holds; more go into further cells."""


def add_round_sheet(
    workbook: WorkbookWriter, round_: Round, compared_to: date | None, item_ids: Sequence[str]
) -> None:
    """Add the sheet that nobody sees, and the property that says who made the file; changes are told against the
    round of the day `since`, and the `lines` stand in this order, whatever people do to the table of them."""
    sheet = workbook.add_sheet(ROUND_SHEET)
    comparison_records = [(COMPARED_TO, compared_to.isoformat())] if compared_to else []
    records = (*encode_consolidated_round(round_), *comparison_records, *_item_order_records(item_ids))
    for row, record in enumerate(records):
        sheet.write_row(row, record, [None] * len(record))
    sheet.set_very_hidden()
    workbook.set_custom_property(KIND_PROPERTY, "consolidated")


def _item_order_records(item_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    for start in range(0, len(item_ids), IDS_PER_CELL):
        yield ITEM_ORDER, "\n".join(item_ids[start : start + IDS_PER_CELL])
