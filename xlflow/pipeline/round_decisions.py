"""What a project adds to a run: the files it received, when each came in, and what was decided about units.

A decision never changes a file or an answer; it says which returns count and who is asked. Each is a note among
the findings, so the consolidated workbook lists it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from xlflow.collect.discover import DiscoveredFile, discover_files
from xlflow.merge.accounts import count_unanswered
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.merged import Merged
from xlflow.model.plan import Plan, Round
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.model.text import normalize_key

_EARLIEST = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class RoundDecisions:
    """What was decided. Units are keys of `normalize_key`, files are names as found.

    `used_files`: the only return that counts, by unit. `left_out_files`: (unit, file) that do not count.
    `not_asked`: units that are not asked after all; `nothing_to_report`: units for which that was said.
    `belongs_to`: the unit whose answers the return of another is.
    """

    used_files: Mapping[str, str] = field(default_factory=dict)
    left_out_files: frozenset[tuple[str, str]] = frozenset()
    not_asked: frozenset[str] = frozenset()
    nothing_to_report: frozenset[str] = frozenset()
    belongs_to: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliveredFiles:
    """The files of a round, given to a run in place of paths.

    `paths`: where they are, for messages. `findings`: about the files, and a note per decision. `received_at`:
    time (aware) by file name; of two returns that differ, the one received last stands.
    """

    paths: tuple[Path, ...]
    files: tuple[DiscoveredFile, ...]
    findings: tuple[Finding, ...] = ()
    received_at: Mapping[str, datetime] = field(default_factory=dict)
    decisions: RoundDecisions = RoundDecisions()


def as_delivered(paths: Sequence[Path] | DeliveredFiles, excluded: Collection[Path]) -> DeliveredFiles:
    """Return the files to read: those of a project, else those at the paths; see `discover_files`."""
    if isinstance(paths, DeliveredFiles):
        return paths
    return DeliveredFiles(tuple(paths), *discover_files(paths, excluded=excluded))


def adjust_round(round_: Round, decisions: RoundDecisions) -> Round:
    """Return the round without the units that are not asked, and without items that nobody else is asked about."""
    if not decisions.not_asked:
        return round_
    units = tuple(unit for unit in round_.plan.units if normalize_key(unit.name) not in decisions.not_asked)
    kept = {unit.name for unit in units}
    items = (replace(item, units=tuple(filter(kept.__contains__, item.units))) for item in round_.plan.items)
    plan: Plan = replace(round_.plan, units=units, items=tuple(item for item in items if item.units))
    return replace(round_, plan=plan)


def adjust_submissions(
    submissions: Sequence[Submission], delivered: DeliveredFiles
) -> tuple[list[Submission], list[ReceivedFile], list[Finding]]:
    """Return the submissions that may count, each under the unit that it belongs to and with the time when it was
    received; the files that were left out by a decision; and a note on each of these."""
    decisions = delivered.decisions
    renamed = (_move_to_unit(each, decisions.belongs_to.get(normalize_key(each.unit))) for each in submissions)
    counting, left_out, notes = list[Submission](), list[ReceivedFile](), list[Finding]()
    for submission in renamed:
        key, name = normalize_key(submission.unit), submission.file.name
        used = decisions.used_files.get(key)
        is_left_out = any(unit == key and _is_in_file(name, file) for unit, file in decisions.left_out_files)
        if not is_left_out and (used is None or _is_in_file(name, used)):
            counting.append(submission)
            continue
        note = make_finding("ignored-by-decision", Location(name), unit=submission.unit)
        notes.append(note)
        left_out.append(replace(submission.file, state=FileState.IGNORED, reason=note.code, unit=submission.unit))
    counted_names = {submission.file.name for submission in counting}
    return (
        _date_by_reception(counting, delivered.received_at),
        [file for file in left_out if file.name not in counted_names],
        notes,
    )


def adjust_merged(merged: Merged, decisions: RoundDecisions) -> Merged:
    """Return the merged answers with the units counted as answered for which "nothing to report" was decided; one
    that has answered keeps its answers."""
    said = [unit for unit in merged.units_without_answers if normalize_key(unit) in decisions.nothing_to_report]
    if not said:
        return merged
    claims = (*merged.nothing_to_report_claims, *((unit, Location("events")) for unit in said))
    answered = {*merged.answered_units, *said}
    in_order = [unit.name for unit in merged.round.plan.units]
    in_order += [unit for unit in merged.answered_units if unit not in in_order]
    changed = replace(
        merged,
        nothing_to_report_claims=claims,
        answered_units=tuple(unit for unit in in_order if unit in answered),
        missing_units=tuple(unit for unit in merged.missing_units if unit not in answered),
    )
    unanswered = count_unanswered(changed.round, changed.rows, changed.units_with_nothing_to_report)
    return replace(changed, accounts=replace(changed.accounts, rows_unanswered=unanswered))


def _is_in_file(name: str, file: str) -> bool:
    """Return whether a submission's file is this one, or one in it if it is an archive."""
    return name == file or name.startswith(f"{file}/")


def _move_to_unit(submission: Submission, unit: str | None) -> Submission:
    """Return a submission as that of another unit, without its blank rows, which that unit may not be asked; None
    leaves it as it is."""
    if unit is None:
        return submission
    own = submission.unit
    answered = [row for row in submission.rows if not row.is_blank]
    rows = tuple(replace(row, unit=unit) if row.unit == own else row for row in answered)
    return replace(submission, identity=replace(submission.identity, unit=unit), rows=rows)


def _date_by_reception(submissions: Iterable[Submission], received_at: Mapping[str, datetime]) -> list[Submission]:
    """Return the submissions with the time of reception in place of the time when they were saved, which only
    decides between those that came in together."""
    saved = sorted(submissions, key=lambda each: (_saved_at(each), each.file.name))
    return [
        replace(each, file=_date_file(each.file, received_at[each.file.name] + timedelta(microseconds=rank)))
        if each.file.name in received_at
        else each
        for rank, each in enumerate(saved)
    ]


def _date_file(file: ReceivedFile, received_at: datetime) -> ReceivedFile:
    return replace(file, saved_at=received_at, is_dated=True)


def _saved_at(submission: Submission) -> datetime:
    time = submission.file.saved_at or _EARLIEST
    return time if time.tzinfo else time.replace(tzinfo=UTC)
