"""Rows of a plan -> its items: who is asked, which activity a sub-activity belongs to, and every item's id.

The id is the one that the plan states, or one derived from the item's own texts. A derived id is the same on every
machine, in whatever order the items are, and in every round that has the text. Nothing but texts goes into it: no
row number, no year, and no other item unless two have the same texts.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from xlflow.definition.plan_rows import DraftItem, PlanSheet, shorten_for_message
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import PlanItem
from xlflow.model.text import normalize_key, normalize_key_cached, short_code


def derive_ids(items: Sequence[PlanItem], item_level_index: int) -> tuple[str, ...]:
    """Return the id of each item, in the order of `items`; ids that the plan states are kept.

    `item_level_index` is the index (0-based) of the activity among the template's levels. Items whose activity and
    sub-activity are the same differ by the groups above them, then by their units; items that agree in all of
    that get the same id, which `build_plan_items` reports.
    """
    ids = [item.id for item in items]
    used_counts = Counter(normalize_key(id_) for id_ in ids if id_)
    unresolved = [index for index, id_ in enumerate(ids) if not id_]
    for texts_of in _ID_SOURCES:
        codes = {index: short_code(texts_of(items[index], item_level_index)) for index in unresolved}
        counts = Counter(codes.values()) + used_counts
        for index in unresolved:
            if counts[codes[index]] == 1 or texts_of is _ID_SOURCES[-1]:
                ids[index] = codes[index]
        used_counts += Counter(code for index, code in codes.items() if ids[index])
        unresolved = [index for index in unresolved if not ids[index]]
    return tuple(ids)


def _texts_without_groups(item: PlanItem, item_level_index: int) -> tuple[str, ...]:
    return item.level_texts[item_level_index:]


def _texts_with_groups(item: PlanItem, _item_level_index: int) -> tuple[str, ...]:
    return item.level_texts


def _texts_with_groups_and_units(item: PlanItem, _item_level_index: int) -> tuple[str, ...]:
    return (*item.level_texts, *sorted(map(normalize_key, item.units)))


_ID_SOURCES: tuple[Callable[[PlanItem, int], tuple[str, ...]], ...] = (
    _texts_without_groups,
    _texts_with_groups,
    _texts_with_groups_and_units,
)

ActivityKey = tuple[str, ...]
"""What an activity and its sub-activities share: the normalized texts of every level down to the activity."""


def build_plan_items(
    plan_sheet: PlanSheet, drafts: Sequence[DraftItem]
) -> tuple[tuple[PlanItem, ...], list[Finding]]:
    """Return the items in plan order, sub-activities below their activity, and what is wrong among them.

    An activity that only its sub-activities name gets an item of its own. Every item has an id and its units.
    """
    findings: list[Finding] = []
    complete_drafts = _add_implied_activities(plan_sheet, drafts, findings)
    ordered_drafts = _group_by_activity(plan_sheet, _inherit_units(plan_sheet, complete_drafts, findings))
    ids = derive_ids([draft.item for draft in ordered_drafts], plan_sheet.template.item_level_index)
    findings += _check_duplicate_ids(plan_sheet, ordered_drafts)
    findings += _check_duplicate_items(plan_sheet, ordered_drafts)
    findings += _check_shared_amounts(plan_sheet, ordered_drafts)
    return tuple(replace(draft.item, id=id_) for draft, id_ in zip(ordered_drafts, ids, strict=True)), findings


def _activity_key(plan_sheet: PlanSheet, draft: DraftItem) -> ActivityKey:
    return tuple(map(normalize_key_cached, draft.item.level_texts[: plan_sheet.template.item_level_index + 1]))


def _is_sub_activity(plan_sheet: PlanSheet, draft: DraftItem) -> bool:
    part_level_index = plan_sheet.template.part_level_index
    return part_level_index is not None and bool(draft.item.level_texts[part_level_index])


def _add_implied_activities(
    plan_sheet: PlanSheet, drafts: Sequence[DraftItem], findings: list[Finding]
) -> list[DraftItem]:
    """Give an activity that only its sub-activities name an item of its own, above the first of them."""
    listed_activities = {
        _activity_key(plan_sheet, draft) for draft in drafts if not _is_sub_activity(plan_sheet, draft)
    }
    complete_drafts = []
    for draft in drafts:
        activity_key = _activity_key(plan_sheet, draft)
        if activity_key not in listed_activities:
            listed_activities.add(activity_key)
            implied = _make_implied_activity(plan_sheet, draft)
            text = shorten_for_message(implied.item.level_texts[plan_sheet.template.item_level_index])
            findings.append(make_finding("plan-activity-implied", _location_of(implied), value=text))
            complete_drafts.append(implied)
        complete_drafts.append(draft)
    return complete_drafts


def _make_implied_activity(plan_sheet: PlanSheet, draft: DraftItem) -> DraftItem:
    """Return the activity of a sub-activity, without units; `_inherit_units` fills them in."""
    item_level_index = plan_sheet.template.item_level_index
    levels = (
        *draft.item.level_texts[: item_level_index + 1],
        *("" for _ in draft.item.level_texts[item_level_index + 1 :]),
    )
    extra_columns = tuple((heading, "") for heading, _ in draft.item.extra_columns)
    location = plan_sheet.table.location(draft.row, plan_sheet.template.levels[item_level_index].key)
    return DraftItem(draft.row, PlanItem("", levels, (), extra_columns=extra_columns, location=location))


# Who is asked ---------------------------------------------------------------------------------------------


def _inherit_units(plan_sheet: PlanSheet, drafts: Sequence[DraftItem], findings: list[Finding]) -> list[DraftItem]:
    """Fill in units where the cell is blank: those of the activity for its parts, of its parts for an activity.

    An activity without a row of its own has the units of the first of its parts that names any, since that row
    names the activity too.
    """
    part_units: dict[ActivityKey, dict[str, None]] = defaultdict(dict)
    first_part_units: dict[ActivityKey, tuple[str, ...]] = {}
    activity_units: dict[ActivityKey, tuple[str, ...]] = {}
    for draft in drafts:
        if _is_sub_activity(plan_sheet, draft):
            part_units[_activity_key(plan_sheet, draft)].update(dict.fromkeys(draft.item.units))
            if draft.item.units:
                first_part_units.setdefault(_activity_key(plan_sheet, draft), draft.item.units)
        elif draft.item.units:
            activity_units.setdefault(_activity_key(plan_sheet, draft), draft.item.units)
    completed = []
    for draft in drafts:
        activity_key = _activity_key(plan_sheet, draft)
        if draft.item.units and not _is_sub_activity(plan_sheet, draft):
            activity_units[activity_key] = draft.item.units
        inherited = (
            activity_units.get(activity_key, first_part_units.get(activity_key, ()))
            if _is_sub_activity(plan_sheet, draft)
            else tuple(part_units[activity_key])
        )
        units = draft.item.units or inherited
        if not units:
            findings.append(_no_unit_finding(plan_sheet, draft))
        completed.append(replace(draft, item=replace(draft.item, units=units)))
    return completed


def _no_unit_finding(plan_sheet: PlanSheet, draft: DraftItem) -> Finding:
    text = shorten_for_message(
        draft.item.level_texts[plan_sheet.template.levels.index(plan_sheet.level_of(draft.item.level_texts))]
    )
    return make_finding("plan-no-unit", plan_sheet.table.location(draft.row, "unit"), value=text)


def _group_by_activity(plan_sheet: PlanSheet, drafts: Sequence[DraftItem]) -> list[DraftItem]:
    """Move the rows of an activity together to where its first one is, the activity before its sub-activities."""
    drafts_by_activity: dict[ActivityKey, list[DraftItem]] = {}
    for draft in drafts:
        drafts_by_activity.setdefault(_activity_key(plan_sheet, draft), []).append(draft)
    return [
        draft
        for activity_drafts in drafts_by_activity.values()
        for draft in _activity_first(plan_sheet, activity_drafts)
    ]


def _activity_first(plan_sheet: PlanSheet, drafts: list[DraftItem]) -> list[DraftItem]:
    return (
        sorted(drafts, key=lambda draft: _is_sub_activity(plan_sheet, draft))
        if _is_sub_activity(plan_sheet, drafts[0])
        else drafts
    )


# What is there twice --------------------------------------------------------------------------------------


def _check_duplicate_ids(plan_sheet: PlanSheet, drafts: Sequence[DraftItem]) -> Iterator[Finding]:
    first_locations: dict[str, Location] = {}
    for draft in drafts:
        location = plan_sheet.table.location(draft.row, "id")
        earlier = first_locations.setdefault(normalize_key_cached(draft.item.id), location)
        if draft.item.id and earlier != location:
            yield make_finding(
                "plan-id-twice", location, value=draft.item.id, params={"other": earlier.cell or ""}
            )


def _check_duplicate_items(plan_sheet: PlanSheet, drafts: Sequence[DraftItem]) -> Iterator[Finding]:
    """Yield the items that ask a unit the same as another item, each with the cell of the first of them.

    It is an error, but a warning where the plan gives the two different ids, since then it is meant.
    """
    first_drafts: dict[tuple[tuple[str, ...], str], DraftItem] = {}
    reported = set[tuple[int, int]]()
    for draft in drafts:
        texts = tuple(map(normalize_key_cached, draft.item.level_texts))
        for unit in draft.item.units:
            earlier = first_drafts.setdefault((texts, unit), draft)
            if earlier is draft or (earlier.row, draft.row) in reported:
                continue
            reported.add((earlier.row, draft.row))
            ids = {normalize_key_cached(each.item.id) for each in (draft, earlier)}
            code = "plan-items-alike" if len(ids) == 2 and "" not in ids else "plan-item-twice"
            text = shorten_for_message(
                draft.item.level_texts[
                    plan_sheet.template.levels.index(plan_sheet.level_of(draft.item.level_texts))
                ]
            )
            params = {"other": _location_of(earlier).cell or ""}
            yield make_finding(code, _location_of(draft), unit=unit, value=text, params=params)


def _check_shared_amounts(plan_sheet: PlanSheet, drafts: Sequence[DraftItem]) -> Iterator[Finding]:
    """Yield the amounts of several units together, from which something is computed for each of them."""
    computations = [field.computed for field in plan_sheet.template.fields if field.computed]
    input_keys = {key for computation in computations for key in (*computation.subtract, *computation.share)}
    for field in plan_sheet.template.plan_fields() if input_keys else ():
        for draft in drafts:
            if (
                field.key in input_keys
                and len(draft.item.units) > 1
                and draft.item.plan_value(field.key) is not None
            ):
                location, units = plan_sheet.table.location(draft.row, field.key), "; ".join(draft.item.units)
                yield make_finding("plan-amount-shared", location, params={"field": field.label, "units": units})


def _location_of(draft: DraftItem) -> Location:
    assert draft.item.location is not None  # noqa: S101  (an item read from a plan always has its location)
    return draft.item.location
