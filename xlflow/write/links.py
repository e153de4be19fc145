"""Links from each answer to the row of the file that it came from, as long as that file lies beside the workbook.

A path that leads out of the workbook's own folder would tell strangers about somebody's computer, and fail there.
The links stand in a column of their own, of short texts: LibreOffice shows a link on one line only, and the name
of a file may take more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from string import ascii_uppercase

from xlflow.core.findings import Place
from xlflow.core.model import Grid, GridColumn, MergedRow, hold_rows
from xlflow.core.text import fold
from xlflow.core.words import Language, say
from xlflow.write.desk import Desk
from xlflow.write.places import Piece

SOURCE, LEAD = "_source", "_lead"
"""The column that says where an answer came from, and the one that leads there."""

LEAD_WIDTH = 9

MOST_LINKS = 20_000
"""Rows beyond which none is linked: Excel takes 65,530 links on a sheet, and opens slowly with many."""

MOST_LETTERS = 900
"""Letters of an address; Excel takes 2,079."""

Near = Mapping[str, str]
"""Files by the name that people see, and how each is reached from the folder of the workbook."""


def add_leads(answers: Grid, rows: Sequence[MergedRow], near: Near, language: Language) -> Grid:
    """Return the answers with a column of links beside their sources, if any of those can be reached."""
    if len(rows) > MOST_LINKS or not any(find_address(row, near) for row in rows):
        return answers
    at = [column.key for column in answers.columns].index(SOURCE) + 1
    column = GridColumn(LEAD, _name_column(answers, say("overview.go_to", language)), LEAD_WIDTH, "link")
    words = say("consolidated.lead", language)
    told = (words.format(row=_row_of(_place_of(row))) if find_address(row, near) else None for row in rows)
    return replace(
        answers,
        columns=(*answers.columns[:at], column, *answers.columns[at:]),
        rows=hold_rows(answers.rows, len(answers.columns)).with_column(at, told),
    )


def link_sources(pieces: Sequence[Piece], rows: Sequence[MergedRow], near: Near, desk: Desk) -> None:
    """Make the texts of that column, if a sheet has it, links to the first row that each answer came from."""
    for piece in pieces:
        columns = [place for place, column in enumerate(piece.grid.columns) if column.key == LEAD]
        shown = rows[piece.start : piece.start + len(piece.grid.rows)] if columns else ()
        for place, row in enumerate(shown, piece.top + 1):
            address = find_address(row, near)
            if address:
                desk.sheet.lead(place, columns[0], address)


def find_address(row: MergedRow, near: Near) -> str:
    """Return the address of the cell that an answer came from; "" if it cannot be reached."""
    source = _place_of(row)
    address = near.get(source.file, "")
    if not address or not source.sheet or not _row_of(source) or len(address) >= MOST_LETTERS:
        return ""
    sheet = source.sheet.replace("'", "''")
    return f"external:{address}#'{sheet}'!{source.cell}"


def _place_of(row: MergedRow) -> Place:
    return row.sources[0] if row.sources else row.row.place


def _row_of(place: Place) -> str:
    return (place.cell or "").lstrip(ascii_uppercase)


def _name_column(grid: Grid, heading: str) -> str:
    """Return a heading that no other column has, as a table demands."""
    taken = {fold(column.heading) for column in grid.columns}
    names = (heading if number == 1 else f"{heading} ({number})" for number in count(1))
    return next(name for name in names if fold(name) not in taken)
