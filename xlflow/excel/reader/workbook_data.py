"""What every reader returns: workbooks, sheets and cell values, with nothing of the file format they came in.

Also what all readers share: collecting the cells of a sheet one by one, the escapes of OOXML texts, and lists of
cell ranges. Opens nothing. Memory follows the cells that hold something, never the area that they span: a sheet
with one cell in XFD1048576 must cost nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from xlflow.excel.cell_address import parse_cell_address
from xlflow.excel.conventions import CALC_SHEET_NAMES, CellRange, RawCell
from xlflow.excel.reader.limits import (
    CORE_COLUMNS,
    CORE_ROWS,
    MAX_DISTANT_CELLS,
    MIN_FILLED_SHARE,
    UNCHECKED_GRID_CELLS,
    Limits,
)
from xlflow.model.findings import Finding

_OOXML_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

WorkbookKind = Literal["xlsx", "ods", "xls", "xlsb", "csv"]

CellAnnotation = tuple[int, int, str, str]
"""(row, column, author, text) of a comment or of a text in a shape, counted from 0, author "" if unknown; of a
link on a cell, the text is its address."""


@dataclass(frozen=True, slots=True)
class StruckOutText:
    """Text that is struck out in one cell; row and column are counted from 0. `whole_cell` is False where some of
    the cell's text is not struck out, which is `remaining`."""

    row: int
    column: int
    text: str
    whole_cell: bool
    remaining: str = ""


@dataclass(frozen=True, slots=True)
class ExcelTable:
    """A table that was made with Excel's own command (a ListObject). `cell_range` begins at its heading row and
    ends at its last row, the `total_rows` (0 or 1) below its data included."""

    name: str
    cell_range: CellRange
    total_rows: int = 0


class ErrorValue(str):
    """The text of an error cell ("#REF!"). A str, so that it is treated as text where nobody checks for it, and
    never as an empty cell."""

    __slots__ = ()


class PictureValue(ErrorValue):
    """The error that stands in a file for a picture that was placed in the cell."""

    __slots__ = ()


class UncachedFormula(str):
    """The formula ("=A1+B1") of a cell that was saved without its computed value; never an empty cell."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SheetMetadata:
    """What is known of a sheet beside its values; None where it is not read of this kind of file.

    `formula_cells` are the (row, column) that hold a formula, `validated_ranges` what data validations apply to,
    `hidden_rows` row numbers from 0, `annotations` comments and texts in shapes, `header_footer` the texts of the
    printed pages without layout codes, `links` the addresses of links on cells. `hidden_columns` are counted from
    0, `struck_out` is what is struck out in cells, `replaced_values` are (row, column, value) of cells that the
    file holds twice: what the first of them held. Only a plan workbook has `excel_tables` (see
    `open_plan_workbook`).
    """

    formula_cells: frozenset[tuple[int, int]] | None = None
    validated_ranges: tuple[CellRange, ...] | None = None
    hidden_rows: frozenset[int] = frozenset()
    annotations: tuple[CellAnnotation, ...] = ()
    header_footer: tuple[str, ...] = ()
    links: tuple[CellAnnotation, ...] = ()
    hidden_columns: frozenset[int] = frozenset()
    struck_out: tuple[StruckOutText, ...] = ()
    excel_tables: tuple[ExcelTable, ...] = ()
    replaced_values: tuple[tuple[int, int, RawCell], ...] = ()


NO_METADATA = SheetMetadata()


@dataclass(frozen=True, slots=True)
class SheetData:
    """One sheet: `rows` from A1 on, all equally long, so that `rows[r][c]` is the cell in row r + 1, column c + 1.
    Only the upper left cell of a merged range has a value. `distant_cells` are (row, column, value) of cells so
    far away that `rows` does not reach them."""

    name: str
    rows: tuple[tuple[RawCell, ...], ...]
    merged_ranges: tuple[CellRange, ...] = ()
    visible: bool = True
    distant_cells: tuple[tuple[int, int, RawCell], ...] = ()
    metadata: SheetMetadata = NO_METADATA

    @property
    def is_blank(self) -> bool:
        """Whether no cell of the sheet's rows holds anything."""
        return not any(cell not in (None, "") for row in self.rows for cell in row)


@dataclass(frozen=True, slots=True)
class WorkbookData:
    """One file that was opened. `name` is what people call it; `properties` are its custom document properties;
    `last_saved` is the time that the file itself states; `digest` is the SHA-256 of its bytes in hexadecimal,
    `size` their number; `findings` are notes on it as a whole; `descriptions` are the texts in its other
    properties."""

    name: str
    kind: WorkbookKind
    sheets: tuple[SheetData, ...]
    properties: Mapping[str, str]
    last_saved: datetime | None
    digest: str
    size: int
    findings: tuple[Finding, ...] = ()
    descriptions: tuple[str, ...] = ()

    def find_sheet(self, name: str) -> SheetData | None:
        """Return the sheet with exactly this name, or None."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)


def is_skippable_sheet(name: str, *, visible: bool) -> bool:
    """Return whether a sheet need not be read: the hidden one that holds nothing but a form's own formulas."""
    return name in CALC_SHEET_NAMES and not visible


def decode_ooxml_escapes(text: str) -> str:
    """Return a text with its `_xHHHH_` escapes decoded: characters that XML cannot hold (ECMA-376, ST_Xstring)."""
    return _OOXML_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def parse_cell_ranges(references: str) -> Iterator[CellRange]:
    """Yield the ranges of a list of references ("H5:H9 H11"); what is no reference is passed over."""
    for reference in references.replace("$", "").split():
        first, _, last = reference.partition(":")
        with suppress(ValueError):
            yield (*parse_cell_address(first), *parse_cell_address(last or first))


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
    hidden_columns: set[int] = field(default_factory=set)
    struck_out: list[StruckOutText] = field(default_factory=list)
    replaced_values: list[tuple[int, int, RawCell]] = field(default_factory=list)
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
            frozenset(self.hidden_columns),
            tuple(self.struck_out),
            replaced_values=tuple(self.replaced_values),
        )

    def add_struck_out(self, row: int, column: int, struck: str, remaining: str) -> None:
        """Note what is struck out in a cell, and what is not; nothing if no letter is struck out."""
        if struck.strip():
            self.struck_out.append(StruckOutText(row, column, struck, not remaining.strip(), remaining))


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
