"""The tables and figures of a round -> the consolidated workbook, as the bytes of one .xlsx file.

The order of the sheets, how each is set up and printed, and which words stand out. What stands in them was
decided by `summarise`; here nothing is worked out, and no file is touched.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile, zip_longest
from types import MappingProxyType

from xlflow.core.model import Grid, Merged
from xlflow.core.summary import History, Summary
from xlflow.core.words import say
from xlflow.excel.outgoing import Book
from xlflow.write.accounts import Formulas, write_accounts
from xlflow.write.desk import Desk, choose_marks
from xlflow.write.formulas import name_tables
from xlflow.write.links import Near, add_leads, link_sources
from xlflow.write.overview import write_overview
from xlflow.write.places import ALONE, MOST_ROWS, Piece, place_tables
from xlflow.write.record import MADE_BY, add_record
from xlflow.write.tables import fit_widths, write_table

__all__ = ["MADE_BY", "lay_out_consolidated", "write_consolidated", "write_history"]

UNPRINTED = ("_origin", "_continues_from", "context:", "_any_")
"""Keys of the last columns of wide tables, which are left out on paper so that the others can be read."""

WIDEST_ON_A4 = 1425.0
"""Points that a table may be wide to be read on A4, its letters at 6 points then; a wider one is set up for A3."""

NOWHERE: Near = MappingProxyType({})
"""No file lies near."""

PAGE_ROWS = 100
"""Rows that one page shows in a size that can be read; a longer summary takes more pages."""


def write_consolidated(
    summary: Summary, merged: Merged, most_rows: int = MOST_ROWS, near: Near = NOWHERE
) -> bytes:
    """Return the consolidated workbook as a file; see `lay_out_consolidated`."""
    return lay_out_consolidated(summary, merged, most_rows, near).to_bytes()


def lay_out_consolidated(
    summary: Summary, merged: Merged, most_rows: int = MOST_ROWS, near: Near = NOWHERE
) -> Book:
    """Return the consolidated workbook, ready to become a file; the same values give the same bytes.

    A table of which more than `most_rows` rows would stand on a sheet goes on on a further one. `near` are the
    files that the answers lead to.
    """
    round_ = merged.round
    book = Book(f"{summary.title} – {summary.lead}", round_.language, round_.as_of)
    answers = add_leads(summary.grids["answers"], merged.rows, near, round_.language)
    grids = {**summary.grids, "answers": answers}
    grids = {name: fit_widths(grid) if name in ALONE else grid for name, grid in grids.items()}
    places = place_tables(grids, round_.language, most_rows)
    names = name_tables(grids.values(), {name: places.tables_of(name) for name in grids})
    front = book.add_sheet(say("consolidated.summary", round_.language))
    desk = Desk(front, names, places, choose_marks(round_.template, round_.language), round_.language)
    last = write_overview(summary, desk)
    front.set_header(summary.title, summary.lead)
    front.set_page(portrait=True, one_page=last < PAGE_ROWS)
    for name, pieces in places.sheets().items():
        at = replace(desk, sheet=book.add_sheet(name))
        _write_sheet(pieces, write_accounts(summary.accounts, at), at)
        link_sources(pieces, merged.rows, near, at)
        at.sheet.set_header(summary.title, summary.lead)
    add_record(book, round_, summary.since, list(map(str, grids["activities"].column(0))))
    front.open_here()
    return book


def write_history(history: History, most_rows: int = MOST_ROWS) -> bytes:
    """Return several rounds as a workbook: one line per activity, one column per round."""
    language = history.language
    grids = {grid.name: fit_widths(grid) for grid in (history.lines, history.rounds)}
    places = place_tables(grids, language, most_rows)
    names = name_tables(grids.values(), {name: places.tables_of(name) for name in grids})
    rounds = len(history.rounds.rows)
    lead = say(f"history.subject_{'one' if rounds == 1 else 'many'}", language, count=rounds)
    book = Book(f"{history.title} – {lead}", language, history.as_of)
    marks = tuple(dict.fromkeys(mark for each in history.templates for mark in choose_marks(each, language)))
    for number, (name, pieces) in enumerate(places.sheets().items()):
        desk = Desk(book.add_sheet(name), names, places, marks, language)
        _write_sheet(pieces, {}, desk)
        desk.sheet.set_header(history.title, lead)
        if number == 0:
            desk.sheet.open_here()
    book.set_property(MADE_BY, "history")
    return book.to_bytes()


def _write_sheet(pieces: Sequence[Piece], accounts: Formulas, desk: Desk) -> None:
    """Write one table from the first row on, or several one below the other, each under its title."""
    columns = zip_longest(*([column.width for column in piece.grid.columns] for piece in pieces), fillvalue=0)
    widths = [max(together) for together in columns]
    desk.sheet.set_widths(widths)
    for piece in pieces:
        if piece.titled:
            title = desk.say(f"title_{piece.grid.name}")
            desk.sheet.write(piece.top - 1, 0, title, desk.style("subtitle"))
            desk.sheet.set_height(piece.top - 1, 24)
        widened = replace(piece, grid=_widen(piece.grid, widths))
        write_table(widened, accounts if piece.grid.name == "accounts" else {}, desk)
    if pieces[0].titled:
        desk.sheet.set_page()
    else:
        desk.sheet.freeze(1, 1)
        shown = takewhile(lambda column: not column.key.startswith(UNPRINTED), pieces[0].grid.columns)
        points = [(width * 7 + 5) * 0.75 for width, _ in zip(widths, shown, strict=False)]
        desk.sheet.set_page(repeat=0, columns=len(points), large=sum(points) > WIDEST_ON_A4)


def _widen(grid: Grid, widths: Sequence[int]) -> Grid:
    columns = (replace(column, width=width) for column, width in zip(grid.columns, widths, strict=False))
    return replace(grid, columns=tuple(columns))
