"""Bytes as what one file said. Texts and values that are the same are held once, which is most of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from xlflow.core.findings import Finding, Place, Severity
from xlflow.core.issued import Pairs, hear_context
from xlflow.core.model import (
    Answer,
    Deadline,
    Filled,
    Identity,
    Line,
    Plan,
    Previous,
    Received,
    Round,
    Row,
    SetAside,
    State,
    Unit,
    Value,
)
from xlflow.core.packing.packed import Near, Opened, Packed, load
from xlflow.core.template import Template
from xlflow.core.words import Text

DAMAGED = (ValueError, KeyError, TypeError, IndexError, ArithmeticError, AttributeError)
"""What may be raised where bytes are unpacked that are not whole."""

_SHORT = 120
"""Letters of an answer that is likely to stand in other rows too."""


@dataclass(slots=True)
class Unpacker:
    """Makes values of bytes again, those of one run: what is the same in several files is held once."""

    frames: dict[str, Round] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _pairs: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    _times: dict[tuple[Any, ...], Deadline] = field(default_factory=dict)
    _words: dict[tuple[str, str], Text] = field(default_factory=dict)
    _names: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _given: dict[tuple[tuple[str, int], ...], tuple[tuple[str, Value], ...]] = field(default_factory=dict)
    _contexts: dict[Pairs, Pairs] = field(default_factory=dict)
    _answers: dict[tuple[object, ...], Answer] = field(default_factory=dict)
    _answered: dict[tuple[int, ...], tuple[Answer, ...]] = field(default_factory=dict)
    _lines: dict[str, Line] = field(default_factory=dict)

    def learn_frame(self, digest: str, content: bytes) -> None:
        """Take in a frame that files will need. Raises what `unpack` raises."""
        template, plan, as_of, due, language = load(content)
        title, names, year, context, plan_digest, file = plan
        units = tuple(map(Unit, names))
        known = Plan(title, units, (), year, tuple(context), plan_digest, file)
        self.frames[digest] = Round(
            Template.model_validate(template), known, date.fromisoformat(as_of), _day(due), language
        )

    def unpack(self, packed: Packed) -> Opened:
        """Return what the bytes were made of. Raises what `DAMAGED` lists where they are not whole, KeyError too
        where the frame was not learnt."""
        about, form, finding = load(packed.content)
        received = _hear_received(about)
        if form is None:
            return received, self._hear_finding(finding, (received.name, None))
        return received, self._hear_filled(form, received, self.frames[packed.frame])

    def _hear_filled(self, said: Sequence[Any], received: Received, frame: Round) -> Filled:
        sheet, identity, contacts, lines, rows, aside, findings, digest, issued, previous, nothing, own, others = (
            said
        )
        near = (received.name, self._text(sheet))
        told = tuple([self._hear_line(frame, *line) for line in lines])
        plan = replace(frame.plan, lines=told, units=_with_contacts(frame.plan.units, contacts))
        template, version, key, unit, code, count, replaces = identity
        return Filled(
            received if own is True else _hear_received(own),
            Identity(template, version, key, self._text(unit), count, code, tuple(replaces)),
            replace(frame, plan=plan),
            tuple([self._hear_row(row, told, frame, near) for row in rows]),
            tuple([self._hear_aside(one, near) for one in aside]),
            tuple([self._hear_finding(one, near) for one in findings]),
            digest,
            tuple([(self._text(line), self._text(key), self._text(text)) for line, key, text in issued]),
            previous and Previous(_day(previous[0]), MappingProxyType(previous[1])),
            nothing and self._hear_place(nothing, near),
            tuple([self._hear_other(*other) for other in others]),
        )

    def _hear_other(self, content: str, frame: str, frame_content: str) -> Filled:
        """Return a further form of the same file, which brings its frame along."""
        self.learn_frame(frame, frame_content.encode("utf-8", "surrogatepass"))
        _, told = self.unpack(Packed(content.encode("utf-8", "surrogatepass"), frame))
        if isinstance(told, Finding):
            raise TypeError("a form was expected")
        return told

    def _hear_line(
        self,
        frame: Round,
        key: str,
        levels: Iterable[str],
        units: Iterable[str],
        continues: str,
        position: int,
        given: Iterable[tuple[str, Any]],
        context: Sequence[Any],
    ) -> Line:
        """Return a line, the same one where another form has it too."""
        texts, own = self._texts.setdefault, frame.template.item
        names, *levels = tuple(units), *levels
        line = Line(
            key,
            (*[texts(level, level) for level in levels[:own]], *levels[own:]),
            self._names.setdefault(names, names),
            self._hear_given(given),
            self._hear_context(context, frame.plan.context),
            continues,
            position=position,
        )
        known = self._lines.setdefault(key, line)
        return known if known == line and known.position == position else line

    def _hear_context(self, said: Sequence[Any], headings: tuple[str, ...]) -> Pairs:
        """Return the further columns of a line; they are held once where several lines have the same."""
        around = hear_context(said, headings)
        known = self._contexts.get(around)
        if known is None:
            pairs = self._pairs.setdefault
            known = self._contexts[around] = tuple([pairs(pair, pair) for pair in around])
        return known

    def _hear_given(self, given: Iterable[tuple[str, Any]]) -> tuple[tuple[str, Value], ...]:
        """Return what the plan fills in; times are held once, since many lines have the same."""
        told = tuple([(self._text(name), self._hear_value(value)) for name, value in given])
        times = tuple([(name, id(value)) for name, value in told if isinstance(value, Deadline)])
        return self._given.setdefault(times, told) if len(times) == len(told) else told

    def _hear_row(self, said: Sequence[Any], lines: Sequence[Line], frame: Round, near: Near) -> Row:
        line, unit, place, answers = said
        whose = lines[line] if isinstance(line, int) else self._hear_own_line(line, frame, near)
        told = tuple([self._hear_answer(*answer) for answer in answers])
        told = self._answered.setdefault(tuple(map(id, told)), told)
        return Row(whose, self._texts.setdefault(unit, unit), self._hear_place(place, near), told)

    def _hear_answer(self, key: str, value: Any, written: str, at: Any, fault: str | None) -> Answer:
        """Return an answer; a short one in words is held once for all rows that have it."""
        short = len(written) < _SHORT and type(at) is str and (value is None or type(value) is str)
        known = self._answers.get((key, value, written, at, fault)) if short else None
        if known is None:
            texts = self._texts.setdefault
            meant = value if value is None else self._hear_value(value)
            where = texts(at, at) if isinstance(at, str) else Place(*map(self._text, at))
            known = Answer(texts(key, key), meant, texts(written, written), where, fault)
            if short:
                self._answers[key, value, written, at, fault] = known
        return known

    def _hear_own_line(self, said: Sequence[Any], frame: Round, near: Near) -> Line:
        *facts, own, place = said
        line = self._hear_line(frame, *facts)
        return replace(line, own=own, place=place and self._hear_place(place, near))

    def _hear_aside(self, said: Sequence[Any], near: Near) -> SetAside:
        unit, place, texts, reason, is_row = said
        return SetAside(unit, self._hear_place(place, near), tuple(texts), reason, is_row)

    def _hear_finding(self, said: Sequence[Any], near: Near) -> Finding:
        code, place, weight, rule, unit, row_id, field_key, value, suggestion, words = said
        return Finding(
            code,
            self._hear_place(place, near),
            weight and Severity(weight),
            rule,
            self._text(unit),
            self._text(row_id),
            self._text(field_key),
            value,
            suggestion,
            tuple([(name, self._hear_word(word)) for name, word in words]),
        )

    def _hear_word(self, said: Any) -> str | int | Text:
        if not isinstance(said, list):
            word: str | int = said
            return word
        swedish, english = said
        if (swedish, english) not in self._words:
            self._words[swedish, english] = Text(sv=swedish, en=english)
        return self._words[swedish, english]

    def _hear_place(self, said: Any, near: Near) -> Place:
        if isinstance(said, str):
            return Place(near[0], near[1], self._texts.setdefault(said, said))
        return Place(*map(self._text, said))

    def _hear_value(self, said: Any) -> Value:
        if isinstance(said, str):
            return self._texts.setdefault(said, said)
        if isinstance(said, bool):
            return said
        if "number" in said:
            return Decimal(said["number"])
        facts = tuple(said["time"])
        if facts not in self._times:
            kind, text, first, last = facts
            self._times[facts] = Deadline(kind, text, _day(first), _day(last))
        return self._times[facts]

    def _text(self, text: Any) -> Any:
        return text if text is None else self._texts.setdefault(text, text)


def _with_contacts(units: tuple[Unit, ...], contacts: Iterable[tuple[int, str, str]]) -> tuple[Unit, ...]:
    """Return the units, those among them with more than their name that a form knows more of."""
    known = {number: (contact, email) for number, contact, email in contacts}
    if not known:
        return units
    return tuple(Unit(unit.name, *known[n]) if n in known else unit for n, unit in enumerate(units))


def _hear_received(said: Sequence[Any]) -> Received:
    name, digest, size, saved, state, unit, reason, also = said
    moment = saved and datetime.fromisoformat(saved)
    return Received(name, digest, size, moment, State(state), unit, reason, tuple(also))


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said else None
