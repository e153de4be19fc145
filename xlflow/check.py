"""What the answers of a unit lack or contradict. `RULES` is the list; reading it is reading the rules.

Works on values that reading understood: what it did not understand was reported there, and a cell that has
been reported is not reported again for what follows from it. Changes nothing and reads no files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from xlflow.core.findings import Finding, Severity, find
from xlflow.core.model import Answer, Deadline, Filled, Merged, Round, Row, Value
from xlflow.core.rollup import Kin, find_missing, is_worse, kin_of
from xlflow.core.template import Compare, Field, Rule, Template
from xlflow.core.words import LANGUAGES, Text, say


@dataclass(frozen=True, slots=True)
class Answers:
    """The rows of one unit, with what several rules need to know of them: how the lines belong together, and
    which of them (ids) still lack a status."""

    template: Template
    rows: tuple[Row, ...]
    kin: Mapping[str, Kin]
    lacking: frozenset[str]


def check_form(filled: Filled) -> tuple[Finding, ...]:
    """Return what one form's answers lack or contradict, beside what reading it found."""
    return check_rows(filled.round, filled.rows)


def check_merged(merged: Merged) -> tuple[Finding, ...]:
    """Return what the answers lack or contradict, unit by unit, after several returns of a unit were joined."""
    by_unit: dict[str, list[Row]] = {}
    for one in merged.rows:
        by_unit.setdefault(one.row.unit, []).append(one.row)
    return tuple(found for rows in by_unit.values() for found in check_rows(merged.round, rows))


def check_rows(round_: Round, rows: Sequence[Row]) -> tuple[Finding, ...]:
    """Return what the rows of one unit lack or contradict; one finding at most for what a cell lacks."""
    answers = _gather_answers(round_.template, rows)
    return _suppress(found for rule in RULES for found in rule(answers))


# The rules ------------------------------------------------------------------------------------------------


def own_without_text(answers: Answers) -> Iterator[Finding]:
    """An answer in a free row says for which activity it is."""
    item = answers.template.item
    for row in answers.rows:
        if row.line.own and not row.line.levels[item].strip():
            level = answers.template.levels[item].label
            yield find("own-without-text", row.place, unit=row.unit, row_id=row.line.id, words={"level": level})


def template_rules(answers: Answers) -> Iterator[Finding]:
    """The rules that the template declares: when these answers stand, require, forbid or compare."""
    for rule in answers.template.rules:
        for row in answers.rows:
            if all(_value_of(row, key) in codes for key, codes in rule.when.items()):
                yield from _require(answers, rule, row)
                yield from _forbid(answers, rule, row)
                yield from _compare(answers, rule, row)


def missing_status(answers: Answers) -> Iterator[Finding]:
    """A status stands on the activity or on every one of its sub-activities."""
    status = answers.template.field_in_role("status")
    if status is None or not status.required:
        return
    words = {"field": status.label, "choices": _list_choices(answers.template, status)}
    for row in answers.rows:
        if row.line.id in answers.lacking and (answer := row.answer(status.key)):
            code = "missing-status-or-parts" if answers.kin[row.line.id].below else "missing-status"
            yield _find_at(code, row, answer, rule="missing_status", words=words)


def missing_required(answers: Answers) -> Iterator[Finding]:
    """Every other required field is answered."""
    for field in answers.template.asked():
        for row in answers.rows if field.required and field.role != "status" else ():
            answer = row.answer(field.key)
            if answer and answer.is_blank:
                yield _find_at(
                    "missing-answer", row, answer, rule="missing_required", words={"field": field.label}
                )


def worse_part(answers: Answers) -> Iterator[Finding]:
    """No sub-activity stands worse than the status of its activity says."""
    template, status = answers.template, answers.template.field_in_role("status")
    if status is None or template.part is None:
        return
    choices, by_id = template.choice_list(status), {row.line.id: row for row in answers.rows}
    for row in answers.rows:
        own, answer, below = row.value(status.key), row.answer(status.key), answers.kin[row.line.id].below
        statuses = [(part, by_id[part].value(status.key)) for part in below] if own else []
        worse = [(part, code) for part, code in statuses if is_worse(str(code), str(own), choices)]
        if answer and worse:
            part, code = worse[0]
            words: dict[str, str | Text] = {
                "own": _name_choice(template, status, str(own)),
                "part": by_id[part].line.levels[template.part],
                "other": _name_choice(template, status, str(code)),
                "field": status.label,
            }
            yield _find_at("worse-part", row, answer, rule="worse_part", words=words)


RULES: tuple[Callable[[Answers], Iterator[Finding]], ...] = (
    own_without_text,
    template_rules,
    missing_status,
    missing_required,
    worse_part,
)
"""In order of precedence: where two miss something in the same cell, the first of equal severity speaks. The
function's name is the `rule` of what it finds, except that a rule of the template has its own."""


