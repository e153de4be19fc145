"""Under which unit and which line every row belongs, and the round that they all answer.

A plan that is given says both; without one, the forms do, since each carries its own lines and their places in
the plan. What a plan does not know is kept and told, never dropped.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType

from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.plan import Plan, PlanItem, Round, Unit
from xlflow.model.submission import AnswerRow, Submission
from xlflow.model.text import normalize_key_cached, short_code

NO_ISSUED_TEXTS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class AssignedRow:
    """One row under the name of its unit and the line of the round; `issued` is what stood in its answer cells
    (field, text) when the form went out, `number` its place in the form."""

    row: AnswerRow
    issued_texts: Mapping[str, str]
    position: int


def sort_newest_first(submissions: Iterable[Submission]) -> tuple[Submission, ...]:
    """Return the forms by when they were saved, the latest first; where that is the same or unknown, by name, the
    plainest first, as `collect` has them."""
    by_name = sorted(
        submissions,
        key=lambda submission: (
            len(submission.file.name),
            submission.file.name,
            submission.file.digest,
            submission.unit,
        ),
    )
    return tuple(sorted(by_name, key=lambda form: _saved_timestamp(form.file.saved_at), reverse=True))


def restore_round(submissions: Sequence[Submission], planned: Round | None) -> Round:
    """Return the round that all forms belong to, with the units asked and the lines asked about, in order.

    What the forms were made with (template, language, day) comes from the newest of them. `FatalError` if there is
    neither form nor plan.
    """
    newest_round = submissions[0].round if submissions else planned
    if newest_round is None:
        raise FatalError(make_finding("nothing-to-merge", Location("")))
    plan = planned.plan if planned else replace(newest_round.plan, items=_issued_items_in_order(submissions))
    units = _asked_units_by_key(plan) if planned else _form_units_by_key(submissions)
    for submission in submissions:
        units.setdefault(normalize_key_cached(submission.unit), Unit(submission.unit))
    return replace(newest_round, plan=replace(plan, units=tuple(units.values())))


def unit_names_in_round(round_: Round, submissions: Sequence[Submission]) -> tuple[str, ...]:
    """Return for each form the name under which the round knows its unit."""
    name_by_key = {normalize_key_cached(unit.name): unit.name for unit in round_.plan.units}
    return tuple(name_by_key[normalize_key_cached(submission.unit)] for submission in submissions)


def assign_rows(
    submissions: Sequence[Submission], round_: Round, *, from_plan: bool
) -> tuple[tuple[AssignedRow, ...], tuple[Finding, ...]]:
    """Return every row of every form, newest form first, under its unit and line; and what a plan did not know."""
    item_index = _PlanItemIndex(round_)
    assigned = tuple(
        assigned_row
        for submission, unit in zip(submissions, unit_names_in_round(round_, submissions), strict=True)
        for assigned_row in _assign_form_rows(submission, unit, item_index)
    )
    if from_plan:
        return assigned, (
            *_check_unexpected_units(submissions, round_),
            *_check_unexpected_items(submissions, assigned, round_, item_index),
        )
    return assigned, tuple(_check_different_plans(submissions))


class _PlanItemIndex:
    """Finds the line that a row answers: by its id, else by its text; a unit's own line by unit and text."""

    def __init__(self, round_: Round):
        self.template = round_.template
        self.items = round_.plan.items
        self.by_id = {item.id: item for item in self.items}
        self.added_items: dict[tuple[object, ...], PlanItem] = {}
        self.used_ids = set(self.by_id)

    @cached_property
    def by_text(self) -> Mapping[tuple[str, ...], Sequence[PlanItem]]:
        """The lines by their folded text, for rows whose id nobody knows."""
        items_by_text: dict[tuple[str, ...], list[PlanItem]] = {}
        for item in self.items:
            items_by_text.setdefault(_levels_key(item), []).append(item)
        return items_by_text

    def find_item(self, row: AnswerRow, unit: str) -> PlanItem:
        """Return the line with the row's id; else with its text, and asked of this unit if one of several is."""
        if row.item.id in self.by_id:
            return self.by_id[row.item.id]
        same_text_items = self.by_text.get(_levels_key(row.item), [row.item])
        return next(
            (item for item in same_text_items if item.id in self.by_id and unit in item.units), same_text_items[0]
        )

    def find_added_item(self, row: AnswerRow, unit: str, occurrences: dict[tuple[object, ...], int]) -> PlanItem:
        """Return the line of a unit's own activity; the same text twice in one form is two activities."""
        text_key: tuple[object, ...] = (unit, *_levels_key(row.item))
        if not row.item.level_texts[self.template.item_level_index].strip():
            text_key += tuple(normalize_key_cached(answer.raw_text) for answer in row.answers)
        occurrences[text_key] = occurrences.get(text_key, 0) + 1
        key = (*text_key, occurrences[text_key])
        if key not in self.added_items:
            item_id = (
                row.item.id if row.item.id not in self.used_ids else short_code(map(str, (row.item.id, *key)))
            )
            self.used_ids.add(item_id)
            self.added_items[key] = replace(row.item, id=item_id, units=(unit,))
        return self.added_items[key]


