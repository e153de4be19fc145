"""What the units answered in the previous round, from its consolidated workbook, beside today's questions.

Which item is which is decided by `rounds.lineage` alone, so a form shows the answers of the same item that the
changes and the history compare with. Shown only: nothing of it is an answer to what is asked now.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import PlanItem, Round
from xlflow.model.submission import PreviousAnswers
from xlflow.model.template import Field
from xlflow.model.text import normalize_key
from xlflow.rounds.lineage import RoundItems, find_unknown_references, match_plan_items
from xlflow.rounds.rewordings import find_rewordings
from xlflow.rounds.round_status import ItemStatus, RoundStatus, UnitReply
from xlflow.rounds.unit_names import past_unit_names
from xlflow.values import format_number


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
