"""Finds what came back, in folders and archives, and settles which files count: once, this round, the newest.

Goes by what stands in the forms and never by their names. Every file that is found ends in exactly one state,
and nothing here depends on the order in which files are found or read.
"""

import os
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from xlflow.core.findings import FatalError, Finding, Location, make_finding
from xlflow.core.model import FileState, ReceivedFile, Submission
from xlflow.core.text import normalize_key, safe_display_name
from xlflow.core.words import UNKNOWN_DATE
from xlflow.excel import incoming

_SYSTEM_FILE_NAMES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
_UNFINISHED_SUFFIXES = (".crdownload", ".part", ".partial", ".download", ".opdownload", ".filepart")
_PLACEHOLDER_SUFFIXES = (".icloud", ".nextcloud", ".owncloud")
"""How the name of a file ends that stands for one which has not been fetched from where it is kept."""

_MAC_TEMP_NAME = re.compile(r".*\.sb-[0-9a-f]{8}-\w{6}")
"""What a Mac calls a file that is being saved."""

_UNSAFE_LINK_CHARACTERS = frozenset('#%?\\"<>|')
_EARLIEST_TIME = datetime(1, 1, 1, tzinfo=UTC)
_STATE_PRECEDENCE = (
    FileState.ACCEPTED,
    FileState.SUPERSEDED,
    FileState.DUPLICATE,
    FileState.REFUSED,
    FileState.IGNORED,
)
"""The states of a file, those first in which it counts."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""What file systems count seconds from; `fromtimestamp` fails on Windows for a time before it."""


@dataclass(frozen=True, slots=True)
class DiscoveredFile:
    """A file on its way to the gate: its name as people see it, where it stands or what it holds. `settled` is
    set where its state is clear without opening it."""

    name: str
    source: Path | bytes
    size: int
    modified: datetime | None = None
    settled_file: ReceivedFile | None = None


