"""Which item of one round is which item of the previous round: the one matcher that everything uses.

The form that shows the previous answers, `Förändringar`, the history and the report all ask here, so they speak of
the same item. What the planner wrote ("Fortsätter från") comes first, then the id, then the text; never a guess: a
text counts only where one item of each round has it. An item that nothing leads to is new, and one that nothing
comes from was removed. Which of these is likely another one in other words is only reported, never acted on: the
planner decides, by giving both the same id.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from types import MappingProxyType
from typing import Literal

from xlflow.model.plan import PlanItem, PlanItemIndex, TextKey, group_by_key
from xlflow.model.template import Template
from xlflow.model.text import collapse_whitespace, normalize_key, text_similarity
from xlflow.rules.rollup import parent_ids_by_child

MatchMethod = Literal["id", "continues", "text"]


@dataclass(frozen=True, slots=True)
class LineageLink:
    """The predecessor of an item in the previous round, and how it was found. `other_previous_ids` are the further
    predecessors that the planner named, in the order written: comparisons use the first, forms show all."""

    previous_id: str
    matched_by: MatchMethod
    other_previous_ids: tuple[str, ...] = ()

    @property
    def all_previous_ids(self) -> tuple[str, ...]:
        """The ids of all predecessors, the one that comparisons use first."""
        return (self.previous_id, *self.other_previous_ids)


@dataclass(frozen=True, slots=True)
class RoundItems:
    """The plan items of one round, in plan order, and the template that says what their levels are."""

    items: Sequence[PlanItem]
    template: Template

    def key_without_groups(self, item: PlanItem) -> TextKey:
        """Return the normalized texts of the activity and the sub-activity, without the groups above."""
        return tuple(map(normalize_key, item.level_texts[self.template.item_level_index :]))

    def key_with_groups(self, item: PlanItem) -> TextKey:
        """Return the normalized texts of all levels."""
        return tuple(map(normalize_key, item.level_texts))

    def build_index(self) -> PlanItemIndex:
        """Return the items by id and by text."""
        return PlanItemIndex(self.items, self.template.item_level_index)


def match_plan_items(current: RoundItems, previous: RoundItems) -> Mapping[str, LineageLink]:
    """Return the predecessor of each current item, by the current item's id; new items are left out.

    What the planner wrote comes first. Then the id counts where the text agrees with it; then the text, with or
    without its groups, where one item of each round has it; then the id alone, since the text was changed then. So
    an id that was given to another activity leads nowhere wrong as long as one of the two texts is found again. A
    sub-activity is also found by its text below the same activity.

    The plan's own items are matched before those that units added, which a form cannot know of when it is
    issued: so the form and the comparison after the merge find the same predecessors.
    """
    matcher = _ItemMatcher(current, previous)
    matcher.link_declared()
    matcher.match_undeclared([(True, True), (True, False)])
    matcher.match_undeclared([(False, False)])
    return MappingProxyType(matcher.links)


def find_removed_items(
    previous_items: Iterable[PlanItem], links: Mapping[str, LineageLink]
) -> tuple[PlanItem, ...]:
    """Return the previous round's items that have no successor in this round; `links` as `match_plan_items`
    returns them."""
    continued_ids = {item_id for link in links.values() for item_id in link.all_previous_ids}
    return tuple(item for item in previous_items if item.id not in continued_ids)


def find_unknown_references(
    current: RoundItems, previous: RoundItems, links: Mapping[str, LineageLink]
) -> Iterator[tuple[PlanItem, str]]:
    """Yield (item, name) for every name in "Fortsätter från" that the previous round does not have, as it was
    written.

    Not for an item that was found by id or text instead: its note then speaks of an older round.
    """
    index = previous.build_index()
    for item in current.items:
        link = links.get(item.id)
        if item.continues_from.strip() and (link is None or link.matched_by == "continues"):
            _, unknown_names = _resolve_references(item.continues_from, index)
            yield from ((item, name) for name in unknown_names)


_PoolPair = tuple[bool, bool]
"""Whether only the plan's own items are looked at: of the current round, of the previous round."""


