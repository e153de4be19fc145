"""What a plan asks as long as no form tells which round it is for: who is asked, and nothing of when.

The template is the one that whoever runs it names, else the first of the shipped ones that the plan's headings
fit; the language is that of the headings. Says nothing of the plan that depends on the day of the round, for
nobody knows it.
"""

from collections.abc import Iterator
from dataclasses import replace

from xlflow.core.findings import FatalError, Finding
from xlflow.core.model import Round
from xlflow.core.template import Template
from xlflow.core.words import UNKNOWN_DATE, Language, LocalizedText
from xlflow.define.headings import find_plan_table
from xlflow.define.plan import define_round
from xlflow.define.tables import normalize_key_cached
from xlflow.define.templates import load_shipped_templates
from xlflow.excel.incoming import WorkbookData

DEFAULT_TEMPLATE = "followup"

_DATE_DEPENDENT_CODES = ("plan-year-differs", "plan-year-doubtful")
_HEADING_MISMATCH_CODES = ("plan-no-sheet", "plan-no-heading-row", "plan-heading-missing", "plan-heading-misspelt")


def infer_round(
    workbook: WorkbookData, chosen_template: Template | None = None
) -> tuple[Round, tuple[Finding, ...]] | None:
    """Return what is asked of whom, what is doubtful in the plan; None if its headings fit no template of ours.

    `Stop` with every fault of a plan whose headings fit, and of any plan where a template is named.
    """
    if chosen_template:
        return _define_round_without_date(workbook, chosen_template)
    first_error: FatalError | None = None
    for template in sorted(load_shipped_templates(), key=lambda template: template.name != DEFAULT_TEMPLATE):
        try:
            return _define_round_without_date(workbook, template)
        except FatalError as stop:
            if not any(finding.code in _HEADING_MISMATCH_CODES for finding in stop.findings):
                first_error = first_error or stop
    if first_error:
        raise first_error
    return None


def _define_round_without_date(workbook: WorkbookData, template: Template) -> tuple[Round, tuple[Finding, ...]]:
    round_, findings = define_round(workbook, template, UNKNOWN_DATE)
    kept_findings = tuple(finding for finding in findings if finding.code not in _DATE_DEPENDENT_CODES)
    return replace(round_, language=detect_language(workbook, template)), kept_findings


def detect_language(workbook: WorkbookData, template: Template) -> Language:
    """Return the language of most of the headings, Swedish if there are as many of each."""
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
