"""Forms of an older version of the template, made to read as if of the newest: fields by key, else by name.

A round may go on after its template was amended. What a field of today cannot hold is set aside with its address,
and a form that lacks a question of today is told once, not once per row.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from xlflow.core.findings import Finding, Place, find
from xlflow.core.model import Answer, Filled, Line, Row, SetAside
from xlflow.core.template import Field, Labelled, Template
from xlflow.core.text import fold
from xlflow.core.values import accepted_answers, parse_value
from xlflow.core.words import LANGUAGES, Text


def newest_template(forms: Iterable[Filled], round_key: str | None) -> Template | None:
    """Return the template of the highest version among the forms of a round; version 10 is higher than 9."""
    templates = [form.round.template for form in forms if form.round.key == round_key]
    return max(templates, key=_version_key, default=None)


def update_forms(forms: Iterable[Filled], template: Template) -> tuple[Filled, ...]:
    """Return the forms, those of an older version of the template brought up to it."""
    return tuple(_update(form, template) if _is_older(form, template) else form for form in forms)


def _is_older(form: Filled, template: Template) -> bool:
    theirs = form.round.template
    return theirs.name == template.name and theirs.version != template.version


def _version_key(template: Template) -> tuple[tuple[int, str], ...]:
    pieces = re.findall(r"\d+|\D+", template.version)
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces)


@dataclass(slots=True)
class _Move:
    """One form on its way to another template: which of its fields and levels stand for which of today's, and what
    is found and set aside on the way."""

    form: Filled
    template: Template
    fields: Mapping[str, str]
    levels: tuple[int | None, ...]
    findings: list[Finding] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)

    @property
    def old(self) -> Template:
        """The template that the form was made with."""
        return self.form.round.template


def _update(form: Filled, template: Template) -> Filled:
    move = _plan_move(form, template)
    rows, plan = tuple(_move_row(row, move) for row in form.rows), form.round.plan
    lines = tuple(_move_line(line, move) for line in plan.lines)
    now = {before: key for key, before in move.fields.items()}
    anew = {
        row.place_of(answer)
        for row in form.rows
        for answer in row.answers
        if not _reads_alike(answer.field, now, move)
    }
    kept = (found for found in form.findings if not (found.field and found.place in anew))
    return replace(
        form,
        round=replace(form.round, template=template, plan=replace(plan, lines=lines)),
        rows=rows,
        set_aside=(*form.set_aside, *move.set_aside),
        findings=(*kept, *move.findings, *_tell_lacking(move)),
        issued=tuple((line, now[key], text) for line, key, text in form.issued if key in now),
    )


def _plan_move(form: Filled, template: Template) -> _Move:
    old = form.round.template
    asked = ((each.key, _counterpart(each, old.asked())) for each in template.asked())
    given = ((each.key, _counterpart(each, old.given())) for each in template.given())
    places = {level.key: place for place, level in enumerate(old.levels)}
    levels = (_counterpart(level, old.levels) for level in template.levels)
    return _Move(
        form,
        template,
        {key: before for key, before in (*asked, *given) if before},
        tuple(places[key] if key else None for key in levels),
    )


def _counterpart(wanted: Labelled, known: Sequence[Labelled]) -> str | None:
    """Return the key of what stood for it before: the same key, else a shared name."""
    if any(each.key == wanted.key for each in known):
        return wanted.key
    names = {fold(name) for name in wanted.names()}
    return next((each.key for each in known if names & {fold(name) for name in each.names()}), None)


def _move_line(line: Line, move: _Move) -> Line:
    levels = tuple("" if place is None else line.levels[place] for place in move.levels)
    known = dict(line.given)
    given = tuple(
        (each.key, known[before])
        for each in move.template.given()
        if (before := move.fields.get(each.key)) and before in known
    )
    return replace(line, levels=levels, given=given)


def _move_row(row: Row, move: _Move) -> Row:
    """Return the row with the answers of today's fields; answers that no field takes are set aside."""
    now = {before: key for key, before in move.fields.items()}
    answers = {
        now[answer.field]: _move_answer(answer, row, now, move) for answer in row.answers if answer.field in now
    }
    for answer in row.answers:
        if answer.field not in now and not answer.is_blank:
            texts = (move.old.field(answer.field).label.say(move.form.round.language), answer.written)
            place = row.place_of(answer)
            move.set_aside.append(SetAside(row.unit, place, texts, "answer-without-question", is_row=False))
            words = {"field": move.old.field(answer.field).label}
            move.findings.append(
                find("answer-without-question", place, unit=row.unit, value=answer.written, words=words)
            )
    ordered = tuple(answers[each.key] for each in move.template.asked() if each.key in answers)
    return replace(row, line=_move_line(row.line, move), answers=ordered)


def _reads_alike(key: str, now: Mapping[str, str], move: _Move) -> bool:
    """Whether a field reads its cells as its counterpart of today does."""
    if key not in now:
        return False
    before, after = move.old.field(key), move.template.field(now[key])
    return before.type == after.type and _options(move.old, before) == _options(move.template, after)


def _options(template: Template, asked: Field) -> object:
    return template.choice_list(asked) if asked.choices else None


def _move_answer(answer: Answer, row: Row, now: Mapping[str, str], move: _Move) -> Answer:
    key = now[answer.field]
    if _reads_alike(answer.field, now, move) or answer.is_blank:
        return replace(answer, field=key)
    asked, round_ = move.template.field(key), move.form.round
    parsed = parse_value(answer.written, asked, move.template, round_.plan.year, round_.language)
    if parsed.code:
        accepted = accepted_answers(asked, move.template, round_.plan.year)
        move.findings.append(
            find(
                parsed.code,
                row.place_of(answer),
                severity=parsed.severity,
                unit=row.unit,
                row_id=row.line.id,
                field=key,
                value=answer.written,
                suggestion=parsed.suggestion,
                words={"field": asked.label, "accepted": accepted},
            )
        )
    return Answer(key, parsed.value, answer.written, answer.at, parsed.code if parsed.value is None else None)


def _tell_lacking(move: _Move) -> Iterator[Finding]:
    """Yield which questions of today the form lacks; once for the form."""
    lacking = [each for each in move.template.asked() if each.key not in move.fields]
    if lacking:
        labels = {language: ", ".join(each.label.say(language) for each in lacking) for language in LANGUAGES}
        versions = {"theirs": move.old.version, "ours": move.template.version}
        words: dict[str, str | int | Text] = {"fields": Text(**labels), **versions}
        place = Place(move.form.received.name)
        yield find("form-lacks-questions", place, unit=move.form.unit, field=lacking[0].key, words=words)
