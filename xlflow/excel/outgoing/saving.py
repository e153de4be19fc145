"""Writes whole files or none: beside the target, flushed to disk, renamed.

Whatever happens meanwhile (a full disk, a lost drive, a process that is killed), the target is at every moment its
old content or all of the new. What a killed run leaves behind, the next one for the same target takes away.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EFBIG, EISDIR, ENOSPC
from pathlib import Path

from xlflow.core.findings import Place, Stop, find
from xlflow.excel.outgoing.claim import Claim, Held, passing_name

_AT_ONCE = 1 << 20
_NO_ROOM = frozenset((ENOSPC, EDQUOT, EFBIG))
_TRIES, _PAUSE = 5, 0.2
"""How often, and how many seconds apart, a file is renamed that Windows says is in use: often a virus scanner has
it for a moment only."""


class Target:
    """A file that this run, and no other at the same time, may write. Made by `claim_target`."""

    def __init__(self, path: Path):
        self._asked = path
        self._path = Path(os.path.realpath(path))
        self._unfinished = passing_name(self._path, "tmp")

    def save(self, content: bytes | Iterable[bytes]) -> Path:
        """Write the file, which may come in chunks, and return where it is: under another name beside the target
        if that is open elsewhere.

        Raises `Stop` with a finding that says what to do when it cannot be written.
        """
        try:
            try:
                _write(self._unfinished, [content] if isinstance(content, bytes) else content)
                written = self._put_in_place()
            except BaseException:
                self.tidy()
                raise
        except OSError as fault:
            raise _stop(self._asked, fault) from fault
        _flush_folder(self._path.parent)
        return self._asked if written == self._path else self._asked.with_name(written.name)

    def tidy(self) -> None:
        """Take away what a run that did not end well has left."""
        with suppress(OSError):
            self._unfinished.unlink()

    def _put_in_place(self) -> Path:
        for left in reversed(range(_TRIES if sys.platform == "win32" else 1)):
            if _is_locked(self._path):
                break
            try:
                os.replace(self._unfinished, self._path)  # noqa: PTH105
            except PermissionError:
                time.sleep(_PAUSE if left else 0)
            else:
                return self._path
        beside = next(path for path in _names_beside(self._path) if not path.exists())
        os.replace(self._unfinished, beside)  # noqa: PTH105
        return beside


@contextmanager
def claim_target(path: Path) -> Iterator[Target]:
    """Claim a file for writing, for as long as the context lasts; its folder is made if need be.

    `Stop` at once if another run has claimed it, or if nothing can be written there.
    """
    made = list[Path]()
    try:
        claim = Claim(Path(os.path.realpath(path)))
        made = _make_folders(path)
        claim.take()
    except Held as held:
        host, process = held.owner
        raise Stop(find("target-in-use", Place(str(path)), words={"host": host, "process": process})) from held
    except UnicodeEncodeError as fault:
        raise Stop(find("target-name-impossible", Place(str(path)))) from fault
    except IsADirectoryError as fault:
        raise Stop(find("target-is-folder", Place(str(path)))) from fault
    except OSError as fault:
        _remove_empty(made)
        raise _stop(path, fault) from fault
    try:
        target = Target(path)
        target.tidy()
        yield target
    finally:
        claim.release()
        _remove_empty(made)


def save_whole(path: Path, content: bytes) -> Path:
    """Write one file, whole or not at all, and return where it is; see `Target.save`."""
    with claim_target(path) as target:
        return target.save(content)


def _write(path: Path, content: Iterable[bytes]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for piece in content:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(handle, rest[:_AT_ONCE]) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folders(path: Path) -> list[Path]:
    """Make the folders that a file needs, and return those that were not there, the innermost first."""
    if path.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    folder = Path(os.path.realpath(path)).parent
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty(folders: Iterable[Path]) -> None:
    """Remove the folders in which nothing was written."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _is_locked(path: Path) -> bool:
    """Return whether somebody has write-protected the file that stands there, which a rename would not mind."""
    return path.exists() and not os.access(path, os.W_OK)


def _names_beside(path: Path) -> Iterator[Path]:
    """Yield "namn (2).xlsx", "namn (3).xlsx" and so on."""
    return (path.with_stem(f"{path.stem} ({number})") for number in range(2, 1_000_000))


def _flush_folder(folder: Path) -> None:
    """Have the new name written down for good, where the system lets one."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _stop(path: Path, fault: OSError) -> Stop:
    if fault.errno in _NO_ROOM:
        return Stop(find("disk-full", Place(str(path))))
    return Stop(find("target-not-writable", Place(str(path)), value=fault.strerror or str(fault)))
