"""Something to loop over: an assertion in a loop says nothing where the loop has nothing to do."""

from collections.abc import Iterable
from typing import TypeVar

Item = TypeVar("Item")


def not_empty(items: Iterable[Item]) -> list[Item]:
    """Return what is to be looped over as a list. Fails where that is empty."""
    found = list(items)
    assert found, "there is nothing to loop over"
    return found
