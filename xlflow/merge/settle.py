"""Under which unit and which line every row belongs, and the round that they all answer.

A plan that is given says both; without one, the forms do, since each carries its own lines and their places in
the plan. What a plan does not know is kept and told, never dropped.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from types import MappingProxyType

from xlflow.core.findings import Finding, Place, Stop, find
from xlflow.core.model import Filled, Line, Plan, Round, Row, Unit
from xlflow.core.text import fold, short_code

_fold = lru_cache(maxsize=1 << 16)(fold)

NOTHING_ISSUED: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Settled:
    """One row under the name of its unit and the line of the round; `issued` is what stood in its answer cells
    (field, text) when the form went out, `number` its place in the form."""

    row: Row
    issued: Mapping[str, str]
    number: int


def newest_first(forms: Iterable[Filled]) -> tuple[Filled, ...]:
    """Return the forms by when they were saved, the latest first; where that is the same or unknown, by name, the
    plainest first, as `collect` has them."""
    by_name = sorted(
        forms, key=lambda form: (len(form.received.name), form.received.name, form.received.digest, form.unit)
    )
    return tuple(sorted(by_name, key=lambda form: _saved(form.received.saved), reverse=True))


def restore_round(forms: Sequence[Filled], planned: Round | None) -> Round:
    """Return the round that all forms belong to, with the units asked and the lines asked about, in order.

    What the forms were made with (template, language, day) comes from the newest of them. `Stop` if there is
    neither form nor plan.
    """
    newest = forms[0].round if forms else planned
    if newest is None:
        raise Stop(find("nothing-to-merge", Place("")))
    plan = planned.plan if planned else replace(newest.plan, lines=_lines_of(forms))
    units = _asked_of_plan(plan) if planned else _named_by_forms(forms)
    for form in forms:
        units.setdefault(_fold(form.unit), Unit(form.unit))
    return replace(newest, plan=replace(plan, units=tuple(units.values())))


def asked_units(round_: Round, forms: Sequence[Filled]) -> tuple[str, ...]:
    """Return for each form the name under which the round knows its unit."""
    names = {_fold(unit.name): unit.name for unit in round_.plan.units}
    return tuple(names[_fold(form.unit)] for form in forms)


def settle_rows(
    forms: Sequence[Filled], round_: Round, *, from_plan: bool
) -> tuple[tuple[Settled, ...], tuple[Finding, ...]]:
    """Return every row of every form, newest form first, under its unit and line; and what a plan did not know."""
    lines = _Lines(round_)
    settled = tuple(
        one
        for form, unit in zip(forms, asked_units(round_, forms), strict=True)
        for one in _settle_form(form, unit, lines)
    )
    if from_plan:
        return settled, (
            *_find_strange_units(forms, round_),
            *_find_strange_lines(forms, settled, round_, lines),
        )
    return settled, tuple(_find_different_plans(forms))


class _Lines:
    """Finds the line that a row answers: by its id, else by its text; a unit's own line by unit and text."""

    def __init__(self, round_: Round):
        self.template = round_.template
        self.lines = round_.plan.lines
        self.by_id = {line.id: line for line in self.lines}
        self.own: dict[tuple[object, ...], Line] = {}
        self.taken = set(self.by_id)

    @cached_property
    def by_text(self) -> Mapping[tuple[str, ...], Sequence[Line]]:
        """The lines by their folded text, for rows whose id nobody knows."""
        found: dict[tuple[str, ...], list[Line]] = {}
        for line in self.lines:
            found.setdefault(_text_of(line), []).append(line)
        return found

    def find(self, row: Row, unit: str) -> Line:
        """Return the line with the row's id; else with its text, and asked of this unit if one of several is."""
        if row.line.id in self.by_id:
            return self.by_id[row.line.id]
        same = self.by_text.get(_text_of(row.line), [row.line])
        return next((line for line in same if line.id in self.by_id and unit in line.units), same[0])

    def find_own(self, row: Row, unit: str, seen: dict[tuple[object, ...], int]) -> Line:
        """Return the line of a unit's own activity; the same text twice in one form is two activities."""
        said: tuple[object, ...] = (unit, *_text_of(row.line))
        if not row.line.levels[self.template.item].strip():
            said += tuple(_fold(answer.written) for answer in row.answers)
        seen[said] = seen.get(said, 0) + 1
        key = (*said, seen[said])
        if key not in self.own:
            line_id = row.line.id if row.line.id not in self.taken else short_code(map(str, (row.line.id, *key)))
            self.taken.add(line_id)
            self.own[key] = replace(row.line, id=line_id, units=(unit,))
        return self.own[key]


