"""What the answers of a unit lack or contradict, as findings. The rules themselves stand in `core/rules`.

Works on answers that reading understood: what it did not understand was reported there, and a cell that has been
reported is not reported again for what follows from it. Changes nothing and reads no files.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.core.asking import say_ask
from xlflow.core.computed import value_in
from xlflow.core.findings import Finding, Place, Severity, find
from xlflow.core.model import Answer, Filled, Merged, Round, Row, Value
from xlflow.core.rules import ANSWER_LISTED, CHOOSING, Ask, Said, find_asks
from xlflow.core.same import Same
from xlflow.core.template import Field, Rule, Template
from xlflow.core.values import accepted_answers, show_value
from xlflow.core.words import LANGUAGES, Language, Text, say

Words = dict[str, str | int | Text]


def check_form(filled: Filled) -> tuple[Finding, ...]:
    """Return what one form's answers lack or contradict, beside what reading it found."""
    return check_rows(filled.round, filled.rows, filled.nothing)


def check_merged(merged: Merged) -> tuple[Finding, ...]:
    """Return what the answers lack or contradict, unit by unit, after several returns of a unit were joined."""
    nothing = dict(merged.nothing)
    by_unit: dict[str, list[Row]] = {}
    for one in merged.rows:
        by_unit.setdefault(one.row.unit, []).append(one.row)
    checked = (check_rows(merged.round, rows, nothing.get(unit)) for unit, rows in by_unit.items())
    return tuple(found for findings in checked for found in findings)


def check_rows(round_: Round, rows: Sequence[Row], nothing: Place | None = None) -> tuple[Finding, ...]:
    """Return what the rows of one unit lack or contradict; one finding at most for what a cell lacks.

    `nothing` is where the unit says that it has nothing to report, if it does.
    """
    asks = find_asks(round_, [_say_row(row) for row in rows], nothing=nothing is not None)
    pairs = zip(rows, asks, strict=True)
    found = (finding for row, asked in pairs for ask in asked for finding in _find(_Asked(round_, row, ask)))
    return (*_tell_nothing(rows, nothing), *_suppress(found))


def _say_row(row: Row) -> Said:
    texts = {answer.field: answer.written for answer in row.answers}
    return Said(row.line, texts, {answer.field: answer.value for answer in row.answers})


def _tell_nothing(rows: Sequence[Row], nothing: Place | None) -> Iterator[Finding]:
    """Yield that a unit says it has nothing to report, and doubt it where it has answered all the same."""
    if nothing and rows:
        told = sum(not row.is_blank for row in rows)
        code = "nothing-but-answers" if told else "nothing-to-report"
        yield find(code, nothing, unit=rows[0].unit, words={"count": told})


# From what is asked to findings -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a rule asks for, in its row."""

    round: Round
    row: Row
    ask: Ask

    @property
    def template(self) -> Template:
        return self.round.template

    @property
    def answer(self) -> Answer | None:
        """The cell that it is about; None if it is about the row, or the form lost the column."""
        return self.row.answer(self.ask.field) if self.ask.field else None

    def field(self) -> Field:
        """Return the field that it is about."""
        return self.template.field(self.ask.field or "")

    def find(self, code: str, words: Mapping[str, str | int | Text], severity: Severity | None = None) -> Finding:
        """Return a finding in the cell that it is about."""
        answer, row = self.answer, self.row
        return find(
            code,
            row.place_of(answer) if answer else row.place,
            severity=severity,
            rule=self.ask.rule,
            unit=row.unit,
            row_id=row.line.id,
            field=self.ask.field,
            value=(answer.written or None) if answer else None,
            words=words,
        )


def _find(asked: _Asked) -> Iterator[Finding]:
    make = _MAKERS.get(asked.ask.rule) if asked.ask.declared is None else _find_broken
    if make:
        yield from make(asked)


def _find_own(asked: _Asked) -> Iterator[Finding]:
    yield asked.find("own-without-text", {"level": asked.template.levels[asked.template.item].label})


def _find_status(asked: _Asked) -> Iterator[Finding]:
    code = "missing-status-or-parts" if asked.ask.parts else "missing-status"
    field = asked.field()
    words: Words = {"field": field.label, "choices": _list_choices(Same(asked.template), field.key)}
    yield asked.find(code, words | {"ask": _say_both(asked)})


