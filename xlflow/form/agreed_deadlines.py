"""Carries the deadlines that earlier rounds agreed on from one consolidated workbook to the next.

They are in no visible column: the plan states one deadline, the units another only where they move it again.
Whoever reads the workbook needs them to judge what is overdue as the merge did.
"""

from collections.abc import Iterator, Mapping, Sequence
from json import loads
from types import MappingProxyType

from xlflow.excel.conventions import MAX_CELL_CHUNK
from xlflow.model.plan import Deadline
from xlflow.runtime.codec import chunk_text, decode_value, encode_value, json_dumps_ascii

AGREED_DEADLINES = "agreed_deadlines"
"""Kind of the record on the hidden sheet with the agreed deadlines by item id, as JSON."""


def encode_agreed_deadlines(deadline_by_item: Mapping[str, Deadline]) -> Iterator[tuple[str, ...]]:
    """Yield the record of the deadlines by item id; nothing where none was agreed."""
    if deadline_by_item:
        encoded = {item_id: encode_value(deadline) for item_id, deadline in deadline_by_item.items()}
        yield (AGREED_DEADLINES, *chunk_text(json_dumps_ascii(encoded), MAX_CELL_CHUNK))


def decode_agreed_deadlines(records: Sequence[Sequence[str]]) -> Mapping[str, Deadline]:
    """Return the agreed deadlines by item id; none where the workbook does not say so, or no longer legibly."""
    texts = ["".join(record[1:]) for record in records if record and record[0] == AGREED_DEADLINES]
    try:
        decoded = {str(key): decode_value(value) for key, value in loads(texts[0]).items()} if texts else {}
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError):
        return MappingProxyType({})
    return MappingProxyType({key: value for key, value in decoded.items() if isinstance(value, Deadline)})
