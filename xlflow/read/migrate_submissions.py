"""Reads submissions that carry another definition of the template with the one that counts: fields by key, else by
a shared name.

A round may go on after its template was amended, and a form may have been altered. What no field of the template
takes is set aside with its address; questions that a form lacks are reported once per form, not once per row.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xlflow.i18n.catalogue import LANGUAGES, LocalizedText
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import PlanItem
from xlflow.model.submission import Answer, AnswerRow, Submission, Unplaced
from xlflow.model.template import Template
from xlflow.model.template_definition import definition_of, version_sort_key
from xlflow.model.template_elements import Field, LabelledElement
from xlflow.model.text import normalize_key
from xlflow.values.field_values import describe_accepted, parse_value


def migrate_submissions(
    submissions: Iterable[Submission], template: Template, common_definitions: Collection[str] = ()
) -> tuple[Submission, ...]:
    """Return the submissions in their order; those with another definition of the template, of another version or
    altered, are read with this one. Each is named in a finding, but for those of no higher version whose
    definition is among `common_definitions`: several units' forms carry it, so that it was issued."""
    return tuple(
        _migrate_submission(submission, template, common_definitions)
        if _has_other_definition(submission, template)
        else submission
        for submission in submissions
    )


def _has_other_definition(submission: Submission, template: Template) -> bool:
    form_template = submission.round.template
    return (
        form_template is not template
        and form_template.name == template.name
        and definition_of(form_template) != definition_of(template)
    )


@dataclass(slots=True)
class _Migration:
    """One submission on its way to another template. `old_field_keys`: new field key -> old field key.
    `old_level_indexes`: for each new level its index among the old ones, None if it is new. `findings` and
    `unplaced` are filled on the way."""

    submission: Submission
    template: Template
    old_field_keys: Mapping[str, str]
    old_level_indexes: tuple[int | None, ...]
    findings: list[Finding] = field(default_factory=list)
    unplaced: list[Unplaced] = field(default_factory=list)

    @property
    def old_template(self) -> Template:
        """The template that the form was made with."""
        return self.submission.round.template


def _migrate_submission(
    submission: Submission, template: Template, common_definitions: Collection[str]
) -> Submission:
    migration = _plan_migration(submission, template)
    rows, plan = tuple(_migrate_row(row, migration) for row in submission.rows), submission.round.plan
    items = tuple(_migrate_item(item, migration) for item in plan.items)
    new_keys = {old_key: key for key, old_key in migration.old_field_keys.items()}
    reparsed_locations = {
        row.location_of(answer)
        for row in submission.rows
        for answer in row.answers
        if not _is_parsed_alike(answer.field, new_keys, migration)
    }
    kept_findings = (
        finding
        for finding in submission.findings
        if not (finding.field and finding.location in reparsed_locations)
    )
    return replace(
        submission,
        round=replace(submission.round, template=template, plan=replace(plan, items=items)),
        rows=rows,
        unplaced=(*submission.unplaced, *migration.unplaced),
        findings=(
            *_check_definition(migration, common_definitions),
            *kept_findings,
            *migration.findings,
            *_check_lacking_questions(migration),
        ),
        issued=tuple(
            (item_id, new_keys[key], text) for item_id, key, text in submission.issued if key in new_keys
        ),
    )


def _plan_migration(submission: Submission, template: Template) -> _Migration:
    old_template = submission.round.template
    answer_keys = (
        (template_field.key, _find_counterpart(template_field, old_template.answer_fields()))
        for template_field in template.answer_fields()
    )
    plan_keys = (
        (each.key, _find_counterpart(each, old_template.plan_fields())) for each in template.plan_fields()
    )
    level_indexes = {level.key: index for index, level in enumerate(old_template.levels)}
    old_level_keys = (_find_counterpart(level, old_template.levels) for level in template.levels)
    return _Migration(
        submission,
        template,
        {key: old_key for key, old_key in (*answer_keys, *plan_keys) if old_key},
        tuple(level_indexes[key] if key else None for key in old_level_keys),
    )


def _find_counterpart(wanted: LabelledElement, candidates: Sequence[LabelledElement]) -> str | None:
    """Return the key of the old field or level that a new one continues: the same key, else a shared heading."""
    if any(candidate.key == wanted.key for candidate in candidates):
        return wanted.key
    names = {normalize_key(name) for name in wanted.accepted_headings()}
    return next(
        (each.key for each in candidates if names & {normalize_key(name) for name in each.accepted_headings()}),
        None,
    )


