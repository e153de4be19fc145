"""The side of a worker: answers item after item, quietly, and keeps within its bound of memory.

The side of the run: hires workers, gives them items, hears them out, and replaces those that are lost.

Waits in a single thread, so that on Linux workers can be forked, which takes no time; elsewhere, and where the
program has threads, they are started anew.

Work done in processes of their own, since it may crash, hang or take all memory: that costs one item, not all.

A worker that dies or is late is replaced, and only the item that it was at is lost. Knows nothing of workbooks.
"""

import faulthandler
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, Literal, TypeVar

_MEMORY_EXIT_CODE = 77
"""What a worker exits with that noticed itself that it takes too much memory."""

_MEMORY_CHECK_INTERVAL = 0.02
"""Seconds between two looks at the memory, where the system does not keep the bound itself."""


def worker_main(
    pipe: Connection, task: Callable[[Any], Any], memory_bytes: int, too_large_failure: object
) -> None:
    """Answer batch after batch until the pipe ends; with `too_large` where an item takes too much memory. Nothing
    is written to the terminal: whoever asked says what is wrong. Garbage is looked for between batches only."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(os.devnull).open("w", encoding="utf-8") as null_device:
        os.dup2(null_device.fileno(), 2)
    faulthandler.disable()
    _limit_memory(memory_bytes)
    gc.freeze()
    gc.disable()
    pipe.send(None)
    with suppress(EOFError, OSError):
        while True:
            for item in pipe.recv():
                try:
                    result = task(item)
                except MemoryError:
                    result = too_large_failure
                pipe.send(result)
            gc.collect()


def _limit_memory(max_bytes: int) -> None:
    """Let the system keep the bound where it can (Linux); elsewhere watch it and leave when it is passed."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 (not on Windows)

        used_bytes = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (used_bytes + max_bytes, used_bytes + max_bytes))
    else:
        watch = threading.Thread(target=_exit_above_memory, args=(peak_memory() + max_bytes,), daemon=True)
        watch.start()


def _exit_above_memory(max_bytes: int) -> None:
    while peak_memory() < max_bytes:
        time.sleep(_MEMORY_CHECK_INTERVAL)
    os._exit(_MEMORY_EXIT_CODE)


def peak_memory() -> int:
    """Return how many bytes of memory this process has taken at most so far; 0 where the system does not say."""
    if sys.platform == "win32":
        return _peak_memory_on_windows()
    import resource  # noqa: PLC0415 (not on Windows)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _peak_memory_on_windows() -> int:
    """Return `PeakWorkingSetSize` of PROCESS_MEMORY_COUNTERS (psapi.h)."""
    import ctypes  # noqa: PLC0415 (slow to load, and only needed there)

    class Counters(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_ulong),
            ("faults", ctypes.c_ulong),
            ("peak", ctypes.c_size_t),
            ("others", ctypes.c_size_t * 7),
        )

    counters = Counters(size=ctypes.sizeof(Counters))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (exists on Windows only)
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel.GetCurrentProcess())
    succeeded = kernel.K32GetProcessMemoryInfo(handle, ctypes.byref(counters), counters.size)
    return int(counters.peak) if succeeded else 0


Item = TypeVar("Item")
TaskResult = TypeVar("TaskResult")

_MAX_BATCH_SIZE = 20
_MAX_WORKERS = 60
"""Workers at a time: Windows waits for 63 things at once and no more."""
_START_TIMEOUT = 60.0
"""Seconds that a new process may take until it is ready; a computer that looks for viruses takes its time."""


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """What one item may take: seconds, and bytes of memory beyond what the worker has to begin with."""

    seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """An item without an answer, since its worker crashed, was late or took too much memory."""

    reason: Literal["crashed", "too-slow", "too-large"]


class PoolUnavailableError(Exception):
    """No process of its own can be started here; the caller has to do without."""


