"""The very hidden sheet with the records that a form carries, and the names of its lists."""

from collections.abc import Mapping

from xlflow.core.issued import listed_records
from xlflow.core.layout import HIDDEN_SHEET, LABEL_COLUMN, column_letters, list_name
from xlflow.excel.outgoing import Book
from xlflow.generate.frame import Frame
from xlflow.generate.helpers import without_style


def add_records(book: Book, frame: Frame, listed: Mapping[str, str]) -> None:
    """Add the sheet that nobody sees, and define a name for every list that stands on it; `listed` are the marks
    of what other sheets say."""
    sheet = book.add_sheet(HIDDEN_SHEET)
    lists: dict[str, list[int]] = {}
    records = (*frame.records, *listed_records(listed))
    sheet.lay_rows(0, ((record, None, None) for record in records), without_style)
    for row, record in enumerate(frame.records):
        if record[0] in ("choice", "quarter"):
            lists.setdefault(record[1], []).append(row + 1)
    letters = column_letters(LABEL_COLUMN)
    for key, rows in lists.items():
        book.define_name(list_name(key), f"={HIDDEN_SHEET}!${letters}${rows[0]}:${letters}${rows[-1]}")
    sheet.protect(filtering=False)
    sheet.hide_deeply()
