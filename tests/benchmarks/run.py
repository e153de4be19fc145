"""Prints how long xlflow and its peers take for the same work in the same run: `python tests/benchmarks/run.py`.

Every figure is a median of whole processes, start-up included, run in turn so that a drifting machine hurts all
alike. The peers are what people write for this job; the floors are what no program of this kind can go below.
Needs pandas, polars and fastexcel beside the test extra. Nothing here is a test: times fail on busy machines.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from material import AS_OF, ROWS, fill_forms, write_plan

HERE = Path(__file__).parent
XLFLOW = (sys.executable, "-m", "xlflow")


@dataclass(frozen=True, slots=True)
class Measured:
    """One command: seconds and peak memory (largest single process, MB), one entry per run."""

    seconds: tuple[float, ...]
    megabytes: tuple[float, ...]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--forms", type=int, nargs="+", default=[20, 200, 2000])
    asked.add_argument("--runs", type=int, default=3)
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "xlflow-benchmarks")
    options = asked.parse_args()
    print(
        f"{ROWS} rows a form; median of {options.runs} runs, whole processes; peak memory of the largest process"
    )
    print("| forms | what | seconds | against xlflow merge | MB |\n| --: | --- | --: | --: | --: |")
    for forms in options.forms:
        material = fill_forms(forms, options.folder)
        plan = write_plan(forms, options.folder)
        with tempfile.TemporaryDirectory() as scratch:
            results = _measure(_commands(material, plan, Path(scratch)), options.runs)
        _show(forms, results)


def _commands(material: Path, plan: Path, scratch: Path) -> Mapping[str, Sequence[str]]:
    target = scratch / "out.xlsx"
    merged = scratch / "merged.xlsx"
    peers = {
        f"{name} script": (sys.executable, str(HERE / f"peer_{name}.py"), str(material), str(target))
        for name in ("pandas", "openpyxl", "polars")
    }
    return {
        "xlflow merge": (*XLFLOW, "merge", str(material), "-o", str(merged), "--force"),
        "xlflow check": (*XLFLOW, "check", str(material)),
        "xlflow generate": (*XLFLOW, "generate", str(plan), "--as-of", str(AS_OF), "-o", str(scratch / "forms")),
        "xlflow --help": (*XLFLOW, "--help"),
        **peers,
        "floor: bare calamine read": (sys.executable, str(HERE / "floor_read.py"), str(material)),
        "floor: bare XlsxWriter": (sys.executable, str(HERE / "floor_write.py"), str(material), str(target)),
    }


def _measure(commands: Mapping[str, Sequence[str]], runs: int) -> Mapping[str, Measured]:
    """Run all commands in turn, so often; the first turn is not counted."""
    told: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    for turn in range(runs + 1):
        for name, command in commands.items():
            figures = _time(command)
            if turn:
                told[name].append(figures)
    return {name: Measured(*zip(*figures, strict=True)) for name, figures in told.items()}


def _time(command: Sequence[str]) -> tuple[float, float]:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"{' '.join(command)} failed:\n{told.decode(errors='replace')}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def _show(forms: int, results: Mapping[str, Measured]) -> None:
    base = median(results["xlflow merge"].seconds)
    for name, measured in results.items():
        seconds = median(measured.seconds)
        print(f"| {forms} | {name} | {seconds:.2f} | {seconds / base:.2f} | {max(measured.megabytes):.0f} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
