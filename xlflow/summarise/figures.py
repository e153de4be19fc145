"""Works out the figures of the summary sheet, each by what it is declared to count.

A spreadsheet compares texts without regard to upper and lower case, so the same is done here. Every grid is gone
through once for each set of columns that figures ask about, however many figures there are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import repeat

from xlflow.core.computed import sum_exactly
from xlflow.core.model import Cell, Grid
from xlflow.core.summary import Fact, Group, Match, Measure, Section

Totals = Mapping[tuple[str, ...], Decimal]


class Tally:
    """Counts and adds up rows of grids by what stands in some of their columns."""

    def __init__(self, grids: Iterable[Grid]):
        self._grids = {grid.name: grid for grid in grids}
        self._totals: dict[tuple[str, str, tuple[str, ...]], Totals] = {}

    def work_out(self, section: Section) -> Section:
        """Return the section with its figures."""
        rows: list[tuple[Cell, ...]] = []
        for group in section.groups:
            rows.append(tuple(self._figure_out(section, group, rows)))
        return replace(section, values=tuple(rows))

    def state(self, label: str, measure: Measure) -> Fact:
        """Return a fact with its figure."""
        return Fact(label, measure, _plain(self._take(measure, measure.where)))

    def _figure_out(self, section: Section, group: Group, above: Sequence[tuple[Cell, ...]]) -> list[Cell]:
        figures: list[Decimal] = []
        if group.kind == "share":
            return _shares(above[-1], section.measures)
        for place, measure in enumerate(section.measures):
            if measure.kind == "across":
                figures.append(sum_exactly(figures))
                continue
            figure = self._take(measure, (*group.where, *measure.where))
            first = 0 if measure.kind == "rest" else place
            if group.kind == "others":
                figure -= sum_exactly(_number(cell) for row in above for cell in row[first : place + 1])
            figures.append(figure - sum_exactly(figures) if measure.kind == "rest" else figure)
        return [_plain(figure) for figure in figures]

    def _take(self, measure: Measure, where: Sequence[Match]) -> Decimal:
        """Return the figure over the rows that match; what must not match is taken away from what is left."""
        held = tuple(match for match in where if match.holds)
        loose = next((match for match in where if not match.holds), None)
        if loose is not None:
            others = tuple(match for match in where if match is not loose)
            return self._take(measure, others) - self._take(measure, (*others, replace(loose, holds=True)))
        totals = self._totals_of(measure.table, measure.of, tuple(match.column for match in held))
        return totals.get(tuple(_key(match.text) for match in held), Decimal(0))

    def _totals_of(self, table: str, of: str, columns: tuple[str, ...]) -> Totals:
        key = (table, of, columns)
        if key not in self._totals:
            self._totals[key] = _add_up(self._grids[table], of, columns)
        return self._totals[key]


def _add_up(grid: Grid, of: str, columns: Sequence[str]) -> Totals:
    keys = [column.key for column in grid.columns]
    places = [keys.index(column) for column in columns]
    columns_of_texts = [list(map(_text, grid.column(place))) for place in places]
    named: Iterable[tuple[str, ...]] = (
        zip(*columns_of_texts, strict=True) if places else repeat((), len(grid.rows))
    )
    if not of:
        totals: dict[tuple[str, ...], Decimal] = {}
        for key, number in Counter(named).items():
            folded = tuple(map(str.casefold, key))
            totals[folded] = totals.get(folded, Decimal(0)) + number
        return totals
    numbers: dict[tuple[str, ...], list[Decimal]] = {}
    for key, cell in zip(named, grid.column(keys.index(of)), strict=True):
        numbers.setdefault(tuple(map(str.casefold, key)), []).append(_number(cell))
    return {key: sum_exactly(found) for key, found in numbers.items()}


def _shares(above: Sequence[Cell], measures: Sequence[Measure]) -> list[Cell]:
    """Return which part each figure is of the one that goes across."""
    whole = next(
        _number(figure) for figure, measure in zip(above, measures, strict=True) if measure.kind == "across"
    )
    return [_number(figure) / whole if whole else Decimal(0) for figure in above]


def _key(cell: Cell) -> str:
    return _text(cell).casefold()


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else "" if cell is None else str(cell)


def _number(cell: Cell) -> Decimal:
    """Return the number in a cell; a text in a column of numbers counts as nothing, as it does in a formula."""
    if isinstance(cell, Decimal):
        return cell
    return Decimal(cell) if isinstance(cell, int) and not isinstance(cell, bool) else Decimal(0)


def _plain(figure: Decimal) -> Cell:
    return int(figure) if figure == figure.to_integral_value() else figure
