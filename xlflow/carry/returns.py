"""Which forms go back to be corrected, and with what: all answers as written, the faults, the texts beside.

A unit gets its form back if something in it is wrong or doubtful that the unit itself can mend. What the fresh
form mends by itself is told in words that fit it; what is for the coordinator alone is left out.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from xlflow.core.findings import Finding, Severity, find, who_mends
from xlflow.core.issued import Answers, digest_answers
from xlflow.core.model import (
    Answer,
    Deadline,
    Filled,
    Line,
    Merged,
    Previous,
    Returned,
    Round,
    Row,
    SetAside,
    Value,
)
from xlflow.core.template import Field, Template
from xlflow.core.text import fold
from xlflow.core.values import written_text

TOLD_ANEW: Mapping[str, str] = {
    "row-missing": "returned-row-back",
    "row-unknown": "returned-row-aside",
    "row-twice": "returned-row-aside",
    "row-on-copied-sheet": "returned-row-aside",
    "column-missing": "returned-column-back",
    "form-lacks-questions": "returned-new-questions",
    "conflict": "returned-conflict",
    "conflict-in-form": "returned-conflict",
    "choice-alias": "returned-alias",
    "alias-used": "returned-alias",
}
"""What was found in the form that came -> what is said of it in the one that goes back, which is whole again."""

UNTOLD = ("issued-text-changed", "heading-changed", "computed-changed", "row-without-id")
"""Notes that quote what somebody wrote over the form's own words, which the one that goes back has anew."""

TIPS = ("-in-comment", "-in-text", "choice-alias", "alias-used")
"""How the codes of those notes end that a unit can do something about."""


@dataclass(frozen=True, slots=True)
class Return:
    """One form that goes back: everything that `write_form` needs."""

    unit: str
    round: Round
    answers: Answers
    returned: Returned
    previous: Previous | None
    nothing: bool


def plan_returns(merged: Merged, findings: Sequence[Finding], forms: Iterable[Filled]) -> tuple[Return, ...]:
    """Return the forms that go back, in the plan's order of the units. `forms` are those that were merged."""
    came: dict[str, list[Filled]] = {}
    for form in forms:
        came.setdefault(fold(form.unit), []).append(form)
    files = {form.received.name: form.unit for same in came.values() for form in same}
    told: dict[str, list[Finding]] = {}
    for found in findings:
        told.setdefault(fold(found.unit or files.get(found.place.file, "")), []).append(found)
    planned = (
        _plan_return(unit, merged, told.get(fold(unit), []), came[fold(unit)])
        for unit in merged.answered
        if fold(unit) in came
    )
    return tuple(each for each in planned if each)


def _plan_return(unit: str, merged: Merged, findings: Sequence[Finding], forms: Sequence[Filled]) -> Return | None:
    mine = [found for found in findings if who_mends(found.code) == "unit"]
    if all(found.weight is Severity.NOTE for found in mine):
        return None
    template, rows = merged.round.template, [one.row for one in merged.rows if one.row.unit == unit]
    answers = {row.line.id: dict(_carry(row, template)) for row in rows}
    set_aside = (*(one for one in merged.set_aside if one.unit == unit), *_keep_quotes(unit, findings, rows))
    wrong = {(found.row_id, found.field) for found in mine if found.weight is Severity.ERROR}
    told = tuple(dict.fromkeys(anew for found in mine for anew in _tell_anew(found, wrong)))
    earlier = [digest for form in forms for digest in (form.answers_digest, *form.identity.replaces)]
    nothing, again = unit in dict(merged.nothing), [_read_again(row, template) for row in rows]
    itself = digest_answers(merged.round.key, unit, again, set_aside, nothing=nothing)
    newest = max(forms, key=lambda form: str(form.received.saved or ""))
    return Return(
        unit,
        _round_for(unit, merged.round, rows),
        {line_id: texts for line_id, texts in answers.items() if texts},
        Returned(told, set_aside, tuple(dict.fromkeys((*earlier, itself)))),
        newest.previous,
        nothing,
    )


