"""The merged answers with every look-up that the tables need: rows by plan item and unit, relatives, statuses.

Computes for every plan item, and for every item and unit, the rolled-up status and whether it is overdue. Decides
nothing about how these are shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Finding
from xlflow.model.merged import ROLLED_UP_KEY, Merged, MergedRow
from xlflow.model.plan import Deadline, PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import Field, Threshold
from xlflow.rounds.round_changes import RoundSnapshot, find_agreed_deadlines
from xlflow.rules.computed_fields import compute_field, fields_above_threshold, sum_exactly
from xlflow.rules.rollup import (
    NO_RELATIVES,
    Relatives,
    StatusOverUnits,
    relatives_by_id,
    roll_up_activity,
    roll_up_part,
)


@dataclass(frozen=True, slots=True)
class RolledUpStatus:
    """Where an item stands, never better than what is known (see `rules.rollup.StatusOverUnits`).

    `status_code` is None if no status counts; `follows_parent` marks a sub-activity without a status of its own
    whose activity has one (then the code is the activity's). `answered_count` of `asked_count` have given a
    status: units, or sub-activities if `counts_parts`. `is_incomplete`: some have and some have not.
    `has_nothing_to_report`: whoever was asked says that there is nothing to report.
    """

    status_code: str | None = None
    follows_parent: bool = False
    is_overdue: bool = False
    has_nothing_to_report: bool = False
    is_incomplete: bool = False
    answered_count: int = 0
    asked_count: int = 0
    counts_parts: bool = False


@dataclass(frozen=True)
class MergedIndex:
    """A round's merged answers and findings, with cached look-ups. `previous`: the round to compare with, if
    any."""

    merged: Merged
    findings: Sequence[Finding]
    previous: RoundSnapshot | None = None

    @cached_property
    def template(self) -> Template:
        """The round's template."""
        return self.merged.round.template

    @cached_property
    def language(self) -> Language:
        """The round's language."""
        return self.merged.round.language

    @cached_property
    def items(self) -> tuple[PlanItem, ...]:
        """The plan items, then the activities that units added."""
        return self.merged.round.plan.items

    @cached_property
    def has_continuing_items(self) -> bool:
        """Whether any plan item continues one of another plan."""
        return any(item.continues_from for item in self.items)

    @cached_property
    def status_field(self) -> Field | None:
        """The field in the role `status`, if the template has one."""
        return self.template.field_in_role("status")

    @cached_property
    def deadline_field(self) -> Field | None:
        """The field in the role `deadline` (the plan's), if the template has one."""
        return self.template.field_in_role("deadline")

    @cached_property
    def new_deadline_field(self) -> Field | None:
        """The field in the role `new_deadline` (answered by units), if the template has one."""
        return self.template.field_in_role("new_deadline")

    @cached_property
    def part_level_index(self) -> int | None:
        """The index of the level of sub-activities among the levels, if the template has one."""
        return self.template.part_level_index

    @cached_property
    def text_cache(self) -> dict[tuple[str, str | Deadline], str | None]:
        """Cache of choices and deadlines as text, by (field key, value); filled by `table_cells`."""
        return {}

    @cached_property
    def relatives_by_id(self) -> Mapping[str, Relatives]:
        """Parent, children and siblings of each plan item, by its id."""
        return relatives_by_id(self.items, self.template)

    @cached_property
    def item_by_id(self) -> Mapping[str, PlanItem]:
        """The plan items by id."""
        return {item.id: item for item in self.items}

    @cached_property
    def rows_by_item(self) -> Mapping[str, Sequence[MergedRow]]:
        """The merged rows of each plan item, by its id, in the order of the units."""
        rows: dict[str, list[MergedRow]] = {}
        for merged in self.merged.rows:
            rows.setdefault(merged.row.item.id, []).append(merged)
        return rows

    @cached_property
    def _row_by_item_and_unit(self) -> Mapping[str, Mapping[str, MergedRow]]:
        """The merged rows of plan items that several units answered, by item id, then unit."""
        shared_items = ((item_id, rows) for item_id, rows in self.rows_by_item.items() if len(rows) > 1)
        return {line_id: {merged.row.unit: merged for merged in rows} for line_id, rows in shared_items}

    @cached_property
    def units_with_nothing_to_report(self) -> frozenset[str]:
        """The units that say they have nothing to report."""
        return frozenset(self.merged.units_with_nothing_to_report)

    @cached_property
    def units_with_blank_form(self) -> tuple[str, ...]:
        """The units whose forms hold no answer."""
        return self.merged.units_with_blank_form

    @cached_property
    def status_by_item(self) -> Mapping[str, RolledUpStatus]:
        """The status of each plan item rolled up over all units, by its id."""
        return {item.id: self._corrected_status(item) or self._roll_up_item(item) for item in self.items}

    @cached_property
    def has_parts(self) -> bool:
        """Whether any plan item is a sub-activity."""
        return not all(map(self.is_activity, self.items))

    @cached_property
    def has_own_items(self) -> bool:
        """Whether any unit has added a row of its own."""
        return any(item.added_by_unit for item in self.items)

    @cached_property
    def has_answered_parts(self) -> bool:
        """Whether any sub-activity has a status of its own."""
        part_statuses = (self.status_by_item[item.id] for item in self.items if not self.is_activity(item))
        return any(rolled_up.status_code and not rolled_up.follows_parent for rolled_up in part_statuses)

    @cached_property
    def has_incomplete_items(self) -> bool:
        """Whether some of those asked about an item have given it a status and others have not."""
        return any(rolled_up.is_incomplete for rolled_up in self.status_by_item.values())

    @cached_property
    def units_by_item(self) -> Mapping[str, tuple[str, ...]]:
        """The units of each plan item, by its id: those asked, then those that answered without being asked."""
        rows_by_item = self.rows_by_item
        return {
            item.id: _asked_and_answering_units(item.units, rows_by_item.get(item.id, ())) for item in self.items
        }

    @cached_property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The thresholds of the template's rules."""
        return tuple(rule.threshold for rule in self.template.rules if rule.threshold)

    @cached_property
    def agreed_deadline_by_item(self) -> Mapping[str, Deadline]:
        """The deadline that the previous round agreed on, by item id, where it is later than the plan's."""
        if self.previous is None or self.deadline_field is None:
            return {}
        return find_agreed_deadlines(self.items, self.template, self.deadline_field.key, self.previous)

    def number_over_units(self, item: PlanItem, key: str) -> Decimal | None:
        """Return the sum of a number field over all units asked of a plan item; None if one of them lacks it or
        has not answered."""
        field = self.template.field(key)
        if field.computed:
            return compute_field(field.computed, lambda other: self.number_over_units(item, other))
        corrected = self.merged.item_answers.get((item.id, key))
        if corrected:
            return corrected.value if isinstance(corrected.value, Decimal) else None
        values = (
            [item.plan_value(key)]
            if field.filled_by == "plan"
            else [
                row.row.value(key) if (row := self.find_row(item.id, unit)) else None
                for unit in self.units_by_item[item.id]
            ]
        )
        numbers = [value for value in values if isinstance(value, Decimal)]
        return sum_exactly(numbers) if numbers and len(numbers) == len(values) else None

    def fields_above_threshold(self, item: PlanItem) -> tuple[Field, ...]:
        """Return the number fields of a plan item that are above a threshold, summed over units."""
        return fields_above_threshold(self.template, lambda key: self.number_over_units(item, key))

    def is_activity(self, item: PlanItem) -> bool:
        """Return whether a plan item is an activity, not a sub-activity."""
        return self.part_level_index is None or not item.level_texts[self.part_level_index]

    def find_row(self, item_id: str, unit: str) -> MergedRow | None:
        """Return the row in which a unit answered a plan item, None if it did not."""
        rows = self.rows_by_item.get(item_id, ())
        if len(rows) > 1:
            return self._row_by_item_and_unit[item_id].get(unit)
        return rows[0] if rows and rows[0].row.unit == unit else None

    def own_status_code(self, item_id: str, unit: str) -> str | None:
        """Return the code of the status that a unit gave to a plan item itself, None if it gave none.

        A status that a person has corrected over all units counts for each of them.
        """
        corrected = self.status_field and self.merged.item_answers.get((item_id, self.status_field.key))
        if corrected and isinstance(corrected.value, str):
            return corrected.value
        merged = self.find_row(item_id, unit) if self.status_field else None
        value = merged.row.value(self.status_field.key) if merged and self.status_field else None
        return value if value and isinstance(value, str) else None

    def roll_up_for_unit(self, item: PlanItem, unit: str) -> RolledUpStatus:
        """Return where an item stands in what one unit says."""
        status = self._roll_up(item, (unit,))
        is_overdue = (
            not self._is_final_status(status.status_code)
            and not self._is_done_by_unit(item, unit)
            and self._has_deadline_passed(item, unit)
        )
        nothing_to_report = not status.has_any_status and unit in self.units_with_nothing_to_report
        return _to_rolled_up(status, is_overdue=is_overdue, nothing_to_report=nothing_to_report)

    def _corrected_status(self, item: PlanItem) -> RolledUpStatus | None:
        """Return the rolled-up status that a person has written for a plan item; None if nobody has."""
        corrected = self.merged.item_answers.get((item.id, ROLLED_UP_KEY))
        if corrected is None or not isinstance(corrected.value, str):
            return None
        return RolledUpStatus(corrected.value, is_overdue=self._is_overdue(item, corrected.value))

    def _roll_up_item(self, item: PlanItem) -> RolledUpStatus:
        units = self.units_by_item[item.id]
        status = self._roll_up(item)
        is_overdue = self._is_overdue(item, status.status_code)
        nothing_to_report = (
            not status.has_any_status and bool(units) and self.units_with_nothing_to_report.issuperset(units)
        )
        return _to_rolled_up(status, is_overdue=is_overdue, nothing_to_report=nothing_to_report)

    def _roll_up(self, item: PlanItem, units: Sequence[str] | None = None) -> StatusOverUnits:
        """Return the status of an item over some units, over all that were asked if none are named."""
        if self.status_field is None:
            return StatusOverUnits()
        statuses = self._statuses_by_unit(item.id, units)
        if len(statuses) == 1 and all(statuses.values()):
            (code,) = statuses.values()
            return StatusOverUnits(code, 1, 1, has_any_status=True)
        relatives = self.relatives_by_id.get(item.id, NO_RELATIVES)
        if relatives.parent:
            return roll_up_part(statuses, self._statuses_by_unit(relatives.parent, units), self.template)
        part_statuses = [self._statuses_by_unit(part_id, units) for part_id in relatives.children]
        return roll_up_activity(statuses, part_statuses, self.template)

    def _statuses_by_unit(self, item_id: str, units: Sequence[str] | None) -> dict[str, str | None]:
        asked_units = self.units_by_item[item_id]
        counted_units = asked_units if units is None else [unit for unit in units if unit in asked_units]
        return {unit: self.own_status_code(item_id, unit) for unit in counted_units}

    def _is_overdue(self, item: PlanItem, code: str | None) -> bool:
        if self.deadline_field is None or self._is_final_status(code):
            return False
        units = self.units_by_item[item.id] or ("",)
        return any(
            self._has_deadline_passed(item, unit) for unit in units if not self._is_done_by_unit(item, unit)
        )

    def _is_done_by_unit(self, item: PlanItem, unit: str) -> bool:
        """Return whether a unit reports a plan item as finished; without statuses, any answer counts as that."""
        if self.status_field:
            return self._is_final_status(self.own_status_code(item.id, unit))
        merged = self.find_row(item.id, unit)
        return merged is not None and not merged.row.is_blank

    def _has_deadline_passed(self, item: PlanItem, unit: str) -> bool:
        """Return whether the deadline in force has passed: the unit's new one, else what the previous round
        agreed on, else the plan's."""
        deadline = (
            self._new_deadline(item, unit)
            or self.agreed_deadline_by_item.get(item.id)
            or (item.plan_value(self.deadline_field.key) if self.deadline_field else None)
        )
        return isinstance(deadline, Deadline) and deadline.has_passed(self.merged.round.as_of)

    def _new_deadline(self, item: PlanItem, unit: str) -> Deadline | None:
        if self.new_deadline_field is None:
            return None
        key, merged = self.new_deadline_field.key, self.find_row(item.id, unit)
        corrected = self.merged.item_answers.get((item.id, key))
        deadline = corrected.value if corrected else merged.row.value(key) if merged else None
        return deadline if isinstance(deadline, Deadline) and deadline.last else None

    def _is_final_status(self, code: str | None) -> bool:
        choice = self.template.status_choices.get(code or "")
        return choice is not None and choice.final


def _to_rolled_up(status: StatusOverUnits, *, is_overdue: bool, nothing_to_report: bool) -> RolledUpStatus:
    return RolledUpStatus(
        status.status_code,
        status.follows_parent,
        is_overdue,
        nothing_to_report,
        status.is_incomplete,
        status.answered_count,
        status.asked_count,
        status.counts_parts,
    )


def _asked_and_answering_units(asked: tuple[str, ...], rows: Iterable[MergedRow]) -> tuple[str, ...]:
    """Return the units that were asked, then those that answered without being asked."""
    unasked = [merged.row.unit for merged in rows if merged.row.unit not in asked]
    return tuple(dict.fromkeys((*asked, *unasked))) if unasked or len(asked) > 1 else asked
