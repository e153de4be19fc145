"""What the check says of one unit: findings, answers, files; and the unit's form with its answers in it.

Part of the door to the project (`project_access`); runs in a worker process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from xlflow.collect.discover import DiscoveredFile, discover_files
from xlflow.correct.plan_corrections import plan_correction_forms
from xlflow.i18n.catalogue import Language, LocalizedText
from xlflow.model.findings import Finding, Severity, responsible_party
from xlflow.model.merged import Merged, RunResult
from xlflow.model.submission import AnswerRow
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.pipeline.finding_groups import PERSONAL_DATA_CODES
from xlflow.pipeline.form_operations import write_correction_form
from xlflow.pipeline.gather import GatheredRound, gather_round
from xlflow.pipeline.read_files import ReadOptions
from xlflow.pipeline.round_decisions import DeliveredFiles
from xlflow.project.check_delivery import check_delivery
from xlflow.project.project_folder import Project
from xlflow.project.project_state import RoundState, StoredFile, count_once, load_round, read_frozen_round
from xlflow.project.round_files import collect_decisions, list_successors, name_below_received
from xlflow.project.unit_facts import NO_FACTS, UnitFacts, build_facts


@dataclass(frozen=True, slots=True)
class AnswerView:
    """A row as people read it: `texts` are (label, answer) of the answers given, `previous` those of the round
    before as the form shows them."""

    title: str
    texts: tuple[tuple[LocalizedText, str], ...]
    previous: str

    def in_language(self, language: Language) -> dict[str, Any]:
        """Return plain values."""
        return {
            "title": self.title,
            "texts": [(label.in_language(language), text) for label, text in self.texts],
            "previous": self.previous,
        }


@dataclass(frozen=True, slots=True)
class UnitCheck:
    """What the check says of one unit. `files`: names below `received/` of all its files, counting or not."""

    facts: UnitFacts
    files: tuple[str, ...]
    rows: tuple[AnswerView, ...]
    findings: tuple[Finding, ...]

    @property
    def findings_for_unit(self) -> tuple[Finding, ...]:
        """Those that the unit itself can act on, with its own files called as it calls them. That it has handed in
        twice is no fault: what came last stands."""
        return tuple(
            replace(finding, location=replace(finding.location, file=finding.location.file.rpartition("/")[2]))
            for finding in self.findings
            if responsible_party(finding.code) == "unit" or finding.code in PERSONAL_DATA_CODES
            if finding.effective_severity is not Severity.NOTE or finding.code in PERSONAL_DATA_CODES
            if not finding.code.startswith(_CONFLICT_PREFIX)
        )

    @property
    def has_conflict(self) -> bool:
        """Whether returns of the unit differ."""
        return any(finding.code.startswith(_CONFLICT_PREFIX) for finding in self.findings)


_CONFLICT_PREFIX = "conflict"

_remembered: dict[tuple[object, ...], GatheredRound] = {}
"""What was gathered of units, by all that it depends on."""

_units_in_file: dict[tuple[str, str], tuple[str, ...]] = {}
"""The units whose forms are in a file, by frozen round and digest of the file."""

_MAX_REMEMBERED = 200


def gather_unit_check(project: Project, state: RoundState, unit: str) -> UnitCheck:
    """Return what the check says of a unit that is asked, as the plan writes it."""
    gathered = _gather(project, state, unit)
    merged, key = gathered.merged, normalize_key(unit)
    facts = build_facts(RunResult(merged.round.language, gathered.findings, merged)).units.get(key)
    return UnitCheck(
        facts or NO_FACTS,
        tuple(sorted(name_below_received(file) for file in _list_files(project, state, unit))),
        _view_rows(merged, unit, _previous_texts(gathered, key)),
        tuple(
            finding
            for finding in gathered.findings
            if finding.code != "decision-in-force" and normalize_key(finding.unit or unit) == key
        ),
    )


def find_units(project: Project, state: RoundState, path: Path, digest: str) -> tuple[str, ...]:
    """Return the units whose forms are in a file, as the forms say; none if it holds none that can be
    recognised."""
    key = state.frozen_file, digest
    if key not in _units_in_file:
        merged = check_delivery(project, state, path).merged
        files = merged.files if merged else ()
        names = {name for file in files for name in (file.unit, *file.further_units) if name}
        _units_in_file[key] = tuple(sorted(names))
    return _units_in_file[key]


def write_filled_form(project: Project, state: RoundState, unit: str) -> bytes | None:
    """Return the unit's form with all that it has handed in and faults marked; None if it has handed in
    nothing."""
    gathered = _gather(project, state, unit)
    forms = plan_correction_forms(gathered.merged, gathered.findings, gathered.submissions, even_if_clean=True)
    for form in forms:
        if normalize_key(form.unit) == normalize_key(unit):
            return write_correction_form(form)
    return None


def _gather(project: Project, state: RoundState, unit: str) -> GatheredRound:
    """Return what the unit's files say, read as `check` reads the whole round."""
    files = _list_files(project, state, unit)
    decisions = collect_decisions(state, read_frozen_round(project, state))
    key = (state.frozen_file, unit, tuple((file.path, file.received) for file in files), repr(decisions))
    if key not in _remembered:
        round_, _ = load_round(project, state, [unit])
        delivered = _deliver(project, state, files)
        if len(_remembered) > _MAX_REMEMBERED:
            _remembered.clear()
        _remembered[key] = gather_round(delivered, round_, ReadOptions(1), None)
    return _remembered[key]


