"""Many rows in little memory: column by column, what reads the same held once and a small number in its place.

A table of half a million rows as tuples would take more memory than all that it was made from.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import islice
from types import NoneType
from typing import overload

Cell = str | int | Decimal | date | bool | None

_AT_ONCE = 1024
_FEW = 1 << 16
"""Different cells that a column may have as long as two bytes tell them apart."""

_PLAIN = frozenset((str, NoneType))


class Rows(Sequence[tuple[Cell, ...]]):
    """Rows of one length, as a sequence of tuples that are made when somebody asks for them."""

    __slots__ = ("_columns", "_count")

    def __init__(self, columns: Sequence["_Column"], count: int):
        self._columns = columns
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        return zip(*self._columns, strict=True)

    @overload
    def __getitem__(self, place: int) -> tuple[Cell, ...]: ...

    @overload
    def __getitem__(self, place: slice) -> "Rows": ...

    def __getitem__(self, place: int | slice) -> "tuple[Cell, ...] | Rows":
        if isinstance(place, int):
            return tuple([column.cell(place) for column in self._columns])
        start, stop, step = place.indices(self._count)
        if (start, stop, step) == (0, self._count, 1):
            return self
        return Rows([column.part(place) for column in self._columns], len(range(start, stop, step)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(tuple(self))

    def column(self, place: int) -> Iterable[Cell]:
        """Return the cells of one column, from the first row on."""
        return self._columns[place]

    def distinct(self, place: int) -> set[Cell]:
        """Return the different cells of one column."""
        return self._columns[place].distinct()

    def with_column(self, place: int, cells: Iterable[Cell]) -> "Rows":
        """Return the rows with one column more."""
        more = _Column()
        more.extend(list(cells))
        more.close()
        return Rows([*self._columns[:place], more, *self._columns[place:]], self._count)


def hold_rows(rows: Iterable[Sequence[Cell]], width: int) -> Rows:
    """Return rows of that many cells so that they take little memory."""
    columns, count, left = [_Column() for _ in range(width)], 0, iter(rows)
    while some := list(islice(left, _AT_ONCE)):
        for column, cells in zip(columns, zip(*some, strict=True), strict=True):
            column.extend(cells)
        count += len(some)
    for column in columns:
        column.close()
    return Rows(columns, count)


class _Known(dict[object, int]):
    """The number of each different cell, in the order in which they came."""

    def __missing__(self, key: object) -> int:
        self[key] = number = len(self)
        return number


class _Column:
    """The cells of one column: the different ones and their numbers in `codes`; as they are where most differ."""

    __slots__ = ("_cells", "_codes", "_known")

    def __init__(self, cells: list[Cell] | None = None, codes: "array[int] | None" = None):
        self._cells: list[Cell] = [] if cells is None else cells
        self._codes: array[int] | None = array("H") if cells is None else codes
        self._known = _Known()

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells) if self._codes is None else map(self._cells.__getitem__, self._codes)

    def extend(self, cells: Sequence[Cell]) -> None:
        """Add cells below the others."""
        if self._codes is None:
            self._cells += cells
            return
        known = self._known
        plain = _PLAIN.issuperset(map(type, cells))
        keys: Iterable[object] = cells if plain else map(_key_of, cells)
        codes = list(map(known.__getitem__, keys))
        if len(known) > len(self._cells):
            firsts = dict(zip(reversed(codes), reversed(cells), strict=True))
            self._cells += [firsts[number] for number in range(len(self._cells), len(known))]
        if len(known) > _FEW and self._codes.typecode == "H":
            self._codes = array("I", self._codes)
        self._codes.extend(codes)
        if len(known) * 2 > len(self._codes) >= _AT_ONCE:
            self._cells, self._codes, self._known = list(self), None, _Known()

    def close(self) -> None:
        """Let go of what only adding cells needs."""
        self._known = _Known()

    def cell(self, place: int) -> Cell:
        """Return one cell."""
        return self._cells[place if self._codes is None else self._codes[place]]

    def part(self, place: slice) -> "_Column":
        """Return some of the cells as a column."""
        if self._codes is None:
            return _Column(self._cells[place])
        return _Column(self._cells, self._codes[place])

    def distinct(self) -> set[Cell]:
        """Return the different cells."""
        return set(self._cells if self._codes is None else map(self._cells.__getitem__, set(self._codes)))


def _key_of(cell: Cell) -> object:
    """Return a key by which cells are told apart that are equal and yet not the same, such as 1, 1.0 and True."""
    return cell if type(cell) in _PLAIN else (type(cell), str(cell))
