"""The only place that knows the order of the steps. Every face (command line, library) calls these functions.

Each takes values and paths and returns a `RunResult`; what is wrong with the material is in `RunResult.findings`.
Only `FatalError` is raised, when there is no way on, and then nothing has been written. What only some of them
need is imported there, so that checking a form does not wait for what makes reports.
"""

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from xlflow.collect.discover import find_relative_paths
from xlflow.correct.plan_corrections import CorrectionForm, plan_correction_forms
from xlflow.i18n.catalogue import Language
from xlflow.model.findings import FatalError, Finding, Location, make_finding, sort_findings
from xlflow.model.merged import Merged, RunNote, RunResult
from xlflow.model.plan import Round
from xlflow.model.submission import PreviousAnswers
from xlflow.pipeline.gather import check_nothing_found, gather_round
from xlflow.pipeline.overwrite_guard import (
    ProgressCallback,
    check_saved_elsewhere,
    refuse_result_target,
    report_progress,
    save_forms,
)
from xlflow.pipeline.read_files import ReadOptions
from xlflow.pipeline.resolve_round import RequestedRound, open_consolidated, open_plan
from xlflow.pipeline.round_decisions import DeliveredFiles
from xlflow.rounds.previous_answers import (
    add_carried_items,
    build_previous_answers,
    check_carried_items,
    check_continued_items,
    check_items_not_found,
    check_past_units,
    find_carried_items,
    index_predecessors,
)

if TYPE_CHECKING:
    from xlflow.consolidated.summary_model import ConsolidatedContent
    from xlflow.excel.reader import WorkbookData
    from xlflow.runtime.atomic_write import AtomicTarget


def generate_forms(
    plan: Path,
    output: Path,
    *,
    as_of: date,
    template: str = "followup",
    due: date | None = None,
    previous: Path | None = None,
    language: Language = "sv",
    only_units: Collection[str] = (),
    jobs: int | None = None,
    force: bool = False,
    progress: ProgressCallback | None = None,
) -> RunResult:
    """Write one form per unit of the plan into the folder `output`; only those of `only_units`, if it names any.

    `previous` is the consolidated workbook of the previous round, whose answers the forms then show. An existing
    form is replaced unless it has been filled in or is not xlflow's: then FatalError before anything is written,
    or `force`.
    """
    from xlflow.generate import split_round_by_unit, write_forms
    from xlflow.generate.batch import list_form_files

    round_, findings = _define_round(plan, template, as_of, due, language)
    form_plans = [each for each in list_form_files(round_) if not only_units or each.unit in only_units]
    unit_rounds, units = split_round_by_unit(round_), tuple(form_plan.unit for form_plan in form_plans)
    previous_answers: Mapping[str, PreviousAnswers] = {}
    previous_findings: tuple[Finding, ...] = ()
    if previous:
        unit_rounds, previous_answers, previous_findings = _read_previous_answers(previous, round_, unit_rounds)
    targets = [output / form.file_name for form in form_plans]
    contents = write_forms(unit_rounds, units, previous_answers, jobs)
    written, file_findings = save_forms(targets, contents, "generate", force=force, progress=progress)
    all_findings = sort_findings((*findings, *previous_findings, *file_findings))
    return RunResult(language, all_findings, written_files=written, units=units, output_path=output)


