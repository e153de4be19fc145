"""Takes in what lies in the inbox: archive first, then one event, only then is the inbox emptied.

So a run that is killed at any moment loses nothing: what is in `received/` and in no event is recorded by the next
run, and what is still in the inbox by then is known by its digest.
"""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from xlflow.excel.reader import DEFAULT_LIMITS
from xlflow.model.findings import FatalError, Finding, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import escape_invisible
from xlflow.project.deliveries import (
    WINMAIL_SIGNATURE,
    Delivery,
    read_mail,
    read_stored,
    remove_leftovers,
    store_delivery,
    unpack_delivery,
)
from xlflow.project.project_folder import Project, require_whole_log
from xlflow.project.project_state import RoundState, StoredFile, build_rounds, find_unrecorded, refuse_closed
from xlflow.runtime.file_lock import is_own_temp_file

_UNFINISHED_SUFFIXES = (
    ".crdownload",
    ".part",
    ".partial",
    ".download",
    ".tmp",
    ".icloud",
    ".nextcloud",
    ".owncloud",
)
_SYSTEM_NAMES = ("thumbs.db", "desktop.ini", ".ds_store")
_SETTLE_SECONDS = 0.3
"""Seconds between two looks at a file; one that differs then is still being written."""

_ABANDONED_SECONDS = 1800
"""Age from which on a file that is not whole is taken as it is: nothing more will come of it."""

_MAX_SHOWN_TEXT = 1500
_ZIP_START, _ZIP_END = b"PK\x03\x04", b"PK\x05\x06"
_ZIP_TAIL = 66_000


