"""What an opened file looks like to the rest of the program: values only, nothing of the format it came in."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from xlflow.excel.cell_address import parse_cell_address
from xlflow.excel.conventions import CALC_SHEET_NAMES, RawCell
from xlflow.model.findings import Finding

_OOXML_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")

WorkbookKind = Literal["xlsx", "ods", "xls", "xlsb", "csv"]

CellRange = tuple[int, int, int, int]
"""First row, first column, last row, last column, counted from 0."""


CellAnnotation = tuple[int, int, str, str]
"""A note on a cell: its row and column, counted from 0, who wrote it, and the text; or where a cell leads to."""


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
    """What an error cell shows ("#REF!"): text to everyone who does not ask, and never a blank."""

    __slots__ = ()


class UncachedFormula(str):
    """The formula ("=A1+B1") of a cell whose value no program has worked out; never a blank."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How large and how slow a file may be before it is refused, and whether the fast reader may have files that
    only it knows (.xls, .xlsb), on which it may crash."""

    file_bytes: int = 20_000_000
    unpacked_bytes: int = 300_000_000
    compression_ratio: int = 250
    zip_entries: int = 10_000
    cells: int = 2_000_000
    seconds: int = 30
    memory_bytes: int = 512_000_000
    allow_binary_formats: bool = True


DEFAULT_LIMITS = Limits()
"""The limits that count where nobody has set others."""

IN_PROCESS_LIMITS = Limits(
    file_bytes=2_000_000, unpacked_bytes=16_000_000, cells=200_000, seconds=5, allow_binary_formats=False
)
"""What may be read without a process of its own: it can neither crash nor take long, nor much memory."""


@dataclass(frozen=True, slots=True)
class SheetMetadata:
    """What shows how the values of a sheet came about; None where its kind of file does not tell.

    `formulas` are the cells (row, column) that hold a formula, `guarded` the areas that a validation watches,
    `hidden` the rows that nobody sees; `margins` are the texts in the headers and footers of its printed pages,
    `links` where cells lead to. Only a plan workbook has `hidden_columns` (counted from 0), `struck_out` and
    `excel_tables` (see `open_plan_workbook`).
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
    """One sheet, its rows from A1 on and all of one length. Only the first cell of a merged area has a value.
    `stray` holds (row, column, value) of cells so far away that the rows do not reach them."""

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
    """One file that was opened. `properties` are the custom document properties; `saved` is what the file
    itself says of when it was last saved; `digest` is the SHA-256 of the file; `findings` are notes on it; `about`
    is what somebody wrote among its other properties."""

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
        """Return the sheet with this very name, if there is one."""
        return next((sheet for sheet in self.sheets if sheet.name == name), None)


def is_skippable_sheet(name: str, *, visible: bool) -> bool:
    """Return whether a sheet of a workbook need not be read, since only a form's own formulas can stand there."""
    return name in CALC_SHEET_NAMES and not visible


def decode_ooxml_escapes(text: str) -> str:
    """Return a text with the letters that Excel writes as _x000D_ put back."""
    return _OOXML_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def parse_cell_ranges(references: str) -> Iterator[CellRange]:
    """Yield the areas that a list of references names ("H5:H9 H11"), passing over what names none."""
    for reference in references.replace("$", "").split():
        first, _, last = reference.partition(":")
        with suppress(ValueError):
            yield (*parse_cell_address(first), *parse_cell_address(last or first))