# What a template's rule asks for --------------------------------------------------------------------------


def _require(answers: Answers, rule: Rule, row: Row) -> Iterator[Finding]:
    for key in rule.require:
        field, answer = answers.template.field(key), row.answer(key)
        if answer and (row.line.id in answers.lacking if field.role == "status" else answer.is_blank):
            yield _broken(rule, row, answer, _say_all("check.fill", field=field.label))


def _forbid(answers: Answers, rule: Rule, row: Row) -> Iterator[Finding]:
    for key in rule.forbid:
        answer = row.answer(key)
        if answer and not answer.is_blank and not answer.fault:
            yield _broken(rule, row, answer, _say_all("check.clear", field=answers.template.field(key).label))


def _compare(answers: Answers, rule: Rule, row: Row) -> Iterator[Finding]:
    wanted = rule.compare
    answer = wanted and (row.answer(wanted.field) or row.answer(wanted.to))
    if wanted and answer and stands_in(wanted, _value_of(row, wanted.field), _value_of(row, wanted.to)) is False:
        relation = {language: say(f"relation.{wanted.relation}", language) for language in LANGUAGES}
        field, to = (answers.template.field(key).label for key in (wanted.field, wanted.to))
        yield _broken(rule, row, answer, _say_all("check.compare", field=field, relation=Text(**relation), to=to))


def stands_in(wanted: Compare, one: Value | None, other: Value | None) -> bool | None:
    """Return whether two values stand in the relation asked for; None where they cannot be compared."""
    if isinstance(one, Deadline) and isinstance(other, Deadline):
        later, earlier = one.is_later_than(other), other.is_later_than(one)
    elif isinstance(one, Decimal) and isinstance(other, Decimal):
        later, earlier = one > other, one < other
    else:
        return None
    if later is None or earlier is None:
        return None
    return {"later": later, "above": later, "earlier": earlier, "below": earlier}.get(
        wanted.relation, not (later or earlier)
    )


def _broken(rule: Rule, row: Row, answer: Answer, remedy: Text) -> Finding:
    trial = rule.severity == "trial"
    return _find_at(
        "rule-on-trial" if trial else "rule-broken",
        row,
        answer,
        rule=rule.name,
        severity=Severity.NOTE if trial else Severity(rule.severity),
        words={"message": rule.message, "remedy": rule.remedy or remedy},
    )


# Small things ---------------------------------------------------------------------------------------------


def _suppress(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Leave out what follows from something else: all else about a row that nobody can place, and a second
    complaint that the same cell is blank."""
    ordered = sorted(findings, key=lambda found: list(Severity).index(found.weight))
    loose = {found.row_id for found in ordered if found.code == "own-without-text"}
    kept: list[Finding] = []
    blank: set[object] = set()
    for found in ordered:
        if found.row_id in loose and found.code != "own-without-text":
            continue
        if found.field and not found.value:
            if found.place in blank:
                continue
            blank.add(found.place)
        kept.append(found)
    return tuple(kept)


def _gather_answers(template: Template, rows: Sequence[Row]) -> Answers:
    lines = [row.line for row in rows]
    status = template.field_in_role("status")
    found = [(row.line.id, row.answer(status.key)) for row in rows] if status else []
    answered = {line_id for line_id, answer in found if answer and not answer.is_blank}
    kin = kin_of(lines, template)
    return Answers(template, tuple(rows), kin, frozenset(find_missing(kin, answered) if status else ()))


def _value_of(row: Row, key: str) -> Value | None:
    return row.value(key) if row.answer(key) else row.line.value(key)


def _find_at(
    code: str,
    row: Row,
    answer: Answer,
    *,
    rule: str,
    words: Mapping[str, str | Text],
    severity: Severity | None = None,
) -> Finding:
    return find(
        code,
        answer.place,
        severity=severity,
        rule=rule,
        unit=row.unit,
        row_id=row.line.id,
        field=answer.field,
        value=answer.written or None,
        words=words,
    )


def _say_all(key: str, **gaps: Text) -> Text:
    sentence = {
        language: say(key, language, **{name: gap.say(language) for name, gap in gaps.items()})
        for language in LANGUAGES
    }
    return Text(**sentence)


def _name_choice(template: Template, field: Field, code: str) -> Text:
    return Text(**{language: template.say_choice(field, code, language) for language in LANGUAGES})


def _list_choices(template: Template, field: Field) -> Text:
    """Return the accepted answers as a sentence has them: "Genomfört, Pågående eller Utgår"."""
    lists = {
        language: [option.label.say(language) for option in template.choice_list(field).options]
        for language in LANGUAGES
    }
    joined = {
        language: f" {say('check.or', language)} ".join(filter(None, (", ".join(labels[:-1]), labels[-1])))
        for language, labels in lists.items()
    }
    return Text(**joined)
