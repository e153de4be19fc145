"""The order in which a file is looked at before anything in it is believed, cheap looks first.

Whatever is wrong ends as a finding with a code of its own; the catalogue says what its sender should do. Takes
and gives plain values, so that a run may put it into a process of its own.
"""

import hashlib
import stat
import time
from pathlib import Path
from types import MappingProxyType

from xlflow.core.findings import Finding, Place, find
from xlflow.excel.incoming.book import LIGHT, LIMITS, Book, Limits
from xlflow.excel.incoming.cells import TooMuch
from xlflow.excel.incoming.continued import join_texts
from xlflow.excel.incoming.kind import name_kind
from xlflow.excel.incoming.package import open_package, read_about, read_properties, read_saved
from xlflow.excel.incoming.plain import read_table
from xlflow.excel.incoming.reader import Failed, read_package

_OF_ITS_OWN = "needs a process of its own"
_HEAVY = (
    _OF_ITS_OWN,
    "file-too-large",
    "unpacked-too-large",
    "too-many-cells",
    "reader-too-slow",
    "reader-too-large",
)
"""Why a file may not be opened lightly; what is wrong with it, if anything, is then for others to tell."""

_FRESH, _MOMENT = 20.0, 0.25
"""Seconds for which a file may yet be on its way, and how long it is waited for."""

_TEXT_NAMES = (".csv", ".tsv", ".txt")


def open_book(source: Path | bytes, name: str, limits: Limits = LIMITS) -> Book | Finding:
    """Open one file, known to people as `name`; what cannot be opened is returned as a finding."""
    opened = _open(source, name, limits)
    return refuse(opened, name, limits) if isinstance(opened, str) else opened


def open_lightly(source: Path | bytes, name: str) -> Book | Finding | None:
    """Open one file if that can do no harm, however crooked it is; None if it needs a process of its own."""
    opened = _open(source, name, LIGHT)
    if isinstance(opened, str):
        return None if opened in _HEAVY else refuse(opened, name, LIMITS)
    return opened


def _open(source: Path | bytes, name: str, limits: Limits) -> Book | str:
    if not isinstance(source, Path):
        return _open_safely(source, name, limits)
    content = take_content(source, limits.file_bytes)
    if isinstance(content, str):
        return content
    opened = _open_safely(content, name, limits)
    ends_too_soon = opened in ("archive-cut-off", "file-empty")
    return "file-still-being-saved" if ends_too_soon and is_growing(source, len(content)) else opened


def is_there(path: Path) -> bool:
    """Return whether there is something at a path, also where one may not look at it."""
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return True


def take_content(path: Path, most: int) -> bytes | str:
    """Return what a file holds, or the code that says why it could not be taken."""
    try:
        before = path.stat()
        if not stat.S_ISREG(before.st_mode):
            return "file-not-readable"
        if before.st_size > most:
            return "file-too-large"
        content = path.read_bytes()
        after = path.stat()
    except OSError:
        return "file-not-readable"
    settled = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return content if settled and len(content) == after.st_size else "file-still-being-saved"


def is_growing(path: Path, size: int) -> bool:
    """Return whether a file that ends too soon was written to just now, and after a moment has another size."""
    try:
        if abs(time.time() - path.stat().st_mtime) > _FRESH:
            return False
        time.sleep(_MOMENT)
        return path.stat().st_size != size
    except OSError:
        return False


def digest_source(source: Path | bytes, limits: Limits = LIMITS) -> str | None:
    """Return the SHA-256 of a file, as an opened `Book` tells it; None if it cannot be taken now."""
    content = take_content(source, limits.file_bytes) if isinstance(source, Path) else source
    return None if isinstance(content, str) else hashlib.sha256(content).hexdigest()


def refuse(code: str, name: str, limits: Limits) -> Finding:
    """Return the finding that says why a file was refused."""
    words: dict[str, str | int] = {
        "megabytes": limits.file_bytes // 1_000_000,
        "unpacked": limits.unpacked_bytes // 1_000_000,
        "cells": f"{limits.cells:_}".replace("_", " "),
        "seconds": limits.seconds,
        "memory": limits.memory_bytes // 1_000_000,
    }
    return find(code, Place(name), words=words)


def _open_safely(content: bytes, name: str, limits: Limits) -> Book | str:
    try:
        opened = _open_content(content, name, limits)
        return opened if isinstance(opened, str) else join_texts(opened)
    except TooMuch as much:
        return much.code
    except MemoryError:
        return "reader-too-large"
    except Failed as failed:
        return failed.code
    except KeyError:
        return "parts-missing"
    except Exception:  # no file, however crooked, may end the run
        return "parts-broken"


def _open_content(content: bytes, name: str, limits: Limits) -> Book | str:
    if not content or len(content) > limits.file_bytes:
        return "file-too-large" if content else "file-empty"
    kind = name_kind(content)
    if kind == "zip":
        return _open_package(content, name, limits)
    digest, size = hashlib.sha256(content).hexdigest(), len(content)
    if kind == "xls" and limits.old_kinds:
        return _open_old(content, name)
    if kind == "text" and name.lower().endswith(_TEXT_NAMES):
        table = read_table(content, Path(name).stem, limits)
        return Book(name, "csv", (table,), MappingProxyType({}), None, digest, size)
    return _OF_ITS_OWN if kind == "xls" else f"file-is-{kind}"


def _open_old(content: bytes, name: str) -> Book:
    from xlflow.excel.incoming.old import read_old  # noqa: PLC0415 (slow to load, and rarely needed)

    old, digest = read_old(content), hashlib.sha256(content).hexdigest()
    findings = tuple(find(code, Place(name)) for code in old.notes)
    return Book(name, "xls", old.sheets, old.properties, old.saved, digest, len(content), findings, old.about)


def _open_package(content: bytes, name: str, limits: Limits) -> Book | str:
    package = open_package(content, limits)
    if isinstance(package, str):
        return package
    if package.kind == "xlsb" and not limits.old_kinds:
        return _OF_ITS_OWN
    return Book(
        name,
        package.kind,
        read_package(package, limits),
        read_properties(package),
        read_saved(package),
        hashlib.sha256(content).hexdigest(),
        len(content),
        tuple(find(code, Place(name)) for code in package.notes),
        read_about(package),
    )
