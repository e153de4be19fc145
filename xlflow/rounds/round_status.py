"""What a consolidated workbook says of its round, as reports and comparisons need it: every plan item with its
status, deadline and comment.

Also the two ways of showing less: one unit's own items, and only what deviates. Knows neither workbook nor format.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Location
from xlflow.model.plan import Deadline, PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import Choice, Field
from xlflow.rounds.round_changes import ItemChange
from xlflow.rules.computed_fields import fields_above_threshold
from xlflow.rules.rollup import is_deviation_status, relatives_by_id

DisplayValues = Mapping[str, str | Decimal]
"""Values by field key, as shown; numbers as Decimal."""


FieldLocations = Mapping[str, Location]
"""The cells in which the texts of a row are, by field or level key."""


def _no_values() -> DisplayValues:
    return MappingProxyType({})


def _no_locations() -> FieldLocations:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class UnitReply:
    """What one unit answered on a plan item. `status_code` is None where the template does not know the status,
    which is then in `status` as written. `answers` are its other answers; `locations` are the cells that they were
    read from. A sub-activity with `follows_parent` has no status of its own. `completeness` says how many of its
    sub-activities the unit has answered, "" where all or none."""

    unit: str
    status_code: str | None = None
    status: str = ""
    follows_parent: bool = False
    answers: DisplayValues = field(default_factory=_no_values)
    location: Location | None = None
    locations: FieldLocations = field(default_factory=_no_locations)
    completeness: str = ""


@dataclass(frozen=True, slots=True)
class ItemStatus:
    """One plan item as the consolidated workbook shows it, over all its units.

    `status_code` and `status` are rolled up: None and "" where nobody has answered. A sub-activity with
    `follows_parent` has no status of its own. `plan_values` and `answers` are by field key. `unit_replies` is
    filled only where several units were asked or answered. `location` is the cell of its comment.
    `completeness` says how many of those asked have answered ("2 av 3 har svarat"), "" where all or none have.
    `locations` are the cells that its texts were read from, where that is known. `agreed_deadline` is the later
    one that an earlier round agreed on, in force instead of the plan's. `unit_view` is where its only unit stands,
    if its activity or sub-activities are asked of other units too. `overdue_units`, filled where there are several
    or a view: those that have not finished it and for which the deadline in force has passed.
    """

    item: PlanItem
    status_code: str | None = None
    status: str = ""
    follows_parent: bool = False
    is_overdue: bool = False
    plan_values: DisplayValues = field(default_factory=_no_values)
    answers: DisplayValues = field(default_factory=_no_values)
    unit_replies: tuple[UnitReply, ...] = ()
    location: Location | None = None
    completeness: str = ""
    locations: FieldLocations = field(default_factory=_no_locations)
    agreed_deadline: Deadline | None = None
    unit_view: UnitReply | None = None
    overdue_units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """A unit that was asked. `activity_count`: the activities it was asked about. `unanswered_row_count`: the rows
    of its form without an answer. A unit that says that it has nothing to report has answered; one that sent a
    blank form has not."""

    unit: str
    has_answered: bool
    activity_count: int = 0
    unanswered_row_count: int = 0
    has_nothing_to_report: bool = False
    sent_blank_form: bool = False


@dataclass(frozen=True, slots=True)
class UnresolvedError:
    """An error of the sheet of findings that nobody has corrected. `item_id`, `unit` and `field_label` are ""
    where it is about none, as for a file that could not be read."""

    item_id: str = ""
    unit: str = ""
    field_label: str = ""


@dataclass(frozen=True)
class RoundStatus:
    """A whole round, or the part of it that a report is about. `item_statuses` are in plan order. `changes` are
    those since the round with the as-of date `compared_to`; None if the round was not compared with any.
    `errors`: those of the answers that nobody has corrected."""

    template: Template
    language: Language
    title: str
    as_of: date
    year: int
    item_statuses: tuple[ItemStatus, ...]
    unit_statuses: tuple[UnitStatus, ...]
    changes: tuple[ItemChange, ...] = ()
    compared_to: date | None = None
    errors: tuple[UnresolvedError, ...] = ()

    @cached_property
    def errors_by_item(self) -> Mapping[str, tuple[UnresolvedError, ...]]:
        """The unresolved errors of each plan item that has any, by its id."""
        errors_by_item: dict[str, tuple[UnresolvedError, ...]] = {}
        for error in self.errors:
            if error.item_id in self.status_by_id:
                errors_by_item[error.item_id] = (*errors_by_item.get(error.item_id, ()), error)
        return MappingProxyType(errors_by_item)

    @cached_property
    def status_field(self) -> Field | None:
        """The status field, None if the template has none."""
        return self.template.field_in_role("status")

    @cached_property
    def status_choices(self) -> Mapping[str, Choice]:
        """The choices of the status field by code, in the template's order."""
        return self.template.status_choices

    @cached_property
    def activities(self) -> tuple[ItemStatus, ...]:
        """The activities in plan order, which all counts of activities are about."""
        return tuple(item_status for item_status in self.item_statuses if not self.is_part(item_status))

    @cached_property
    def lone_parts(self) -> tuple[ItemStatus, ...]:
        """The sub-activities whose activity is not here, as of a unit that is asked about them only."""
        return tuple(item_status for item_status in self.top_items if self.is_part(item_status))

    @cached_property
    def top_items(self) -> tuple[ItemStatus, ...]:
        """What has a row of its own in tables: the activities and the lone sub-activities, in plan order."""
        part_ids = {part.item.id for parts in self.parts_by_activity.values() for part in parts}
        return tuple(item_status for item_status in self.item_statuses if item_status.item.id not in part_ids)

    def is_part(self, item_status: ItemStatus) -> bool:
        """Return whether a plan item is a sub-activity."""
        level_index = self.template.part_level_index
        return level_index is not None and bool(item_status.item.level_texts[level_index])

    @cached_property
    def status_by_id(self) -> Mapping[str, ItemStatus]:
        """Every plan item's status by the item's id."""
        return MappingProxyType({item_status.item.id: item_status for item_status in self.item_statuses})

    @cached_property
    def parts_by_activity(self) -> Mapping[str, tuple[ItemStatus, ...]]:
        """The sub-activities of each item by its id, in plan order; () for those without."""
        by_id = self.status_by_id
        relatives = relatives_by_id([entry.item for entry in self.item_statuses], self.template)
        return MappingProxyType(
            {item_id: tuple(by_id[part_id] for part_id in relatives[item_id].children) for item_id in by_id}
        )

    def is_answered(self, item_status: ItemStatus) -> bool:
        """Return whether an item has a status, or any answer where the template has no status field."""
        return bool(
            item_status.status_code
            or item_status.status
            or item_status.follows_parent
            or (self.status_field is None and item_status.answers)
        )

    @cached_property
    def fields_with_threshold(self) -> tuple[Field, ...]:
        """The amounts for which a rule of the template has a threshold, each once."""
        field_keys = (rule.threshold.field for rule in self.template.rules if rule.threshold)
        return tuple(self.template.field(key) for key in dict.fromkeys(field_keys))

    def fields_above_threshold(self, item_status: ItemStatus) -> tuple[Field, ...]:
        """Return the fields whose amount on an item is above a threshold of the template."""

        def number_in_field(key: str) -> Decimal | None:
            value = (
                item_status.plan_values if self.template.field(key).filled_by == "plan" else item_status.answers
            ).get(key)
            return value if isinstance(value, Decimal) else None

        return fields_above_threshold(self.template, number_in_field)

    def has_deviating_status(self, item_status: ItemStatus) -> bool:
        """Return whether the status of a plan item is one that the template calls a deviation."""
        return is_deviation_status(self.template, item_status.status_code)

    def is_deviating(self, item_status: ItemStatus) -> bool:
        """Return whether a plan item has a deviating status of its own, is overdue or has an amount above a
        threshold."""
        return (
            item_status.is_overdue
            or (self.has_deviating_status(item_status) and not item_status.follows_parent)
            or bool(self.fields_above_threshold(item_status))
        )


