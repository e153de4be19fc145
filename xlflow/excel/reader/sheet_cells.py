"""Sheet cells."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from xlflow.excel.conventions import RawCell
from xlflow.excel.reader.workbook_data import CellAnnotation, CellRange, Limits, SheetData, SheetMetadata

_SPARSE_GRID_ROWS, _SPARSE_GRID_COLUMNS, _MAX_DISTANT_CELLS = 20_000, 100, 10_000
_UNCHECKED_GRID_SIZE = 200_000
"""Cells that a sheet may span without a second look at whether they are mostly empty."""


class LimitExceededError(Exception):
    """The sheet holds more cells than the limit; or reading it took too long, as `code` says."""

    def __init__(self, code: str = "too-many-cells"):
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class SheetCells:
    """What one sheet holds: the cells that are not empty by (row, column), the merged areas, and what tells how
    the values came about; `guarded` only where `tells` says that the kind of file tells it."""

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
        """What tells how the values came about."""
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
    """Lay the cells out from A1 on; those that would stretch the sheet over mostly nothing become stray."""
    values = cells.values
    height, width = _grid_size(values)
    if height * width > max(_UNCHECKED_GRID_SIZE, 10 * len(values)):
        height, width = _grid_size(
            position
            for position in values
            if position[0] < _SPARSE_GRID_ROWS and position[1] < _SPARSE_GRID_COLUMNS
        )
    grid: list[list[RawCell]] = [[None] * width for _ in range(height)]
    distant_cells = []
    for (row, column), value in sorted(values.items(), key=lambda item: item[0]):
        if row < height and column < width:
            grid[row][column] = value
        else:
            distant_cells.append((row, column, value))
    if len(distant_cells) > _MAX_DISTANT_CELLS or height * width > limits.cells:
        raise LimitExceededError
    rows = tuple(map(tuple, grid))
    return SheetData(name, rows, tuple(cells.merged_ranges), visible, tuple(distant_cells), cells.metadata)


def _grid_size(positions: Iterable[tuple[int, int]]) -> tuple[int, int]:
    height = width = 0
    for row, column in positions:
        height, width = max(height, row + 1), max(width, column + 1)
    return height, width


def parse_iso_date(text: str) -> RawCell:
    """Return "2021-03-31" or "2021-03-31T10:00:00" as a day or moment, anything else as it is."""
    try:
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    except ValueError:
        return text or None
