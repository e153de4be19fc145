"""Prints how long the report takes, from the consolidated workbook on disk to the file: whole processes.

`python tests/benchmarks/run_report.py`. Every activity has a comment, every third one is split into two
sub-activities; the figure counts activities. Nothing here is a test: times fail on busy machines.
"""

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from statistics import median  # noqa: E402

from run import XLFLOW, Task, measure  # noqa: E402
from support.draw_merged import draw_merged  # noqa: E402
from support.draw_round import draw_round  # noqa: E402

from xlflow.consolidated.tables import build_consolidated_content  # noqa: E402
from xlflow.consolidated.writer.consolidated_workbook import render_consolidated  # noqa: E402

UNITS = ("Biblioteken", "Kulturskolan", "Idrott")
STATUSES = ("Genomfört", "Pågående", "Pågående", "Kvarstår", "Förskjuts", "Kan komma att försenas", "Utgår")
COMMENT = "Arbetet pågår enligt plan, men upphandlingen drog ut på tiden och beslutet flyttas till nästa möte. "


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--activities", type=int, nargs="+", default=[48, 500, 2000])
    asked.add_argument("--runs", type=int, default=3)
    options = asked.parse_args()
    print("| activities | report | seconds | MB |\n| --: | --- | --: | --: |")
    for count in options.activities:
        with tempfile.TemporaryDirectory() as scratch:
            workbook = Path(scratch) / "consolidated.xlsx"
            workbook.write_bytes(write_workbook(count))
            tasks = [
                Task(
                    "report",
                    f"{kind}, {layout}",
                    (
                        *(*XLFLOW, "report", str(workbook), "-o", str(Path(scratch) / f"{layout}.{kind}")),
                        *("--layout", layout, "--force"),
                    ),
                )
                for kind in ("pdf", "docx", "html")
                for layout in ("heading", "merged")
            ]
            for (_, name), measured in measure(tasks, options.runs).items():
                print(f"| {count} | {name} | {median(measured.seconds):.2f} | {max(measured.megabytes):.0f} |")


def write_workbook(count: int) -> bytes:
    """Return a consolidated workbook of so many activities, all answered."""
    lines = [line for number in range(count) for line in _plan(number, count)]
    heading = "Id | Perspektiv | Kommunövergripande mål | Nämndmål | Aktivitet | Delaktivitet | Slutdatum | Enhet"
    plan = draw_round("\n".join([heading, *lines]))
    answers = {
        unit: "\n".join(["Id | Status | Ny tidpunkt | Kommentar/avvikelse", *_answers(unit, count)])
        for unit in UNITS
    }
    merged, findings = draw_merged(plan, answers)
    return render_consolidated(build_consolidated_content(merged, findings), merged)


def _plan(number: int, count: int) -> list[str]:
    goal = number * 40 // count
    levels = f"Perspektiv {goal // 8} | Övergripande mål {goal // 2} | Nämndmål {goal}"
    name = f"Utveckla kommunikationen med besökarna, del {number}"
    parts = [f"p{number}.{part} | {levels} | {name} | Delaktivitet {part} | Kvartal 4" for part in (1, 2)]
    lines = [f"a{number} | {levels} | {name} | | Kvartal {number % 4 + 1}", *(parts if number % 3 == 0 else ())]
    return [f"{line} | {UNITS[number % 3]}" for line in lines]


def _answers(unit: str, count: int) -> list[str]:
    numbers = range(UNITS.index(unit), count, 3)
    return [
        f"{key} | {STATUSES[number % 7]} | {'Kvartal 4' if number % 7 == 4 else ''} | {COMMENT * (number % 3)}"
        for number in numbers
        for key in (f"a{number}", *((f"p{number}.1", f"p{number}.2") if number % 3 == 0 else ()))
    ]


if __name__ == "__main__":
    main()
