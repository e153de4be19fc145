"""Workers of the web page may crash, hang or be busy: that costs one request."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.make_project import make_project

from xlflow.web.worker_main import answer_request
from xlflow.web.worker_pool import RequestRefusedError, WorkerBusyError, WorkerLostError, WorkerPool

ODD_WORKER = """
import json, os, sys, time
for line in sys.stdin:
    what = json.loads(line)["do"]
    if what == "hang":
        if os.fork() == 0:
            time.sleep(60)
        time.sleep(60)
    if what == "crash":
        os._exit(3)
    if what == "nonsense":
        print("not JSON", flush=True)
    elif what == "half":
        print('{"done"', end="", flush=True)
        os._exit(0)
    else:
        print(json.dumps({"done": os.getpid()}), flush=True)
"""


@contextmanager
def odd_pool(size: int = 1, **more: float) -> Iterator[WorkerPool]:
    """A pool whose workers do as badly as they are told."""
    pool = WorkerPool(Path.cwd(), size, (sys.executable, "-c", ODD_WORKER), **more)
    try:
        yield pool
    finally:
        pool.close()


@pytest.mark.parametrize("fault", ["crash", "half", "nonsense"])
def test_a_worker_that_fails_is_replaced(fault: str) -> None:
    with odd_pool() as pool:
        first = pool.call("fine", {})
        assert pool.call("fine", {}) == first
        with pytest.raises(WorkerLostError):
            pool.call(fault, {})
        assert isinstance(pool.call("fine", {}), int)


def running_in_group(group: int) -> list[str]:
    """Return the processes of a group that still run; one that has ended and waits to be noticed does not."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = path.read_text().rpartition(")")[2].split()[:3]
            found += [path.parent.name] if its_group == str(group) and state != "Z" else []
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_worker_that_hangs_is_killed_with_what_it_has_started() -> None:
    with odd_pool() as pool:
        worker = pool.call("fine", {})
        began = time.monotonic()
        with pytest.raises(WorkerLostError):
            pool.call("hang", {}, seconds=0.5)
        assert time.monotonic() - began < 10
        for _ in range(50):
            if running_in_group(worker):
                time.sleep(0.1)
        assert running_in_group(worker) == []
        assert pool.call("fine", {}) != worker


def hold(pool: WorkerPool) -> None:
    with suppress(WorkerLostError):
        pool.call("hang", {}, seconds=1.5)


def test_whoever_waits_too_long_for_a_worker_is_told() -> None:
    with odd_pool(wait_seconds=0.2) as pool:
        holder = threading.Thread(target=hold, args=(pool,))
        holder.start()
        time.sleep(0.3)
        with pytest.raises(WorkerBusyError):
            pool.call("fine", {})
        holder.join()
        assert isinstance(pool.call("fine", {}), int)


def test_workers_end_with_the_server() -> None:
    with odd_pool(2) as pool:
        pids = {pool.call("fine", {}) for _ in range(4)}
        assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_the_project_cannot_do_comes_back_in_words(tmp_path: Path) -> None:
    project = make_project(tmp_path, forms=False)
    pool = WorkerPool(project.root, 1)
    try:
        with pytest.raises(RequestRefusedError) as refused:
            pool.call("read_unit", {"unit": "Okänd", "language": "en"})
    finally:
        pool.close()
    (finding,) = refused.value.findings
    assert "Okänd" in finding["message"]
    assert finding["remedy"]


def test_a_fault_of_ours_costs_one_request_and_tells_no_details(tmp_path: Path) -> None:
    project = make_project(tmp_path, forms=False)
    answer = answer_request(project.root, {"do": "no_such_operation", "with": {}})
    assert answer == {"failed": "KeyError"}
    assert json.dumps(answer)
