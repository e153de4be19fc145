"""What one file said as bytes, and back: how it travels from the process that read it, and how it is kept.

Plain JSON, so that nothing in it can ever be executed, and quick, since every file of a run passes here. What is
the same in form after form, the frame (template, plan, names of the units), is packed once and named by its
digest; texts and values that are the same are held once, which is most of them. What was agreed on after the
forms went out (exceptions, aliases) is no form's business and does not travel.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from xlflow.core.findings import Finding, Place, Severity
from xlflow.core.issued import Pairs, hear_context, say_context
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
from xlflow.core.template import Template
from xlflow.core.words import Text

Opened = tuple[Received, Filled | Finding]
"""One file and what the gate or the reader made of it."""

DAMAGED = (ValueError, KeyError, TypeError, IndexError, ArithmeticError, AttributeError)
"""What may be raised where bytes are unpacked that are not whole."""

Kind = TypeVar("Kind")
Near = tuple[str, str | None]
"""The file and the sheet that most places of a form are on."""


_SHORT = 120
"""Letters of an answer that is likely to stand in other rows too."""


class Same(Generic[Kind]):
    """A value as a key that equals only itself, where comparing what it holds would be slow."""

    __slots__ = ("value",)

    def __init__(self, value: Kind):
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value


@dataclass(frozen=True, slots=True)
class Packed:
    """What one file said, as bytes, and the frame that it needs, with its digest; a refusal needs none."""

    content: bytes
    frame: str = ""
    frame_content: bytes = b""


def pack_opened(opened: Opened) -> Packed:
    """Return a file and what it said as bytes."""
    received, told = opened
    about = _say_received(received)
    if isinstance(told, Finding):
        return Packed(_dump([about, None, _say_finding(told, (received.name, None))]))
    frame = _pack_frame(*_frame_of(told.round))
    return Packed(_dump([about, _say_filled(told, received), None]), hashlib.sha256(frame).hexdigest(), frame)


# Saying ---------------------------------------------------------------------------------------------------

_identity_facts = attrgetter("template", "version", "round", "unit", "form_code", "rows", "replaces")
_line_facts = attrgetter("id", "levels", "units", "continues_from", "position")


def _dump(said: object) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _load(content: bytes) -> Any:
    return json.loads(content.decode("utf-8", "surrogatepass"))


def _say_received(one: Received) -> list[object]:
    return [
        one.name,
        one.digest,
        one.size,
        one.saved and one.saved.isoformat(),
        one.state,
        one.unit,
        one.reason,
        one.also,
    ]


def _frame_of(round_: Round) -> tuple[object, ...]:
    """Return what all forms of a round have in common, so that it can be looked up."""
    plan = round_.plan
    names, _ = _say_units(Same(plan.units))
    facts = (plan.title, names, plan.year, plan.context, plan.digest, plan.file)
    return (Same(round_.template), facts, round_.as_of, round_.due, round_.language)


@lru_cache(maxsize=32)
def _say_units(units: Same[tuple[Unit, ...]]) -> tuple[tuple[str, ...], list[list[object]]]:
    """Return the names of the units, and what more there is of some; most forms share them all."""
    known = enumerate(units.value)
    more: list[list[object]] = [[n, one.contact, one.email] for n, one in known if one.contact or one.email]
    return tuple([unit.name for unit in units.value]), more


@lru_cache(maxsize=32)
def _pack_frame(
    template: Same[Template], plan: tuple[object, ...], as_of: date, due: date | None, language: str
) -> bytes:
    said = template.value.model_dump(mode="json")
    return _dump([said, plan, as_of.isoformat(), due and due.isoformat(), language])


def _say_filled(form: Filled, received: Received) -> list[object]:
    lines, headings = form.round.plan.lines, form.round.plan.context
    numbers = {id(line): number for number, line in enumerate(lines)}
    near = (received.name, form.rows[0].place.sheet if form.rows else None)
    return [
        near[1],
        _identity_facts(form.identity),
        _say_units(Same(form.round.plan.units))[1],
        [_say_line(line, headings) for line in lines],
        [_say_row(row, numbers, headings, near) for row in form.rows],
        [[one.unit, _say_place(one.place, near), one.texts, one.reason, one.is_row] for one in form.set_aside],
        [_say_finding(one, near) for one in form.findings],
        form.answers_digest,
        form.issued,
        _say_previous(form.previous),
        form.nothing and _say_place(form.nothing, near),
        form.received == received or _say_received(form.received),
        [_say_other(other, received) for other in form.others],
    ]


def _say_other(form: Filled, received: Received) -> list[object]:
    packed = pack_opened((received, form))
    return [
        packed.content.decode("utf-8", "surrogatepass"),
        packed.frame,
        packed.frame_content.decode("utf-8", "surrogatepass"),
    ]


def _say_line(line: Line, headings: tuple[str, ...]) -> list[object]:
    given = [[key, _say_value(value)] for key, value in line.given]
    return [*_line_facts(line), given, say_context(line.context, headings)]


def _say_row(row: Row, numbers: Mapping[int, int], headings: tuple[str, ...], near: Near) -> list[object]:
    line: object = numbers.get(id(row.line))
    if line is None:
        place = row.line.place
        line = [*_say_line(row.line, headings), row.line.own, place and _say_place(place, near)]
    answers = [[one.field, _say_value(one.value), one.written, _say_at(one.at), one.fault] for one in row.answers]
    return [line, row.unit, _say_place(row.place, near), answers]


def _say_place(place: Place, near: Near) -> object:
    """Return the cell alone where the place is on the sheet that most places are on."""
    if place.file == near[0] and place.sheet == near[1] and place.cell is not None:
        return place.cell
    return [place.file, place.sheet, place.cell]


def _say_at(at: str | Place) -> object:
    return at if isinstance(at, str) else [at.file, at.sheet, at.cell]


def _say_value(value: Value | None) -> object:
    if isinstance(value, Deadline):
        return {"time": [value.kind, value.text, *(day and day.isoformat() for day in (value.first, value.last))]}
    return {"number": str(value)} if isinstance(value, Decimal) else value


def _say_finding(one: Finding, near: Near) -> list[object]:
    words = [[name, [word.sv, word.en] if isinstance(word, Text) else word] for name, word in one.words]
    known = [one.severity, one.rule, one.unit, one.row_id, one.field, one.value, one.suggestion]
    return [one.code, _say_place(one.place, near), *known, words]


def _say_previous(previous: Previous | None) -> object:
    return previous and [previous.as_of and previous.as_of.isoformat(), dict(previous.texts)]


# Hearing --------------------------------------------------------------------------------------------------


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
        template, plan, as_of, due, language = _load(content)
        title, names, year, context, plan_digest, file = plan
        units = tuple(map(Unit, names))
        known = Plan(title, units, (), year, tuple(context), plan_digest, file)
        self.frames[digest] = Round(
            Template.model_validate(template), known, date.fromisoformat(as_of), _day(due), language
        )

    def unpack(self, packed: Packed) -> Opened:
        """Return what the bytes were made of. Raises what `DAMAGED` lists where they are not whole, KeyError too
        where the frame was not learnt."""
        about, form, finding = _load(packed.content)
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
