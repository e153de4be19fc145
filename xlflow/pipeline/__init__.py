"""The only place that knows the order of the steps. Every face (command line, library) calls these functions.

Each takes values and paths and returns a `Run`; what is wrong with the material is in `Run.findings`. Only
`Stop` is raised, when there is no way on, and then nothing has been written. What only some of them need is
imported there, so that checking a form does not wait for what makes reports.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from xlflow import carry, collect, named, opening
from xlflow.core.findings import FatalError, Finding, Location, make_finding, sort_findings
from xlflow.core.model import PreviousAnswers, Round, RunResult
from xlflow.core.words import Language, translate
from xlflow.pipeline.asked import RequestedRound
from xlflow.pipeline.gathering import gather_round, nothing_found_finding

if TYPE_CHECKING:
    from xlflow.core.summary import RoundHistory

StepProgressCallback = Callable[[str, int, int], None]
"""Called with the name of the step, how many files are done, and how many there are."""


def generate_forms(
    plan: Path,
    output: Path,
    *,
    as_of: date,
    template: str = "followup",
    due: date | None = None,
    previous: Path | None = None,
    language: Language = "sv",
    jobs: int | None = None,
    force: bool = False,
    progress: StepProgressCallback | None = None,
) -> RunResult:
    """Write one form per unit of the plan into the folder `output`.

    `previous` is the consolidated workbook of the round before, whose answers the forms then show. A form that
    already stands there is replaced unless somebody has filled it in, or it is not ours: then `Stop` before
    anything is written, or `force`.
    """
    from xlflow import generate

    round_, findings = _define_round(plan, template, as_of, due, language)
    form_plans = generate.list_form_files(round_)
    unit_rounds, units = generate.split_round_by_unit(round_), tuple(form_plan.unit for form_plan in form_plans)
    previous_answers, previous_findings = (
        _read_previous_answers(previous, round_, unit_rounds) if previous else ({}, ())
    )
    targets = [output / form.file_name for form in form_plans]
    contents = generate.write_forms(unit_rounds, units, previous_answers, jobs)
    written, file_findings = save_forms(targets, contents, "generate", force=force, progress=progress)
    all_findings = sort_findings((*findings, *previous_findings, *file_findings))
    return RunResult(language, all_findings, written_files=written, units=units, output_path=output)


@contextmanager
def _pause_garbage_collection() -> Iterator[None]:
    """Let no search for garbage interrupt the work: values hold no rings, and the more there are, the longer it
    takes and the less it finds."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_pause_garbage_collection()
def check_forms(
    paths: Sequence[Path],
    *,
    plan: Path | None = None,
    as_of: date | None = None,
    template: str | None = None,
    return_dir: Path | None = None,
    jobs: int | None = None,
    cache: bool = True,
    force: bool = False,
    progress: StepProgressCallback | None = None,
) -> RunResult:
    """Read and check forms: files, folders (searched through), archives. `as_of` is the day of the round and
    `template` its template, by name or path; only needed where no form says it any longer, or forms of several
    rounds lie together.

    Writes nothing, unless `send_back` names a folder: then a fresh form for each unit that has something to
    correct, with all its answers and the faults marked. A form that somebody has filled in is never overwritten.
    """
    requested = _make_requested_round(as_of, template)
    own_files = tuple(return_dir.rglob("*.xlsx")) if return_dir else ()
    gathered = gather_round(
        paths,
        plan,
        opening.ReadOptions(jobs, use_cache=cache),
        partial(report_progress, progress, "read"),
        own_files,
        requested,
    )
    merged, findings = gathered.merged, gathered.findings
    if return_dir is None:
        return RunResult(merged.round.language, findings, merged)
    from xlflow import generate

    file_names = {form_plan.unit: form_plan.file_name for form_plan in generate.list_form_files(merged.round)}
    corrections = carry.plan_correction_forms(merged, findings, gathered.submissions)
    targets = [return_dir / file_names[correction.unit] for correction in corrections]
    contents = ((index, _write_correction_form(one)) for index, one in enumerate(corrections))
    written, file_findings = save_forms(targets, contents, "send back", force=force, progress=progress)
    all_findings = sort_findings((*findings, *file_findings))
    return RunResult(merged.round.language, all_findings, merged, return_dir if written else None, written)