@dataclass(slots=True)
class _Collected:
    """What one run has taken in so far. `done`: (path in the inbox, its digest) that may be removed in the end."""

    files: list[StoredFile] = field(default_factory=list)
    again: list[dict[str, str]] = field(default_factory=list)
    done: list[tuple[Path, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[RunNote] = field(default_factory=list)


def collect_returns(
    project: Project, state: RoundState, paths: Sequence[Path] = (), *, now: datetime | None = None
) -> RunResult:
    """Archive what is in the round's inbox, and copies of the files at `paths`, and record it in one event.

    A file that is still being written waits in the inbox. `FatalError` if the round is closed, a path does not
    exist, or nothing can be written; then the inbox is as it was.
    """
    require_whole_log(project)
    refuse_closed(state)
    missing = [make_finding("path-not-found", Location(str(path))) for path in paths if not path.exists()]
    if missing:
        raise FatalError(*missing)
    moment = now or datetime.now(UTC)
    received = project.round_folder(state.name) / "received"
    remove_leftovers(received)
    collected = _Collected()
    known = {file.digest: file for other in build_rounds(project).values() for file in other.files}
    for folder in find_unrecorded(project, state):
        _add_files(collected, list(read_stored(project, folder)), known)
    inbox = project.round_folder(state.name) / "inbox"
    candidates = [*_list_files(inbox, inbox), *(each for path in paths for each in _list_files(path, path.parent))]
    waiting = _find_unsettled([path for _, path in candidates])
    for name, path in candidates:
        if not path.exists():  # another run has taken it in meanwhile
            continue
        if path in waiting:
            collected.findings.append(make_finding("inbox-waits", Location(name)))
            continue
        _take_in(project, state, collected, known, name, path, moment)
    if collected.files or collected.again:
        data = {"files": [asdict(file) for file in collected.files], "again": collected.again}
        project.record("returns-received", data, state.name, now=now)
    _empty_inbox(inbox, collected.done)
    return _describe(project, collected)


def _take_in(
    project: Project,
    state: RoundState,
    collected: _Collected,
    known: dict[str, StoredFile],
    name: str,
    path: Path,
    moment: datetime,
) -> None:
    """Archive one file that came in, unless its content is known."""
    try:
        if path.stat().st_size > DEFAULT_LIMITS.unpacked_bytes:
            collected.findings.append(make_finding("inbox-too-large", Location(name)))
            return
        content = path.read_bytes()
    except FileNotFoundError:  # as above
        return
    except OSError as error:
        collected.findings.append(make_finding("inbox-unreadable", Location(name), value=error.strerror))
        return
    digest = sha256(content).hexdigest()
    if digest in known:
        _note_again(collected, name, known[digest])
    else:
        delivery = unpack_delivery(name, content)
        try:
            files = store_delivery(project, state, delivery, moment)
        except OSError as error:
            location = Location(str(project.round_folder(state.name) / "received"))
            raise FatalError(
                make_finding("path-unusable", location, value=error.strerror or str(error))
            ) from error
        _report_delivery(collected, delivery)
        _add_files(collected, files, known)
    collected.done.append((path, digest))


def _add_files(collected: _Collected, files: list[StoredFile], known: dict[str, StoredFile]) -> None:
    """Add the files of a delivery; an attachment that came in before is noted and counts once."""
    for file in files:
        if file.digest in known and file.role == "form":
            _note_again(collected, Path(file.path).name, known[file.digest])
        known.setdefault(file.digest, file)
        collected.files.append(file)


def _note_again(collected: _Collected, name: str, earlier: StoredFile) -> None:
    collected.again.append({"name": name, "digest": earlier.digest})
    collected.findings.append(make_finding("received-again", Location(name), value=earlier.path))


def _report_delivery(collected: _Collected, delivery: Delivery) -> None:
    """Add what is to be said of a delivery: a mail's text, what in it is no form."""
    source, mail = delivery.source, delivery.mail
    for name, content, role in delivery.members:
        if content.startswith(WINMAIL_SIGNATURE):
            collected.findings.append(make_finding("mail-winmail", Location(source)))
        elif role == "other" and mail is None and source.lower().endswith((".eml", ".msg")):
            collected.findings.append(make_finding("mail-unreadable", Location(source)))
        elif role == "other":
            collected.findings.append(make_finding("received-no-form", Location(source), value=name))
    if mail is None:
        return
    if not any(role == "form" for _, _, role in delivery.members):
        code = "mail-automatic" if mail.is_automatic else "mail-without-form"
        collected.findings.append(make_finding(code, Location(source)))
    collected.notes += mail_text_notes(source, mail.sender, mail.subject, mail.text)


def mail_text_notes(source: str, sender: str, subject: str, text: str) -> list[RunNote]:
    """Return what a mail says, for people; nothing if it says nothing."""
    shown = escape_invisible(text, "\n")
    if not shown:
        return []
    if len(shown) > _MAX_SHOWN_TEXT:
        shown = f"{shown[:_MAX_SHOWN_TEXT].rstrip()} …"
    params = {
        "file": source,
        "sender": escape_invisible(sender),
        "subject": escape_invisible(subject),
        "text": shown,
    }
    return [RunNote("project.mail_text", params)]


def read_mail_texts(project: Project, files: Collection[StoredFile]) -> list[RunNote]:
    """Return the texts of the mails among these files, read again from the archive."""
    notes: list[RunNote] = []
    for file in files:
        path = project.root / file.path
        mail = read_mail(path.name, path.read_bytes()) if file.role == "mail" and path.is_file() else None
        if mail:
            notes += mail_text_notes(file.path, mail.sender, mail.subject, mail.text)
    return notes


# The inbox ------------------------------------------------------------------------------------------------


def _list_files(path: Path, root: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name relative to `root`, path) of the files at a path, those of the system left out."""
    if path.is_file():
        yield path.name, path
        return
    for each in sorted(path.rglob("*")) if path.is_dir() else ():
        base = each.name.casefold()
        is_system = base in _SYSTEM_NAMES or base.startswith(("~$", ".~")) or is_own_temp_file(each.name)
        if each.is_file() and not is_system:
            yield each.relative_to(root).as_posix(), each


def _find_unsettled(paths: Sequence[Path]) -> set[Path]:
    """Return the files that are still being written or synchronised."""
    before = {path: _look(path) for path in paths}
    if any(time.time() - (look[1] / 1e9) < 2 * _SETTLE_SECONDS for look in before.values()):
        time.sleep(_SETTLE_SECONDS)
    return {path for path in paths if _look(path) != before[path] or not _is_whole(path)}


def _look(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return -1, 0
    return status.st_size, status.st_mtime_ns


def _is_whole(path: Path) -> bool:
    """Return whether nothing says that more of a file is to come: its name, no content, a zip without its end."""
    if path.name.casefold().endswith(_UNFINISHED_SUFFIXES):
        return False
    try:
        size, age = path.stat().st_size, time.time() - path.stat().st_mtime
        if age > _ABANDONED_SECONDS:
            return True
        with path.open("rb") as stream:
            start = stream.read(4)
            stream.seek(max(0, size - _ZIP_TAIL))
            return bool(start) and (start != _ZIP_START or _ZIP_END in stream.read())
    except OSError:
        return False


def _empty_inbox(inbox: Path, done: Sequence[tuple[Path, str]]) -> None:
    """Remove what is archived from the inbox, if it is still what was archived; what cannot be removed is known by
    its digest next time. Files elsewhere stay."""
    for path, digest in done:
        if inbox in path.parents:
            with suppress(OSError):
                if sha256(path.read_bytes()).hexdigest() == digest:
                    path.unlink()


def _describe(project: Project, collected: _Collected) -> RunResult:
    forms = sum(file.role == "form" for file in collected.files)
    mails = sum(file.role == "mail" for file in collected.files)
    summary = RunNote("project.collected", {"forms": forms, "mails": mails, "again": len(collected.again)})
    key = "project.collected_next" if collected.files else "project.inbox_empty"
    notes = (
        (summary, *collected.notes, RunNote(key, {}))
        if collected.files or collected.again
        else (RunNote(key, {}),)
    )
    return RunResult(project.settings.language, sort_findings(collected.findings), notes=notes)
