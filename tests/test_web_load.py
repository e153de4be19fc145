"""Many units at once, and a server that is killed meanwhile: every receipt that was shown has its file and event.

The real program, started as a command. Prints how long pages and uploads took.
"""

import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from support.external_tools import PROJECT
from support.make_project import AS_OF, DUE, answer, open_state, write_plan
from support.sampling import is_long
from support.web_server import XLSX

from xlflow.project.issue_forms import issue_forms
from xlflow.project.open_round import open_round
from xlflow.project.page_links import make_links
from xlflow.project.project_folder import Project, init_project, open_project
from xlflow.project.project_status import read_status
from xlflow.project.verify_project import verify_project

RECEIPT = re.compile(r"/receipt/([0-9A-F]{4}-[0-9A-F]{4})")


def make_large_project(folder: Path, count: int) -> tuple[Project, dict[str, str], dict[str, bytes]]:
    """Make a project of many units; return it, the tokens of their links and their filled forms."""
    units = [f"Enhet {number:03d}" for number in range(count)]
    init_project(folder / "Plan")
    plan = write_plan(folder / "plan.xlsx", [(f"Aktivitet {unit}", unit) for unit in units], units)
    open_round(open_project(folder / "Plan"), AS_OF, DUE, plan)
    issue_forms(*open_state(folder / "Plan"))
    tokens = make_links(*open_state(folder / "Plan"), units)
    project = open_project(folder / "Plan")
    forms = {unit: answer(project, unit, {f"Aktivitet {unit}": "Genomfört"}) for unit in units}
    return project, dict(tokens), forms


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(project: Project, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `xlflow serve` as a process of its own, and wait until it answers."""
    command = [sys.executable, "-m", "xlflow", "serve", "--port", str(port), "--no-browser"]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(
        command, cwd=project.root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            for _ in range(600):
                try:
                    httpx.get(f"http://127.0.0.1:{port}/static/web.css", trust_env=False)
                    break
                except httpx.TransportError:
                    assert process.poll() is None
                    time.sleep(0.1)
            yield process
        finally:
            process.send_signal(signal.SIGINT if process.poll() is None else 0)
            process.wait(30)


def visit(port: int, token: str, form: bytes) -> tuple[str, float, float]:
    """Open a unit's page and hand in; return the receipt's number ("" if none was shown), and the seconds that
    page and upload took."""
    base = f"http://127.0.0.1:{port}"
    with httpx.Client(headers={"origin": base}, timeout=120, trust_env=False, follow_redirects=True) as client:
        began = time.monotonic()
        client.get(f"{base}/u/{token}")
        opened = time.monotonic()
        number = None
        with suppress(httpx.TransportError):  # where the server is killed
            files = {"file": ("svar.xlsx", form, XLSX)}
            shown = client.post(f"{base}/u/{token}/hand-in", files=files, follow_redirects=False)
            number = RECEIPT.search(shown.headers.get("location", ""))
            if number:
                assert client.get(f"{base}{shown.headers['location']}").status_code == 200
        return number[1] if number else "", opened - began, time.monotonic() - opened


def receipts_on_disk(project: Project) -> set[str]:
    """Return the numbers of the receipts whose event and file are on disk."""
    log = open_project(project.root).log
    assert log.findings == ()
    kept = set()
    for event in log.events:
        upload = event.data.get("upload") if event.kind == "returns-received" else None
        if upload and any(
            path.stat().st_size == upload["size"] for path in project.root.glob("rounds/*/received/*/*")
        ):
            kept.add(f"{event.token[:4]}-{event.token[4:]}".upper())
    return kept


def p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


@pytest.mark.parametrize("count", [pytest.param(60, marks=pytest.mark.long), 6])
def test_many_units_hand_in_within_a_minute_and_none_is_lost(tmp_path: Path, count: int) -> None:
    project, tokens, forms = make_large_project(tmp_path, count)
    port = free_port()
    with serving(project, port), ThreadPoolExecutor(count) as threads:

        def arrive(place: int, unit: str) -> tuple[str, float, float]:
            time.sleep(place * 55 / count if count > 10 else 0)
            return visit(port, tokens[unit], forms[unit])

        seen = list(threads.map(arrive, range(count), tokens))
    numbers = [number for number, _, _ in seen]
    assert len({*numbers} - {""}) == count
    assert receipts_on_disk(project) == {*numbers}
    pages, uploads = [page for _, page, _ in seen], [upload for _, _, upload in seen]
    print(f"{count} units: pages p95 {p95(pages):.2f} s, uploads with result p95 {p95(uploads):.2f} s")
    status = read_status(*open_state(project.root))
    assert len(status.select("complete")) == count
    assert verify_project(open_project(project.root)).exit_code == 0


def hand_in_again_and_again(port: int, token: str, form: bytes, given: set[str], begun: threading.Event) -> None:
    """Hand in a file that differs each time until nobody answers any more."""
    for number in range(1000):
        try:
            shown, _, _ = visit(port, token, form + number.to_bytes(3, "big"))
        except httpx.TransportError:
            return
        if not shown:
            return
        given.add(shown)
        begun.set()


def test_a_server_that_is_killed_under_load_has_kept_what_it_gave_a_receipt_for(tmp_path: Path) -> None:
    kills = 20 if is_long() else 1
    project, tokens, forms = make_large_project(tmp_path, 6)
    given: set[str] = set()
    for number in range(kills):
        port = free_port()
        with serving(project, port) as process, ThreadPoolExecutor(len(tokens)) as threads:
            begun = threading.Event()
            different = {unit: form + bytes([number]) for unit, form in forms.items()}
            running = [
                threads.submit(hand_in_again_and_again, port, tokens[unit], different[unit], given, begun)
                for unit in tokens
            ]
            assert begun.wait(90)
            time.sleep(number % 7 * 0.1)  # somewhere in the midst of the next ones
            process.kill()
            for future in running:
                future.result()
            process.wait(30)
    print(f"{kills} kills, {len(given)} receipts given")
    assert len(given) >= kills
    assert given <= receipts_on_disk(project)
    assert verify_project(open_project(project.root)).exit_code in (0, 1)
    with serving(project, free_port()):  # and it starts again as if nothing had been
        pass
