"""What the consolidated workbook says, as the report needs it: every line with its status, time and comment.

Also the two ways of showing less: one unit's own lines, and only what deviates. Knows neither workbook nor format.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from xlflow.core.changes import Change
from xlflow.core.computed import is_beyond
from xlflow.core.findings import Place
from xlflow.core.model import Line
from xlflow.core.rollup import kin_of
from xlflow.core.template import Choice, Field, Template
from xlflow.core.words import Language

Values = Mapping[str, str | Decimal]


def _nothing() -> Values:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Reply:
    """What one unit said of a line: its status (code if the template knows it), as text, and its other answers.
    A sub-activity that `follows` its activity has no status of its own."""

    unit: str
    code: str | None = None
    status: str = ""
    follows: bool = False
    answers: Values = field(default_factory=_nothing)
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line as the consolidated workbook shows it, over all its units.

    `code` and `status` are the rolled-up ones: None and "" if nothing answers the line; a sub-activity that
    `follows` its activity has none of its own. `given` and `answers` are by field, as shown; numbers as such.
    `replies` are there where several units were asked or answered.
    """

    line: Line
    code: str | None = None
    status: str = ""
    follows: bool = False
    overdue: bool = False
    given: Values = field(default_factory=_nothing)
    answers: Values = field(default_factory=_nothing)
    replies: tuple[Reply, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A unit that was asked, whether it has answered, how many activities it was asked about, and how many rows
    of its form are still without an answer. One with `nothing` to report has answered by saying so; one that
    sent a `blank` form has not."""

    unit: str
    answered: bool
    items: int = 0
    unanswered: int = 0
    nothing: bool = False
    blank: bool = False


@dataclass(frozen=True)
class Followed:
    """A whole round, or the part of it that a report is about. `entries` stand in the order of the plan. `changes`
    are those since the round of the day `since`, None if it was not compared with any."""

    template: Template
    language: Language
    title: str
    as_of: date
    year: int
    entries: tuple[Entry, ...]
    asked: tuple[Asked, ...]
    changes: tuple[Change, ...] = ()
    since: date | None = None

    @cached_property
    def status(self) -> Field | None:
        """The field that tells the status, if the template has one."""
        return self.template.field_in_role("status")

    @cached_property
    def choices(self) -> Mapping[str, Choice]:
        """The statuses by code, in the template's order."""
        options = self.template.choice_list(self.status).options if self.status else ()
        return MappingProxyType({option.code: option for option in options})

    @cached_property
    def items(self) -> tuple[Entry, ...]:
        """The activities; sub-activities whose activity is not there stand for themselves."""
        below = {part.line.id for parts in self.parts.values() for part in parts}
        return tuple(entry for entry in self.entries if entry.line.id not in below)

    @cached_property
    def parts(self) -> Mapping[str, tuple[Entry, ...]]:
        """The sub-activities of each activity, by its id."""
        by_id = {entry.line.id: entry for entry in self.entries}
        kin = kin_of([entry.line for entry in self.entries], self.template)
        return MappingProxyType({key: tuple(by_id[part] for part in kin[key].below) for key in by_id})

    def is_answered(self, entry: Entry) -> bool:
        """Return whether a status stands for a line, or anything was answered where there are no statuses."""
        return bool(entry.code or entry.status or entry.follows or (self.status is None and entry.answers))

    @cached_property
    def limited(self) -> tuple[Field, ...]:
        """The amounts that the template has a limit for."""
        limits = (rule.beyond.field for rule in self.template.rules if rule.beyond)
        return tuple(self.template.field(key) for key in dict.fromkeys(limits))

    def find_beyond(self, entry: Entry) -> tuple[Field, ...]:
        """Return the amounts of a line that are beyond a limit of the template."""

        def number_of(key: str) -> Decimal | None:
            value = (entry.given if self.template.field(key).filled_by == "plan" else entry.answers).get(key)
            return value if isinstance(value, Decimal) else None

        limits = [rule.beyond for rule in self.template.rules if rule.beyond]
        passed = {limit.field for limit in limits if is_beyond(limit, number_of)}
        return tuple(field for field in self.limited if field.key in passed)

    def deviates(self, entry: Entry) -> bool:
        """Return whether a line stands in a deviating status, is late or has an amount beyond a limit."""
        choice = self.choices.get(entry.code or "")
        stands = choice is not None and choice.deviation and not entry.follows
        return entry.overdue or stands or bool(self.find_beyond(entry))


def only_unit(followed: Followed, unit: str) -> Followed:
    """Return what one unit was asked and what it said itself."""
    entries = tuple(_as_said_by(entry, unit, followed) for entry in followed.entries if unit in entry.line.units)
    asked = tuple(each for each in followed.asked if each.unit == unit)
    changes = tuple(change for change in followed.changes if unit in change.line.units)
    return replace(followed, entries=entries, asked=asked, changes=changes)


def only_deviations(followed: Followed) -> Followed:
    """Return the lines that deviate, each sub-activity with its activity."""
    kept = {entry.line.id for entry in _deviating(followed)}
    return replace(followed, entries=tuple(entry for entry in followed.entries if entry.line.id in kept))


def _deviating(followed: Followed) -> Iterator[Entry]:
    for item in followed.items:
        parts = [part for part in followed.parts[item.line.id] if followed.deviates(part)]
        if parts or followed.deviates(item):
            yield item
        yield from parts


def _as_said_by(entry: Entry, unit: str, followed: Followed) -> Entry:
    """Return a line as one unit sees it; late only if the unit itself is not through with it."""
    if len(entry.line.units) < 2 and not entry.replies:
        return entry
    reply = next((reply for reply in entry.replies if reply.unit == unit), Reply(unit))
    choice = followed.choices.get(reply.code or "")
    return replace(
        entry,
        line=replace(entry.line, units=(unit,)),
        code=reply.code,
        status=reply.status,
        follows=reply.follows,
        overdue=entry.overdue and not (choice and choice.settled),
        answers=reply.answers,
        replies=(),
        place=reply.place or entry.place,
    )
