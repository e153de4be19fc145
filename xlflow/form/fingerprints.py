"""Fingerprints by which an edit by hand is recognised in a workbook that xlflow wrote.

Of a consolidated workbook, the hidden sheet holds one per answer cell of `answers` and `activities`: of the
answer that the cell was made from, not of a correction that it shows. So a correction is still recognised as one
after any number of merges. Of a correction form, one per text that xlflow wrote on its other sheets, so that what
a unit typed there is found.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from json import loads
from zlib import crc32

from xlflow.excel.conventions import MAX_CELL_CHUNK, RawCell
from xlflow.model.table import TableCell
from xlflow.model.text import ILLEGAL_XML_CHARACTERS, short_code
from xlflow.runtime.codec import chunk_text, json_dumps_ascii
from xlflow.values import cell_text

ANSWER_TABLES = ("answers", "activities")
"""The tables whose answer cells have fingerprints."""

SHEET_NAMES = "sheet_names"
"""Kind of the record with the names of the visible sheets, as JSON."""

_HEADINGS, _FIELDS, _ROWS = "headings", "fields", "fingerprints"
"""Ends of the kinds of records, after a table's name: its headings, the keys of its answer fields, its rows."""

_MAX_COMPARED_CHARACTERS = 16_000
"""A longer text may have been shortened to fit a cell (32,767 UTF-16 units)."""

_UNSTABLE_CHARACTERS = re.compile(f"[{ILLEGAL_XML_CHARACTERS}\ufffd]")
"""Characters that spreadsheet programs drop or replace."""

MAX_KEY_LENGTH = 2_000
"""Characters that unit and id of a row may have together; a longer row gets no fingerprints."""

RowKey = tuple[str, str]
"""(unit, item id); the unit is "" in the table `activities`."""


@dataclass(frozen=True, slots=True)
class TableFingerprints:
    """What a table was written with: its headings, the keys of its answer fields, and by row the fingerprint of
    each field's cell."""

    headings: tuple[str, ...]
    fields: tuple[str, ...]
    rows: Mapping[RowKey, Mapping[str, str]]


def cell_to_text(cell: RawCell | Decimal) -> str:
    """Return a cell of a table as it is read again from the workbook, without blanks around it."""
    return cell_text(float(cell) if isinstance(cell, Decimal) else cell).strip()


def fingerprint_text(text: str) -> str:
    """Return the fingerprint of a cell's text, "" for a blank one: 32 bits, in hexadecimal."""
    stable = _UNSTABLE_CHARACTERS.sub("", text[:_MAX_COMPARED_CHARACTERS]).strip()
    return f"{crc32(stable.encode()):x}" if stable else ""


def encode_table_fingerprints(
    table: str, headings: Sequence[str], fields: Sequence[str], rows: Iterable[tuple[str, str, Sequence[str]]]
) -> Iterator[tuple[str, ...]]:
    """Yield the records of a table. `rows` are (unit, item id, one fingerprint per field)."""
    yield (f"{table}_{_HEADINGS}", *chunk_text(json_dumps_ascii(list(headings)), MAX_CELL_CHUNK))
    yield (f"{table}_{_FIELDS}", *chunk_text(json_dumps_ascii(list(fields)), MAX_CELL_CHUNK))
    lines, length = list[str](), 0
    for unit, item_id, fingerprints in rows:
        if len(unit) + len(item_id) > MAX_KEY_LENGTH:
            continue
        line = json_dumps_ascii([unit, item_id, *fingerprints])
        if length + len(line) > MAX_CELL_CHUNK and lines:
            yield f"{table}_{_ROWS}", "\n".join(lines)
            lines, length = [], 0
        lines.append(line)
        length += len(line) + 1
    if lines:
        yield f"{table}_{_ROWS}", "\n".join(lines)


def encode_sheet_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the record of the names of the visible sheets."""
    return (SHEET_NAMES, *chunk_text(json_dumps_ascii(list(names)), MAX_CELL_CHUNK))


def decode_table_fingerprints(records: Sequence[Sequence[str]], table: str) -> TableFingerprints | None:
    """Return what a table was written with; None if the workbook does not say so, or no longer legibly."""
    try:
        headings, fields = (_decode_list(records, f"{table}_{end}") for end in (_HEADINGS, _FIELDS))
        rows = [
            loads(line)
            for record in records
            if record and record[0] == f"{table}_{_ROWS}"
            for line in record[1].split("\n")
        ]
        by_row = {
            (str(unit), str(item_id)): dict(zip(fields, map(str, fingerprints), strict=True))
            for unit, item_id, *fingerprints in rows
        }
    except (ValueError, TypeError, IndexError):
        return None
    return TableFingerprints(headings, fields, by_row) if fields else None


def decode_sheet_names(records: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of the visible sheets as they were written; () if the workbook does not say so."""
    try:
        return _decode_list(records, SHEET_NAMES)
    except (ValueError, TypeError):
        return ()


def _decode_list(records: Sequence[Sequence[str]], kind: str) -> tuple[str, ...]:
    texts = ["".join(record[1:]) for record in records if record and record[0] == kind]
    return tuple(map(str, loads(texts[0]))) if texts else ()


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
