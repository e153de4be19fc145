"""What was asked: the round, with the units and items of its plan, and how an item is found by id or by text.

The index (`PlanItemIndex`) is the same for reading, for merging and for comparing rounds. It only looks up; which
of several answers counts, and whether a text may stand in for an id, is for the caller to decide. Texts are
compared by `normalize_key`, so case, blanks, dashes and quotes do not matter.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Literal

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Location
from xlflow.model.template import Template
from xlflow.model.text import normalize_key_cached


@dataclass(frozen=True, slots=True)
class Deadline:
    """When something is to be done: a date, a quarter, or words ("Se objektsplan"). All are legal.

    `text` is what people see; `first` and `last` are the dates it covers, inclusive; None where words name no
    time.
    """

    kind: Literal["day", "quarter", "text"]
    text: str
    first: date | None = None
    last: date | None = None

    @property
    def sort_key(self) -> tuple[date, date, str]:
        """Key that sorts all kinds together: by last date, then first date; words without dates last."""
        return (self.last or date.max, self.first or date.max, self.text)

    def has_passed(self, as_of: date) -> bool:
        """Return whether the last date is before the as-of date; False for words without dates."""
        return self.last is not None and self.last < as_of

    def is_later_than(self, other: "Deadline") -> bool | None:
        """Return whether it ends later than the other; None where one of the two has no dates."""
        return None if self.last is None or other.last is None else self.last > other.last


FieldValue = str | bool | Decimal | Deadline

ADDED_ITEM_PREFIX = "own-"
"""How the ids of activities begin that a unit added itself."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit that is asked, identified by its name as the plan writes it. `previous_names`: what it was called
    before, as the plan says ("Hette förut"); no form carries them."""

    name: str
    contact: str = ""
    email: str = ""
    previous_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One item of the plan: an activity, or a sub-activity if its `part` level is filled.

    `level_texts`: one per level of the template, "" where the level is not used. `plan_values`: (field key, value)
    of the fields that the plan fills in. `extra_columns`: (heading, text), carried along unread. `continues_from`:
    id in the previous round's plan, "" if not given. `added_by_unit`: an activity that a unit wrote in a free row;
    with `continues_from`, one that it wrote in the previous round and that its form was issued with.
    `location`: where it was read, None in a form's own records. `plan_position`: number in the plan, from 1,
    which a
    form carries so that a merge can restore the order; 0 if not known.
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
        """Return the value that the plan gives a field, None if it gives none."""
        for name, value in self.plan_values:
            if name == key:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Waiver:
    """Permission to break a rule until `valid_until` (inclusive), for one unit ("" for all) and some items (()
    for all).

    `rule`: name of a template's rule or code of a finding. `item_text`: how the plan workbook names the items.
    `location`: its row in the plan workbook.
    """

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
    """A text that units write in a choice field (`field` is its key), and the code of the choice that it means."""

    text: str
    choice_code: str
    field: str
    location: Location


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan workbook as read.

    `year`: meant by quarters and dates that name none. `extra_headings`: of the further columns. `digest`: of the
    workbook. `waivers` and `aliases`: agreed on after the forms went out, so that forms do not carry them.
    """

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
        """Identifies the round: template name and as-of date, "followup 2021-03-31"."""
        return f"{self.template.name} {self.as_of.isoformat()}"

    def items_for_unit(self, unit: str) -> tuple[PlanItem, ...]:
        """Return the items that a unit is asked about, in plan order, those that it added included."""
        return tuple(item for item in self.plan.items if unit in item.units)


TextKey = tuple[str, ...]
"""Normalized texts of some levels, from the highest to the lowest."""


