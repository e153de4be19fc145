"""Work apart: whatever a worker does, its item alone is lost, the others get done, and the run goes on."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from xlflow.runtime.process_pool import (
    PoolUnavailableError,
    TaskFailure,
    TaskLimits,
    map_in_processes,
    peak_memory,
)

BOUNDS = TaskLimits(1.0, 300_000_000)


def do_what_it_says(word: str) -> str:
    """Return the word in capitals, or do the harm that it names."""
    if word == "who":
        time.sleep(0.02)
        return str(os.getpid())
    if word == "abort":
        os.abort()
    if word == "leave":
        os._exit(3)
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "hang":
        time.sleep(60)
    if word == "stop":
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        while True:
            pass
    if word == "grow":
        return str(len(bytearray(2_000_000_000)))
    return word.upper()


def ask(*words: str, jobs: int = 2, bounds: TaskLimits = BOUNDS) -> dict[int, str | TaskFailure]:
    return dict(map_in_processes(do_what_it_says, words, jobs, bounds))


def test_every_item_is_answered_under_its_place() -> None:
    words = [f"w{number}" for number in range(100)]
    assert ask(*words) == dict(enumerate(word.upper() for word in words))


def test_there_are_never_more_workers_than_windows_can_wait_for() -> None:
    answers = ask(*["who"] * 150, jobs=75)
    assert 2 <= len(set(answers.values())) <= 60


def test_nothing_to_do_is_done_at_once() -> None:
    assert ask() == {}


@pytest.mark.parametrize("harm", ["abort", "leave", "kill"])
def test_a_worker_that_dies_costs_one_item(harm: str) -> None:
    assert ask("a", harm, "b", "c", harm) == {
        0: "A",
        1: TaskFailure("crashed"),
        2: "B",
        3: "C",
        4: TaskFailure("crashed"),
    }


@pytest.mark.parametrize("harm", ["hang", "stop"])
def test_a_worker_that_is_late_costs_one_item(harm: str) -> None:
    start = time.monotonic()
    assert ask("a", harm, "b", bounds=TaskLimits(0.5, 300_000_000)) == {0: "A", 1: TaskFailure("too-slow"), 2: "B"}
    assert time.monotonic() - start < 10


@pytest.mark.skipif(sys.platform != "linux", reason="the system keeps the bound on Linux only")
def test_a_worker_that_takes_too_much_memory_costs_one_item() -> None:
    assert ask("a", "grow", "b") == {0: "A", 1: TaskFailure("too-large"), 2: "B"}


def test_all_of_a_batch_may_be_lost() -> None:
    words = ["abort", "x", "abort", "abort", "y"] * 20
    answers = ask(*words, jobs=1)
    assert len(answers) == 100
    crashed = TaskFailure("crashed")
    assert [answers[number] for number in range(5)] == [crashed, "X", crashed, crashed, "Y"]


def test_a_program_with_threads_starts_its_workers_anew() -> None:
    go = threading.Event()
    other = threading.Thread(target=go.wait)
    other.start()
    try:
        answers = ask("a", "abort", "b", bounds=TaskLimits(20.0, 300_000_000))
    finally:
        go.set()
        other.join()
    assert answers == {0: "A", 1: TaskFailure("crashed"), 2: "B"}


def test_a_caller_that_has_enough_leaves_no_worker_behind() -> None:
    answers = map_in_processes(do_what_it_says, ["a", "hang"], 1, BOUNDS)
    assert next(answers) == (0, "A")
    answers.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


SCRIPT = """
import threading
from test_process_pool import ask
from xlflow.runtime.process_pool import TaskLimits
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("begin")
print(ask("a", bounds=TaskLimits(20.0, 300_000_000)))
"""


def test_a_script_is_not_run_again_by_its_workers(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    completed = subprocess.run(
        [sys.executable, script],
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (completed.stdout.split(), completed.stderr) == (["begin", "{0:", "'A'}"], "")


def be_asked_within_a_worker(word: str) -> str:
    try:
        return str(ask(word))
    except PoolUnavailableError:
        return "no workers"


def test_where_no_process_can_be_started_the_caller_is_told() -> None:
    assert dict(map_in_processes(be_asked_within_a_worker, ["a"], 1, BOUNDS)) == {0: "no workers"}


def test_the_memory_taken_so_far_is_known() -> None:
    before = peak_memory()
    taken = bytearray(200_000_000)
    taken[::4096] = bytes(len(taken[::4096]))
    assert peak_memory() > before or before > 200_000_000
    assert before > 1_000_000
