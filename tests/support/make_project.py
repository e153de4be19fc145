"""Makes the small project that the tests of a project folder work in: a plan, a round, forms, answers."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from openpyxl import Workbook

from support.fill_forms import fill_form
from xlflow.project.issue_forms import issue_forms
from xlflow.project.open_round import open_round
from xlflow.project.project_folder import Project, init_project, open_project
from xlflow.project.project_state import RoundState, choose_round

AS_OF, DUE = date(2026, 3, 31), date(2026, 4, 16)
HEADINGS = (
    "Perspektiv", "Kommunövergripande mål", "Nämndmål", "Aktivitet", "Delaktivitet", "Slutdatum", "Enhet", "Id",
)  # fmt: skip
UNITS = ("Åbro skola", "Museet", "Simhallen")
ACTIVITIES: tuple[tuple[str, str], ...] = (
    ("Öppna kvarnen", "Museet"), ("Måla om fasaden", "Museet; Åbro skola"), ("Byta lås", "Simhallen; Åbro skola"),
)  # fmt: skip


def write_plan(
    path: Path, activities: Sequence[tuple[str, str]] = ACTIVITIES, units: Sequence[str] = UNITS
) -> Path:
    """Write a plan workbook: (activity, its units), and the units with an address each."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Plan"
    sheet.append(HEADINGS)
    for activity, names in activities:
        sheet.append(("Samhälle", "Levande kommun", "Möten", activity, None, "Kvartal 4", names, None))
    register = workbook.create_sheet("Enheter")
    register.append(("Enhet", "Kontakt", "E-post"))
    for number, name in enumerate(units, 1):
        register.append((name, f"Kontakt {number}", f"enhet{number}@example.org"))
    path.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(path)
    return path


def make_project(folder: Path, *, forms: bool = True) -> Project:
    """Make a project with one open round, and its forms."""
    init_project(folder / "Projekt")
    plan = write_plan(folder / "plan.xlsx")
    open_round(open_project(folder / "Projekt"), AS_OF, DUE, plan)
    if forms:
        issue_forms(*open_state(folder / "Projekt"))
    return open_project(folder / "Projekt")


def open_state(folder: Path) -> tuple[Project, RoundState]:
    """Open the project and its current round anew."""
    project = open_project(folder)
    return project, choose_round(project)


def answer(project: Project, unit: str, statuses: Mapping[str, str], *, round_name: str = "2026-03-31") -> bytes:
    """Return a unit's form with statuses typed in, by activity; "Status|Kommentar" gives a comment too."""
    form = project.round_folder(round_name) / "forms" / f"{unit}.xlsx"
    lines = []
    for activity, text in statuses.items():
        status, _, comment = text.partition("|")
        lines.append({"Enhet": unit, "Aktivitet": activity, "Status": status, "Kommentar/avvikelse": comment})
    return fill_form(form, lines)


def put_in_inbox(project: Project, name: str, content: bytes, *, round_name: str = "2026-03-31") -> Path:
    """Put a file into the inbox of a round."""
    path = project.round_folder(round_name) / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