def map_in_processes(
    task: Callable[[Item], TaskResult], items: Sequence[Item], jobs: int, limits: TaskLimits
) -> Iterator[tuple[int, TaskResult | TaskFailure]]:
    """Yield (place among the items, answer) as they get done. `task` is a function of a module and does not raise.

    Raises NoWorkers where no process can be started; what has no answer by then is left to the caller.
    """
    worker_count = min(jobs, len(items), _MAX_WORKERS)
    batch_size = max(1, min(_MAX_BATCH_SIZE, len(items) // (max(1, worker_count) * 4)))
    pool = _Pool(task, limits, deque(enumerate(items)), batch_size)
    try:
        pool.start_workers(worker_count)
        while pool.workers:
            yield from pool.poll_workers()
    finally:
        pool.kill_all()


@dataclass(slots=True)
class _Worker(Generic[Item]):
    """A process, what it has still to do, the item it is at first, and when it will be late."""

    process: BaseProcess
    pipe: Connection
    timeout_at: float
    assigned: deque[tuple[int, Item]] = field(default_factory=deque)
    is_ready: bool = False


@dataclass(slots=True)
class _Pool(Generic[Item, TaskResult]):
    """The workers, and the items that none of them has yet."""

    task: Callable[[Item], TaskResult]
    limits: TaskLimits
    pending: deque[tuple[int, Item]]
    batch_size: int
    workers: list[_Worker[Item]] = field(default_factory=list)

    def start_workers(self, count: int) -> None:
        """Start that many workers more."""
        for _ in range(count):
            parent_pipe, worker_pipe = _process_context().Pipe()
            arguments = (worker_pipe, self.task, self.limits.memory_bytes, TaskFailure("too-large"))
            try:
                with _hide_main_module():
                    process = _process_context().Process(target=worker_main, args=arguments, daemon=True)
                    process.start()
            except (OSError, AssertionError, RuntimeError) as fault:
                raise PoolUnavailableError from fault
            worker_pipe.close()
            self.workers.append(_Worker(process, parent_pipe, time.monotonic() + _START_TIMEOUT))

    def poll_workers(self) -> Iterator[tuple[int, TaskResult | TaskFailure]]:
        """Wait until a worker has an answer, is gone or is late, and yield what became of its item."""
        seconds_left = min(worker.timeout_at for worker in self.workers) - time.monotonic()
        ready_pipes = wait([worker.pipe for worker in self.workers], max(seconds_left, 0.0))
        for worker in tuple(self.workers):
            if worker.pipe in ready_pipes:
                yield from self._receive_result(worker)
            elif worker.timeout_at < time.monotonic():
                yield from self._replace_worker(worker, TaskFailure("too-slow"))

    def kill_all(self) -> None:
        """End all workers at once."""
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.process.join()
            worker.pipe.close()

    def _receive_result(self, worker: _Worker[Item]) -> Iterator[tuple[int, TaskResult | TaskFailure]]:
        try:
            result: TaskResult | TaskFailure = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            exit_code = worker.process.exitcode
            yield from self._replace_worker(
                worker, TaskFailure("too-large" if exit_code == _MEMORY_EXIT_CODE else "crashed")
            )
            return
        if worker.is_ready:
            yield worker.assigned.popleft()[0], result
        worker.is_ready = True
        self._assign_items(worker)

    def _assign_items(self, worker: _Worker[Item]) -> None:
        """See to it that a worker has something to do, or let it go."""
        if not worker.assigned:
            worker.assigned.extend(self.pending.popleft() for _ in range(min(self.batch_size, len(self.pending))))
            with suppress(OSError):
                worker.pipe.send([item for _, item in worker.assigned])
        worker.timeout_at = time.monotonic() + self.limits.seconds
        if not worker.assigned:
            self._stop_worker(worker)

    def _replace_worker(self, worker: _Worker[Item], failure: TaskFailure) -> Iterator[tuple[int, TaskFailure]]:
        self._stop_worker(worker)
        if not worker.is_ready:
            raise PoolUnavailableError
        index, _ = worker.assigned.popleft()
        self.pending.extendleft(reversed(worker.assigned))
        if self.pending:
            self.start_workers(1)
        yield index, failure

    def _stop_worker(self, worker: _Worker[Item]) -> None:
        self.workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


def max_items_without_pool() -> int:
    """Return up to how many small items are quicker done at once than by workers that must first be started."""
    return 10 if _can_fork() else 100


def _can_fork() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


def _process_context() -> Any:
    """Return how processes are started: forked where that is safe, since it takes no time."""
    return multiprocessing.get_context("fork" if _can_fork() else "spawn")


@contextmanager
def _hide_main_module() -> Iterator[None]:
    """Keep a new process from running the caller's script again, which need not expect that."""
    main_module = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main_module
