"""A value as a key that equals only itself, for remembering what was worked out of it."""

from typing import Generic, TypeVar

Wrapped = TypeVar("Wrapped")


class IdentityKey(Generic[Wrapped]):
    """Wraps a value whose comparing or hashing would be slow: a template, a round."""

    __slots__ = ("value",)

    def __init__(self, value: Wrapped):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdentityKey) and self.value is other.value
