"""Submissions -> `Merged`: the order of the steps of a merge, and nothing else.

What counts is decided in `collect.select` before, and cell by cell in `merge.resolve_conflicts`. Judges no answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from xlflow.excel.cell_address import cell_sort_key
from xlflow.merge.accounts import MergeInput, build_accounts, count_unanswered, explain_imbalance
from xlflow.merge.assign_rows import (
    AssignedRow,
    assign_rows,
    restore_round,
    sort_newest_first,
    unit_names_in_round,
)
from xlflow.merge.resolve_conflicts import ResolvedRow, resolve_row
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.merged import Merged, MergedRow
from xlflow.model.plan import PlanItem, Round
from xlflow.model.submission import Answer, ReceivedFile, Submission, Unplaced


def merge_submissions(
    submissions: Iterable[Submission],
    files: Sequence[ReceivedFile],
    planned: Round | None = None,
    unplaced: Sequence[Unplaced] = (),
) -> tuple[Merged, tuple[Finding, ...]]:
    """Return the merged round, and the findings: those of reading that are about answers that count, then those of
    merging.

    `submissions` are those that count, maybe several of one unit; `files` are all files found; `planned` is the
    round of the plan where one was given, which then says who is asked what, and in which order; `unplaced` is
    what was set aside outside the submissions. Raises `FatalError` if there is neither form nor plan, or if the
    accounts do not balance.
    """
    sorted_submissions = sort_newest_first(submissions)
    round_ = restore_round(sorted_submissions, planned)
    assigned, assign_findings = assign_rows(sorted_submissions, round_, from_plan=planned is not None)
    rows, resolved = _resolve_rows(assigned)
    round_ = _add_missing_items(round_, assigned)
    replaced_answers = [answer for resolved_row in resolved for answer in resolved_row.replaced_answers]
    merged = _build_merged(
        round_, MergeInput(tuple(files), sorted_submissions, tuple(unplaced)), rows, replaced_answers
    )
    if not merged.accounts.is_balanced:
        params = {"equation": explain_imbalance(merged.accounts, round_.template)}
        raise FatalError(make_finding("accounts-do-not-balance", Location(""), params=params))
    conflicts = [finding for resolved_row in resolved for finding in resolved_row.conflicts]
    return merged, (*_findings_in_force(sorted_submissions, replaced_answers), *assign_findings, *conflicts)


def _resolve_rows(assigned: Sequence[AssignedRow]) -> tuple[list[MergedRow], list[ResolvedRow]]:
    """Return one row for each unit and item, in no order, and how the rows were resolved where several answer the
    same, which few do."""
    first_rows: dict[str, dict[str, AssignedRow]] = {}
    several: dict[tuple[str, str], list[AssignedRow]] = {}
    for assigned_row in assigned:
        unit, item_id = assigned_row.row.unit, assigned_row.row.item.id
        first_row = first_rows.setdefault(unit, {}).setdefault(item_id, assigned_row)
        if first_row is not assigned_row:
            several.setdefault((unit, item_id), [first_row]).append(assigned_row)
    resolved = {key: resolve_row(same_item_rows) for key, same_item_rows in several.items()}
    single_rows = (assigned.row for rows in first_rows.values() for assigned in rows.values())
    rows = [MergedRow(row) for row in single_rows if not resolved or (row.unit, row.item.id) not in resolved]
    return [*rows, *(resolved_row.row for resolved_row in resolved.values())], list(resolved.values())


def _add_missing_items(round_: Round, assigned: Sequence[AssignedRow]) -> Round:
    """Return the round with the items that it lacks: those that no plan knows, then those that units added, both
    by unit and position in the form."""
    known_ids = {item.id for item in round_.plan.items}
    unit_order = {unit.name: index for index, unit in enumerate(round_.plan.units)}
    missing_items: dict[str, tuple[tuple[bool, int, int], PlanItem]] = {}
    for assigned_row in assigned:
        item = assigned_row.row.item
        if item.id not in known_ids and item.id not in missing_items:
            missing_items[item.id] = (
                (item.added_by_unit, unit_order[assigned_row.row.unit], assigned_row.position),
                item,
            )
    new_items = tuple(item for _, item in sorted(missing_items.values(), key=lambda pair: pair[0]))
    return replace(round_, plan=replace(round_.plan, items=(*round_.plan.items, *new_items)))


def _build_merged(
    round_: Round, merge_input: MergeInput, merged_rows: Sequence[MergedRow], replaced_answers: Sequence[Answer]
) -> Merged:
    unit_names = [unit.name for unit in round_.plan.units]
    unit_order = {name: index for index, name in enumerate(unit_names)}
    item_order = {item.id: index for index, item in enumerate(round_.plan.items)}
    rows = sorted(
        merged_rows, key=lambda merged_row: (item_order[merged_row.row.item.id], unit_order[merged_row.row.unit])
    )
    unplaced = tuple(
        sorted(
            [
                *merge_input.unplaced,
                *(entry for submission in merge_input.submissions for entry in submission.unplaced),
            ],
            key=_unplaced_sort_key,
        )
    )
    answered = set(unit_names_in_round(round_, merge_input.submissions))
    accounts = build_accounts(merge_input, rows, unplaced, replaced_answers)
    merged = Merged(
        round=round_,
        files=tuple(sorted(merge_input.files, key=lambda file: (file.name, file.digest))),
        rows=tuple(rows),
        unplaced=unplaced,
        answered_units=tuple(name for name in unit_names if name in answered),
        missing_units=tuple(name for name in unit_names if name not in answered),
        accounts=accounts,
        nothing_to_report_claims=_list_nothing_to_report(round_, merge_input.submissions),
    )
    unanswered = count_unanswered(round_, rows, merged.units_with_nothing_to_report)
    return replace(merged, accounts=replace(accounts, rows_unanswered=unanswered))


def _list_nothing_to_report(round_: Round, submissions: Sequence[Submission]) -> tuple[tuple[str, Location], ...]:
    """Return (unit, cell) for the units that say they have nothing to report; the newest return of each
    decides."""
    newest: dict[str, Submission] = {}
    for name, submission in zip(unit_names_in_round(round_, submissions), submissions, strict=True):
        newest.setdefault(name, submission)
    names = (unit.name for unit in round_.plan.units if unit.name in newest)
    return tuple((name, location) for name in names if (location := newest[name].nothing_to_report))


def _unplaced_sort_key(entry: Unplaced) -> tuple[object, ...]:
    """Sort by file, sheet, row and column; column A before AA."""
    return (
        entry.location.file,
        entry.location.sheet or "",
        *cell_sort_key(entry.location.cell),
        repr(entry),
    )


def _findings_in_force(submissions: Sequence[Submission], replaced_answers: Sequence[Answer]) -> Iterable[Finding]:
    """Yield what reading found, except in cells that another return has replaced: their cause is gone."""
    replaced_locations = {answer.column for answer in replaced_answers}
    return (
        finding
        for submission in submissions
        for finding in submission.findings
        if not (finding.field and finding.location in replaced_locations)
    )
