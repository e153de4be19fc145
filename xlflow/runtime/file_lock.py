"""One run at a time for each file that is written, so that no run takes another's half-done work for its own.

The claim is a lock that the operating system holds on a small file beside the target. It ends with the process,
however that ends, so a claim never outlives its run and nobody has to tidy up after one that was killed.
"""

import os
import re
import socket
import stat
import sys
from contextlib import suppress
from errno import EACCES, EAGAIN, ELOOP, EWOULDBLOCK
from hashlib import sha256
from pathlib import Path

_MAX_OWNER_BYTES = 300
_TEMP_FILE_NAME = re.compile(r"\.xlflow-[0-9a-f]{16}\.(?:lock|tmp|old|undo)")
_LOCK_HELD_ERRNOS = frozenset((EACCES, EAGAIN, EWOULDBLOCK))

if sys.platform == "win32":
    import msvcrt

    _LOCK_OFFSET = 1 << 30

    def _request_os_lock(handle: int) -> None:
        """Lock a byte far behind the text, which others can then still read."""
        os.lseek(handle, _LOCK_OFFSET, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
else:
    import fcntl

    def _request_os_lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


class LockHeldError(Exception):
    """Another run holds the lock; `owner` is (computer, process id) as its file says."""

    def __init__(self, owner: tuple[str, str]):
        super().__init__(*owner)
        self.owner = owner


class FileLock:
    """A lock on a file, held from `acquire` to `release`. OSError where nothing can be written beside the file."""

    def __init__(self, target_path: Path):
        self._path = own_temp_path(target_path, "lock")
        self._handle = -1

    def acquire(self) -> None:
        """Take the lock, or raise `LockHeldError` at once."""
        while not self._try_acquire():
            pass  # the run before this one took its file away as it ended
        with suppress(OSError):
            os.ftruncate(self._handle, 0)
            os.write(self._handle, f"{socket.gethostname()}\n{os.getpid()}\n".encode())

    def release(self) -> None:
        """Release the lock and remove its file."""
        with suppress(OSError):
            self._path.unlink()
        with suppress(OSError):
            os.close(self._handle)
        if sys.platform == "win32":  # where a file can only go once it is closed
            with suppress(OSError):
                self._path.unlink()

    def _try_acquire(self) -> bool:
        """Lock the file under the lock's name; False if that name was removed meanwhile."""
        self._handle = _open_regular_file(self._path)
        is_locked = False
        try:
            is_locked = _try_os_lock(self._handle)
            still_exists = os.fstat(self._handle).st_nlink > 0
        except BaseException:
            self.release() if is_locked else os.close(self._handle)
            raise
        if is_locked and still_exists:
            return True
        os.close(self._handle)
        if still_exists:
            raise LockHeldError(self._read_owner())
        return False

    def _read_owner(self) -> tuple[str, str]:
        try:
            handle = _open_regular_file(self._path)
            try:
                owner_lines = os.read(handle, _MAX_OWNER_BYTES).decode(errors="replace").split("\n")
            finally:
                os.close(handle)
        except OSError:
            owner_lines = []
        host, process, *_ = (*owner_lines, "", "")
        return host or "?", process or "?"


def _open_regular_file(path: Path) -> int:
    """Return a handle to a file of this name, made if need be. OSError (ELOOP) where it is a link or no regular
    file, or has another name too: others may write in a shared folder, and what it leads to is not ours to change.
    """
    handle = os.open(
        path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666
    )
    try:
        is_ours = _is_plain_file(path, handle)
    except FileNotFoundError:  # the run before this one took it away just now
        return handle
    except BaseException:
        os.close(handle)
        with suppress(OSError):
            path.unlink()
        raise
    if is_ours:
        return handle
    os.close(handle)
    raise OSError(ELOOP, os.strerror(ELOOP))


def _is_plain_file(path: Path, handle: int) -> bool:
    """Return whether a file is a regular one with no other name; `path` tells where O_NOFOLLOW is unknown."""
    opened = os.fstat(handle)
    return stat.S_ISREG(opened.st_mode) and opened.st_nlink <= 1 and not stat.S_ISLNK(os.lstat(path).st_mode)


def refuse_foreign_link(path: Path) -> None:
    """Raise OSError (ELOOP) where a file that is to be written is a link that somebody else has put there: whoever
    may write in the folder could lead us to a file of ours elsewhere."""
    if sys.platform != "win32" and path.is_symlink() and os.lstat(path).st_uid != os.geteuid():
        raise OSError(ELOOP, os.strerror(ELOOP))


def own_temp_path(target: Path, extension: str) -> Path:
    """Return the path of a temporary file beside a target, used for as long as a run lasts."""
    return target.with_name(f".xlflow-{sha256(os.fsencode(target.name.casefold())).hexdigest()[:16]}.{extension}")


def is_own_temp_file(file_name: str) -> bool:
    """Return whether a file name is that of such a file: it belongs to nobody's material."""
    return _TEMP_FILE_NAME.fullmatch(file_name) is not None


def _try_os_lock(handle: int) -> bool:
    """Return whether the file could be locked; where a drive knows no locks, every run may have it."""
    try:
        _request_os_lock(handle)
    except OSError as fault:
        return fault.errno not in _LOCK_HELD_ERRNOS
    return True
