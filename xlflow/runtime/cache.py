"""Submissions that were read before and need not be read again, in a cache folder of the user.

An entry counts only for the very same content under the same name, read by the very same program; whatever is
damaged, lacks its shared part or belongs to another file is as if it were not there. Entries are JSON with a
check sum,
never anything that could be executed, and hold what people answered: nobody else may read them. The folder may be
deleted at any time.
"""

import hashlib
import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xlflow.runtime.resources import TEMPLATES_DIR, resource_dir
from xlflow.runtime.submission_encoder import EncodedSubmission

CACHE_FOLDER_VARIABLE = "XLFLOW_CACHE_DIR"
"""The variable of the environment that names another folder."""

_MAX_BYTES = 256_000_000
_READ_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)
"""How an entry is opened: never a link, never waiting for a pipe; each where the system knows it."""

_MAX_ENTRY_BYTES = 64_000_000
"""Bytes of one entry; a form has at most 60,000 rows and texts, and takes some 100 kB."""

_MAX_AGE_SECONDS = 90 * 86_400.0
"""Age at which an entry is removed."""

_PARSER_LIBRARIES = ("python-calamine", "olefile", "pydantic", "python-dateutil")
"""Libraries whose version may change what is read from a file."""


@dataclass(frozen=True, slots=True)
class ParseCache:
    """A folder of entries. Write errors are ignored; an entry that cannot be read is as if absent."""

    folder: Path

    def get(self, key: str, digest: str) -> EncodedSubmission | None:
        """Return the entry of a file, None if there is none, it is damaged, or was read from other content.

        `digest`: of the file's content, hexadecimal.
        """
        header, _, content = self._read_file(f"{key}.json").partition(b"\n")
        stored_checksum, stored_digest, shared_digest = (
            *header.decode("ascii", "replace").split(" "),
            "",
            "",
            "",
        )[:3]
        if (
            not content
            or stored_digest != digest
            or stored_checksum != _entry_checksum(key, digest, shared_digest, content)
        ):
            return None
        return EncodedSubmission(content, shared_digest)

    def get_shared(self, digest: str) -> bytes | None:
        """Return the shared part with this SHA-256 (hexadecimal), None if it is absent or damaged."""
        content = self._read_file(f"{digest}.frame.json")
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def has_entry(self, key: str) -> bool:
        """Return whether there is an entry, before the file itself is opened."""
        return (self.folder / f"{key}.json").exists()

    def put(self, key: str, digest: str, encoded: EncodedSubmission) -> None:
        """Store the entry of a file, and its shared part unless that is stored already."""
        checksum = _entry_checksum(key, digest, encoded.shared_digest, encoded.content)
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            shared_file = self.folder / f"{encoded.shared_digest}.frame.json"
            if not shared_file.exists():
                _write_private_file(shared_file, encoded.shared_content)
            _write_private_file(
                self.folder / f"{key}.json",
                f"{checksum} {digest} {encoded.shared_digest}\n".encode() + encoded.content,
            )
            shared_file.touch()

    def prune(self, max_bytes: int = _MAX_BYTES, max_age: float = _MAX_AGE_SECONDS) -> None:
        """Take away what is older than so many seconds, and what was written longest ago, until the folder is no
        larger than this many bytes."""
        oldest_kept = time.time_ns() - max_age * 1e9
        with suppress(OSError):
            for modified, size, path in sorted(_list_cache_files(self.folder), reverse=True):
                max_bytes -= size
                if max_bytes < 0 or modified < oldest_kept:
                    path.unlink(missing_ok=True)

    def _read_file(self, name: str) -> bytes:
        """Return the bytes of an entry; b"" if it is absent, a link, no regular file or larger than any."""
        try:
            handle = os.open(self.folder / name, _READ_FLAGS)
        except OSError:
            return b""
        with os.fdopen(handle, "rb") as stream:
            status = os.fstat(handle)
            is_entry = stat.S_ISREG(status.st_mode) and status.st_size <= _MAX_ENTRY_BYTES
            return stream.read(_MAX_ENTRY_BYTES) if is_entry else b""


def open_cache() -> ParseCache | None:
    """Return the cache of this user, None where there is no folder for one in which nobody else may write."""
    with suppress(OSError, RuntimeError):
        folder = _cache_folder()
        return ParseCache(folder) if _is_private(folder) else None
    return None


def _cache_folder() -> Path:
    configured_folder = os.environ.get(CACHE_FOLDER_VARIABLE)
    if configured_folder:
        return Path(configured_folder)
    from platformdirs import user_cache_path  # noqa: PLC0415 (where many files are read only)

    return user_cache_path("xlflow", appauthor=False) / "read"


def _is_private(folder: Path) -> bool:
    """Return whether a folder is this user's and nobody else may write in it: others could put answers there that
    no form holds. A folder that does not exist yet will be. Windows keeps its profiles apart by itself."""
    if sys.platform == "win32":
        return True
    try:
        status = os.lstat(folder)
    except FileNotFoundError:
        return True
    is_folder_of_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    return is_folder_of_ours and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def cache_key(name: str, size: int, modified: str) -> str:
    """Return the key of a file: a digest of its name, size and time on disk, and of the program that reads it."""
    key_parts = (program_fingerprint(), name, str(size), modified)
    return hashlib.sha256("\0".join(key_parts).encode("utf-8", "surrogatepass")).hexdigest()


@cache
def program_fingerprint() -> str:
    """Return what changes whenever the program, its words or what it reads with may have changed."""
    from importlib.metadata import version  # noqa: PLC0415 (as above)

    package = Path(__file__).parents[1]
    templates = Path(str(resource_dir(TEMPLATES_DIR)))
    library_versions = [f"{name} {version(name)}" for name in _PARSER_LIBRARIES]
    fingerprint = hashlib.sha256("\n".join([sys.version, *library_versions]).encode())
    for path in sorted((*package.rglob("*.py"), *templates.glob("*.toml"))):
        # By content: an installer may give every file the same time, and a changed digit keeps the size.
        fingerprint.update(
            f"\n{path} ".encode("utf-8", "surrogatepass") + hashlib.sha256(path.read_bytes()).digest()
        )
    return fingerprint.hexdigest()


def _entry_checksum(key: str, digest: str, shared_digest: str, content: bytes) -> str:
    return hashlib.sha256(f"{key} {digest} {shared_digest}\n".encode() + content).hexdigest()


def _write_private_file(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, for the user alone to read (which is how temporary files are made)."""
    import tempfile  # noqa: PLC0415 (as above)

    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(target)


def _list_cache_files(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Yield (when it was written, size, path) of every file in the folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            file_stat = entry.stat()
            yield file_stat.st_mtime_ns, file_stat.st_size, Path(entry.path)
