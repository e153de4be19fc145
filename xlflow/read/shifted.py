"""Notices cells that were pushed out of their places: somebody deleted or inserted cells, and not whole rows.

What then stands in a row, or below a heading, may be meant for another one, and nothing in it says so. The form's
own formulas and lists moved along, and they tell. Nothing is moved back: what people see is what counts.
"""

from collections.abc import Iterator, Sequence

from xlflow.core.findings import Finding, find
from xlflow.core.layout import free_heading
from xlflow.core.values import written_text
from xlflow.core.words import LANGUAGES
from xlflow.excel.incoming import Raw
from xlflow.read.aside import Keeper
from xlflow.read.shape import Shape, quick_fold
from xlflow.read.table import Table

_FARTHEST = 3
"""Columns by which the cells of a row may have been pushed."""


def keep_shifted_formulas(
    cells: Sequence[Sequence[Raw]], table: Table, shape: Shape, keeper: Keeper
) -> tuple[Sequence[Sequence[Raw]], list[Finding]]:
    """Return the rows without the formulas of the form's own that were pushed to where they would be taken for
    answers, and what is to be said of such rows; what those formulas show is set aside."""
    own = frozenset(
        place for each in (shape.remaining, *shape.computed) if (place := table.places[each]) is not None
    )
    formulas = table.sheet.evidence.formulas or ()
    odd = {row for row, column in formulas if column not in own and table.heading < row < len(cells)}
    if not odd:
        return cells, []
    rows, live, findings = list(cells), dict[int, set[int]](), list[Finding]()
    for row, column in formulas:
        live.setdefault(row, set()).add(column)
    for number in sorted(odd) if own in live.values() else ():
        if live[number] not in _list_shifts(own):
            continue
        pushed, width = sorted(live[number] - own), len(rows[number])
        told = [place for place in pushed if place < width and written_text(rows[number][place])]
        for place in told:
            keeper.keep_text(number, place, rows[number][place], "cells-shifted")
        if not told:
            findings.append(find("cells-shifted", table.place(number, pushed[0]), unit=keeper.unit))
        rows[number] = [None if place in pushed else cell for place, cell in enumerate(rows[number])]
    return rows, findings


def _list_shifts(own: frozenset[int]) -> Iterator[set[int]]:
    """Yield where the formulas of a row stand once its cells were pushed to the left or right, from any one on."""
    places = sorted(own)
    for start in range(len(places)):
        for far in (far for far in range(-_FARTHEST, _FARTHEST + 1) if far):
            yield {*places[:start], *(place + far for place in places[start:])}


def find_shifted_columns(table: Table, shape: Shape, unit: str) -> Iterator[Finding]:
    """Return which columns lie higher or lower than the others: they have lists or limits in the row that says
    where the free rows begin, where others have none."""
    guarded = table.sheet.evidence.guarded or ()
    asked = {place: each for each in shape.answers if (place := table.places[each.index]) is not None}
    spans = {
        place: {(top, bottom) for top, left, bottom, right in guarded if left <= place <= right} for place in asked
    }
    watched = {place: span for place, span in spans.items() if span}
    if len(set(map(frozenset, watched.values()))) < 2:
        return
    row = _find_free_heading(table, shape)
    pushed = [place for place, span in watched.items() if any(top <= row <= bottom for top, bottom in span)]
    for place in pushed if len(pushed) < len(watched) else ():
        at, each = table.place(table.heading, place), asked[place]
        yield find("column-shifted", at, unit=unit, field=each.key, words={"field": each.field.label})


def _find_free_heading(table: Table, shape: Shape) -> int:
    """Return the row that says where the free rows begin; -1 if it is gone."""
    said = {quick_fold(free_heading(shape.template).say(language)) for language in LANGUAGES}
    for number in range(table.heading + 1, len(table.sheet.rows)):
        if any(type(cell) is str and quick_fold(cell) in said for cell in table.sheet.rows[number]):
            return number
    return -1
