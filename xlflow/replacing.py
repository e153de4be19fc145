"""What may be replaced: a file of our own that holds nothing of anybody else's, and no other.

Looks into the file that already stands where something is to be written; writes nothing itself.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from xlflow import collect, read, recall, write
from xlflow.core.findings import Finding, Place, Stop, find
from xlflow.core.layout import ROUND_SHEET
from xlflow.core.model import Filled
from xlflow.excel import incoming


def refuse_to_destroy(targets: Sequence[Path], find_worth: Callable[[Path], Finding | None]) -> None:
    """`Stop` if a target is a file that must not be lost."""
    findings = [finding for target in targets if _is_file(target) and (finding := find_worth(target))]
    if findings:
        raise Stop(*findings)


def _is_file(target: Path) -> bool:
    """Return whether something stands there, but for a folder: whoever claims the target tells of that."""
    return target.exists() and not target.is_dir()


def find_worth_of_form(target: Path) -> Finding | None:
    """Say why a form may not take the place of a file: only a form goes that nobody has filled in since."""
    form, place = _open_form(target), Place(str(target))
    if form is None:
        return find("target-not-ours", place)
    blank = not (form.set_aside or form.nothing) and all(row.is_blank for row in form.rows)
    as_issued = form.answers_digest in form.identity.replaces
    return None if blank or as_issued else find("target-has-answers", place, unit=form.unit)


def find_worth_of_result(target: Path) -> Finding | None:
    """Say why the consolidated workbook may not take the place of a file: only an earlier one of it goes."""
    book, place = incoming.open_book(target, target.name, recall.LIMITS), Place(str(target))
    if not isinstance(book, Finding) and any(sheet.name == ROUND_SHEET for sheet in book.sheets):
        return None
    form = _open_form(target)
    return find("target-is-form", place, unit=form.unit) if form else find("target-not-ours", place)


def find_worth_of_history(target: Path) -> Finding | None:
    """Say why a history may not take the place of a file: only an earlier history goes."""
    book = incoming.open_book(target, target.name, recall.LIMITS)
    ours = not isinstance(book, Finding) and book.properties.get(write.MADE_BY) == "history"
    return None if ours else find("target-not-ours", Place(str(target)))


def _open_form(path: Path) -> Filled | None:
    book = incoming.open_book(path, path.name)
    if isinstance(book, Finding):
        return None
    form = read.read_form(book, collect.receive_file(collect.Found(path.name, path, 0), book))
    return form if isinstance(form, Filled) else None
