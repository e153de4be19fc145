"""Values as texts that arrive as they left, whatever program saves the form on its way: JSON in ASCII."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from xlflow.core.model import Deadline, Value

Pairs = tuple[tuple[str, str], ...]
"""The further columns of a line: heading and text."""


def pack(value: object) -> str:
    """Return JSON in ASCII, without the `_x0041_` that spreadsheet programs would take for a coded letter."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("_x", "\\u005fx")


def unpack(text: str) -> Any:
    """Return the value that a packed text stands for. ValueError if it is not whole."""
    return json.loads(text)


def cut(text: str, size: int) -> tuple[str, ...]:
    """Return a text in pieces of at most `size` letters."""
    return tuple(text[start : start + size] for start in range(0, len(text), size))


def guard(text: str) -> str:
    """Return a short text as it is where every program keeps it as it is, else packed."""
    plain = text.isprintable() and text == text.strip() and max(text, default="") < "\U00010000"
    return text if plain and text and "_x" not in text and text[0] not in '"=+-@' else pack(text)


def unguard(text: str) -> str:
    """Return a text that was guarded as it was."""
    return str(unpack(text)) if text.startswith('"') else text


def say_value(value: Value) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, Deadline):
        days = [day and day.isoformat() for day in (value.first, value.last)]
        return {"deadline": [value.kind, value.text, *days]}
    return {"number": str(value)} if isinstance(value, Decimal) else value


def hear_value(said: Any) -> Value:
    """Return the value that was said."""
    if not isinstance(said, dict):
        return said if isinstance(said, bool) else str(said)
    if "number" in said:
        return Decimal(said["number"])
    return _deadline_of(*said["deadline"])


@lru_cache(maxsize=1024)
def _deadline_of(
    kind: Literal["day", "quarter", "text"], text: str, first: str | None, last: str | None
) -> Deadline:
    """Return a deadline; lines that state the same share it."""
    days = [date.fromisoformat(day) if day else None for day in (first, last)]
    return Deadline(kind, text, *days)


def say_context(context: Pairs, headings: tuple[str, ...]) -> Sequence[object]:
    """Return the further columns of a line: their texts alone where the plan's headings tell the rest, as nearly
    always."""
    same = tuple([heading for heading, _ in context]) == headings
    return [text for _, text in context] if same else context


def hear_context(said: Sequence[Any], headings: tuple[str, ...]) -> Pairs:
    """Return the further columns of a line as (heading, text). ValueError if the texts are not as many as the
    headings."""
    if said and not isinstance(said[0], str):
        return tuple([(heading, text) for heading, text in said])
    return tuple(zip(headings, said, strict=True)) if said else ()
