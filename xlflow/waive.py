"""Puts into force what the plan's sheets `Undantag` and `Alias` say, and counts how often each was needed.

An alias makes an answer understood that was not; an exception takes a finding away that it names. Neither changes
what anybody wrote, and both are listed with their use, so that nothing passes unseen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from xlflow.core.findings import Finding, find
from xlflow.core.model import Alias, Answer, Exemption, Filled, Row
from xlflow.core.text import fold

_UNKNOWN, _UNLISTED, _MEANT = "choice-unknown", "choice-not-listed", "alias-used"

Waived = tuple[tuple[Exemption, int], ...]
"""Every exception, and how many findings it took away."""


def apply_aliases(forms: Iterable[Filled], aliases: Sequence[Alias]) -> tuple[Filled, ...]:
    """Return the forms with the answers understood that an alias stands for; each tells so in a note."""
    known = {(alias.field, fold(alias.text)): alias for alias in aliases}
    return tuple(_apply(form, known) if known else form for form in forms)


def count_aliases(aliases: Sequence[Alias], rows: Iterable[Row]) -> tuple[tuple[Alias, int], ...]:
    """Return every alias, and in how many of the answers that stand it was needed."""
    asked = rows if aliases else ()
    written = [(answer.field, fold(answer.written)) for row in asked for answer in row.answers if answer.written]
    return tuple((alias, written.count((alias.field, fold(alias.text)))) for alias in aliases)


def waive_findings(
    findings: Iterable[Finding], exceptions: Sequence[Exemption], as_of: date
) -> tuple[tuple[Finding, ...], Waived]:
    """Return the findings that no exception takes away, what is to be said of the exceptions, and their use.

    The first exception that fits takes a finding; one that has expired takes none.
    """
    in_force = [one for one in exceptions if one.until >= as_of]
    uses = dict.fromkeys(in_force, 0)
    kept = []
    for found in _leave_out_answered(tuple(findings)):
        taker = next((one for one in in_force if _takes(one, found)), None)
        if taker:
            uses[taker] += 1
        else:
            kept.append(found)
    told = (_tell_use(one, count) for one, count in uses.items())
    return (*kept, *told), tuple((one, uses.get(one, 0)) for one in exceptions)


def _leave_out_answered(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the findings but for those that miss an answer in the list where an alias says what it means."""
    meant = {found.place for found in findings if found.code == _MEANT}
    return (found for found in findings if not (found.code == _UNLISTED and found.place in meant))


def _takes(one: Exemption, found: Finding) -> bool:
    if fold(one.rule) not in (fold(found.rule or ""), fold(found.code)):
        return False
    of_unit = not one.unit or fold(one.unit) == fold(found.unit or "")
    return of_unit and (not one.lines or found.row_id in one.lines)


def _tell_use(one: Exemption, count: int) -> Finding:
    words: Mapping[str, str | int] = {
        "rule": one.rule,
        "reason": one.reason,
        "who": one.who,
        "until": one.until.isoformat(),
        "count": count,
    }
    code = "exception-used" if count else "exception-unused"
    return find(code, one.place, unit=one.unit or None, words=words)


def _apply(form: Filled, known: Mapping[tuple[str, str], Alias]) -> Filled:
    rows = tuple(
        replace(row, answers=tuple(_understand(answer, known) for answer in row.answers)) for row in form.rows
    )
    pairs = zip(form.rows, rows, strict=True)
    told = {finding.place: finding for before, after in pairs for finding in _tell_aliases(before, after, form)}
    kept = (found for found in form.findings if not (found.code == _UNKNOWN and found.place in told))
    return replace(form, rows=rows, findings=(*kept, *told.values())) if told else form


def _understand(answer: Answer, known: Mapping[tuple[str, str], Alias]) -> Answer:
    alias = known.get((answer.field, fold(answer.written))) if answer.fault == _UNKNOWN else None
    return replace(answer, value=alias.means, fault=None) if alias else answer


def _tell_aliases(before: Row, after: Row, form: Filled) -> Iterator[Finding]:
    template, language = form.round.template, form.round.language
    for old, new in zip(before.answers, after.answers, strict=True):
        if old is not new:
            field = template.field(new.field)
            yield find(
                _MEANT,
                after.place_of(new),
                unit=after.unit,
                row_id=after.line.id,
                field=new.field,
                value=new.written,
                suggestion=template.say_choice(field, str(new.value), language),
                words={"field": field.label},
            )
