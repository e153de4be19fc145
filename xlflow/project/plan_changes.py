"""What a changed plan means for a round that is open: which items are the same, which forms are still good, whose
answers need a decision.

An item is the same by its id, by what the planner wrote, or by its text; one that is only alike is asked about,
never taken for the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from xlflow.model.merged import RunNote
from xlflow.model.plan import PlanItem, Round
from xlflow.model.text import normalize_key
from xlflow.project.frozen_round import AskedUnit, FrozenRound
from xlflow.project.project_folder import Project
from xlflow.project.project_state import RoundState, units_needing_form
from xlflow.rounds.lineage import RoundItems, find_removed_items, find_rewordings, match_plan_items


@dataclass(frozen=True, slots=True)
class PlanChanges:
    """What differs between two plans of a round. `same`: the earlier item of each item that is the same, by the
    item's id. `likely`: the earlier item that an item is alike to, by its id. `gone`: earlier items without
    either."""

    same: Mapping[str, PlanItem]
    likely: Mapping[str, PlanItem]
    new: tuple[PlanItem, ...]
    gone: tuple[PlanItem, ...]


def compare_plans(before: Round, after: Round) -> PlanChanges:
    """Return what differs in `after`."""
    links = match_plan_items(
        RoundItems(after.plan.items, after.template), RoundItems(before.plan.items, before.template)
    )
    earlier = {item.id: item for item in before.plan.items}
    same = {item_id: earlier[link.previous_id] for item_id, link in links.items() if link.previous_id in earlier}
    new = [item for item in after.plan.items if item.id not in same]
    gone = find_removed_items(before.plan.items, links)
    likely = find_rewordings(new, gone, after.template.item_level_index)
    likely_ids = {item.id for item in likely.values()}
    return PlanChanges(same, likely, tuple(new), tuple(item for item in gone if item.id not in likely_ids))


def follow_plan(
    after: FrozenRound, before: FrozenRound, changes: PlanChanges, before_digest: str, after_digest: str
) -> FrozenRound:
    """Return the round with what it knows of its earlier plans: their digests, and the ids in them of the items
    that are the same. `changes`: from `before` to `after`, whose plans have these digests."""
    own_ids = {item.id: own_id for own_id, item in changes.same.items()}
    digests = [each for each in dict.fromkeys((*before.earlier_plans, before_digest)) if each != after_digest]
    successors = list[tuple[str, str, str]]()
    for digest in digests:
        middle_ids = {item_id: item_id for item_id in own_ids}
        middle_ids |= {old_id: middle_id for each, old_id, middle_id in before.successors if each == digest}
        pairs = ((old_id, own_ids.get(middle_id, middle_id)) for old_id, middle_id in middle_ids.items())
        successors += [(digest, old_id, own_id) for old_id, own_id in pairs if old_id != own_id]
    own_renamed = {unit.name: names[0] for unit, names in find_renamed(before, after) if len(names) == 1}
    renamed = {old: new for old, new in before.renamed if not after.find_unit(old)} | own_renamed
    return replace(
        after,
        earlier_plans=tuple(digests),
        successors=tuple(sorted(successors)),
        renamed=tuple(sorted(renamed.items())),
    )


def describe_items(changes: PlanChanges, round_: Round) -> Iterator[RunNote]:
    """Yield what is to be said of the items: how many are the same, and each that is reworded, new or gone."""
    index = round_.template.item_level_index
    yield RunNote("project.items_same", {"count": len(changes.same)})
    for item in round_.plan.items:
        earlier = changes.same.get(item.id)
        if earlier and earlier.title(index) != item.title(index):
            yield RunNote("project.item_is", {"before": earlier.title(index), "after": item.title(index)})
    for item in changes.new:
        likely = changes.likely.get(item.id)
        params = {
            "after": item.title(index),
            "before": likely.title(index) if likely else "",
            "id": likely.id if likely else "",
        }
        yield RunNote("project.item_likely" if likely else "project.item_new", params)
    for item in changes.gone:
        yield RunNote("project.item_gone", {"before": item.title(index)})


def describe_units(
    project: Project, state: RoundState, before: FrozenRound, after: FrozenRound
) -> Iterator[RunNote]:
    """Yield what is to be said of the units: renamed ones, those that are not asked any longer, whose form is
    still good, who needs a new one."""
    for unit, new_names in find_renamed(before, after):
        key = "project.unit_renamed" if len(new_names) == 1 else "project.unit_gone"
        yield RunNote(key, {"before": unit.name, "after": ", ".join(new_names) or "–"})
    needing = units_needing_form(project, state, after)
    good = [unit.name for unit in after.units if unit.name in state.issued and unit.name not in needing]
    if good:
        yield RunNote("project.forms_good", {"units": ", ".join(good)})
    if needing:
        yield RunNote("project.forms_needed", {"units": ", ".join(needing)})


def find_renamed(before: FrozenRound, after: FrozenRound) -> Iterator[tuple[AskedUnit, tuple[str, ...]]]:
    """Yield each unit that is not asked any longer, and the names of the units that had its name before: one if it
    was renamed, several if it was split, none if the plan does not say."""
    for unit in before.units:
        if not after.find_unit(unit.name):
            key = normalize_key(unit.name)
            yield (
                unit,
                tuple(other.name for other in after.units if key in map(normalize_key, other.previous_names)),
            )