def _migrate_item(item: PlanItem, migration: _Migration) -> PlanItem:
    levels = tuple("" if index is None else item.level_texts[index] for index in migration.old_level_indexes)
    old_values = dict(item.plan_values)
    plan_values = tuple(
        (template_field.key, old_values[old_key])
        for template_field in migration.template.plan_fields()
        if (old_key := migration.old_field_keys.get(template_field.key)) and old_key in old_values
    )
    return replace(item, level_texts=levels, plan_values=plan_values)


def _migrate_row(row: AnswerRow, migration: _Migration) -> AnswerRow:
    """Return the row with the answers of the new fields, in their order; answers that no new field takes are set
    aside and reported."""
    new_keys = {old_key: key for key, old_key in migration.old_field_keys.items()}
    answers = {
        new_keys[answer.field]: _migrate_answer(answer, row, new_keys, migration)
        for answer in row.answers
        if answer.field in new_keys
    }
    for answer in row.answers:
        if answer.field not in new_keys and not answer.is_blank:
            texts = (
                migration.old_template.field(answer.field).label.in_language(migration.submission.round.language),
                answer.raw_text,
            )
            location = row.location_of(answer)
            migration.unplaced.append(Unplaced(row.unit, location, texts, "answer-without-question", is_row=False))
            params = {"field": migration.old_template.field(answer.field).label}
            migration.findings.append(
                make_finding(
                    "answer-without-question", location, unit=row.unit, value=answer.raw_text, params=params
                )
            )
    ordered_answers = tuple(
        answers[template_field.key]
        for template_field in migration.template.answer_fields()
        if template_field.key in answers
    )
    return replace(row, item=_migrate_item(row.item, migration), answers=ordered_answers)


def _is_parsed_alike(key: str, new_keys: Mapping[str, str], migration: _Migration) -> bool:
    """Return whether an old field parses its cells as its new counterpart does: no answer needs parsing again."""
    if key not in new_keys:
        return False
    old_field, new_field = migration.old_template.field(key), migration.template.field(new_keys[key])
    return old_field.type == new_field.type and _choice_list_of(
        migration.old_template, old_field
    ) == _choice_list_of(migration.template, new_field)


def _choice_list_of(template: Template, answer_field: Field) -> object:
    return template.choice_list(answer_field) if answer_field.choices else None


def _migrate_answer(answer: Answer, row: AnswerRow, new_keys: Mapping[str, str], migration: _Migration) -> Answer:
    key = new_keys[answer.field]
    if _is_parsed_alike(answer.field, new_keys, migration) or answer.is_blank:
        return replace(answer, field=key)
    answer_field, round_ = migration.template.field(key), migration.submission.round
    parsed = parse_value(answer.raw_text, answer_field, migration.template, round_.plan.year, round_.language)
    if parsed.code:
        accepted = describe_accepted(answer_field, migration.template, round_.plan.year)
        migration.findings.append(
            make_finding(
                parsed.code,
                row.location_of(answer),
                severity=parsed.severity,
                unit=row.unit,
                row_id=row.item.id,
                field=key,
                value=answer.raw_text,
                suggestion=parsed.suggestion,
                params={"field": answer_field.label, "accepted": accepted},
            )
        )
    return Answer(key, parsed.value, answer.raw_text, answer.column, parsed.code if parsed.value is None else None)


def _check_definition(migration: _Migration, common_definitions: Collection[str]) -> Iterator[Finding]:
    """Yield the finding that the form carries another definition: a note where it is of a lower version."""
    old_template, template = migration.old_template, migration.template
    old_key, key = version_sort_key(old_template.version), version_sort_key(template.version)
    if old_key > key or definition_of(old_template) not in common_definitions:
        yield make_finding(
            "form-of-older-template" if old_key < key else "form-definition-differs",
            Location(migration.submission.file.name),
            unit=migration.submission.unit,
            params={"theirs": old_template.version, "ours": template.version, "template": template.name},
        )


def _check_lacking_questions(migration: _Migration) -> Iterator[Finding]:
    """Yield at most one finding, with all answer fields that the form lacks."""
    lacking_fields = [
        template_field
        for template_field in migration.template.answer_fields()
        if template_field.key not in migration.old_field_keys
    ]
    if lacking_fields:
        labels = {
            language: ", ".join(each.label.in_language(language) for each in lacking_fields)
            for language in LANGUAGES
        }
        versions = {"theirs": migration.old_template.version, "ours": migration.template.version}
        params: dict[str, str | int | LocalizedText] = {"fields": LocalizedText(**labels), **versions}
        location = Location(migration.submission.file.name)
        yield make_finding(
            "form-lacks-questions",
            location,
            unit=migration.submission.unit,
            field=lacking_fields[0].key,
            params=params,
        )