@dataclass(slots=True)
class _ItemMatcher:
    """The links found so far, by the current item's id, and the previous items that are taken."""

    current: RoundItems
    previous: RoundItems
    links: dict[str, LineageLink] = field(default_factory=dict)
    linked_previous_ids: set[str] = field(default_factory=set)
    _plan_items_only: _PoolPair = (False, False)

    def link_declared(self) -> None:
        """Link what the planner wrote; several items may continue one, and one may continue several."""
        index = self.previous.build_index()
        for item in self.current.items:
            if item.continues_from.strip() and not self._is_already_continued(item, index):
                previous_ids, _ = _resolve_references(item.continues_from, index)
                if previous_ids:
                    self._add_link(item, LineageLink(previous_ids[0], "continues", previous_ids[1:]))

    def _is_already_continued(self, item: PlanItem, index: PlanItemIndex) -> bool:
        """Return whether the previous round had this very item with this very note: a plan that is used for
        several rounds keeps its notes, and each speaks of the round before the first of them."""
        same_id = index.find_by_id(item.id)
        return (
            same_id is not None
            and normalize_key(same_id.continues_from) == normalize_key(item.continues_from)
            and self.previous.key_without_groups(same_id) == self.current.key_without_groups(item)
        )

    def match_undeclared(self, pools: Iterable[_PoolPair]) -> None:
        """Link what the planner said nothing about, the surest likeness first and for each the pools in their
        order."""
        all_pools = tuple(pools)
        stages: tuple[Callable[[], None], ...] = (
            lambda: self._match_by_key(
                lambda side, item: (normalize_key(item.id), *side.key_without_groups(item)), "id"
            ),
            lambda: self._match_by_key(lambda side, item: side.key_with_groups(item), "text"),
            lambda: self._match_by_key(lambda side, item: side.key_without_groups(item), "text"),
            self._match_parts,
            lambda: self._match_by_key(lambda _, item: (normalize_key(item.id),), "id"),
            self._match_parts,
        )
        for run_stage in stages:
            for pool in all_pools:
                self._plan_items_only = pool
                run_stage()

    def _match_by_key(self, key_of: Callable[[RoundItems, PlanItem], TextKey], matched_by: MatchMethod) -> None:
        """Link items that have the same key, where only one item of each round that is still open has it."""
        self._link_same_keys(
            lambda item: key_of(self.current, item), lambda item: key_of(self.previous, item), matched_by
        )

    def _match_parts(self) -> None:
        """Link sub-activities that have the same text below activities that are linked."""
        current_parents = parent_ids_by_child(self.current.items, self.current.template)
        previous_parents = parent_ids_by_child(self.previous.items, self.previous.template)

        def current_key(item: PlanItem) -> TextKey:
            parent_link = self.links.get(current_parents.get(item.id, ""))
            return (parent_link.previous_id, *self.current.key_without_groups(item)[1:]) if parent_link else ()

        def previous_key(item: PlanItem) -> TextKey:
            parent_id = previous_parents.get(item.id)
            return (parent_id, *self.previous.key_without_groups(item)[1:]) if parent_id is not None else ()

        self._link_same_keys(current_key, previous_key, "text")

    def _link_same_keys(
        self,
        current_key: Callable[[PlanItem], TextKey],
        previous_key: Callable[[PlanItem], TextKey],
        matched_by: MatchMethod,
    ) -> None:
        previous_by_key = group_by_key(self._unmatched_previous_items(), previous_key)
        for key, same_key_items in group_by_key(self._unmatched_items(), current_key).items():
            candidates = previous_by_key.get(key, ())
            is_blank = not any(key)  # two items without a text are not alike
            if not is_blank and len(same_key_items) == len(candidates) == 1:
                self._add_link(same_key_items[0], LineageLink(candidates[0].id, matched_by))

    def _add_link(self, item: PlanItem, link: LineageLink) -> None:
        self.links[item.id] = link
        self.linked_previous_ids.update(link.all_previous_ids)

    def _unmatched_items(self) -> Iterator[PlanItem]:
        plan_only = self._plan_items_only[0]
        return (
            item
            for item in self.current.items
            if item.id not in self.links and not (plan_only and item.added_by_unit)
        )

    def _unmatched_previous_items(self) -> Iterator[PlanItem]:
        plan_only = self._plan_items_only[1]
        return (
            item
            for item in self.previous.items
            if item.id not in self.linked_previous_ids and not (plan_only and item.added_by_unit)
        )


