"""Plan workbook -> `Plan`: which sheet, which headings, which year; then rows, lines and units.

Takes a `Book` that somebody has opened. Every fault of the workbook is told in one `Stop`; what is only doubtful
comes back beside the plan.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import PurePath
from typing import NoReturn

from xlflow.core.findings import Finding, Place, Severity, Stop, find, sort_findings
from xlflow.core.loose_ends import TIMES
from xlflow.core.model import Line, Plan, Round, Unit
from xlflow.core.template import Template
from xlflow.core.words import Language, Text
from xlflow.define.exceptions import Asked, find_expired, read_aliases, read_exceptions
from xlflow.define.headings import choose_context, find_plan_table
from xlflow.define.lines import settle_lines
from xlflow.define.rows import PlanSheet, read_rows
from xlflow.define.tables import Table, title_above
from xlflow.define.units import Register, find_unit_sheet, gather_units, read_units
from xlflow.excel.incoming import Book

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def define_round(
    book: Book | Finding, template: Template, as_of: date, due: date | None = None, language: Language = "sv"
) -> tuple[Round, tuple[Finding, ...]]:
    """Return what is asked of whom, and what is doubtful in the plan; `Stop` with every fault at once."""
    plan, findings = read_plan(book, template, as_of, language)
    if due is not None and due < as_of:
        words = {"due": due.isoformat(), "as_of": as_of.isoformat()}
        findings = (*findings, find("due-before-as-of", Place(plan.file), words=words))
    return Round(template, plan, as_of, due, language), findings


def read_plan(
    book: Book | Finding, template: Template, as_of: date, language: Language = "sv"
) -> tuple[Plan, tuple[Finding, ...]]:
    """Return the plan, and what is doubtful in it; `Stop` with every fault at once, each with sheet and cell.

    A quarter without a year lies in the year that the deadline's heading names ("Slutdatum 2021"), else in the
    year of the as-of date.
    """
    if isinstance(book, Finding):
        raise Stop(book)
    table, about_sheet = find_plan_table(book, template, language)
    register, about_register = read_units(book, find_unit_sheet(book, table.sheet if table else None))
    if table is None or "unit" not in table.columns:
        _stop_at_errors([*about_sheet, *about_register])
    sheet, about_columns = _survey(table, template, register, as_of, language)
    drafts, about_rows = read_rows(sheet)
    lines, about_lines = settle_lines(sheet, drafts)
    units, about_units = _choose_units(sheet.register, lines, table)
    asked = Asked(template, units, lines, sheet.year, language)
    (exceptions, about_exceptions), (aliases, about_aliases) = (
        read_exceptions(book, asked),
        read_aliases(book, asked),
    )
    findings = [*about_sheet, *about_register, *about_columns, *about_rows, *about_lines, *about_units]
    findings += [*about_exceptions, *about_aliases]
    if not lines and not _errors(findings):
        findings.append(find("plan-empty", table.place_at(table.heading_row, 0)))
    if _errors(findings):
        _stop_at_errors(findings)
    title = title_above(table)[0] or PurePath(book.name).stem
    context = tuple(heading for _, heading in sheet.context)
    plan = Plan(title, units, lines, sheet.year, context, book.digest, book.name, exceptions, aliases)
    return plan, sort_findings([*findings, *find_expired(exceptions, as_of)])


def _survey(
    table: Table, template: Template, register: Register, as_of: date, language: Language
) -> tuple[PlanSheet, list[Finding]]:
    """Return what the rows are to be read with, and what is wrong or assumed in the headings."""
    context, findings = choose_context(table, template, language)
    year, about_year = _choose_year(table, template, as_of)
    known = register if register.listed else gather_units(table)
    return PlanSheet(table, template, known, year, language, context), [*findings, *about_year]


def _choose_year(table: Table, template: Template, as_of: date) -> tuple[int, list[Finding]]:
    """Return the year of a quarter that names none: that of the deadline's heading, else of the as-of date."""
    times = [field for field in template.given() if field.type in TIMES]
    named = next((table.years[field.key] for field in times if field.key in table.years), None)
    if named is not None and named != as_of.year:
        words: dict[str, str | int] = {"year": named, "as_of": as_of.isoformat()}
        return named, [find("plan-year-differs", table.place_at(table.heading_row, 0), words=words)]
    text, row, column = title_above(table)
    years = {int(year) for year in _YEAR.findall(text)}
    if named is None and times and len(years) == 1 and as_of.year not in years:
        about: dict[str, str | int | Text] = {"year": min(years), "counted": as_of.year, "heading": times[0].label}
        return as_of.year, [find("plan-year-doubtful", table.place_at(row, column), words=about)]
    return named or as_of.year, []


def _choose_units(
    register: Register, lines: Sequence[Line], table: Table
) -> tuple[tuple[Unit, ...], list[Finding]]:
    """Return the units that are asked about something, in the order of their sheet, else of the plan."""
    asked = {unit for line in lines for unit in line.units}
    units = tuple(unit for unit in register.units.values() if unit.name in asked)
    if not register.listed:
        names = ", ".join(unit.name for unit in units)
        return units, [find("plan-units-assumed", Place(table.file), words={"units": names})]
    idle = [(key, unit) for key, unit in register.units.items() if unit.name not in asked]
    return units, [find("units-without-lines", register.places[key], unit=unit.name) for key, unit in idle]


def _errors(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.weight is Severity.ERROR]


def _stop_at_errors(findings: Iterable[Finding]) -> NoReturn:
    raise Stop(*sort_findings(_errors(findings)))
