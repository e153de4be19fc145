"""Check, merge, report and history of a project's round: the pipeline's steps with the paths that the project
knows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import FatalError, Location, make_finding, sort_findings
from xlflow.model.merged import RunResult
from xlflow.pipeline.form_operations import check_forms, merge_forms
from xlflow.pipeline.overwrite_guard import ProgressCallback
from xlflow.pipeline.report_operations import write_report
from xlflow.project.issue_forms import find_previous_workbook
from xlflow.project.open_round import template_argument
from xlflow.project.project_folder import Project, require_whole_log, show_path
from xlflow.project.project_state import RoundState, build_rounds, read_frozen_round, refuse_closed
from xlflow.project.round_files import check_received, digest_file, list_delivered


def check_round(
    project: Project,
    state: RoundState,
    *,
    return_dir: Path | None = None,
    jobs: int | None = None,
    cache: bool = True,
    force: bool = False,
    progress: ProgressCallback | None = None,
) -> RunResult:
    """Check what the round has received, with the plan that it was opened with; see `check_forms`. What is wrong
    with events and received files is among the findings; such a file is left out."""
    frozen = read_frozen_round(project, state)
    faults = (*project.log.findings, *check_received(project, state))
    result = check_forms(
        list_delivered(project, state),
        plan=project.root / frozen.plan,
        as_of=frozen.as_of,
        template=template_argument(project, frozen),
        return_dir=return_dir,
        jobs=jobs,
        cache=cache,
        force=force,
        progress=progress,
    )
    return replace(result, findings=sort_findings((*result.findings, *faults)))


def merge_round(
    project: Project,
    state: RoundState,
    *,
    export_dir: Path | None = None,
    jobs: int | None = None,
    cache: bool = True,
    force: bool = False,
    progress: ProgressCallback | None = None,
) -> RunResult:
    """Merge what the round has received into its consolidated workbook, compared with the round before, and record
    it. `FatalError` if an event or a received file is damaged, edited or missing; see `merge_forms` too."""
    refuse_closed(state)
    frozen = read_frozen_round(project, state)
    _refuse_changed(project, state)
    delivered = list_delivered(project, state)
    result = merge_forms(
        delivered,
        consolidated_path(project, state),
        plan=project.root / frozen.plan,
        as_of=frozen.as_of,
        template=template_argument(project, frozen),
        previous=find_previous_workbook(project, state),
        export_dir=export_dir,
        jobs=jobs,
        cache=cache,
        force=force,
        progress=progress,
    )
    if result.output_path:
        data = {
            "output": project.relative(result.output_path),
            "digest": digest_file(result.output_path),
            "plan": frozen.plan,
            "files": [file.name for file in delivered.files],
        }
        project.record("merged", data, state.name)
        result = replace(result, output_path=show_path(result.output_path))
    return result


def report_round(
    project: Project,
    state: RoundState,
    output: Path | None = None,
    *,
    language: Language | None = None,
    **options: Any,
) -> RunResult:
    """Make the report of the round from its consolidated workbook and record it. `options`: see `write_report`."""
    workbook = consolidated_path(project, state)
    if not workbook.is_file():
        raise FatalError(make_finding("round-not-merged", Location(str(workbook)), value=state.name))
    report_name = translate("project.report_file", project.settings.language, round=state.name)
    target = output or project.round_folder(state.name) / report_name
    result = write_report(workbook, target, language=language, **options)
    written = result.output_path or target
    if written.absolute().is_relative_to(project.root):
        data = {"output": project.relative(written.absolute()), "digest": digest_file(written)}
        project.record("reported", data, state.name)
    return result


def list_consolidated(project: Project) -> tuple[Path, ...]:
    """Return the consolidated workbooks of all rounds, the earliest first. `FatalError` if there is none."""
    rounds = build_rounds(project).values()
    paths = tuple(path for state in rounds if (path := consolidated_path(project, state)).is_file())
    if not paths:
        raise FatalError(make_finding("project-not-merged", Location(str(project.root))))
    return paths


def consolidated_path(project: Project, state: RoundState) -> Path:
    """Return where the consolidated workbook of a round is, or is to be written."""
    known = state.merged.get("output")
    name = translate("project.consolidated_file", project.settings.language, round=state.name)
    return project.root / known if known else project.round_folder(state.name) / name


def _refuse_changed(project: Project, state: RoundState) -> None:
    """Raise `FatalError` if an event or a received file is not as it was written."""
    require_whole_log(project)
    findings = tuple(check_received(project, state))
    if findings:
        raise FatalError(*findings)
