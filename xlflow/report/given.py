"""Files that a report is given besides the workbook: an introduction, a Word document to look like; its target.

Reads them and says in plain words when they cannot be used; `Stop` before anything is made.
"""

from pathlib import Path

from xlflow.core.findings import Place, Stop, find
from xlflow.report.document import Block
from xlflow.report.introduction import read_introduction
from xlflow.report.publish import Kind


def take_introduction(path: Path | None) -> tuple[Block, ...]:
    """Return the introduction that somebody wrote; nothing if there is none."""
    if path is None:
        return ()
    try:
        return read_introduction(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as fault:
        raise Stop(find("report-introduction-unreadable", Place(str(path)))) from fault


def take_reference(path: Path | None, kind: Kind) -> bytes | None:
    """Return the Word document whose look the report takes; None if there is none, or the report is not Word."""
    if path is None or kind != "docx":
        return None
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise Stop(find("report-reference-unreadable", Place(str(path)))) from fault
    from xlflow.report.word_styles import can_open

    if not can_open(content):
        raise Stop(find("report-reference-unreadable", Place(str(path))))
    return content


def refuse_edited(target: Path, kind: Kind) -> None:
    """`Stop` if the target is a file that is not a report of ours, or one that somebody has worked on since."""
    if target.exists() and not _is_untouched(target, kind):
        raise Stop(find("report-target-edited", Place(str(target))))


def _is_untouched(target: Path, kind: Kind) -> bool:
    try:
        content = target.read_bytes()
    except OSError:
        return False
    if kind == "docx":
        from xlflow.report.word_styles import is_ours

        return is_ours(content)
    mark = b'<meta name="generator" content="xlflow">' if kind == "html" else b"/Author(xlflow)"
    return mark in content
