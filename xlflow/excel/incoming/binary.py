"""Walks the records of an .xlsb for what the fast reader hides: error cells, formulas, hidden rows, notes, and
numbers below zero that are formatted as days."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from xlflow.excel.incoming.book import ErrorValue, Evidence, Raw, Remark
from xlflow.excel.incoming.drawn import read_boxes
from xlflow.excel.incoming.margins import list_margins
from xlflow.excel.incoming.package import Package, read_relations

_ROW, _ERROR, _FORMULAS, _FORMULA_ERROR = 0, 3, range(8, 12), 11
_SMALL, _REAL, _WORKED_OUT = 2, 5, 9
_SHEET, _NOTE, _NOTE_TEXT, _MARGINS = 156, 635, 637, 479
_COLLAPSED, _NOT_THERE = 0x10, b"\xff" * 4
_ERRORS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}


@dataclass(slots=True)
class Walked:
    """What the fast reader hides of one sheet."""

    errors: list[tuple[int, int, Raw]] = field(default_factory=list)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    hidden: set[int] = field(default_factory=set)
    remarks: list[Remark] = field(default_factory=list)
    below_zero: list[tuple[int, int, float]] = field(default_factory=list)
    margins: list[str] = field(default_factory=list)
    pictures: bool = False

    @property
    def evidence(self) -> Evidence:
        """What tells how the values came about."""
        hidden, margins = frozenset(self.hidden), tuple(dict.fromkeys(self.margins))
        return Evidence(frozenset(self.formulas), None, hidden, tuple(self.remarks), margins)

    def keep_below_zero(self, row: int, column: int, number: float) -> None:
        """Note a number that the fast reader takes for a time of day where the cell is formatted as a day."""
        if number < 0:
            self.below_zero.append((row, column, number))


def read_real(content: bytes) -> float:
    """Return a number that is written out in full."""
    number: float = struct.unpack_from("<d", content)[0]
    return number


def read_small(content: bytes) -> float:
    """Return a number that is written in four bytes: whole or half of a real one, maybe in hundredths."""
    (packed,) = struct.unpack_from("<l", content)
    number = float(packed >> 2) if packed & 2 else read_real(struct.pack("<4xl", packed & ~3))
    return number / 100 if packed & 1 else number


def error_of(code: int) -> ErrorValue:
    """Return an error as cells show it."""
    return ErrorValue(_ERRORS.get(code, "#ERR"))


def walk_sheets(package: Package) -> tuple[Walked, ...]:
    """Return what is hidden of each worksheet, in their order. Raises LookupError or struct.error if the records
    lead nowhere."""
    relations = {key: (kind, part) for key, kind, part in read_relations(package, package.main)}
    sheets = []
    for kind, content in _walk(package.read(package.main)):
        if kind == _SHEET:
            what, part = relations[_text(content, 8)]
            if what == "worksheet":
                sheets.append(_walk_sheet(package, part))
    return tuple(sheets)


def _walk_sheet(package: Package, part: str) -> Walked:
    walked, row = Walked(), 0
    for kind, content in _walk(package.read(part)):
        if kind == _ROW:
            (row,) = struct.unpack_from("<L", content)
            if content[11] & _COLLAPSED:
                walked.hidden.add(row)
        elif kind in (_SMALL, _REAL):
            (column,) = struct.unpack_from("<L", content)
            walked.keep_below_zero(row, column, (read_small if kind == _SMALL else read_real)(content[8:]))
        elif kind == _ERROR or kind in _FORMULAS:
            (column,) = struct.unpack_from("<L", content)
            if kind in _FORMULAS:
                walked.formulas.add((row, column))
            if kind in (_ERROR, _FORMULA_ERROR):
                walked.errors.append((row, column, error_of(content[8])))
            if kind == _WORKED_OUT:
                walked.keep_below_zero(row, column, read_real(content[8:]))
        elif kind == _MARGINS:
            walked.margins += list_margins(_texts(content, 2))
    for _, kind_of, name in read_relations(package, package.find(part) or part):
        if kind_of == "comments":
            walked.remarks += _walk_notes(package.read(name))
    walked.remarks += read_boxes(package, package.find(part) or part)
    return walked


def _walk_notes(part: bytes) -> Iterator[Remark]:
    row = column = 0
    for kind, content in _walk(part):
        if kind == _NOTE:
            row, _, column = struct.unpack_from("<3L", content, 4)
        elif kind == _NOTE_TEXT:
            yield row, column, "", _text(content, 1)


def _walk(part: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, content) of every record; both numbers before it are written in pieces of seven bits."""
    place = 0
    while place < len(part):
        kind, place = _number(part, place, 2)
        size, place = _number(part, place, 4)
        yield kind, part[place : place + size]
        place += size


def _number(part: bytes, place: int, longest: int) -> tuple[int, int]:
    number = 0
    for piece in range(longest):
        byte = part[place + piece]
        number |= (byte & 127) << 7 * piece
        if byte < 128:
            return number, place + piece + 1
    return number, place + longest


def _texts(content: bytes, place: int) -> Iterator[str]:
    """Yield the texts from a place on; one that is not there says so by its length."""
    while place + 4 <= len(content):
        if content[place : place + 4] == _NOT_THERE:
            place += 4
        else:
            yield _text(content, place)
            place += 4 + 2 * struct.unpack_from("<L", content, place)[0]


def _text(content: bytes, place: int) -> str:
    (length,) = struct.unpack_from("<L", content, place)
    return content[place + 4 : place + 4 + 2 * length].decode("utf-16-le")
