"""How plan items are related, when a status is missing, and which status represents several.

One rule each, as pure functions, so that the form's live column, the check, the accounts and the summary say
the same. Statuses are codes of the template here; what a person wrote was understood before.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.model.plan import PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import Choice, ChoiceList
from xlflow.model.text import normalize_key


@dataclass(frozen=True, slots=True)
class Relatives:
    """Ids of the items related to one: the activity of a sub-activity (`parent`), the sub-activities of an
    activity
    (`children`), and the other sub-activities of the same activity (`siblings`); in plan order."""

    parent: str | None = None
    children: tuple[str, ...] = ()
    siblings: tuple[str, ...] = ()


NO_RELATIVES = Relatives()
"""The relatives of an item that has none."""


def parent_ids_by_child(plan_items: Iterable[PlanItem], template: Template) -> Mapping[str, str]:
    """Return for each sub-activity the id of its activity, where that is among the items.

    The activity has the same texts in every level but the sub-activity's own. Where several have, one asked
    of a unit that the sub-activity is asked of comes first; an activity of a unit's own serves that unit only.
    """
    part_level_index = template.part_level_index
    if part_level_index is None:
        return MappingProxyType({})
    all_items = tuple(plan_items)
    if not any(item.level_texts[part_level_index] for item in all_items):
        return MappingProxyType({})
    activities_by_key: dict[tuple[str, ...], list[PlanItem]] = {}
    for item in all_items:
        if not item.level_texts[part_level_index]:
            activities_by_key.setdefault(_parent_key(item.level_texts, part_level_index), []).append(item)
    pairs = {
        item.id: _choose_parent_id(
            item, activities_by_key.get(_parent_key(item.level_texts, part_level_index), ())
        )
        for item in all_items
        if item.level_texts[part_level_index]
    }
    return MappingProxyType({child: parent for child, parent in pairs.items() if parent is not None})


def relatives_by_id(items: Sequence[PlanItem], template: Template) -> Mapping[str, Relatives]:
    """Return the relatives of every item, by id; `NO_RELATIVES` for an item that has none."""
    parents = parent_ids_by_child(items, template)
    children: dict[str, list[str]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)
    relatives = {
        item.id: Relatives(children=tuple(children[item.id])) if item.id in children else NO_RELATIVES
        for item in items
    }
    for child, parent in parents.items():
        relatives[child] = Relatives(parent, (), tuple(other for other in children[parent] if other != child))
    return MappingProxyType(relatives)


def is_status_missing(
    has_status: bool,
    parent_has_status: bool | None,
    children_have_status: Iterable[bool],
    siblings_have_status: Iterable[bool],
) -> bool:
    """Return whether a row still lacks a status. Each argument says whether a status is given there.

    `parent_has_status` is None where the row is no sub-activity, or its activity is not in the form. One status
    on the
    activity is enough, and so is one on each sub-activity; an untouched activity is missing once, not once per
    sub-activity.
    """
    return (
        not has_status
        and not any(children_have_status)
        and (parent_has_status is None or (not parent_has_status and any(siblings_have_status)))
    )


def is_item_answered(
    has_status: bool, parent_has_status: bool | None, children_have_status: Collection[bool]
) -> bool:
    """Return whether an item counts as answered: by its own status, its activity's, or all its sub-activities'."""
    return has_status or bool(parent_has_status) or (bool(children_have_status) and all(children_have_status))


def find_items_missing_status(
    relatives_of_items: Mapping[str, Relatives], ids_with_status: Collection[str]
) -> tuple[str, ...]:
    """Return the ids of the items of one form whose status is missing, given the ids that have one."""
    has_status = frozenset(ids_with_status).__contains__
    return tuple(
        item_id
        for item_id, relatives in relatives_of_items.items()
        if not has_status(item_id)
        and is_status_missing(
            False,
            None if relatives.parent is None else has_status(relatives.parent),
            map(has_status, relatives.children),
            map(has_status, relatives.siblings),
        )
    )


def find_unanswered_items(
    items: Sequence[PlanItem], template: Template, ids_with_status: Collection[str]
) -> tuple[str, ...]:
    """Return the ids of the items of one unit that are not answered, given the ids that have a status."""
    has_status = frozenset(ids_with_status).__contains__
    return tuple(
        item_id
        for item_id, relatives in relatives_by_id(items, template).items()
        if not is_item_answered(
            has_status(item_id),
            relatives.parent is not None and has_status(relatives.parent),
            [has_status(child_id) for child_id in relatives.children],
        )
    )


def fields_that_count_as_answer(template: Template) -> tuple[str, ...]:
    """Return the fields of which one, written in, makes a row answered: the status, else those that are required,
    else all that are asked."""
    status = template.field_in_role("status")
    required = [field for field in template.answer_fields() if field.required]
    return tuple(field.key for field in ([status] if status else required or template.answer_fields()))


def is_deviation_status(template: Template, code: str | None) -> bool:
    """Return whether a status, by its code, is one that the template calls a deviation."""
    choice = template.status_choices.get(code or "")
    return choice is not None and choice.deviation


def worst_status(codes: Iterable[str | None], choices: ChoiceList) -> str | None:
    """Return the code of the highest rank; None if there is none.

    A choice that is left out (Utgår) counts only if all are; what an open list met besides its own choices
    counts below every rank.
    """
    distinct_codes = sorted({code for code in codes if code})
    if len(distinct_codes) < 2:
        return distinct_codes[0] if distinct_codes else None
    options = {option.code: option for option in choices.options}
    positions = {option.code: position for position, option in enumerate(choices.options)}

    def severity_key(code: str) -> tuple[bool, int, int]:
        option = options.get(code)
        return (not _is_excluded_from_rollup(option), _rank_of(option), -positions.get(code, len(positions)))

    return max(distinct_codes, key=severity_key, default=None)


@dataclass(frozen=True, slots=True)
class StatusOverUnits:
    """The status of one item over everybody who was asked, and how many of them have given one.

    `status_code` is None where none counts: nobody answered, or what is known is final ("done") while others have
    not answered. `answered_count` of `asked_count` are units, or sub-activities of the only unit asked if
    `counts_parts`. `has_any_status` tells that at least one status is known. `follows_parent` marks a sub-activity
    without a status of its own whose activity has one.
    """

    status_code: str | None = None
    answered_count: int = 0
    asked_count: int = 0
    counts_parts: bool = False
    has_any_status: bool = False
    follows_parent: bool = False

    @property
    def is_incomplete(self) -> bool:
        """Whether something is known, and something that was asked is not."""
        return self.has_any_status and self.answered_count < self.asked_count


StatusByUnit = Mapping[str, str | None]
"""The status that each unit asked of an item gave it: a code, None where it gave none that was understood."""


def roll_up_activity(
    statuses: StatusByUnit, part_statuses: Sequence[StatusByUnit], template: Template
) -> StatusOverUnits:
    """Return the status of an activity over its units and sub-activities, never better than what is known.

    `statuses` has an entry for every unit asked of the activity itself, `part_statuses` one mapping for every
    sub-activity. A unit counts as answering if it gave the activity a status or every one of its sub-activities
    has one; units asked of sub-activities only count as soon as the activity is answered through these.
    """
    silent_units = [unit for unit, code in statuses.items() if not code]
    part_units = dict.fromkeys(unit for by_unit in part_statuses for unit in by_unit if unit not in statuses)
    through_parts = [*silent_units, *part_units] if silent_units or not statuses else []
    codes_by_unit = {
        unit: [by_unit[unit] for by_unit in part_statuses if unit in by_unit] for unit in through_parts
    }
    codes_by_unit |= {unit: [code] for unit, code in statuses.items() if code}
    answered_count = sum(bool(codes) and all(codes) for codes in codes_by_unit.values())
    asked_count, counts_parts = len(codes_by_unit), False
    if asked_count == 1:
        (only_codes,) = codes_by_unit.values()
        counts_parts = len(only_codes) > 1
        if counts_parts:
            answered_count, asked_count = sum(map(bool, only_codes)), len(only_codes)
    worst_known = worst_of_template((code for codes in codes_by_unit.values() for code in codes), template)
    is_complete = answered_count == asked_count
    code = worst_known if is_complete or not _is_final(worst_known, template) else None
    return StatusOverUnits(code, answered_count, asked_count, counts_parts, worst_known is not None)


def roll_up_part(statuses: StatusByUnit, parent_statuses: StatusByUnit, template: Template) -> StatusOverUnits:
    """Return the status of a sub-activity over its units; a unit that gave it none gives it its activity's.

    `parent_statuses` has an entry for every unit asked of the activity. A unit that is asked of the sub-activity
    only takes the activity's status where all who are asked of that have given it one.
    """
    complete_parent = bool(parent_statuses) and all(parent_statuses.values())
    shared_code = worst_of_template(parent_statuses.values(), template) if complete_parent else None
    codes = {unit: code or parent_statuses.get(unit, shared_code) for unit, code in statuses.items()}
    answered_count, asked_count = sum(map(bool, codes.values())), len(codes)
    worst_known = worst_of_template(codes.values(), template)
    is_complete = answered_count == asked_count
    code = worst_known if is_complete or not _is_final(worst_known, template) else None
    follows_parent = code is not None and not any(statuses.values())
    return StatusOverUnits(code, answered_count, asked_count, False, worst_known is not None, follows_parent)


def worst_of_template(codes: Iterable[str | None], template: Template) -> str | None:
    """Return the worst of some statuses of a template; None if there is none or the template has no statuses."""
    status_field = template.field_in_role("status")
    if status_field is None or status_field.choices is None:
        return None
    return worst_status(codes, template.choice_list(status_field))


def _choose_parent_id(part: PlanItem, candidates: Sequence[PlanItem]) -> str | None:
    """Return the activity of a sub-activity; what a unit added itself never takes over a part that was planned."""
    eligible = [item for item in candidates if part.added_by_unit or not item.added_by_unit]
    if len(eligible) == 1 and not eligible[0].added_by_unit:
        return eligible[0].id
    units = frozenset(part.units)
    shared_unit_ids = (item.id for item in eligible if not units.isdisjoint(item.units))
    return next(shared_unit_ids, next((item.id for item in eligible if not item.added_by_unit), None))


@lru_cache(maxsize=1 << 16)
def _parent_key(levels: tuple[str, ...], part_level_index: int) -> tuple[str, ...]:
    return tuple(
        "" if level_index == part_level_index else normalize_key(text) for level_index, text in enumerate(levels)
    )


def _is_excluded_from_rollup(option: Choice | None) -> bool:
    return option is not None and option.excluded_from_rollup


def _is_final(code: str | None, template: Template) -> bool:
    """Return whether a status is one after which nothing more is expected ("done", "cancelled")."""
    status_field = template.field_in_role("status")
    options = template.choice_list(status_field).options if status_field else ()
    return any(option.code == code and option.final for option in options)


def _rank_of(option: Choice | None) -> int:
    return -1 if option is None or option.rank is None else option.rank
