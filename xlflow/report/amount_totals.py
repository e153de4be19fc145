"""Amounts in the report: the same decimals all down a column, exact sums, shares computed from the sums.

The sums equal those of the consolidated workbook: each is of the plan items that have all their amounts, and those
that lack one are added up by themselves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from xlflow.i18n.catalogue import label_in_sentence, translate
from xlflow.i18n.count_sentences import plural_level_name
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.report.document import Paragraph, ReportCell, to_spans
from xlflow.rounds.round_status import ItemStatus, RoundStatus
from xlflow.rules.computed_fields import compute_field, reconciled_fields, sum_exactly
from xlflow.values import format_number
from xlflow.values.field_values import format_value

MINUS_SIGN = "\u2212"

TENTH_OF_A_PERCENT = Decimal("0.001")


@dataclass(frozen=True)
class Amounts:
    """The amounts of a round: which fields hold them, and how they are shown."""

    round_status: RoundStatus

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields that hold amounts, in the form's order; the plan's first."""
        return tuple(field for field in self.round_status.template.form_fields() if field.type in NUMBER_TYPES)

    @cached_property
    def summable_fields(self) -> tuple[Field, ...]:
        """Those that can be added up."""
        return tuple(field for field in self.fields if not field.percent)

    @cached_property
    def reconciled_keys(self) -> tuple[str, ...]:
        """The keys of the amounts that a plan item must have to be in a sum; see `reconciled_fields`."""
        return reconciled_fields(self.summable_fields)

    def is_complete(self, item_status: ItemStatus) -> bool:
        """Return whether a plan item has all the amounts that it must have to be in a sum."""
        template = self.round_status.template
        return all(
            isinstance(field_value(item_status, template.field(key)), Decimal) for key in self.reconciled_keys
        )

    def split_complete(
        self, item_statuses: Sequence[ItemStatus]
    ) -> tuple[tuple[ItemStatus, ...], tuple[ItemStatus, ...]]:
        """Return the plan items that have all their amounts, and the others."""
        complete = tuple(filter(self.is_complete, item_statuses))
        return complete, tuple(entry for entry in item_statuses if not self.is_complete(entry))

    def list_totals(self, item_statuses: Sequence[ItemStatus]) -> Iterator[tuple[str, tuple[ItemStatus, ...]]]:
        """Yield (label, plan items) of the rows of sums below some plan items: those with all their amounts, and
        where some lack one, these, and all of them together."""
        language = self.round_status.language
        complete, incomplete = self.split_complete(item_statuses)
        yield translate("report.total", language), complete
        if incomplete:
            yield self.incomplete_label(len(incomplete)), incomplete
            items = plural_level_name(self.round_status.template.item_level, language)
            yield translate("overview.all_rows", language, items=items), tuple(item_statuses)

    def incomplete_label(self, count: int) -> str:
        """Return what a row of sums of plan items that lack an amount is called."""
        level, language = self.round_status.template.item_level, self.round_status.language
        noun = label_in_sentence(level.label, language) if count == 1 else plural_level_name(level, language)
        return f"{translate('overview.incomplete_rows', language)}{count} {noun}"

    @cached_property
    def decimal_places(self) -> dict[str, int]:
        """How many decimals each field's amounts are shown with: none, or what the longest has, at least two."""
        longest = {
            field.key: max(map(_count_decimals, self.values_of(self.round_status.item_statuses, field)), default=0)
            for field in self.fields
        }
        return {key: max(2, count) if count else 0 for key, count in longest.items()}

    def values_of(self, item_statuses: Sequence[ItemStatus], field: Field) -> list[Decimal]:
        """Return the amounts in a field, of the plan items that have one."""
        return [
            value for item_status in item_statuses if isinstance(value := field_value(item_status, field), Decimal)
        ]

    def format_amount(self, value: str | Decimal, field: Field) -> str:
        """Return an amount in the report's language; a text that could not be parsed is returned as it is."""
        if not isinstance(value, Decimal):
            return value
        round_status = self.round_status
        if field.percent:
            value = value.quantize(TENTH_OF_A_PERCENT, ROUND_HALF_UP)
            text = format_value(value, field, round_status.template, round_status.language, round_status.year)
        else:
            text = _pad_decimals(
                format_number(value, round_status.language), self.decimal_places[field.key], round_status.language
            )
        return f"{MINUS_SIGN}{text[1:]}" if text.startswith("-") else text

    def build_total_cells(
        self, item_statuses: Sequence[ItemStatus], *, strong: bool = True
    ) -> tuple[ReportCell, ...]:
        """Return the totals of some plan items, one cell per field of `fields`."""
        texts = (self.format_amount(self._compute_total(item_statuses, field), field) for field in self.fields)
        return tuple(
            ReportCell((Paragraph(to_spans(text, strong=strong)),) if text else (), alignment="end")
            for text in texts
        )

    def has_missing_amounts(self, item_statuses: Sequence[ItemStatus]) -> bool:
        """Return whether a computed field lacks a value for any of the plan items, since an input is missing."""
        computed_fields = [field for field in self.fields if field.computed]
        return any(len(self.values_of(item_statuses, field)) < len(item_statuses) for field in computed_fields)

    def _compute_total(self, item_statuses: Sequence[ItemStatus], field: Field) -> Decimal | str:
        """Return the sum; for a percentage the share of the sums, "" if a plan item has no value for it."""
        sums = {field.key: sum_exactly(self.values_of(item_statuses, field)) for field in self.summable_fields}
        if not field.percent:
            return sums[field.key] if self.values_of(item_statuses, field) else ""
        result = (
            None
            if self.has_missing_amounts(item_statuses) or not field.computed
            else compute_field(field.computed, sums.get)
        )
        return "" if result is None else result


def field_value(item_status: ItemStatus, field: Field) -> str | Decimal:
    """Return the value of a field of a plan item as displayed, "" if blank."""
    return (item_status.plan_values if field.filled_by == "plan" else item_status.answers).get(field.key, "")


def _count_decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _pad_decimals(text: str, decimal_places: int, language: str) -> str:
    point = "," if language == "sv" else "."
    whole, _, decimals = text.partition(point)
    return f"{whole}{point}{decimals.ljust(decimal_places, '0')}" if decimal_places else text
