"""The log of a project -> its rounds: what was opened, issued, received, decided, signed and made, and what of it
is in force.

Reads no file but the frozen rounds. The same events in any order of files, with any clocks, give the same state.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.text import find_closest, normalize_key
from xlflow.project.events import Event
from xlflow.project.project_folder import Project


@dataclass(frozen=True, slots=True)
class AskedUnit:
    """A unit of a frozen round. `asked_digest`: of all that its form asks. `item_ids`: of its plan items."""

    name: str
    contact: str
    email: str
    asked_digest: str
    item_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FrozenRound:
    """A round as it was when it was opened, or opened again with another plan; kept in a file of its own.

    `plan` and `template` are paths below the project, with "/"; `template` may be the name of a shipped one.
    """

    as_of: date
    due: date | None
    template: str
    plan: str
    language: Language
    units: tuple[AskedUnit, ...]

    def find_unit(self, name: str) -> AskedUnit | None:
        """Return the unit with this name, however it is written; None if it is not asked."""
        return next((unit for unit in self.units if normalize_key(unit.name) == normalize_key(name)), None)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a delivery. `path`: below the project, with "/". `digest`: SHA-256, hexadecimal. `role`: "form"
    for what may be a filled form, "mail" for a message whose attachments lie beside it, "other" for the rest.
    `source`: its name in the inbox, or that of its mail. `received`: UTC, to the second."""

    path: str
    digest: str
    size: int
    role: str
    source: str = ""
    received: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the coordinator decided about a unit of a round. `value`: path of the file, due date or unit; "" where
    the action needs none. `replaced`: a later, opposite one is in force."""

    unit: str
    action: str
    value: str
    because: str
    by: str
    replaced: bool = False


@dataclass(slots=True)
class RoundState:
    """What the log says of one round. `name`: its as-of date (ISO). `frozen_file`: path below the project.
    `issued`: the digest of what was asked by the form that each unit was last issued with. `signed`: digest of the
    answers that were signed, and by whom, by unit. `invited`: digest of the form that was mailed last."""

    name: str
    frozen_file: str = ""
    due: str = ""
    is_closed: bool = False
    issued: dict[str, dict[str, str]] = field(default_factory=dict)
    files: list[StoredFile] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    signed: dict[str, dict[str, str]] = field(default_factory=dict)
    drafted: dict[str, list[str]] = field(default_factory=dict)
    invited: dict[str, str] = field(default_factory=dict)
    merged: dict[str, Any] = field(default_factory=dict)
    reports: list[str] = field(default_factory=list)
    discarded: set[str] = field(default_factory=set)

    @property
    def is_opened(self) -> bool:
        """Whether an event opened it; one that is only mentioned is not."""
        return bool(self.frozen_file)

    def decisions_in_force(self, unit: str) -> list[Decision]:
        """Return the decisions about a unit that no later one has replaced."""
        return [
            each
            for each in self.decisions
            if not each.replaced and normalize_key(each.unit) == normalize_key(unit)
        ]


def build_rounds(project: Project) -> Mapping[str, RoundState]:
    """Return the rounds of the log that were opened, by as-of date, the earliest first."""
    rounds: dict[str, RoundState] = {}
    for event in project.log.events:
        if event.round:
            _apply(rounds.setdefault(event.round, RoundState(event.round)), event)
    return {name: rounds[name] for name in sorted(rounds) if rounds[name].is_opened}


def choose_round(project: Project, requested: str | None = None) -> RoundState:
    """Return the round that is asked for (ISO date), else the latest that is open, else the latest. `FatalError`
    if there is none."""
    rounds = build_rounds(project)
    if requested is not None:
        if requested not in rounds:
            names = ", ".join(rounds) or "–"
            raise FatalError(
                make_finding(
                    "round-unknown", Location(str(project.root)), value=requested, params={"rounds": names}
                )
            )
        return rounds[requested]
    if not rounds:
        raise FatalError(make_finding("no-round", Location(str(project.root))))
    latest_open = [state for state in rounds.values() if not state.is_closed]
    return (latest_open or list(rounds.values()))[-1]


def latest_plan(project: Project) -> str:
    """Return the path of the plan that a round was opened with last, below the project; "" if there is none."""
    plans = [event.data["plan"] for event in project.log.events if event.kind == "round-opened"]
    return str(plans[-1]) if plans else ""


def read_frozen_round(project: Project, state: RoundState) -> FrozenRound:
    """Return the round as it was frozen. `FatalError` if its file is missing or damaged."""
    path = project.root / state.frozen_file
    try:
        values = json.loads(path.read_bytes())
        units = tuple(AskedUnit(**{**unit, "item_ids": tuple(unit["item_ids"])}) for unit in values.pop("units"))
        as_of, due = date.fromisoformat(values.pop("as_of")), values.pop("due")
        return FrozenRound(as_of, date.fromisoformat(due) if due else None, **values, units=units)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise FatalError(make_finding("round-file-damaged", Location(state.frozen_file))) from error


def units_needing_form(project: Project, state: RoundState, frozen: FrozenRound) -> tuple[str, ...]:
    """Return the units that were issued no form, or one that asks something else than the round does now, or whose
    form is no longer where it was written."""
    return tuple(unit.name for unit in frozen.units if not _has_good_form(project, state, unit))


def _has_good_form(project: Project, state: RoundState, unit: AskedUnit) -> bool:
    form = state.issued.get(unit.name)
    return form is not None and form["asked"] == unit.asked_digest and (project.root / form["path"]).exists()


def find_asked_unit(frozen: FrozenRound, name: str) -> str:
    """Return a unit's name as the plan writes it. `FatalError` with the nearest name if it is not asked."""
    unit = frozen.find_unit(name)
    if unit is None:
        names = [each.name for each in frozen.units]
        raise FatalError(
            make_finding(
                "unit-not-asked",
                Location(frozen.plan),
                value=name,
                suggestion=find_closest(name, names),
                params={"round": frozen.as_of.isoformat(), "units": ", ".join(names)},
            )
        )
    return unit.name


