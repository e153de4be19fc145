"""Judges whether a plan item is overdue after a correction by hand, by the rule of the merge.

The rule: not done over all units, and of a unit that has not finished it the deadline in force has passed. In
force is the unit's new deadline, else the one that an earlier round agreed on, else the plan's.
"""

from collections.abc import Collection
from dataclasses import replace

from xlflow.i18n.catalogue import Language
from xlflow.model.plan import Deadline, Round
from xlflow.model.template_elements import Field
from xlflow.rounds.round_status import DisplayValues, ItemStatus, UnitReply
from xlflow.values.field_values import make_parser


def is_item_overdue(
    item_status: ItemStatus,
    done_units: Collection[str],
    round_: Round,
    language: Language,
    *,
    has_one_time: bool,
) -> bool:
    """Return whether an item is overdue on the as-of date of its round.

    `item_status` has its values in `language`, all corrections in force. `done_units` have reported the item as
    finished themselves. `has_one_time`: a person has written one new deadline for all units.
    """
    template = round_.template
    if template.field_in_role("deadline") is None or is_final_status(round_, item_status.status_code):
        return False
    answers_by_unit = {reply.unit: reply.answers for reply in item_status.unit_replies}
    return any(
        _has_deadline_passed(
            item_status.answers if has_one_time or not answers_by_unit else answers_by_unit.get(unit, {}),
            item_status,
            round_,
            language,
        )
        for unit in item_status.item.units or ("",)
        if unit not in done_units
    )


def judge_units(
    item_status: ItemStatus, changed_items: Collection[str], round_: Round, language: Language
) -> ItemStatus:
    """Return an item with the units for which it is overdue, silent ones too. `changed_items` are the ids of those
    for which a person has written one new deadline for all units."""
    units = item_status.item.units
    has_views = bool(item_status.unit_view) or len(units) > 1 or bool(item_status.unit_replies)
    if round_.template.field_in_role("deadline") is None or not has_views:
        return item_status
    replies = {reply.unit: reply for reply in item_status.unit_replies}
    replies |= {item_status.unit_view.unit: item_status.unit_view} if item_status.unit_view else {}
    has_one_time = item_status.item.id in changed_items
    overdue_units = []
    for unit in units:
        reply = replies.get(unit, UnitReply(unit))
        has_status = round_.template.field_in_role("status") is not None
        is_done = is_final_status(round_, reply.status_code) if has_status else bool(reply.answers)
        answers = item_status.answers if has_one_time else reply.answers
        if not is_done and _has_deadline_passed(answers, item_status, round_, language):
            overdue_units.append(unit)
    return replace(item_status, overdue_units=tuple(overdue_units))


def _has_deadline_passed(
    answers: DisplayValues, item_status: ItemStatus, round_: Round, language: Language
) -> bool:
    """Return whether the deadline in force has passed: the new one among the answers, else the agreed one, else
    the plan's."""
    template = round_.template
    new = _read_deadline(answers, template.field_in_role("new_deadline"), round_, language)
    planned = _read_deadline(item_status.plan_values, template.field_in_role("deadline"), round_, language)
    in_force = (new if new is not None and new.last else None) or item_status.agreed_deadline or planned
    return in_force is not None and in_force.has_passed(round_.as_of)


def is_final_status(round_: Round, code: str | None) -> bool:
    """Return whether a status, by its code, is one after which nothing is left to do."""
    choice = round_.template.status_choices.get(code or "")
    return choice is not None and choice.final


def _read_deadline(
    values: DisplayValues, field: Field | None, round_: Round, language: Language
) -> Deadline | None:
    if field is None:
        return None
    parse = make_parser(field, round_.template, round_.plan.year, language)
    value = parse(str(values.get(field.key, ""))).value
    return value if isinstance(value, Deadline) else None
