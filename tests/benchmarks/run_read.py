"""Prints how many times a bare read through calamine it takes to open, read and check forms in one process.

Both read the same files by turns, in pairs, so that a drifting machine hurts both alike; told is the median of the
pairs, with the least and the greatest. `python run_read.py --forms 20 200`; imports nothing large.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--forms", type=int, nargs="+", default=[20, 200])
    asked.add_argument("--pairs", type=int, default=9)
    asked.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "xlflow-benchmarks")
    options = asked.parse_args()
    print(
        "| forms | xlflow, ms a form | bare calamine, ms a form | times | least | greatest |"
        "\n| --: | --: | --: | --: | --: | --: |"
    )
    for forms in options.forms:
        made = json.loads(_run("material", str(forms), str(options.folder)))
        pairs = list(_measure(made["forms"], options.pairs))
        ours, floor = (median(seconds) / forms * 1000 for seconds in zip(*pairs, strict=True))
        ratios = [one / other for one, other in pairs]
        times = " | ".join(f"{figure:.2f}" for figure in (median(ratios), min(ratios), max(ratios)))
        print(f"| {forms} | {ours:.2f} | {floor:.2f} | {times} |", flush=True)


def _measure(folder: str, pairs: int) -> Iterator[tuple[float, float]]:
    """Yield the seconds of both, pair by pair; the first pair does not count, since it warms the disk's cache."""
    for number in range(pairs + 1):
        seconds = float(_run("step_read", folder)), float(_run("floor_read", folder))
        if number:
            yield seconds


def _run(name: str, *words: str) -> str:
    return subprocess.check_output([sys.executable, HERE / f"{name}.py", *words], text=True)


if __name__ == "__main__":
    main()
