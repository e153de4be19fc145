"""Report and history: read consolidated workbooks, build the file, save it.

Raises FatalError before anything is written. The report's modules are imported where they are used, so that
checking forms does not load them.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import FatalError, Finding, Location, make_finding, sort_findings
from xlflow.model.merged import RunNote, RunResult
from xlflow.pipeline.overwrite_guard import check_saved_elsewhere
from xlflow.pipeline.resolve_round import open_consolidated

if TYPE_CHECKING:
    from xlflow.rounds.history import RoundHistory


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
    require_clean: bool = False,
    force: bool = False,
) -> RunResult:
    """Make the report for the board from a consolidated workbook alone, as .docx, .pdf or .html.

    `FatalError` before anything is written if the workbook is not ours, if personal data would become public
    (`redact` blanks it, `force` keeps it), if a person has edited the report that is there already, or, with
    `require_clean`, if the workbook has errors that nobody has corrected.
    """
    from xlflow.pipeline.overwrite_guard import reason_to_keep_report, refuse_overwrite
    from xlflow.report.compose import ReportOptions
    from xlflow.report.inputs import read_introduction_file, read_reference_document
    from xlflow.report.report_file import BuildOptions, build_report, report_format_of
    from xlflow.runtime.atomic_write import write_atomic

    report_format = report_format_of(str(output))
    if not force:
        refuse_overwrite([output], partial(reason_to_keep_report, report_format=report_format))
    report_options = ReportOptions(layout, only, unit, read_introduction_file(intro))
    build_options = BuildOptions(
        language, redact, force, read_reference_document(reference, report_format), require_clean
    )
    built_report = build_report(open_consolidated(consolidated), report_format, report_options, build_options)
    written = write_atomic(output, built_report.content)
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
        notes=(RunNote("report.written", {"file": written}),),
    )


def read_history(paths: Sequence[Path], *, language: Language | None = None) -> "RoundHistory":
    """Put several consolidated workbooks together: one line per activity, one column per round, by their days.

    `language` is that of the last round unless another is asked for. `FatalError` if one of the workbooks is not
    ours.
    """
    from xlflow.consolidated.reader import read_round_status
    from xlflow.rounds.history import ConsolidatedRound, build_round_history, sort_rounds

    workbooks = [open_consolidated(path) for path in dict.fromkeys(paths)]
    all_sources = [
        ConsolidatedRound(read_round_status(workbook, language), workbook.name, workbook.digest)
        for workbook in workbooks
    ]
    chosen_language = language or sort_rounds(all_sources)[-1].round_status.language
    sources = [
        source
        if source.round_status.language == chosen_language
        else ConsolidatedRound(read_round_status(workbook, chosen_language), workbook.name, workbook.digest)
        for workbook, source in zip(workbooks, all_sources, strict=True)
    ]
    return build_round_history(sort_rounds(sources))


def write_history(
    paths: Sequence[Path], output: Path, *, language: Language | None = None, force: bool = False
) -> RunResult:
    """Write the history of several consolidated workbooks; `FatalError` if the target is something else than
    one, or one that a person has edited."""
    from xlflow.consolidated.reader import CONSOLIDATED_LIMITS
    from xlflow.consolidated.writer.consolidated_workbook import render_history
    from xlflow.excel.reader import open_workbook
    from xlflow.pipeline.overwrite_guard import digest_cells, reason_to_keep_history, refuse_overwrite
    from xlflow.runtime.atomic_write import write_atomic

    if output.suffix.lower() != ".xlsx":
        raise FatalError(make_finding("target-not-xlsx", Location(str(output))))
    if not force:
        refuse_overwrite([output], reason_to_keep_history)
    round_history = read_history(paths, language=language)
    made = open_workbook(render_history(round_history), output.name, CONSOLIDATED_LIMITS)
    content_digest = "" if isinstance(made, Finding) else digest_cells(made)
    written = write_atomic(output, render_history(round_history, content_digest=content_digest))
    counts = {"count": len(round_history.round_table.rows), "lines": len(round_history.item_table.rows)}
    notes = (RunNote("history.rounds", counts), RunNote("history.written", {"file": written}))
    return RunResult(
        round_history.language,
        sort_findings(check_saved_elsewhere([(output, written)])),
        output_path=written,
        notes=notes,
    )
