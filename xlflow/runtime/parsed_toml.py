"""TOML that was parsed before, kept as JSON: parsing the messages takes fifty times as long as reading it back.

A copy is named by a digest of the TOML text and holds one of its own content, so it can be neither out of date nor
damaged; where there is none, or no folder for one, the text is parsed.
"""

import json
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from xlflow.runtime.private_files import find_cache_folder, read_private_file, write_private_file

_MAX_BYTES = 8_000_000
_MIN_LENGTH = 3_000
"""Bytes of a text from which on keeping it is worth while."""


def parse_toml(content: bytes) -> dict[str, Any]:
    """Return a TOML text (UTF-8) as plain values. Raises `tomllib.TOMLDecodeError` or UnicodeDecodeError."""
    copy = _copy_path(content) if len(content) >= _MIN_LENGTH else None
    known = _read_copy(copy) if copy else None
    if known is not None:
        return known
    import tomllib  # noqa: PLC0415 (the first time only)

    values = tomllib.loads(content.decode("utf-8"))
    if copy:
        _write_copy(copy, values)
    return values


def _copy_path(content: bytes) -> Path | None:
    folder = find_cache_folder()
    return folder / f"{_digest(content)}.toml.json" if folder else None


def _read_copy(path: Path) -> dict[str, Any] | None:
    stored_digest, _, content = read_private_file(path, _MAX_BYTES).partition(b"\n")
    if not content or stored_digest.decode("ascii", "replace") != _digest(content):
        return None
    values: dict[str, Any] = json.loads(content)
    return values


def _write_copy(path: Path, values: dict[str, Any]) -> None:
    """Keep a copy, if JSON can hold these values: not where there are days or numbers that are no number."""
    with suppress(OSError, TypeError, ValueError):
        content = json.dumps(values, allow_nan=False).encode("ascii")
        write_private_file(path, _digest(content).encode("ascii") + b"\n" + content)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=24).hexdigest()
