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

from xlflow.workers.within import TOO_LARGE, serve_items

Item = TypeVar("Item")
Answer = TypeVar("Answer")

_BATCH = 20
_MOST = 60
"""Workers at a time: Windows waits for 63 things at once and no more."""
_START = 60.0
"""Seconds that a new process may take until it is ready; a computer that looks for viruses takes its time."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one item may take: seconds, and bytes of memory beyond what the worker has to begin with."""

    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Lost:
    """An item without an answer, since its worker crashed, was late or took too much memory."""

    reason: Literal["crashed", "too-slow", "too-large"]


class NoWorkers(Exception):
    """No process of its own can be started here; the caller has to do without."""


def work_apart(
    task: Callable[[Item], Answer], items: Sequence[Item], jobs: int, bounds: Bounds
) -> Iterator[tuple[int, Answer | Lost]]:
    """Yield (place among the items, answer) as they get done. `task` is a function of a module and does not raise.

    Raises NoWorkers where no process can be started; what has no answer by then is left to the caller.
    """
    count = min(jobs, len(items), _MOST)
    size = max(1, min(_BATCH, len(items) // (max(1, count) * 4)))
    team = _Team(task, bounds, deque(enumerate(items)), size)
    try:
        team.hire(count)
        while team.workers:
            yield from team.listen()
    finally:
        team.dismiss()


@dataclass(slots=True)
class _Worker(Generic[Item]):
    """A process, what it has still to do, the item it is at first, and when it will be late."""

    process: BaseProcess
    pipe: Connection
    late: float
    doing: deque[tuple[int, Item]] = field(default_factory=deque)
    ready: bool = False


@dataclass(slots=True)
class _Team(Generic[Item, Answer]):
    """The workers, and the items that none of them has yet."""

    task: Callable[[Item], Answer]
    bounds: Bounds
    waiting: deque[tuple[int, Item]]
    size: int
    workers: list[_Worker[Item]] = field(default_factory=list)

    def hire(self, count: int) -> None:
        """Start that many workers more."""
        for _ in range(count):
            ours, theirs = _context().Pipe()
            arguments = (theirs, self.task, self.bounds.memory, Lost("too-large"))
            try:
                with _without_script():
                    process = _context().Process(target=serve_items, args=arguments, daemon=True)
                    process.start()
            except (OSError, AssertionError, RuntimeError) as fault:
                raise NoWorkers from fault
            theirs.close()
            self.workers.append(_Worker(process, ours, time.monotonic() + _START))

    def listen(self) -> Iterator[tuple[int, Answer | Lost]]:
        """Wait until a worker has an answer, is gone or is late, and yield what became of its item."""
        soonest = min(worker.late for worker in self.workers) - time.monotonic()
        heard = wait([worker.pipe for worker in self.workers], max(soonest, 0.0))
        for worker in tuple(self.workers):
            if worker.pipe in heard:
                yield from self._hear(worker)
            elif worker.late < time.monotonic():
                yield from self._replace(worker, Lost("too-slow"))

    def dismiss(self) -> None:
        """End all workers at once."""
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.process.join()
            worker.pipe.close()

    def _hear(self, worker: _Worker[Item]) -> Iterator[tuple[int, Answer | Lost]]:
        try:
            answer: Answer | Lost = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            code = worker.process.exitcode
            yield from self._replace(worker, Lost("too-large" if code == TOO_LARGE else "crashed"))
            return
        if worker.ready:
            yield worker.doing.popleft()[0], answer
        worker.ready = True
        self._give(worker)

    def _give(self, worker: _Worker[Item]) -> None:
        """See to it that a worker has something to do, or let it go."""
        if not worker.doing:
            worker.doing.extend(self.waiting.popleft() for _ in range(min(self.size, len(self.waiting))))
            with suppress(OSError):
                worker.pipe.send([item for _, item in worker.doing])
        worker.late = time.monotonic() + self.bounds.seconds
        if not worker.doing:
            self._part(worker)

    def _replace(self, worker: _Worker[Item], lost: Lost) -> Iterator[tuple[int, Lost]]:
        self._part(worker)
        if not worker.ready:
            raise NoWorkers
        number, _ = worker.doing.popleft()
        self.waiting.extendleft(reversed(worker.doing))
        if self.waiting:
            self.hire(1)
        yield number, lost

    def _part(self, worker: _Worker[Item]) -> None:
        self.workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


def worth_while() -> int:
    """Return up to how many small items are quicker done at once than by workers that must first be started."""
    return 10 if _forks() else 100


def _forks() -> bool:
    return sys.platform == "linux" and threading.active_count() == 1


def _context() -> Any:
    """Return how processes are started: forked where that is safe, since it takes no time."""
    return multiprocessing.get_context("fork" if _forks() else "spawn")


@contextmanager
def _without_script() -> Iterator[None]:
    """Keep a new process from running the caller's script again, which need not expect that."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script
