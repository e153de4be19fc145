"""The closest right word to a wrong one: one measure of similarity, and its thresholds.

Only ever suggests. Whoever calls decides in which form texts are compared (`normalize_key`, `casefold`).
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

Found = TypeVar("Found")

NAME_SIMILARITY = 0.6
"""For names, keys and labels to choose from: a wrong suggestion costs a glance."""

OPTION_SIMILARITY = 0.7
"""For options of the command line, which are short and resemble each other."""

READ_SIMILARITY = 0.8
"""For headings and words of time, where what is suggested decides how other cells are read."""


def find_closest(text: str, candidates: Iterable[str], min_similarity: float = NAME_SIMILARITY) -> str | None:
    """Return the candidate most like a text, None if none is at least `min_similarity` (0 to 1) alike."""
    return next(iter(difflib.get_close_matches(text, list(candidates), 1, min_similarity)), None)


def find_closest_value(
    text: str, value_by_text: Mapping[str, Found], min_similarity: float = NAME_SIMILARITY
) -> Found | None:
    """Return the value whose key is most like a text, None as in `find_closest`."""
    key = find_closest(text, value_by_text, min_similarity)
    return None if key is None else value_by_text[key]


def text_similarity(text: str, other: str) -> float:
    """Return how alike two texts are, from 0 (nothing in common) to 1 (equal)."""
    return difflib.SequenceMatcher(None, text, other).ratio()
