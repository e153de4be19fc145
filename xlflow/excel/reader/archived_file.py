"""The files in a .zip of forms: listed without being unpacked, and unpacked one at a time where each is read.

An archive is opened one level deep. Nothing is written to disk, so no name in an archive can lead anywhere, and
what is inside passes the same checks as any other file afterwards.
"""

import stat
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from xlflow.excel.reader.limits import Limits
from xlflow.excel.reader.safe_zip import ZipEntry, list_zip_entries, unpack_entry, unpack_head

_WORKBOOK_ENTRY_NAMES = {"[content_types].xml", "mimetype", "content.xml"}
"""Entries, in lower case, that make a zip archive a workbook and no archive of files."""


@dataclass(frozen=True, slots=True)
class ArchivedFile:
    """One file of an archive at `path`, not unpacked yet. `state`: size in bytes and time of change of the archive
    when it was listed; where it is another by now, nothing is read."""

    path: Path
    entry: ZipEntry
    state: tuple[int, int]

    @property
    def name(self) -> str:
        """Its path within the archive, with "/"."""
        return self.entry.name

    @property
    def size(self) -> int:
        """Unpacked, in bytes."""
        return self.entry.size

    @property
    def modified(self) -> datetime | None:
        """When it was last changed before it was packed, taken as UTC."""
        return self.entry.modified

    def read_bytes(self, max_bytes: int) -> bytes | str:
        """Return the unpacked bytes, or the message code of the reason why not: larger than `max_bytes`, packed in
        a way that is not read here, damaged, or in an archive that has changed or cannot be read."""
        if self.size > max_bytes:
            return "file-too-large"
        if not self.entry.is_readable:
            return "archive-packed-otherwise"
        packed = self._read_packed(self.entry.compressed_size)
        if isinstance(packed, str):
            return packed
        unpacked = unpack_entry(packed, replace(self.entry, data_offset=0))
        return "archive-damaged" if unpacked is None else unpacked

    def read_head(self, count: int) -> bytes:
        """Return the first `count` unpacked bytes; b"" if they cannot be read."""
        packed = self._read_packed(min(self.entry.compressed_size, 4_096)) if self.entry.is_readable else ""
        return b"" if isinstance(packed, str) else unpack_head(packed, self.entry, count)

    def _read_packed(self, count: int) -> bytes | str:
        try:
            if _archive_state(self.path) != self.state:
                return "file-still-being-saved"
            with self.path.open("rb") as stream:
                stream.seek(self.entry.data_offset)
                return stream.read(count)
        except OSError:
            return "file-not-readable"


def list_archived_files(path: Path, content: bytes, limits: Limits) -> tuple[ArchivedFile, ...] | str | None:
    """Return the files in an archive in the order of their names; the message code of what is wrong with it; or
    None if it is a workbook. `content` are the bytes of the archive at `path`. Raises OSError if it went away."""
    entries = list_zip_entries(content, limits)
    if isinstance(entries, str):
        return entries
    if any(entry.name.casefold() in _WORKBOOK_ENTRY_NAMES for entry in entries):
        return None
    if entries and not any(entry.is_readable for entry in entries):
        return "archive-packed-otherwise"
    state = _archive_state(path)
    return tuple(ArchivedFile(path, entry, state) for entry in sorted(entries, key=lambda entry: entry.name))


def _archive_state(path: Path) -> tuple[int, int]:
    """Return size and time of change; (-1, 0) of what is no regular file."""
    status = path.stat()
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else (-1, 0)
