"""Writes whole files or none: beside the target, flushed to disk, renamed."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from xlflow.core.findings import Place, Stop, find


def save_whole(target: Path, content: bytes) -> None:
    """Write a file so that the target is at every moment its old content or all of the new.

    Raises `Stop` with a finding that says what to do when the target cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".xlflow-", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            _open_up(Path(name))
            Path(name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise Stop(find("target-not-writable", Place(str(target)), value=reason)) from fault


def _open_up(path: Path) -> None:
    """Give a temporary file (private by default) the rights that a new file has here."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)
