"""Which forms go back to be corrected, and with what: all answers as written, the faults, the texts beside.

A unit gets its form back if something in it is wrong or doubtful that the unit itself can mend. What the fresh
form mends by itself is told in words that fit it; what is for the coordinator alone is left out.
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
from xlflow.model.template import Field, Template
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
    "conflict-in-form": "returned-conflict",
    "choice-alias": "returned-alias",
    "alias-used": "returned-alias",
}
"""What was found in the form that came -> what is said of it in the one that goes back, which is whole again."""

OVERWRITTEN_TEXT_CODES = ("issued-text-changed", "heading-changed", "computed-changed", "row-without-id")
"""Notes that quote what somebody wrote over the form's own words, which the one that goes back has anew."""

ACTIONABLE_NOTE_SUFFIXES = ("-in-comment", "-in-text", "choice-alias", "alias-used")
"""How the codes of those notes end that a unit can do something about."""


@dataclass(frozen=True, slots=True)
class CorrectionForm:
    """One form that goes back: everything that `write_form` needs."""

    unit: str
    round: Round
    answers: AnswerTexts
    correction_request: CorrectionRequest
    previous: PreviousAnswers | None
    nothing_to_report: bool


def plan_correction_forms(
    merged: Merged, findings: Sequence[Finding], submissions: Iterable[Submission]
) -> tuple[CorrectionForm, ...]:
    """Return the forms that go back, in the plan's order of the units. `forms` are those that were merged."""
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
    """Yield what somebody wrote over the form's own words, which no answer and no line of the list holds."""
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
    """Yield what is said of a finding in the form that goes back; nothing of a note that asks for nothing. `wrong`
    are the answers, by row and field, that cannot stay as they are."""
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


# What stands in it ----------------------------------------------------------------------------------------


def _build_unit_round(unit: str, round_: Round, rows: Iterable[AnswerRow]) -> Round:
    """Return the round in which the unit is asked about every line that it has answered, and its own stand as
    they came."""
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
    """Return an activity of the unit's own with what it wrote in the plan's columns, also where nobody could read
    that: reading puts such texts among the context."""
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
    """Yield each answer as it was written; numbers and days that were understood so that they stay the same."""
    for answer in row.answers:
        if answer.raw_text:
            yield (
                answer.field,
                _format_unambiguously(answer.value, template.field(answer.field)) or answer.raw_text,
            )


def _format_unambiguously(value: FieldValue | None, field: Field) -> str:
    """Return a number or a day, in a field for one, so that it is read in one way only; "" for all else."""
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
