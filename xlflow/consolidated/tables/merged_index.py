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
from xlflow.model.merged import Merged, MergedRow
from xlflow.model.plan import Deadline, PlanItem
from xlflow.model.template import Field, Template, Threshold
from xlflow.rounds.round_changes import RoundSnapshot
from xlflow.rules.computed_fields import compute_field, fields_above_threshold, sum_exactly
from xlflow.rules.rollup import NO_RELATIVES, Relatives, relatives_by_id, roll_up_status, worst_status


@dataclass(frozen=True, slots=True)
class RolledUpStatus:
    """The status of a plan item, of one unit or over all.

    `status_code`: None if nothing answers it. `follows_parent`: a sub-activity without a status of its own; the
    code is its activity's. `has_nothing_to_report`: all units asked say that there is nothing to report.
    """

    status_code: str | None = None
    follows_parent: bool = False
    is_overdue: bool = False
    has_nothing_to_report: bool = False


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
        return {item.id: self._roll_up_item(item) for item in self.items}

    @cached_property
    def has_answered_parts(self) -> bool:
        """Whether any sub-activity has a status of its own."""
        part_statuses = (self.status_by_item[item.id] for item in self.items if not self.is_activity(item))
        return any(rolled_up.status_code and not rolled_up.follows_parent for rolled_up in part_statuses)

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

    def number_over_units(self, item: PlanItem, key: str) -> Decimal | None:
        """Return the sum of a number field over all units that answered a plan item; None if one of them lacks
        it."""
        field = self.template.field(key)
        if field.computed:
            return compute_field(field.computed, lambda other: self.number_over_units(item, other))
        rows = self.rows_by_item.get(item.id, ())
        values = (
            [item.plan_value(key)] if field.filled_by == "plan" else [merged.row.value(key) for merged in rows]
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
        """Return the code of the status that a unit gave to a plan item itself, None if it gave none."""
        merged = self.find_row(item_id, unit) if self.status_field else None
        value = merged.row.value(self.status_field.key) if merged and self.status_field else None
        return value if value and isinstance(value, str) else None

    def roll_up_for_unit(self, item: PlanItem, unit: str) -> RolledUpStatus:
        """Return the status of a plan item as one unit reported it."""
        relatives, own_code = self.relatives_by_id.get(item.id, NO_RELATIVES), self.own_status_code(item.id, unit)
        code = own_code
        if relatives.children and not own_code:
            code = roll_up_status(
                own_code, (self.own_status_code(part, unit) for part in relatives.children), self.template
            )
        activity_code = self.own_status_code(relatives.parent, unit) if relatives.parent else None
        follows_parent = not code and activity_code is not None
        code = code or activity_code
        is_overdue = (
            not self._is_final_status(code)
            and not self._is_done_by_unit(item, unit)
            and self._has_deadline_passed(item, unit)
        )
        return RolledUpStatus(
            code,
            follows_parent,
            is_overdue,
            has_nothing_to_report=code is None and unit in self.units_with_nothing_to_report,
        )

    def _roll_up_item(self, item: PlanItem) -> RolledUpStatus:
        code = self._status_over_units(item)
        relatives = self.relatives_by_id.get(item.id, NO_RELATIVES)
        activity_code = (
            self._status_over_units(self.item_by_id[relatives.parent], without_parts=True)
            if relatives.parent and not code
            else None
        )
        units, is_overdue = self.units_by_item[item.id], self._is_overdue(item, code or activity_code)
        nothing_to_report = (
            not (code or activity_code) and bool(units) and self.units_with_nothing_to_report.issuperset(units)
        )
        return RolledUpStatus(code or activity_code, activity_code is not None, is_overdue, nothing_to_report)

    def _status_over_units(self, item: PlanItem, *, without_parts: bool = False) -> str | None:
        """Return the status code of a plan item over all units, rolled up with its sub-activities.

        If no unit gave the item itself a status, the worst of all its sub-activities; `without_parts` ignores
        these.
        """
        units = self.units_by_item[item.id]
        own_codes = [self.own_status_code(item.id, unit) for unit in units]
        if len(own_codes) == 1 and own_codes[0]:
            return own_codes[0]
        part_ids = () if without_parts else self.relatives_by_id.get(item.id, NO_RELATIVES).children
        if not any(own_codes):
            return self._worst_status(
                self.own_status_code(part, unit) for part in part_ids for unit in self.units_by_item[part]
            )
        return self._worst_status(
            roll_up_status(code, (self.own_status_code(part, unit) for part in part_ids), self.template)
            for code, unit in zip(own_codes, units, strict=True)
        )

    def _worst_status(self, codes: Iterable[str | None]) -> str | None:
        return worst_status(codes, self.template.choice_list(self.status_field)) if self.status_field else None

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
        """Return whether the time has passed by which a unit is to be done; a new time replaces the old one."""
        deadline = self._new_deadline(item, unit) or (
            item.plan_value(self.deadline_field.key) if self.deadline_field else None
        )
        return isinstance(deadline, Deadline) and deadline.has_passed(self.merged.round.as_of)

    def _new_deadline(self, item: PlanItem, unit: str) -> Deadline | None:
        merged = self.find_row(item.id, unit)
        deadline = merged.row.value(self.new_deadline_field.key) if merged and self.new_deadline_field else None
        return deadline if isinstance(deadline, Deadline) and deadline.last else None

    def _is_final_status(self, code: str | None) -> bool:
        choice = self.template.status_choices.get(code or "")
        return choice is not None and choice.final


def _asked_and_answering_units(asked: tuple[str, ...], rows: Iterable[MergedRow]) -> tuple[str, ...]:
    """Return the units that were asked, then those that answered without being asked."""
    unasked = [merged.row.unit for merged in rows if merged.row.unit not in asked]
    return tuple(dict.fromkeys((*asked, *unasked))) if unasked or len(asked) > 1 else asked
