"""The standing pool: called from many threads at once, and a call that does harm costs itself only."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest
from support.external_tools import PROJECT
from support.worker_tasks import name_main_file, name_process, obey

from xlflow.collect.discover import discover_files
from xlflow.pipeline.read_files import ReadOptions, read_returned_files
from xlflow.runtime.process_pool import TaskFailure, TaskLimits
from xlflow.runtime.standing_pool import StandingPool, WorkerFailedError, map_in_executor


@pytest.fixture(scope="module")
def pool() -> Iterator[StandingPool]:
    with StandingPool(TaskLimits(20.0, 600_000_000), workers=2) as made:
        yield made


def test_many_threads_share_few_processes_that_stay(pool: StandingPool) -> None:
    with ThreadPoolExecutor(6) as threads:
        first = list(threads.map(lambda number: pool.submit(name_process, str(number)).result(), range(12)))
    second = [pool.submit(name_process, str(number)).result() for number in range(4)]
    assert [text.split()[1] for text in first] == [str(number) for number in range(12)]
    processes = {text.split()[0] for text in [*first, *second]}
    assert 1 <= len(processes) <= 2
    assert str(os.getpid()) not in processes
    assert isinstance(pool, Executor)


def test_a_call_that_crashes_costs_itself_only(pool: StandingPool) -> None:
    futures = [pool.submit(obey, word) for word in ("a", "abort", "b", "leave", "c")]
    results = [future.exception() or future.result() for future in futures]
    assert [results[index] for index in (0, 2, 4)] == ["A", "B", "C"]
    for index in (1, 3):
        assert isinstance(results[index], WorkerFailedError)
        assert results[index].failure.reason == "crashed"


def test_a_call_that_hangs_is_ended_in_time() -> None:
    with StandingPool(TaskLimits(1.0, 600_000_000), workers=1) as short:
        assert short.submit(obey, "a").result() == "A"
        start = time.monotonic()
        with pytest.raises(WorkerFailedError, match="too-slow"):
            short.submit(obey, "hang").result()
        assert time.monotonic() - start < 10
        if sys.platform == "linux":
            with pytest.raises(WorkerFailedError, match="too-large"):
                short.submit(obey, "grow").result()
        assert short.submit(obey, "b").result() == "B"


def test_starting_a_process_changes_nothing_that_other_threads_see() -> None:
    main, seen, done = sys.modules["__main__"], set[int](), threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(id(sys.modules["__main__"]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with StandingPool(TaskLimits(20.0, 600_000_000), workers=1) as started:
            assert started.submit(name_main_file, "").result() == "None"
    finally:
        done.set()
        watcher.join()
    assert seen == {id(main)}


def test_nothing_is_left_running() -> None:
    stopped = StandingPool(TaskLimits(20.0, 600_000_000), workers=1)
    process = int(stopped.submit(name_process, "").result().split()[0])
    hanging = stopped.submit(obey, "hang")
    time.sleep(0.05)
    stopped.shutdown(wait=False)
    with pytest.raises(WorkerFailedError):
        hanging.result()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.parametrize("kind", ["standing", "threads"])
def test_any_executor_carries_the_reading_of_forms(kind: str, tmp_path: Path) -> None:
    """A file that is read by an executor gives what it gives without one; a harmful one costs itself."""
    form = PROJECT / "examples" / "followup-2021" / "plan.xlsx"
    (tmp_path / "trasig.xlsx").write_bytes(form.read_bytes()[:900])
    files, _ = discover_files([form, tmp_path / "trasig.xlsx"])
    expected = read_returned_files(files, ReadOptions(1))
    executor = (
        StandingPool(TaskLimits(30.0, 600_000_000), workers=1) if kind == "standing" else ThreadPoolExecutor(2)
    )
    with executor:
        assert read_returned_files(files, ReadOptions(executor=executor)) == expected
        words = map_in_executor(executor, obey, ["a", "abort", "b"], TaskLimits(30.0, 600_000_000))
        assert dict(words) == {0: "A", 1: TaskFailure("crashed"), 2: "B"}
