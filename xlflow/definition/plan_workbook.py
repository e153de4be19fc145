"""Plan workbook -> `Plan` and `Round`: the sheet, the headings and the year, then rows, items and units.

Takes a `WorkbookData` that the caller has opened. Every error of the workbook is raised in one `FatalError`;
warnings and notes are returned beside the plan.

Where nothing but the plan is given (`infer_round`), the template is the first shipped one whose headings the plan
has, and the language is that of the headings. Then nothing may depend on the as-of date, which is unknown.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import PurePath
from typing import NoReturn

from xlflow.definition.plan_headings import choose_extra_columns, find_plan_table
from xlflow.definition.plan_items import build_plan_items
from xlflow.definition.plan_rows import PlanSheet, read_draft_items
from xlflow.definition.plan_tables import check_plan_formatting
from xlflow.definition.template_loader import load_shipped_templates
from xlflow.definition.units import UnitRegister, find_unit_sheet, read_units, units_named_in_plan
from xlflow.definition.waiver_sheets import WaiverContext, check_expired_waivers, read_aliases, read_waivers
from xlflow.excel.header_detection import DetectedTable, find_title_above
from xlflow.excel.reader import WorkbookData
from xlflow.i18n.catalogue import UNKNOWN_DATE, Language, LocalizedText
from xlflow.model.findings import (
    FatalError,
    Finding,
    Location,
    MessageParam,
    Severity,
    make_finding,
    sort_findings,
)
from xlflow.model.plan import Plan, PlanItem, Round, Unit
from xlflow.model.template import Template
from xlflow.model.template_elements import DEADLINE_TYPES
from xlflow.model.text import normalize_key_cached

_YEAR_IN_TITLE = re.compile(r"\b(?:19|20)\d\d\b")


def define_round(
    workbook: WorkbookData | Finding,
    template: Template,
    as_of: date,
    due: date | None = None,
    language: Language = "sv",
) -> tuple[Round, tuple[Finding, ...]]:
    """Return the round that a plan asks for, and the warnings and notes about the plan.

    `workbook` is as for `read_plan`. A due date before the as-of date is a finding. Raises `FatalError` with every
    error of the plan.
    """
    plan, findings = read_plan(workbook, template, as_of, language)
    if due is not None and due < as_of:
        params = {"due": due.isoformat(), "as_of": as_of.isoformat()}
        findings = (*findings, make_finding("due-before-as-of", Location(plan.file), params=params))
    return Round(template, plan, as_of, due, language), findings


def read_plan(
    workbook: WorkbookData | Finding, template: Template, as_of: date, language: Language = "sv"
) -> tuple[Plan, tuple[Finding, ...]]:
    """Return the plan, and the warnings and notes about it; `FatalError` with every error and its cell.

    A workbook that could not be opened is a finding, and is raised.

    A quarter without a year is in the year that the deadline's heading names ("Slutdatum 2021"), else in the
    year of the as-of date.
    """
    if isinstance(workbook, Finding):
        raise FatalError(workbook)
    table, sheet_findings = find_plan_table(workbook, template, language)
    register, register_findings = read_units(workbook, find_unit_sheet(workbook, table.sheet if table else None))
    if table is None or "unit" not in table.column_by_key:
        _raise_errors([*sheet_findings, *register_findings])
    plan_sheet, column_findings = _prepare_plan_sheet(table, template, register, as_of, language)
    drafts, row_findings = read_draft_items(plan_sheet)
    items, item_findings = build_plan_items(plan_sheet, drafts)
    units, unit_findings = _choose_asked_units(plan_sheet.register, items, table)
    waiver_context = WaiverContext(template, units, items, plan_sheet.year, language)
    (waivers, waiver_findings), (aliases, alias_findings) = (
        read_waivers(workbook, waiver_context),
        read_aliases(workbook, waiver_context),
    )
    findings = [
        *(note for note in workbook.findings if note.code in _FILE_CODES),
        *sheet_findings,
        *register_findings,
        *column_findings,
        *check_plan_formatting(table, template),
        *row_findings,
        *item_findings,
        *unit_findings,
    ]
    findings += [*waiver_findings, *alias_findings]
    if not items and not _select_errors(findings):
        findings.append(make_finding("plan-empty", table.location_at(table.heading_row, 0)))
    if _select_errors(findings):
        _raise_errors(findings)
    title = find_title_above(table)[0] or PurePath(workbook.name).stem
    extra_headings = tuple(heading for _, heading in plan_sheet.extra_columns)
    plan = Plan(
        title, units, items, plan_sheet.year, extra_headings, workbook.digest, workbook.name, waivers, aliases
    )
    return plan, sort_findings([*findings, *check_expired_waivers(waivers, as_of)])


def _prepare_plan_sheet(
    table: DetectedTable, template: Template, register: UnitRegister, as_of: date, language: Language
) -> tuple[PlanSheet, list[Finding]]:
    """Return what is needed to read the rows, and what is wrong or assumed in the headings."""
    extra_columns, findings = choose_extra_columns(table, template, language)
    year, year_findings = _choose_year(table, template, as_of)
    effective_register = register if register.has_unit_sheet else units_named_in_plan(table)
    return PlanSheet(table, template, effective_register, year, language, extra_columns), [
        *findings,
        *year_findings,
    ]


def _choose_year(table: DetectedTable, template: Template, as_of: date) -> tuple[int, list[Finding]]:
    """Return the year of a quarter that names none: that of the deadline's heading, else of the as-of date."""
    deadline_fields = [field for field in template.plan_fields() if field.type in DEADLINE_TYPES]
    heading_year = next(
        (table.year_by_key[field.key] for field in deadline_fields if field.key in table.year_by_key), None
    )
    if heading_year is not None and heading_year != as_of.year:
        params: dict[str, str | int] = {"year": heading_year, "as_of": as_of.isoformat()}
        return heading_year, [
            make_finding("plan-year-differs", table.location_at(table.heading_row, 0), params=params)
        ]
    text, row, column = find_title_above(table)
    years = {int(year) for year in _YEAR_IN_TITLE.findall(text)}
    if heading_year is None and deadline_fields and len(years) == 1 and as_of.year not in years:
        year_params: dict[str, MessageParam] = {
            "year": min(years),
            "counted": as_of.year,
            "heading": deadline_fields[0].label,
        }
        return as_of.year, [make_finding("plan-year-doubtful", table.location_at(row, column), params=year_params)]
    return heading_year or as_of.year, []


