"""The side of the run: hires workers, gives them items, hears them out, and replaces those that are lost.

Waits in a single thread, so that on Linux workers can be forked, which takes no time; elsewhere, and where the
program has threads, they are started anew.
"""

import multiprocessing
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import ModuleType
from typing import Any, Generic, Literal, TypeVar

from xlflow.workers.within import _MEMORY_EXIT_CODE, worker_main

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
