"""What one file said, as bytes."""

import hashlib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

from xlflow.core.findings import Finding, Place
from xlflow.core.issued import say_context
from xlflow.core.model import Deadline, Filled, Line, Previous, Received, Round, Row, Unit, Value
from xlflow.core.packing.packed import Near, Opened, Packed, dump
from xlflow.core.same import Same
from xlflow.core.template import Template
from xlflow.core.words import Text

_identity_facts = attrgetter("template", "version", "round", "unit", "form_code", "rows", "replaces")
_line_facts = attrgetter("id", "levels", "units", "continues_from", "position")


def pack_opened(opened: Opened) -> Packed:
    """Return a file and what it said as bytes."""
    received, told = opened
    about = _say_received(received)
    if isinstance(told, Finding):
        return Packed(dump([about, None, _say_finding(told, (received.name, None))]))
    frame = _pack_frame(*_frame_of(told.round))
    return Packed(dump([about, _say_filled(told, received), None]), hashlib.sha256(frame).hexdigest(), frame)


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
    return dump([said, plan, as_of.isoformat(), due and due.isoformat(), language])


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