def _deliver(project: Project, state: RoundState, files: Sequence[StoredFile]) -> DeliveredFiles:
    """Return these files as a run takes them, each called what it is called below `received/`."""
    discovered, findings, received_at = list[DiscoveredFile](), list[Finding](), dict[str, datetime]()
    for file in files:
        found, file_findings = discover_files([project.root / file.path])
        folder = Path(file.path).parent.name
        for each in found:
            name = f"{folder}/{each.name}"
            settled = each.settled_file and replace(each.settled_file, name=f"{folder}/{each.settled_file.name}")
            discovered.append(replace(each, name=name, settled_file=settled))
            received_at[name] = datetime.fromisoformat(file.received)
        findings += (
            replace(each, location=replace(each.location, file=f"{folder}/{each.location.file}"))
            for each in file_findings
        )
    frozen = read_frozen_round(project, state)
    return DeliveredFiles(
        (project.round_folder(state.name) / "received",),
        tuple(discovered),
        tuple(findings),
        received_at,
        collect_decisions(state, frozen),
        list_successors(frozen),
    )


def _list_files(project: Project, state: RoundState, unit: str) -> tuple[StoredFile, ...]:
    """Return the files that are the unit's, each content once: handed in on its page, or holding its form."""
    handed_in = {
        event.data["upload"]["digest"]: event.data["upload"]["unit"]
        for event in project.log.events
        if event.kind == "returns-received" and event.round == state.name and "upload" in event.data
    }
    own_names = {normalize_key(unit)} | {
        normalize_key(each.unit)
        for each in state.decisions
        if (each.action, normalize_key(each.value)) == ("belongs-to", normalize_key(unit)) and not each.replaced
    }
    files = []
    for file in count_once(state.files):
        path = project.root / file.path
        if file.path in state.discarded or not path.is_file():
            continue
        owner = handed_in.get(file.digest)
        if owner is None:
            is_own = any(
                normalize_key(name) in own_names for name in find_units(project, state, path, file.digest)
            )
        else:
            is_own = owner == unit
        if is_own:
            files.append(file)
    return tuple(files)


def _previous_texts(gathered: GatheredRound, key: str) -> Mapping[str, str]:
    found = [form for form in gathered.submissions if normalize_key(form.unit) == key and form.previous_answers]
    newest = max(found, key=lambda form: str(form.file.saved_at or ""), default=None)
    return newest.previous_answers.text_by_item_id if newest and newest.previous_answers else {}


def _view_rows(merged: Merged, unit: str, previous: Mapping[str, str]) -> tuple[AnswerView, ...]:
    template = merged.round.template
    rows = [
        merged_row.row for merged_row in merged.rows if normalize_key(merged_row.row.unit) == normalize_key(unit)
    ]
    return tuple(_view_row(row, template, previous.get(row.item.id, "")) for row in rows)


def _view_row(row: AnswerRow, template: Template, previous: str) -> AnswerView:
    texts = tuple(
        (template.field(answer.field).label, answer.raw_text) for answer in row.answers if answer.raw_text
    )
    return AnswerView(row.item.title(template.item_level_index), texts, previous)
