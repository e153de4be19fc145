"""Compares every event, received file, frozen round and closed round of a project with what was recorded."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from xlflow.model.findings import FatalError, Finding, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.project.bag import MANIFEST_FILE, read_manifest
from xlflow.project.events import list_log_errors
from xlflow.project.frozen_round import is_as_written
from xlflow.project.project_folder import MAX_PATH_LENGTH, Project
from xlflow.project.project_state import RoundState, build_rounds, find_unrecorded, read_frozen_round
from xlflow.project.receipts import check_receipts
from xlflow.project.round_files import check_received, digest_file
from xlflow.project.unit_facts import rebuild_facts
from xlflow.runtime.file_lock import is_own_temp_file


def verify_project(project: Project, *, rebuild: bool = False) -> RunResult:
    """Compare every event, received file, frozen round and closed round with what was recorded. Each that is
    missing or changed is a finding of severity error.

    `rebuild`: make anew what is remembered of the rounds, from the files alone; what differed is a finding.
    """
    findings: list[Finding] = list(project.log.findings)
    count = len(project.log.events)
    for state in build_rounds(project).values():
        findings += check_received(project, state)
        findings += check_unrecorded(project, state)
        findings += check_receipts(state)
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
        if rebuild and not list_log_errors(findings) and rebuild_facts(project, state):
            findings.append(make_finding("memory-differed", Location(state.name), value=state.name))
    findings += _check_long_paths(project)
    key = "project.verify_faults" if list_log_errors(findings) else "project.verified"
    notes: tuple[RunNote, ...] = (RunNote("project.rebuilt", {}),) if rebuild else ()
    notes = (*notes, RunNote(key, {"count": count, "rounds": len(build_rounds(project))}))
    return RunResult(project.settings.language, sort_findings(findings), notes=notes)


def _check_manifest(project: Project, state: RoundState) -> Iterator[Finding]:
    path = project.round_folder(state.name) / "closed" / MANIFEST_FILE
    closed = [each for each in project.log.events if (each.kind, each.round) == ("round-closed", state.name)]
    recorded = closed[-1].data
    if digest_file(path) != recorded["digest"]:
        yield make_finding(
            "verify-changed" if path.is_file() else "verify-missing", Location(recorded["manifest"])
        )
        return
    for file, digest in read_manifest(path.read_text(encoding="utf-8")):
        found = digest_file(project.root / file)
        if found != digest and file not in state.discarded:
            yield make_finding("verify-changed" if found else "verify-missing", Location(file))


def _check_frozen_digest(project: Project, state: RoundState) -> Iterator[Finding]:
    if not is_as_written(project.root / state.frozen_file):
        yield make_finding("verify-changed", Location(state.frozen_file))


def check_unrecorded(project: Project, state: RoundState) -> Iterator[Finding]:
    """Yield an error per folder or file in the archive of a round that no event knows."""
    for folder in find_unrecorded(project, state):
        yield make_finding("received-unrecorded", Location(project.relative(folder)))
    recorded = {file.path for file in state.files}
    for parent in sorted({PurePosixPath(path).parent for path in recorded}):
        for path in sorted((project.root / parent).glob("*")):
            if project.relative(path) not in recorded and not is_own_temp_file(path.name):
                yield make_finding("received-added", Location(project.relative(path)))


def _check_long_paths(project: Project) -> Iterator[Finding]:
    for path in sorted(project.root.rglob("*")):
        if len(str(path)) > MAX_PATH_LENGTH:
            yield make_finding(
                "verify-path-long", Location(project.relative(path)), params={"count": len(str(path))}
            )
