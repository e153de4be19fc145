"""Which table stands where: its sheet, its first row, its name; and on which further sheet it goes on.

A sheet of Excel ends after 1,048,576 rows. What does not fit goes on under the same headings on a sheet of the
same name with a number, and every formula counts in all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from xlflow.core.model import Grid
from xlflow.core.summary import Match
from xlflow.core.words import Language, say
from xlflow.write.formulas import plain_name

MOST_ROWS = 1_048_576
"""Rows of a sheet."""

SHEETS = (
    ("deviations", ("deviations",)),
    ("activities", ("activities",)),
    ("answers", ("answers",)),
    ("changes", ("changes",)),
    ("collection", ("accounts", "units", "files", "set_aside")),
    ("remarks", ("remarks",)),
    ("about", ("about", "exceptions", "aliases", "inputs")),
    ("history", ("history",)),
    ("rounds", ("rounds",)),
)
"""The sheets after the summary, in order, each with the tables that stand on it; the last two are those of a
history, which has no others."""

OPTIONAL = frozenset(("exceptions", "aliases"))
"""Tables without which their sheet is whole too."""

ALONE = frozenset(names[0] for _, names in SHEETS if len(names) == 1)
"""The tables that share their sheet with no other."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A table: as many rows of a grid as there is room for on a sheet, from its row `start` on. Rows of the sheet
    count from 0: `top` is that of the headings; one that is `titled` has its title in the row above."""

    grid: Grid
    table: str
    sheet: str
    top: int
    titled: bool
    start: int = 0

    @property
    def below(self) -> int:
        """The first row below it; a table has at least one row."""
        return self.top + 1 + max(1, len(self.grid.rows))


@dataclass(frozen=True, slots=True)
class Places:
    """All tables, in the order in which they stand in the workbook, and again by grid."""

    pieces: tuple[Piece, ...]
    by_grid: Mapping[str, tuple[Piece, ...]]

    def sheets(self) -> Mapping[str, list[Piece]]:
        """Return the tables of each sheet, in order."""
        sheets: dict[str, list[Piece]] = {}
        for piece in self.pieces:
            sheets.setdefault(piece.sheet, []).append(piece)
        return sheets

    def tables_of(self, grid: str) -> tuple[str, ...]:
        """Return the names of the tables that a grid stands in."""
        return tuple(piece.table for piece in self.by_grid[grid])

    def sheet_of(self, grid: str) -> str:
        """Return the name of the sheet that a grid begins on."""
        return self.by_grid[grid][0].sheet

    def link_to(self, grid: str) -> str:
        """Return the address of a table, as links write it."""
        piece = self.by_grid[grid][0]
        return _address(piece.sheet, piece.top if piece.titled else 0)

    def find_row(self, grid: str, where: Sequence[Match]) -> str | None:
        """Return the address of the first row that matches, None if none does."""
        for piece in self.by_grid[grid]:
            keys = [column.key for column in piece.grid.columns]
            wanted = [(keys.index(match.column), match.text.casefold(), match.holds) for match in where]
            for number, row in enumerate(piece.grid.rows, piece.top + 1):
                if all((str(row[at] or "").casefold() == text) is holds for at, text, holds in wanted):
                    return _address(piece.sheet, number)
        return None


def place_tables(grids: Mapping[str, Grid], language: Language, most_rows: int = MOST_ROWS) -> Places:
    """Return where every table stands; sheets whose tables are not all there are left out."""
    pieces = tuple(
        piece
        for key, names in SHEETS
        if grids.keys() >= set(names) - OPTIONAL
        for piece in _fill_sheets(key, [grids[name] for name in names if name in grids], language, most_rows)
    )
    by_grid = {name: tuple(each for each in pieces if each.grid.name == name) for name in grids}
    return Places(pieces, MappingProxyType(by_grid))


def _fill_sheets(key: str, grids: Sequence[Grid], language: Language, most_rows: int) -> Iterator[Piece]:
    """Yield the tables of one sheet, and of those that it goes on in."""
    name, titled = say(f"consolidated.{key}", language), len(grids) > 1
    number, row = 1, 0
    for grid in grids:
        table, start, part = plain_name(say(f"consolidated.{grid.name}", language)), 0, 1
        while start < max(1, len(grid.rows)):
            room = most_rows - row - titled - 1
            if room < 1:
                number, row = number + 1, 0
                continue
            held = replace(grid, rows=grid.rows[start : start + room])
            piece = Piece(
                held, _numbered(table, part, "_"), _numbered(name, number, " "), row + titled, titled, start
            )
            yield piece
            start, part, row = start + max(1, len(held.rows)), part + 1, piece.below + 1


def _numbered(name: str, number: int, between: str) -> str:
    return name if number == 1 else f"{name}{between}{number}"


def _address(sheet: str, row: int) -> str:
    return f"internal:'{sheet}'!A{row + 1}"
