"""The only door from the web page to the project: each operation takes plain values and returns plain values.

Runs in a worker process. What is computed from the whole round is remembered as long as nothing was recorded.
"""

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import (
    FatalError,
    Finding,
    Location,
    Severity,
    make_finding,
    message_of,
    responsible_party,
)
from xlflow.model.merged import RunResult
from xlflow.model.text import normalize_key
from xlflow.pipeline.finding_groups import format_group_locations, group_findings
from xlflow.project.decide import decide, sign
from xlflow.project.page_links import link_values, list_links, make_links, revoke_links
from xlflow.project.project_folder import Project
from xlflow.project.project_state import RoundState, find_asked_unit, read_frozen_round
from xlflow.project.project_status import UnitLine, read_status, read_unit_line
from xlflow.project.receive_upload import list_receipts_of, receive_upload
from xlflow.project.round_files import describe_decision
from xlflow.project.run_round import consolidated_path, merge_round, report_round
from xlflow.project.send_drafts import send_drafts
from xlflow.web.unit_checks import find_units, gather_unit_check, write_filled_form

Values = dict[str, Any]


def read_board(project: Project, state: RoundState, language: Language) -> Values:
    """Return the status of the round, one entry per unit, each with its key in addresses."""
    status = read_status(project, state)
    unit_links = list_links(project, state.name)
    today = date.today()
    linked = {link.unit for link in unit_links if link.role == "unit" and link.is_in_force(today)}
    output = state.merged.get("output")
    reports = [each for each in state.reports if (project.root / each).is_file()]
    return {
        "project": status.project,
        "round": status.round,
        "due": _iso(status.due),
        "form_language": read_frozen_round(project, state).language,
        "is_closed": status.is_closed,
        "units": [{**_unit_values(unit), "has_link": unit.name in linked} for unit in status.units],
        "waiting": status.waiting,
        "refused": [list(pair) for pair in status.refused],
        "findings": describe_findings(status.findings, language),
        "next_steps": [translate(f"status.{step}", language) for step in status.next_steps],
        "consolidated": output if output and (project.root / output).is_file() else "",
        "report": reports[-1] if reports else "",
        "approver_links": list(link_values([link for link in unit_links if link.role == "approver"])),
    }


def read_unit(project: Project, state: RoundState, language: Language, *, unit: str) -> Values:
    """Return all about one unit: its line, what is to be corrected, answers, receipts, files, decisions, links."""
    frozen = read_frozen_round(project, state)
    name = find_asked_unit(frozen, unit)
    checked = gather_unit_check(project, state, name)
    line = read_unit_line(project, state, name, checked.facts)
    files = [
        {
            "file": file.path.partition("/received/")[2],
            "name": Path(file.path).name,
            "received": file.received,
            "counts": file.path.partition("/received/")[2] in line.files,
            "role": file.role,
        }
        for file in state.files
        if file.path.partition("/received/")[2] in {*line.files, *checked.files}
        or file.path.partition("/received/")[2].partition("/")[0]
        in {each.partition("/")[0] for each in line.files}
    ]
    own_decisions = [each for each in state.decisions if normalize_key(each.unit) == normalize_key(name)]
    return {
        "project": project.settings.name,
        "round": state.name,
        "due": _iso(frozen.due),
        "form_language": frozen.language,
        "is_closed": state.is_closed,
        "unit": _unit_values(line),
        "answers_digest": checked.facts.answers_digest,
        "findings": describe_findings(checked.findings, language),
        "to_correct": describe_findings(checked.findings_for_unit, language),
        "answers": [row.in_language(language) for row in checked.rows],
        "has_nothing": checked.facts.has_nothing,
        "has_conflict": checked.has_conflict,
        "sender": project.settings.sender,
        "receipts": [asdict(receipt) for receipt in list_receipts_of(project, state.name, name)],
        "files": files,
        "decisions": [
            {"text": message_of(describe_decision(each), language), "is_replaced": each.replaced}
            for each in own_decisions
        ],
        "decision_count": len(own_decisions),
        "links": list(link_values([each for each in list_links(project, state.name) if each.unit == name])),
    }


def hand_in(project: Project, state: RoundState, _: Language, *, unit: str, name: str, path: str) -> Values:
    """Keep a file that a unit hands in and return its receipt, once it is on disk. `path`: where the server has
    put it. Refused if it holds the form of another unit: a link lets nobody answer for others."""
    frozen = read_frozen_round(project, state)
    content = Path(path).read_bytes()
    named = map(frozen.find_unit, _find_units_of_upload(project, state, content, name))
    others = {other.name for other in named if other and other.name != unit}
    if others:
        raise FatalError(
            make_finding("upload-of-other-unit", Location(name), unit=unit, value=", ".join(sorted(others)))
        )
    receipt = receive_upload(project, state, find_asked_unit(frozen, unit), name, content, by=f"{unit} (web)")
    return asdict(receipt)


def read_receipts(project: Project, state: RoundState, _: Language, *, unit: str) -> Values:
    """Return the receipts of a unit, without checking anything."""
    return {"receipts": [asdict(receipt) for receipt in list_receipts_of(project, state.name, unit)]}


def write_form(project: Project, state: RoundState, _: Language, *, unit: str, path: str) -> Values:
    """Write the unit's form to `path`: with what it has handed in and faults marked, else as it was issued. Return
    its file name. `FatalError` if the unit was issued none."""
    name = find_asked_unit(read_frozen_round(project, state), unit)
    issued = project.root / state.issued.get(name, {}).get("path", "")
    content = write_filled_form(project, state, name)
    if content is None:
        if not issued.is_file():
            raise FatalError(make_finding("draft-no-form", Location(name), unit=name))
        content = issued.read_bytes()
    Path(path).write_bytes(content)
    return {"name": issued.name if issued.is_file() else f"{name}.xlsx"}


