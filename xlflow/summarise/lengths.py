"""Texts that are longer than a cell can hold: the beginning stays where it belongs, the rest goes on elsewhere.

Nothing is cut off: the rests stand, piece by piece, in the table of what was set aside, each with its address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xlflow.core.model import Cell, Grid
from xlflow.core.words import say
from xlflow.summarise.material import Material

LONGEST_TEXT = 30_000
"""Characters that one cell is given, a little less than Excel's 32,767."""


@dataclass(frozen=True, slots=True)
class Rest:
    """A piece that did not fit the cell that it belongs in, and the address of that cell."""

    unit: str | None
    source: str
    text: str


def fit_texts(grids: Sequence[Grid], material: Material) -> tuple[tuple[Grid, ...], tuple[Rest, ...]]:
    """Return the grids with every text short enough, and the rests in order."""
    rests = {grid.name: tuple(_find_rests(grid, material)) for grid in grids}
    fitted = tuple(_shorten(grid) if rests[grid.name] else grid for grid in grids)
    return fitted, tuple(rest for found in rests.values() for rest in found)


def cut_text(text: str) -> Iterator[str]:
    """Yield a text in pieces that fit a cell; a text that fits is one piece."""
    return (text[start : start + LONGEST_TEXT] for start in range(0, max(1, len(text)), LONGEST_TEXT))


def _find_rests(grid: Grid, material: Material) -> Iterator[Rest]:
    for row in filter(_has_long, grid.rows):
        cells = dict(zip((column.key for column in grid.columns), row, strict=True))
        unit = cells.get("_unit")
        for column, cell in zip(grid.columns, row, strict=True):
            _, *pieces = cut_text(cell) if isinstance(cell, str) else ("",)
            for piece in pieces:
                source = _address(grid, column.heading, cells.get("_id"), material)
                yield Rest(unit if isinstance(unit, str) else None, source, piece)


def _address(grid: Grid, heading: str, row: Cell, material: Material) -> str:
    sheet = say(f"consolidated.{grid.name}", material.language)
    return say("consolidated.rest_of", material.language, sheet=sheet, column=heading, row=row or "–")


def _has_long(row: Sequence[Cell]) -> bool:
    return any(isinstance(cell, str) and len(cell) > LONGEST_TEXT for cell in row)


def _shorten(grid: Grid) -> Grid:
    return replace(grid, rows=tuple(tuple(map(_fit, row)) for row in grid.rows))


def _fit(cell: Cell) -> Cell:
    return next(cut_text(cell)) if isinstance(cell, str) else cell
