"""What has become of each line since the round before: one kind of change that says most, and what else is new.

Both rounds come as the same plain states, so it does not matter what they were read from. Knows no workbook.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from xlflow.model.plan import Deadline, FieldValue, PlanItem
from xlflow.model.template import Choice, Template
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
"""The kinds of change, what a reader looks for first coming first.

delayed: it now stands in a status that the template calls delayed, or its time has moved later. overdue_since: its
time has passed since, and it was not done with then. cancelled, done, status: so says its rolled-up status, which
was another. new, gone: in the plan. time: its time has moved earlier or to what cannot be compared. comment: there
is one that was not there. planned: its text, its id or its place in the plan. unanswered: a status stood then and
none does now.
"""


@dataclass(frozen=True, slots=True)
class ItemSnapshot:
    """Where a line stands in one round.

    `code` and `status` are the rolled-up ones, None and "" if nothing answers it; a part that `follows` its item
    has no status of its own. `planned` is its deadline, `moved` the new one that was answered, both as shown;
    `time` is the one that counts, if it is a time.
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

    @property
    def effective_deadline_text(self) -> str:
        """The time that counts: the new one, else that of the plan."""
        return self.new_deadline or self.planned_deadline

    @property
    def has_own_status(self) -> bool:
        """Whether it has a status of its own."""
        return bool(self.status) and not self.follows_parent


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What has become of one line; `before` or `now` is None where it was or is not there. `how` says by what it
    was found again, `is_part` that it is a part of another. More may have changed than what `kind` tells."""

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
        """The time that counts now: a new one that was answered then still holds if nobody has named another, but
        not where that of the plan has passed and nobody answered anew."""
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
        """The line as it is now, or as it was if it is gone."""
        state = self.current or self.previous
        assert state is not None  # noqa: S101  (one of the two is always there)
        return state.item


@dataclass(frozen=True, slots=True)
class RoundSnapshot:
    """All lines of a round, in the order of its plan, and the template that they were asked by. `file` and
    `digest` are those of the workbook that says so, if one does."""

    item_snapshots: Sequence[ItemSnapshot]
    template: Template
    as_of: date
    file: str = ""
    digest: str = ""

    def is_part(self, state: ItemSnapshot) -> bool:
        """Return whether a line is a part of another one."""
        return self.template.part_level_index is not None and bool(
            state.item.level_texts[self.template.part_level_index]
        )

    def status_choices(self) -> Mapping[str, Choice]:
        """Return the statuses by code."""
        return self.template.status_choices


def find_changes(current: RoundSnapshot, previous: RoundSnapshot) -> tuple[ItemChange, ...]:
    """Return the lines in which anything has changed: by kind, then in the order of the plan."""
    links = match_plan_items(_round_items(current), _round_items(previous))
    previous_by_id = {state.item.id: state for state in previous.item_snapshots}
    comparer = _RoundComparer(current, previous)
    changed = [
        comparer.compare_item(
            previous_by_id[links[state.item.id].previous_id], state, links[state.item.id].matched_by
        )
        if state.item.id in links
        else ItemChange("new", current.is_part(state), None, state)
        for state in current.item_snapshots
    ]
    removed = [
        previous_by_id[item.id]
        for item in find_removed_items([state.item for state in previous.item_snapshots], links)
    ]
    changes = [
        *filter(None, changed),
        *(ItemChange("gone", previous.is_part(state), state, None) for state in removed),
    ]
    return tuple(sorted(changes, key=lambda change: CHANGE_KINDS.index(change.kind)))


def find_effective_deadline(answered: Iterable[FieldValue | None], planned: FieldValue | None) -> Deadline | None:
    """Return the deadline in force: the latest new one that any unit answered with a last day, else the plan's."""
    new_deadlines = [value for value in answered if isinstance(value, Deadline) and value.last]
    latest = max(new_deadlines, key=lambda deadline: deadline.sort_key, default=None)
    return latest or (planned if isinstance(planned, Deadline) else None)


def count_changes_by_kind(changes: Sequence[ItemChange]) -> Mapping[str, int]:
    """Return how many there are of each kind."""
    kinds = [change.kind for change in changes]
    return {kind: kinds.count(kind) for kind in CHANGE_KINDS}


def _round_items(snapshot: RoundSnapshot) -> RoundItems:
    return RoundItems([state.item for state in snapshot.item_snapshots], snapshot.template)


class _RoundComparer:
    """Compares the states of one line in two rounds; what a status means is for today's template to say, if it has
    it."""

    def __init__(self, current: RoundSnapshot, previous: RoundSnapshot):
        self.current = current
        self.current_choices = current.status_choices()
        self.previous_choices = previous.status_choices()

    def compare_item(
        self, previous: ItemSnapshot, current: ItemSnapshot, matched_by: MatchMethod
    ) -> ItemChange | None:
        """Return what has changed, None if nothing has."""
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

    def _is_final(self, state: ItemSnapshot) -> bool:
        choice = self.current_choices.get(state.status_code or "")
        return choice is not None and choice.final

    def _is_excluded(self, state: ItemSnapshot) -> bool:
        choice = self.current_choices.get(state.status_code or "")
        return choice is not None and choice.excluded_from_rollup

    def _is_delayed(self, previous: ItemSnapshot, current: ItemSnapshot, has_new_deadline: bool) -> bool:
        """Return whether its time has moved later, or its status says so and did not then."""
        is_later = bool(
            has_new_deadline
            and current.effective_deadline
            and previous.effective_deadline
            and current.effective_deadline.is_later_than(previous.effective_deadline)
        )
        current_choice, previous_code = (
            self.current_choices.get(current.status_code or ""),
            previous.status_code or "",
        )
        previous_choice = self.current_choices.get(previous_code) or self.previous_choices.get(previous_code)
        return is_later or (
            not current.follows_parent
            and bool(current_choice and current_choice.delayed)
            and not (previous_choice and previous_choice.delayed)
        )


def _has_new_deadline(previous: ItemSnapshot, current: ItemSnapshot) -> bool:
    """Return whether another time is answered than counted then, or the plan states another one.

    A new time that nobody repeats still holds, so a blank changes nothing.
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
    """Return the lines of a comment; one that says nothing that was not said then is no new one."""
    return {normalize_key(line) for line in comment.split("\n")} - {""}


def _status_key(state: ItemSnapshot) -> str:
    return state.status_code or normalize_key(state.status)


def _level_keys(state: ItemSnapshot) -> tuple[str, ...]:
    return tuple(map(normalize_key, state.item.level_texts))
