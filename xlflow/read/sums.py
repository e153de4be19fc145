"""Knows rows that sum others up, which people write below amounts: counted as rows, all would be counted twice.

Only rows that belong to no line of the plan, and only where the words or the amounts leave no doubt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from xlflow.core.values import written_text
from xlflow.excel.incoming import Raw
from xlflow.read.match import Match
from xlflow.read.shape import Shape, quick_fold
from xlflow.read.table import Table

_SUMS = frozenset(
    ("summa", "summor", "s:a", "totalsumma", "slutsumma", "delsumma", "delsummor", "totalt", "total", "totals")
).union(("sum", "sums", "subtotal", "subtotals"))
"""Words, folded, that say of a row that it sums others up, as the first or the last one of what it is called."""

_BESIDE = frozenset((*_SUMS, "grand", "summarum", "alla", "allt", "av", "all", "of"))
"""Words that may stand with those and say nothing else."""

_NUMBERS = ("number", "integer")
_SAME = 0.005
"""Two amounts count as the same up to half of the least coin."""


def keep_sums_apart(
    matches: list[Match], cells: Sequence[Sequence[Raw]], table: Table, shape: Shape
) -> list[Match]:
    """Return the matches, with rows of the unit's own that sum others up as rows to be set aside."""
    found = (table.places[asked.index] for asked in shape.answers if asked.field.type in _NUMBERS)
    places = [place for place in found if place is not None]
    if not places or all(match.kind != "own" for match in matches):
        return matches
    adder = _Adder(cells, table, shape, places)
    for match in matches:
        if match.kind == "own" and adder.is_sum(match):
            adder.sums.add(match.row)
    aside = adder.sums
    return [replace(one, kind="aside", code="row-of-sums") if one.row in aside else one for one in matches]


@dataclass(slots=True)
class _Adder:
    """Adds up what stands above a row; `places` are the columns of amounts, `sums` the rows known to be sums."""

    cells: Sequence[Sequence[Raw]]
    table: Table
    shape: Shape
    places: Sequence[int]
    sums: set[int] = field(default_factory=set)

    def is_sum(self, match: Match) -> bool:
        """Return whether a row is called a sum, or may be one and every amount in it adds others up."""
        amounts = list(self._find_amounts(match.row))
        said = [text for text in match.texts if text] or list(self._find_words(match.row))
        words = quick_fold(" ".join(said)).rstrip(":").split()
        if not amounts or (words and _SUMS.isdisjoint((words[0], words[-1]))):
            return False
        if words and _BESIDE.issuperset(words):
            return True
        return all(
            bool(words and self._is_worked_out(match.row, place)) or self._adds_up(match.row, place)
            for place in amounts
        )

    def _is_worked_out(self, number: int, place: int) -> bool:
        return (number, place) in (self.table.sheet.evidence.formulas or ())

    def _find_amounts(self, number: int) -> Iterator[int]:
        """Yield where amounts stand in a row, also those that a formula has yet to work out."""
        for place in self.places:
            if self._is_worked_out(number, place) or isinstance(self.cells[number][place], float):
                yield place

    def _find_words(self, number: int) -> Iterator[str]:
        """Yield what else somebody wrote in a row that is not called anything."""
        ours = (self.table.places[index] for index in (self.shape.remaining, *self.shape.computed))
        passed = {*self.places, *ours}
        for place, cell in enumerate(self.cells[number]):
            if place not in passed and not self._is_worked_out(number, place) and (text := written_text(cell)):
                yield text

    def _adds_up(self, number: int, place: int) -> bool:
        """Return whether an amount is that of two or more rows right above it together, sums left out."""
        amount, together, count = self.cells[number][place], 0.0, 0
        if not isinstance(amount, float) or not amount:
            return False
        for above in range(number - 1, self.table.heading, -1):
            cell = self.cells[above][place]
            if isinstance(cell, float) and above not in self.sums:
                together, count = together + cell, count + 1
                if count > 1 and abs(together - amount) < _SAME:
                    return True
        return False
