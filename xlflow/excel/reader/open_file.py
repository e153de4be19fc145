"""Opens one file, or the files in a .zip: the order of the checks before anything in a file is trusted, cheap
first.

Whatever is wrong becomes a finding with a code of its own, never an exception; the message catalogue says what the
sender should do. Takes and returns plain values, so that it can run in a worker process.

A .zip of forms is opened one level deep. Nothing is written to disk, so no name in an archive can lead anywhere,
and what is inside passes the same checks as any other file afterwards.
"""

import hashlib
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.reader.choose_reader import ReaderError, read_package_sheets
from xlflow.excel.reader.csv_table import read_csv
from xlflow.excel.reader.file_type import OLE_SIGNATURE, detect_file_type
from xlflow.excel.reader.limits import (
    DEFAULT_LIMITS,
    IN_PROCESS_LIMITS,
    PROVABLY_SMALL_BYTES,
    PROVABLY_SMALL_LIMITS,
    Limits,
)
from xlflow.excel.reader.long_text import join_long_texts
from xlflow.excel.reader.safe_zip import ZipEntry, list_zip_entries, unpack_entry
from xlflow.excel.reader.workbook_data import LimitExceededError, SheetData, WorkbookData
from xlflow.excel.reader.workbook_package import (
    open_package,
    read_custom_properties,
    read_descriptions,
    read_last_saved,
)
from xlflow.model.findings import Finding, Location, make_finding

_NEEDS_OWN_PROCESS = "needs a process of its own"
_OWN_PROCESS_CODES = (
    _NEEDS_OWN_PROCESS,
    "file-too-large",
    "unpacked-too-large",
    "too-many-cells",
    "reader-too-slow",
    "reader-too-large",
)
"""Reasons to open a file in a worker process with the larger limits; only there is it refused, if at all."""

_RECENT_SECONDS, _WAIT_SECONDS = 20.0, 0.25
"""For how long after its last change a truncated file may still be arriving, and how long to wait for a change."""

_TEXT_SUFFIXES = (".csv", ".tsv", ".txt")


