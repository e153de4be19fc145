"""What has changed for each plan item since the previous round: the one kind of change that says most, and what
else is new.

Both rounds come as the same plain snapshots, so it does not matter what they were read from. Knows no workbook.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

from xlflow.model.plan import Deadline, FieldValue, PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import Choice
from xlflow.model.text import normalize_key
from xlflow.rounds.lineage import MatchMethod, RoundItems, find_removed_items, match_plan_items

ChangeKind = Literal[
    "delayed",
    "overdue_since",
    "cancelled",
    "done",
    "new",
    "gone",
    "status",
    "time",
    "comment",
    "planned",
    "unanswered",
]
CHANGE_KINDS: tuple[ChangeKind, ...] = ChangeKind.__args__  # type: ignore[attr-defined]
"""The kinds of change; what a reader looks for first comes first.

delayed: it has a status now that the template calls delayed, or its deadline has moved later. overdue_since: its
deadline has passed since, and it was not done then. cancelled, done, status: its rolled-up status is another, a
final one for the first two. new, gone: in the plan. time: its deadline has moved earlier, or the two cannot be
compared. comment: there is one that was not there. planned: its text, its id or its group in the plan. unanswered:
it had a status and has none now.
"""


@dataclass(frozen=True, slots=True)
class ItemSnapshot:
    """The state of one plan item in one round.

    `status_code` and `status` (as shown) are rolled up over units and sub-activities; None and "" where nobody has
    answered. A sub-activity with `follows_parent` has no status of its own. `planned_deadline` is the plan's and
    `new_deadline` the answered one, both as shown; `effective_deadline` is the one that counts, if it is a date.
    `agreed_deadline` is that of an earlier round, as shown, which counts where no new one is answered.
    """

    item: PlanItem
    status_code: str | None = None
    status: str = ""
    follows_parent: bool = False
    is_overdue: bool = False
    planned_deadline: str = ""
    new_deadline: str = ""
    effective_deadline: Deadline | None = None
    comment: str = ""
    agreed_deadline: str = ""

    @property
    def effective_deadline_text(self) -> str:
        """The deadline that counts, as shown: the new one, else the agreed one, else the plan's."""
        return self.new_deadline or self.agreed_deadline or self.planned_deadline

    @property
    def has_own_status(self) -> bool:
        """Whether it has a status itself, not that of its activity."""
        return bool(self.status) and not self.follows_parent


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What has changed for one plan item. `previous` is None where it is new, `current` where it is gone.
    `matched_by`: how the previous item was found, None if there is none. `is_part`: it is a sub-activity. `kind`
    is the change that says most; the three flags say what else is new."""

    kind: ChangeKind
    is_part: bool
    previous: ItemSnapshot | None
    current: ItemSnapshot | None
    matched_by: MatchMethod | None = None
    has_new_status: bool = False
    has_new_deadline: bool = False
    has_new_comment: bool = False

    @property
    def current_deadline_text(self) -> str:
        """The deadline that counts now, as shown. A new one that was answered in the previous round still holds if
        nobody has answered another, but not where the plan's has passed; "" where the item is gone."""
        if self.current is None:
            return ""
        previous, is_unchanged = self.previous, not self.current.new_deadline and not self.current.is_overdue
        still_holds = (
            previous
            and is_unchanged
            and normalize_key(previous.planned_deadline) == normalize_key(self.current.planned_deadline)
        )
        return (
            previous.effective_deadline_text if still_holds and previous else self.current.effective_deadline_text
        )

    @property
    def item(self) -> PlanItem:
        """The item as it is now, or as it was if it is gone."""
        snapshot = self.current or self.previous
        assert snapshot is not None  # noqa: S101  (one of the two is always there)
        return snapshot.item


