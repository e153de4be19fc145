"""Decisions and sign-offs: each an event with who and why. What is in force, the log says; nothing is deleted."""

from datetime import date
from pathlib import PurePosixPath
from typing import Literal, get_args

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import FatalError, Location, make_finding, message_of
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.text import normalize_key
from xlflow.project.project_folder import Project, require_whole_log, user_name
from xlflow.project.project_state import (
    Decision,
    RoundState,
    choose_round,
    find_asked_unit,
    read_frozen_round,
    refuse_closed,
)
from xlflow.project.round_files import describe_decision, list_counted, name_below_received
from xlflow.project.unit_facts import read_facts

DecisionAction = Literal["use", "leave-out", "due", "nothing", "not-asked", "asked", "belongs-to"]
DECISION_ACTIONS: tuple[str, ...] = get_args(DecisionAction)
_WITHOUT_VALUE = ("nothing", "not-asked", "asked")


def decide(
    project: Project, state: RoundState, unit: str, action: DecisionAction, value: str = "", *, because: str
) -> RunResult:
    """Record a decision about a unit of a round.

    `value`: for `use` and `leave-out` a file as `status --unit` names it; for `due` a day (ISO); for `belongs-to`
    the unit whose answers those of `unit` are (`unit` may be one that is not asked any longer); "" else. `because`
    must say something. A decision that an earlier one contradicts replaces that, and both stay in the log.
    """
    require_whole_log(project)
    refuse_closed(state)
    frozen = read_frozen_round(project, state)
    name = unit if action == "belongs-to" else find_asked_unit(frozen, unit)
    if not because.strip():
        raise FatalError(make_finding("decision-without-reason", Location("")))
    if action in ("use", "leave-out"):
        value = _find_file(project, state, value)
    elif action == "belongs-to":
        value = find_asked_unit(frozen, value)
    elif action == "due":
        value = date.fromisoformat(value).isoformat()
    data = {"unit": name, "action": action, "value": value, "because": because.strip()}
    if action in _WITHOUT_VALUE:
        data["value"] = ""
    changed = project.record("decided", data, state.name)
    made = Decision(name, action, data["value"], data["because"], user_name())
    after = choose_round(changed, state.name)
    before_count = sum(each.replaced for each in state.decisions)
    language = project.settings.language
    notes = [_decision_note("project.decided", made, language)]
    if sum(each.replaced for each in after.decisions) > before_count:
        replaced = [
            each for each in after.decisions if each.replaced and normalize_key(each.unit) == normalize_key(name)
        ]
        notes.append(_decision_note("project.decision_replaced", replaced[-1], language))
    return RunResult(language, notes=tuple(notes))


def sign(project: Project, state: RoundState, unit: str, by: str = "") -> RunResult:
    """Record that somebody stands for a unit's answers as they are now; it falls when these change. `by`: who, by
    default whoever runs this. `FatalError` if the unit has not answered."""
    require_whole_log(project)
    refuse_closed(state)
    name = find_asked_unit(read_frozen_round(project, state), unit)
    facts = read_facts(project, state).units.get(normalize_key(name))
    if facts is None or not facts.has_answered:
        raise FatalError(make_finding("sign-without-answers", Location(""), unit=name))
    who = by or user_name()
    project.record("signed", {"unit": name, "answers": facts.answers_digest, "by": who}, state.name)
    params = {"unit": name, "by": who, "errors": facts.errors, "left": facts.left}
    return RunResult(project.settings.language, notes=(RunNote("project.signed", params),))


def _decision_note(key: str, decision: Decision, language: Language) -> RunNote:
    return RunNote(key, {"decision": message_of(describe_decision(decision), language)})


def _find_file(project: Project, state: RoundState, text: str) -> str:
    """Return the name below `received/` of the file that is meant: its name, or the end of its path. `FatalError`
    if there is none, or more than one."""
    wanted = normalize_key(text.replace("\\", "/"))
    names = [name_below_received(file) for file in list_counted(project, state)]
    found = [name for name in names if normalize_key(name) == wanted or wanted.endswith(f"/{normalize_key(name)}")]
    found = found or [name for name in names if normalize_key(PurePosixPath(name).name) == wanted]
    if len(found) == 1:
        return found[0]
    code = "decision-file-ambiguous" if found else "decision-file-unknown"
    raise FatalError(
        make_finding(code, Location(""), value=text, params={"files": ", ".join(found or names) or "–"})
    )
