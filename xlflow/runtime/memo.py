"""What memoisation in the standard library lacks: keys by identity, and a cache for small arguments only."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Generic, TypeVar

Wrapped = TypeVar("Wrapped")
Result = TypeVar("Result")


class IdentityKey(Generic[Wrapped]):
    """Wraps a template or a round as a key that equals only itself; keeps it alive as long as the cache does."""

    __slots__ = ("value",)

    def __init__(self, value: Wrapped):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and self.value is other.value


def cache_small(max_size: int, max_entries: int) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Return a decorator that caches results like `functools.lru_cache`, but only where the first argument is
    shorter than `max_size`.

    For parts of files that thousands of forms have in common: a large part is rarely met twice, and keeping a
    thousand of them would take all memory. The first argument is bytes; all are given by position.
    """

    def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
        cached = lru_cache(maxsize=max_entries)(function)

        @wraps(function)
        def call(first: bytes, *others: Any) -> Result:
            return (cached if len(first) < max_size else function)(first, *others)

        return call

    return decorate
