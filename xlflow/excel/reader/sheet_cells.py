"""Collects the cells of one sheet as a cell-by-cell reader meets them, and makes a sheet of them.

Memory follows the cells that hold something, never the area that they span: a sheet with one cell in XFD1048576
must cost nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from xlflow.excel.conventions import CellRange, RawCell
from xlflow.excel.reader.limits import (
    CORE_COLUMNS,
    CORE_ROWS,
    MAX_DISTANT_CELLS,
    MIN_FILLED_SHARE,
    UNCHECKED_GRID_CELLS,
    Limits,
)
from xlflow.excel.reader.workbook_data import CellAnnotation, SheetData, SheetMetadata


class LimitExceededError(Exception):
    """A sheet goes beyond a limit; `code` is the message code: "too-many-cells" or "reader-too-slow"."""

    def __init__(self, code: str = "too-many-cells"):
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class SheetCells:
    """What one sheet holds so far. `values` are the filled cells by (row, column), counted from 0; the others are
    as in `SheetData` and `SheetMetadata`. `reports_validation`: whether validations are read of this kind of
    file."""

    values: dict[tuple[int, int], RawCell] = field(default_factory=dict)
    merged_ranges: list[CellRange] = field(default_factory=list)
    formula_cells: set[tuple[int, int]] = field(default_factory=set)
    validated_ranges: list[CellRange] = field(default_factory=list)
    hidden_rows: set[int] = field(default_factory=set)
    annotations: list[CellAnnotation] = field(default_factory=list)
    header_footer: list[str] = field(default_factory=list)
    links: list[CellAnnotation] = field(default_factory=list)
    reports_validation: bool = True

    @property
    def metadata(self) -> SheetMetadata:
        """The sheet's metadata; each header and footer text once."""
        validated_ranges = tuple(self.validated_ranges) if self.reports_validation else None
        hidden_rows, header_footer = frozenset(self.hidden_rows), tuple(dict.fromkeys(self.header_footer))
        return SheetMetadata(
            frozenset(self.formula_cells),
            validated_ranges,
            hidden_rows,
            tuple(self.annotations),
            header_footer,
            tuple(self.links),
        )


def build_sheet_data(name: str, cells: SheetCells, limits: Limits, *, visible: bool) -> SheetData:
    """Return the sheet, its rows from A1 on. If the filled cells are far apart, those outside its first 20,000
    rows and 100 columns become distant cells. Raises LimitExceededError if either are too many."""
    values = cells.values
    height, width = _grid_size(values)
    if height * width > max(UNCHECKED_GRID_CELLS, len(values) / MIN_FILLED_SHARE):
        height, width = _grid_size(
            position for position in values if position[0] < CORE_ROWS and position[1] < CORE_COLUMNS
        )
    grid: list[list[RawCell]] = [[None] * width for _ in range(height)]
    distant_cells = []
    for (row, column), value in sorted(values.items(), key=lambda item: item[0]):
        if row < height and column < width:
            grid[row][column] = value
        else:
            distant_cells.append((row, column, value))
    if len(distant_cells) > MAX_DISTANT_CELLS or height * width > limits.cells:
        raise LimitExceededError
    rows = tuple(map(tuple, grid))
    return SheetData(name, rows, tuple(cells.merged_ranges), visible, tuple(distant_cells), cells.metadata)


def _grid_size(positions: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return how many rows and columns from A1 on reach all the cells."""
    height = width = 0
    for row, column in positions:
        height, width = max(height, row + 1), max(width, column + 1)
    return height, width


def parse_iso_date(text: str) -> RawCell:
    """Return "2021-03-31" as a date, "2021-03-31T10:00:00" as a datetime, anything else unchanged, "" as None."""
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return text or None