def record_decision(
    project: Project,
    state: RoundState,
    language: Language,
    *,
    unit: str,
    action: str,
    value: str = "",
    because: str,
    seen: int | None = None,
) -> Values:
    """Record a decision about a unit. `seen`: how many decisions about it the person had before them; refused if
    there are others now."""
    count = sum(normalize_key(each.unit) == normalize_key(unit) for each in state.decisions)
    if seen is not None and seen != count:
        raise FatalError(make_finding("decided-meanwhile", Location(""), unit=unit))
    if action == "due":
        _require_day(value)
    result = decide(project, state, unit, action, value, because=because)  # type: ignore[arg-type]
    return _result_values(result, language)


def approve(
    project: Project, state: RoundState, language: Language, *, unit: str, by: str, answers: str
) -> Values:
    """Record that an approver stands for the answers that were shown. Refused if they have changed since."""
    if gather_unit_check(project, state, unit).facts.answers_digest != answers:
        raise FatalError(make_finding("approve-changed", Location(""), unit=unit))
    return _result_values(sign(project, state, unit, by), language)


def remind(project: Project, state: RoundState, language: Language, *, purpose: str = "remind") -> Values:
    """Make the drafts of reminders, or of mails with what is to be corrected; see `send_drafts`."""
    return _result_values(send_drafts(project, state, purpose), language)  # type: ignore[arg-type]


def merge(project: Project, state: RoundState, language: Language) -> Values:
    """Merge the round into its consolidated workbook."""
    return _result_values(merge_round(project, state, jobs=1), language, "merged")


def report(project: Project, state: RoundState, language: Language) -> Values:
    """Make the report of the round, in the language of the round."""
    return _result_values(report_round(project, state), language)


def find_made_file(project: Project, state: RoundState, _: Language, *, kind: str) -> Values:
    """Return the path of the consolidated workbook or the latest report of the round. `FatalError` if there is
    none."""
    reports = [project.root / each for each in state.reports if (project.root / each).is_file()]
    path = consolidated_path(project, state) if kind == "consolidated" else (reports or [project.root / "-"])[-1]
    if not path.is_file():
        raise FatalError(make_finding("round-not-merged", Location(str(path.name)), value=state.name))
    return {"path": str(path), "name": path.name}


def find_received_file(project: Project, state: RoundState, _: Language, *, file: str) -> Values:
    """Return the path of a received file by its name below `received/`. `FatalError` if none is recorded so."""
    for stored in state.files:
        if stored.path.partition("/received/")[2] == file and (project.root / stored.path).is_file():
            return {"path": str(project.root / stored.path), "name": Path(stored.path).name}
    raise FatalError(make_finding("path-not-found", Location(file)))


def make_link(
    project: Project, state: RoundState, _: Language, *, unit: str, role: str = "unit", holder: str = ""
) -> Values:
    """Make a link and return its token, which is kept nowhere."""
    tokens = make_links(project, state, [unit], role=role, holder=holder)  # type: ignore[arg-type]
    return {"token": next(iter(tokens.values()))}


def revoke(project: Project, state: RoundState, _: Language, *, unit: str) -> Values:
    """Revoke all links of a unit, or of approvers of all units (`unit` "")."""
    return {"count": len(revoke_links(project, state, [unit]))}


OPERATIONS: Mapping[str, Callable[..., Values]] = {
    each.__name__: each
    for each in (
        read_board,
        read_unit,
        hand_in,
        read_receipts,
        write_form,
        record_decision,
        approve,
        remind,
        merge,
        report,
        find_made_file,
        find_received_file,
        make_link,
        revoke,
    )
}
"""What the server may ask of a worker, by name."""


def unit_key(name: str) -> str:
    """Return what a unit is called in addresses."""
    return sha256(normalize_key(name).encode()).hexdigest()[:12]


def describe_findings(findings: Iterable[Finding], language: Language) -> list[Values]:
    """Return findings for people, the same fault once: severity, what, what to do, where; worst first."""
    return [
        {
            "code": group.findings[0].code,
            "severity": "personal" if group.is_personal_data else str(group.severity),
            "message": group.message,
            "remedy": group.remedy,
            "places": list(format_group_locations(group, language)),
            "by_unit": responsible_party(group.findings[0].code) == "unit",
        }
        for group in group_findings(findings, language)
    ]


def _find_units_of_upload(project: Project, state: RoundState, content: bytes, name: str) -> tuple[str, ...]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"upload{Path(name).suffix.lower()[:8]}"
        copy.write_bytes(content)
        return find_units(project, state, copy, sha256(content).hexdigest())


def _unit_values(unit: UnitLine) -> Values:
    return {**asdict(unit), "due": _iso(unit.due), "key": unit_key(unit.name)}


def _result_values(result: RunResult, language: Language, done: str = "") -> Values:
    errors = [each for each in result.findings if each.effective_severity is not Severity.NOTE]
    notes = [translate(note.word_key, language, **note.params) for note in result.notes]
    if done:
        notes.insert(0, translate(f"web.{done}", language))
    return {"notes": notes, "findings": describe_findings(errors, language)}


def _require_day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise FatalError(make_finding("decision-value", Location(""), value=text)) from error


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
