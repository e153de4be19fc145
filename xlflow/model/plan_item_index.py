"""Finds plan items by id or by text: one index for reading, for merging and for comparing rounds.

It only looks up. Which of several answers counts, and whether a text may stand in for an id, is for the caller to
say. Texts are compared by `normalize_key`, so case, blanks, dashes and quotes do not matter.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from types import MappingProxyType

from xlflow.model.plan import PlanItem
from xlflow.model.text import normalize_key_cached

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