def _assign_form_rows(submission: Submission, unit: str, item_index: _PlanItemIndex) -> Iterator[AssignedRow]:
    issued_by_item: dict[str, dict[str, str]] = {}
    for item_id, field, text in submission.issued:
        issued_by_item.setdefault(item_id, {})[field] = text
    occurrences: dict[tuple[object, ...], int] = {}
    for position, row in enumerate(submission.rows):
        item = (
            item_index.find_added_item(row, unit, occurrences)
            if row.item.added_by_unit
            else item_index.find_item(row, unit)
        )
        is_unchanged = item is row.item and unit == row.unit
        assigned = row if is_unchanged else AnswerRow(item, unit, row.location, row.answers)
        yield AssignedRow(assigned, issued_by_item.get(row.item.id, NO_ISSUED_TEXTS), position)


def _issued_items_in_order(submissions: Sequence[Submission]) -> tuple[PlanItem, ...]:
    """Return all lines issued to these forms in the plan's order, each as its newest form has it."""
    items_by_id: dict[str, PlanItem] = {}
    for submission in submissions:
        for item in submission.round.plan.items:
            items_by_id.setdefault(item.id, item)
    return tuple(sorted(items_by_id.values(), key=lambda line: (line.plan_position, line.id)))


def _asked_units_by_key(plan: Plan) -> dict[str, Unit]:
    """Return the units that the plan asks something, by their folded name."""
    asked_names = {name for item in plan.items for name in item.units}
    return {normalize_key_cached(unit.name): unit for unit in plan.units if unit.name in asked_names}


def _form_units_by_key(submissions: Sequence[Submission]) -> dict[str, Unit]:
    """Return the units that the forms know of; each form knows the contact of its own unit only."""
    units: dict[str, Unit] = {}
    seen_plans: set[str] = set()
    for submission in submissions:
        plan_units = submission.round.plan.units if submission.round.plan.digest not in seen_plans else ()
        seen_plans.add(submission.round.plan.digest)
        for unit in plan_units:
            units.setdefault(normalize_key_cached(unit.name), unit)
    for submission in reversed(submissions):
        units.update(
            (normalize_key_cached(unit.name), unit)
            for unit in submission.round.plan.units
            if unit.name == submission.unit
        )
    return units


def _check_unexpected_units(submissions: Sequence[Submission], round_: Round) -> Iterator[Finding]:
    asked_unit_keys = _unit_keys_with_items(round_)
    for submission in submissions:
        if normalize_key_cached(submission.unit) not in asked_unit_keys:
            yield make_finding("unit-not-in-plan", Location(submission.file.name), unit=submission.unit)


def _check_unexpected_items(
    submissions: Sequence[Submission], assigned: Sequence[AssignedRow], round_: Round, item_index: _PlanItemIndex
) -> Iterator[Finding]:
    """Yield what became of rows whose id, text or unit is not that of the plan; one finding for a row."""
    asked_unit_keys = _unit_keys_with_items(round_)
    rows = [row for submission in submissions for row in submission.rows]
    for row, assigned_row in zip(rows, assigned, strict=True):
        finding_code = (
            None if row.item.added_by_unit else _plan_mismatch_code(row, assigned_row, item_index, asked_unit_keys)
        )
        if finding_code:
            params = {
                "text": _item_title(row.item, item_index),
                "planned": _item_title(assigned_row.row.item, item_index),
            }
            yield make_finding(
                finding_code,
                row.location,
                unit=assigned_row.row.unit,
                row_id=assigned_row.row.item.id,
                params=params,
            )


def _plan_mismatch_code(
    row: AnswerRow, assigned_row: AssignedRow, item_index: _PlanItemIndex, asked_unit_keys: Collection[str]
) -> str | None:
    item, unit = assigned_row.row.item, assigned_row.row.unit
    if item.id not in item_index.by_id:
        return "plan-item-unknown"
    if unit not in item.units and normalize_key_cached(unit) in asked_unit_keys:
        return "plan-item-not-asked-of-unit"
    if item.id != row.item.id:
        return "plan-item-found-by-text"
    return (
        None
        if item.level_texts == row.item.level_texts or _levels_key(item) == _levels_key(row.item)
        else "plan-item-text-differs"
    )


def _check_different_plans(submissions: Sequence[Submission]) -> Iterator[Finding]:
    if len({submission.round.plan.digest for submission in submissions}) > 1:
        yield make_finding("forms-of-different-plans", Location(submissions[0].file.name))


def _unit_keys_with_items(round_: Round) -> frozenset[str]:
    return frozenset(normalize_key_cached(name) for item in round_.plan.items for name in item.units)


def _item_title(item: PlanItem, item_index: _PlanItemIndex) -> str:
    """Return the texts that tell a line from its neighbours: the activity and the sub-activity."""
    return " / ".join(filter(None, item.level_texts[item_index.template.item_level_index :]))


def _levels_key(item: PlanItem) -> tuple[str, ...]:
    return tuple(map(normalize_key_cached, item.level_texts))


def _saved_timestamp(moment: datetime | None) -> float:
    """Return when a form was saved as seconds; a time without a zone counts as UTC, none as before all others."""
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() if moment else -math.inf