def _find_required(asked: _Asked) -> Iterator[Finding]:
    yield asked.find("missing-answer", {"field": asked.field().label})


def _find_unlisted(asked: _Asked) -> Iterator[Finding]:
    """An answer that reading understood all the same; what it did not, it has reported."""
    if asked.answer and not asked.answer.fault:
        accepted = accepted_answers(asked.field(), asked.template, asked.round.plan.year)
        yield asked.find("choice-not-listed", {"field": asked.field().label, "accepted": accepted})


def _find_broken(asked: _Asked) -> Iterator[Finding]:
    ask, rule = asked.ask, asked.ask.declared
    if rule:
        trial = ask.severity == "trial"
        message = {
            language: rule.message.say(language).format_map(_Gaps(asked, language)) for language in LANGUAGES
        }
        yield asked.find(
            "rule-on-trial" if trial else "rule-broken",
            {"message": Text(**message), "remedy": _say_both(asked)},
            Severity.NOTE if trial else Severity(ask.severity),
        )


_MAKERS: Mapping[str, Callable[[_Asked], Iterator[Finding]]] = {
    "own_without_text": _find_own,
    "missing_status": _find_status,
    "missing_required": _find_required,
    ANSWER_LISTED: _find_unlisted,
}


# Words ------------------------------------------------------------------------------------------------------


class _Gaps(dict[str, str]):
    """What a rule's message may name: what stands in the row, and what is worse below it."""

    def __init__(self, asked: _Asked, language: Language):
        super().__init__()
        self.asked = asked
        self.language = language

    def __missing__(self, key: str) -> str:
        template, worse = self.asked.template, self.asked.ask.worse
        if key == "part" and worse and template.part is not None:
            return worse.line.levels[template.part]
        if key == "part_status" and worse:
            status = self.asked.field()
            return self._show(status, worse.texts[status.key], worse.values[status.key])
        answer, field = self.asked.row.answer(key), template.field(key)
        return self._show(field, answer.written, answer.value) if answer else self._show_given(field)

    def _show(self, field: Field, written: str, value: Value | None) -> str:
        """Return an answer as it was written, but one of a list as this language has it."""
        known = field.type in CHOOSING and value is not None
        return self._show_value(field, value) if known else written

    def _show_given(self, field: Field) -> str:
        return self._show_value(field, value_in(self.asked.row, field.key, self.asked.template))

    def _show_value(self, field: Field, value: Value | None) -> str:
        return show_value(value, field, self.asked.template, self.language, self.asked.round.plan.year)


def _say_both(asked: _Asked) -> Text:
    ask = asked.ask
    return _say_ask(Same(asked.template), Same(ask.declared), ask.rule, ask.field, parts=ask.parts)


@lru_cache(maxsize=256)
def _say_ask(
    template: Same[Template], declared: Same[Rule | None], rule: str, field: str | None, *, parts: bool
) -> Text:
    """Return in words what is asked for; remembered, since the same is asked in row after row."""
    ask = Ask(rule, field, declared=declared.value, parts=parts)
    return Text(**{language: say_ask(ask, template.value, language) for language in LANGUAGES})


@lru_cache(maxsize=64)
def _list_choices(template: Same[Template], key: str) -> Text:
    """Return the accepted answers as a sentence has them: "Genomfört, Pågående eller Utgår"."""
    options = template.value.choice_list(template.value.field(key)).options
    lists = {language: [option.label.say(language) for option in options] for language in LANGUAGES}
    joined = {
        language: f" {say('check.or', language)} ".join(filter(None, (", ".join(labels[:-1]), labels[-1])))
        for language, labels in lists.items()
    }
    return Text(**joined)


_WEIGHTS = MappingProxyType({severity: number for number, severity in enumerate(Severity)})


def _suppress(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Leave out a second complaint that the same cell is blank."""
    kept: list[Finding] = []
    blank: set[Place] = set()
    for found in sorted(findings, key=lambda found: _WEIGHTS[found.weight]):
        if found.field and not found.value:
            if found.place in blank:
                continue
            blank.add(found.place)
        kept.append(found)
    return tuple(kept)