def _choose_asked_units(
    register: UnitRegister, items: Sequence[PlanItem], table: DetectedTable
) -> tuple[tuple[Unit, ...], list[Finding]]:
    """Return the units that have an item, in the order of the sheet of units, else of the plan.

    Listed units without an item are reported, and so is a plan without a sheet of units.
    """
    asked_names = {unit for item in items for unit in item.units}
    units = tuple(unit for unit in register.unit_by_key.values() if unit.name in asked_names)
    if not register.has_unit_sheet:
        names = ", ".join(unit.name for unit in units)
        return units, [make_finding("plan-units-assumed", Location(table.file), params={"units": names})]
    unasked = [(key, unit) for key, unit in register.unit_by_key.items() if unit.name not in asked_names]
    return units, [
        make_finding("units-without-items", register.location_by_key[key], unit=unit.name) for key, unit in unasked
    ]


def _select_errors(findings: Iterable[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.effective_severity is Severity.ERROR]


def _raise_errors(findings: Iterable[Finding]) -> NoReturn:
    raise FatalError(*sort_findings(_select_errors(findings)))


_FILE_CODES = ("plan-formatting-unseen", "cell-twice")
"""What is found when the file is opened, and matters to a plan."""

DEFAULT_TEMPLATE = "followup"

_DATE_DEPENDENT_CODES = ("plan-year-differs", "plan-year-doubtful")
_HEADING_MISMATCH_CODES = ("plan-no-sheet", "plan-no-heading-row", "plan-heading-missing", "plan-heading-misspelt")


def infer_round(
    workbook: WorkbookData, chosen_template: Template | None = None
) -> tuple[Round, tuple[Finding, ...]] | None:
    """Return the round as far as the plan alone defines it, with warnings and notes; None if no template fits.

    Tried are `chosen_template`, else the shipped ones. As-of and due date are unknown (`UNKNOWN_DATE`, None).

    `FatalError` with every fault of a plan whose headings fit, and of any plan where a template is named.
    """
    if chosen_template:
        return _define_round_without_date(workbook, chosen_template)
    first_error: FatalError | None = None
    for template in sorted(load_shipped_templates(), key=lambda template: template.name != DEFAULT_TEMPLATE):
        try:
            return _define_round_without_date(workbook, template)
        except FatalError as error:
            if not any(finding.code in _HEADING_MISMATCH_CODES for finding in error.findings):
                first_error = first_error or error
    if first_error:
        raise first_error
    return None


def _define_round_without_date(workbook: WorkbookData, template: Template) -> tuple[Round, tuple[Finding, ...]]:
    round_, findings = define_round(workbook, template, UNKNOWN_DATE)
    kept_findings = tuple(finding for finding in findings if finding.code not in _DATE_DEPENDENT_CODES)
    return replace(round_, language=detect_language(workbook, template)), kept_findings


def detect_language(workbook: WorkbookData, template: Template) -> Language:
    """Return the language that most of the plan's headings are in, Swedish in a tie or without a table."""
    table, _ = find_plan_table(workbook, template, "sv")
    if table is None:
        return "sv"
    heading_by_key = {
        key: normalize_key_cached(str(table.sheet.rows[table.heading_row][column]))
        for key, column in table.column_by_key.items()
    }
    pairs = [(heading_by_key[key], label) for key, label in _key_label_pairs(template) if key in heading_by_key]
    votes = [
        sum(text.startswith(normalize_key_cached(label.in_language(each))) for text, label in pairs)
        for each in ("sv", "en")
    ]
    return "en" if votes[1] > votes[0] else "sv"


def _key_label_pairs(template: Template) -> Iterator[tuple[str, LocalizedText]]:
    yield from ((each.key, each.label) for each in (*template.levels, *template.plan_fields()))
