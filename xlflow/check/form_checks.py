"""What the answers of a unit lack or contradict, as findings. The rules themselves are in `rules`.

Works on parsed answers: a cell that could not be parsed was reported by `read` and is not reported again for what
follows from it. Changes nothing and reads no files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText, join_words
from xlflow.model.findings import SEVERITY_RANKS, Finding, Location, MessageParam, Severity, make_finding
from xlflow.model.merged import Merged
from xlflow.model.plan import FieldValue, Round
from xlflow.model.submission import Answer, AnswerRow, Submission
from xlflow.model.template import Template
from xlflow.model.template_elements import LISTED_TYPES, Field, Rule
from xlflow.rules import ANSWER_LISTED_RULE, ANSWER_READABLE_RULE, Requirement, RowAnswers, evaluate_rules
from xlflow.rules.computed_fields import field_value
from xlflow.rules.engine import requirement_text
from xlflow.runtime.memo import IdentityKey
from xlflow.values.field_values import describe_accepted, format_value


def check_submission(submission: Submission) -> tuple[Finding, ...]:
    """Return what one form's answers lack or contradict, beside what reading it found."""
    return check_rows(submission.round, submission.rows, submission.nothing_to_report)


def check_merged(merged: Merged) -> tuple[Finding, ...]:
    """Return what the answers lack or contradict, unit by unit, after several returns of a unit were joined."""
    nothing_by_unit = dict(merged.nothing_to_report_claims)
    findings_by_unit = (
        check_rows(merged.round, rows, nothing_by_unit.get(unit)) for unit, rows in merged.rows_by_unit().items()
    )
    return tuple(finding for findings in findings_by_unit for finding in findings)


def check_rows(
    round_: Round, rows: Sequence[AnswerRow], nothing_to_report: Location | None = None
) -> tuple[Finding, ...]:
    """Return the findings on the rows of one unit; at most one per blank cell, the most severe.

    `nothing_to_report` is the cell in which the unit says that it has nothing to report, None if it does not.
    """
    requirements = evaluate_rules(
        round_, [_to_row_answers(row) for row in rows], nothing_to_report=nothing_to_report is not None
    )
    pairs = zip(rows, requirements, strict=True)
    raw_findings = (
        finding
        for row, row_requirements in pairs
        for requirement in row_requirements
        for finding in _check_requirement(_RowRequirement(round_, row, requirement))
    )
    return (*_check_nothing_to_report(rows, nothing_to_report), *_drop_repeated_blanks(raw_findings))


def _to_row_answers(row: AnswerRow) -> RowAnswers:
    texts = {answer.field: answer.raw_text for answer in row.answers}
    return RowAnswers(row.item, texts, {answer.field: answer.value for answer in row.answers})


def _check_nothing_to_report(rows: Sequence[AnswerRow], nothing_to_report: Location | None) -> Iterator[Finding]:
    """Yield a note that a unit has nothing to report, or a warning if it has answered all the same."""
    if nothing_to_report and rows:
        answered_count = sum(not row.is_blank for row in rows)
        code = "nothing-to-report-contradicted" if answered_count else "nothing-to-report"
        yield make_finding(code, nothing_to_report, unit=rows[0].unit, params={"count": answered_count})


# From what is asked to findings -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _RowRequirement:
    """What a rule asks for, in its row."""

    round: Round
    row: AnswerRow
    requirement: Requirement

    @property
    def template(self) -> Template:
        return self.round.template

    @property
    def answer(self) -> Answer | None:
        """The cell that it is about; None if it is about the row, or the form lost the column."""
        return self.row.answer(self.requirement.field) if self.requirement.field else None

    def field(self) -> Field:
        """Return the field that it is about."""
        return self.template.field(self.requirement.field or "")

    def make_finding(
        self, code: str, params: Mapping[str, MessageParam], severity: Severity | None = None
    ) -> Finding:
        """Return a finding in the cell that it is about."""
        answer, row = self.answer, self.row
        return make_finding(
            code,
            row.location_of(answer) if answer else row.location,
            severity=severity,
            rule=self.requirement.rule,
            unit=row.unit,
            row_id=row.item.id,
            field=self.requirement.field,
            value=(answer.raw_text or None) if answer else None,
            params=params,
        )


def _check_requirement(row_requirement: _RowRequirement) -> Iterator[Finding]:
    check = (
        _CHECK_BY_RULE.get(row_requirement.requirement.rule)
        if row_requirement.requirement.template_rule is None
        else _check_declared_rule
    )
    if check:
        yield from check(row_requirement)


def _check_added_row(row_requirement: _RowRequirement) -> Iterator[Finding]:
    yield row_requirement.make_finding(
        "added-row-without-text",
        {"level": row_requirement.template.levels[row_requirement.template.item_level_index].label},
    )


def _check_status(row_requirement: _RowRequirement) -> Iterator[Finding]:
    code = "missing-status-or-parts" if row_requirement.requirement.parts_may_answer else "missing-status"
    field = row_requirement.field()
    params: dict[str, MessageParam] = {
        "field": field.label,
        "choices": _accepted_choices_text(IdentityKey(row_requirement.template), field.key),
    }
    yield row_requirement.make_finding(code, params | {"ask": _requirement_texts(row_requirement)})


def _check_required(row_requirement: _RowRequirement) -> Iterator[Finding]:
    yield row_requirement.make_finding("missing-answer", {"field": row_requirement.field().label})


