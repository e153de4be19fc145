"""Values as JSON and back, the one way for forms, the cache and the pipes between processes.

In a form it is ASCII, so that it arrives as it left, whatever program saves the form on its way.
"""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from xlflow.model.plan import Deadline, FieldValue

ExtraColumns = tuple[tuple[str, str], ...]
"""The further columns of a plan item: (heading, text) in the order of the plan."""


def json_dumps_ascii(value: object) -> str:
    """Return JSON in ASCII, without the `_x0041_` that spreadsheet programs would take for a coded letter."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("_x", "\\u005fx")


def json_loads(text: str) -> Any:
    """Return the value of a JSON text. Raises ValueError where it is not whole."""
    return json.loads(text)


def json_dumps_bytes(value: object) -> bytes:
    """Return a value as JSON in UTF-8; half a surrogate pair, which some programs leave, passes through."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def json_loads_bytes(content: bytes) -> Any:
    """Return the value of JSON written by `json_dumps_bytes`. Raises ValueError where it is not whole."""
    return json.loads(content.decode("utf-8", "surrogatepass"))


def chunk_text(text: str, size: int) -> tuple[str, ...]:
    """Return a text in pieces of at most `size` characters; no piece for a blank text."""
    return tuple(text[start : start + size] for start in range(0, len(text), size))


def escape_cell(text: str) -> str:
    """Return a text unchanged if every spreadsheet program keeps it so, else as a JSON string in ASCII."""
    is_harmless = text.isprintable() and text == text.strip() and max(text, default="") < "\U00010000"
    return text if is_harmless and text and "_x" not in text and text[0] not in '"=+-@' else json_dumps_ascii(text)


def unescape_cell(text: str) -> str:
    """Return the text that `escape_cell` was given. Raises ValueError on a damaged JSON string."""
    return str(json_loads(text)) if text.startswith('"') else text


def encode_value(value: FieldValue | None) -> object:
    """Return a value for JSON: {"deadline": [kind, text, first, last]}, {"number": "1.50"}, or itself."""
    if isinstance(value, Deadline):
        dates = [limit and limit.isoformat() for limit in (value.first, value.last)]
        return {"deadline": [value.kind, value.text, *dates]}
    return {"number": str(value)} if isinstance(value, Decimal) else value


def decode_value(encoded: Any) -> FieldValue:
    """Return the value that `encode_value` was given; None excepted.

    Raises ValueError, KeyError, TypeError or ArithmeticError on malformed input.
    """
    if not isinstance(encoded, dict):
        return encoded if isinstance(encoded, bool) else str(encoded)
    if "number" in encoded:
        return Decimal(encoded["number"])
    return _decode_deadline(*encoded["deadline"])


@lru_cache(maxsize=1 << 14)
def _decode_deadline(
    kind: Literal["day", "quarter", "text"], text: str, first: str | None, last: str | None
) -> Deadline:
    """Return a deadline; plan items and answers with the same one share it."""
    dates = [date.fromisoformat(limit) if limit else None for limit in (first, last)]
    return Deadline(kind, text, *dates)


def encode_extra_columns(extra_columns: ExtraColumns, headings: tuple[str, ...]) -> Sequence[object]:
    """Return the further columns for JSON: the texts alone where their headings are the plan's `headings`, as
    nearly
    always, else (heading, text) pairs."""
    has_plan_headings = tuple([heading for heading, _ in extra_columns]) == headings
    return [text for _, text in extra_columns] if has_plan_headings else extra_columns


def decode_extra_columns(encoded: Sequence[Any], headings: tuple[str, ...]) -> ExtraColumns:
    """Return the further columns as (heading, text). Raises ValueError where there are not as many texts as
    headings."""
    if encoded and not isinstance(encoded[0], str):
        return tuple([(heading, text) for heading, text in encoded])
    return tuple(zip(headings, encoded, strict=True)) if encoded else ()
