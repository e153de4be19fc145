"""The figures in sentences: about all activities, each group of the first level, and an activity's sub-activities.

The same counts as in the tables of figures; how a sentence is built is decided by `i18n.count_sentences`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.i18n.catalogue import translate
from xlflow.i18n.count_sentences import (
    FOLLOWS_PARENT,
    UNANSWERED,
    describe_change_counts,
    describe_incomplete_count,
    describe_overdue_count,
    describe_status_counts,
)
from xlflow.model.plan import PlanItem
from xlflow.model.template_elements import Level
from xlflow.model.text import first_line, normalize_key
from xlflow.rounds.round_changes import ItemChange, count_changes_by_kind
from xlflow.rules.rollup import NO_RELATIVES

MAX_GROUP_SENTENCES = 8
"""Groups of the widest level that get a sentence each; of more, none does."""


def overall_status_sentences(merged_index: MergedIndex) -> Iterator[str]:
    """Yield a sentence with the number of activities per status, if the template has statuses, and one about
    overdue activities, if there are any."""
    activities = _list_activities(merged_index)
    if merged_index.status_field:
        yield _status_sentence(activities, merged_index.template.item_level, merged_index)
    incomplete_count = sum(merged_index.status_by_item[item.id].is_incomplete for item in activities)
    if incomplete_count:
        yield describe_incomplete_count(incomplete_count, merged_index.template.item_level, merged_index.language)
    overdue_count = sum(merged_index.status_by_item[item.id].is_overdue for item in activities)
    if overdue_count:
        yield describe_overdue_count(overdue_count, merged_index.template.item_level, merged_index.language)


def change_sentence(changes: Sequence[ItemChange], compared_to: date, merged_index: MergedIndex) -> str:
    """Return a sentence with the number of activities per kind of change since the previous round."""
    change_counts = count_changes_by_kind([change for change in changes if not change.is_part])
    return describe_change_counts(
        change_counts, merged_index.template.item_level, compared_to, merged_index.language
    )


def group_status_sentences(merged_index: MergedIndex) -> tuple[tuple[str, str], ...]:
    """Return (name, status sentence) of each group of the first level; nothing if there are more than
    `MAX_GROUP_SENTENCES`, or only one."""
    if merged_index.status_field is None or merged_index.template.item_level_index == 0:
        return ()
    groups: dict[str, list[PlanItem]] = {}
    for item in _list_activities(merged_index):
        groups.setdefault(normalize_key(item.level_texts[0]), []).append(item)
    if not 1 < len(groups) <= MAX_GROUP_SENTENCES:
        return ()
    activity_level = merged_index.template.item_level
    return tuple(
        (_group_name(group_items, merged_index), _status_sentence(group_items, activity_level, merged_index))
        for group_items in groups.values()
    )


def part_status_sentence(item: PlanItem, merged_index: MergedIndex) -> str | None:
    """Return a sentence with the number of sub-activities per status; None if none has a status of its own."""
    part_ids = merged_index.relatives_by_id.get(item.id, NO_RELATIVES).children
    part_level = merged_index.template.part_level
    if not part_ids or merged_index.status_field is None or part_level is None:
        return None
    part_statuses = [merged_index.status_by_item[part] for part in part_ids]
    if not any(rolled_up.status_code and not rolled_up.follows_parent for rolled_up in part_statuses):
        return None
    return _status_sentence([merged_index.item_by_id[part] for part in part_ids], part_level, merged_index)


def _status_sentence(items: Iterable[PlanItem], level: Level, merged_index: MergedIndex) -> str:
    counts = Counter(_status_count_key(item, merged_index) for item in items)
    return describe_status_counts(counts, level, merged_index.template, merged_index.language)


def _status_count_key(item: PlanItem, merged_index: MergedIndex) -> str:
    rolled_up = merged_index.status_by_item[item.id]
    unanswered_key = (
        translate("nothing.label", merged_index.language) if rolled_up.has_nothing_to_report else UNANSWERED
    )
    return FOLLOWS_PARENT if rolled_up.follows_parent else rolled_up.status_code or unanswered_key


def _list_activities(merged_index: MergedIndex) -> list[PlanItem]:
    return [item for item in merged_index.items if merged_index.is_activity(item)]


def _group_name(items: Sequence[PlanItem], merged_index: MergedIndex) -> str:
    return first_line(items[0].level_texts[0]) or translate("overview.not_stated", merged_index.language)