def _settle_form(form: Filled, unit: str, lines: _Lines) -> Iterator[Settled]:
    issued: dict[str, dict[str, str]] = {}
    for line_id, field, text in form.issued:
        issued.setdefault(line_id, {})[field] = text
    seen: dict[tuple[object, ...], int] = {}
    for number, row in enumerate(form.rows):
        line = lines.find_own(row, unit, seen) if row.line.own else lines.find(row, unit)
        same = line is row.line and unit == row.unit
        settled = row if same else Row(line, unit, row.place, row.answers)
        yield Settled(settled, issued.get(row.line.id, NOTHING_ISSUED), number)


def _lines_of(forms: Sequence[Filled]) -> tuple[Line, ...]:
    """Return all lines issued to these forms in the plan's order, each as its newest form has it."""
    lines: dict[str, Line] = {}
    for form in forms:
        for line in form.round.plan.lines:
            lines.setdefault(line.id, line)
    return tuple(sorted(lines.values(), key=lambda line: (line.position, line.id)))


def _asked_of_plan(plan: Plan) -> dict[str, Unit]:
    """Return the units that the plan asks something, by their folded name."""
    asked = {name for line in plan.lines for name in line.units}
    return {_fold(unit.name): unit for unit in plan.units if unit.name in asked}


def _named_by_forms(forms: Sequence[Filled]) -> dict[str, Unit]:
    """Return the units that the forms know of; each form knows the contact of its own unit only."""
    units: dict[str, Unit] = {}
    plans: set[str] = set()
    for form in forms:
        named = form.round.plan.units if form.round.plan.digest not in plans else ()
        plans.add(form.round.plan.digest)
        for unit in named:
            units.setdefault(_fold(unit.name), unit)
    for form in reversed(forms):
        units.update((_fold(unit.name), unit) for unit in form.round.plan.units if unit.name == form.unit)
    return units


def _find_strange_units(forms: Sequence[Filled], round_: Round) -> Iterator[Finding]:
    asked = _units_with_lines(round_)
    for form in forms:
        if _fold(form.unit) not in asked:
            yield find("unit-not-in-plan", Place(form.received.name), unit=form.unit)


def _find_strange_lines(
    forms: Sequence[Filled], settled: Sequence[Settled], round_: Round, lines: _Lines
) -> Iterator[Finding]:
    """Yield what became of rows whose id, text or unit is not that of the plan; one finding for a row."""
    asked = _units_with_lines(round_)
    rows = [row for form in forms for row in form.rows]
    for row, one in zip(rows, settled, strict=True):
        code = None if row.line.own else _compare_with_plan(row, one, lines, asked)
        if code:
            words = {"text": _name_of(row.line, lines), "planned": _name_of(one.row.line, lines)}
            yield find(code, row.place, unit=one.row.unit, row_id=one.row.line.id, words=words)


def _compare_with_plan(row: Row, one: Settled, lines: _Lines, asked: Collection[str]) -> str | None:
    line, unit = one.row.line, one.row.unit
    if line.id not in lines.by_id:
        return "line-not-in-plan"
    if unit not in line.units and _fold(unit) in asked:
        return "line-not-asked-of-unit"
    if line.id != row.line.id:
        return "line-found-by-text"
    return None if line.levels == row.line.levels or _text_of(line) == _text_of(row.line) else "line-text-differs"


def _find_different_plans(forms: Sequence[Filled]) -> Iterator[Finding]:
    if len({form.round.plan.digest for form in forms}) > 1:
        yield find("forms-of-different-plans", Place(forms[0].received.name))


def _units_with_lines(round_: Round) -> frozenset[str]:
    return frozenset(_fold(name) for line in round_.plan.lines for name in line.units)


def _name_of(line: Line, lines: _Lines) -> str:
    """Return the texts that tell a line from its neighbours: the activity and the sub-activity."""
    return " / ".join(filter(None, line.levels[lines.template.item :]))


def _text_of(line: Line) -> tuple[str, ...]:
    return tuple(map(_fold, line.levels))


def _saved(moment: datetime | None) -> float:
    """Return when a form was saved as seconds; a time without a zone counts as UTC, none as before all others."""
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() if moment else -math.inf
