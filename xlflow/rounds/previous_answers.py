"""What the units answered in the previous round, and the activities that they added then.

Which item is which is decided by `rounds.lineage` alone, so a form shows the answers of the same item that the
changes and the history compare with. Shown only: nothing of it is an answer to what is asked now. A unit is known
by its name, or by the former name in the plan, never by likeness: one that nothing leads to has no past.
Activities that a unit added itself live on in its next form until they are done: a row for each, with its text
but without answers. A unit that empties the row has removed the activity.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from xlflow.i18n.catalogue import translate
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import ADDED_ITEM_PREFIX, FieldValue, PlanItem, Round, Unit
from xlflow.model.submission import PreviousAnswers
from xlflow.model.template import Template
from xlflow.model.template_elements import Field
from xlflow.model.text import normalize_key
from xlflow.rounds.lineage import RoundItems, find_rewordings, find_unknown_references, match_plan_items
from xlflow.rounds.round_status import ItemStatus, RoundStatus, UnitReply
from xlflow.values import format_number


def past_unit_names(units: Sequence[Unit], name: str) -> frozenset[str]:
    """Return the names, normalized, under which a unit may have answered in the previous round.

    Its own name, unless another unit had it ("Hette förut"); and its former names, unless another unit has one of
    them now without having had another name itself.
    """
    unit = next((each for each in units if each.name == name), Unit(name))
    others = [each for each in units if each.name != name]
    given_away = {normalize_key(former) for other in others for former in _usable_former_names(units, other)}
    own_names = {normalize_key(name)} - given_away
    return frozenset(own_names | {normalize_key(former) for former in _usable_former_names(units, unit)})


def check_past_units(round_status: RoundStatus, round_: Round) -> Iterator[Finding]:
    """Yield the former names that are another unit's now, and the units without a past where the previous round
    (`round_status`) has units that nobody is now: one of them may have been renamed."""
    units, location = round_.plan.units, Location(round_.plan.file)
    for unit in units:
        for former in unit.previous_names:
            if former not in _usable_former_names(units, unit):
                yield make_finding("unit-former-name-in-use", location, unit=unit.name, value=former)
    past_names_by_unit = {unit.name: past_unit_names(units, unit.name) for unit in units}
    continued = frozenset[str]().union(*past_names_by_unit.values())
    previous_units = {normalize_key(each.unit): each.unit for each in round_status.unit_statuses}
    gone = [name for key, name in previous_units.items() if key not in continued]
    for name, past_names in past_names_by_unit.items():
        if gone and not past_names & previous_units.keys():
            yield make_finding("unit-without-past", location, unit=name, params={"gone": ", ".join(gone)})


def _usable_former_names(units: Sequence[Unit], unit: Unit) -> tuple[str, ...]:
    staying = {normalize_key(each.name) for each in units if each.name != unit.name and not each.previous_names}
    return tuple(former for former in unit.previous_names if normalize_key(former) not in staying)


@dataclass(frozen=True, slots=True)
class PredecessorIndex:
    """The previous round, seen from today's plan. `statuses_by_item_id` has the predecessors of each item of today
    that has any, by today's id, in the order in which the planner named them; `unknown_references` are names in
    "Fortsätter från" that the previous round does not have, each with its item."""

    round_status: RoundStatus
    statuses_by_item_id: Mapping[str, tuple[ItemStatus, ...]]
    unknown_references: tuple[tuple[PlanItem, str], ...] = ()


def index_predecessors(round_status: RoundStatus, round_: Round) -> PredecessorIndex:
    """Return which items of the previous round (`round_status`) today's items (of the whole `round_`) come
    from."""
    current = RoundItems(round_.plan.items, round_.template)
    previous = RoundItems([entry.item for entry in round_status.item_statuses], round_status.template)
    links = match_plan_items(current, previous)
    status_by_id = {item_status.item.id: item_status for item_status in round_status.item_statuses}
    statuses_by_item_id = {
        item_id: tuple(status_by_id[previous_id] for previous_id in link.all_previous_ids)
        for item_id, link in links.items()
    }
    return PredecessorIndex(
        round_status,
        MappingProxyType(statuses_by_item_id),
        tuple(find_unknown_references(current, previous, links)),
    )


def build_previous_answers(predecessors: PredecessorIndex, round_: Round, unit: str) -> PreviousAnswers:
    """Return what the form of a unit shows of the previous round, by the id of today's item: only items on which
    the unit itself answered, under the name that it has or had then. Nobody is shown what others answered."""
    past_names = past_unit_names(round_.plan.units, unit)
    text_by_item_id = {
        item.id: _format_predecessors(
            predecessors.statuses_by_item_id[item.id], past_names, predecessors.round_status
        )
        for item in round_.items_for_unit(unit)
        if item.id in predecessors.statuses_by_item_id
    }
    return PreviousAnswers(
        predecessors.round_status.as_of, {item_id: text for item_id, text in text_by_item_id.items() if text}
    )


def check_continued_items(predecessors: PredecessorIndex, round_: Round) -> Iterator[Finding]:
    """Yield a finding for every name in "Fortsätter från" that the previous round does not have."""
    for item, name in predecessors.unknown_references:
        location = item.location or Location(round_.plan.file)
        yield make_finding("continues-from-unknown", location, row_id=item.id, value=name)


def check_items_not_found(predecessors: PredecessorIndex, round_: Round, location: Location) -> Iterator[Finding]:
    """Yield one finding for each item of the previous round's plan that is not in today's plan, and name today's
    item where it is likely the same in other words. `location` is the workbook of the previous round."""
    level = round_.template.item_level_index
    continued = {each.item.id for statuses in predecessors.statuses_by_item_id.values() for each in statuses}
    previous_items = [each.item for each in predecessors.round_status.item_statuses]
    gone = [item for item in previous_items if not item.added_by_unit and item.id not in continued]
    new = [item for item in round_.plan.items if item.id not in predecessors.statuses_by_item_id]
    rewordings = find_rewordings(gone, new, level)
    previous_level = predecessors.round_status.template.item_level_index
    for item in gone:
        today, title = rewordings.get(item.id), item.title(previous_level)
        if today is None:
            yield make_finding(
                "previous-item-not-found", location, row_id=item.id, value=title, params={"id": item.id}
            )
        else:
            params = {"planned": today.title(level), "id": item.id}
            place = today.location or Location(round_.plan.file)
            yield make_finding("previous-item-reworded", place, row_id=today.id, value=title, params=params)


def _format_predecessors(
    item_statuses: tuple[ItemStatus, ...], past_names: frozenset[str], round_status: RoundStatus
) -> str:
    """Return what was answered on an item's predecessors; where there are several, each after its own text."""
    texts = [(status.item, format_item_status(status, past_names, round_status)) for status in item_statuses]
    if len(item_statuses) == 1:
        return texts[0][1]
    level = round_status.template.item_level_index
    return "\n".join(f"{item.title(level)}: {text}" for item, text in texts if text)


