"""Amounts in the report: shown with the same decimals all down a column, added up exactly, shares worked out anew.

The sums are those of the consolidated workbook: what is worked out from other amounts is the sum of the rows that
have them all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from xlflow.core.computed import compute, sum_exactly
from xlflow.core.followed import Entry, Followed
from xlflow.core.template import Field
from xlflow.core.values import show_number, show_value
from xlflow.report.document import Cell, Paragraph, spell

NUMBERS = ("number", "integer")

MINUS = "\u2212"

TENTH_OF_A_PERCENT = Decimal("0.001")


@dataclass(frozen=True)
class Amounts:
    """The amounts of a round: which fields hold them, and how they are shown."""

    followed: Followed

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields that hold amounts, in the form's order; the plan's first."""
        return tuple(field for field in self.followed.template.shown() if field.type in NUMBERS)

    @cached_property
    def summed(self) -> tuple[Field, ...]:
        """Those that can be added up."""
        return tuple(field for field in self.fields if not field.percent)

    @cached_property
    def decimals(self) -> dict[str, int]:
        """How many decimals each field's amounts are shown with: none, or what the longest has, at least two."""
        most = {
            field.key: max(map(_decimals, self.of(self.followed.entries, field)), default=0)
            for field in self.fields
        }
        return {key: max(2, count) if count else 0 for key, count in most.items()}

    def of(self, entries: Sequence[Entry], field: Field) -> list[Decimal]:
        """Return the amounts that some lines have in a field."""
        return [value for entry in entries if isinstance(value := value_of(entry, field), Decimal)]

    def show(self, value: str | Decimal, field: Field) -> str:
        """Return an amount in the report's language; what is no number as it was written."""
        if not isinstance(value, Decimal):
            return value
        followed = self.followed
        if field.percent:
            value = value.quantize(TENTH_OF_A_PERCENT, ROUND_HALF_UP)
            text = show_value(value, field, followed.template, followed.language, followed.year)
        else:
            text = _pad(show_number(value, followed.language), self.decimals[field.key], followed.language)
        return f"{MINUS}{text[1:]}" if text.startswith("-") else text

    def total_cells(self, entries: Sequence[Entry], *, strong: bool = True) -> tuple[Cell, ...]:
        """Return what some lines come to, in one cell per field."""
        shown = (self.show(self._total(entries, field), field) for field in self.fields)
        return tuple(Cell((Paragraph(spell(text, strong=strong)),) if text else (), side="end") for text in shown)

    def lacks_amounts(self, entries: Sequence[Entry]) -> bool:
        """Return whether a line has no result where one is worked out, since an amount is missing."""
        worked_out = [field for field in self.fields if field.computed]
        return any(len(self.of(entries, field)) < len(entries) for field in worked_out)

    def _total(self, entries: Sequence[Entry], field: Field) -> Decimal | str:
        """Return the sum; a share is that of the sums, and none where a line is not in all of them."""
        sums = {field.key: sum_exactly(self.of(entries, field)) for field in self.summed}
        if not field.percent:
            return sums[field.key] if self.of(entries, field) else ""
        result = None if self.lacks_amounts(entries) or not field.computed else compute(field.computed, sums.get)
        return "" if result is None else result


def value_of(entry: Entry, field: Field) -> str | Decimal:
    """Return what a line has in a field, "" if nothing."""
    return (entry.given if field.filled_by == "plan" else entry.answers).get(field.key, "")


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _pad(text: str, places: int, language: str) -> str:
    point = "," if language == "sv" else "."
    whole, _, decimals = text.partition(point)
    return f"{whole}{point}{decimals.ljust(places, '0')}" if places else text