def open_workbook(source: Path | bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> WorkbookData | Finding:
    """Open one file, a path or its bytes; `name` is what people call it. Return the workbook, long texts joined,
    or the finding that says why it cannot be read. Never raises for what is wrong with the file."""
    opened = _open_source(source, name, limits)
    return refusal_finding(opened, name, limits) if isinstance(opened, str) else opened


def open_in_process(source: Path | bytes, name: str) -> WorkbookData | Finding | None:
    """Open one file like `open_workbook` if it is small and of a kind that cannot crash the reader; None if it
    must be opened in a worker process."""
    opened = _open_source(source, name, IN_PROCESS_LIMITS)
    if isinstance(opened, str):
        return None if opened in _OWN_PROCESS_CODES else refusal_finding(opened, name, DEFAULT_LIMITS)
    return opened


def is_provably_small(path: Path) -> bool:
    """Return whether a file can be read in this process, since reading it takes little time and memory whatever it
    holds: a small file of a kind that cannot crash the reader, small also when it is unpacked."""
    content = read_stable_bytes(path, PROVABLY_SMALL_BYTES)
    if isinstance(content, str):
        return content != "file-too-large"
    if detect_file_type(content) != "zip":
        return not content.startswith(OLE_SIGNATURE)
    entries = list_zip_entries(content, PROVABLY_SMALL_LIMITS)
    return not isinstance(entries, str) and not any(
        entry.name in ("content.xml", "mimetype") or entry.name.endswith(".bin") for entry in entries
    )


def _open_source(source: Path | bytes, name: str, limits: Limits) -> WorkbookData | str:
    """Return the workbook or the message code of the refusal; a truncated file that is growing is told apart."""
    if not isinstance(source, Path):
        return _open_catching_errors(source, name, limits)
    content = read_stable_bytes(source, limits.file_bytes)
    if isinstance(content, str):
        return content
    opened = _open_catching_errors(content, name, limits)
    is_truncated = opened in ("archive-cut-off", "file-empty")
    return "file-still-being-saved" if is_truncated and is_growing(source, len(content)) else opened


def path_exists(path: Path) -> bool:
    """Return whether there is something at a path; also if permissions hide what."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def read_stable_bytes(path: Path, max_bytes: int) -> bytes | str:
    """Return the bytes of a file, or the message code of the reason why not: no regular file, unreadable, larger
    than `max_bytes`, or changed while it was read."""
    try:
        before = path.stat()
        if not stat.S_ISREG(before.st_mode):
            return "file-not-readable"
        if before.st_size > max_bytes:
            return "file-too-large"
        content = path.read_bytes()
        after = path.stat()
    except OSError:
        return "file-not-readable"
    is_unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return content if is_unchanged and len(content) == after.st_size else "file-still-being-saved"


def is_growing(path: Path, size_read: int) -> bool:
    """Return whether a truncated file was changed in the last 20 seconds and has another size after a moment.
    Waits for a quarter of a second in that case."""
    try:
        if abs(time.time() - path.stat().st_mtime) > _RECENT_SECONDS:
            return False
        time.sleep(_WAIT_SECONDS)
        return path.stat().st_size != size_read
    except OSError:
        return False


def digest_source(source: Path | bytes, limits: Limits = DEFAULT_LIMITS) -> str | None:
    """Return the SHA-256 of a file in hexadecimal, the same as `WorkbookData.digest`; None if it cannot be read
    now."""
    content = read_stable_bytes(source, limits.file_bytes) if isinstance(source, Path) else source
    return None if isinstance(content, str) else _digest_content(content)


def _digest_content(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def refusal_finding(code: str, name: str, limits: Limits) -> Finding:
    """Return the finding that says why the file `name` was refused; its message may quote any of the limits."""
    params: dict[str, str | int] = {
        "megabytes": limits.file_bytes // 1_000_000,
        "unpacked": limits.unpacked_bytes // 1_000_000,
        "ratio": limits.compression_ratio,
        "cells": f"{limits.cells:_}".replace("_", " "),
        "seconds": limits.seconds,
        "memory": limits.memory_bytes // 1_000_000,
    }
    return make_finding(code, Location(name), params=params)


def _open_catching_errors(content: bytes, name: str, limits: Limits) -> WorkbookData | str:
    """Return the workbook or a message code. The readers raise on broken parts whatever comes first (they do not
    check everything beforehand); here it becomes a code, since no file may end the run."""
    try:
        opened = _open_content(content, name, limits)
        return opened if isinstance(opened, str) else join_long_texts(opened)
    except (LimitExceededError, ReaderError) as error:
        return error.code
    except MemoryError:
        return "reader-too-large"
    except KeyError:
        return "parts-missing"
    except Exception:
        return "workbook-corrupt"


def _open_content(content: bytes, name: str, limits: Limits) -> WorkbookData | str:
    if not content or len(content) > limits.file_bytes:
        return "file-too-large" if content else "file-empty"
    file_type = detect_file_type(content)
    if file_type == "zip" and content.startswith(b"PK\x05\x06") and len(content) < 100:
        return "archive-empty"
    if file_type == "zip":
        return _open_package(content, name, limits)
    if file_type == "xls" and limits.allow_binary_formats:
        return _open_xls(content, name)
    if file_type == "text" and name.lower().endswith(_TEXT_SUFFIXES):
        table = read_csv(content, Path(name).stem, limits)
        properties = MappingProxyType[str, str]({})
        return WorkbookData(name, "csv", (table,), properties, None, _digest_content(content), len(content))
    return _NEEDS_OWN_PROCESS if file_type == "xls" else f"file-is-{file_type}"


def _open_xls(content: bytes, name: str) -> WorkbookData:
    from xlflow.excel.reader.xls import read_xls  # noqa: PLC0415 (slow to load, and rarely needed)

    workbook = read_xls(content)
    return WorkbookData(
        name,
        "xls",
        workbook.sheets,
        workbook.properties,
        workbook.last_saved,
        _digest_content(content),
        len(content),
        _make_notes(workbook.note_codes, name),
        workbook.descriptions,
    )


def _open_package(content: bytes, name: str, limits: Limits) -> WorkbookData | str:
    package = open_package(content, limits)
    if isinstance(package, str):
        return package
    if package.kind == "xlsb" and not limits.allow_binary_formats:
        return _NEEDS_OWN_PROCESS
    sheets = read_package_sheets(package, limits)
    return WorkbookData(
        name,
        package.kind,
        sheets,
        read_custom_properties(package),
        read_last_saved(package),
        _digest_content(content),
        len(content),
        (*_make_notes(package.note_codes, name), *_note_replaced_values(sheets, name)),
        read_descriptions(package),
    )


def _make_notes(codes: Iterable[str], name: str) -> tuple[Finding, ...]:
    return tuple(make_finding(code, Location(name)) for code in codes)


def _note_replaced_values(sheets: Iterable[SheetData], name: str) -> Iterator[Finding]:
    """Yield a finding for every cell that the file holds twice, with two values: the last one was read."""
    for sheet in sheets:
        for row, column, value in sheet.metadata.replaced_values:
            location = Location(name, sheet.name, format_cell_address(row, column))
            yield make_finding("cell-twice", location, value=str(value))


# Archives of forms ----------------------------------------------------------------------------------------

_WORKBOOK_ENTRY_NAMES = {"[content_types].xml", "mimetype", "content.xml"}
"""Entries, in lower case, that make a zip archive a workbook and no archive of files."""


@dataclass(frozen=True, slots=True)
class ZippedFile:
    """One file of an archive: its path there, its unpacked size in bytes, its content or the finding that says why
    there is none, and when it was last changed."""

    name: str
    size: int
    content: bytes | Finding
    modified: datetime | None


def open_zip_archive(
    path: Path, name: str, limits: Limits = DEFAULT_LIMITS
) -> tuple[ZippedFile, ...] | Finding | None:
    """Return the files in a .zip in the order of their names; the finding that says why it cannot be opened; or
    None if it is a workbook. The archive may be as large as a file may be unpacked, each file in it as large as
    any file."""
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
    if entries and not any(entry.is_readable for entry in entries):
        return refusal_finding("archive-packed-otherwise", name, archive_limits)
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
    if not entry.is_readable:
        refusal = refusal_finding("archive-packed-otherwise", full_name, limits)
        return ZippedFile(entry.name, entry.size, refusal, entry.modified)
    unpacked = unpack_entry(content, entry)
    unpacked_or_finding = refusal_finding("archive-damaged", full_name, limits) if unpacked is None else unpacked
    return ZippedFile(entry.name, entry.size, unpacked_or_finding, entry.modified)
