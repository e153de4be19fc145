"""What was read before and need not be read again, in a cache folder of the user's own.

An entry counts only for the very same content under the same name, read by the very same program; whatever is
damaged, lacks its frame or belongs to another file is as if it were not there. Entries are JSON with a check sum,
never anything that could be executed, and hold what people answered: nobody else may read them. The folder may be
deleted at any time.
"""

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xlflow.core.packing import Packed
from xlflow.core.shipped import TEMPLATES, find_shipped

FOLDER = "XLFLOW_CACHE"
"""The variable of the environment that names another folder."""

_MOST_BYTES = 256_000_000
_LONGEST = 90 * 86_400.0
"""Seconds that an answer is kept at most after it was read."""

_READERS = ("python-calamine", "olefile", "pydantic", "python-dateutil")
"""Libraries that have a say in what a file says."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of entries. What cannot be written is not kept; what cannot be read is not there."""

    folder: Path

    def find(self, key: str, digest: str) -> Packed | None:
        """Return what a file with this content said; None if that is not known for sure."""
        head, _, content = self._read(f"{key}.json").partition(b"\n")
        told, known, frame = (*head.decode("ascii", "replace").split(" "), "", "", "")[:3]
        if not content or known != digest or told != _check(key, digest, frame, content):
            return None
        return Packed(content, frame)

    def find_frame(self, digest: str) -> bytes | None:
        """Return the frame with this digest, if it is there and whole."""
        content = self._read(f"{digest}.frame.json")
        return content if hashlib.sha256(content).hexdigest() == digest else None

    def has(self, key: str) -> bool:
        """Return whether there is an entry at all, before anybody looks at the file itself."""
        return (self.folder / f"{key}.json").exists()

    def keep(self, key: str, digest: str, packed: Packed) -> None:
        """Keep what a file said."""
        check = _check(key, digest, packed.frame, packed.content)
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            frame = self.folder / f"{packed.frame}.frame.json"
            if not frame.exists():
                _write(frame, packed.frame_content)
            _write(self.folder / f"{key}.json", f"{check} {digest} {packed.frame}\n".encode() + packed.content)
            frame.touch()

    def tidy(self, most: int = _MOST_BYTES, longest: float = _LONGEST) -> None:
        """Take away what is older than so many seconds, and what was written longest ago, until the folder is no
        larger than this many bytes."""
        oldest = time.time_ns() - longest * 1e9
        with suppress(OSError):
            for written, size, path in sorted(_list_files(self.folder), reverse=True):
                most -= size
                if most < 0 or written < oldest:
                    path.unlink(missing_ok=True)

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError:
            return b""


def find_shelf() -> Shelf | None:
    """Return the shelf of this user, None where the system offers no place for one."""
    with suppress(OSError, RuntimeError):
        named = os.environ.get(FOLDER)
        if named:
            return Shelf(Path(named))
        from platformdirs import user_cache_path  # noqa: PLC0415 (where many files are read only)

        return Shelf(user_cache_path("xlflow", appauthor=False) / "read")
    return None


def name_entry(name: str, size: int, modified: str) -> str:
    """Return under which key a file is kept: its name, size and time on disk, and the program that reads it."""
    facts = (describe_program(), name, str(size), modified)
    return hashlib.sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()


@cache
def describe_program() -> str:
    """Return what changes whenever the program, its words or what it reads with may have changed."""
    from importlib.metadata import version  # noqa: PLC0415 (as above)

    folder = Path(__file__).parent
    sources = [*folder.rglob("*.py"), *Path(str(find_shipped(TEMPLATES))).glob("*.toml")]
    stamps = [f"{path} {(about := path.stat()).st_size} {about.st_mtime_ns}" for path in sorted(sources)]
    libraries = [f"{name} {version(name)}" for name in _READERS]
    return hashlib.sha256("\n".join([sys.version, *libraries, *stamps]).encode()).hexdigest()


def _check(key: str, digest: str, frame: str, content: bytes) -> str:
    return hashlib.sha256(f"{key} {digest} {frame}\n".encode() + content).hexdigest()


def _write(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, for the user alone to read (which is how temporary files are made)."""
    import tempfile  # noqa: PLC0415 (as above)

    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(target)


def _list_files(folder: Path) -> Iterator[tuple[int, int, Path]]:
    """Yield (when it was written, size, path) of every file in the folder."""
    with os.scandir(folder) as entries:
        for entry in entries:
            about = entry.stat()
            yield about.st_mtime_ns, about.st_size, Path(entry.path)