def refuse_closed(state: RoundState) -> None:
    """Raise `FatalError` if the round is closed."""
    if state.is_closed:
        raise FatalError(make_finding("round-closed", Location(state.name), value=state.name))


def find_unrecorded(project: Project, state: RoundState) -> list[Path]:
    """Return the folders of deliveries that no event knows: what a run stored that was stopped then."""
    recorded = {PurePosixPath(file.path).parent.name for file in state.files}
    received = project.round_folder(state.name) / "received"
    folders = sorted(received.iterdir()) if received.is_dir() else []
    return [
        folder
        for folder in folders
        if folder.is_dir() and not folder.name.startswith(".") and folder.name not in recorded
    ]


def count_once(files: Iterable[StoredFile]) -> tuple[StoredFile, ...]:
    """Return those files that may be forms, each content once: the one that was received first."""
    by_digest: dict[str, StoredFile] = {}
    for file in sorted(files, key=lambda each: (each.received, each.path)):
        if file.role == "form":
            by_digest.setdefault(file.digest, file)
    return tuple(sorted(by_digest.values(), key=lambda each: each.path))


def _apply(state: RoundState, event: Event) -> None:
    """Change the state of a round by one event. `FatalError` if its data are not what this version writes."""
    handler = _HANDLERS.get(event.kind)
    if handler is None:
        return
    try:
        handler(state, event)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FatalError(make_finding("event-not-understood", Location(event.file_name))) from error


def _open(state: RoundState, event: Event) -> None:
    state.frozen_file, state.due = event.data["frozen"], event.data["due"]


def _issue(state: RoundState, event: Event) -> None:
    state.issued.update(event.data["forms"])


def _receive(state: RoundState, event: Event) -> None:
    known = {file.path for file in state.files}  # two runs at once may both record what the first has stored
    state.files += [StoredFile(**values) for values in event.data["files"] if values["path"] not in known]


def _decide(state: RoundState, event: Event) -> None:
    data = event.data
    made = Decision(data["unit"], data["action"], data["value"], data["because"], event.by)
    state.decisions = [_replace_if_opposite(earlier, made) for earlier in state.decisions]
    state.decisions.append(made)


def _replace_if_opposite(earlier: Decision, made: Decision) -> Decision:
    """Return the earlier decision, marked as replaced if the new one is about the same thing."""
    same_unit = normalize_key(earlier.unit) == normalize_key(made.unit)
    file_actions = {"use", "leave-out"}
    about_files = {earlier.action, made.action} <= file_actions
    same_file = earlier.value == made.value or made.action == earlier.action == "use"
    state_actions = {"nothing", "not-asked", "belongs-to", "asked"}
    about_state = {earlier.action, made.action} <= state_actions
    about_due = earlier.action == made.action == "due"
    if not earlier.replaced and same_unit and ((about_files and same_file) or about_state or about_due):
        return Decision(earlier.unit, earlier.action, earlier.value, earlier.because, earlier.by, replaced=True)
    return earlier


def _sign(state: RoundState, event: Event) -> None:
    state.signed[normalize_key(event.data["unit"])] = {"answers": event.data["answers"], "by": event.data["by"]}


def _plan_mail(state: RoundState, event: Event) -> None:
    for unit in event.data["units"]:
        state.drafted.setdefault(normalize_key(unit), []).append(event.data["purpose"])
        if event.data["purpose"] == "invite":
            state.invited[unit] = event.data["units"][unit]["form"]


def _merge(state: RoundState, event: Event) -> None:
    state.merged = dict(event.data)


def _report(state: RoundState, event: Event) -> None:
    state.reports.append(event.data["output"])


def _close(state: RoundState, _: Event) -> None:
    state.is_closed = True


def _reopen(state: RoundState, _: Event) -> None:
    state.is_closed = False


def _discard(state: RoundState, event: Event) -> None:
    state.discarded.update(event.data["paths"])


_HANDLERS = {
    "round-opened": _open,
    "forms-issued": _issue,
    "returns-received": _receive,
    "decided": _decide,
    "signed": _sign,
    "mail-planned": _plan_mail,
    "merged": _merge,
    "reported": _report,
    "round-closed": _close,
    "round-reopened": _reopen,
    "discarded": _discard,
}
"""What each kind of event does to the state of its round."""