def format_item_status(item_status: ItemStatus, past_names: frozenset[str], round_status: RoundStatus) -> str:
    """Return what a unit answered on an item; where it is made of several, what each of them did, after its
    name."""
    rolled_up = UnitReply(
        "; ".join(item_status.item.units),
        item_status.status_code,
        item_status.status,
        item_status.follows_parent,
        item_status.answers,
    )
    replies = item_status.unit_replies or (rolled_up,)
    own_replies = [reply for reply in replies if normalize_key(reply.unit) in past_names]
    if len(own_replies) == 1:
        return _format_reply(own_replies[0], round_status)
    reply_texts = ((reply.unit, _format_reply(reply, round_status)) for reply in own_replies)
    return "\n".join(f"{name}: {text}" for name, text in reply_texts if text)


def _format_reply(reply: UnitReply, round_status: RoundStatus) -> str:
    """Return a reply, one text line for each: the status, the other answers with their label, the comment as
    written."""
    fields = (field for field in round_status.template.answer_fields() if field.key in reply.answers)
    answer_texts = [_format_reply_field(each, reply.answers[each.key], round_status) for each in fields]
    return "\n".join(filter(None, ("" if reply.follows_parent else reply.status, *answer_texts)))


def _format_reply_field(field: Field, value: str | Decimal, round_status: RoundStatus) -> str:
    text = format_number(value, round_status.language) if isinstance(value, Decimal) else value
    return text if field.role == "comment" else f"{field.label.in_language(round_status.language)}: {text}"


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