def _keep_quotes(unit: str, findings: Sequence[Finding], rows: Iterable[Row]) -> Iterator[SetAside]:
    """Yield what somebody wrote over the form's own words, which no answer and no line of the list holds."""
    issued = {row.line.id: fold(" | ".join(filter(None, row.line.levels))) for row in rows}
    for found in findings:
        if found.code in UNTOLD and found.value and fold(found.value) != issued.get(found.row_id or ""):
            yield SetAside(unit, found.place, (found.value,), "text-beside", is_row=False)


def _tell_anew(found: Finding, wrong: Container[tuple[str | None, str | None]]) -> Iterator[Finding]:
    """Yield what is said of a finding in the form that goes back; nothing of a note that asks for nothing. `wrong`
    are the answers, by row and field, that cannot stay as they are."""
    if found.weight is Severity.NOTE and not found.code.endswith(TIPS):
        return
    code = TOLD_ANEW.get(found.code)
    if code is None:
        yield replace(found, place=replace(found.place, file="", sheet=None, cell=None))
        return
    if code == "returned-conflict" and (found.row_id, found.field) in wrong:
        code = "returned-conflict-wrong"
    own = ("row_id", "field") if code != "returned-row-aside" else ()
    known = {name: getattr(found, name) for name in ("unit", "value", "suggestion", *own)}
    yield find(code, replace(found.place, file="", sheet=None, cell=None), words=dict(found.words), **known)


# What stands in it ----------------------------------------------------------------------------------------


def _round_for(unit: str, round_: Round, rows: Iterable[Row]) -> Round:
    """Return the round in which the unit is asked about every line that it has answered, and its own stand as
    they came."""
    answered = {row.line.id for row in rows}
    lines = tuple(
        _as_it_came(line, round_.template) if line.own else _ask(line, unit, answered)
        for line in round_.plan.lines
        if not line.own or unit in line.units
    )
    return replace(round_, plan=replace(round_.plan, lines=lines))


def _ask(line: Line, unit: str, answered: set[str]) -> Line:
    asked = line.id in answered and unit not in line.units
    return replace(line, units=(*line.units, unit)) if asked else line


def _as_it_came(line: Line, template: Template) -> Line:
    """Return an activity of the unit's own with what it wrote in the plan's columns, also where nobody could read
    that: reading puts such texts among the context."""
    given = {name: field for field in template.given() for name in (field.label.sv, field.label.en)}
    unread = tuple((given[heading].key, text) for heading, text in line.context if heading in given)
    context = tuple(pair for pair in line.context if pair[0] not in given)
    return replace(line, given=(*line.given, *unread), context=context)


def _carry(row: Row, template: Template) -> Iterator[tuple[str, str]]:
    """Yield each answer as it was written; numbers and days that were understood so that they stay the same."""
    for answer in row.answers:
        if answer.written:
            yield answer.field, _write_value(answer.value, template.field(answer.field)) or answer.written


def _write_value(value: Value | None, field: Field) -> str:
    """Return a number or a day, in a field for one, so that it is read in one way only; "" for all else."""
    if isinstance(value, Decimal) and field.type in ("number", "integer"):
        text = format(value, "f")
        return f"{text}0" if len(text.partition(".")[2]) == 3 else text
    return value.text if isinstance(value, Deadline) and field.type == "date" and value.kind == "day" else ""


def _read_again(row: Row, template: Template) -> Row:
    """Return a row as it will be read from the form that goes back."""
    answers = tuple(_as_read(answer, template.field(answer.field)) for answer in row.answers)
    return replace(row, answers=answers)


def _as_read(answer: Answer, field: Field) -> Answer:
    if isinstance(answer.value, Decimal) and field.type in ("number", "integer"):
        return replace(answer, written=written_text(float(answer.value)))
    return replace(answer, written=_write_value(answer.value, field) or answer.written)