@dataclass(frozen=True, slots=True)
class RoundSnapshot:
    """All items of a round, in the order of its plan, and the round's template. `file` and `digest` (SHA-256) are
    those of the consolidated workbook that it was read from, "" if it was not read from one."""

    item_snapshots: Sequence[ItemSnapshot]
    template: Template
    as_of: date
    file: str = ""
    digest: str = ""

    def is_part(self, snapshot: ItemSnapshot) -> bool:
        """Return whether an item is a sub-activity."""
        return self.template.part_level_index is not None and bool(
            snapshot.item.level_texts[self.template.part_level_index]
        )

    def status_choices(self) -> Mapping[str, Choice]:
        """Return the choices of the status field by code; none where the template has no status."""
        return self.template.status_choices


def find_agreed_deadlines(
    items: Sequence[PlanItem], template: Template, deadline_key: str, previous: RoundSnapshot
) -> Mapping[str, Deadline]:
    """Return the new deadlines that the previous round, or one before it, agreed on, by the id of today's item.

    Only those that are later than the deadline in the plan (field `deadline_key`), or that give a time where the
    plan has words only, are in force.
    """
    with_new_deadline = {
        snapshot.item.id: snapshot.effective_deadline
        for snapshot in previous.item_snapshots
        if (snapshot.new_deadline or snapshot.agreed_deadline)
        and snapshot.effective_deadline
        and snapshot.effective_deadline.last
    }
    if not with_new_deadline:
        return MappingProxyType({})
    links = match_plan_items(RoundItems(items, template), _round_items(previous))
    agreed: dict[str, Deadline] = {}
    for item in items:
        link = links.get(item.id)
        deadline = with_new_deadline.get(link.previous_id) if link else None
        planned = item.plan_value(deadline_key)
        if deadline and not (isinstance(planned, Deadline) and deadline.is_later_than(planned) is False):
            agreed[item.id] = deadline
    return MappingProxyType(agreed)


def find_changes(current: RoundSnapshot, previous: RoundSnapshot) -> tuple[ItemChange, ...]:
    """Return one change per item in which anything has changed: by kind (as in `CHANGE_KINDS`), then in plan
    order; items that are gone in the order of the previous plan."""
    links = match_plan_items(_round_items(current), _round_items(previous))
    previous_by_id = {snapshot.item.id: snapshot for snapshot in previous.item_snapshots}
    comparer = _RoundComparer(current, previous)
    changed = [
        comparer.compare_item(
            previous_by_id[links[snapshot.item.id].previous_id], snapshot, links[snapshot.item.id].matched_by
        )
        if snapshot.item.id in links
        else ItemChange("new", current.is_part(snapshot), None, snapshot)
        for snapshot in current.item_snapshots
    ]
    removed = [
        previous_by_id[item.id]
        for item in find_removed_items([snapshot.item for snapshot in previous.item_snapshots], links)
    ]
    changes = [
        *filter(None, changed),
        *(ItemChange("gone", previous.is_part(snapshot), snapshot, None) for snapshot in removed),
    ]
    return tuple(sorted(changes, key=lambda change: CHANGE_KINDS.index(change.kind)))


def find_effective_deadline(answered: Iterable[FieldValue | None], planned: FieldValue | None) -> Deadline | None:
    """Return the deadline in force: the latest new one that any unit answered with a last day, else the plan's."""
    new_deadlines = [value for value in answered if isinstance(value, Deadline) and value.last]
    latest = max(new_deadlines, key=lambda deadline: deadline.sort_key, default=None)
    return latest or (planned if isinstance(planned, Deadline) else None)


def count_changes_by_kind(changes: Sequence[ItemChange]) -> Mapping[str, int]:
    """Return the number of changes of each kind, in the order of `CHANGE_KINDS`, zeros too."""
    kinds = [change.kind for change in changes]
    return {kind: kinds.count(kind) for kind in CHANGE_KINDS}


def _round_items(snapshot: RoundSnapshot) -> RoundItems:
    return RoundItems([item_snapshot.item for item_snapshot in snapshot.item_snapshots], snapshot.template)


