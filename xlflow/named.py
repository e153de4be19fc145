"""Opens the workbooks that the person who runs this has named; what cannot be read of them is theirs to mend.

Unlike what came back, a plan or a consolidated workbook that cannot be opened stops the run.
"""

import os
from pathlib import Path

from xlflow.core.findings import Finding, Place, Stop, find, tell_both
from xlflow.excel import incoming

_OPEN_TO_OTHERS = ("file-not-readable", "file-still-being-saved")
"""What hinders reading a file only as long as somebody else has it."""


def open_plan(path: Path) -> incoming.Book:
    """Return the plan workbook as it was read."""
    return _open(path, "plan-unreadable", incoming.LIMITS)


def open_consolidated(path: Path) -> incoming.Book:
    """Return a consolidated workbook as it was read; it may be much larger than a form."""
    from xlflow import recall  # noqa: PLC0415 (checking forms does not wait for it)

    return _open(path, "consolidated-unreadable", recall.LIMITS)


def _open(path: Path, code: str, limits: incoming.Limits) -> incoming.Book:
    if not incoming.is_there(path):
        raise Stop(find("path-not-found", Place(str(path))))
    if os.path.isdir(path):  # noqa: PTH112 (the other way raises where one may not look)
        raise Stop(find("file-is-folder", Place(str(path))))
    book = incoming.open_book(path, path.name, limits)
    if not isinstance(book, Finding):
        return book
    passing = book.code in _OPEN_TO_OTHERS
    raise Stop(book if passing else find(code, book.place, words={"reason": tell_both(book)}))