def restrict_to_unit(round_status: RoundStatus, unit: str) -> RoundStatus:
    """Return the round as one unit sees it: the items that it was asked about, with its own answers only."""
    item_statuses = tuple(
        _as_answered_by_unit(item_status, unit)
        for item_status in round_status.item_statuses
        if unit in item_status.item.units
    )
    unit_statuses = tuple(unit_status for unit_status in round_status.unit_statuses if unit_status.unit == unit)
    changes = tuple(change for change in round_status.changes if unit in change.item.units)
    errors = tuple(error for error in round_status.errors if error.unit == unit)
    return replace(
        round_status, item_statuses=item_statuses, unit_statuses=unit_statuses, changes=changes, errors=errors
    )


def restrict_to_deviations(round_status: RoundStatus) -> RoundStatus:
    """Return the round with the items that deviate, and the activity of each such sub-activity."""
    kept_ids = {item_status.item.id for item_status in _deviating_items(round_status)}
    return replace(
        round_status,
        item_statuses=tuple(entry for entry in round_status.item_statuses if entry.item.id in kept_ids),
    )


def _deviating_items(round_status: RoundStatus) -> Iterator[ItemStatus]:
    for activity in round_status.top_items:
        parts = [
            part for part in round_status.parts_by_activity[activity.item.id] if round_status.is_deviating(part)
        ]
        if parts or round_status.is_deviating(activity):
            yield activity
        yield from parts


def _as_answered_by_unit(item_status: ItemStatus, unit: str) -> ItemStatus:
    """Return an item with one unit's answers only; overdue as it is for that unit."""
    if len(item_status.item.units) < 2 and not item_status.unit_replies:
        view = item_status.unit_view
        return item_status if view is None else _replace_status(item_status, view)
    reply = next((reply for reply in item_status.unit_replies if reply.unit == unit), UnitReply(unit))
    return replace(
        _replace_status(item_status, reply),
        item=replace(item_status.item, units=(unit,)),
        answers=reply.answers,
        unit_replies=(),
        location=reply.location or item_status.location,
        locations=reply.locations or item_status.locations,
    )


def _replace_status(item_status: ItemStatus, reply: UnitReply) -> ItemStatus:
    return replace(
        item_status,
        status_code=reply.status_code,
        status=reply.status,
        follows_parent=reply.follows_parent,
        is_overdue=reply.unit in item_status.overdue_units,
        completeness=reply.completeness,
    )