@_pause_garbage_collection()
def merge_forms(
    paths: Sequence[Path],
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
    progress: StepProgressCallback | None = None,
) -> RunResult:
    """Read, check and merge forms into the consolidated workbook `output`. `as_of` and `template` are as in
    `check_forms`.

    `previous` is that of the round before, against which changes are told. `also` names a folder for the same
    tables as a data package: CSV, and Parquet where pyarrow is installed.

    `Stop` if nobody has answered, if the accounts do not balance, if the target is something else than an earlier
    consolidated workbook, or if another run is writing to it. `output` of the result is where the workbook is:
    beside the target if that is in use.
    """
    from xlflow import interchange, recall, summarise, write
    from xlflow.excel import outgoing

    refuse_result_target(output, force=force)
    requested = _make_requested_round(as_of, template)
    own_files = interchange.list_package_files(export_dir) if export_dir else ()
    previous_workbook, previous_paths = (
        (named.open_consolidated(previous), (previous,)) if previous else (None, ())
    )
    with outgoing.lock_target(output) as target:
        read_options = opening.ReadOptions(jobs, use_cache=cache)
        gathered = gather_round(
            paths,
            plan,
            read_options,
            partial(report_progress, progress, "read"),
            (output, *previous_paths, *own_files),
            requested,
        )
        merged, findings, discovered_files = gathered.merged, gathered.findings, gathered.discovered_files
        del gathered  # the forms one by one take much memory, and are needed no more
        if not merged.answered_units:
            raise FatalError(*sort_findings((*findings, nothing_found_finding(paths))), merged=merged)
        report_progress(progress, "write", 0, 1)
        previous_snapshot = (
            recall.read_snapshot(previous_workbook, merged.round.language) if previous_workbook else None
        )
        findings = sort_findings((*findings, *recall.check_round_order(previous_snapshot, merged.round)))
        summary = summarise.build_consolidated_content(merged, findings, previous_snapshot)
        export_parts = interchange.build_export_files(summary, merged) if export_dir else ()
        if export_dir and not force:
            interchange.refuse_foreign_files(export_dir, export_parts)
        relative_paths = collect.find_relative_paths(discovered_files, output)
        written = target.save(
            write.build_consolidated_workbook(summary, merged, file_addresses=relative_paths).to_chunks()
        )
        package_files = interchange.save_package(export_dir, summary, merged, export_parts) if export_dir else ()
    report_progress(progress, "write", 1, 1)
    all_findings = sort_findings((*findings, *check_saved_elsewhere([(output, written)])))
    language = merged.round.language
    notes = (translate("interchange.written", language, folder=export_dir),) if package_files else ()
    return RunResult(language, all_findings, merged, written, notes=notes)


def write_report(
    consolidated: Path,
    output: Path,
    *,
    layout: Literal["heading", "merged"] = "heading",
    only: Literal["deviations"] | None = None,
    unit: str = "",
    intro: Path | None = None,
    reference: Path | None = None,
    language: Language | None = None,
    redact: bool = False,
    force: bool = False,
) -> RunResult:
    """Make the report for the board from a consolidated workbook alone, as .docx, .pdf or .html.

    `Stop` before anything is written if the workbook is not ours, if personal data would become public (`redact`
    blanks it, `force` keeps it), or if somebody has worked on the report that already stands there.
    """
    from xlflow.excel import outgoing
    from xlflow.report import given, publish
    from xlflow.report.compose import ReportOptions

    report_format = publish.report_format_of(str(output))
    if not force:
        given.refuse_edited_report(output, report_format)
    report_options = ReportOptions(layout, only, unit, given.read_introduction_file(intro))
    build_options = publish.BuildOptions(
        language, redact, force, given.read_reference_document(reference, report_format)
    )
    built_report = publish.build_report(
        named.open_consolidated(consolidated), report_format, report_options, build_options
    )
    written = outgoing.write_atomic(output, built_report.content)
    reference_findings = (
        [make_finding("report-reference-unused", Location(str(reference)))]
        if reference and report_format != "docx"
        else []
    )
    all_findings = sort_findings(
        (*built_report.findings, *reference_findings, *check_saved_elsewhere([(output, written)]))
    )
    return RunResult(
        built_report.language,
        all_findings,
        output_path=written,
        notes=(translate("report.written", built_report.language, file=written),),
    )


def read_history(paths: Sequence[Path], *, language: Language | None = None) -> "RoundHistory":
    """Put several consolidated workbooks together: one line per activity, one column per round, by their days.

    `language` is that of the last round unless another is asked for. `Stop` if one of the workbooks is not ours.
    """
    from xlflow import history, recall

    workbooks = [named.open_consolidated(path) for path in dict.fromkeys(paths)]
    all_sources = [
        history.ConsolidatedRound(recall.read_round_status(workbook, language), workbook.name, workbook.digest)
        for workbook in workbooks
    ]
    chosen_language = language or history.sort_rounds(all_sources)[-1].round_status.language
    sources = [
        source
        if source.round_status.language == chosen_language
        else history.ConsolidatedRound(recall.read_round_status(book, chosen_language), book.name, book.digest)
        for book, source in zip(workbooks, all_sources, strict=True)
    ]
    return history.build_round_history(history.sort_rounds(sources))