def _check_listed_choice(row_requirement: _RowRequirement) -> Iterator[Finding]:
    """An answer that reading understood all the same; what it did not, it has reported."""
    if row_requirement.answer and not row_requirement.answer.error_code:
        accepted = describe_accepted(
            row_requirement.field(), row_requirement.template, row_requirement.round.plan.year
        )
        yield row_requirement.make_finding(
            "choice-not-listed", {"field": row_requirement.field().label, "accepted": accepted}
        )


def _check_plain_number(row_requirement: _RowRequirement) -> Iterator[Finding]:
    """A number that reading understood all the same; what it did not, it has reported."""
    answer, field = row_requirement.answer, row_requirement.field()
    if answer and answer.value is not None:
        template, year = row_requirement.template, row_requirement.round.plan.year
        understood = LocalizedText(
            **{language: format_value(answer.value, field, template, language, year) for language in LANGUAGES}
        )
        yield row_requirement.make_finding("amount-not-plain", {"field": field.label, "understood": understood})


def _check_declared_rule(row_requirement: _RowRequirement) -> Iterator[Finding]:
    requirement, rule = row_requirement.requirement, row_requirement.requirement.template_rule
    if rule:
        is_trial = requirement.severity == "trial"
        message = {
            language: rule.message.in_language(language).format_map(_RuleMessageParams(row_requirement, language))
            for language in LANGUAGES
        }
        yield row_requirement.make_finding(
            "rule-on-trial" if is_trial else "rule-broken",
            {"message": LocalizedText(**message), "remedy": _requirement_texts(row_requirement)},
            Severity.NOTE if is_trial else Severity(requirement.severity),
        )


_CHECK_BY_RULE: Mapping[str, Callable[[_RowRequirement], Iterator[Finding]]] = {
    "added_row_without_text": _check_added_row,
    "missing_status": _check_status,
    "missing_required": _check_required,
    ANSWER_LISTED_RULE: _check_listed_choice,
    ANSWER_READABLE_RULE: _check_plain_number,
}


# Words ------------------------------------------------------------------------------------------------------


class _RuleMessageParams(dict[str, str]):
    """What a rule's message may name: what stands in the row, and what is worse below it."""

    def __init__(self, row_requirement: _RowRequirement, language: Language):
        super().__init__()
        self.row_requirement = row_requirement
        self.language = language

    def __missing__(self, key: str) -> str:
        template, worse_part = self.row_requirement.template, self.row_requirement.requirement.worse_row
        if key == "part" and worse_part and template.part_level_index is not None:
            return worse_part.item.level_texts[template.part_level_index]
        if key == "part_status" and worse_part:
            status_field = self.row_requirement.field()
            return self._format_answer(
                status_field, worse_part.texts[status_field.key], worse_part.parsed_values[status_field.key]
            )
        answer, field = self.row_requirement.row.answer(key), template.field(key)
        return (
            self._format_answer(field, answer.raw_text, answer.value) if answer else self._format_plan_value(field)
        )

    def _format_answer(self, field: Field, raw_text: str, value: FieldValue | None) -> str:
        """Return an answer as it was written, but one of a list as this language has it."""
        is_known_choice = field.type in LISTED_TYPES and value is not None
        return self._format_field_value(field, value) if is_known_choice else raw_text

    def _format_plan_value(self, field: Field) -> str:
        return self._format_field_value(
            field, field_value(self.row_requirement.row, field.key, self.row_requirement.template)
        )

    def _format_field_value(self, field: Field, value: FieldValue | None) -> str:
        return format_value(
            value, field, self.row_requirement.template, self.language, self.row_requirement.round.plan.year
        )


def _requirement_texts(row_requirement: _RowRequirement) -> LocalizedText:
    requirement = row_requirement.requirement
    return _cached_requirement_texts(
        IdentityKey(row_requirement.template),
        IdentityKey(requirement.template_rule),
        requirement.rule,
        requirement.field,
        parts=requirement.parts_may_answer,
    )


@lru_cache(maxsize=256)
def _cached_requirement_texts(
    template: IdentityKey[Template],
    declared: IdentityKey[Rule | None],
    rule: str,
    field: str | None,
    *,
    parts: bool,
) -> LocalizedText:
    """Return in words what is asked for; remembered, since the same is asked in row after row."""
    requirement = Requirement(rule, field, template_rule=declared.value, parts_may_answer=parts)
    return LocalizedText(
        **{language: requirement_text(requirement, template.value, language) for language in LANGUAGES}
    )


@lru_cache(maxsize=64)
def _accepted_choices_text(template: IdentityKey[Template], key: str) -> LocalizedText:
    """Return the accepted answers as a sentence has them: "Genomfört, Pågående eller Utgår"."""
    options = template.value.choice_list(template.value.field(key)).options
    return LocalizedText(
        **{
            language: join_words([option.label.in_language(language) for option in options], "or", language)
            for language in LANGUAGES
        }
    )


def _drop_repeated_blanks(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings, most severe first, with only one of those that report the same blank cell."""
    kept: list[Finding] = []
    blank_locations: set[Location] = set()
    for finding in sorted(findings, key=lambda found: SEVERITY_RANKS[found.effective_severity]):
        if finding.field and not finding.value:
            if finding.location in blank_locations:
                continue
            blank_locations.add(finding.location)
        kept.append(finding)
    return tuple(kept)
