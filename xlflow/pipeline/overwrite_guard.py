"""Saves the files of a run: refuses first whatever would destroy something, then writes one after the other.

An existing file may be replaced only if it is xlflow's and holds nothing that a person has added. The guard looks
into the file at the target and writes nothing; one function per kind of target returns the reason to keep it.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from xlflow.collect.discover import DiscoveredFile, make_received_file
from xlflow.consolidated.reader import (
    CONSOLIDATED_LIMITS,
    check_added_content,
    has_fingerprints,
    read_changed_cells,
    read_listed_conflicts,
)
from xlflow.consolidated.reader.table_reader import find_round_sheet
from xlflow.consolidated.writer import CONTENT_PROPERTY, KIND_PROPERTY
from xlflow.excel.reader import WorkbookData, is_as_written, open_workbook, read_stable_bytes
from xlflow.model.findings import FatalError, Finding, Location, make_finding
from xlflow.model.merged import ChangedCell
from xlflow.model.submission import Submission
from xlflow.pipeline.bounded_reading import FailedReading, read_each_within_bounds, read_within_bounds
from xlflow.read.build_submission import read_form
from xlflow.values import cell_text

if TYPE_CHECKING:
    from xlflow.report.report_file import ReportFormat

ProgressCallback = Callable[[str, int, int], None]
"""Called with the name of the step, how many files are done, and how many there are."""


def save_forms(
    targets: Sequence[Path],
    contents: Iterable[tuple[int, bytes]],
    step: str,
    *,
    force: bool,
    progress: ProgressCallback | None,
) -> tuple[tuple[Path, ...], tuple[Finding, ...]]:
    """Save forms as they are generated and return (paths where they are, findings).

    `contents` yields (index among `targets`, bytes) in any order. Raises FatalError before the first is generated
    if one would overwrite answers or a file that is not xlflow's, unless `force`. A target that is in use is saved
    beside.
    """
    from xlflow.runtime.atomic_write import write_atomic

    if not force:
        refuse_overwrite(targets, reason_to_keep_form)
    saved: dict[int, Path] = {}
    for index, content in contents:
        saved[index] = write_atomic(targets[index], content)
        report_progress(progress, step, len(saved), len(targets))
    written = tuple(saved[index] for index in range(len(targets)))
    return written, tuple(check_saved_elsewhere(zip(targets, written, strict=True)))


def check_saved_elsewhere(saved: Iterable[tuple[Path, Path]]) -> Iterator[Finding]:
    """Yield a finding per (target, path where it was saved) that differ: the target was in use."""
    for target, written_path in saved:
        if written_path != target:
            yield make_finding("saved-beside", Location(str(target)), value=written_path.name)


def report_progress(progress: ProgressCallback | None, step: str, done: int, total: int) -> None:
    """Call `progress`, if there is one, with the step and how many of how many files are done."""
    if progress:
        progress(step, done, total)


def refuse_result_target(output: Path, *, force: bool) -> tuple[ChangedCell, ...]:
    """Return the corrections by hand in the consolidated workbook at the target, which the new one takes over.

    Raise `FatalError` where none may be written: another kind of file, not ours, one to which a person has added
    what a merge cannot keep, or one in which corrections cannot be seen.
    """
    if output.suffix.lower() != ".xlsx":
        raise FatalError(make_finding("target-not-xlsx", Location(str(output))))
    if not _is_existing_file(output) or is_as_written(output, CONSOLIDATED_LIMITS):
        return ()
    outcome = read_within_bounds(_TargetInspector(is_forced=force), output, CONSOLIDATED_LIMITS)
    if not isinstance(outcome, FailedReading):
        return outcome
    if not force:
        raise FatalError(make_finding("target-not-ours", Location(str(output))))
    return ()


@dataclass(frozen=True, slots=True)
class _TargetInspector:
    """Looks into what stands at the target of a merge; see `refuse_result_target`."""

    is_forced: bool

    def __call__(self, output: Path) -> tuple[ChangedCell, ...]:
        workbook = open_workbook(output, output.name, CONSOLIDATED_LIMITS)
        if isinstance(workbook, Finding) or find_round_sheet(workbook) is None:
            reason = None if self.is_forced else reason_to_keep_result(output)
            if reason:
                raise FatalError(reason)
            return ()
        if not self.is_forced and (additions := check_added_content(workbook)):
            raise FatalError(*additions)
        if not self.is_forced and not has_fingerprints(workbook):
            raise FatalError(make_finding("target-corrections-unseen", Location(str(output))))
        try:
            return (*read_changed_cells(workbook), *read_listed_conflicts(workbook))
        except FatalError:  # its hidden sheet is damaged, so nothing says what was written
            return ()


def refuse_overwrite(targets: Sequence[Path], reason_to_keep: Callable[[Path], Finding | None]) -> None:
    """Raise FatalError with a finding per existing target for which `reason_to_keep` returns one."""
    existing = [target for target in targets if _is_existing_file(target)]
    outcomes = read_each_within_bounds(reason_to_keep, existing, CONSOLIDATED_LIMITS, os.cpu_count() or 1)
    findings = [
        make_finding("target-not-ours", Location(str(target))) if isinstance(outcome, FailedReading) else outcome
        for target, outcome in zip(existing, outcomes, strict=True)
        if outcome
    ]
    if findings:
        raise FatalError(*findings)


def _is_existing_file(target: Path) -> bool:
    """Return whether the target exists and is no folder; writing to a folder raises an error of its own."""
    return target.exists() and not target.is_dir()


def reason_to_keep_form(target: Path) -> Finding | None:
    """Return why a form may not replace a file, None if it may: a form in which nobody has answered since."""
    submission, location = _read_submission(target), Location(str(target))
    if submission is None:
        return make_finding("target-not-ours", location)
    is_blank = not (submission.unplaced or submission.nothing_to_report) and all(
        row.is_blank for row in submission.rows
    )
    is_as_issued = submission.answers_digest in submission.identity.replaced_digests
    return None if is_blank or is_as_issued else make_finding("target-has-answers", location, unit=submission.unit)


def reason_to_keep_result(target: Path) -> Finding | None:
    """Return why a consolidated workbook may not replace a file, None if it may: an earlier consolidated
    workbook."""
    workbook, location = (
        open_workbook(target, target.name, CONSOLIDATED_LIMITS),
        Location(str(target)),
    )
    if not isinstance(workbook, Finding) and find_round_sheet(workbook):
        return None
    if not isinstance(workbook, Finding) and workbook.properties.get(KIND_PROPERTY) == "consolidated":
        return make_finding("target-corrections-unseen", location)
    submission = _read_submission(target)
    return (
        make_finding("target-is-form", location, unit=submission.unit)
        if submission
        else make_finding("target-not-ours", location)
    )


def reason_to_keep_history(target: Path) -> Finding | None:
    """Return why a history may not replace a file, None if it may: an earlier history that nobody has edited."""
    workbook = open_workbook(target, target.name, CONSOLIDATED_LIMITS)
    if isinstance(workbook, Finding) or workbook.properties.get(KIND_PROPERTY) != "history":
        return make_finding("target-not-ours", Location(str(target)))
    is_unedited = workbook.properties.get(CONTENT_PROPERTY) == digest_cells(workbook)
    return None if is_unedited else make_finding("history-target-edited", Location(str(target)))


def digest_cells(workbook: WorkbookData) -> str:
    """Return the SHA-256, in hexadecimal, of all texts and values of a workbook with their places."""
    digest = sha256()
    for sheet in workbook.sheets:
        for row_number, row in enumerate(sheet.rows):
            for column, cell in enumerate(row):
                if text := cell_text(cell):
                    digest.update(repr((sheet.name, row_number, column, text)).encode())
    return digest.hexdigest()


def reason_to_keep_report(target: Path, report_format: "ReportFormat") -> Finding | None:
    """Return why a report may not replace a file, None if it may: the file is a report that nobody has edited."""
    return (
        None
        if _is_unedited_report(target, report_format)
        else make_finding("report-target-edited", Location(str(target)))
    )


def _is_unedited_report(target: Path, report_format: "ReportFormat") -> bool:
    content = read_stable_bytes(target, CONSOLIDATED_LIMITS.file_bytes)
    if isinstance(content, str):
        return False
    if report_format == "docx":
        from xlflow.report.docx_styles import is_unedited_docx

        return is_unedited_docx(content)
    from xlflow.report.edit_digest import is_unedited_html, is_unedited_pdf

    return (is_unedited_html if report_format == "html" else is_unedited_pdf)(content)


def _read_submission(path: Path) -> Submission | None:
    workbook = open_workbook(path, path.name)
    if isinstance(workbook, Finding):
        return None
    submission = read_form(workbook, make_received_file(DiscoveredFile(path.name, path, 0), workbook))
    return submission if isinstance(submission, Submission) else None