def write_history(
    paths: Sequence[Path], output: Path, *, language: Language | None = None, force: bool = False
) -> RunResult:
    """Write the history of several consolidated workbooks; `Stop` if the target is something else than one."""
    from xlflow import replacing, write
    from xlflow.excel import outgoing

    if output.suffix.lower() != ".xlsx":
        raise FatalError(make_finding("target-not-xlsx", Location(str(output))))
    if not force:
        replacing.refuse_overwrite([output], replacing.reason_to_keep_history)
    round_history = read_history(paths, language=language)
    written = outgoing.write_atomic(output, write.render_history(round_history))
    notes = (
        translate(
            "history.rounds",
            round_history.language,
            count=len(round_history.round_table.rows),
            lines=len(round_history.item_table.rows),
        ),
        translate("history.written", round_history.language, file=written),
    )
    return RunResult(
        round_history.language,
        sort_findings(check_saved_elsewhere([(output, written)])),
        output_path=written,
        notes=notes,
    )


def refuse_result_target(output: Path, *, force: bool) -> None:
    """`Stop` where a consolidated workbook may not be written: another kind of file, or one that is not ours."""
    from xlflow import replacing

    if output.suffix.lower() != ".xlsx":
        raise FatalError(make_finding("target-not-xlsx", Location(str(output))))
    if not force:
        replacing.refuse_overwrite([output], replacing.reason_to_keep_result)


def _make_requested_round(as_of: date | None, template: str | None) -> RequestedRound:
    """Return what is said of the round; `Stop` with every fault of its template."""
    if template is None:
        return RequestedRound(as_of)
    from xlflow import define

    files = (Path(template), Path(f"{template}.toml"))
    return RequestedRound(as_of, define.load_template(template), files)


def _write_correction_form(correction: carry.CorrectionForm) -> bytes:
    from xlflow import generate

    round_, unit, answers, nothing_to_report = (
        correction.round,
        correction.unit,
        correction.answers,
        correction.nothing_to_report,
    )
    return generate.write_form(
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
    from xlflow import define

    workbook = named.open_plan(plan)
    return define.define_round(workbook, define.load_template(template), as_of, due, language)


def _read_previous_answers(
    previous: Path, round_: Round, unit_rounds: Mapping[str, Round]
) -> tuple[Mapping[str, PreviousAnswers], tuple[Finding, ...]]:
    """Return what each unit is shown of the round before, and on how many rows."""
    from xlflow import recall

    workbook = named.open_consolidated(previous)
    previous_round = carry.index_previous_round(recall.read_round_status(workbook, round_.language))
    answers_by_unit = {
        unit.name: carry.build_previous_answers(previous_round, unit_rounds[unit.name], unit.name)
        for unit in round_.plan.units
    }
    total = sum(len(unit_rounds[unit].plan.items) for unit in answers_by_unit)
    params = {
        "shown": sum(len(unit_answers.text_by_item_id) for unit_answers in answers_by_unit.values()),
        "total": total,
    }
    finding = make_finding("previous-shown", Location(previous.name), params=params)
    return answers_by_unit, (finding, *carry.check_continued_items(previous_round, round_))


def save_forms(
    targets: Sequence[Path],
    contents: Iterable[tuple[int, bytes]],
    step: str,
    *,
    force: bool,
    progress: StepProgressCallback | None,
) -> tuple[tuple[Path, ...], tuple[Finding, ...]]:
    """Save forms as they are made, each with its place among the targets, and return where they are; `Stop` before
    the first is made if one would destroy something."""
    from xlflow import replacing
    from xlflow.excel import outgoing

    if not force:
        replacing.refuse_overwrite(targets, replacing.reason_to_keep_form)
    saved: dict[int, Path] = {}
    for index, content in contents:
        saved[index] = outgoing.write_atomic(targets[index], content)
        report_progress(progress, step, len(saved), len(targets))
    written = tuple(saved[place] for place in range(len(targets)))
    return written, tuple(check_saved_elsewhere(zip(targets, written, strict=True)))


def check_saved_elsewhere(saved: Iterable[tuple[Path, Path]]) -> Iterator[Finding]:
    """Yield what is to be said of files that could not be saved where they were wanted: (wanted, saved)."""
    for target, written_path in saved:
        if written_path != target:
            yield make_finding("saved-beside", Location(str(target)), value=written_path.name)


def report_progress(progress: StepProgressCallback | None, step: str, done: int, total: int) -> None:
    if progress:
        progress(step, done, total)
