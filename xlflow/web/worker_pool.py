"""Worker processes in which everything is done that opens a workbook or writes to the project.

Each is a Python of its own that takes one request after the other as JSON lines, and is killed if it is late; a
request costs its worker at most. What comes back is read as data, never as objects. Safe to call from threads.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

_WAIT_SECONDS = 30.0
"""Seconds that a request waits for a free worker."""


class WorkerBusyError(Exception):
    """No worker was free in time; nothing was done."""


class WorkerLostError(Exception):
    """The worker crashed, was late, or hit a fault of ours; what it had done so far may stand."""


class RequestRefusedError(Exception):
    """The project cannot do it. `findings`: what is wrong and what to do, as `project_access.describe_findings`
    tells it."""

    def __init__(self, findings: list[dict[str, Any]]):
        super().__init__("; ".join(finding["code"] for finding in findings))
        self.findings = findings


@dataclass(slots=True)
class _Worker:
    process: "subprocess.Popen[bytes]"

    def ask(self, line: bytes, seconds: float) -> bytes:
        """Send one line and return the answer's; b"" if the worker died or was killed for being late."""
        timer = threading.Timer(seconds, self.kill)
        timer.start()
        try:
            assert self.process.stdin is not None  # noqa: S101
            assert self.process.stdout is not None  # noqa: S101
            self.process.stdin.write(line)
            self.process.stdin.flush()
            return self.process.stdout.readline()
        except (OSError, ValueError):
            return b""
        finally:
            timer.cancel()

    def kill(self) -> None:
        """Kill it, and on systems with process groups what it has forked to read workbooks."""
        with suppress(OSError):
            if sys.platform == "win32":
                self.process.kill()
            else:
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass(slots=True)
class WorkerPool:
    """At most `size` workers for the project in the folder `root`; each is started when it is first needed."""

    root: Path
    size: int
    command: tuple[str, ...] = (sys.executable, "-m", "xlflow.web.worker_main")
    wait_seconds: float = _WAIT_SECONDS
    environment: Mapping[str, str] = field(default_factory=dict)
    _free: "Queue[_Worker | None]" = field(default_factory=Queue)
    _all: list[_Worker] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for _ in range(self.size):
            self._free.put(None)

    def call(self, operation: str, params: Mapping[str, Any], *, seconds: float = 60.0) -> Any:
        """Return what a function of `project_access` returns. Raises `RequestRefusedError`, `WorkerBusyError` or
        `WorkerLostError`. `seconds`: how long it may take once it has begun."""
        try:
            worker = self._free.get(timeout=self.wait_seconds)
        except Empty:
            raise WorkerBusyError from None
        try:
            if worker is None or worker.process.poll() is not None:
                worker = self._start()
            answer = worker.ask(json.dumps({"do": operation, "with": params}).encode() + b"\n", seconds)
            if not answer.endswith(b"\n"):
                self._discard(worker)
                worker = None
        finally:
            self._free.put(worker)
        return _read_answer(answer)

    def warm_up(self) -> None:
        """Start every worker, so that the first request need not wait."""
        starting: list[Callable[[], None]] = []
        for _ in range(self.size):
            worker = self._free.get()
            started = self._start() if worker is None else worker
            starting.append(lambda started=started: self._free.put(started))  # type: ignore[misc]
        for put_back in starting:
            put_back()

    def close(self) -> None:
        """End every worker."""
        with self._lock:
            workers, self._all = self._all, []
        for worker in workers:
            worker.kill()
            _reap(worker)

    def _start(self) -> _Worker:
        process = subprocess.Popen(  # noqa: S603
            [*self.command, str(self.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **self.environment},
            start_new_session=sys.platform != "win32",
        )
        worker = _Worker(process)
        with self._lock:
            self._all.append(worker)
        return worker

    def _discard(self, worker: _Worker) -> None:
        worker.kill()
        _reap(worker)
        with self._lock, suppress(ValueError):
            self._all.remove(worker)


def _reap(worker: _Worker) -> None:
    for stream in (worker.process.stdin, worker.process.stdout):
        with suppress(OSError):
            if stream:
                stream.close()
    worker.process.wait()


def _read_answer(answer: bytes) -> Any:
    try:
        values = json.loads(answer)
    except ValueError:
        raise WorkerLostError from None
    if "refused" in values:
        raise RequestRefusedError(values["refused"])
    if "done" not in values:
        raise WorkerLostError(values.get("failed", ""))
    return values["done"]
