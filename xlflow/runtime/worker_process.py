"""Starts a worker process with a pipe to it: forked where that is safe, else a new Python.

Why not `multiprocessing` for the new Python: it runs the caller's main module again in each process, which can
only be kept from it by swapping `sys.modules["__main__"]` for a moment, and a server with threads cannot bear
that. Here nothing of the caller is changed, so that workers may be started from any thread. The lower half runs in
the new process.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Protocol

WorkerMain = Callable[[Connection, Callable[[Any], Any], int], None]
"""What a worker runs: (its end of the pipe, the task, bytes of memory it may take)."""


class WorkerProcess(Protocol):
    """A process that was started, however that was done."""

    def kill(self) -> None:
        """End it at once, whatever it is doing."""

    def join(self) -> None:
        """Wait until it has ended."""

    @property
    def exitcode(self) -> int | None:
        """Its exit code; None while it runs."""


def fork_worker(
    worker_main: WorkerMain, task: Callable[[Any], Any], memory_bytes: int
) -> tuple[WorkerProcess, Connection]:
    """Return a forked worker and the pipe to it. Only in a program without threads. Raises OSError, or
    AssertionError inside another worker."""
    context = multiprocessing.get_context("fork")
    parent_pipe, worker_pipe = context.Pipe()
    process = context.Process(target=worker_main, args=(worker_pipe, task, memory_bytes), daemon=True)
    process.start()
    worker_pipe.close()
    return process, parent_pipe


def spawn_worker(
    worker_main: WorkerMain, task: Callable[[Any], Any], memory_bytes: int
) -> tuple[WorkerProcess, Connection]:
    """Return a worker in a new Python and the pipe to it, from any thread. `worker_main` and `task` must be
    picklable, and not of the main module. Raises OSError if it cannot be started."""
    if multiprocessing.current_process().daemon:  # as forked workers do
        raise OSError("a worker starts no workers")
    parent_pipe, worker_pipe = multiprocessing.Pipe()
    try:
        process = _SpawnedProcess(_start_python(worker_pipe.fileno()))
    finally:
        worker_pipe.close()
    parent_pipe.send((worker_main, task, memory_bytes))
    return process, parent_pipe


class _SpawnedProcess:
    """A process of `subprocess`, with the methods of `multiprocessing`."""

    def __init__(self, process: "subprocess.Popen[bytes]"):
        self._process = process

    def kill(self) -> None:
        self._process.kill()

    def join(self) -> None:
        self._process.wait()

    @property
    def exitcode(self) -> int | None:
        return self._process.poll()


def _start_python(handle: int) -> "subprocess.Popen[bytes]":
    """Start a new Python that takes over the worker's end of the pipe: a file descriptor, on Windows a handle."""
    code = f"import sys; sys.path[:] = {sys.path!r}; import {__name__} as started; started.run_worker({handle})"
    if sys.platform != "win32":
        return subprocess.Popen(  # noqa: S603 (this very Python)
            [sys.executable, "-c", code],
            pass_fds=(handle,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    os.set_handle_inheritable(handle, True)
    # The `python.exe` of a virtual environment starts another one: killing it would leave that running.
    return subprocess.Popen(  # noqa: S603 (this very Python)
        [sys.executable, "-c", code],
        executable=getattr(sys, "_base_executable", sys.executable),
        env={**os.environ, "__PYVENV_LAUNCHER__": sys.executable},
        startupinfo=subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


# In the new process ---------------------------------------------------------------------------------------


def run_worker(handle: int) -> None:
    """Take over the pipe and do what is sent through it."""
    if sys.platform == "win32":
        from multiprocessing.connection import PipeConnection  # noqa: PLC0415 (on Windows only)

        pipe: Any = PipeConnection(handle)
    else:
        pipe = Connection(handle)
    worker_main, task, memory_bytes = pipe.recv()
    worker_main(pipe, task, memory_bytes)
