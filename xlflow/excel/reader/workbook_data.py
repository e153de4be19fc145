"""What every reader returns: workbooks, sheets and cell values, with nothing of the file format they came in.

Also two spellings that all readers share: the escapes of OOXML texts, and lists of cell ranges. Opens nothing.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from xlflow.excel.cell_address import parse_cell_address
from xlflow.excel.conventions import CALC_SHEET_NAMES, CellRange, RawCell
from xlflow.model.findings import Finding

_OOXML_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

WorkbookKind = Literal["xlsx", "ods", "xls", "xlsb", "csv"]

CellAnnotation = tuple[int, int, str, str]
"""(row, column, author, text) of a comment or of a text in a shape, counted from 0, author "" if unknown; of a
link on a cell, the text is its address."""


@dataclass(frozen=True, slots=True)
class StruckOutText:
    """Text that is struck out in one cell; row and column are counted from 0. `whole_cell` is False where some of
    the cell's text is not struck out."""

    row: int
    column: int
    text: str
    whole_cell: bool


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


class UncachedFormula(str):
    """The formula ("=A1+B1") of a cell that was saved without its computed value; never an empty cell."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SheetMetadata:
    """What is known of a sheet beside its values; None where it is not read of this kind of file.

    `formula_cells` are the (row, column) that hold a formula, `validated_ranges` what data validations apply to,
    `hidden_rows` row numbers from 0, `annotations` comments and texts in shapes, `header_footer` the texts of the
    printed pages without layout codes, `links` the addresses of links on cells. Only a plan workbook has
    `hidden_columns` (counted from 0), `struck_out` and `excel_tables` (see `open_plan_workbook`).
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
