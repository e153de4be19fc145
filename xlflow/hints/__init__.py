"""Merged answers -> what a comment says that the columns beside it do not: times, statuses, counts, personal data.

Hints only: nothing is changed, and none counts as an error. Where the check already asks for the cell that a hint
is about, the hint becomes its suggestion, so that nobody reads the same thing twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from xlflow.core.findings import Finding, Severity, find
from xlflow.core.model import Merged, Row
from xlflow.core.personal import find_personal
from xlflow.core.rollup import kin_of
from xlflow.core.template import Template
from xlflow.hints.counts import hint_counts
from xlflow.hints.statuses import hint_status
from xlflow.hints.times import hint_time

__all__ = ["add_hints", "find_hints"]

_CODES = {"personal_number": "personal-number-in-text", "email": "email-in-text", "phone": "phone-in-text"}


def add_hints(merged: Merged, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with what the comments suggest, and after them the hints that stand alone."""
    known = list(findings)
    asking = {
        (found.place, found.field): number
        for number, found in enumerate(known)
        if found.weight is not Severity.NOTE and not found.suggestion
    }
    alone = []
    for hint in find_hints(merged):
        number = asking.get((hint.place, hint.field)) if hint.suggestion else None
        if number is None:
            alone.append(hint)
        else:
            known[number] = replace(known[number], suggestion=hint.suggestion)
    return (*known, *alone)


def find_hints(merged: Merged) -> tuple[Finding, ...]:
    """Return every hint, unit by unit."""
    template, by_unit = merged.round.template, dict[str, list[Row]]()
    for one in merged.rows:
        by_unit.setdefault(one.row.unit, []).append(one.row)
    return tuple(hint for rows in by_unit.values() for hint in _hint_unit(merged, template, rows))


def _hint_unit(merged: Merged, template: Template, rows: Sequence[Row]) -> Iterator[Finding]:
    comment = template.field_in_role("comment")
    told = [row for row in rows if any(not answer.is_blank for answer in row.answers) or row.line.own]
    for row in told:
        yield from _hint_personal(row)
    if comment is None:
        return
    kin = None
    for row in told:
        answer = row.answer(comment.key)
        if answer and not answer.is_blank:
            yield from hint_time(merged.round, row, answer)
            yield from hint_status(merged.round, row, answer)
            kin = kin or kin_of([each.line for each in rows], template)
            yield from hint_counts(merged.round, row, answer, rows, kin)


def _hint_personal(row: Row) -> Iterator[Finding]:
    """Yield what tells a person apart, in answers and in the name of an activity of the unit's own."""
    texts = [(row.place_of(answer), answer.field, answer.written) for answer in row.answers if not answer.is_blank]
    named = [(row.place, None, text) for text in row.line.levels if text] if row.line.own else []
    for place, field, text in (*texts, *named):
        found: dict[str, list[str]] = {}
        for one in find_personal(text):
            found.setdefault(_CODES[one.kind], []).append(one.shortened)
        for code, shown in found.items():
            words = {"shown": ", ".join(shown)}
            yield find(code, place, unit=row.unit, row_id=row.line.id, field=field, words=words)
