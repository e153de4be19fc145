"""Opens the workbooks that the caller has named: plan and consolidated workbook.

Unlike a returned form, one of these that cannot be opened stops the run, since only the caller can repair it.
"""

import os
from collections.abc import Callable
from pathlib import Path

from xlflow.excel.reader import (
    DEFAULT_LIMITS,
    Limits,
    WorkbookData,
    open_plan_workbook,
    open_workbook,
    path_exists,
)
from xlflow.form.format_1 import ROUND_SHEET_NAME
from xlflow.form.layout import METADATA_SHEET, ROUND_SHEET
from xlflow.model.findings import FatalError, Finding, Location, make_finding, message_in_all_languages

_TEMPORARY_CODES = ("file-not-readable", "file-still-being-saved")
"""Codes of refusals that last only as long as another program has the file open."""

_CODES_OF_OTHER_WORKBOOKS = (
    ("plan-is-consolidated", (ROUND_SHEET, ROUND_SHEET_NAME)),
    ("plan-is-form", (METADATA_SHEET,)),
)
"""What is said of a workbook of our own that is given as the plan, with the hidden sheets by which it is known."""


def open_plan(path: Path) -> WorkbookData:
    """Return the plan workbook as it was read. A form or a consolidated workbook in its place stops the run."""
    workbook = _open_or_stop(path, "plan-unreadable", DEFAULT_LIMITS, open_plan_workbook)
    for code, sheet_names in _CODES_OF_OTHER_WORKBOOKS:
        if any(workbook.find_sheet(name) for name in sheet_names):
            raise FatalError(make_finding(code, Location(str(path))))
    return workbook


def open_consolidated(path: Path) -> WorkbookData:
    """Return a consolidated workbook as it was read; it may be much larger than a form."""
    from xlflow.consolidated.reader import CONSOLIDATED_LIMITS  # checking forms does not wait for it

    return _open_or_stop(path, "consolidated-unreadable", CONSOLIDATED_LIMITS, open_workbook)


def _open_or_stop(
    path: Path, code: str, limits: Limits, read_file: Callable[[Path, str, Limits], WorkbookData | Finding]
) -> WorkbookData:
    if not path_exists(path):
        raise FatalError(make_finding("path-not-found", Location(str(path))))
    if os.path.isdir(path):  # noqa: PTH112 (the other way raises where one may not look)
        raise FatalError(make_finding("file-is-folder", Location(str(path))))
    workbook = read_file(path, path.name, limits)
    if not isinstance(workbook, Finding):
        return workbook
    is_temporary = workbook.code in _TEMPORARY_CODES
    raise FatalError(
        workbook
        if is_temporary
        else make_finding(code, workbook.location, params={"reason": message_in_all_languages(workbook)})
    )
