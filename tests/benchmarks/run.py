"""Prints how long xlflow and its peers take for the same work in the same run: `python tests/benchmarks/run.py`.

The peers are what people write for this job; the floors are what no program of this kind can go below. All
commands of a turn run one after the other, so that a drifting machine hurts all alike; the first turn does not
count, unless it is the only one. Needs pandas, polars and fastexcel beside the test extra. Imports nothing large,
since a new process counts as much memory as its parent had. Nothing here is a test: times fail on busy machines,
where the processor seconds (of all processes of a command, start-up included) tell more.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
XLFLOW = (sys.executable, "-m", "xlflow")
MANY = 1000
"""Forms from which on every command runs once only, since the slow ones take minutes."""


@dataclass(frozen=True, slots=True)
class Task:
    """One command of a group; the first of a group is xlflow's, which the others are held against.

    `inner` commands print the seconds that count themselves; `prepare` is done before each run, untimed.
    """

    group: str
    name: str
    command: Sequence[str]
    inner: bool = False
    prepare: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True)
class Measured:
    """One command: seconds, seconds of all its processors, and peak memory (largest single process, MB), one entry
    per run."""

    seconds: tuple[float, ...]
    processors: tuple[float, ...]
    megabytes: tuple[float, ...]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--forms", type=int, nargs="+", default=[20, 200, 2000])
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "xlflow-benchmarks")
    asked.add_argument("--without-peers", action="store_true", help="xlflow and the floors only")
    options = asked.parse_args()
    print(f"Medians of {options.runs} runs, of one from {MANY} forms on")
    results: dict[int, Mapping[tuple[str, str], Measured]] = {}
    for forms in options.forms:
        with tempfile.TemporaryDirectory() as scratch:
            os.environ["XLFLOW_CACHE_DIR"] = str(Path(scratch) / "cache")
            tasks = list(_list_tasks(forms, options.folder, Path(scratch)))
            kept = [task for task in tasks if not (options.without_peers and "script" in task.name)]
            results[forms] = measure(kept, 1 if forms >= MANY else options.runs)
        _show(forms, results[forms])
    if len(results) > 1:
        _show_growth(*list(results.items())[-2:])


def _list_tasks(forms: int, folder: Path, scratch: Path) -> Iterator[Task]:
    made = json.loads(subprocess.check_output([sys.executable, HERE / "material.py", str(forms), folder]))
    material, plan, as_of = Path(made["forms"]), made["plan"], made["as_of"]
    one, target, merged = next(material.glob("*.xlsx")), scratch / "out.xlsx", scratch / "merged.xlsx"

    def script(name: str, *words: Path) -> Sequence[str]:
        return (sys.executable, str(HERE / f"{name}.py"), *map(str, words))

    def xlflow(*words: object) -> Sequence[str]:
        return (*XLFLOW, *map(str, words))

    yield Task("start", "xlflow --help", xlflow("--help"))
    yield Task("start", "xlflow check, one form", xlflow("check", one))
    yield Task("forms", "xlflow generate", xlflow("generate", plan, "--as-of", as_of, "-o", scratch / "forms"))
    for peer in ("xlsxwriter", "openpyxl"):
        yield Task("forms", f"{peer} script", script(f"peer_forms_{peer}", Path(plan), scratch / peer))
    yield Task("read", "xlflow, one process: gate, read, check", script("step_read", material), inner=True)
    yield Task("read", "floor: bare calamine", script("floor_read", material), inner=True)
    yield Task("check", "xlflow check", xlflow("check", material, "--no-cache"))
    merge = ("merge", material, "-o", merged, "--force")
    yield Task("merge", "xlflow merge", xlflow(*merge, "--no-cache"))
    for peer in ("polars", "pandas", "openpyxl"):
        yield Task("merge", f"{peer} script", script(f"peer_{peer}", material, target))
    keep = _once(lambda: subprocess.run(xlflow(*merge), check=False, capture_output=True))
    yield Task("merge", "xlflow merge, one form new since the last", xlflow(*merge), prepare=_renew(one, keep))
    yield Task("consolidated", "xlflow, summary and workbook", script("step_write", material, target), inner=True)
    yield Task(
        "consolidated", "floor: bare XlsxWriter, one sheet", script("floor_write", material, target), inner=True
    )
    for kind in ("docx", "pdf", "html") if forms < MANY else ():  # nobody reads a report of 100,000 activities
        report = xlflow("report", merged, "-o", scratch / f"report.{kind}", "--only", "deviations", "--force")
        yield Task("report", f"xlflow report, deviations, .{kind}", report)


def _once(do: Callable[[], object]) -> Callable[[], None]:
    done: list[object] = []

    def do_once() -> None:
        done or done.append(do())

    return do_once


def _renew(form: Path, first: Callable[[], None]) -> Callable[[], None]:
    """Return what makes a form look as if it had just arrived, after all have been read once."""

    def renew() -> None:
        first()
        os.utime(form)

    return renew


def measure(tasks: Sequence[Task], runs: int) -> Mapping[tuple[str, str], Measured]:
    """Run all tasks in turn, so often and once more before; once in all where one run is asked for."""
    reported: dict[tuple[str, str], list[tuple[float, float, float]]] = {
        (task.group, task.name): [] for task in tasks
    }
    for turn in range(runs + 1 if runs > 1 else 1):
        for task in tasks:
            task.prepare()
            print(f"\r{turn} {task.name:60}", end="", file=sys.stderr, flush=True)
            figures = _time(task.command, inner=task.inner)
            print(f"{figures[0]:.2f} s", file=sys.stderr)
            if turn or runs == 1:
                reported[task.group, task.name].append(figures)
    print(f"\r{'':62}\r", end="", file=sys.stderr)
    return {name: Measured(*zip(*figures, strict=True)) for name, figures in reported.items()}


def _time(command: Sequence[str], *, inner: bool = False) -> tuple[float, float, float]:
    """Return the seconds that a command took, or those that it prints; all processor seconds; megabytes."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        errors.seek(0)
        output.seek(0)
        if os.waitstatus_to_exitcode(status) not in (0, 1) or b"Traceback" in (reported := errors.read()):
            raise SystemExit(f"{' '.join(command)} failed:\n{reported.decode(errors='replace')}")
        spent = usage.ru_utime + usage.ru_stime
        return float(output.read()) if inner else seconds, spent, usage.ru_maxrss / 1024


def _show(forms: int, results: Mapping[tuple[str, str], Measured]) -> None:
    print(
        f"\n| {forms} forms | seconds | against xlflow | processor seconds | MB |\n| --- | --: | --: | --: | --: |"
    )
    base: dict[str, float] = {}
    for (group, name), measured in results.items():
        seconds = median(measured.seconds)
        ratio = f"{seconds / base.setdefault(group, seconds):.2f}" if group not in ("start", "report") else ""
        spent = median(measured.processors)
        print(f"| {name} | {seconds:.2f} | {ratio} | {spent:.2f} | {max(measured.megabytes):.0f} |")
    sys.stdout.flush()


def _show_growth(
    small: tuple[int, Mapping[tuple[str, str], Measured]], large: tuple[int, Mapping[tuple[str, str], Measured]]
) -> None:
    """Print how much longer a form takes where there are many; 1 is linear."""
    print(f"\n| time per form at {large[0]} against {small[0]} | |\n| --- | --: |")
    for key, measured in large[1].items():
        if key[0] not in ("start", "report"):
            growth = median(measured.seconds) / median(small[1][key].seconds) * small[0] / large[0]
            print(f"| {key[1]} | {growth:.2f} |")


if __name__ == "__main__":
    main()
