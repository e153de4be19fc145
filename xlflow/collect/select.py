"""Submissions -> those that count: of this round, each once, of a corrected form the correction.

Goes by what is in the forms, never by file names. Every submission gets exactly one state; where a unit sent
several that differ, all of them count, and `merge` resolves them cell by cell.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from xlflow.i18n.catalogue import UNKNOWN_DATE, LocalizedText
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.submission import FileState, ReceivedFile, Submission
from xlflow.model.text import normalize_key, safe_display_name

_STATE_PRECEDENCE = (
    FileState.ACCEPTED,
    FileState.SUPERSEDED,
    FileState.DUPLICATE,
    FileState.REFUSED,
    FileState.IGNORED,
)
"""The states of a file, that first which says most: a file with forms of several units gets the first of
theirs."""


@dataclass(frozen=True, slots=True)
class SelectedSubmissions:
    """`groups_by_unit`: the submissions that count, one group per unit, newest first. `files`: all files with
    their state, by name. `findings`: a note on each submission that does not count, or not alone."""

    groups_by_unit: tuple[tuple[Submission, ...], ...]
    files: tuple[ReceivedFile, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """All submissions that count, unit by unit."""
        return tuple(submission for group in self.groups_by_unit for submission in group)


def choose_round_key(submissions: Iterable[Submission]) -> str | None:
    """Return the key (`Round.key`) of the round that most units answered, of several the latest; None without any
    submission. One file counts once, however many units it claims to be of."""
    units: dict[str, set[str]] = {}
    files: dict[str, set[str]] = {}
    as_of: dict[str, date] = {}
    for submission in submissions:
        units.setdefault(submission.round.key, set()).add(normalize_key(submission.unit))
        files.setdefault(submission.round.key, set()).add(submission.file.name)
        as_of[submission.round.key] = submission.round.as_of

    def rank(key: str) -> tuple[int, int, date, str]:
        return min(len(units[key]), len(files[key])), len(units[key]), as_of[key], key

    return max(units, key=rank, default=None)


def select_submissions(
    submissions: Iterable[Submission],
    refused_files: Iterable[ReceivedFile] = (),
    round_key: str | None = None,
    requested_date: date | None = None,
) -> SelectedSubmissions:
    """Decide which submissions count. `refused_files` are the files that are no forms, which are only carried
    along. `round_key` is the round wanted; without it, the one that `choose_round_key` returns. `requested_date`
    is the as-of date that the caller named."""
    sorted_submissions = sorted(submissions, key=lambda submission: submission.file.name)
    key = round_key or choose_round_key(sorted_submissions)
    from_other_rounds = [
        (submission, _other_round_finding(submission, key or ""))
        for submission in sorted_submissions
        if submission.round.key != key
    ]
    rejected = [
        (_settle_submission(submission, FileState.REFUSED, finding.code), finding)
        for submission, finding in from_other_rounds
    ]
    differing = _check_requested_date(sorted_submissions, requested_date)
    groups: dict[str, list[Submission]] = {}
    for submission in sorted_submissions:
        if submission.round.key == key:
            groups.setdefault(normalize_key(submission.unit), []).append(submission)
    selected = []
    dropped_files, notes = (
        [submission.file for submission, _ in rejected],
        [*differing, *(note for _, note in rejected)],
    )
    for _, group in sorted(groups.items()):
        counting, repeated, group_notes = _select_unit_submissions(group)
        selected.append(counting)
        dropped_files += repeated
        notes += group_notes
    files = [
        *refused_files,
        *_merge_states_by_file([*dropped_files, *(submission.file for group in selected for submission in group)]),
    ]
    return SelectedSubmissions(
        tuple(selected), tuple(sorted(files, key=lambda file: (file.name, file.digest))), tuple(notes)
    )


# Sorting returns ------------------------------------------------------------------------------------------


def _check_requested_date(submissions: Sequence[Submission], requested_date: date | None) -> Iterator[Finding]:
    """Yield a finding if more forms are of another as-of date than of the requested one."""
    forms_by_date = Counter(submission.round.as_of for submission in submissions)
    commonest = max(forms_by_date, key=lambda day: (forms_by_date[day], day), default=None)
    if requested_date and commonest and forms_by_date[requested_date] < forms_by_date[commonest]:
        params: dict[str, str | int | LocalizedText] = {
            "ours": requested_date.isoformat(),
            "theirs": commonest.isoformat(),
            "count": forms_by_date[requested_date],
            "total": len(submissions),
        }
        yield make_finding("as-of-differs", Location(""), params=params)


def _other_round_finding(submission: Submission, key: str) -> Finding:
    """Return the finding that says why a submission is not of the round with a key: its as-of date, or where that
    is the same or unknown, its template."""
    template_name, _, round_date = key.rpartition(" ")
    submission_value, location = submission.round.as_of.isoformat(), _submission_location(submission)
    if round_date not in ("", UNKNOWN_DATE.isoformat(), submission_value):
        return make_finding(
            "other-round", location, unit=submission.unit, params={"theirs": submission_value, "ours": round_date}
        )
    params = {"theirs": submission.round.template.name, "ours": template_name}
    return make_finding("other-template", location, unit=submission.unit, params=params)


def _select_unit_submissions(
    group: Sequence[Submission],
) -> tuple[tuple[Submission, ...], list[ReceivedFile], list[Finding]]:
    """Return the submissions of one unit that count, newest first; the files of those that do not, since they say
    the same as another or were corrected in another; and notes on both."""
    newest_first = sorted(_sort_by_name(group), key=lambda submission: submission.file.recency, reverse=True)
    selected: list[Submission] = []
    repeated: list[ReceivedFile] = []
    notes: list[Finding] = []
    for submission in newest_first:
        correction = next((other for other in newest_first if _is_correction_of(other, submission)), None)
        if correction:
            settled = _settle_submission(submission, FileState.SUPERSEDED, "corrected-return")
            params = {"other": safe_display_name(correction.file.name)}
            notes.append(
                make_finding(
                    "corrected-return", _submission_location(submission), unit=submission.unit, params=params
                )
            )
            repeated.append(settled.file)
            continue
        duplicate = next((other for other in selected if _has_same_answers(submission, other)), None)
        undated = [each.file.name for each in (submission, *selected[:1]) if not each.file.is_dated]
        code = "same-return-twice" if duplicate else "return-time-unknown" if undated else "newer-return"
        state = FileState.DUPLICATE if duplicate else FileState.SUPERSEDED if selected else FileState.ACCEPTED
        settled = _settle_submission(submission, state, code if selected else None)
        if selected:
            params = {"other": safe_display_name((duplicate or selected[0]).file.name)}
            if code == "return-time-unknown":
                params["undated"] = ", ".join(map(safe_display_name, undated))
            notes.append(make_finding(code, _submission_location(submission), unit=submission.unit, params=params))
        if duplicate:
            repeated.append(settled.file)
        else:
            selected.append(settled)
    return tuple(selected), repeated, notes


def _sort_by_name(group: Sequence[Submission]) -> list[Submission]:
    """Return the submissions by file name, the shortest first. Files with the same bytes all get the time of the
    one with the shortest name: whoever copies a file has not answered anew."""
    sorted_submissions = sorted(group, key=lambda submission: (len(submission.file.name), submission.file.name))
    saved_by_content: dict[str, datetime | None] = {}
    for submission in sorted_submissions:
        saved_by_content.setdefault(submission.file.digest or submission.file.name, submission.file.saved_at)
    times = (saved_by_content[submission.file.digest or submission.file.name] for submission in sorted_submissions)
    return [
        replace(submission, file=replace(submission.file, saved_at=time))
        for submission, time in zip(sorted_submissions, times, strict=True)
    ]


def _is_correction_of(later: Submission, submission: Submission) -> bool:
    """Return whether `later` was filled in on the correction form made from `submission`, and says something else
    now."""
    replaced_before, replaced_after = (
        set(submission.identity.replaced_digests),
        set(later.identity.replaced_digests),
    )
    return (
        submission.answers_digest in replaced_after
        and later.answers_digest not in (replaced_before | {submission.answers_digest})
        and len(replaced_before) <= len(replaced_after)
    )


def _has_same_answers(submission: Submission, other: Submission) -> bool:
    if submission.file.digest and submission.file.digest == other.file.digest:
        return True
    return bool(submission.answers_digest) and submission.answers_digest == other.answers_digest


def _submission_location(submission: Submission) -> Location:
    """Return the file of a submission; its sheet too where it is in the workbook of another unit."""
    other_sheets = (finding.location for finding in submission.findings if finding.code == "sheet-of-other-unit")
    return next(other_sheets, Location(submission.file.name))


def _merge_states_by_file(files: Sequence[ReceivedFile]) -> list[ReceivedFile]:
    """Return each file once, also one with forms of several units: its state is that of the form that counts most
    (`_STATE_PRECEDENCE`), and `further_units` names the other units whose answers in it count."""
    files_by_content: dict[tuple[str, str], list[ReceivedFile]] = {}
    for file in files:
        files_by_content.setdefault((file.name, file.digest), []).append(file)
    merged_files: list[ReceivedFile] = []
    for file_states in files_by_content.values():
        first, *further = sorted(
            file_states, key=lambda file: (_STATE_PRECEDENCE.index(file.state), file.unit or "")
        )
        other_units = (
            file.unit for file in further if file.unit and file.state in (FileState.ACCEPTED, FileState.SUPERSEDED)
        )
        merged_files.append(replace(first, further_units=tuple(other_units)) if further else first)
    return merged_files


def _settle_submission(submission: Submission, state: FileState, reason: str | None) -> Submission:
    return replace(submission, file=replace(submission.file, state=state, unit=submission.unit, reason=reason))
