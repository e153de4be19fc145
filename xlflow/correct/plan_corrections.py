"""Which forms go back to be corrected, and with what: all answers as written, the findings, the unplaced texts.

A unit gets its form back if it has an error or a warning that the unit itself can correct. Findings that the new
form resolves by itself are reworded to fit it; those for the coordinator alone are left out.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from xlflow.form.identity import digest_answers
from xlflow.form.metadata import AnswerTexts
from xlflow.model.findings import Finding, Severity, make_finding, responsible_party
from xlflow.model.merged import Merged
from xlflow.model.plan import Deadline, FieldValue, PlanItem, Round
from xlflow.model.submission import Answer, AnswerRow, CorrectionRequest, PreviousAnswers, Submission, Unplaced
from xlflow.model.template import Template
from xlflow.model.template_elements import Field
from xlflow.model.text import normalize_key
from xlflow.values import cell_text

REPHRASED_CODES: Mapping[str, str] = {
    "row-missing": "returned-row-back",
    "row-unknown": "returned-row-unplaced",
    "row-twice": "returned-row-unplaced",
    "row-on-copied-sheet": "returned-row-unplaced",
    "column-missing": "returned-column-back",
    "form-lacks-questions": "returned-new-questions",
    "conflict": "returned-conflict",
    "conflict-undecided": "returned-conflict",
    "conflict-in-form": "returned-conflict",
    "choice-alias": "returned-alias",
    "alias-used": "returned-alias",
}
"""Code of a finding in the returned form -> its code in the correction form, which is complete again."""

OVERWRITTEN_TEXT_CODES = ("issued-text-changed", "heading-changed", "computed-changed", "row-without-id")
"""Notes that quote text written over the form's own text; the correction form has its own text again."""

ACTIONABLE_NOTE_SUFFIXES = ("-in-comment", "-in-text", "choice-alias", "alias-used")
"""Endings of the codes of notes that a unit can act on; all other notes are left out."""


@dataclass(frozen=True, slots=True)
class CorrectionForm:
    """One correction form: what `generate.write_form` needs. `answers`: texts by item id and field key."""

    unit: str
    round: Round
    answers: AnswerTexts
    correction_request: CorrectionRequest
    previous: PreviousAnswers | None
    nothing_to_report: bool


def plan_correction_forms(
    merged: Merged, findings: Sequence[Finding], submissions: Iterable[Submission]
) -> tuple[CorrectionForm, ...]:
    """Return the correction forms, in the plan's order of the units; none for a unit with notes only.

    `findings` are all of the run, `submissions` those that were merged (the newest one's previous answers are
    shown again).
    """
    submissions_by_unit: dict[str, list[Submission]] = {}
    for submission in submissions:
        submissions_by_unit.setdefault(normalize_key(submission.unit), []).append(submission)
    unit_by_file = {
        form.file.name: form.unit for unit_submissions in submissions_by_unit.values() for form in unit_submissions
    }
    findings_by_unit: dict[str, list[Finding]] = {}
    for finding in findings:
        findings_by_unit.setdefault(
            normalize_key(finding.unit or unit_by_file.get(finding.location.file, "")), []
        ).append(finding)
    planned = (
        _plan_correction_form(
            unit, merged, findings_by_unit.get(normalize_key(unit), []), submissions_by_unit[normalize_key(unit)]
        )
        for unit in merged.answered_units
        if normalize_key(unit) in submissions_by_unit
    )
    return tuple(correction_form for correction_form in planned if correction_form)


def _plan_correction_form(
    unit: str, merged: Merged, findings: Sequence[Finding], submissions: Sequence[Submission]
) -> CorrectionForm | None:
    unit_findings = [finding for finding in findings if responsible_party(finding.code) == "unit"]
    if all(found.effective_severity is Severity.NOTE for found in unit_findings):
        return None
    template, rows = (
        merged.round.template,
        [merged_item.row for merged_item in merged.rows if merged_item.row.unit == unit],
    )
    answers = {row.item.id: dict(_list_prefilled_texts(row, template)) for row in rows}
    unplaced = (
        *(one for one in merged.unplaced if one.unit == unit),
        *_find_overwritten_texts(unit, findings, rows),
    )
    erroneous_answers = {
        (found.row_id, found.field) for found in unit_findings if found.effective_severity is Severity.ERROR
    }
    rephrased = tuple(
        dict.fromkeys(
            rephrased_finding
            for found in unit_findings
            for rephrased_finding in _rephrase_finding(found, erroneous_answers)
        )
    )
    replaced_digests = [
        digest
        for submission in submissions
        for digest in (submission.answers_digest, *submission.identity.replaced_digests)
    ]
    nothing_to_report, reread_rows = (
        unit in dict(merged.nothing_to_report_claims),
        [_row_as_reread(row, template) for row in rows],
    )
    own_digest = digest_answers(merged.round.key, unit, reread_rows, unplaced, nothing_to_report=nothing_to_report)
    newest = max(submissions, key=lambda form: str(form.file.saved_at or ""))
    return CorrectionForm(
        unit,
        _build_unit_round(unit, merged.round, rows),
        {item_id: texts for item_id, texts in answers.items() if texts},
        CorrectionRequest(rephrased, unplaced, tuple(dict.fromkeys((*replaced_digests, own_digest)))),
        newest.previous_answers,
        nothing_to_report,
    )


