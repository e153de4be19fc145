"""In which order the lines stood when the workbook was written, and what has gone from their table since.

People sort the table, take rows out and rename headings. The order is put back; what is gone is told, since a
report would otherwise be silent about it.
"""

from collections.abc import Iterable, Iterator

from xlflow.core.findings import Finding, Place, Stop, find
from xlflow.core.followed import Entry, Followed
from xlflow.core.layout import ORDER, ROUND_SHEET
from xlflow.core.text import fold
from xlflow.core.words import Text, say_both
from xlflow.excel.incoming import Book, Sheet

ROWS_ABOVE = 50
"""Rows that are looked through for headings; people may write something of their own above them."""

MOST_NAMED = 5
"""Ids of missing lines that a message names."""


def sort_as_issued(entries: Iterable[Entry], hidden: Sheet) -> tuple[Entry, ...]:
    """Return the lines in the order of the plan; those that somebody has added come last."""
    order = {line: place for place, line in enumerate(_read_order(hidden))}
    return tuple(sorted(entries, key=lambda entry: order.get(entry.line.id, len(order))))


def find_lost(book: Book, followed: Followed) -> tuple[Finding, ...]:
    """Return what is no longer in the table of activities; `Stop` if without it every status would be wrong."""
    return (*_find_lost_columns(book, followed), *_find_lost_lines(book, followed))


def _find_lost_columns(book: Book, followed: Followed) -> Iterator[Finding]:
    title, rolled_up = say_both("consolidated.activities"), say_both("consolidated.rolled_up")
    sheets = [sheet for sheet in book.sheets if any(_begins(sheet.name, name) for name in _folded(title))]
    known = {
        fold(cell) for sheet in sheets for row in sheet.rows[:ROWS_ABOVE] for cell in row if isinstance(cell, str)
    }
    place = Place(book.name, sheets[0].name if sheets else "")
    if followed.status and known.isdisjoint(_folded(rolled_up)):
        raise Stop(find("report-status-gone", place, words={"heading": rolled_up}))
    template = followed.template
    labels = (*(level.label for level in template.levels), *(field.label for field in template.shown()))
    for label in labels:
        if known.isdisjoint(_folded(label)):
            yield find("report-column-gone", place, words={"heading": label})


def _find_lost_lines(book: Book, followed: Followed) -> Iterator[Finding]:
    hidden = book.sheet(ROUND_SHEET)
    there = {entry.line.id for entry in followed.entries}
    gone = [line for line in _read_order(hidden) if line not in there] if hidden else []
    if gone:
        named = ", ".join(gone[:MOST_NAMED]) + (" …" if len(gone) > MOST_NAMED else "")
        yield find("report-lines-gone", Place(book.name), words={"count": len(gone), "ids": named})


def _read_order(hidden: Sheet) -> list[str]:
    cells = [str(row[1]) for row in hidden.rows if len(row) > 1 and row[0] == ORDER]
    return [line for cell in cells for line in cell.split("\n") if line]


def _folded(text: Text) -> tuple[str, ...]:
    return fold(text.sv), fold(text.en)


def _begins(name: str, title: str) -> bool:
    return fold(name) == title or fold(name).startswith(f"{title} ")
