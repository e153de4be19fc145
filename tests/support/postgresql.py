"""Starts a PostgreSQL of its own for a test, on a socket in a folder that is removed again."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.external_tools import skip_or_fail

_PLACES = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/bin", "/usr/bin")
_USER = "postgres"


@contextmanager
def run_postgresql() -> Iterator[str]:
    """Yield the URL of an empty database. PostgreSQL refuses to be run by root, who runs it as its own user."""
    programs = _find_programs()
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        as_other: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": name, "timeout": 120}
        if os.name == "posix" and os.geteuid() == 0:
            shutil.chown(folder, _USER)
            as_other["user"] = _USER
        data, log = str(folder / "data"), str(folder / "log")
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", _USER, "-A", "trust", "-N", "-E", "UTF8"],
            check=True,
            **as_other,
        )
        options = f"-k {name} -c listen_addresses= -c fsync=off"
        start = [programs / "pg_ctl", "-D", data, "-l", log, "-w", "-o", options, "start"]
        subprocess.run(start, check=True, **as_other)
        try:
            yield f"postgresql+psycopg://{_USER}@/postgres?host={name}"
        finally:
            subprocess.run(
                [programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"], check=True, **as_other
            )


def _find_programs() -> Path:
    for place in _PLACES:
        found = sorted(Path("/").glob(f"{place.removeprefix('/')}/initdb"))
        if found:
            return found[-1].parent
    skip_or_fail("PostgreSQL is not installed")
    raise AssertionError
