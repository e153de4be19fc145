"""The cache folder of this user, and files in it that nobody else may write or read.

What is read from there counts only if it cannot be somebody else's: a link, a pipe, a folder in which others may
write are as if they were not there. The folder may be deleted at any time.
"""

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

CACHE_FOLDER_VARIABLE = "XLFLOW_CACHE_DIR"
"""The variable of the environment that names another folder."""

_READ_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
)
"""How a file is opened: never a link, never waiting for a pipe; each where the system knows it."""


def find_cache_folder() -> Path | None:
    """Return the cache folder of this user, which may not exist yet; None where there is none in which nobody else
    may write."""
    with suppress(OSError, RuntimeError):
        folder = _named_folder()
        return folder if _is_private(folder) else None
    return None


def read_private_file(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a file; b"" if it is absent, a link, no regular file or larger than `max_bytes`."""
    try:
        handle = os.open(path, _READ_FLAGS)
    except OSError:
        return b""
    with os.fdopen(handle, "rb") as stream:
        status = os.fstat(handle)
        is_entry = stat.S_ISREG(status.st_mode) and status.st_size <= max_bytes
        return stream.read(max_bytes) if is_entry else b""


def write_private_file(target: Path, content: bytes) -> None:
    """Write a file whole or not at all, for the user alone to read (which is how temporary files are made). Its
    folder is made if need be. Raises OSError."""
    import tempfile  # noqa: PLC0415 (where something is written only)

    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(target)


def _named_folder() -> Path:
    configured_folder = os.environ.get(CACHE_FOLDER_VARIABLE)
    if configured_folder:
        return Path(configured_folder)
    from platformdirs import user_cache_path  # noqa: PLC0415 (unless the folder is named)

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
