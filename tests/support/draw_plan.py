"""Draws a plan workbook as text, sheet by sheet, so that a test shows the plan as its author would see it.

    == Plan
    Perspektiv | Nämndmål | Aktivitet     | Enhet
    Samhälle   | Möten    | Öppna kvarnen | Museet
    ^          |          | Hyra ut båtar | Museet

`^` continues the cell above (merged), `⏎` is a line break, `=1.1` a number, `@2021-06-30` a day, `#REF!` an
error cell; all else is text, and a blank cell is empty. `.` alone is a blank row.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from types import MappingProxyType

from openpyxl import Workbook

from xlflow.definition.plan_workbook import read_plan
from xlflow.definition.template_loader import load_template
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import ErrorValue, SheetData, WorkbookData
from xlflow.i18n.catalogue import LANGUAGES
from xlflow.model.findings import FatalError, Finding, message_of, remedy_of
from xlflow.model.plan import Plan, PlanItem
from xlflow.model.template import Template

AS_OF = date(2021, 3, 31)


def draw_workbook(text: str, name: str = "plan.xlsx") -> WorkbookData:
    """Return the workbook that the text shows; without a `==` line there is one sheet, named as the file is."""
    sheets: dict[str, list[str]] = {}
    current = name.rpartition(".")[0]
    for line in filter(str.strip, text.splitlines()):
        if line.strip().startswith("=="):
            current = line.strip(" =")
        sheets.setdefault(current, [])
        if not line.strip().startswith("=="):
            sheets[current].append(line)
    drawn = tuple(_draw_sheet(name, lines) for name, lines in sheets.items())
    return WorkbookData(name, "xlsx", drawn, MappingProxyType({}), None, "d" * 64, 1000)


def save_plan(folder: Path, table: str, units: Iterable[str]) -> Path:
    """Write a plan as a file: its sheet of lines, and the names of the units."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    sheet.title = "Plan"
    for line in table.strip().splitlines():
        sheet.append([cell.strip() or None for cell in line.split("|")])
    unit_sheet = workbook.create_sheet("Enheter")
    for name in ("Enhet", *units):
        unit_sheet.append([name])
    workbook.save(folder / "plan.xlsx")
    return folder / "plan.xlsx"


def read_drawn_plan(
    text: str, template: str | Template = "followup", name: str = "plan.xlsx"
) -> tuple[Plan, list[str]]:
    """Return the plan that a drawing gives, and its findings as "code cell"."""
    whole = load_template(template) if isinstance(template, str) else template
    plan, findings = read_plan(draw_workbook(text, name), whole, AS_OF)
    return plan, list(finding_cells(findings))


def refuse_drawn_plan(text: str, template: str = "followup", name: str = "plan.xlsx") -> list[str]:
    """Return the findings, as "code cell", for which a drawing is refused."""
    try:
        read_drawn_plan(text, template, name)
    except FatalError as stop:
        return list(finding_cells(stop.findings))
    raise AssertionError("the plan was not refused")


def finding_cells(findings: tuple[Finding, ...]) -> Iterator[str]:
    """Yield each finding as "code cell", once it is known to be sayable in both languages."""
    for finding in findings:
        for language in LANGUAGES:
            assert message_of(finding, language)
            assert remedy_of(finding, language)
        yield f"{finding.code} {finding.location.cell or '-'}"


def format_items(lines: tuple[PlanItem, ...]) -> list[str]:
    """Return lines as "Samhälle / Möten / Öppna kvarnen: Museet"."""
    return [f"{' / '.join(filter(None, line.level_texts))}: {'; '.join(line.units)}" for line in lines]


def _draw_sheet(name: str, lines: list[str]) -> SheetData:
    written = [[cell.strip() for cell in line.split("|")] if line.strip() != "." else [] for line in lines]
    width = max(map(len, written), default=0)
    rows = [[*cells, *[""] * (width - len(cells))] for cells in written]
    merged = [
        (row, column, _end_of_merge(rows, row, column), column)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
        if cell != "^" and row + 1 < len(rows) and rows[row + 1][column] == "^"
    ]
    return SheetData(name, tuple(tuple(map(_draw_cell, cells)) for cells in rows), tuple(merged))


def _end_of_merge(rows: list[list[str]], row: int, column: int) -> int:
    while row + 1 < len(rows) and rows[row + 1][column] == "^":
        row += 1
    return row


def _draw_cell(text: str) -> RawCell:
    if text in ("", "^"):
        return None
    if text.startswith("#"):
        return ErrorValue(text)
    if text.startswith("="):
        return float(text[1:])
    if text.startswith("@"):
        return datetime.fromisoformat(text[1:])
    return text.replace("⏎", "\n")
