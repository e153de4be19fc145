"""A value as a key that equals only itself, for remembering what was worked out of it."""

from typing import Generic, TypeVar

Kind = TypeVar("Kind")


class Same(Generic[Kind]):
    """Wraps a value whose comparing or hashing would be slow: a template, a round."""

    __slots__ = ("value",)

    def __init__(self, value: Kind):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value
