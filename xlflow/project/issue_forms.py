"""Makes the forms of a round: of the units that need one, or of those that are named."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from xlflow.model.merged import RunNote, RunResult
from xlflow.pipeline.form_operations import generate_forms
from xlflow.pipeline.overwrite_guard import ProgressCallback
from xlflow.project.open_round import template_argument
from xlflow.project.project_folder import Project, require_whole_log, show_path
from xlflow.project.project_state import (
    RoundState,
    build_rounds,
    find_asked_unit,
    read_frozen_round,
    refuse_closed,
    units_needing_form,
)


def issue_forms(
    project: Project,
    state: RoundState,
    units: Sequence[str] = (),
    *,
    jobs: int | None = None,
    force: bool = False,
    progress: ProgressCallback | None = None,
) -> RunResult:
    """Write the forms of the round into its folder `forms`, and record it.

    `units`: names of those that get one; by default all that have none, or one that asks something else than the
    round does now. The previous round's answers are shown where there is a consolidated workbook of it.
    """
    require_whole_log(project)
    refuse_closed(state)
    frozen = read_frozen_round(project, state)
    chosen = tuple(find_asked_unit(frozen, name) for name in units) or units_needing_form(project, state, frozen)
    if not chosen:
        note = RunNote("project.all_forms_good", {"folder": show_path(project.round_folder(state.name) / "forms")})
        return RunResult(project.settings.language, notes=(note,))
    folder = project.round_folder(state.name) / "forms"
    result = generate_forms(
        project.root / frozen.plan,
        folder,
        as_of=frozen.as_of,
        template=template_argument(project, frozen),
        due=frozen.due,
        previous=find_previous_workbook(project, state),
        language=frozen.language,
        only_units=chosen,
        jobs=jobs,
        force=force,
        progress=progress,
    )
    digests = {unit.name: unit.asked_digest for unit in frozen.units}
    forms = {
        unit: {"path": project.relative(path), "asked": digests[unit], "digest": _digest_file(path)}
        for unit, path in zip(result.units, result.written_files, strict=True)
    }
    project.record("forms-issued", {"forms": forms}, state.name)
    note = RunNote("project.forms_made", {"folder": show_path(folder), "count": len(forms)})
    return replace(result, written_files=(), notes=(*result.notes, note))


def find_previous_workbook(project: Project, state: RoundState) -> Path | None:
    """Return the consolidated workbook of the latest earlier round that has one; None if none has."""
    for name, other in reversed(list(build_rounds(project).items())):
        if name < state.name and other.merged:
            path = project.root / str(other.merged["output"])
            if path.is_file():
                return path
    return None


def _digest_file(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
