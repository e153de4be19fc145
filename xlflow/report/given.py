"""Files that a report is given besides the workbook: an introduction, a Word document to look like; its target.

Reads them and says in plain words when they cannot be used; `Stop` before anything is made.
"""

from pathlib import Path

from xlflow.core.findings import FatalError, Location, make_finding
from xlflow.report.document import Block
from xlflow.report.introduction import parse_introduction
from xlflow.report.publish import ReportFormat


def read_introduction_file(path: Path | None) -> tuple[Block, ...]:
    """Return the introduction that somebody wrote; nothing if there is none."""
    if path is None:
        return ()
    try:
        return parse_introduction(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise FatalError(make_finding("report-introduction-unreadable", Location(str(path)))) from fault


def read_reference_document(path: Path | None, report_format: ReportFormat) -> bytes | None:
    """Return the Word document whose look the report takes; None if there is none, or the report is not Word."""
    if path is None or report_format != "docx":
        return None
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise FatalError(make_finding("report-reference-unreadable", Location(str(path)))) from fault
    from xlflow.report.word_styles import is_word_document

    if not is_word_document(content):
        raise FatalError(make_finding("report-reference-unreadable", Location(str(path))))
    return content


def refuse_edited_report(target: Path, report_format: ReportFormat) -> None:
    """`Stop` if the target is a file that is not a report of ours, or one that somebody has worked on since."""
    if target.exists() and not _is_unedited_report(target, report_format):
        raise FatalError(make_finding("report-target-edited", Location(str(target))))


def _is_unedited_report(target: Path, report_format: ReportFormat) -> bool:
    try:
        content = target.read_bytes()
    except OSError:
        return False
    if report_format == "docx":
        from xlflow.report.word_styles import is_unedited_docx

        return is_unedited_docx(content)
    generator_mark = b'<meta name="generator" content="xlflow">' if report_format == "html" else b"/Author(xlflow)"
    return generator_mark in content