@dataclass(frozen=True, slots=True)
class SelectedSubmissions:
    """What counts: the forms of each unit, newest first, and all files found with what became of them."""

    groups_by_unit: tuple[tuple[Submission, ...], ...]
    files: tuple[ReceivedFile, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def submissions(self) -> tuple[Submission, ...]:
        """All forms that count, unit by unit."""
        return tuple(submission for group in self.groups_by_unit for submission in group)


def discover_files(
    paths: Sequence[Path], excluded: Collection[Path] = ()
) -> tuple[tuple[DiscoveredFile, ...], tuple[Finding, ...]]:
    """Return every file at these paths (files, folders, archives), by name, with notes on what is ignored.

    `leave_out` are files of our own that may lie among them. `Stop` if a path does not exist.
    """
    missing = [
        make_finding("path-not-found", Location(str(path))) for path in paths if not incoming.path_exists(path)
    ]
    if missing:
        raise FatalError(*missing)
    own_paths = {path.resolve() for path in excluded}
    unreadable_folders: dict[Path, Finding] = {}
    listed = {
        real_path: (name, path)
        for path in sorted(set(paths))
        for name, path, real_path in _walk_files(path, unreadable_folders)
    }
    named_paths = _make_names_unique(sorted(listed.values()))
    pairs = [
        pair
        for name, path in named_paths
        for pair in _classify_file(name, path, is_own=path.resolve() in own_paths)
    ]
    findings = (*unreadable_folders.values(), *(finding for _, finding in pairs if finding))
    return tuple(sorted((file for file, _ in pairs), key=lambda found: found.name)), findings


def find_relative_paths(files: Iterable[DiscoveredFile], workbook: Path) -> Mapping[str, str]:
    """Return for each file in or below the folder of a workbook how it is reached from there, by its name; not for
    files inside archives, nor where an address would not be understood as it is."""
    folder = workbook.resolve().parent
    paths = {file.name: file.source.resolve() for file in files if isinstance(file.source, Path)}
    relative_paths = {
        name: path.relative_to(folder).as_posix() for name, path in paths.items() if folder in path.parents
    }
    return {name: address for name, address in relative_paths.items() if _is_safe_link(address)}


def make_received_file(file: DiscoveredFile, opened: incoming.WorkbookData | Finding) -> ReceivedFile:
    """Return what is known of a file that the gate has seen."""
    if isinstance(opened, Finding):
        return ReceivedFile(file.name, "", file.size, file.modified, FileState.REFUSED, reason=opened.code)
    saved = opened.last_saved or file.modified
    return ReceivedFile(file.name, opened.digest, opened.size, saved, FileState.ACCEPTED)


def ignore_reason(workbook: incoming.WorkbookData) -> Finding | None:
    """Return the note that says why a workbook of our own that is no form is passed over; None for all others."""
    is_consolidated = workbook.properties.get("xlflow.kind") == "consolidated"
    return make_finding("ignored-consolidated", Location(workbook.name)) if is_consolidated else None


def choose_round_key(submissions: Iterable[Submission]) -> str | None:
    """Return the key of the round that most units answered, the latest where several have equally many."""
    units: dict[str, set[str]] = {}
    as_of: dict[str, date] = {}
    for submission in submissions:
        units.setdefault(submission.round.key, set()).add(normalize_key(submission.unit))
        as_of[submission.round.key] = submission.round.as_of
    return max(units, key=lambda key: (len(units[key]), as_of[key], key), default=None)


def select_submissions(
    submissions: Iterable[Submission], refused_files: Iterable[ReceivedFile] = (), round_key: str | None = None
) -> SelectedSubmissions:
    """Settle which returns count. `others` are the files that are no forms; `round_key` is the round asked for,
    otherwise that of most units, the newest of several."""
    sorted_submissions = sorted(submissions, key=lambda form: form.file.name)
    key = round_key or choose_round_key(sorted_submissions)
    from_other_rounds = [
        (submission, _other_round_finding(submission, key or ""))
        for submission in sorted_submissions
        if submission.round.key != key
    ]
    rejected = [
        (_settle_submission(form, FileState.REFUSED, finding.code), finding) for form, finding in from_other_rounds
    ]
    groups: dict[str, list[Submission]] = {}
    for form in sorted_submissions:
        if form.round.key == key:
            groups.setdefault(normalize_key(form.unit), []).append(form)
    selected, dropped_files, notes = [], [form.file for form, _ in rejected], [note for _, note in rejected]
    for _, group in sorted(groups.items()):
        counting, repeated, group_notes = _select_unit_submissions(group)
        selected.append(counting)
        dropped_files += repeated
        notes += group_notes
    files = [
        *refused_files,
        *_merge_states_by_file([*dropped_files, *(form.file for group in selected for form in group)]),
    ]
    return SelectedSubmissions(
        tuple(selected), tuple(sorted(files, key=lambda file: (file.name, file.digest))), tuple(notes)
    )


# Finding files --------------------------------------------------------------------------------------------


def _walk_files(path: Path, unreadable_folders: dict[Path, Finding]) -> Iterator[tuple[str, Path, Path]]:
    """Yield (name relative to the folder given, path, real path) of every file, following links once; `closed`
    gets what is to be said of folders that cannot be looked into."""
    if not os.path.isdir(path):  # noqa: PTH112 (the other way raises where one may not look)
        yield path.name, path, path.resolve()
        return
    from xlflow.excel import outgoing  # noqa: PLC0415 (slow to load, and not needed for a single file)

    def tell(error: OSError) -> None:
        folder = Path(error.filename)
        unreadable_folders[folder.resolve()] = make_finding(
            "folder-not-readable", Location(folder.as_posix()), value=error.strerror
        )

    visited = {path.resolve()}
    for folder, folders, files in os.walk(path, onerror=tell, followlinks=True):
        folder_path = Path(folder)
        new_folders = [name for name in sorted(folders) if (folder_path / name).resolve() not in visited]
        visited.update((folder_path / name).resolve() for name in new_folders)
        folders[:] = new_folders
        for name in sorted(name for name in files if not outgoing.is_own_temp_file(name)):
            yield (
                (folder_path / name).relative_to(path).as_posix(),
                folder_path / name,
                (folder_path / name).resolve(),
            )


def _make_names_unique(listed: Sequence[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    """Yield the files again; those that would show the same name show their whole path instead."""
    names = Counter(name for name, _ in listed)
    for name, path in listed:
        yield (name if names[name] == 1 else path.as_posix()), path


def _classify_file(name: str, path: Path, *, is_own: bool) -> Iterator[tuple[DiscoveredFile, Finding | None]]:
    """Yield one file, or the files inside it where it is an archive of forms."""
    code = "ignored-own-file" if is_own else _ignore_code_for_name(name)
    size, modified = _read_size_and_time(path)
    if code:
        yield _settle_file(name, path, size, modified, make_finding(code, Location(name)))
    elif path.suffix.lower() == ".zip":
        yield from _expand_archive(DiscoveredFile(name, path, size, modified), path)
    else:
        yield DiscoveredFile(name, path, size, modified), None


def _expand_archive(file: DiscoveredFile, path: Path) -> Iterator[tuple[DiscoveredFile, Finding | None]]:
    bundle = incoming.open_zip_archive(path, file.name)
    if bundle is None:
        yield file, None
    elif isinstance(bundle, Finding) or not bundle:
        refusal = bundle if isinstance(bundle, Finding) else make_finding("archive-empty", Location(file.name))
        yield _settle_file(file.name, path, file.size, file.modified, refusal)
    else:
        for entry in bundle:
            yield _classify_archive_entry(f"{file.name}/{entry.name}", entry, path)


def _classify_archive_entry(
    name: str, entry: incoming.ZippedFile, path: Path
) -> tuple[DiscoveredFile, Finding | None]:
    code = _ignore_code_for_name(name)
    if code:
        return _settle_file(name, path, entry.size, entry.modified, make_finding(code, Location(name)))
    if isinstance(entry.content, Finding):
        return _settle_file(name, path, entry.size, entry.modified, entry.content)
    return DiscoveredFile(name, entry.content, entry.size, entry.modified), None


def _settle_file(
    name: str, path: Path, size: int, modified: datetime | None, finding: Finding
) -> tuple[DiscoveredFile, Finding]:
    state = FileState.IGNORED if finding.code.startswith("ignored-") else FileState.REFUSED
    return DiscoveredFile(
        name, path, size, modified, ReceivedFile(name, "", size, modified, state, reason=finding.code)
    ), finding


def _ignore_code_for_name(name: str) -> str | None:
    """Return the code that says why a file is not opened, by its name; None if it is."""
    folders, _, base = name.rpartition("/")
    if base.startswith(("~$", ".~lock.", ".~")):
        return "ignored-lock-file"
    if base.casefold().endswith(_PLACEHOLDER_SUFFIXES):
        return "file-is-link"
    hidden = base.startswith(".") or base.casefold() in _SYSTEM_FILE_NAMES or "__MACOSX" in folders.split("/")
    if hidden or base.casefold().endswith((".tmp", "zone.identifier")):
        return "ignored-system-file"
    unfinished = base.casefold().endswith(_UNFINISHED_SUFFIXES) or _MAC_TEMP_NAME.fullmatch(base)
    return "file-still-being-saved" if unfinished else None


def _is_safe_link(address: str) -> bool:
    """Return whether an address is understood as it is; a name that is no text to this system is none either."""
    return not _UNSAFE_LINK_CHARACTERS & set(address) and address.encode(errors="replace").decode() == address


def _read_size_and_time(path: Path) -> tuple[int, datetime | None]:
    try:
        status = path.stat()
    except OSError:
        return 0, None
    try:
        return status.st_size, _EPOCH + timedelta(seconds=status.st_mtime)
    except OverflowError:
        return status.st_size, None


# Sorting returns ------------------------------------------------------------------------------------------


def _other_round_finding(submission: Submission, key: str) -> Finding:
    """Return what keeps a form out of the round of a key: its day, or where that is the same or of no account, its
    template."""
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
    """Return the returns of one unit that differ, newest first; those that do not count any more, since they say
    the same as another or were corrected in another; and notes on both."""
    newest_first = sorted(_sort_by_name(group), key=_saved_at, reverse=True)
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
        code = "same-return-twice" if duplicate else "newer-return"
        state = FileState.DUPLICATE if duplicate else FileState.SUPERSEDED if selected else FileState.ACCEPTED
        settled = _settle_submission(submission, state, code if selected else None)
        if selected:
            params = {"other": safe_display_name((duplicate or selected[0]).file.name)}
            notes.append(make_finding(code, _submission_location(submission), unit=submission.unit, params=params))
        if duplicate:
            repeated.append(settled.file)
        else:
            selected.append(settled)
    return tuple(selected), repeated, notes


def _sort_by_name(group: Sequence[Submission]) -> list[Submission]:
    """Return the forms by name, the shortest first; of files that are the same to the last byte all as the one
    with the plainest name was saved, since whoever copies a file has not answered anew."""
    sorted_submissions = sorted(group, key=lambda form: (len(form.file.name), form.file.name))
    saved_by_content: dict[str, datetime | None] = {}
    for submission in sorted_submissions:
        saved_by_content.setdefault(submission.file.digest or submission.file.name, submission.file.saved_at)
    times = (saved_by_content[form.file.digest or form.file.name] for form in sorted_submissions)
    return [
        replace(form, file=replace(form.file, saved_at=time))
        for form, time in zip(sorted_submissions, times, strict=True)
    ]


def _saved_at(submission: Submission) -> datetime:
    saved_time = submission.file.saved_at or _EARLIEST_TIME
    return saved_time if saved_time.tzinfo else saved_time.replace(tzinfo=UTC)


def _is_correction_of(later: Submission, submission: Submission) -> bool:
    """Return whether a form was made from another to be corrected, and says something else now."""
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
    """Return the file of a form; its sheet too where it stands in the workbook of another unit."""
    other_sheets = (finding.location for finding in submission.findings if finding.code == "sheet-of-other-unit")
    return next(other_sheets, Location(submission.file.name))


def _merge_states_by_file(files: Sequence[ReceivedFile]) -> list[ReceivedFile]:
    """Return the files, one in which forms of several units stand as one: it is what the form is that counts most,
    and names the other units whose answers in it count."""
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
