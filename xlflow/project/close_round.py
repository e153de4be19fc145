"""Closes a round with a manifest of every file of it, verifies a project, archives it, and discards what must go.

The manifest has the form of BagIt's (RFC 8493): a tag file, and one line per file with its digest. The files stay
where they are, and paths count from the project; `verify` compares line by line.
"""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from xlflow.model.findings import FatalError, Finding, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import normalize_key
from xlflow.project.events import list_log_errors
from xlflow.project.project_folder import MAX_PATH_LENGTH, Project, require_whole_log, show_path
from xlflow.project.project_state import (
    RoundState,
    build_rounds,
    find_asked_unit,
    find_unrecorded,
    read_frozen_round,
    refuse_closed,
)
from xlflow.project.round_files import check_received, digest_file
from xlflow.runtime.atomic_write import write_atomic
from xlflow.runtime.file_lock import is_own_temp_file

MANIFEST_FILE = "manifest-sha256.txt"
_BAGIT_FILE = "bagit.txt"
_BAGIT_TEXT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_LEFT_OPEN = ("inbox", "drafts")
"""Folders of a round that are not part of what is closed."""


def close_round(project: Project, state: RoundState) -> RunResult:
    """Close a round: list every file of it, and of the plan, with its digest, and record it. `FatalError` if
    something is not as it was written, or still lies in the inbox."""
    require_whole_log(project)
    refuse_closed(state)
    findings = [*check_received(project, state), *_check_unrecorded(project, state), *_check_inbox(project, state)]
    if findings:
        raise FatalError(*findings)
    folder = project.round_folder(state.name) / "closed"
    digests = {path: digest_file(project.root / path) for path in _list_closed_files(project, state)}
    manifest = "".join(f"{digest}  {_encode_path(path)}\n" for path, digest in sorted(digests.items()))
    write_atomic(folder / _BAGIT_FILE, _BAGIT_TEXT.encode())
    manifest_path = write_atomic(folder / MANIFEST_FILE, manifest.encode())
    data = {
        "manifest": project.relative(manifest_path),
        "digest": digest_file(manifest_path),
        "files": len(digests),
    }
    project.record("round-closed", data, state.name)
    note = RunNote(
        "project.closed", {"round": state.name, "count": len(digests), "file": show_path(manifest_path)}
    )
    return RunResult(project.settings.language, notes=(note,))


def verify_project(project: Project) -> RunResult:
    """Compare every event, received file, frozen round and closed round with what was recorded. Each that is
    missing or changed is a finding of severity error."""
    findings: list[Finding] = list(project.log.findings)
    count = len(project.log.events)
    for state in build_rounds(project).values():
        findings += check_received(project, state)
        findings += _check_unrecorded(project, state)
        count += len(state.files)
        try:
            frozen = read_frozen_round(project, state)
            findings += _check_frozen_digest(project, state)
            if not (project.root / frozen.plan).is_file():
                findings.append(make_finding("verify-missing", Location(frozen.plan)))
        except FatalError as error:
            findings += error.findings
        if state.is_closed:
            findings += _check_manifest(project, state)
    findings += _check_long_paths(project)
    key = "project.verify_faults" if list_log_errors(findings) else "project.verified"
    notes = (RunNote(key, {"count": count, "rounds": len(build_rounds(project))}),)
    return RunResult(project.settings.language, sort_findings(findings), notes=notes)


def archive_project(project: Project, target: Path) -> RunResult:
    """Write the whole project into a .zip. `FatalError` if the target exists, or if something is not as it was
    written."""
    if target.suffix.lower() != ".zip":
        raise FatalError(make_finding("archive-not-zip", Location(str(target))))
    if target.exists():
        raise FatalError(make_finding("archive-exists", Location(str(target))))
    verified = verify_project(project)
    if verified.exit_code:
        raise FatalError(*verified.findings)
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "copy" / project.root.name
        shutil.copytree(project.root, copy, ignore=_ignore_temporary(target))
        packed = shutil.make_archive(str(Path(name) / "packed"), "zip", copy.parent, copy.name)
        write_atomic(target, Path(packed).read_bytes())
    note = RunNote("project.archived", {"file": target})
    return RunResult(project.settings.language, verified.findings, output_path=target, notes=(note,))


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
    doomed = [file.path for file in state.files if PurePosixPath(file.path).parent.name in folders]
    drafts = project.round_folder(state.name) / "drafts"
    paths = [*doomed, *(project.relative(path) for path in sorted(drafts.glob(f"{name} *.eml")))]
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
    yield read_frozen_round(project, state).plan
    yield from (f"events/{event.file_name}" for event in project.log.events if event.round == state.name)


def _check_manifest(project: Project, state: RoundState) -> Iterator[Finding]:
    path = project.round_folder(state.name) / "closed" / MANIFEST_FILE
    closed = [each for each in project.log.events if (each.kind, each.round) == ("round-closed", state.name)]
    recorded = closed[-1].data
    if digest_file(path) != recorded["digest"]:
        yield make_finding(
            "verify-changed" if path.is_file() else "verify-missing", Location(recorded["manifest"])
        )
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        file = _decode_path(name)
        found = digest_file(project.root / file)
        if found != digest and file not in state.discarded:
            yield make_finding("verify-changed" if found else "verify-missing", Location(file))


def _check_frozen_digest(project: Project, state: RoundState) -> Iterator[Finding]:
    expected = Path(state.frozen_file).stem.removeprefix("round-")
    if not digest_file(project.root / state.frozen_file).startswith(expected):
        yield make_finding("verify-changed", Location(state.frozen_file))


def _check_unrecorded(project: Project, state: RoundState) -> Iterator[Finding]:
    for folder in find_unrecorded(project, state):
        yield make_finding("received-unrecorded", Location(project.relative(folder)))
    recorded = {file.path for file in state.files}
    for parent in sorted({PurePosixPath(path).parent for path in recorded}):
        for path in sorted((project.root / parent).glob("*")):
            if project.relative(path) not in recorded and not is_own_temp_file(path.name):
                yield make_finding("received-added", Location(project.relative(path)))


def _check_inbox(project: Project, state: RoundState) -> Iterator[Finding]:
    inbox = project.round_folder(state.name) / "inbox"
    files: Sequence[Path] = [path for path in inbox.rglob("*") if path.is_file()] if inbox.is_dir() else []
    if files:
        yield make_finding("inbox-not-empty", Location(project.relative(inbox)), params={"count": len(files)})


def _check_long_paths(project: Project) -> Iterator[Finding]:
    for path in sorted(project.root.rglob("*")):
        if len(str(path)) > MAX_PATH_LENGTH:
            yield make_finding(
                "verify-path-long", Location(project.relative(path)), params={"count": len(str(path))}
            )


def _ignore_temporary(target: Path):  # type: ignore[no-untyped-def] # noqa: ANN202
    def ignore(_: str, names: list[str]) -> list[str]:
        return [each for each in names if each.startswith(".xlflow-") or each == target.name]

    return ignore


def _encode_path(path: str) -> str:
    """Return a path as BagIt writes it: line breaks and percent signs are encoded."""
    return path.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _decode_path(path: str) -> str:
    return path.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
