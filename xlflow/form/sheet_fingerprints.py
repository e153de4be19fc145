"""The texts that a correction form itself wrote on its other sheets, so that what a unit typed there is found.

The form carries a fingerprint of every such text, cell by cell; the texts themselves are on the sheets.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from xlflow.excel.conventions import RawCell
from xlflow.model.table import TableCell
from xlflow.model.text import short_code
from xlflow.values import cell_text

FORMULA_RESULT = "\0"
"""Placeholder for a text that a formula computes anew."""

_FORMULA_FINGERPRINT = "*"

_FINGERPRINT_LENGTH = 6
"""Characters of a fingerprint, about 29 bits: two texts of one sheet practically never share one."""


def fingerprint_cells(rows: Iterable[Sequence[TableCell]]) -> str:
    """Return the fingerprints of a sheet's cells from A1 on: rows joined by "/", cells by ","; "" for a blank."""
    return "/".join(",".join(map(_fingerprint_cell, row)) for row in rows)


def find_changed_cells(
    cells: Iterable[tuple[int, int, RawCell]], fingerprints: str, is_formula_text: Callable[[str], bool]
) -> frozenset[tuple[int, int]]:
    """Return the (row, column), 0-based, of cells with a text that the form did not write, or wrote less often.

    Rows may have been moved, so a text is accepted anywhere as often as it was written. `is_formula_text`: whether
    a text may be the result of a formula, where `FORMULA_RESULT` was written.
    """
    rows = enumerate(fingerprints.split("/"))
    expected = {
        (row, column): cell_fingerprint
        for row, row_fingerprints in rows
        for column, cell_fingerprint in enumerate(row_fingerprints.split(","))
    }
    found = {(row, column): text for row, column, value in cells if (text := cell_text(value))}
    unexpected = {
        address: _fingerprint_text(text)
        for address, text in found.items()
        if not (
            is_formula_text(text)
            if expected.get(address) == _FORMULA_FINGERPRINT
            else expected.get(address) == _fingerprint_text(text)
        )
    }
    unused_fingerprints = Counter(
        cell_fingerprint
        for address, cell_fingerprint in expected.items()
        if address not in found or address in unexpected
    )
    changed = set()
    for address, cell_fingerprint in unexpected.items():
        unused_fingerprints[cell_fingerprint] -= 1
        if unused_fingerprints[cell_fingerprint] < 0:
            changed.add(address)
    return frozenset(changed)


def _fingerprint_cell(cell: TableCell) -> str:
    if cell == FORMULA_RESULT:
        return _FORMULA_FINGERPRINT
    text = cell_text(float(cell) if isinstance(cell, Decimal) else cell)
    return _fingerprint_text(text) if text else ""


def _fingerprint_text(text: str) -> str:
    return short_code((text,), _FINGERPRINT_LENGTH)
