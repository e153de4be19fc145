"""Opens a round, and opens it again with a changed plan: reads the plan once, keeps it, and freezes what is asked.

What a changed plan means for forms that are out already is worked out here too: which items are the same, and
which units need a new form.
"""

import json
from dataclasses import asdict
from datetime import date
from hashlib import sha256
from pathlib import Path

from xlflow.definition.plan_workbook import define_round
from xlflow.definition.template_loader import load_template, shipped_template_names
from xlflow.generate.batch import split_round_by_unit
from xlflow.model.findings import FatalError, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.model.plan import PlanItem, Round
from xlflow.pipeline.resolve_round import open_plan
from xlflow.project.events import EventKind
from xlflow.project.project_folder import MAX_PATH_LENGTH, Project
from xlflow.project.project_state import (
    AskedUnit,
    FrozenRound,
    RoundState,
    build_rounds,
    latest_plan,
    read_frozen_round,
    units_needing_form,
)
from xlflow.rounds.lineage import RoundItems, find_removed_items, find_rewordings, match_plan_items
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
    frozen = _freeze(round_, template_path, plan_path)
    frozen_file = _write_frozen(project, frozen)
    if not any(event.kind == "plan-added" and event.data["plan"] == plan_path for event in project.log.events):
        project = project.record("plan-added", {"plan": plan_path, "digest": round_.plan.digest})
    data = {"frozen": frozen_file, "plan": plan_path, "due": due.isoformat() if due else ""}
    project.record("round-opened", data, as_of.isoformat())
    for name in ROUND_FOLDERS:
        (project.round_folder(as_of.isoformat()) / name).mkdir(parents=True, exist_ok=True)
    notes = _describe_opened(round_, existing is not None)
    if existing and before:
        notes += _compare_plans(project, existing, before, frozen, round_)
    return RunResult(
        language, sort_findings(findings), units=tuple(unit.name for unit in frozen.units), notes=notes
    )


def switch_round(project: Project, state: RoundState, kind: EventKind) -> RunResult:
    """Record that a round is opened again after it was closed (kind `round-reopened`)."""
    if not state.is_closed:
        raise FatalError(make_finding("round-not-closed", Location(state.name), value=state.name))
    project.record(kind, {}, state.name)
    return RunResult(project.settings.language, notes=(RunNote("project.reopened", {"round": state.name}),))


def load_planned_round(project: Project, frozen: FrozenRound) -> Round:
    """Return the round with its plan, read again from the copy that the project keeps."""
    template = load_template(_template_to_load(project, frozen.template))
    workbook = open_plan(project.root / frozen.plan)
    return define_round(workbook, template, frozen.as_of, frozen.due, frozen.language)[0]


def template_argument(project: Project, frozen: FrozenRound) -> str:
    """Return the round's template as the pipeline takes it: a name or a path."""
    return _template_to_load(project, frozen.template)


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


def _freeze(round_: Round, template: str, plan: str) -> FrozenRound:
    rounds_by_unit = split_round_by_unit(round_)
    units = tuple(
        AskedUnit(
            unit.name,
            unit.contact,
            unit.email,
            _digest_asked(rounds_by_unit[unit.name].plan.items, round_),
            tuple(item.id for item in rounds_by_unit[unit.name].plan.items),
        )
        for unit in round_.plan.units
    )
    return FrozenRound(round_.as_of, round_.due_date, template, plan, round_.language, units)


def _digest_asked(items: tuple[PlanItem, ...], round_: Round) -> str:
    """Return a digest of all that a unit's form asks; its place in the plan and the due date do not matter."""
    asked = [(item.id, item.level_texts, item.plan_values, item.extra_columns) for item in items]
    return sha256(repr((asked, round_.template.name, round_.template.version)).encode()).hexdigest()[:16]


def _write_frozen(project: Project, frozen: FrozenRound) -> str:
    values = {
        **asdict(frozen),
        "as_of": frozen.as_of.isoformat(),
        "due": frozen.due.isoformat() if frozen.due else None,
    }
    content = json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True).encode()
    name = f"round-{sha256(content).hexdigest()[:16]}.json"
    path = project.round_folder(frozen.as_of.isoformat()) / name
    if not path.exists():
        write_atomic(path, content)
    return project.relative(path)


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


def _compare_plans(
    project: Project, state: RoundState, before: FrozenRound, after: FrozenRound, round_: Round
) -> tuple[RunNote, ...]:
    """Return what a changed plan means: the items that are the same, new, gone, likely reworded; and which units
    need a new form."""
    old = load_planned_round(project, before)
    index = round_.template.item_level_index
    links = match_plan_items(
        RoundItems(round_.plan.items, round_.template), RoundItems(old.plan.items, old.template)
    )
    new = [item for item in round_.plan.items if item.id not in links]
    gone = find_removed_items(old.plan.items, links)
    rewordings = find_rewordings(new, gone, index)
    old_ids = {item.id: item for item in old.plan.items}
    notes = [RunNote("project.items_same", {"count": len(links)})]
    for item in round_.plan.items:
        link = links.get(item.id)
        if link and link.previous_id in old_ids and old_ids[link.previous_id].title(index) != item.title(index):
            params = {"before": old_ids[link.previous_id].title(index), "after": item.title(index)}
            notes.append(RunNote("project.item_is", params))
    for item in new:
        likely = rewordings.get(item.id)
        params = {
            "after": item.title(index),
            "before": likely.title(index) if likely else "",
            "id": likely.id if likely else "",
        }
        notes.append(RunNote("project.item_likely" if likely else "project.item_new", params))
    likely_ids = {item.id for item in rewordings.values()}
    notes += [
        RunNote("project.item_gone", {"before": item.title(index)}) for item in gone if item.id not in likely_ids
    ]
    needing = units_needing_form(project, state, after)
    good = [unit.name for unit in after.units if unit.name in state.issued and unit.name not in needing]
    if good:
        notes.append(RunNote("project.forms_good", {"units": ", ".join(good)}))
    if needing:
        notes.append(RunNote("project.forms_needed", {"units": ", ".join(needing)}))
    return tuple(notes)
