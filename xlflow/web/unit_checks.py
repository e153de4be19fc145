"""What the check says of one unit: findings, answers, files; and the unit's form with its answers in it.

Part of the door to the project (`project_access`); runs in a worker process.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from xlflow.collect.discover import discover_files
from xlflow.correct.plan_corrections import plan_correction_forms
from xlflow.definition.template_loader import load_template
from xlflow.i18n.catalogue import Language, LocalizedText
from xlflow.model.findings import Finding, Severity, responsible_party
from xlflow.model.merged import Merged, RunResult
from xlflow.model.submission import AnswerRow
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.pipeline.form_operations import write_correction_form
from xlflow.pipeline.gather import GatheredRound, gather_round
from xlflow.pipeline.read_files import ReadOptions
from xlflow.pipeline.resolve_round import RequestedRound
from xlflow.pipeline.round_decisions import DeliveredFiles
from xlflow.project.open_round import template_argument
from xlflow.project.project_folder import Project
from xlflow.project.project_state import RoundState, read_frozen_round
from xlflow.project.round_files import list_delivered
from xlflow.project.unit_facts import build_facts


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

    answers_digest: str
    has_nothing: bool
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
            if responsible_party(finding.code) == "unit" and finding.effective_severity is not Severity.NOTE
            if not finding.code.startswith(_CONFLICT_PREFIX)
        )

    @property
    def has_conflict(self) -> bool:
        """Whether returns of the unit differ."""
        return any(finding.code.startswith(_CONFLICT_PREFIX) for finding in self.findings)


_CONFLICT_PREFIX = "conflict"

_remembered: dict[tuple[object, ...], GatheredRound] = {}
"""The round that was gathered last, as long as the log says the same."""


def gather_unit_check(project: Project, state: RoundState, unit: str) -> UnitCheck:
    """Return what the check says of a unit that is asked, as the plan writes it."""
    gathered = _gather(project, state)
    merged, key = gathered.merged, normalize_key(unit)
    facts = build_facts(RunResult(merged.round.language, gathered.findings, merged)).units.get(key)
    files = {
        file.name
        for file in merged.files
        if key in {normalize_key(name) for name in (file.unit or "", *file.further_units)}
    }
    handed_in = _list_handed_in(project, state, unit)
    findings = tuple(
        finding
        for finding in gathered.findings
        if normalize_key(finding.unit or "") == key
        or (not finding.unit and finding.location.file in files)
        or _is_below(finding.location.file, handed_in)
    )
    return UnitCheck(
        facts.answers_digest if facts else "",
        bool(facts and facts.has_nothing),
        tuple(sorted(files | handed_in)),
        _view_rows(merged, unit, _previous_texts(gathered, key)),
        findings,
    )


def check_upload_units(project: Project, state: RoundState, path: Path, name: str) -> tuple[str, ...]:
    """Return the units, as the plan writes them, whose forms are in a file that is about to be handed in; none if
    it holds none that can be recognised."""
    frozen = read_frozen_round(project, state)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / f"upload{Path(name).suffix.lower()[:8]}"
        copy.write_bytes(path.read_bytes())
        delivered = DeliveredFiles((copy,), *discover_files([copy]))
        merged = _gather_files(project, state, delivered).merged
    names = {name for file in merged.files for name in (file.unit, *file.further_units) if name}
    asked = (frozen.find_unit(name) for name in sorted(names))
    return tuple(unit.name for unit in asked if unit)


def write_filled_form(project: Project, state: RoundState, unit: str) -> bytes | None:
    """Return the unit's form with all that it has handed in and faults marked; None if it has handed in
    nothing."""
    gathered = _gather(project, state)
    forms = plan_correction_forms(gathered.merged, gathered.findings, gathered.submissions, even_if_clean=True)
    for form in forms:
        if normalize_key(form.unit) == normalize_key(unit):
            return write_correction_form(form)
    return None


def _gather(project: Project, state: RoundState) -> GatheredRound:
    key = (project.root, state.name, state.frozen_file, project.log.newest_ids)
    if key not in _remembered:
        gathered = _gather_files(project, state, list_delivered(project, state))
        _remembered.clear()
        _remembered[key] = gathered
    return _remembered[key]


def _gather_files(project: Project, state: RoundState, delivered: DeliveredFiles) -> GatheredRound:
    frozen = read_frozen_round(project, state)
    template = load_template(template_argument(project, frozen))
    requested = RequestedRound(frozen.as_of, template)
    return gather_round(delivered, project.root / frozen.plan, ReadOptions(1, use_cache=True), None, (), requested)


def _list_handed_in(project: Project, state: RoundState, unit: str) -> set[str]:
    """Return the names below `received/` of the files that were handed in on the unit's page."""
    return {
        values["path"].partition("/received/")[2]
        for event in project.log.events
        if event.kind == "returns-received" and event.round == state.name
        if event.data.get("upload", {}).get("unit") == unit
        for values in event.data["files"]
    }


def _is_below(file: str, names: set[str]) -> bool:
    """Return whether a finding's file is one of these, or in an archive that is."""
    return any(file == name or file.startswith(f"{name}/") for name in names)


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
