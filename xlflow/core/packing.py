"""Values of the model as bytes, and back: how answers travel from the process that read them.

Quicker than pickling plainly, since frozen values are packed by their fields, and a template, which is large and
the same in form after form, as its text. Reads no bytes but those that this program has just written.
"""

import io
import json
import pickle
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from xlflow.core.findings import Finding, Place
from xlflow.core.model import (
    Answer,
    Deadline,
    Filled,
    Identity,
    Line,
    Plan,
    Previous,
    Received,
    Round,
    Row,
    SetAside,
    Unit,
)
from xlflow.core.template import Template

_VALUES = (
    Answer,
    Deadline,
    Filled,
    Finding,
    Identity,
    Line,
    Place,
    Plan,
    Previous,
    Received,
    Round,
    Row,
    SetAside,
    Unit,
)


Kind = TypeVar("Kind")


class Same(Generic[Kind]):
    """A value as a key that equals only itself, where comparing what it holds would be slow."""

    __slots__ = ("value",)

    def __init__(self, value: Kind):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value


def pack_values(values: object) -> bytes:
    """Return values of the model, in tuples or alone, as bytes."""
    target = io.BytesIO()
    packer = pickle.Pickler(target, pickle.HIGHEST_PROTOCOL)
    packer.dispatch_table = _TABLE
    packer.dump(values)
    return target.getvalue()


def unpack_values(packed: bytes) -> Any:
    """Return the values that `pack_values` made the bytes of."""
    return pickle.loads(packed)  # noqa: S301 (written by our own process a moment ago)


def _by_fields(kind: type) -> Callable[[Any], tuple[type, tuple[object, ...]]]:
    fields = attrgetter(*kind.__slots__)  # type: ignore[attr-defined]
    return lambda value: (kind, fields(value))


def _by_text(template: Template) -> tuple[Callable[[str], Template], tuple[str]]:
    return _hear_template, (_say_template(Same(template)),)


@lru_cache(maxsize=32)
def _say_template(same: Same[Template]) -> str:
    return json.dumps(same.value.model_dump(mode="json"))


@lru_cache(maxsize=32)
def _hear_template(text: str) -> Template:
    """Return the template; the same one for the same text, so that it is known as such."""
    return Template.model_validate(json.loads(text))


def _by_items(mapping: Mapping[str, object]) -> tuple[type, tuple[dict[str, object]]]:
    return MappingProxyType, (dict(mapping),)


_TABLE: dict[type, Callable[[Any], Any]] = {
    **{kind: _by_fields(kind) for kind in _VALUES},
    Template: _by_text,
    MappingProxyType: _by_items,
}
