"""The accounts of a merge: what came in against what came out, counted from both ends.

The way in is counted from the files and the forms as they were read, the way out from the rows that stand. So a
row or a number that gets lost on the way shows, whatever the steps between believe.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from xlflow.core.model import Accounts, Answer, Filled, Line, MergedRow, Received, Round, SetAside, State
from xlflow.core.rollup import find_unanswered, telling_fields
from xlflow.core.template import Template
from xlflow.core.words import LANGUAGES, Language, Text, say

_EXACT = Context(prec=2_000)
_FORM_STATES = (State.ACCEPTED, State.SUPERSEDED)
_CORRECTED = "corrected-return"
"""The reason of a file whose answers all stand in another form of the unit, made from it to be corrected."""


@dataclass(frozen=True, slots=True)
class CameIn:
    """What came in, before anything was done with it: all files found, the forms among them as read, and what
    was set aside besides theirs."""

    files: tuple[Received, ...]
    forms: tuple[Filled, ...]
    set_aside: tuple[SetAside, ...] = ()


def count_accounts(
    came: CameIn, rows: Sequence[MergedRow], set_aside: Sequence[SetAside], replaced: Sequence[Answer]
) -> Accounts:
    """Return the accounts but for what was not answered, which no file tells.

    A file that is said to be accepted or superseded counts only if its form is here, or was corrected in another.
    The sums go over every number cell that came in; those for which another return counts are `sums_replaced`.
    """
    read = {form.received.name for form in came.forms}
    counts = (file.state not in _FORM_STATES or file.name in read for file in came.files)
    states = [
        file.state
        for file, counted in zip(came.files, counts, strict=True)
        if counted or file.reason == _CORRECTED
    ]
    numbers = _number_fields(came.forms[0].round.template) if came.forms else ()
    aside = (*came.set_aside, *(one for form in came.forms for one in form.set_aside))
    return Accounts(
        files={state: states.count(state) for state in State},
        rows_found=sum(len(form.rows) for form in came.forms) + sum(one.is_row for one in aside),
        rows_merged=sum(len(one.sources) for one in rows),
        rows_set_aside=sum(one.is_row for one in set_aside),
        rows_unanswered=0,
        sums_in=_sum_by_field((row.answers for form in came.forms for row in form.rows), numbers),
        sums_out=_sum_by_field((one.row.answers for one in rows), numbers),
        files_found=len(came.files),
        sums_replaced=_sum_by_field([replaced], numbers),
        rows_by_file=_count_by_file(came),
        sums_by_file=_sum_by_file(came.forms, numbers),
    )


def count_unanswered(round_: Round, rows: Iterable[MergedRow], nothing: Collection[str] = ()) -> int:
    """Return how many (line, unit) pairs that were asked nothing answers, of units that did not return too.

    `nothing` are units that say they have nothing to report: what they leave blank is not left unanswered.
    """
    answered: dict[str, set[str]] = {}
    telling = telling_fields(round_.template)
    for one in rows:
        if any((answer := one.row.answer(key)) and not answer.is_blank for key in telling):
            answered.setdefault(one.row.unit, set()).add(one.row.line.id)
    units = {unit.name for unit in round_.plan.units}.difference(nothing)
    asked: dict[str, list[Line]] = {}
    for line in round_.plan.lines:
        for unit in () if line.own else units.intersection(line.units):
            asked.setdefault(unit, []).append(line)
    return sum(
        len(find_unanswered(lines, round_.template, answered.get(unit, ()))) for unit, lines in asked.items()
    )


def explain_imbalance(accounts: Accounts, template: Template) -> Text:
    """Return in words which equations do not hold."""
    said = {language: "; ".join(_imbalances(accounts, template, language)) for language in LANGUAGES}
    return Text(**said)


def _imbalances(accounts: Accounts, template: Template, language: Language) -> Iterator[str]:
    files, rows = sum(accounts.files.values()), accounts.rows_merged + accounts.rows_set_aside
    if files != accounts.files_found:
        yield say("accounts.files_differ", language, found=accounts.files_found, accounted=files)
    if rows != accounts.rows_found:
        yield say("accounts.rows_differ", language, found=accounts.rows_found, accounted=rows)
    for key, total in accounts.sums_in.items():
        out = _EXACT.add(accounts.sums_out.get(key, Decimal()), accounts.sums_replaced.get(key, Decimal()))
        if total != out:
            label = template.field(key).label.say(language)
            yield say("accounts.sums_differ", language, field=label, found=total, accounted=out)


def _number_fields(template: Template) -> tuple[str, ...]:
    return tuple(field.key for field in template.asked() if field.type in ("number", "integer"))


def _count_by_file(came: CameIn) -> Mapping[str, int]:
    """Return how many rows each form brought, by the name of its file; those set aside with them."""
    aside = (*came.set_aside, *(one for form in came.forms for one in form.set_aside))
    rows = [form.received.name for form in came.forms for _ in form.rows]
    return Counter([*rows, *(one.place.file for one in aside if one.is_row)])


def _sum_by_file(forms: Iterable[Filled], fields: Sequence[str]) -> Mapping[tuple[str, str], Decimal]:
    """Return the sums of each file by its name and the field; of all forms in it, where there are several."""
    sums: dict[tuple[str, str], Decimal] = {}
    for form in forms:
        for field, total in _sum_by_field((row.answers for row in form.rows), fields).items():
            key = (form.received.name, field)
            sums[key] = _EXACT.add(sums.get(key, Decimal()), total)
    return sums


def _sum_by_field(rows: Iterable[Sequence[Answer]], fields: Sequence[str]) -> dict[str, Decimal]:
    sums = dict.fromkeys(fields, Decimal())
    for answer in itertools.chain.from_iterable(rows) if fields else ():
        if answer.field in sums and isinstance(answer.value, Decimal):
            sums[answer.field] = _EXACT.add(sums[answer.field], answer.value)
    return sums