@contextmanager
def _pause_garbage_collection() -> Iterator[None]:
    """Switch the cyclic garbage collector off for a while: values hold no cycles, and searching many costs
    time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_pause_garbage_collection()
def check_forms(
    paths: Sequence[Path] | DeliveredFiles,
    *,
    plan: Path | None = None,
    as_of: date | None = None,
    template: str | None = None,
    return_dir: Path | None = None,
    jobs: int | None = None,
    cache: bool = True,
    force: bool = False,
    progress: ProgressCallback | None = None,
) -> RunResult:
    """Read and check forms: files, folders (searched through), archives. `as_of` is the day of the round and
    `template` its template, by name or path; only needed where no form says it any longer, or forms of several
    rounds lie together.

    Writes nothing unless `return_dir` is given: then a new form for each unit that has something to correct, with
    all its answers and the faults marked. A form that has been filled in is never overwritten.
    """
    requested = _make_requested_round(as_of, template)
    own_files = tuple(return_dir.rglob("*.xlsx")) if return_dir else ()
    gathered = gather_round(
        paths,
        plan,
        ReadOptions(jobs, use_cache=cache),
        progress,
        own_files,
        requested,
    )
    merged, findings = gathered.merged, gathered.findings
    if return_dir is None:
        return RunResult(merged.round.language, findings, merged)
    from xlflow.generate.batch import list_form_files

    file_names = {form_plan.unit: form_plan.file_name for form_plan in list_form_files(merged.round)}
    corrections = plan_correction_forms(merged, findings, gathered.submissions)
    targets = [return_dir / file_names[correction.unit] for correction in corrections]
    contents = ((index, _write_correction_form(one)) for index, one in enumerate(corrections))
    written, file_findings = save_forms(targets, contents, "send back", force=force, progress=progress)
    all_findings = sort_findings((*findings, *file_findings))
    return RunResult(merged.round.language, all_findings, merged, return_dir if written else None, written)


@_pause_garbage_collection()
def merge_forms(
    paths: Sequence[Path] | DeliveredFiles,
    output: Path,
    *,
    plan: Path | None = None,
    as_of: date | None = None,
    template: str | None = None,
    previous: Path | None = None,
    export_dir: Path | None = None,
    jobs: int | None = None,
    cache: bool = True,
    force: bool = False,
    progress: ProgressCallback | None = None,
) -> RunResult:
    """Read, check and merge forms into the consolidated workbook `output`. `as_of` and `template` are as in
    `check_forms`.

    `previous` is the consolidated workbook of the round before; changes since then are listed. `export_dir` is a
    folder for the same tables as a data package: CSV, and Parquet where pyarrow is installed. What a person has
    corrected in the answers of the workbook at `output` is carried over, and listed in it.

    `FatalError` if nobody has answered, if the accounts do not balance, if the target is something else than an
    earlier consolidated workbook, or if another run is writing to it. `output` of the result is where the workbook
    is: beside the target if that is in use.
    """
    from xlflow.export import list_package_files
    from xlflow.runtime.atomic_write import lock_target
    from xlflow.runtime.file_transaction import undo_interrupted

    undo_interrupted(output)
    changed_cells = refuse_result_target(output, force=force)
    requested = _make_requested_round(as_of, template)
    own_files = list_package_files(export_dir) if export_dir else ()
    previous_workbook, previous_paths = (open_consolidated(previous), (previous,)) if previous else (None, ())
    with lock_target(output) as target:
        read_options = ReadOptions(jobs, use_cache=cache)
        excluded_paths = (output, *previous_paths, *own_files)
        gathered = gather_round(paths, plan, read_options, progress, excluded_paths, requested, changed_cells)
        merged, findings, discovered_files = gathered.merged, gathered.findings, gathered.discovered_files
        del gathered  # the forms one by one take much memory, and are needed no more
        if not merged.answered_units:
            all_findings = sort_findings((*findings, *check_nothing_found(paths, findings)))
            raise FatalError(*all_findings, merged=merged)
        report_progress(progress, "write", 0, 1)
        content, findings = _build_content(merged, findings, previous_workbook)
        file_addresses = find_relative_paths(discovered_files, output)
        written, package_files = _save_merged(
            target, output, content, merged, file_addresses, export_dir, force=force
        )
    report_progress(progress, "write", 1, 1)
    all_findings = sort_findings((*findings, *check_saved_elsewhere([(output, written)])))
    language = merged.round.language
    notes = (RunNote("interchange.written", {"folder": export_dir}),) if package_files else ()
    return RunResult(language, all_findings, merged, written, notes=notes)


def _build_content(
    merged: Merged, findings: tuple[Finding, ...], previous_workbook: "WorkbookData | None"
) -> tuple["ConsolidatedContent", tuple[Finding, ...]]:
    """Return what the consolidated workbook shows, compared with the previous round's if there is one, and all
    findings."""
    from xlflow.consolidated.reader import check_round_order, read_snapshot
    from xlflow.consolidated.tables import build_consolidated_content

    previous_snapshot = read_snapshot(previous_workbook, merged.round.language) if previous_workbook else None
    all_findings = sort_findings((*findings, *check_round_order(previous_snapshot, merged.round)))
    return build_consolidated_content(merged, all_findings, previous_snapshot), all_findings


def _save_merged(
    target: "AtomicTarget",
    output: Path,
    content: "ConsolidatedContent",
    merged: Merged,
    file_addresses: Mapping[str, str],
    export_dir: Path | None,
    *,
    force: bool,
) -> tuple[Path, tuple[Path, ...]]:
    """Save the consolidated workbook, and the same tables as a data package if `export_dir` is a folder; return
    where the workbook is and the files of the package: all of them are new afterwards, or none. `FatalError`
    before anything is written if the folder holds foreign files, unless `force`."""
    from xlflow.consolidated.writer.consolidated_workbook import build_consolidated_workbook
    from xlflow.export import build_export_files, refuse_foreign_files, stage_package
    from xlflow.runtime.file_transaction import FileTransaction

    export_files = build_export_files(content, merged) if export_dir else ()
    if export_dir and not force:
        refuse_foreign_files(export_dir, export_files)
    workbook = build_consolidated_workbook(content, merged, file_addresses=file_addresses)
    if export_dir is None:
        return target.save(workbook.to_chunks()), ()
    transaction = FileTransaction(output)
    with stage_package(export_dir, content, merged, export_files, transaction) as package_paths:
        transaction.stage_target(target, output, workbook.to_chunks())
        saved = transaction.commit()
    return saved[output], tuple(saved[path] for path in package_paths)


def _make_requested_round(as_of: date | None, template: str | None) -> RequestedRound:
    """Return what is said of the round; `FatalError` with every fault of its template."""
    if template is None:
        return RequestedRound(as_of)
    from xlflow.definition.template_loader import load_template

    files = (Path(template), Path(f"{template}.toml"))
    return RequestedRound(as_of, load_template(template), files)


def _write_correction_form(correction: CorrectionForm) -> bytes:
    from xlflow.generate import write_form

    round_, unit, answers, nothing_to_report = (
        correction.round,
        correction.unit,
        correction.answers,
        correction.nothing_to_report,
    )
    return write_form(
        round_,
        unit,
        answers,
        previous=correction.previous,
        correction_request=correction.correction_request,
        nothing_to_report=nothing_to_report,
    )


def _define_round(
    plan: Path, template: str, as_of: date, due: date | None, language: Language
) -> tuple[Round, tuple[Finding, ...]]:
    from xlflow.definition.plan_workbook import define_round
    from xlflow.definition.template_loader import load_template

    workbook = open_plan(plan)
    return define_round(workbook, load_template(template), as_of, due, language)


def _read_previous_answers(
    previous: Path, round_: Round, unit_rounds: Mapping[str, Round]
) -> tuple[Mapping[str, Round], Mapping[str, PreviousAnswers], tuple[Finding, ...]]:
    """Return the rounds of the units with their own activities of the round before, what each unit is shown of it,
    and what is to be said of that."""
    from xlflow.consolidated.reader import read_round_status

    previous_status, location = (
        read_round_status(open_consolidated(previous), round_.language),
        Location(previous.name),
    )
    predecessors = index_predecessors(previous_status, round_)
    rounds, answers_by_unit, carried_by_unit = dict(unit_rounds), {}, {}
    for name in (unit.name for unit in round_.plan.units):
        carried_by_unit[name] = find_carried_items(predecessors, round_, name)
        own_answers = build_previous_answers(predecessors, unit_rounds[name], name)
        rounds[name], answers_by_unit[name] = add_carried_items(
            unit_rounds[name], own_answers, carried_by_unit[name], predecessors
        )
    params = {
        "shown": sum(len(unit_answers.text_by_item_id) for unit_answers in answers_by_unit.values()),
        "total": sum(len(rounds[name].plan.items) for name in answers_by_unit),
    }
    findings = (
        make_finding("previous-shown", location, params=params),
        *check_carried_items(carried_by_unit, round_, location),
        *check_items_not_found(predecessors, round_, location),
        *check_past_units(previous_status, round_),
        *check_continued_items(predecessors, round_),
    )
    return rounds, answers_by_unit, findings
