"""Finds the tables of a consolidated workbook by their headings, wherever somebody has moved them.

Cells come out as what they hold, with their address. Knows nothing of what the tables say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xlflow.core.findings import Place
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.excel.incoming import Book, Raw, Sheet, cell_name

_fold = lru_cache(maxsize=1024)(fold)

_HALF_LETTERS = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table: its cells by heading, folded; and where each stands."""

    cells: Mapping[str, tuple[Raw, int]]
    file: str
    sheet: str
    row: int

    def raw(self, *headings: str) -> Raw:
        """Return what stands under the first of the headings that the table has; None if it has none."""
        return next((self.cells[key][0] for heading in headings if (key := _fold(heading)) in self.cells), None)

    def text(self, *headings: str) -> str:
        """Return the same as text, "" for blanks."""
        return written_text(self.raw(*headings)).translate(_HALF_LETTERS).strip()

    def place(self, *headings: str) -> Place:
        """Return the address of the cell under the first heading that the table has, else of the row."""
        known = (self.cells[key][1] for heading in headings if (key := _fold(heading)) in self.cells)
        return Place(self.file, self.sheet, cell_name(self.row, next(known, 0)))


def read_table(book: Book, sheet_name: str, *wanted: str) -> Iterator[Record]:
    """Yield the rows of the table that has all the headings wanted, until a row without any text in its columns.

    Sheets that go on under the same name ("Svar 2") are read too; nothing is yielded where there is no such table.
    """
    for sheet in book.sheets:
        if _fold(sheet.name) == _fold(sheet_name) or _fold(sheet.name).startswith(f"{_fold(sheet_name)} "):
            yield from _read_sheet(book.name, sheet, [_fold(heading) for heading in wanted])


def _read_sheet(file: str, sheet: Sheet, wanted: Sequence[str]) -> Iterator[Record]:
    columns: dict[str, int] | None = None
    for number, row in enumerate(sheet.rows):
        if columns is None:
            found = _headings(row)
            columns = found if all(heading in found for heading in wanted) else None
        elif any(row[column] is not None for column in columns.values()):
            yield Record({key: (row[at], at) for key, at in columns.items()}, file, sheet.name, number)
        else:
            return


def _headings(row: Sequence[Raw]) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, cell in enumerate(row):
        if isinstance(cell, str) and cell.strip():
            found.setdefault(_fold(cell), column)
    return found