class PlanItemIndex:
    """Plan items by id and by text, in the order given. `by_id` has the ids as written; all else is built when it
    is first asked for, since nearly every row is known by its id.

    `missing_levels` are indexes of levels (0-based) whose texts nobody can know, for instance because the column
    was deleted: they are left out of every comparison.
    """

    def __init__(
        self,
        items: Iterable[PlanItem],
        item_level_index: int,
        missing_levels: Collection[int] = frozenset(),
    ):
        self.items = tuple(items)
        self.item_level_index = item_level_index
        self.missing_levels = missing_levels
        self.by_id: Mapping[str, PlanItem] = {item.id: item for item in self.items}

    def find_by_id(self, item_id: str) -> PlanItem | None:
        """Return the item with this id, else the first whose id is the same but for case, blanks and dashes."""
        return self.by_id.get(item_id) or self._by_id_key.get(normalize_key_cached(item_id))

    def find_by_levels(self, level_texts: Sequence[str]) -> tuple[PlanItem, ...]:
        """Return the items whose texts on all levels are these, one text per level."""
        return self._by_levels.get(self.levels_key(level_texts), ())

    def find_by_texts(self, level_texts: Sequence[str]) -> tuple[PlanItem, ...]:
        """Return the items with these texts, one text per level; where there are none, those with the same
        activity and sub-activity below other groups; where there are none either, the same two without regard to
        accents and dots over letters, which some programs lose."""
        levels_key, own_key = self.levels_key(level_texts), self.own_key(level_texts)
        return (
            self._by_levels.get(levels_key)
            or self._by_own_texts.get(own_key)
            or self._by_unaccented_levels.get(_strip_all_accents(levels_key))
            or self._by_unaccented_own_texts.get(_strip_all_accents(own_key))
            or ()
        )

    def find_by_reference(self, name: str) -> PlanItem | None:
        """Return the item that a planner names in a cell: by its id, or by the text of its lowest level where only
        one item has it."""
        same_text = self._by_lowest_text.get((normalize_key_cached(name),), ())
        return self.find_by_id(name) or (same_text[0] if len(same_text) == 1 else None)

    def levels_key(self, level_texts: Sequence[str]) -> TextKey:
        """Return the normalized texts of all levels, "" for those that are missing."""
        if not self.missing_levels:
            return tuple(map(normalize_key_cached, level_texts))
        return tuple(
            "" if level in self.missing_levels else normalize_key_cached(text)
            for level, text in enumerate(level_texts)
        )

    def own_key(self, level_texts: Sequence[str]) -> TextKey:
        """Return the normalized texts of the activity and the levels below it."""
        return self.levels_key(level_texts)[self.item_level_index :]

    @cached_property
    def _by_id_key(self) -> Mapping[str, PlanItem]:
        return {normalize_key_cached(item.id): item for item in reversed(self.items)}

    @cached_property
    def _by_levels(self) -> Mapping[TextKey, tuple[PlanItem, ...]]:
        return self._group_items(lambda item: self.levels_key(item.level_texts))

    @cached_property
    def _by_own_texts(self) -> Mapping[TextKey, tuple[PlanItem, ...]]:
        return self._group_items(lambda item: self.own_key(item.level_texts))

    @cached_property
    def _by_unaccented_levels(self) -> Mapping[TextKey, tuple[PlanItem, ...]]:
        return self._group_items(lambda item: _strip_all_accents(self.levels_key(item.level_texts)))

    @cached_property
    def _by_unaccented_own_texts(self) -> Mapping[TextKey, tuple[PlanItem, ...]]:
        return self._group_items(lambda item: _strip_all_accents(self.own_key(item.level_texts)))

    @cached_property
    def _by_lowest_text(self) -> Mapping[TextKey, tuple[PlanItem, ...]]:
        return self._group_items(lambda item: tuple(filter(None, self.own_key(item.level_texts)))[-1:])

    def _group_items(self, key_of: Callable[[PlanItem], TextKey]) -> Mapping[TextKey, tuple[PlanItem, ...]]:
        return group_by_key(self.items, key_of)


def group_by_key(
    items: Iterable[PlanItem], key_of: Callable[[PlanItem], TextKey]
) -> Mapping[TextKey, tuple[PlanItem, ...]]:
    """Return the items by a key of normalized texts, in their order."""
    groups: dict[TextKey, list[PlanItem]] = {}
    for item in items:
        groups.setdefault(key_of(item), []).append(item)
    return MappingProxyType({key: tuple(group) for key, group in groups.items()})


@lru_cache(maxsize=4096)
def strip_accents(text: str) -> str:
    """Return a text without accents and dots over its letters ("Åtgärd" -> "Atgard")."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


def _strip_all_accents(key: TextKey) -> TextKey:
    return tuple(map(strip_accents, key))
