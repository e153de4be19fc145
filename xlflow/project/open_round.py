"""Opens a round, and opens it again with a changed plan: reads the plan once, keeps it, and freezes what is asked.

What a changed plan means for forms that are out already, `plan_changes` works out.
"""

from datetime import date
from hashlib import sha256
from pathlib import Path

from xlflow.definition.plan_workbook import define_round
from xlflow.definition.template_loader import load_template, shipped_template_names
from xlflow.generate.batch import split_round_by_unit
from xlflow.model.findings import FatalError, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.plan import Round
from xlflow.pipeline.resolve_round import open_plan
from xlflow.project.events import EventKind
from xlflow.project.frozen_round import FrozenRound, freeze_round, write_frozen_round
from xlflow.project.plan_changes import compare_plans, describe_items, describe_units, follow_plan
from xlflow.project.project_folder import MAX_PATH_LENGTH, Project
from xlflow.project.project_state import RoundState, build_rounds, latest_plan, load_round, read_frozen_round
from xlflow.runtime.atomic_write import write_atomic

ROUND_FOLDERS = ("inbox", "forms", "drafts", "to-correct", "received")
"""The folders of a round."""


def open_round(
    project: Project, as_of: date, due: date | None, plan: Path | None = None, template: str | None = None
) -> RunResult:
    """Open the round of a day, or open it again with another plan or due date.

    `plan`: a plan workbook, by default the plan of the round, else that of the round opened last. The plan is kept
    in the project under its digest, and what it asks is frozen. `FatalError` with every fault of the plan, if
    there is no plan, or if the round is closed.
    """
    existing = build_rounds(project).get(as_of.isoformat())
    if existing and existing.is_closed:
        raise FatalError(make_finding("round-closed", Location(existing.name), value=existing.name))
    before = read_frozen_round(project, existing) if existing else None
    source = plan or _known_plan(project, before)
    template_source = template or (before.template if before else project.settings.template)
    if due is None and before:
        due = before.due
    template_path = _keep_template(project, template_source)
    language = project.settings.language
    loaded = load_template(_template_to_load(project, template_path))
    round_, findings = define_round(open_plan(source), loaded, as_of, due, language)
    plan_path = _keep_file(project, source)
    asked_items = {unit: part.plan.items for unit, part in split_round_by_unit(round_).items()}
    frozen, changes = freeze_round(round_, template_path, plan_path, asked_items), None
    if existing and before:
        earlier, _ = load_round(project, existing)
        changes = compare_plans(earlier, round_)
        frozen = follow_plan(frozen, before, changes, earlier.plan.digest, round_.plan.digest)
    folder = project.round_folder(as_of.isoformat())
    frozen_file = project.relative(write_frozen_round(folder, frozen, round_, findings))
    if not any(event.kind == "plan-added" and event.data["plan"] == plan_path for event in project.log.events):
        project = project.record("plan-added", {"plan": plan_path, "digest": round_.plan.digest})
    data = {"frozen": frozen_file, "plan": plan_path, "due": due.isoformat() if due else ""}
    project.record("round-opened", data, as_of.isoformat())
    for name in ROUND_FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    notes = _describe_opened(round_, existing is not None)
    if existing and before and changes:
        notes += (*describe_items(changes, round_), *describe_units(project, existing, before, frozen))
    return RunResult(
        language, sort_findings(findings), units=tuple(unit.name for unit in frozen.units), notes=notes
    )


def switch_round(project: Project, state: RoundState, kind: EventKind) -> RunResult:
    """Record that a round is opened again after it was closed (kind `round-reopened`)."""
    if not state.is_closed:
        raise FatalError(make_finding("round-not-closed", Location(state.name), value=state.name))
    project.record(kind, {}, state.name)
    return RunResult(project.settings.language, notes=(RunNote("project.reopened", {"round": state.name}),))


def _known_plan(project: Project, before: FrozenRound | None) -> Path:
    path = before.plan if before else latest_plan(project)
    if not path:
        raise FatalError(make_finding("no-plan", Location(str(project.root))))
    return project.root / path


def _template_to_load(project: Project, template: str) -> str:
    return str(project.root / template) if template.endswith(".toml") else template


def _keep_template(project: Project, template: str) -> str:
    """Return the name of a shipped template, or the path below the project of the copy of another."""
    if template in shipped_template_names() or (template.endswith(".toml") and (project.root / template).exists()):
        return template
    path = Path(template if template.endswith(".toml") else f"{template}.toml")
    load_template(template)
    return _keep_file(project, path)


def _keep_file(project: Project, source: Path) -> str:
    """Copy a file into a folder of `plan/` named by its digest, unless it is there, and return its path below
    the project. It keeps its name, which may be the only title that a plan has."""
    if source.resolve().is_relative_to(project.plan_folder.resolve()):
        return project.relative(project.plan_folder / source.resolve().relative_to(project.plan_folder.resolve()))
    content = source.read_bytes()
    folder = project.plan_folder / sha256(content).hexdigest()[:8]
    known = sorted(folder.glob(f"*{source.suffix}"))
    if known:
        return project.relative(known[0])
    room = MAX_PATH_LENGTH - len(str(folder)) - len(source.suffix) - 1
    target = folder / f"{source.stem[: max(room, 8)].rstrip(' .')}{source.suffix}"
    write_atomic(target, content)
    return project.relative(target)


def _describe_opened(round_: Round, is_again: bool) -> tuple[RunNote, ...]:
    params = {
        "round": round_.as_of.isoformat(),
        "units": len(round_.plan.units),
        "items": len(round_.plan.items),
        "due": round_.due_date.isoformat() if round_.due_date else "–",
    }
    without_address = [unit.name for unit in round_.plan.units if not unit.email]
    notes = [RunNote("project.opened_again" if is_again else "project.opened", params)]
    if without_address:
        notes.append(RunNote("project.no_address", {"units": ", ".join(without_address)}))
    return tuple(notes)
