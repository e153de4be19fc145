"""Links from each answer to the row of the file that it came from, as long as that file lies beside the workbook.

A path that leads out of the workbook's own folder would tell strangers about somebody's computer, and fail there.
"""

from collections.abc import Mapping, Sequence

from xlflow.core.model import MergedRow
from xlflow.write.desk import Desk
from xlflow.write.places import Piece

SOURCE = "_source"
"""The column that says where an answer came from."""

MOST_LINKS = 20_000
"""Rows beyond which none is linked: Excel takes 65,530 links on a sheet, and opens slowly with many."""

MOST_LETTERS = 900
"""Letters of an address; Excel takes 2,079."""

Near = Mapping[str, str]
"""Files by the name that people see, and how each is reached from the folder of the workbook."""


def choose_linked(rows: Sequence[MergedRow], near: Near) -> frozenset[str]:
    """Return the keys of the columns of the answers that hold links."""
    linked = len(rows) <= MOST_LINKS and any(map(near.get, (row.sources[0].file for row in rows if row.sources)))
    return frozenset((SOURCE,)) if linked else frozenset()


def link_sources(piece: Piece, rows: Sequence[MergedRow], near: Near, desk: Desk) -> None:
    """Make the source of each answer of a piece a link to the first row that it came from."""
    column = [column.key for column in piece.grid.columns].index(SOURCE)
    shown = rows[piece.start : piece.start + len(piece.grid.rows)]
    for place, row in enumerate(shown, piece.top + 1):
        source = row.sources[0] if row.sources else row.row.place
        address = near.get(source.file, "")
        if address and source.sheet and source.cell and len(address) < MOST_LETTERS:
            sheet = source.sheet.replace("'", "''")
            desk.sheet.lead(place, column, f"external:{address}#'{sheet}'!{source.cell}")
