"""What was asked: the round, with the units and lines of its plan."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Location
from xlflow.model.template import Template


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time by which something is to be done: a day, a quarter, or words ("Se objektsplan"). All are legal.

    `text` is what people see; `first` and `last` are the days it covers, None where words say no time.
    """

    kind: Literal["day", "quarter", "text"]
    text: str
    first: date | None = None
    last: date | None = None

    @property
    def sort_key(self) -> tuple[date, date, str]:
        """Sorts all three kinds together: by last day, then first day; words after every time."""
        return (self.last or date.max, self.first or date.max, self.text)

    def has_passed(self, as_of: date) -> bool:
        """Return whether its last day lies before the as-of date; never for words."""
        return self.last is not None and self.last < as_of

    def is_later_than(self, other: "Deadline") -> bool | None:
        """Return whether it ends later than the other; None where the two cannot be compared."""
        return None if self.last is None or other.last is None else self.last > other.last


FieldValue = str | bool | Decimal | Deadline


@dataclass(frozen=True, slots=True)
class Unit:
    """One that is asked. Units are known by their name, written as in the plan."""

    name: str
    contact: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One line of the plan: an activity, or a sub-activity if its `part` level is filled.

    `levels` has one text per level of the template, "" where the level is not used; `given` holds the
    fields that the plan fills in (key, value); `context` the further columns (heading, text), carried along.
    `own` marks an activity that a unit added itself. `position` is its place in the plan, counted from 1,
    which a form carries so that the plan's order can be restored; 0 where it is not known.
    """

    id: str
    level_texts: tuple[str, ...]
    units: tuple[str, ...]
    plan_values: tuple[tuple[str, FieldValue], ...] = ()
    extra_columns: tuple[tuple[str, str], ...] = ()
    continues_from: str = ""
    added_by_unit: bool = False
    location: Location | None = None
    plan_position: int = field(default=0, compare=False)

    def title(self, item_level_index: int) -> str:
        """Return the activity and the sub-activity, if it is one: "Bygga scenen – Gjuta golvet".
        `item_level_index` is the template's (0-based)."""
        return " – ".join(filter(None, self.level_texts[item_level_index:]))

    def plan_value(self, key: str) -> FieldValue | None:
        """Return what the plan states in a field, None if it states nothing."""
        for name, value in self.plan_values:
            if name == key:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Waiver:
    """A rule that passes, until a day: for one unit or all (""), on some lines (ids) or all (none). `line` is how
    the plan workbook names them, `place` where it says so."""

    rule: str
    unit: str
    item_ids: tuple[str, ...]
    item_text: str
    reason: str
    approved_by: str
    valid_until: date
    location: Location


@dataclass(frozen=True, slots=True)
class Alias:
    """What a text means that people write in a field: the code of one of its choices."""

    text: str
    choice_code: str
    field: str
    location: Location


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan workbook as read: its title, units and lines, the year its quarters mean unless they name one; and
    what was agreed on after the forms had gone out."""

    title: str
    units: tuple[Unit, ...]
    items: tuple[PlanItem, ...]
    year: int
    extra_headings: tuple[str, ...] = ()
    digest: str = ""
    file: str = ""
    waivers: tuple[Waiver, ...] = ()
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """One follow-up: who is asked what, as of which day, by when, in which language."""

    template: Template
    plan: Plan
    as_of: date
    due_date: date | None
    language: Language

    @property
    def key(self) -> str:
        """What tells this round from every other: the template's name and the as-of date."""
        return f"{self.template.name} {self.as_of.isoformat()}"

    def items_for_unit(self, unit: str) -> tuple[PlanItem, ...]:
        """Return the lines that a unit is asked about, in plan order."""
        return tuple(item for item in self.plan.items if unit in item.units)
