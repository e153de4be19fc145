"""The coordinator's screen: one line per unit of a round, who is missing, and what to do next.

Computed from the log and from what the received files say; clocks of events do not matter. `today` only decides
what is late.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from xlflow.model.findings import Finding
from xlflow.model.text import normalize_key
from xlflow.project.project_folder import Project
from xlflow.project.project_state import (
    AskedUnit,
    FrozenRound,
    RoundState,
    find_unrecorded,
    read_frozen_round,
    units_needing_form,
)
from xlflow.project.unit_facts import RoundFacts, UnitFacts, read_facts

UnitState = Literal["missing", "partly", "to-correct", "complete", "nothing", "not-asked"]
_NO_FACTS = UnitFacts(0, 0, 0, "", has_answered=False, has_nothing=False, files=())


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One line of the screen. `received`: when its newest file that counts came in (UTC), "" if none has.
    `left`: rows without an answer. `signed_by`: "" unless what is in now was signed; `sign_off_fell`: it was
    signed, and the answers have changed since. `drafted`: purposes of the mails that were made."""

    name: str
    contact: str
    email: str
    state: UnitState
    due: date | None
    is_late: bool
    received: str
    rows: int
    left: int
    errors: int
    warnings: int
    files: tuple[str, ...]
    decisions: tuple[str, ...]
    signed_by: str
    sign_off_fell: bool
    drafted: tuple[str, ...]
    needs_form: bool


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """The screen of a round. `waiting`: number of files in the inbox, or received and not recorded. `refused`:
    (file, code) of what is no form. `findings`: what is wrong with the log."""

    project: str
    round: str
    due: date | None
    is_closed: bool
    units: tuple[UnitLine, ...]
    waiting: int
    refused: tuple[tuple[str, str], ...]
    findings: tuple[Finding, ...]
    next_steps: tuple[str, ...]

    def select(self, *states: UnitState) -> tuple[UnitLine, ...]:
        """Return the units in these states."""
        return tuple(unit for unit in self.units if unit.state in states)


def read_status(project: Project, state: RoundState, today: date | None = None) -> ProjectStatus:
    """Return the status of a round; what is wrong with the log is among its findings."""
    frozen = read_frozen_round(project, state)
    facts = read_facts(project, state) if state.files or state.decisions else RoundFacts({}, ())
    day = today or date.today()
    needing = units_needing_form(project, state, frozen)
    units = tuple(_unit_status(state, frozen, unit, facts, day, unit.name in needing) for unit in frozen.units)
    inbox = project.round_folder(state.name) / "inbox"
    in_inbox = sum(path.is_file() for path in inbox.rglob("*")) if inbox.is_dir() else 0
    waiting = in_inbox + len(find_unrecorded(project, state))
    steps = () if state.is_closed else tuple(_next_steps(state, units, waiting))
    findings = project.log.findings
    return ProjectStatus(
        project.settings.name,
        state.name,
        frozen.due,
        state.is_closed,
        units,
        waiting,
        facts.refused,
        findings,
        steps,
    )


def _unit_status(
    state: RoundState, frozen: FrozenRound, unit: AskedUnit, facts: RoundFacts, today: date, needs_form: bool
) -> UnitLine:
    key = normalize_key(unit.name)
    found = facts.units.get(key, _NO_FACTS)
    in_force = state.decisions_in_force(unit.name)
    actions = {decision.action: decision.value for decision in in_force}
    due = date.fromisoformat(actions["due"]) if "due" in actions else frozen.due
    unit_state = _state_of(found, "not-asked" in actions)
    received = [file.received for file in state.files if file.path.partition("/received/")[2] in found.files]
    signed = state.signed.get(key, {})
    is_signed = bool(signed) and signed["answers"] == found.answers_digest
    return UnitLine(
        name=unit.name,
        contact=unit.contact,
        email=unit.email,
        state=unit_state,
        due=due,
        is_late=unit_state == "missing" and due is not None and today > due,
        received=max(received, default=""),
        rows=len(unit.item_ids),
        left=found.left if found.has_answered else len(unit.item_ids),
        errors=found.errors,
        warnings=found.warnings,
        files=found.files,
        decisions=tuple(f"{each.action} {each.value}".strip() for each in in_force),
        signed_by=signed.get("by", "") if is_signed else "",
        sign_off_fell=bool(signed) and not is_signed,
        drafted=tuple(state.drafted.get(key, ())),
        needs_form=needs_form,
    )


def _state_of(facts: UnitFacts, is_not_asked: bool) -> UnitState:
    if is_not_asked:
        return "not-asked"
    if facts.has_nothing:
        return "nothing"
    if not facts.has_answered:
        return "missing"
    return "to-correct" if facts.errors else "partly" if facts.left else "complete"


def _next_steps(state: RoundState, units: tuple[UnitLine, ...], waiting: int) -> list[str]:
    """Return the keys, below "status." in `words.toml`, of what is to be done now."""
    asked = [unit for unit in units if unit.state != "not-asked"]
    steps = []
    if any(unit.needs_form and unit.state == "missing" for unit in asked):
        steps.append("next_generate")
    elif not any(unit.drafted or unit.files for unit in asked):
        steps.append("next_send")
    if waiting:
        steps.append("next_collect")
    if any(unit.state == "to-correct" for unit in asked):
        steps.append("next_correct")
    if any(unit.state == "missing" and (unit.drafted or unit.is_late) for unit in asked):
        steps.append("next_remind")
    if asked and all(unit.state in ("complete", "nothing", "partly") for unit in asked):
        steps.append("next_close" if state.merged and state.reports else "next_merge")
    return steps