class _RoundComparer:
    """Compares two snapshots of one item. The current template says what a status means; the previous one only
    where the current does not know the status."""

    def __init__(self, current: RoundSnapshot, previous: RoundSnapshot):
        self.current = current
        self.current_choices = current.status_choices()
        self.previous_choices = previous.status_choices()

    def compare_item(
        self, previous: ItemSnapshot, current: ItemSnapshot, matched_by: MatchMethod
    ) -> ItemChange | None:
        """Return what has changed for one item, None if nothing has."""
        has_new_status = current.has_own_status and _status_key(current) != _status_key(previous)
        has_new_deadline = _has_new_deadline(previous, current)
        has_new_comment = not _comment_lines(current.comment) <= _comment_lines(previous.comment)
        is_final_unrepeated = self._is_final(previous) and not current.status
        candidates: tuple[tuple[ChangeKind, bool], ...] = (
            ("cancelled", has_new_status and self._is_final(current) and self._is_excluded(current)),
            ("done", has_new_status and self._is_final(current)),
            ("delayed", not self._is_final(current) and self._is_delayed(previous, current, has_new_deadline)),
            ("overdue_since", current.is_overdue and not previous.is_overdue and not is_final_unrepeated),
            ("status", has_new_status),
            ("unanswered", previous.has_own_status and not current.status),
            ("time", has_new_deadline),
            ("comment", has_new_comment),
            ("planned", previous.item.id != current.item.id or _level_keys(previous) != _level_keys(current)),
        )
        kind = next((kind for kind, applies in candidates if applies), None)
        if kind is None:
            return None
        return ItemChange(
            kind,
            self.current.is_part(current),
            previous,
            current,
            matched_by,
            has_new_status,
            has_new_deadline,
            has_new_comment,
        )

    def _is_final(self, snapshot: ItemSnapshot) -> bool:
        choice = self.current_choices.get(snapshot.status_code or "")
        return choice is not None and choice.final

    def _is_excluded(self, snapshot: ItemSnapshot) -> bool:
        choice = self.current_choices.get(snapshot.status_code or "")
        return choice is not None and choice.excluded_from_rollup

    def _is_delayed(self, previous: ItemSnapshot, current: ItemSnapshot, has_new_deadline: bool) -> bool:
        """Return whether the deadline has moved later, or the status is a delayed one and was none before."""
        is_later = bool(
            has_new_deadline
            and current.effective_deadline
            and previous.effective_deadline
            and current.effective_deadline.is_later_than(previous.effective_deadline)
        )
        current_choice = self.current_choices.get(current.status_code or "")
        previous_code = previous.status_code or ""
        previous_choice = self.current_choices.get(previous_code) or self.previous_choices.get(previous_code)
        return is_later or (
            not current.follows_parent
            and bool(current_choice and current_choice.delayed)
            and not (previous_choice and previous_choice.delayed)
        )


def _has_new_deadline(previous: ItemSnapshot, current: ItemSnapshot) -> bool:
    """Return whether another deadline is answered than counted before, or the plan states another one.

    A new deadline that nobody repeats still holds, so a blank changes nothing.
    """
    stated_text = current.new_deadline or (
        current.planned_deadline
        if normalize_key(current.planned_deadline) != normalize_key(previous.planned_deadline)
        else ""
    )
    return bool(stated_text) and not _is_same_deadline(stated_text, current, previous)


def _is_same_deadline(stated_text: str, current: ItemSnapshot, previous: ItemSnapshot) -> bool:
    if (
        current.effective_deadline
        and previous.effective_deadline
        and current.effective_deadline.last
        and previous.effective_deadline.last
    ):
        return (current.effective_deadline.first, current.effective_deadline.last) == (
            previous.effective_deadline.first,
            previous.effective_deadline.last,
        )
    return normalize_key(stated_text) == normalize_key(previous.effective_deadline_text)


def _comment_lines(comment: str) -> set[str]:
    """Return the text lines of a comment, normalized: a comment is new if it has a line that the previous one
    lacks."""
    return {normalize_key(line) for line in comment.split("\n")} - {""}


def _status_key(snapshot: ItemSnapshot) -> str:
    return snapshot.status_code or normalize_key(snapshot.status)


def _level_keys(snapshot: ItemSnapshot) -> tuple[str, ...]:
    return tuple(map(normalize_key, snapshot.item.level_texts))
