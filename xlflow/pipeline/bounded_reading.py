"""The one door to files that are opened outside the reading of forms: time and memory are bounded for each.

That is the plan, the consolidated workbooks, and whatever stands where something is to be written. Such a file is
read in a process that can be stopped; in this one only where starting a process is slow and the file is provably
small. How much a file may take follows from its size. Forms go through `read_files`, which does the same for many.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from xlflow.excel.reader import (
    DEFAULT_LIMITS,
    Limits,
    WorkbookData,
    is_provably_small,
    open_workbook,
    refusal_finding,
)
from xlflow.model.findings import FatalError, Finding
from xlflow.runtime.data_pickle import DATA_ERRORS, dump_data, load_data
from xlflow.runtime.process_pool import (
    PoolUnavailableError,
    TaskFailure,
    TaskLimits,
    map_in_processes,
    starts_quickly,
)

FAILURE_CODES = {"crashed": "reader-crashed", "too-slow": "reader-too-slow", "too-large": "reader-too-large"}
"""The reason for which a process ended without a result -> the code of the refusal."""

_BYTES_PER_FILE_BYTE = 80
"""Bytes of memory per byte of a packed file: measured for consolidated workbooks, which need up to 50."""

_SECONDS_PER_MEGABYTE = 12.0
"""Seconds per megabyte of a packed file: some four times what a slow computer needs."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class FailedReading:
    """In place of a result: the file could not be read within its bounds; `finding` says so."""

    finding: Finding


def open_named_workbook(
    path: Path,
    limits: Limits = DEFAULT_LIMITS,
    open_file: Callable[[Path, str, Limits], WorkbookData | Finding] = open_workbook,
) -> WorkbookData | Finding:
    """Return a workbook that a person has named, or the finding that says why it cannot be read."""
    outcome = read_within_bounds(_WorkbookOpener(open_file, limits), path, limits)
    return outcome.finding if isinstance(outcome, FailedReading) else outcome


def read_within_bounds(
    task: Callable[[Path], Result], path: Path, limits: Limits = DEFAULT_LIMITS
) -> Result | FailedReading:
    """Return what `task` makes of a file; see `read_each_within_bounds`."""
    return next(iter(read_each_within_bounds(task, [path], limits)))


def read_each_within_bounds(
    task: Callable[[Path], Result], paths: Sequence[Path], limits: Limits = DEFAULT_LIMITS, jobs: int = 1
) -> Iterator[Result | FailedReading]:
    """Yield what `task` makes of each file, in their order.

    `task` must be picklable (a function of a module or an instance of a class of one); a FatalError that it raises
    is raised here. `jobs`: processes at a time.
    """
    direct = {path for path in paths if not starts_quickly() and is_provably_small(path)}
    bounded = [path for path in dict.fromkeys(paths) if path not in direct]
    results: dict[Path, _Outcome[Result] | TaskFailure] = {}
    bounded_task = _Task(task)
    size = max((_file_size(path) for path in bounded), default=0)
    try:
        for index, frame in map_in_processes(bounded_task, bounded, jobs, _limits_for(size, limits)):
            results[bounded[index]] = frame if isinstance(frame, TaskFailure) else _load_outcome(frame)
    except PoolUnavailableError:
        direct.update(path for path in bounded if path not in results)
    for path in paths:
        found = bounded_task.run(path) if path in direct else results[path]
        if isinstance(found, TaskFailure):
            yield FailedReading(refusal_finding(FAILURE_CODES[found.reason], path.name, limits))
        elif found.error_findings:
            raise FatalError(*found.error_findings)
        else:
            yield found.results[0]


@dataclass(frozen=True, slots=True)
class _WorkbookOpener:
    open_file: Callable[[Path, str, Limits], WorkbookData | Finding]
    limits: Limits

    def __call__(self, path: Path) -> WorkbookData | Finding:
        return self.open_file(path, path.name, self.limits)


@dataclass(frozen=True, slots=True)
class _Outcome(Generic[Result]):
    """What a task returned (one), or the findings of the FatalError that it raised."""

    results: tuple[Result, ...]
    error_findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Task(Generic[Result]):
    """A task whose FatalError becomes a value, since nothing may be raised in a worker; and that value bytes,
    which is all that a worker sends."""

    task: Callable[[Path], Result]

    def __call__(self, path: Path) -> bytes:
        return dump_data(self.run(path))

    def run(self, path: Path) -> _Outcome[Result]:
        try:
            return _Outcome((self.task(path),))
        except FatalError as error:
            return _Outcome((), error.findings)


def _load_outcome(frame: bytes) -> Any:
    """Return the outcome that a worker sent; as if it had crashed where that is none."""
    try:
        outcome = load_data(frame)
    except DATA_ERRORS:
        return TaskFailure("crashed")
    return outcome if isinstance(outcome, _Outcome) else TaskFailure("crashed")


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _limits_for(size: int, limits: Limits) -> TaskLimits:
    """Return how long a file of `size` bytes may take, and how much memory."""
    size = min(size, limits.file_bytes)
    seconds = DEFAULT_LIMITS.seconds + size / 1_000_000 * _SECONDS_PER_MEGABYTE
    return TaskLimits(min(seconds, limits.seconds), limits.memory_bytes + size * _BYTES_PER_FILE_BYTE)
