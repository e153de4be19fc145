"""Which item is likely another one in other words: "Minska matsvinnet med 5 procent", "… med 5 %".

Only ever said, never acted on: the planner decides, by giving both the same id. Where two items are equally near,
nothing is said.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest

from xlflow.model.closest_match import text_similarity
from xlflow.model.plan import PlanItem
from xlflow.model.text import normalize_key

_WORD_PATTERN = re.compile(r"\w+")
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
    candidate_words = [frozenset(_WORD_PATTERN.findall(text)) for text in candidate_texts]
    for row, text in enumerate(texts):
        words = frozenset(_WORD_PATTERN.findall(text))
        overlaps = (
            (len(words & other_words) / len(words | other_words), column)
            for column, other_words in enumerate(candidate_words)
            if words & other_words
        )
        for overlap, column in nlargest(_MAX_COMPARED, overlaps):
            similarity = text_similarity(text, candidate_texts[column])
            if overlap >= _MIN_SHARED_WORDS and similarity >= _MIN_SIMILARITY:
                yield row, column, similarity
