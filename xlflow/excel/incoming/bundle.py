"""Opens an archive of forms (.zip), one level deep: what it holds comes out as content with a name.

Nothing is written to disk, so no name in an archive can lead anywhere. What is inside is passed through the same
gate as any other file afterwards.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from xlflow.core.findings import Finding
from xlflow.excel.incoming.archive import ZipEntry, list_zip_entries, unpack_entry
from xlflow.excel.incoming.book import DEFAULT_LIMITS, Limits
from xlflow.excel.incoming.gate import is_growing, read_stable_bytes, refusal_finding

_WORKBOOK_ENTRY_NAMES = {"[content_types].xml", "mimetype", "content.xml"}


@dataclass(frozen=True, slots=True)
class ZippedFile:
    """One file of an archive: its name there, its content or what was wrong with it, when it was put in."""

    name: str
    size: int
    content: bytes | Finding
    modified: datetime | None


def open_zip_archive(
    path: Path, name: str, limits: Limits = DEFAULT_LIMITS
) -> tuple[ZippedFile, ...] | Finding | None:
    """Return the files in an archive by name; a finding if it cannot be opened; None if it is a workbook."""
    archive_limits = replace(limits, file_bytes=limits.unpacked_bytes)
    content = read_stable_bytes(path, archive_limits.file_bytes)
    if isinstance(content, str):
        return refusal_finding(content, name, archive_limits)
    entries = list_zip_entries(content, limits)
    if entries == "archive-cut-off" and is_growing(path, len(content)):
        entries = "file-still-being-saved"
    if isinstance(entries, str):
        return refusal_finding(entries, name, archive_limits)
    if any(entry.name.casefold() in _WORKBOOK_ENTRY_NAMES for entry in entries):
        return None
    return tuple(
        _unpack_zipped_file(content, entry, name, limits)
        for entry in sorted(entries, key=lambda entry: entry.name)
    )


def _unpack_zipped_file(content: bytes, entry: ZipEntry, archive_name: str, limits: Limits) -> ZippedFile:
    full_name = f"{archive_name}/{entry.name}"
    if entry.size > limits.file_bytes:
        return ZippedFile(
            entry.name, entry.size, refusal_finding("file-too-large", full_name, limits), entry.modified
        )
    unpacked = unpack_entry(content, entry)
    unpacked_or_finding = refusal_finding("archive-damaged", full_name, limits) if unpacked is None else unpacked
    return ZippedFile(entry.name, entry.size, unpacked_or_finding, entry.modified)
