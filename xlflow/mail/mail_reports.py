"""What a mail refers to, and whom a report says that a mail did not reach. Reads bytes, in time proportional to
their length, and believes nothing: whether a Message-ID is one of ours, its caller knows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from xlflow.model.text import escape_invisible

_HEADER_END = re.compile(rb"\r?\n\r?\n")
_REFERRING_HEADER = re.compile(
    rb"^(?:in-reply-to|references)[ \t]*:(.*(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)
_MESSAGE_ID = re.compile(rb"<[^<>\s@]{1,200}@[^<>\s@]{1,200}>")
_ID_LINE = re.compile(rb"^message-id[ \t]*:[ \t]*(?:\r?\n[ \t]+)?(<[^<>\s@]{1,200}@[^<>\s@]{1,200}>)", re.I | re.M)
_REPORT_FIELD = re.compile(
    rb"^(final-recipient|original-recipient|action|status|diagnostic-code)[ \t]*:[ \t]*"
    rb"([^\r\n]*(?:\r?\n[ \t][^\r\n]*){0,10})",
    re.IGNORECASE | re.MULTILINE,
)
_MAX_REFERENCES = 200
_MAX_REPORTS = 200
_MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class DeliveryFailure:
    """What a mail system reports of one recipient that a mail did not reach. `reason`: its own words, on one
    line."""

    recipient: str
    reason: str


def read_references(content: bytes) -> tuple[str, ...]:
    """Return the Message-IDs that a mail says it answers."""
    end = _HEADER_END.search(content)
    header = content[: end.start() if end else len(content)]
    found = (
        each.decode("ascii", "replace")
        for line in _REFERRING_HEADER.findall(header)
        for each in _MESSAGE_ID.findall(line)
    )
    return tuple(dict.fromkeys(found))[:_MAX_REFERENCES]


def read_reported_ids(content: bytes) -> tuple[str, ...]:
    """Return the Message-IDs of the mails that are inside a mail, whole or only their headers."""
    end = _HEADER_END.search(content)
    body = content[end.end() :] if end else b""
    found = (each.decode("ascii", "replace") for each in _ID_LINE.findall(body))
    return tuple(dict.fromkeys(found))[:_MAX_REFERENCES]


def read_failures(content: bytes) -> tuple[DeliveryFailure, ...]:
    """Return the recipients that a report of a mail system (RFC 3464) gives up on, in its order."""
    found: dict[str, DeliveryFailure] = {}
    for block in _list_blocks(content):
        action = block.get("action", "").strip().casefold()
        recipient = (block.get("final-recipient") or block.get("original-recipient") or "").rpartition(";")[2]
        address = recipient.strip().strip("<>")
        if action == "failed" and "@" in address:
            diagnosis = block.get("diagnostic-code", "").partition(";")[2] or block.get("status", "")
            reason = escape_invisible(" ".join(diagnosis.split()))[:_MAX_REASON]
            found.setdefault(address.casefold(), DeliveryFailure(address, reason))
    return tuple(found.values())[:_MAX_REPORTS]


def _list_blocks(content: bytes) -> Iterator[dict[str, str]]:
    """Yield the fields of each block of a report; a blank line, or the next recipient, begins a new one."""
    block: dict[str, str] = {}
    last_end = 0
    for field in _REPORT_FIELD.finditer(content):
        name = field[1].decode().lower()
        if block and (name in block or _HEADER_END.search(content, last_end, field.start() + 1)):
            yield block
            block = {}
        block[name] = field[2].decode("utf-8", "replace")
        last_end = field.end()
    if block:
        yield block
