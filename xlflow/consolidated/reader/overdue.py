"""Judges whether a plan item is overdue after a correction by hand, by the rule of the merge.

The rule: not done over all units, and of a unit that has not finished it the deadline in force has passed. In
force is the unit's new deadline, else the one that an earlier round agreed on, else the plan's.
"""

from collections.abc import Collection

from xlflow.i18n.catalogue import Language
from xlflow.model.plan import Deadline, Round
from xlflow.model.template_elements import Field
from xlflow.rounds.round_status import DisplayValues, ItemStatus
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
    field = template.field_in_role("new_deadline")
    shared = _read_deadline(item_status.answers, field, round_, language)
    planned = _read_deadline(item_status.plan_values, template.field_in_role("deadline"), round_, language)
    answers_by_unit = {reply.unit: reply.answers for reply in item_status.unit_replies}
    for unit in item_status.item.units or ("",):
        if unit in done_units:
            continue
        own = _read_deadline(answers_by_unit.get(unit, {}), field, round_, language)
        new = shared if has_one_time or not answers_by_unit else own
        dated = new if new is not None and new.last else None
        in_force = dated or item_status.agreed_deadline or planned
        if in_force is not None and in_force.has_passed(round_.as_of):
            return True
    return False


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