def _find_overwritten_texts(
    unit: str, findings: Sequence[Finding], rows: Iterable[AnswerRow]
) -> Iterator[Unplaced]:
    """Yield the texts written over the form's own text, which neither an answer nor a finding keeps."""
    issued_texts = {row.item.id: normalize_key(" | ".join(filter(None, row.item.level_texts))) for row in rows}
    for finding in findings:
        if (
            finding.code in OVERWRITTEN_TEXT_CODES
            and finding.value
            and normalize_key(finding.value) != issued_texts.get(finding.row_id or "")
        ):
            yield Unplaced(unit, finding.location, (finding.value,), "text-outside-table", is_row=False)


def _rephrase_finding(
    finding: Finding, erroneous_answers: Container[tuple[str | None, str | None]]
) -> Iterator[Finding]:
    """Yield the finding as the correction form reports it, without file, sheet and cell; nothing for a note that
    asks for nothing. `erroneous_answers` are the answers with an error: (item id, field key)."""
    if finding.effective_severity is Severity.NOTE and not finding.code.endswith(ACTIONABLE_NOTE_SUFFIXES):
        return
    code = REPHRASED_CODES.get(finding.code)
    if code is None:
        yield replace(finding, location=replace(finding.location, file="", sheet=None, cell=None))
        return
    if code == "returned-conflict" and (finding.row_id, finding.field) in erroneous_answers:
        code = "returned-conflict-wrong"
    location_names = ("row_id", "field") if code != "returned-row-unplaced" else ()
    details = {name: getattr(finding, name) for name in ("unit", "value", "suggestion", *location_names)}
    yield make_finding(
        code, replace(finding.location, file="", sheet=None, cell=None), params=dict(finding.params), **details
    )


# The contents of a correction form -------------------------------------------------------------------------


def _build_unit_round(unit: str, round_: Round, rows: Iterable[AnswerRow]) -> Round:
    """Return the round with the unit asked about every plan item that it has answered, and with the activities
    that it added."""
    answered_ids = {row.item.id for row in rows}
    items = tuple(
        _restore_added_item(item, round_.template)
        if item.added_by_unit
        else _add_answering_unit(item, unit, answered_ids)
        for item in round_.plan.items
        if not item.added_by_unit or unit in item.units
    )
    return replace(round_, plan=replace(round_.plan, items=items))


def _add_answering_unit(item: PlanItem, unit: str, answered_ids: set[str]) -> PlanItem:
    answered_unasked = item.id in answered_ids and unit not in item.units
    return replace(item, units=(*item.units, unit)) if answered_unasked else item


def _restore_added_item(item: PlanItem, template: Template) -> PlanItem:
    """Return an added activity with what the unit wrote in the plan's columns as plan values. Text that could not
    be parsed there was read as extra columns."""
    plan_fields_by_heading = {
        name: field for field in template.plan_fields() for name in (field.label.sv, field.label.en)
    }
    unparsed_values = tuple(
        (plan_fields_by_heading[heading].key, text)
        for heading, text in item.extra_columns
        if heading in plan_fields_by_heading
    )
    extra_columns = tuple(pair for pair in item.extra_columns if pair[0] not in plan_fields_by_heading)
    return replace(item, plan_values=(*item.plan_values, *unparsed_values), extra_columns=extra_columns)


def _list_prefilled_texts(row: AnswerRow, template: Template) -> Iterator[tuple[str, str]]:
    """Yield (field key, text) per answer as written; numbers and dates so that they parse the same again."""
    for answer in row.answers:
        if answer.raw_text:
            yield (
                answer.field,
                _format_unambiguously(answer.value, template.field(answer.field)) or answer.raw_text,
            )


def _format_unambiguously(value: FieldValue | None, field: Field) -> str:
    """Return a text of a number or date that parses in one way only (1.500 -> 1.5000); "" for all else."""
    if isinstance(value, Decimal) and field.type in ("number", "integer"):
        text = format(value, "f")
        return f"{text}0" if len(text.partition(".")[2]) == 3 else text
    return value.text if isinstance(value, Deadline) and field.type == "date" and value.kind == "day" else ""


def _row_as_reread(row: AnswerRow, template: Template) -> AnswerRow:
    """Return a row as it will be read from the form that goes back."""
    answers = tuple(_answer_as_reread(answer, template.field(answer.field)) for answer in row.answers)
    return replace(row, answers=answers)


def _answer_as_reread(answer: Answer, field: Field) -> Answer:
    if isinstance(answer.value, Decimal) and field.type in ("number", "integer"):
        return replace(answer, raw_text=cell_text(float(answer.value)))
    return replace(answer, raw_text=_format_unambiguously(answer.value, field) or answer.raw_text)
