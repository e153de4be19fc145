"""What has become of each line since the round before: one kind of change that says most, and what else is new.

Both rounds come as the same plain states, so it does not matter what they were read from. Knows no workbook.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from xlflow.core.lineage import How, Lines, find_gone, trace_lines
from xlflow.core.model import Deadline, Line
from xlflow.core.template import Choice, Template
from xlflow.core.text import fold

Kind = Literal[
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
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]
"""The kinds of change, what a reader looks for first coming first.

delayed: it now stands in a status that the template calls delayed, or its time has moved later. overdue_since: its
time has passed since, and it was not done with then. cancelled, done, status: so says its rolled-up status, which
was another. new, gone: in the plan. time: its time has moved earlier or to what cannot be compared. comment: there
is one that was not there. planned: its text, its id or its place in the plan. unanswered: a status stood then and
none does now.
"""


@dataclass(frozen=True, slots=True)
class State:
    """Where a line stands in one round.

    `code` and `status` are the rolled-up ones, None and "" if nothing answers it; a part that `follows` its item
    has no status of its own. `planned` is its deadline, `moved` the new one that was answered, both as shown;
    `time` is the one that counts, if it is a time.
    """

    line: Line
    code: str | None = None
    status: str = ""
    follows: bool = False
    overdue: bool = False
    planned: str = ""
    moved: str = ""
    time: Deadline | None = None
    comment: str = ""

    @property
    def shown_time(self) -> str:
        """The time that counts: the new one, else that of the plan."""
        return self.moved or self.planned

    @property
    def is_answered(self) -> bool:
        """Whether it has a status of its own."""
        return bool(self.status) and not self.follows


@dataclass(frozen=True, slots=True)
class Change:
    """What has become of one line; `before` or `now` is None where it was or is not there. `how` says by what it
    was found again, `is_part` that it is a part of another. More may have changed than what `kind` tells."""

    kind: Kind
    is_part: bool
    before: State | None
    now: State | None
    how: How | None = None
    new_status: bool = False
    new_time: bool = False
    new_comment: bool = False

    @property
    def time_now(self) -> str:
        """The time that counts now: a new one that was answered then still holds if nobody has named another, but
        not where that of the plan has passed and nobody answered anew."""
        if self.now is None:
            return ""
        before, silent = self.before, not self.now.moved and not self.now.overdue
        held = before and silent and fold(before.planned) == fold(self.now.planned)
        return before.shown_time if held and before else self.now.shown_time

    @property
    def line(self) -> Line:
        """The line as it is now, or as it was if it is gone."""
        state = self.now or self.before
        assert state is not None  # noqa: S101  (one of the two is always there)
        return state.line


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All lines of a round, in the order of its plan, and the template that they were asked by. `file` and
    `digest` are those of the workbook that says so, if one does."""

    states: Sequence[State]
    template: Template
    as_of: date
    file: str = ""
    digest: str = ""

    def is_part(self, state: State) -> bool:
        """Return whether a line is a part of another one."""
        return self.template.part is not None and bool(state.line.levels[self.template.part])

    def choices(self) -> Mapping[str, Choice]:
        """Return the statuses by code."""
        status = self.template.field_in_role("status")
        return {each.code: each for each in self.template.choice_list(status).options} if status else {}


def find_changes(now: Snapshot, before: Snapshot) -> tuple[Change, ...]:
    """Return the lines in which anything has changed: by kind, then in the order of the plan."""
    traces = trace_lines(_lines_of(now), _lines_of(before))
    earlier = {state.line.id: state for state in before.states}
    compare = _Comparison(now, before)
    found = [
        compare.tell(earlier[traces[state.line.id].id], state, traces[state.line.id].how)
        if state.line.id in traces
        else Change("new", now.is_part(state), None, state)
        for state in now.states
    ]
    lost = [earlier[line.id] for line in find_gone([state.line for state in before.states], traces)]
    changes = [*filter(None, found), *(Change("gone", before.is_part(state), state, None) for state in lost)]
    return tuple(sorted(changes, key=lambda change: KINDS.index(change.kind)))


def count_changes(changes: Sequence[Change]) -> Mapping[str, int]:
    """Return how many there are of each kind."""
    kinds = [change.kind for change in changes]
    return {kind: kinds.count(kind) for kind in KINDS}


def _lines_of(snapshot: Snapshot) -> Lines:
    return Lines([state.line for state in snapshot.states], snapshot.template)


class _Comparison:
    """Compares the states of one line in two rounds; what a status means is for today's template to say, if it has
    it."""

    def __init__(self, now: Snapshot, before: Snapshot):
        self.now = now
        self.choices = now.choices()
        self.others = before.choices()

    def tell(self, before: State, now: State, how: How) -> Change | None:
        """Return what has changed, None if nothing has."""
        new_status = now.is_answered and _key(now) != _key(before)
        new_time = _has_new_time(before, now)
        new_comment = not _lines(now.comment) <= _lines(before.comment)
        silent = self._is_settled(before) and not now.status
        told: tuple[tuple[Kind, bool], ...] = (
            ("cancelled", new_status and self._is_settled(now) and self._is_left_out(now)),
            ("done", new_status and self._is_settled(now)),
            ("delayed", not self._is_settled(now) and self._is_delayed(before, now, new_time)),
            ("overdue_since", now.overdue and not before.overdue and not silent),
            ("status", new_status),
            ("unanswered", before.is_answered and not now.status),
            ("time", new_time),
            ("comment", new_comment),
            ("planned", before.line.id != now.line.id or _texts(before) != _texts(now)),
        )
        kind = next((kind for kind, holds in told if holds), None)
        if kind is None:
            return None
        return Change(kind, self.now.is_part(now), before, now, how, new_status, new_time, new_comment)

    def _is_settled(self, state: State) -> bool:
        choice = self.choices.get(state.code or "")
        return choice is not None and choice.settled

    def _is_left_out(self, state: State) -> bool:
        choice = self.choices.get(state.code or "")
        return choice is not None and choice.left_out

    def _is_delayed(self, before: State, now: State, new_time: bool) -> bool:
        """Return whether its time has moved later, or its status says so and did not then."""
        later = bool(new_time and now.time and before.time and now.time.is_later_than(before.time))
        here, old = self.choices.get(now.code or ""), before.code or ""
        there = self.choices.get(old) or self.others.get(old)
        return later or (not now.follows and bool(here and here.delayed) and not (there and there.delayed))


def _has_new_time(before: State, now: State) -> bool:
    """Return whether another time is answered than counted then, or the plan states another one.

    A new time that nobody repeats still holds, so a blank changes nothing.
    """
    stated = now.moved or (now.planned if fold(now.planned) != fold(before.planned) else "")
    return bool(stated) and not _is_same_time(stated, now, before)


def _is_same_time(stated: str, now: State, before: State) -> bool:
    if now.time and before.time and now.time.last and before.time.last:
        return (now.time.first, now.time.last) == (before.time.first, before.time.last)
    return fold(stated) == fold(before.shown_time)


def _lines(comment: str) -> set[str]:
    """Return the lines of a comment; one that says nothing that was not said then is no new one."""
    return {fold(line) for line in comment.split("\n")} - {""}


def _key(state: State) -> str:
    return state.code or fold(state.status)


def _texts(state: State) -> tuple[str, ...]:
    return tuple(map(fold, state.line.levels))
