"""Measures the screen of a project: processor time of `xlflow status`, a process each, in projects of two sizes.

Usage: python tests/benchmarks/run_status.py [RUNS]. The small one has 12 units and 15 rounds, the large one 500
units and 15 rounds, each with two events per unit and round. What the forms say is remembered from the first run,
as it is for a coordinator. One file checked against the round is measured too: with the frozen round, and with the
plan workbook.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.make_project import write_plan

from xlflow.pipeline.form_operations import check_forms
from xlflow.project.check_delivery import check_delivery
from xlflow.project.events import Event
from xlflow.project.issue_forms import issue_forms
from xlflow.project.open_round import open_round
from xlflow.project.project_folder import Project, init_project, open_project
from xlflow.project.project_state import choose_round

ROUNDS = 15
ITEMS_PER_UNIT = 6


def main() -> None:
    """Print one measure per line."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    for units in (12, 500):
        with tempfile.TemporaryDirectory() as folder:
            project = make_large_project(Path(folder), units)
            count = len(project.log.events)
            measure_status(project.root)
            seconds = statistics.median(measure_status(project.root) for _ in range(runs))
            print(f"{units} units, {ROUNDS} rounds, {count} events: status {seconds:.2f} s of processor time")
            measure_one_file(project, Path(folder) / "plan.xlsx", runs)


def make_large_project(folder: Path, units: int) -> Project:
    """Return a project with many rounds, each with events for each unit, as if each had been done by itself."""
    names = [f"Enhet {number}" for number in range(units)]
    activities = [(f"Aktivitet {number} vid {name}", name) for name in names for number in range(ITEMS_PER_UNIT)]
    write_plan(folder / "plan.xlsx", activities, names)
    init_project(folder / "projekt")
    first = date(2022, 3, 31)
    for number in range(ROUNDS):
        as_of = first + timedelta(days=number * 120)
        plan = folder / "plan.xlsx" if number == 0 else None
        open_round(open_project(folder / "projekt"), as_of, as_of + timedelta(days=15), plan)
        _write_events(open_project(folder / "projekt"), as_of.isoformat(), names)
    project = open_project(folder / "projekt")
    issue_forms(project, choose_round(project), names[:1])
    return open_project(folder / "projekt")


def _write_events(project: Project, round_name: str, names: list[str]) -> None:
    seen = project.log.newest_ids
    for number, name in enumerate(names):
        path = f"rounds/{round_name}/received/2026-01-01T0000Z-{sha256(name.encode()).hexdigest()[:8]}/{name}.txt"
        file = {"path": path, "digest": sha256(path.encode()).hexdigest(), "size": 1, "role": "other"}
        for kind, data in (
            ("returns-received", {"files": [file], "again": []}),
            ("decided", {"unit": name, "action": "due", "value": "2026-05-01", "because": "prov"}),
        ):
            event = Event(kind, "2026-01-01T00:00:00.000Z", "", round_name, f"{number:08x}", seen, data)
            (project.events_folder / event.file_name).write_bytes(event.to_bytes())
            seen = (event.id,)


def measure_status(root: Path) -> float:
    """Return the seconds of processor time of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(
        [sys.executable, "-m", "xlflow", "status", "--json"],
        cwd=root,
        env=environment,
        check=False,
        stdout=subprocess.DEVNULL,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure_one_file(project: Project, plan: Path, runs: int) -> None:
    """Print how long one file takes that is checked against the frozen round, and against the plan workbook."""
    state = choose_round(project)
    (form,) = (project.root / values["path"] for values in state.issued.values())
    frozen, planned = [], []
    for _ in range(runs):
        start = time.process_time()
        check_delivery(project, state, form)
        frozen.append(time.process_time() - start)
    start = time.perf_counter()
    check_forms([form], plan=plan, cache=False)
    planned.append(time.perf_counter() - start)
    seconds = statistics.median(frozen)
    print(f"one file checked: {seconds:.3f} s with the frozen round, {planned[0]:.2f} s with the plan")


if __name__ == "__main__":
    main()
