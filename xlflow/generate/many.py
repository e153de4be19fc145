"""All forms of a round: the plan parted among its units once, and the forms written by several processes.

What forms have in common is worked out once in each process, so a process is worth starting where there are more
than a few forms. The bytes are the same however many there are.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from xlflow import workers
from xlflow.core.model import Line, Previous, Round
from xlflow.generate.form import write_form

_BOUNDS = workers.Bounds(seconds=600, memory=4 << 30)
"""What one form may take; far more than any does."""

_MOST_JOBS = 8


def part_round(round_: Round) -> Mapping[str, Round]:
    """Return the round as each unit is asked about it: its own lines only, each with its position in the plan."""
    lines: dict[str, list[Line]] = {unit.name: [] for unit in round_.plan.units}
    for position, line in enumerate(round_.plan.lines, 1):
        placed = line if line.position else replace(line, position=position)
        for unit in dict.fromkeys(line.units):
            lines.setdefault(unit, []).append(placed)
    return {unit: _with_lines(round_, own) for unit, own in lines.items()}


def write_forms(
    parts: Mapping[str, Round],
    units: Sequence[str],
    shown: Mapping[str, Previous],
    jobs: int | None = None,
) -> Iterator[tuple[int, bytes]]:
    """Yield the forms of some units, each with its place among them, as they get done.

    `parts` are those of a round, `shown` is what each unit answered the time before. `jobs` is how many processes
    write them; as many as there are processors if it is not said.
    """
    left = dict.fromkeys(range(len(units)))
    jobs = jobs or min(os.cpu_count() or 1, _MOST_JOBS)
    if units and min(jobs, len(units) // workers.worth_while()) > 1:
        orders = [_order_form(unit, parts[unit], shown.get(unit)) for unit in units]
        writer = _Writer(_with_lines(parts[units[0]], ()))
        try:
            for place, told in workers.work_apart(writer, orders, jobs, _BOUNDS):
                if isinstance(told, bytes):
                    del left[place]
                    yield place, told
        except workers.NoWorkers:
            pass
    for place in left:
        yield place, write_form(parts[units[place]], units[place], previous=shown.get(units[place]))


@dataclass(frozen=True, slots=True)
class _Order:
    """One form to be written: for whom, with which lines, and what of the round before it shows."""

    unit: str
    lines: tuple[Line, ...]
    as_of: date | None
    texts: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes forms of a round, of which it has all but the lines."""

    round: Round

    def __call__(self, order: _Order) -> bytes:
        asked = _with_lines(self.round, order.lines)
        shown = None if order.texts is None else Previous(order.as_of, MappingProxyType(order.texts))
        return write_form(asked, order.unit, previous=shown)


def _order_form(unit: str, asked: Round, shown: Previous | None) -> _Order:
    as_of, texts = (shown.as_of, dict(shown.texts)) if shown else (None, None)
    return _Order(unit, asked.plan.lines, as_of, texts)


def _with_lines(round_: Round, lines: Sequence[Line]) -> Round:
    return replace(round_, plan=replace(round_.plan, lines=tuple(lines)))
