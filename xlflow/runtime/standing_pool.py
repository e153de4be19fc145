"""A pool of worker processes that stays: for programs with threads, such as a server that reads file by file.

It is an `Executor` as any other, so that whoever reads through one may be given this, another or one that spans
computers. Unlike those of `concurrent.futures`, each call has a bound of time and memory, and a call that crashes,
hangs or takes too much costs itself only: its process is killed and started anew.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic

from xlflow.runtime.process_pool import (
    MEMORY_EXIT_CODE,
    START_TIMEOUT,
    Item,
    PoolUnavailableError,
    TaskFailure,
    TaskLimits,
    TaskResult,
    map_in_processes,
    worker_main,
)
from xlflow.runtime.result_frames import MAX_FRAME_BYTES, READY_FRAME, TOO_LARGE_FRAME, decode_result
from xlflow.runtime.worker_process import WorkerProcess, spawn_worker


class WorkerFailedError(Exception):
    """In place of a result: what became of the process of a call, see `TaskFailure`."""

    def __init__(self, failure: TaskFailure):
        super().__init__(failure.reason)
        self.failure = failure

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.failure,)


class StandingPool(Executor):
    """Calls functions in at most `workers` processes, each started when it is first needed.

    A function must be picklable, and return bytes, a text, or a tuple of these; if it raises, it counts as
    crashed. A call that fails raises `WorkerFailedError` from its future; one for which no process can be started
    raises `PoolUnavailableError`. May be used from any number of threads; use it in a `with` or call `shutdown`.
    """

    def __init__(self, limits: TaskLimits, workers: int = 2):
        self._limits = limits
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="xlflow-pool")
        self._own = threading.local()
        self._workers: set[_StandingWorker] = set()
        self._lock = threading.Lock()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call `fn(*args, **kwargs)` in a process as soon as one is free."""
        return self._threads.submit(self._call, _Call(fn, args, tuple(kwargs.items())))

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes: after their calls if `wait`, else at once."""
        if not wait:
            self._kill_all()
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures or not wait)
        self._kill_all()

    def _kill_all(self) -> None:
        with self._lock:
            for worker in self._workers:
                worker.kill()
            self._workers.clear()

    def _call(self, call: "_Call") -> Any:
        """Return the result of a call. Runs in a thread of the pool, which has a process of its own."""
        worker = getattr(self._own, "worker", None) or self._start()
        try:
            return worker.call(call, self._limits.seconds)
        except WorkerFailedError:
            with self._lock:
                self._workers.discard(worker)
            self._own.worker = None
            raise

    def _start(self) -> "_StandingWorker":
        try:
            worker = _StandingWorker(*spawn_worker(worker_main, _Call.run, self._limits.memory_bytes))
        except (OSError, RuntimeError) as fault:
            raise PoolUnavailableError from fault
        if not worker.is_started():
            raise PoolUnavailableError
        with self._lock:
            self._workers.add(worker)
        self._own.worker = worker
        return worker


def map_in_executor(
    executor: Executor, task: Callable[[Item], TaskResult], items: Sequence[Item], limits: TaskLimits
) -> Iterator[tuple[int, TaskResult | TaskFailure]]:
    """Yield (index of the item, result or failure) as `map_in_processes` does, the items done by any executor.

    A `StandingPool` bounds each item by its own limits. With any other one, a process of each item's own does, so
    that no item can hold up or end what carries it; an item that no process can be started for has crashed.
    """
    one = task if isinstance(executor, StandingPool) else _BoundedTask(task, limits)
    futures = {executor.submit(one, item): index for index, item in enumerate(items)}
    try:
        for future in as_completed(futures):
            yield futures[future], _outcome_of(future)
    finally:
        for future in futures:
            future.cancel()


def _outcome_of(future: Future[Any]) -> Any:
    try:
        return future.result()
    except WorkerFailedError as error:
        return error.failure
    except (PoolUnavailableError, BrokenExecutor):
        return TaskFailure("crashed")


@dataclass(frozen=True, slots=True)
class _BoundedTask(Generic[Item, TaskResult]):
    """A task that is done in a process of its own, wherever it is called."""

    task: Callable[[Item], TaskResult]
    limits: TaskLimits

    def __call__(self, item: Item) -> TaskResult:
        ((_, outcome),) = map_in_processes(self.task, [item], 1, self.limits)
        if isinstance(outcome, TaskFailure):
            raise WorkerFailedError(outcome)
        return outcome


@dataclass(frozen=True, slots=True)
class _Call:
    """A function and what it is called with."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]

    def run(self) -> Any:
        return self.function(*self.args, **dict(self.kwargs))


class _StandingWorker:
    """A process that does one call after the other."""

    def __init__(self, process: WorkerProcess, pipe: Connection):
        self._process, self._pipe = process, pipe

    def is_started(self) -> bool:
        """Wait until the process is ready; if it never is, it is killed."""
        try:
            return self._receive(START_TIMEOUT) == READY_FRAME
        except WorkerFailedError:
            return False

    def call(self, call: _Call, seconds: float) -> Any:
        """Return what a call returns; `WorkerFailedError` if it does not within the bounds."""
        with suppress(OSError):  # a process that is gone is found out by the next line
            self._pipe.send([call])
        frame = self._receive(seconds)
        if frame == TOO_LARGE_FRAME:
            self.kill()
            raise WorkerFailedError(TaskFailure("too-large"))
        try:
            return decode_result(frame)
        except ValueError as fault:
            self.kill()
            raise WorkerFailedError(TaskFailure("crashed")) from fault

    def kill(self) -> None:
        """End the process and wait for that."""
        self._process.kill()
        self._process.join()

    def _receive(self, seconds: float) -> bytes:
        until = time.monotonic() + seconds
        try:
            if self._pipe.poll(max(0.0, until - time.monotonic())):
                return self._pipe.recv_bytes(MAX_FRAME_BYTES)
        except (EOFError, OSError) as fault:
            self.kill()
            too_large = self._process.exitcode == MEMORY_EXIT_CODE
            raise WorkerFailedError(TaskFailure("too-large" if too_large else "crashed")) from fault
        self.kill()
        raise WorkerFailedError(TaskFailure("too-slow"))
