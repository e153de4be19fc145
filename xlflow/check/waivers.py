"""Applies the plan's sheets `Undantag` (waivers) and `Alias`, and counts how often each was used.

An alias gives a meaning to an answer that was not understood; a waiver removes the findings that it names. Neither
changes what was written, and both are listed with their use, so that nothing passes unseen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from xlflow.model.findings import Finding, make_finding
from xlflow.model.plan import Alias, Waiver
from xlflow.model.submission import Answer, AnswerRow, Submission
from xlflow.model.text import normalize_key

_UNKNOWN_CHOICE, _UNLISTED_CHOICE = "choice-unknown", "choice-not-listed"

ALIAS_USED, ALIAS_LEARNT = "alias-used", "alias-learnt"
"""Codes of the notes on an answer that an alias explains: one of the plan, or one that the template has learnt."""

WaiverUses = tuple[tuple[Waiver, int], ...]
"""Every waiver, with the number of findings that it removed."""


def apply_aliases(
    submissions: Iterable[Submission], aliases: Sequence[Alias], note_code: str = ALIAS_USED
) -> tuple[Submission, ...]:
    """Return the submissions with answers that match an alias (field and text) given its choice code.

    Each such answer gets a note, `alias-used` for those of the plan, in place of `choice-unknown`."""
    alias_by_text = {(alias.field, normalize_key(alias.text)): alias for alias in aliases}
    return tuple(
        _apply_to_submission(submission, alias_by_text, note_code) if alias_by_text else submission
        for submission in submissions
    )


def count_alias_uses(aliases: Sequence[Alias], rows: Iterable[AnswerRow]) -> tuple[tuple[Alias, int], ...]:
    """Return every alias with the number of answers in `rows` (the merged ones) that have its text."""
    rows_to_count = rows if aliases else ()
    raw_texts = [
        (answer.field, normalize_key(answer.raw_text))
        for row in rows_to_count
        for answer in row.answers
        if answer.raw_text
    ]
    return tuple((alias, raw_texts.count((alias.field, normalize_key(alias.text)))) for alias in aliases)


def apply_waivers(
    findings: Iterable[Finding], waivers: Sequence[Waiver], as_of: date
) -> tuple[tuple[Finding, ...], WaiverUses]:
    """Return the findings that no waiver removes, followed by a finding on each waiver's use; and the use counts.

    A waiver applies by rule name or code, unit (blank: all) and item ids (none: all), up to and including its last
    day. Where several apply, the first one is counted. An expired one removes nothing.
    """
    in_force = [waiver for waiver in waivers if waiver.valid_until >= as_of]
    use_counts = dict.fromkeys(in_force, 0)
    remaining = []
    for finding in _drop_aliased_findings(tuple(findings)):
        matching = next((one for one in in_force if _waiver_applies(one, finding)), None)
        if matching:
            use_counts[matching] += 1
        else:
            remaining.append(finding)
    use_findings = (_waiver_use_finding(one, count) for one, count in use_counts.items())
    return (*remaining, *use_findings), tuple((one, use_counts.get(one, 0)) for one in waivers)


def _drop_aliased_findings(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings, without `choice-not-listed` in cells where an alias was used."""
    aliased_locations = {finding.location for finding in findings if finding.code in (ALIAS_USED, ALIAS_LEARNT)}
    return (
        found for found in findings if not (found.code == _UNLISTED_CHOICE and found.location in aliased_locations)
    )


def _waiver_applies(waiver: Waiver, finding: Finding) -> bool:
    if normalize_key(waiver.rule) not in (normalize_key(finding.rule or ""), normalize_key(finding.code)):
        return False
    applies_to_unit = not waiver.unit or normalize_key(waiver.unit) == normalize_key(finding.unit or "")
    return applies_to_unit and (not waiver.item_ids or finding.row_id in waiver.item_ids)


def _waiver_use_finding(waiver: Waiver, count: int) -> Finding:
    params: Mapping[str, str | int] = {
        "rule": waiver.rule,
        "reason": waiver.reason,
        "who": waiver.approved_by,
        "until": waiver.valid_until.isoformat(),
        "count": count,
    }
    code = "waiver-used" if count else "waiver-unused"
    return make_finding(code, waiver.location, unit=waiver.unit or None, params=params)


def _apply_to_submission(
    submission: Submission, alias_by_text: Mapping[tuple[str, str], Alias], note_code: str
) -> Submission:
    rows = tuple(
        replace(row, answers=tuple(_resolve_alias(answer, alias_by_text) for answer in row.answers))
        for row in submission.rows
    )
    pairs = zip(submission.rows, rows, strict=True)
    alias_findings = {
        finding.location: finding
        for before, after in pairs
        for finding in _alias_findings(before, after, submission, note_code)
    }
    remaining = (
        old_finding
        for old_finding in submission.findings
        if not (old_finding.code == _UNKNOWN_CHOICE and old_finding.location in alias_findings)
    )
    return (
        replace(submission, rows=rows, findings=(*remaining, *alias_findings.values()))
        if alias_findings
        else submission
    )


def _resolve_alias(answer: Answer, alias_by_text: Mapping[tuple[str, str], Alias]) -> Answer:
    alias = (
        alias_by_text.get((answer.field, normalize_key(answer.raw_text)))
        if answer.error_code == _UNKNOWN_CHOICE
        else None
    )
    return replace(answer, value=alias.choice_code, error_code=None) if alias else answer


def _alias_findings(
    before: AnswerRow, after: AnswerRow, submission: Submission, note_code: str
) -> Iterator[Finding]:
    template, language = submission.round.template, submission.round.language
    for old, new in zip(before.answers, after.answers, strict=True):
        if old is not new:
            field = template.field(new.field)
            yield make_finding(
                note_code,
                after.location_of(new),
                unit=after.unit,
                row_id=after.item.id,
                field=new.field,
                value=new.raw_text,
                suggestion=template.choice_label(field, str(new.value), language),
                params={"field": field.label},
            )
