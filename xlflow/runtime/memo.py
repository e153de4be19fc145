"""A value as a key of a cache that goes by identity, where comparing or hashing the value would be slow."""

from typing import Generic, TypeVar

Wrapped = TypeVar("Wrapped")


class IdentityKey(Generic[Wrapped]):
    """Wraps a template or a round as a key that equals only itself; keeps it alive as long as the cache does."""

    __slots__ = ("value",)

    def __init__(self, value: Wrapped):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and self.value is other.value
