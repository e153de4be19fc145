"""Closes a round with a list of every file of it, packs what is to be kept elsewhere, discards what must go."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import normalize_key
from xlflow.project.bag import MANIFEST_FILE, TAG_FILES, measure_files, pack_bag, read_manifest, render_tag_files
from xlflow.project.project_folder import Project, require_whole_log, show_path
from xlflow.project.project_state import RoundState, find_asked_unit, read_frozen_round, refuse_closed
from xlflow.project.project_status import read_status
from xlflow.project.round_files import check_received, digest_file
from xlflow.project.verify_project import check_unrecorded, verify_project
from xlflow.runtime.atomic_write import write_atomic
from xlflow.runtime.file_lock import is_own_temp_file

_LEFT_OPEN = ("inbox", "drafts")
"""Folders of a round that are not part of what is closed."""


def close_round(project: Project, state: RoundState) -> RunResult:
    """Close a round: list every file of it, and of the plan, with its digest, and record it. `FatalError` if
    something is not as it was written, or still lies in the inbox."""
    require_whole_log(project)
    refuse_closed(state)
    findings = [*check_received(project, state), *check_unrecorded(project, state), *_check_inbox(project, state)]
    if findings:
        raise FatalError(*findings)
    folder = project.round_folder(state.name) / "closed"
    files = measure_files(project.root, _list_closed_files(project, state))
    tag_files = render_tag_files(files, _describe_bag(project, state.name), _today())
    for name, content in tag_files.items():
        write_atomic(folder / name, content)
    manifest_path = folder / MANIFEST_FILE
    data = {
        "manifest": project.relative(manifest_path),
        "digest": digest_file(manifest_path),
        "files": len(files),
    }
    project.record("round-closed", data, state.name)
    note = RunNote("project.closed", {"round": state.name, "count": len(files), "file": show_path(manifest_path)})
    return RunResult(project.settings.language, notes=(note, *_describe_open_ends(project, state)))


def _describe_open_ends(project: Project, state: RoundState) -> Iterator[RunNote]:
    """Yield what is to be said of a round that is closed before all is well: who is missing, who has faults."""
    status = read_status(project, state)
    for unit_state, key in (("missing", "project.closed_missing"), ("to-correct", "project.closed_faulty")):
        names = [unit.name for unit in status.units if unit.state == unit_state]
        if names:
            yield RunNote(key, {"units": ", ".join(names)})


def archive_project(project: Project, target: Path, state: RoundState | None = None) -> RunResult:
    """Write the whole project, or a closed round of it with its plan and events, into a .zip that is a bag (RFC
    8493): the files below `data/`, as they lie in the project. `FatalError` if the target exists, if something is
    not as it was written, or if the round is not closed."""
    if target.suffix.lower() != ".zip":
        raise FatalError(make_finding("archive-not-zip", Location(str(target))))
    if target.exists():
        raise FatalError(make_finding("archive-exists", Location(str(target))))
    if state and not state.is_closed:
        raise FatalError(make_finding("round-not-closed", Location(state.name), value=state.name))
    verified = verify_project(project)
    if verified.exit_code:
        raise FatalError(*verified.findings)
    tag_files, paths = _read_closed(project, state) if state else _tag_project(project, target)
    name = f"{project.root.name} {state.name}" if state else project.root.name
    try:
        pack_bag(target, name, project.root, paths, tag_files)
    except OSError as error:
        raise FatalError(
            make_finding("path-unusable", Location(str(target)), value=error.strerror or str(error))
        ) from error
    note = RunNote("project.round_archived" if state else "project.archived", {"file": target})
    return RunResult(project.settings.language, verified.findings, output_path=target, notes=(note,))


def _read_closed(project: Project, state: RoundState) -> tuple[dict[str, bytes], list[str]]:
    """Return the tag files of a closed round and the paths of its files, without what was discarded since."""
    folder = project.round_folder(state.name) / "closed"
    listed = list(read_manifest((folder / MANIFEST_FILE).read_text(encoding="utf-8")))
    paths = [path for path, _ in listed if path not in state.discarded]
    if len(paths) == len(listed):
        return {name: (folder / name).read_bytes() for name in TAG_FILES}, paths
    files = measure_files(project.root, paths)
    return dict(render_tag_files(files, _describe_bag(project, state.name), _today())), paths


def _tag_project(project: Project, target: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the tag files of a bag with the whole project, and the paths of its files."""
    paths = [
        project.relative(path)
        for path in sorted(project.root.rglob("*"))
        if path.is_file() and not path.name.startswith(".xlflow-") and path != target.absolute()
    ]
    files = measure_files(project.root, paths)
    return dict(render_tag_files(files, _describe_bag(project, ""), _today())), paths


def _describe_bag(project: Project, round_name: str) -> list[tuple[str, str]]:
    """Return the lines of `bag-info.txt` that say what the bag is."""
    name = f"{project.settings.name}, {round_name}" if round_name else project.settings.name
    return [("External-Description", name), ("External-Identifier", " ".join(project.log.newest_ids))]


def _today() -> date:
    return datetime.now(UTC).date()


def discard_files(project: Project, state: RoundState, unit: str, *, because: str) -> RunResult:
    """Remove what came in from a unit, and the drafts to it, as the law may ask; the log keeps digests and that it
    was done. `FatalError` without a reason."""
    from xlflow.project.unit_facts import read_facts

    require_whole_log(project)
    if not because.strip():
        raise FatalError(make_finding("decision-without-reason", Location("")))
    name = find_asked_unit(read_frozen_round(project, state), unit)
    facts = read_facts(project, state)
    names = {file for key, each in facts.units.items() if key == normalize_key(name) for file in each.files}
    folders = {file.partition("/")[0] for file in names}
    words = state.mails.words_of(name)
    doomed = [
        file.path
        for file in state.files
        if PurePosixPath(file.path).parent.name in folders or file.digest in words
    ]
    drafts = project.round_folder(state.name) / "drafts"
    paths = [*doomed, *(project.relative(path) for path in sorted(drafts.rglob(f"{name} *.eml")))]
    if not paths:
        raise FatalError(make_finding("discard-nothing", Location(""), unit=name))
    project.record("discarded", {"paths": paths, "unit": name, "because": because.strip()}, state.name)
    for path in paths:
        (project.root / path).unlink(missing_ok=True)
    note = RunNote("project.discarded", {"unit": name, "count": len(paths)})
    return RunResult(project.settings.language, notes=(note,))


def _list_closed_files(project: Project, state: RoundState) -> Iterator[str]:
    """Yield the paths, below the project, of what a closed round consists of: its folder, its plan, its events."""
    folder = project.round_folder(state.name)
    for path in sorted(folder.rglob("*")):
        top = path.relative_to(folder).parts[0]
        if path.is_file() and top not in (*_LEFT_OPEN, "closed") and not is_own_temp_file(path.name):
            yield project.relative(path)
    opened = [event for event in project.log.events if (event.kind, event.round) == ("round-opened", state.name)]
    yield from sorted({str(event.data["plan"]) for event in opened})
    yield from (f"events/{event.file_name}" for event in project.log.events if event.round == state.name)


def _check_inbox(project: Project, state: RoundState) -> Iterator[Finding]:
    inbox = project.round_folder(state.name) / "inbox"
    files: Sequence[Path] = [path for path in inbox.rglob("*") if path.is_file()] if inbox.is_dir() else []
    if files:
        yield make_finding("inbox-not-empty", Location(project.relative(inbox)), params={"count": len(files)})
