"""Runs a task on many items in worker processes that may crash, hang or take all memory: that costs one item.

Why not `concurrent.futures`: its pool breaks as a whole when one process dies, and it bounds neither the time nor
the memory of an item. Here each worker has a pipe of its own, a deadline for the item that it is at, and a bound
of memory. A worker that dies or is late is killed and replaced, and only its current item is lost.

The caller waits for all workers in a single thread: a program without threads can fork on Linux, which starts a
worker at once instead of loading Python and all modules anew. Elsewhere, and in programs with threads, workers are
spawned. The upper half runs in the worker, the lower half in the caller. Knows nothing of workbooks.

What comes back from a worker is bytes and texts (`result_frames`), never pickled: a file that takes over a
worker's process could else run what it likes in the caller.
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

from xlflow.runtime.result_frames import (
    MAX_FRAME_BYTES,
    READY_FRAME,
    TOO_LARGE_FRAME,
    decode_result,
    encode_result,
)

_MEMORY_EXIT_CODE = 77
"""Exit code of a worker that stopped itself because it took too much memory."""

_MEMORY_CHECK_INTERVAL = 0.02
"""Seconds between two checks of the memory, where the system enforces no limit."""

# In the worker --------------------------------------------------------------------------------------------


def worker_main(pipe: Connection, task: Callable[[Any], Any], memory_bytes: int) -> None:
    """Send a blank frame when ready, then take batches of items from the pipe and send a result for each, until it
    is closed.

    An item that raises MemoryError is told as too large. Ctrl-C is ignored, since the caller gets it
    too and kills the workers; standard error is discarded, since a crash of the reader is reported as a finding.
    Garbage is collected between batches only: reading one form creates many objects and hardly a cycle.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(os.devnull).open("w", encoding="utf-8") as null_device:
        os.dup2(null_device.fileno(), 2)
    faulthandler.disable()
    _limit_memory(memory_bytes)
    gc.freeze()  # what was inherited by fork is never looked at again, so that its pages stay shared
    gc.disable()
    pipe.send_bytes(READY_FRAME)
    with suppress(EOFError, OSError):
        while True:
            for item in pipe.recv():
                try:
                    frame = encode_result(task(item))
                except MemoryError:
                    frame = TOO_LARGE_FRAME
                pipe.send_bytes(frame)
            gc.collect()


def _limit_memory(max_bytes: int) -> None:
    """Bound the memory that this process may take beyond what it has now.

    On Linux the system enforces it (RLIMIT_AS), so that an allocation fails with MemoryError. macOS does not
    enforce that limit, and Windows has none that could be set without rights; there a thread watches and ends the
    process.
    """
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
    """Return the most bytes of memory that this process has had so far; 0 where the system does not say."""
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


# In the caller --------------------------------------------------------------------------------------------

Item = TypeVar("Item")
TaskResult = TypeVar("TaskResult")

_MAX_BATCH_SIZE = 20
"""Items that a worker is given at a time, so that it need not wait for the caller after each."""

_MAX_WORKERS = 60
"""Workers at a time: Windows can wait for at most 63 handles at once."""

_START_TIMEOUT = 60.0
"""Seconds until a new process must be ready; virus scanners can make starting one very slow."""


@dataclass(frozen=True, slots=True)
class TaskLimits:
    """What one item may take: `seconds` of time by the clock, and bytes of memory beyond what the worker begins
    with."""

    seconds: float
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """In place of a result: the worker of an item crashed, was late or took too much memory."""

    reason: Literal["crashed", "too-slow", "too-large"]


class PoolUnavailableError(Exception):
    """No worker process can be started here; the caller has to do the work itself."""


