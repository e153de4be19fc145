"""Values as texts that arrive as they left, whatever program saves the form on its way: JSON in ASCII."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from xlflow.model.plan import Deadline, FieldValue

ExtraColumns = tuple[tuple[str, str], ...]
"""The further columns of a line: heading and text."""


def json_dumps_ascii(value: object) -> str:
    """Return JSON in ASCII, without the `_x0041_` that spreadsheet programs would take for a coded letter."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("_x", "\\u005fx")


def json_loads(text: str) -> Any:
    """Return the value that a packed text stands for. ValueError if it is not whole."""
    return json.loads(text)


def chunk_text(text: str, size: int) -> tuple[str, ...]:
    """Return a text in pieces of at most `size` letters."""
    return tuple(text[start : start + size] for start in range(0, len(text), size))


def escape_cell(text: str) -> str:
    """Return a short text as it is where every program keeps it as it is, else packed."""
    is_harmless = text.isprintable() and text == text.strip() and max(text, default="") < "\U00010000"
    return text if is_harmless and text and "_x" not in text and text[0] not in '"=+-@' else json_dumps_ascii(text)


def unescape_cell(text: str) -> str:
    """Return a text that was guarded as it was."""
    return str(json_loads(text)) if text.startswith('"') else text


def encode_value(value: FieldValue) -> object:
    """Return a value as JSON has it."""
    if isinstance(value, Deadline):
        dates = [limit and limit.isoformat() for limit in (value.first, value.last)]
        return {"deadline": [value.kind, value.text, *dates]}
    return {"number": str(value)} if isinstance(value, Decimal) else value


def decode_value(encoded: Any) -> FieldValue:
    """Return the value that was said."""
    if not isinstance(encoded, dict):
        return encoded if isinstance(encoded, bool) else str(encoded)
    if "number" in encoded:
        return Decimal(encoded["number"])
    return _decode_deadline(*encoded["deadline"])


@lru_cache(maxsize=1024)
def _decode_deadline(
    kind: Literal["day", "quarter", "text"], text: str, first: str | None, last: str | None
) -> Deadline:
    """Return a deadline; lines that state the same share it."""
    dates = [date.fromisoformat(limit) if limit else None for limit in (first, last)]
    return Deadline(kind, text, *dates)


def encode_extra_columns(extra_columns: ExtraColumns, headings: tuple[str, ...]) -> Sequence[object]:
    """Return the further columns of a line: their texts alone where the plan's headings tell the rest, as nearly
    always."""
    has_plan_headings = tuple([heading for heading, _ in extra_columns]) == headings
    return [text for _, text in extra_columns] if has_plan_headings else extra_columns


def decode_extra_columns(encoded: Sequence[Any], headings: tuple[str, ...]) -> ExtraColumns:
    """Return the further columns of a line as (heading, text). ValueError if the texts are not as many as the
    headings."""
    if encoded and not isinstance(encoded[0], str):
        return tuple([(heading, text) for heading, text in encoded])
    return tuple(zip(headings, encoded, strict=True)) if encoded else ()
