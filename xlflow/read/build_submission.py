"""Workbook -> `Submission`: the order of the steps of reading one form.

A workbook may hold the forms of several units; the one that the file was issued to has the others inside it
(`Submission.other_submissions`). What was set aside becomes a finding each.
"""

from collections.abc import Sequence
from dataclasses import replace

from xlflow.excel.reader import WorkbookData
from xlflow.form.identity import digest_answers
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.submission import ReceivedFile, Submission
from xlflow.read.export_traces import remove_export_traces
from xlflow.read.form_schema import get_form_schema
from xlflow.read.identify_form import read_issued_form
from xlflow.read.nothing_to_report import find_nothing_to_report
from xlflow.read.other_sheets import choose_sheet_reading, find_texts_on_other_sheets, list_quoted_texts
from xlflow.read.read_form_sheet import read_form_sheet
from xlflow.read.recognise_by_content import KnownRound
from xlflow.read.split_by_unit import (
    UnitForm,
    collect_foreign_tables,
    find_leftover_texts,
    refuse_foreign_form,
    split_workbook_by_unit,
)
from xlflow.read.unplaced import find_annotation_texts, find_surrounding_texts, make_unplaced_finding

RETRYABLE_REFUSALS = (
    "not-a-form",
    "form-metadata-corrupt",
    "form-of-newer-version",
    "form-without-definition",
    "form-of-unknown-unit",
)
"""Refusals that a second reading may lift, once it is known from other forms or a plan what was issued."""


def can_be_retried(outcome: Submission | Finding) -> bool:
    """Return whether reading the file again may give more, once it is known what was issued (see `read_form`)."""
    if isinstance(outcome, Finding):
        return outcome.code in RETRYABLE_REFUSALS
    return any(finding.code == "sheet-of-unknown-form" for finding in outcome.findings)


def read_form(
    workbook: WorkbookData, file: ReceivedFile, known_rounds: Sequence[KnownRound] = ()
) -> Submission | Finding:
    """Return what a form says, or the finding that says why it cannot be read as one.

    `file` is the record of the received file, which the submission keeps. `known_rounds` are rounds that were
    issued; they help where a form has lost its identity, and where the form of another unit is in the same
    workbook.
    """
    workbook = remove_export_traces(workbook)
    outcome = read_issued_form(workbook, known_rounds)
    if isinstance(outcome, Finding):
        return outcome
    issued, metadata_sheet, identity_findings = outcome
    unit = issued.identity.unit
    unit_forms, foreign_tables = split_workbook_by_unit(workbook, issued, metadata_sheet, known_rounds)
    if not unit_forms:
        return refuse_foreign_form(foreign_tables, issued) or make_finding(
            "form-sheet-missing", Location(workbook.name), unit=unit
        )
    first, *other_submissions = (_read_unit_form(unit_form, file) for unit_form in unit_forms)
    from_foreign_tables = list(collect_foreign_tables(workbook, foreign_tables, issued))
    extra_unplaced = (
        *(entry for _, rows in from_foreign_tables for entry in rows),
        *find_leftover_texts(workbook, unit_forms, foreign_tables, metadata_sheet, issued),
    )
    findings = (
        *identity_findings,
        *(finding for finding, _ in from_foreign_tables),
        *map(make_unplaced_finding, extra_unplaced),
        *first.findings,
    )
    unplaced = (*first.unplaced, *extra_unplaced)
    first = replace(
        first,
        findings=findings,
        unplaced=unplaced,
        other_submissions=tuple(map(_set_unit_in_findings, other_submissions)),
    )
    return replace(first, answers_digest=_digest_submission(first)) if extra_unplaced else first


def _digest_submission(submission: Submission) -> str:
    """Return the digest of all that a form says, unplaced texts included: two files with one digest say the
    same."""
    has_nothing_to_report = submission.nothing_to_report is not None
    return digest_answers(
        submission.identity.round_key,
        submission.unit,
        submission.rows,
        submission.unplaced,
        nothing_to_report=has_nothing_to_report,
        changed_form_texts=list_quoted_texts(submission.findings),
    )


def _set_unit_in_findings(submission: Submission) -> Submission:
    """Return the submission with its unit in all its findings, also in those of the whole sheet or file."""
    return replace(
        submission,
        findings=tuple(replace(finding, unit=finding.unit or submission.unit) for finding in submission.findings),
    )


def _read_unit_form(unit_form: UnitForm, file: ReceivedFile) -> Submission:
    """Return what the form of one unit says."""
    workbook, issued = unit_form.workbook, unit_form.issued
    schema = get_form_schema(issued.round)
    reading = choose_sheet_reading(
        [read_form_sheet(table, schema, issued) for table in unit_form.tables], issued.issued_answers
    )
    unit, form_sheets = issued.identity.unit, [table.sheet for table in unit_form.tables]
    nothing_location, unclear_texts = find_nothing_to_report(workbook, [id(sheet) for sheet in form_sheets], unit)
    other_texts = find_texts_on_other_sheets(workbook, form_sheets, schema, issued)
    unclear_locations = {entry.location for entry in unclear_texts}
    remaining_texts = (entry for entry in other_texts if entry.location not in unclear_locations)
    unplaced = (
        *reading.unplaced,
        *unclear_texts,
        *remaining_texts,
        *find_annotation_texts(workbook, unit),
        *find_surrounding_texts(workbook, issued),
    )
    submission = Submission(
        file=file,
        identity=issued.identity,
        round=issued.round,
        rows=reading.rows,
        unplaced=unplaced,
        findings=(
            *workbook.findings,
            *unit_form.findings,
            *reading.findings,
            *map(make_unplaced_finding, unplaced),
        ),
        issued=tuple(
            (item_id, field, text)
            for item_id, texts in sorted(issued.issued_answers.items())
            for field, text in sorted(texts.items())
            if text
        ),
        previous_answers=issued.previous_answers,
        nothing_to_report=nothing_location,
    )
    return replace(submission, answers_digest=_digest_submission(submission))
