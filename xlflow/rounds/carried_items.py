"""Activities that a unit added itself in the previous round: they live on in its next form until they are done.

The form gets a row for each, with its text and what the plan's columns said, but without answers; what was
answered stands beside it. A unit that empties the row has removed the activity.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from xlflow.i18n.catalogue import translate
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import ADDED_ITEM_PREFIX, FieldValue, PlanItem, Round
from xlflow.model.submission import PreviousAnswers
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.rounds.previous_answers import PredecessorIndex, format_item_status
from xlflow.rounds.round_status import ItemStatus
from xlflow.rounds.unit_names import past_unit_names

CarriedItems = tuple[tuple[PlanItem, ItemStatus], ...]
"""Each carried activity as an item of this round, with its state in the previous round."""


def find_carried_items(predecessors: PredecessorIndex, round_: Round, unit: str) -> CarriedItems:
    """Return the activities that a unit added in the previous round, under the name that it had then, and that are
    neither done nor in today's plan (`round_`)."""
    past_names = past_unit_names(round_.plan.units, unit)
    continued = {each.item.id for statuses in predecessors.statuses_by_item_id.values() for each in statuses}
    status_choices = predecessors.round_status.status_choices
    carried = []
    for item_status in predecessors.round_status.item_statuses:
        item, choice = item_status.item, status_choices.get(item_status.status_code or "")
        is_units_own = item.added_by_unit and any(normalize_key(name) in past_names for name in item.units)
        if is_units_own and item.id not in continued and not (choice and choice.final):
            today = _make_item(item_status, round_.template, predecessors.round_status.template, unit)
            if today.level_texts[round_.template.item_level_index]:
                carried.append((today, item_status))
    return tuple(carried)


def add_carried_items(
    unit_round: Round, answers: PreviousAnswers, carried: CarriedItems, predecessors: PredecessorIndex
) -> tuple[Round, PreviousAnswers]:
    """Return a unit's round and previous answers with the carried activities, after the plan's items."""
    if not carried:
        return unit_round, answers
    note = translate("form.carried", unit_round.language)
    past_names = frozenset(normalize_key(name) for _, status in carried for name in status.item.units)
    texts = {
        item.id: "\n".join(filter(None, (note, format_item_status(status, past_names, predecessors.round_status))))
        for item, status in carried
    }
    items = (*unit_round.plan.items, *(item for item, _ in carried))
    return (
        replace(unit_round, plan=replace(unit_round.plan, items=items)),
        PreviousAnswers(answers.as_of, {**answers.text_by_item_id, **texts}),
    )


def check_carried_items(
    carried_by_unit: Mapping[str, CarriedItems], round_: Round, location: Location
) -> Iterator[Finding]:
    """Yield one note for each unit whose form is issued with activities that it added itself; `location` is the
    workbook of the previous round."""
    level = round_.template.item_level_index
    for unit, carried in carried_by_unit.items():
        if carried:
            titles = "; ".join(item.title(level) for item, _ in carried)
            yield make_finding("added-items-carried", location, unit=unit, params={"items": titles})


def _make_item(item_status: ItemStatus, template: Template, previous_template: Template, unit: str) -> PlanItem:
    item = item_status.item
    text_by_level = dict(zip((level.key for level in previous_template.levels), item.level_texts, strict=True))
    item_id = item.id if item.id.startswith(ADDED_ITEM_PREFIX) else ADDED_ITEM_PREFIX + item.id
    return PlanItem(
        item_id,
        tuple(text_by_level.get(level.key, "") for level in template.levels),
        (unit,),
        _list_plan_values(item_status, template),
        continues_from=item.id,
        added_by_unit=True,
    )


def _list_plan_values(item_status: ItemStatus, template: Template) -> tuple[tuple[str, FieldValue], ...]:
    """Return what stood in the plan's columns, as shown then; numbers are left out, since they have a unit and a
    year."""
    return tuple(
        (field.key, value)
        for field in template.plan_fields()
        if isinstance(value := item_status.plan_values.get(field.key), str) and value
    )
