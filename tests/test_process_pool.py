"""The process pool: whatever a worker does, only its current item is lost, and all others get done."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlflow.excel.conventions import ShownNumber
from xlflow.runtime.data_pickle import dump_data, load_data
from xlflow.runtime.process_pool import (
    PoolUnavailableError,
    TaskFailure,
    TaskLimits,
    map_in_processes,
    peak_memory,
)
from xlflow.runtime.result_frames import ResultValue, decode_result, encode_result

LIMITS = TaskLimits(1.0, 300_000_000)


def obey(word: str) -> str:
    """Return the word in capitals, or do what it names."""
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


def map_words(*words: str, jobs: int = 2, limits: TaskLimits = LIMITS) -> dict[int, str | TaskFailure]:
    return dict(map_in_processes(obey, words, jobs, limits))


def test_every_result_comes_with_the_index_of_its_item() -> None:
    words = [f"w{number}" for number in range(100)]
    assert map_words(*words) == dict(enumerate(word.upper() for word in words))


def test_there_are_never_more_workers_than_windows_can_wait_for() -> None:
    answers = map_words(*["who"] * 150, jobs=75, limits=TaskLimits(60.0, 300_000_000))
    assert 2 <= len(set(answers.values())) <= 60


def test_no_items_give_no_results() -> None:
    assert map_words() == {}


@pytest.mark.parametrize("harm", ["abort", "leave", "kill"])
def test_a_worker_that_dies_costs_one_item(harm: str) -> None:
    assert map_words("a", harm, "b", "c", harm) == {
        0: "A",
        1: TaskFailure("crashed"),
        2: "B",
        3: "C",
        4: TaskFailure("crashed"),
    }


@pytest.mark.parametrize("harm", ["hang", "stop"])
def test_a_worker_that_is_late_costs_one_item(harm: str) -> None:
    start = time.monotonic()
    assert map_words("a", harm, "b", limits=TaskLimits(0.5, 300_000_000)) == {
        0: "A",
        1: TaskFailure("too-slow"),
        2: "B",
    }
    assert time.monotonic() - start < 10


@pytest.mark.skipif(sys.platform != "linux", reason="the system keeps the bound on Linux only")
def test_a_worker_that_takes_too_much_memory_costs_one_item() -> None:
    assert map_words("a", "grow", "b") == {0: "A", 1: TaskFailure("too-large"), 2: "B"}


def test_all_of_a_batch_may_be_lost() -> None:
    words = ["abort", "x", "abort", "abort", "y"] * 20
    answers = map_words(*words, jobs=1)
    assert len(answers) == 100
    crashed = TaskFailure("crashed")
    assert [answers[number] for number in range(5)] == [crashed, "X", crashed, crashed, "Y"]


def test_a_program_with_threads_spawns_its_workers() -> None:
    go = threading.Event()
    other = threading.Thread(target=go.wait)
    other.start()
    try:
        answers = map_words("a", "abort", "b", limits=TaskLimits(20.0, 300_000_000))
    finally:
        go.set()
        other.join()
    assert answers == {0: "A", 1: TaskFailure("crashed"), 2: "B"}


def test_a_caller_that_has_enough_leaves_no_worker_behind() -> None:
    answers = map_in_processes(obey, ["a", "hang"], 1, LIMITS)
    assert next(answers) == (0, "A")
    answers.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


SCRIPT = """
import threading
from test_process_pool import map_words
from xlflow.runtime.process_pool import TaskLimits
threading.Thread(target=threading.Event().wait, daemon=True).start()
print("begin")
print(map_words("a", limits=TaskLimits(20.0, 300_000_000)))
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


def map_within_a_worker(word: str) -> str:
    try:
        return str(map_words(word))
    except PoolUnavailableError:
        return "no workers"


def test_a_caller_learns_that_no_process_can_be_started() -> None:
    assert dict(map_in_processes(map_within_a_worker, ["a"], 1, LIMITS)) == {0: "no workers"}


def test_the_peak_of_memory_is_measured() -> None:
    before = peak_memory()
    taken = bytearray(200_000_000)
    taken[::4096] = bytes(len(taken[::4096]))
    assert peak_memory() > before or before > 200_000_000
    assert before > 1_000_000


# What comes back ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [b"", b"\x00\xff", "", "å\ud800", (), (b"a", "b", b""), ("x",)])
def test_a_result_comes_back_as_it_was(value: ResultValue) -> None:
    assert decode_result(encode_result(value)) == value


@given(st.binary(max_size=60))
def test_no_bytes_are_taken_for_more_than_bytes_and_texts(frame: bytes) -> None:
    with suppress(ValueError):
        assert isinstance(decode_result(frame), bytes | str | tuple)


class Forged:
    """Would run a command in the caller if it were unpickled there."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (os.environ["FORGED"],)


def send_forged(word: str) -> str:
    if word == "forge":  # as a file that has taken over its reader would do
        sys._getframe(1).f_locals["pipe"].send(Forged())
        time.sleep(60)
    return word


def test_what_a_worker_forges_is_never_run_and_costs_its_item_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = tmp_path / "forged"
    monkeypatch.setenv("FORGED", str(forged))
    answers = dict(map_in_processes(send_forged, ["a", "forge", "b"], 1, LIMITS))
    assert answers == {0: "a", 1: TaskFailure("crashed"), 2: "b"}
    assert not forged.exists()


def test_what_cells_show_travels_with_their_values() -> None:
    shown = load_data(dump_data((ShownNumber(0.98, "98%"), 1.5)))
    assert shown == (0.98, 1.5)
    assert isinstance(shown, tuple)
    assert shown[0].shown == "98%"
