"""Runs commands of xlflow as processes that need not load Python and all modules anew: most of what a test of a
command takes is that start.

One server for each test process has everything imported and does nothing but fork: each command gets a fresh copy
with its own folder, environment and files for what it prints. Used on Linux only, and only where a fork gives what
a real start does: settings that Python itself reads as it starts need a process of their own.

Above the line: what the tests call. Below: what runs in the server.
"""

import atexit
import importlib
import io
import json
import os
import pkgutil
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

READ_AT_START = ("PYTHON", "LC_", "LANG")
"""Beginnings of variables that count when Python starts: a command that changes one is started for real."""

REAL_START = "XLFLOW_REAL_START"
"""Variable of the tests' own: with 1, every command is started for real. `--long` sets it."""


def can_serve(changed: Mapping[str, str]) -> bool:
    """Return whether a command may run in a fork, given the variables that it changes."""
    if sys.platform != "linux" or os.environ.get(REAL_START) == "1":
        return False
    return not any(name.startswith(READ_AT_START) for name in changed)


def run_forked(words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Return exit code (less than 0: the signal that ended it), stdout and stderr of `xlflow` and `words`."""
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    with TemporaryDirectory(prefix="xlflow-command-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        asked = {"words": list(words), "cwd": str(cwd), "env": dict(env), "out": str(out), "err": str(err)}
        server.stdin.write(json.dumps(asked).encode() + b"\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        assert answer, "the server that runs the commands has ended"
        return int(answer), out.read_bytes(), err.read_bytes()


@cache
def _server() -> "subprocess.Popen[bytes]":
    """Start the server; it ends with this process, since its input ends then."""
    command = [sys.executable, "-P", __file__]
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
    atexit.register(server.kill)
    return server


# In the server --------------------------------------------------------------------------------------------


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Run one command after the other, each in a fork, until there are no more."""
    _import_all()
    assert threading.active_count() == 1, "forking needs a process without threads"
    for line in requests:
        child = os.fork()
        if not child:
            _run_in_child(json.loads(line))
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        answers.flush()


def _import_all() -> None:
    """Import every module of the package but those whose libraries are not installed."""
    import xlflow

    for module in pkgutil.walk_packages(xlflow.__path__, "xlflow."):
        if not module.name.endswith("__main__"):
            with suppress(ImportError):
                importlib.import_module(module.name)


def _run_in_child(asked: dict[str, object]) -> None:
    """Be the command: never returns."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 1
    try:
        _become(asked)
        from xlflow.cli.commands import main

        main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        atexit._run_exitfuncs()
        os._exit(code)


def _become(asked: dict[str, object]) -> None:
    """Take on what the process would have been started with."""
    os.chdir(str(asked["cwd"]))
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[call-overload]
    sys.argv = ["xlflow", *asked["words"]]  # type: ignore[misc]
    sys.path[:] = [str(asked["cwd"]), *sys.path]
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, asked["out"], _WRITE),
        (2, asked["err"], _WRITE),
    ):
        opened = os.open(str(path), flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8")
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(io.FileIO(2, "w", closefd=False)), "utf-8", "backslashreplace", line_buffering=True
    )


_WRITE = os.O_WRONLY | os.O_CREAT | os.O_APPEND


if __name__ == "__main__":
    serve(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