def _resolve_references(text: str, index: PlanItemIndex) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of the items that a cell names, and the names that no item has: the whole text is one name,
    or several with semicolons between them."""
    whole = index.find_by_reference(text)
    names = [collapse_whitespace(text)] if whole else [collapse_whitespace(name) for name in text.split(";")]
    found = {name: index.find_by_reference(name) for name in names if name}
    previous_ids = dict.fromkeys(item.id for item in found.values() if item)
    return tuple(previous_ids), tuple(name for name, item in found.items() if item is None)


_WORD_PATTERN = re.compile(r"\w+")
_WORD_ENDING = re.compile(r"(?<=\w{4})(?:en|et|ar|er|or|na|n|t|s|a|e){1,6}$")
"""What is left out of a word before words are compared, so that "scen" and "scenen" are one."""

_MIN_SHARED_WORDS = 0.5
"""Share of the words of two texts that both must have; few pairs get so far as to be compared letter by letter."""

_MIN_SIMILARITY = 0.72
_MIN_LEAD = 0.03
"""How much nearer than the next one an item must be to be the likely one."""

_MAX_ITEMS, _MAX_COMPARED, _MAX_COMPARED_LENGTH = 400, 4, 200
"""Items on each side that are looked at; candidates, and characters of each, that one is compared with."""

_Pair = tuple[int, int, float]
"""Index of the item, index of the candidate, and how alike they are (0 to 1)."""


def find_rewordings(
    items: Sequence[PlanItem], candidates: Sequence[PlanItem], item_level_index: int
) -> Mapping[str, PlanItem]:
    """Return the candidate that each item likely is, by the item's id: the two are each other's nearest.

    Activity and sub-activity are compared, the groups above are not. Give only items that nothing else leads to.
    """
    texts, candidate_texts = (
        [normalize_key(each.title(item_level_index))[:_MAX_COMPARED_LENGTH] for each in side[:_MAX_ITEMS]]
        for side in (items, candidates)
    )
    pairs = list(_compare(texts, candidate_texts))
    by_row, by_column = _similarities_by(pairs, 0), _similarities_by(pairs, 1)
    return {
        items[row].id: candidates[column]
        for row, column, similarity in pairs
        if _is_nearest(similarity, by_row[row]) and _is_nearest(similarity, by_column[column])
    }


def _similarities_by(pairs: Iterable[_Pair], side: int) -> Mapping[float, list[float]]:
    """Return the similarities of each row (side 0) or column (side 1)."""
    similarities: dict[float, list[float]] = {}
    for pair in pairs:
        similarities.setdefault(pair[side], []).append(pair[2])
    return similarities


def _is_nearest(similarity: float, similarities: Sequence[float]) -> bool:
    """Return whether all other similarities are clearly smaller."""
    return sum(other > similarity - _MIN_LEAD for other in similarities) == 1


def _compare(texts: Sequence[str], candidate_texts: Sequence[str]) -> Iterator[_Pair]:
    """Yield the pairs that are like each other; for each row those with most words in common are compared."""
    candidate_words = list(map(_word_stems, candidate_texts))
    for row, text in enumerate(texts):
        words = _word_stems(text)
        overlaps = (
            (len(words & other_words) / len(words | other_words), column)
            for column, other_words in enumerate(candidate_words)
            if words & other_words
        )
        for overlap, column in nlargest(_MAX_COMPARED, overlaps):
            similarity = text_similarity(text, candidate_texts[column])
            if overlap >= _MIN_SHARED_WORDS and similarity >= _MIN_SIMILARITY:
                yield row, column, similarity


def _word_stems(text: str) -> frozenset[str]:
    """Return the words of a normalized text without their endings."""
    return frozenset(_WORD_ENDING.sub("", word[:60]) for word in _WORD_PATTERN.findall(text))
