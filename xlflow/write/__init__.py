"""The tables and figures of a round -> the consolidated workbook, as the bytes of one .xlsx file.

The order of the sheets, how each is set up and printed, and which words stand out. What stands in them was
decided by `summarise`; here nothing is worked out, and no file is touched.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile, zip_longest

from xlflow.core.model import Grid, Merged, Round
from xlflow.core.summary import Summary
from xlflow.core.words import say
from xlflow.excel.outgoing import Book, Sheet
from xlflow.write.desk import Desk, choose_marks
from xlflow.write.formulas import name_tables, plain_name
from xlflow.write.overview import write_overview
from xlflow.write.record import add_record
from xlflow.write.tables import fit_widths, write_table

__all__ = ["write_consolidated"]

SHEETS = (
    ("deviations", ("deviations",)),
    ("activities", ("activities",)),
    ("answers", ("answers",)),
    ("changes", ("changes",)),
    ("collection", ("accounts", "units", "files", "set_aside")),
    ("remarks", ("remarks",)),
    ("about", ("about", "inputs")),
)
"""The sheets after the summary, in order, each with the tables that stand on it."""


UNPRINTED = ("_origin", "_continues_from", "context:", "_any_")
"""Keys of the last columns of wide tables, which are left out on paper so that the others can be read."""

PAGE_ROWS = 90
"""Rows that one page shows in a size that can be read; a longer summary takes more pages."""


def write_consolidated(summary: Summary, merged: Merged) -> bytes:
    """Return the consolidated workbook; the same values give the same bytes."""
    round_ = merged.round
    book = Book(f"{summary.title} – {summary.lead}", round_.language, round_.as_of)
    desk = _lay_desk(summary, round_, book.add_sheet(say("consolidated.summary", round_.language)))
    last = write_overview(summary, desk)
    _set_page(desk.sheet, summary)
    desk.sheet.set_page(portrait=True, one_page=last < PAGE_ROWS)
    for key, grids in SHEETS:
        if not summary.grids.keys() >= set(grids):
            continue
        at = replace(desk, sheet=book.add_sheet(desk.say(key)))
        _write_sheet([summary.grids[grid] for grid in grids], at)
        _set_page(at.sheet, summary)
    add_record(book, round_)
    desk.sheet.open_here()
    return book.to_bytes()


def _lay_desk(summary: Summary, round_: Round, front: Sheet) -> Desk:
    language = round_.language
    sheets = {grid: say(f"consolidated.{sheet}", language) for sheet, grids in SHEETS for grid in grids}
    tables = {grid: plain_name(say(f"consolidated.{grid}", language)) for grid in sheets}
    marks = choose_marks(round_.template, language)
    return Desk(front, name_tables(summary.tables, tables), tables, sheets, marks, language)


def _write_sheet(grids: Sequence[Grid], desk: Desk) -> None:
    """Write one table from the first row on, or several one below the other, each under its title."""
    if len(grids) == 1:
        fitted = fit_widths(grids[0])
        desk.sheet.set_widths([column.width for column in fitted.columns])
        write_table(fitted, 0, desk)
        desk.sheet.freeze(1, 1)
        shown = takewhile(lambda column: not column.key.startswith(UNPRINTED), fitted.columns)
        desk.sheet.set_page(repeat=0, columns=len(list(shown)))
        return
    columns = zip_longest(*([column.width for column in grid.columns] for grid in grids), fillvalue=0)
    widths = [max(together) for together in columns]
    desk.sheet.set_widths(widths)
    row = 0
    for grid in grids:
        desk.sheet.write(row, 0, desk.say(f"title_{grid.name}"), desk.style("subtitle"))
        desk.sheet.set_height(row, 24)
        row = write_table(_widen(grid, widths), row + 1, desk) + 1
    desk.sheet.set_page()


def _widen(grid: Grid, widths: Sequence[int]) -> Grid:
    columns = (replace(column, width=width) for column, width in zip(grid.columns, widths, strict=False))
    return replace(grid, columns=tuple(columns))


def _set_page(sheet: Sheet, summary: Summary) -> None:
    """Say at the top of every printed page what it is a page of."""
    sheet.set_header(summary.title, summary.lead)
