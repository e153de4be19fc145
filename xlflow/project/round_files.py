"""The files of a round as a run takes them: each content once, as it was received, with what was decided."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath

from xlflow.collect.discover import discover_files
from xlflow.i18n.catalogue import translate_all
from xlflow.model.findings import Finding, Location, MessageParam, make_finding
from xlflow.model.text import normalize_key
from xlflow.pipeline.round_decisions import DeliveredFiles, RoundDecisions
from xlflow.project.project_folder import Project
from xlflow.project.project_state import Decision, RoundState, StoredFile, count_once


def list_delivered(project: Project, state: RoundState) -> DeliveredFiles:
    """Return the files of a round that may be forms, for `check_forms` and `merge_forms`. A file is called what it
    is called below `received/`. One that was discarded, or is not as it was received, is not among them."""
    received = project.round_folder(state.name) / "received"
    names = {name_below_received(file): file for file in list_counted(project, state)}
    discovered, findings = discover_files([received] if received.is_dir() else [])
    files, received_at = [], {}
    for found in discovered:
        stored = _stored_file_of(found.name, names)
        if stored:
            files.append(found)
            with suppress(ValueError):
                received_at[found.name] = datetime.strptime(stored.received, "%Y-%m-%dT%H:%M:%SZ").replace(
                    tzinfo=UTC
                )
    file_findings = [each for each in findings if _stored_file_of(each.location.file, names)]
    decision_notes = [describe_decision(decision) for decision in state.decisions if not decision.replaced]
    return DeliveredFiles(
        (received,), tuple(files), (*file_findings, *decision_notes), received_at, collect_decisions(state)
    )


def list_counted(project: Project, state: RoundState) -> tuple[StoredFile, ...]:
    """Return the stored files that may be forms, each content once, those left out that are gone or changed."""
    return tuple(
        file
        for file in count_once(state.files)
        if file.path not in state.discarded and digest_file(project.root / file.path) == file.digest
    )


def check_received(project: Project, state: RoundState) -> Iterator[Finding]:
    """Yield an error per stored file that is missing, or no longer as it was received."""
    for file in state.files:
        if file.path in state.discarded:
            continue
        digest = digest_file(project.root / file.path)
        if digest != file.digest:
            yield make_finding("received-changed" if digest else "received-missing", Location(file.path))


def digest_file(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal; "" if it cannot be read."""
    try:
        with path.open("rb") as stream:
            digest = sha256()
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()
    except OSError:
        return ""


def name_below_received(file: StoredFile) -> str:
    """Return what a stored file is called in findings: folder of its delivery and name."""
    path = PurePosixPath(file.path)
    return f"{path.parent.name}/{path.name}"


def collect_decisions(state: RoundState) -> RoundDecisions:
    """Return the decisions in force as the pipeline takes them."""
    by_action: dict[str, dict[str, str]] = {}
    left_out = set()
    for decision in state.decisions:
        if decision.replaced:
            continue
        unit = normalize_key(decision.unit)
        if decision.action == "leave-out":
            left_out.add((unit, decision.value))
        by_action.setdefault(decision.action, {})[unit] = decision.value
    return RoundDecisions(
        by_action.get("use", {}),
        frozenset(left_out),
        frozenset(by_action.get("not-asked", {})),
        frozenset(by_action.get("nothing", {})),
        by_action.get("belongs-to", {}),
    )


def describe_decision(decision: Decision) -> Finding:
    """Return a decision as a note, for findings and the consolidated workbook."""
    what = translate_all(f"decision.{decision.action.replace('-', '_')}", value=decision.value)
    params: dict[str, MessageParam] = {"what": what, "because": decision.because, "by": decision.by or "–"}
    return make_finding("decision-in-force", Location("events"), unit=decision.unit, params=params)


def _stored_file_of(name: str, names: dict[str, StoredFile]) -> StoredFile | None:
    """Return the stored file that is called so, or that is the archive in which a file is called so."""
    folder, _, rest = name.partition("/")
    return names.get(f"{folder}/{rest.partition('/')[0]}")
