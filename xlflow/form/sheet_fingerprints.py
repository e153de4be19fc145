"""What the sheets of a form that goes back say themselves, so that what somebody types over it is told from it.

The form carries a mark of every text that it wrote there, cell by cell; the texts themselves stand on the sheets.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from xlflow.excel.conventions import RawCell
from xlflow.model.table import TableCell
from xlflow.model.text import short_code
from xlflow.values import cell_text

FORMULA_RESULT = "\0"
"""Stands for a text that a formula works out anew."""

_FORMULA_FINGERPRINT = "*"

_FINGERPRINT_LENGTH = 6
"""Letters of a mark: two texts with the same one are as good as never met in one place."""


def fingerprint_cells(rows: Iterable[Sequence[TableCell]]) -> str:
    """Return the marks of what stands on a sheet, from its first cell on; `FORMULA_RESULT` stands for itself."""
    return "/".join(",".join(map(_fingerprint_cell, row)) for row in rows)


def find_changed_cells(
    cells: Iterable[tuple[int, int, RawCell]], fingerprints: str, is_formula_text: Callable[[str], bool]
) -> frozenset[tuple[int, int]]:
    """Return the places (row, column) of the cells that hold what the form never wrote on the sheet, or wrote less
    often; rows may have been moved. `is_unedited_docx` tells what a formula may have come to."""
    rows = enumerate(fingerprints.split("/"))
    expected = {
        (row, column): cell_fingerprint
        for row, row_fingerprints in rows
        for column, cell_fingerprint in enumerate(row_fingerprints.split(","))
    }
    found = {(row, place): text for row, place, value in cells if (text := cell_text(value))}
    unexpected = {
        address: _fingerprint_text(text)
        for address, text in found.items()
        if not (
            is_formula_text(text)
            if expected.get(address) == _FORMULA_FINGERPRINT
            else expected.get(address) == _fingerprint_text(text)
        )
    }
    unused_fingerprints = Counter(mark for at, mark in expected.items() if at not in found or at in unexpected)
    changed = set()
    for at, mark in unexpected.items():
        unused_fingerprints[mark] -= 1
        if unused_fingerprints[mark] < 0:
            changed.add(at)
    return frozenset(changed)


def _fingerprint_cell(cell: TableCell) -> str:
    if cell == FORMULA_RESULT:
        return _FORMULA_FINGERPRINT
    text = cell_text(float(cell) if isinstance(cell, Decimal) else cell)
    return _fingerprint_text(text) if text else ""


def _fingerprint_text(text: str) -> str:
    return short_code((text,), _FINGERPRINT_LENGTH)
