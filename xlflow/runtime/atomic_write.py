"""Writes whole files or none: beside the target, flushed to disk, renamed.

Whatever happens meanwhile (a full disk, a lost drive, a process that is killed), the target is at every moment its
old content or all of the new. What a killed run leaves behind, the next one for the same target removes.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EDQUOT, EFBIG, EISDIR, ENOSPC
from hashlib import sha256
from pathlib import Path

from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.runtime.file_lock import FileLock, LockHeldError, own_temp_path, refuse_foreign_link

_WRITE_SIZE = 1 << 20
_DISK_FULL_ERRNOS = frozenset((ENOSPC, EDQUOT, EFBIG))
_RENAME_ATTEMPTS, _RETRY_SECONDS = 5, 0.2
"""Attempts, and seconds between them, to rename a file that Windows reports as in use: often only a virus scanner
has it open for a moment."""


class AtomicTarget:
    """A file that this run, and no other at the same time, may write. Made by `lock_target`."""

    def __init__(self, path: Path):
        self._requested_path = path
        self.real_path = Path(os.path.realpath(path))
        self._temp_path = own_temp_path(self.real_path, "tmp")

    def save(self, content: bytes | Iterable[bytes]) -> Path:
        """Write the file, which may come in chunks, and return where it is: under another name beside the target
        if that is open elsewhere.

        Raises `FatalError` with a finding that says what to do when it cannot be written.
        """
        self.prepare(content)
        return self.commit()

    def prepare(self, content: bytes | Iterable[bytes]) -> str:
        """Write the content to the temporary file and return its SHA-256 in hexadecimal; `FatalError` as in
        `save`."""
        try:
            return _write_and_sync(self._temp_path, [content] if isinstance(content, bytes) else content)
        except OSError as fault:
            self.remove_leftovers()
            raise _write_failure(self._requested_path, fault) from fault
        except BaseException:
            self.remove_leftovers()
            raise

    def commit(self) -> Path:
        """Put what was prepared into place and return where it is; `FatalError` as in `save`."""
        saved_path = self.rename()
        sync_folder(self.real_path.parent)
        return saved_path

    def rename(self) -> Path:
        """As `commit`, without flushing the folder to disk."""
        try:
            saved_path = self._rename_into_place()
        except OSError as fault:
            self.remove_leftovers()
            raise _write_failure(self._requested_path, fault) from fault
        except BaseException:
            self.remove_leftovers()
            raise
        is_beside = saved_path != self.real_path
        return self._requested_path.with_name(saved_path.name) if is_beside else self._requested_path

    def remove_leftovers(self) -> None:
        """Remove the temporary file that a failed run has left."""
        with suppress(OSError):
            self._temp_path.unlink()

    def _rename_into_place(self) -> Path:
        for attempts_left in reversed(range(_RENAME_ATTEMPTS if sys.platform == "win32" else 1)):
            if _is_write_protected(self.real_path):
                break
            try:
                os.replace(self._temp_path, self.real_path)  # noqa: PTH105
            except PermissionError:
                time.sleep(_RETRY_SECONDS if attempts_left else 0)
            else:
                return self.real_path
        alternative_path = next(path for path in _alternative_paths(self.real_path) if not path.exists())
        os.replace(self._temp_path, alternative_path)  # noqa: PTH105
        return alternative_path


@contextmanager
def lock_target(path: Path) -> Iterator[AtomicTarget]:
    """Lock a file for writing, for as long as the context lasts; its folder is created if need be.

    Raises `FatalError` at once if another run has locked it, or if nothing can be written there.
    """
    created_folders = list[Path]()
    try:
        refuse_foreign_link(path)
        lock = FileLock(Path(os.path.realpath(path)))
        created_folders = _create_folders(path)
        lock.acquire()
    except LockHeldError as held:
        host, process = held.owner
        raise FatalError(
            make_finding("target-in-use", Location(str(path)), params={"host": host, "process": process})
        ) from held
    except UnicodeEncodeError as fault:
        raise FatalError(make_finding("target-name-impossible", Location(str(path)))) from fault
    except IsADirectoryError as fault:
        raise FatalError(make_finding("target-is-folder", Location(str(path)))) from fault
    except OSError as fault:
        _remove_empty_folders(created_folders)
        raise _write_failure(path, fault) from fault
    try:
        target = AtomicTarget(path)
        target.remove_leftovers()
        yield target
    finally:
        lock.release()
        _remove_empty_folders(created_folders)


def write_atomic(path: Path, content: bytes) -> Path:
    """Write one file, whole or not at all, and return where it is; see `AtomicTarget.save`."""
    with lock_target(path) as target:
        return target.save(content)


def _write_and_sync(path: Path, content: Iterable[bytes]) -> str:
    digest = sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        for chunk in content:
            digest.update(chunk)
            remaining = memoryview(chunk)
            while remaining:
                remaining = remaining[os.write(handle, remaining[:_WRITE_SIZE]) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    return digest.hexdigest()


def _create_folders(path: Path) -> list[Path]:
    """Make the folders that a file needs, and return those that were not there, the innermost first."""
    if path.is_dir():
        raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
    folder = Path(os.path.realpath(path)).parent
    missing = [candidate for candidate in (folder, *folder.parents) if not candidate.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _remove_empty_folders(folders: Iterable[Path]) -> None:
    """Remove the folders in which nothing was written."""
    with suppress(OSError):
        for folder in folders:
            folder.rmdir()


def _is_write_protected(path: Path) -> bool:
    """Return whether an existing file is write-protected, which a rename would ignore."""
    return path.exists() and not os.access(path, os.W_OK)


def _alternative_paths(path: Path) -> Iterator[Path]:
    """Yield "namn (2).xlsx", "namn (3).xlsx" and so on."""
    return (path.with_stem(f"{path.stem} ({number})") for number in range(2, 1_000_000))


def sync_folder(folder: Path) -> None:
    """Flush the folder, so that the new name survives a crash; where the system allows it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_failure(path: Path, error: OSError) -> FatalError:
    if error.errno in _DISK_FULL_ERRNOS:
        return FatalError(make_finding("disk-full", Location(str(path))))
    return FatalError(make_finding("target-not-writable", Location(str(path)), value=error.strerror or str(error)))
