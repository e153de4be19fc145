"""The accounts of a merge: what came in against what came out, counted from both ends.

What came in is counted from the files and submissions as they were read, what came out from the merged rows. So a
row or a number that is lost on the way shows, whatever the steps between say. Amounts are summed in Decimal.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText, translate
from xlflow.model.merged import Accounts, MergedRow
from xlflow.model.plan import PlanItem, Round
from xlflow.model.submission import Answer, FileState, ReceivedFile, Submission, Unplaced
from xlflow.model.template import Template
from xlflow.rules.rollup import fields_that_count_as_answer, find_unanswered_items

_EXACT_CONTEXT = Context(prec=2_000)
"""Sums without rounding: no sum of amounts has as many digits, so both ends are equal to the last one."""

_STATES_WITH_FORM = (FileState.ACCEPTED, FileState.SUPERSEDED)
_CORRECTED_REASON = "corrected-return"
"""The reason of a file that was replaced by its own correction form, which holds all its answers."""


@dataclass(frozen=True, slots=True)
class MergeInput:
    """What came in, before anything was done with it: all files found, the submissions among them as read, and
    what was set aside outside the submissions."""

    files: tuple[ReceivedFile, ...]
    submissions: tuple[Submission, ...]
    unplaced: tuple[Unplaced, ...] = ()


def build_accounts(
    merge_input: MergeInput,
    rows: Sequence[MergedRow],
    unplaced: Sequence[Unplaced],
    replaced_answers: Sequence[Answer],
) -> Accounts:
    """Return the accounts; `rows_unanswered` is 0, since no file says what was not answered (`count_unanswered`
    does).

    `rows`, `unplaced` and `replaced_answers` are what came out. A file with the state accepted or superseded
    counts only if its submission is here, or was corrected in another. The sums go over every number cell that
    came in; those for which another return counts are `sums_replaced`.
    """
    read_files = {submission.file.name for submission in merge_input.submissions}
    is_counted = (file.state not in _STATES_WITH_FORM or file.name in read_files for file in merge_input.files)
    states = [
        file.state
        for file, counted in zip(merge_input.files, is_counted, strict=True)
        if counted or file.reason == _CORRECTED_REASON
    ]
    number_fields = (
        _number_field_keys(merge_input.submissions[0].round.template) if merge_input.submissions else ()
    )
    incoming_unplaced = (
        *merge_input.unplaced,
        *(entry for submission in merge_input.submissions for entry in submission.unplaced),
    )
    return Accounts(
        files={state: states.count(state) for state in FileState},
        rows_found=sum(len(submission.rows) for submission in merge_input.submissions)
        + sum(entry.is_row for entry in incoming_unplaced),
        rows_merged=sum(len(merged_row.sources) for merged_row in rows),
        rows_set_aside=sum(entry.is_row for entry in unplaced),
        rows_unanswered=0,
        sums_in=_sum_by_field(
            (row.answers for submission in merge_input.submissions for row in submission.rows), number_fields
        ),
        sums_out=_sum_by_field((merged_row.row.answers for merged_row in rows), number_fields),
        files_found=len(merge_input.files),
        sums_replaced=_sum_by_field([replaced_answers], number_fields),
        rows_by_file=_count_rows_by_file(merge_input),
        sums_by_file=_sum_by_file_and_field(merge_input.submissions, number_fields),
    )


def count_unanswered(round_: Round, rows: Iterable[MergedRow], units_with_nothing: Collection[str] = ()) -> int:
    """Return the number of asked (item, unit) pairs without an answer, also of units that returned nothing.

    What was written and not understood answers nothing. `units_with_nothing` say that they have nothing to report:
    what they leave blank is not left unanswered.
    """
    answered_ids_by_unit: dict[str, set[str]] = {}
    answer_fields = fields_that_count_as_answer(round_.template)
    for merged_row in rows:
        if any(merged_row.row.value(key) is not None for key in answer_fields):
            answered_ids_by_unit.setdefault(merged_row.row.unit, set()).add(merged_row.row.item.id)
    units = {unit.name for unit in round_.plan.units}.difference(units_with_nothing)
    items_by_unit: dict[str, list[PlanItem]] = {}
    for item in round_.plan.items:
        for unit in () if item.added_by_unit else units.intersection(item.units):
            items_by_unit.setdefault(unit, []).append(item)
    return sum(
        len(find_unanswered_items(items, round_.template, answered_ids_by_unit.get(unit, ())))
        for unit, items in items_by_unit.items()
    )


def explain_imbalance(accounts: Accounts, template: Template) -> LocalizedText:
    """Return the equations that do not hold, as a text in all languages; "" if all hold."""
    text_by_language = {
        language: "; ".join(_describe_imbalances(accounts, template, language)) for language in LANGUAGES
    }
    return LocalizedText(**text_by_language)


def _describe_imbalances(accounts: Accounts, template: Template, language: Language) -> Iterator[str]:
    files_accounted, rows_accounted = sum(accounts.files.values()), accounts.rows_merged + accounts.rows_set_aside
    if files_accounted != accounts.files_found:
        yield translate("accounts.files_differ", language, found=accounts.files_found, accounted=files_accounted)
    if rows_accounted != accounts.rows_found:
        yield translate("accounts.rows_differ", language, found=accounts.rows_found, accounted=rows_accounted)
    for key, total in accounts.sums_in.items():
        total_accounted = _EXACT_CONTEXT.add(
            accounts.sums_out.get(key, Decimal()), accounts.sums_replaced.get(key, Decimal())
        )
        if total != total_accounted:
            label = template.field(key).label.in_language(language)
            yield translate("accounts.sums_differ", language, field=label, found=total, accounted=total_accounted)


def _number_field_keys(template: Template) -> tuple[str, ...]:
    return tuple(field.key for field in template.answer_fields() if field.type in ("number", "integer"))


def _count_rows_by_file(merge_input: MergeInput) -> Mapping[str, int]:
    """Return the number of rows by file name, those set aside included."""
    unplaced = (
        *merge_input.unplaced,
        *(entry for submission in merge_input.submissions for entry in submission.unplaced),
    )
    row_files = [submission.file.name for submission in merge_input.submissions for _ in submission.rows]
    return Counter([*row_files, *(entry.location.file for entry in unplaced if entry.is_row)])


def _sum_by_file_and_field(
    submissions: Iterable[Submission], fields: Sequence[str]
) -> Mapping[tuple[str, str], Decimal]:
    """Return the sums by (file name, field key), over all submissions in the file."""
    sums: dict[tuple[str, str], Decimal] = {}
    for submission in submissions:
        for field, total in _sum_by_field((row.answers for row in submission.rows), fields).items():
            key = (submission.file.name, field)
            sums[key] = _EXACT_CONTEXT.add(sums.get(key, Decimal()), total)
    return sums


def _sum_by_field(rows: Iterable[Sequence[Answer]], fields: Sequence[str]) -> dict[str, Decimal]:
    """Return the exact sum of each number field (by key) over the answers of some rows; 0 where there are none."""
    sums = dict.fromkeys(fields, Decimal())
    for answer in itertools.chain.from_iterable(rows) if fields else ():
        if answer.field in sums and isinstance(answer.value, Decimal):
            sums[answer.field] = _EXACT_CONTEXT.add(sums[answer.field], answer.value)
    return sums
