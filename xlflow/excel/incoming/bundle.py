"""Opens an archive of forms (.zip), one level deep: what it holds comes out as content with a name.

Nothing is written to disk, so no name in an archive can lead anywhere. What is inside is passed through the same
gate as any other file afterwards.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from xlflow.core.findings import Finding
from xlflow.excel.incoming.archive import Entry, list_entries, unpack
from xlflow.excel.incoming.book import LIMITS, Limits
from xlflow.excel.incoming.gate import is_growing, refuse, take_content

_WORKBOOK_PARTS = {"[content_types].xml", "mimetype", "content.xml"}


@dataclass(frozen=True, slots=True)
class Packed:
    """One file of an archive: its name there, its content or what was wrong with it, when it was put in."""

    name: str
    size: int
    content: bytes | Finding
    modified: datetime | None


def open_bundle(path: Path, name: str, limits: Limits = LIMITS) -> tuple[Packed, ...] | Finding | None:
    """Return the files in an archive by name; a finding if it cannot be opened; None if it is a workbook."""
    roomy = replace(limits, file_bytes=limits.unpacked_bytes)
    content = take_content(path, roomy.file_bytes)
    if isinstance(content, str):
        return refuse(content, name, roomy)
    entries = list_entries(content, limits)
    if entries == "archive-cut-off" and is_growing(path, len(content)):
        entries = "file-still-being-saved"
    if isinstance(entries, str):
        return refuse(entries, name, roomy)
    if any(entry.name.casefold() in _WORKBOOK_PARTS for entry in entries):
        return None
    return tuple(
        _take_out(content, entry, name, limits) for entry in sorted(entries, key=lambda entry: entry.name)
    )


def _take_out(content: bytes, entry: Entry, name: str, limits: Limits) -> Packed:
    full = f"{name}/{entry.name}"
    if entry.size > limits.file_bytes:
        return Packed(entry.name, entry.size, refuse("file-too-large", full, limits), entry.modified)
    unpacked = unpack(content, entry)
    kept = refuse("archive-damaged", full, limits) if unpacked is None else unpacked
    return Packed(entry.name, entry.size, kept, entry.modified)