def map_in_processes(
    task: Callable[[Item], TaskResult], items: Sequence[Item], jobs: int, limits: TaskLimits
) -> Iterator[tuple[int, TaskResult | TaskFailure]]:
    """Yield (index of the item, result or failure) in the order in which items are finished.

    `task` must be picklable (a function of a module, or an instance of a class of one), as must items; a result is
    bytes, a text, or a tuple of these. It must not raise: a worker whose task raises counts as crashed. At most
    `jobs` processes run at a time. Closing the iterator kills them. Raises PoolUnavailableError if no process can
    be started; items without a
    result by then are left to the caller.
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
    """A worker process: `assigned` are the (index, item) that it has been sent and not answered, its current one
    first; `timeout_at` on the monotonic clock is when it is late. `is_ready`: it has reported that it started."""

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
        """Start `count` more workers. Raises PoolUnavailableError if the system does not allow it."""
        for _ in range(count):
            parent_pipe, worker_pipe = _process_context().Pipe()
            arguments = (worker_pipe, self.task, self.limits.memory_bytes)
            try:
                with _hide_main_module():
                    process = _process_context().Process(target=worker_main, args=arguments, daemon=True)
                    process.start()
            except (OSError, AssertionError, RuntimeError) as fault:
                raise PoolUnavailableError from fault
            worker_pipe.close()
            self.workers.append(_Worker(process, parent_pipe, time.monotonic() + _START_TIMEOUT))

    def poll_workers(self) -> Iterator[tuple[int, TaskResult | TaskFailure]]:
        """Wait until a worker has a result, is dead or is late, and yield (index, result or failure) of its
        item."""
        seconds_left = min(worker.timeout_at for worker in self.workers) - time.monotonic()
        ready_pipes = wait([worker.pipe for worker in self.workers], max(seconds_left, 0.0))
        for worker in tuple(self.workers):
            if worker.pipe in ready_pipes:
                yield from self._receive_result(worker)
            elif worker.timeout_at < time.monotonic():
                yield from self._replace_worker(worker, TaskFailure("too-slow"))

    def kill_all(self) -> None:
        """Kill all workers, whatever they are doing."""
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.process.join()
            worker.pipe.close()

    def _receive_result(self, worker: _Worker[Item]) -> Iterator[tuple[int, TaskResult | TaskFailure]]:
        try:
            frame = worker.pipe.recv_bytes(MAX_FRAME_BYTES)
            result: Any = decode_result(frame) if frame not in (READY_FRAME, TOO_LARGE_FRAME) else None
        except (EOFError, OSError, ValueError):
            worker.process.kill()  # it may have sent nonsense and still be there
            worker.process.join()
            exit_code = worker.process.exitcode
            yield from self._replace_worker(
                worker, TaskFailure("too-large" if exit_code == _MEMORY_EXIT_CODE else "crashed")
            )
            return
        if worker.is_ready:
            index, _ = worker.assigned.popleft()
            yield index, TaskFailure("too-large") if frame == TOO_LARGE_FRAME else result
        worker.is_ready = True
        self._assign_items(worker)

    def _assign_items(self, worker: _Worker[Item]) -> None:
        """Send a worker its next batch if it has finished the last one, and restart its clock; stop it if nothing
        is left to do."""
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
    """Return up to how many small items are done in this process rather than by workers that must be started
    first: where workers are spawned, each takes as long to start as a hundred forms to read. Forking takes a few
    milliseconds, so that there every item is done where its time and memory are bounded."""
    return 0 if _can_fork() else 100


def starts_quickly() -> bool:
    """Return whether a worker starts in a few milliseconds: where it is forked."""
    return _can_fork()


def _can_fork() -> bool:
    """Return whether forking is safe: on Linux, and without threads, which might hold a lock that no one in the
    child would ever release."""
    return sys.platform == "linux" and threading.active_count() == 1


def _process_context() -> Any:
    """Return the multiprocessing context: fork where that is safe, since it takes next to no time, else spawn."""
    return multiprocessing.get_context("fork" if _can_fork() else "spawn")


@contextmanager
def _hide_main_module() -> Iterator[None]:
    """Hide the caller's main module while a process is spawned: multiprocessing would run it again in the worker,
    and a script without `if __name__ == "__main__"` would start everything anew."""
    main_module = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main_module
