"""Many rows in little memory: column by column, each distinct cell stored once, and small codes for the rest.

A table of half a million rows as tuples would take more memory than all that it was made from.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from types import NoneType
from typing import Literal, overload

TableCell = str | int | Decimal | date | bool | None

_BATCH_SIZE = 1024
_MAX_SHORT_CODES = 1 << 16
"""Distinct cells of a column whose codes fit two bytes."""

_PLAIN_TYPES = frozenset((str, NoneType))


class ColumnarRows(Sequence[tuple[TableCell, ...]]):
    """Rows of one length, as a sequence of tuples that are built on access. Immutable."""

    __slots__ = ("_columns", "_count")

    def __init__(self, columns: Sequence["_EncodedColumn"], count: int):
        self._columns = columns
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[TableCell, ...]]:
        return zip(*self._columns, strict=True)

    @overload
    def __getitem__(self, index: int) -> tuple[TableCell, ...]: ...

    @overload
    def __getitem__(self, index: slice) -> "ColumnarRows": ...

    def __getitem__(self, index: int | slice) -> "tuple[TableCell, ...] | ColumnarRows":
        if isinstance(index, int):
            return tuple([column.cell(index) for column in self._columns])
        start, stop, step = index.indices(self._count)
        if (start, stop, step) == (0, self._count, 1):
            return self
        return ColumnarRows([column.select(index) for column in self._columns], len(range(start, stop, step)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))

    def column(self, column_index: int) -> Iterable[TableCell]:
        """Return the cells of one column, from the first row on."""
        return self._columns[column_index]

    def distinct_values(self, column_index: int) -> set[TableCell]:
        """Return the distinct cells of one column (0-based); 1, 1.0 and True are one in the set."""
        return self._columns[column_index].distinct_values()

    def with_column(self, column_index: int, cells: Iterable[TableCell]) -> "ColumnarRows":
        """Return the rows with another column inserted before `column_index`; `cells` has one per row."""
        new_column = _EncodedColumn()
        new_column.extend(list(cells))
        new_column.finish()
        return ColumnarRows(
            [*self._columns[:column_index], new_column, *self._columns[column_index:]], self._count
        )


def encode_rows(rows: Iterable[Sequence[TableCell]], width: int) -> ColumnarRows:
    """Return rows of `width` cells each, encoded by column. Raises ValueError for a row of another length."""
    columns, count, remaining = [_EncodedColumn() for _ in range(width)], 0, iter(rows)
    while batch := list(islice(remaining, _BATCH_SIZE)):
        for column, cells in zip(columns, zip(*batch, strict=True), strict=True):
            column.extend(cells)
        count += len(batch)
    for column in columns:
        column.finish()
    return ColumnarRows(columns, count)


class _CodeByKey(dict[object, int]):
    """The code of each distinct cell, from 0, in order of appearance."""

    def __missing__(self, key: object) -> int:
        self[key] = code = len(self)
        return code


class _EncodedColumn:
    """The cells of one column: distinct cells and one code per row; plain cells (`_codes` None) where most
    differ."""

    __slots__ = ("_cells", "_code_by_key", "_codes")

    def __init__(self, cells: list[TableCell] | None = None, codes: "array[int] | None" = None):
        self._cells: list[TableCell] = [] if cells is None else cells
        self._codes: array[int] | None = array("H") if cells is None else codes
        self._code_by_key = _CodeByKey()

    def __iter__(self) -> Iterator[TableCell]:
        return iter(self._cells) if self._codes is None else map(self._cells.__getitem__, self._codes)

    def extend(self, cells: Sequence[TableCell]) -> None:
        """Add cells below the others."""
        if self._codes is None:
            self._cells += cells
            return
        code_by_key = self._code_by_key
        are_plain = _PLAIN_TYPES.issuperset(map(type, cells))
        keys: Iterable[object] = cells if are_plain else map(_identity_key, cells)
        codes = list(map(code_by_key.__getitem__, keys))
        if len(code_by_key) > len(self._cells):
            cell_by_code = dict(zip(reversed(codes), reversed(cells), strict=True))
            self._cells += [cell_by_code[code] for code in range(len(self._cells), len(code_by_key))]
        if len(code_by_key) > _MAX_SHORT_CODES and self._codes.typecode == "H":
            self._codes = array("I", self._codes)
        self._codes.extend(codes)
        if len(code_by_key) * 2 > len(self._codes) >= _BATCH_SIZE:
            self._cells, self._codes, self._code_by_key = list(self), None, _CodeByKey()

    def finish(self) -> None:
        """Release what only `extend` needs."""
        self._code_by_key = _CodeByKey()

    def cell(self, row_index: int) -> TableCell:
        """Return one cell."""
        return self._cells[row_index if self._codes is None else self._codes[row_index]]

    def select(self, row_slice: slice) -> "_EncodedColumn":
        """Return some of the cells as a column."""
        if self._codes is None:
            return _EncodedColumn(self._cells[row_slice])
        return _EncodedColumn(self._cells, self._codes[row_slice])

    def distinct_values(self) -> set[TableCell]:
        """Return the different cells."""
        return set(self._cells if self._codes is None else map(self._cells.__getitem__, set(self._codes)))


def _identity_key(cell: TableCell) -> object:
    """Return a key that differs for equal cells of different types, such as 1, 1.0 and True."""
    return cell if type(cell) in _PLAIN_TYPES else (type(cell), str(cell))


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column of a table: key, heading, width in characters, and how its cells are shown.

    kind group: a text that consecutive rows share, shown in full in the first of them. signed: a number that is
    bad
    news below zero. share: a fraction of a whole (0.05 is 5 %), signed likewise.
    """

    key: str
    heading: str
    width: int = 16
    kind: Literal["text", "group", "number", "integer", "date", "signed", "share", "status", "link"] = "text"


@dataclass(frozen=True, slots=True)
class Table:
    """A table on its way to a sheet: rectangular, one tuple per row, cells in the order of the columns."""

    name: str
    columns: tuple[TableColumn, ...]
    rows: Sequence[tuple[TableCell, ...]]

    def column(self, column_index: int) -> Iterable[TableCell]:
        """Return the cells of one column, from the first row on."""
        return (
            self.rows.column(column_index)
            if isinstance(self.rows, ColumnarRows)
            else [row[column_index] for row in self.rows]
        )

    def distinct_values(self, column_index: int) -> set[TableCell]:
        """Return the distinct cells of one column (0-based); 1, 1.0 and True are one in the set."""
        return (
            self.rows.distinct_values(column_index)
            if isinstance(self.rows, ColumnarRows)
            else {row[column_index] for row in self.rows}
        )
