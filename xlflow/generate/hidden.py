"""The very hidden sheet: the records that a form carries, and the names of its lists."""

from xlflow.core.issued import Answers, to_records
from xlflow.core.layout import HIDDEN_SHEET, LABEL_COLUMN, column_letters, list_name
from xlflow.excel.outgoing import Book
from xlflow.generate.frame import Frame


def add_hidden_sheet(book: Book, frame: Frame, issued: Answers) -> None:
    """Add the sheet that nobody sees, and define a name for every list that stands on it."""
    sheet = book.add_sheet(HIDDEN_SHEET)
    lists: dict[str, list[int]] = {}
    records = to_records(frame.round, frame.unit, issued, frame.identity.replaces, frame.previous)
    for row, record in enumerate(records):
        sheet.write_row(row, record, [None] * len(record))
        if record[0] in ("choice", "quarter"):
            lists.setdefault(record[1], []).append(row + 1)
    letters = column_letters(LABEL_COLUMN)
    for key, rows in lists.items():
        book.define_name(list_name(key), f"={HIDDEN_SHEET}!${letters}${rows[0]}:${letters}${rows[-1]}")
    sheet.protect(filtering=False)
    sheet.hide_deeply()
