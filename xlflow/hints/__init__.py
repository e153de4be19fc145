"""Merged answers -> what a comment says that the columns beside it do not: times, statuses, counts, personal data.

Hints only: nothing is changed, and none counts as an error. Where the check already asks for the cell that a hint
is about, the hint becomes its suggestion, so that nobody reads the same thing twice.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from xlflow.core.findings import Finding, Severity, make_finding
from xlflow.core.model import AnswerRow, Merged
from xlflow.core.personal import find_pii
from xlflow.core.rollup import relatives_by_id
from xlflow.core.template import Template
from xlflow.hints.counts import check_comment_counts
from xlflow.hints.statuses import check_comment_status
from xlflow.hints.times import check_comment_deadline

__all__ = ["add_hints", "find_hints"]

_CODE_BY_PII_KIND = {
    "personal_number": "personal-number-in-text",
    "email": "email-in-text",
    "phone": "phone-in-text",
}


def add_hints(merged: Merged, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with what the comments suggest, and after them the hints that stand alone."""
    combined = list(findings)
    index_by_cell = {
        (finding.location, finding.field): index
        for index, finding in enumerate(combined)
        if finding.effective_severity is not Severity.NOTE and not finding.suggestion
    }
    standalone = []
    for hint in find_hints(merged):
        number = index_by_cell.get((hint.location, hint.field)) if hint.suggestion else None
        if number is None:
            standalone.append(hint)
        else:
            combined[number] = replace(combined[number], suggestion=hint.suggestion)
    return (*combined, *standalone)


def find_hints(merged: Merged) -> tuple[Finding, ...]:
    """Return every hint, unit by unit."""
    template, by_unit = merged.round.template, dict[str, list[AnswerRow]]()
    for merged_row in merged.rows:
        by_unit.setdefault(merged_row.row.unit, []).append(merged_row.row)
    return tuple(hint for rows in by_unit.values() for hint in _unit_hints(merged, template, rows))


def _unit_hints(merged: Merged, template: Template, rows: Sequence[AnswerRow]) -> Iterator[Finding]:
    comment = template.field_in_role("comment")
    answered_rows = [
        row for row in rows if any(not answer.is_blank for answer in row.answers) or row.item.added_by_unit
    ]
    for row in answered_rows:
        yield from _pii_hints(row)
    if comment is None:
        return
    relatives = None
    for row in answered_rows:
        answer = row.answer(comment.key)
        if answer and not answer.is_blank:
            yield from check_comment_deadline(merged.round, row, answer)
            yield from check_comment_status(merged.round, row, answer)
            relatives = relatives or relatives_by_id([unit_row.item for unit_row in rows], template)
            yield from check_comment_counts(merged.round, row, answer, rows, relatives)


def _pii_hints(row: AnswerRow) -> Iterator[Finding]:
    """Yield what tells a person apart, in answers and in the name of an activity of the unit's own."""
    texts = [
        (row.location_of(answer), answer.field, answer.raw_text) for answer in row.answers if not answer.is_blank
    ]
    item_texts = (
        [(row.location, None, text) for text in row.item.level_texts if text] if row.item.added_by_unit else []
    )
    for location, field, text in (*texts, *item_texts):
        shown_by_code: dict[str, list[str]] = {}
        for match in find_pii(text):
            shown_by_code.setdefault(_CODE_BY_PII_KIND[match.kind], []).append(match.shortened)
        for code, shown in shown_by_code.items():
            params = {"shown": ", ".join(shown)}
            yield make_finding(code, location, unit=row.unit, row_id=row.item.id, field=field, params=params)
