"""Joins texts that were too long for one cell when xlflow wrote the workbook (see `WorkbookWriter`).

Such a text ends in its cell with a marker that names a number; the rest is on a sheet of its own, under that
number (`conventions` has the name of the sheet and the marker). Rests that no cell refers to any more stay on that
sheet, to be reported like everything else that a workbook holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xlflow.excel.conventions import RawCell, long_text_marker, long_text_sheet_name
from xlflow.excel.reader.limits import MAX_JOINED_CHARACTERS
from xlflow.excel.reader.workbook_data import SheetData, WorkbookData
from xlflow.i18n.catalogue import LANGUAGES

_LONG_TEXT_SHEET_NAMES = frozenset(long_text_sheet_name().in_language(language) for language in LANGUAGES)
_MARKER_PATTERNS = (
    re.escape(long_text_marker(0, language).strip()).replace("0", "([0-9]{1,6})") for language in LANGUAGES
)
_MARKER = re.compile(" ?(?:" + "|".join(_MARKER_PATTERNS) + ")")


def join_long_texts(workbook: WorkbookData) -> WorkbookData:
    """Return the workbook with every continued text whole in its cell, and without the sheet of the rests unless
    some of them are used by no cell."""
    long_text_sheet = next((sheet for sheet in workbook.sheets if sheet.name in _LONG_TEXT_SHEET_NAMES), None)
    continuations = _read_continuations(long_text_sheet) if long_text_sheet else {}
    if not long_text_sheet or not continuations:
        return workbook
    joiner = _LongTextJoiner(continuations)
    sheets = tuple(joiner.join_sheet(sheet) for sheet in workbook.sheets if sheet is not long_text_sheet)
    leftover_sheets = (
        (_blank_used_rows(long_text_sheet, joiner.used_numbers),)
        if joiner.used_numbers < continuations.keys()
        else ()
    )
    return replace(workbook, sheets=(*sheets, *leftover_sheets))


@dataclass(slots=True)
class _LongTextJoiner:
    """Puts rests into cells until `MAX_JOINED_CHARACTERS` are used up; a marker beyond that stays as it is.
    `continuations` is number -> rest; `used_numbers` are those that some cell referred to."""

    continuations: Mapping[int, str]
    used_numbers: set[int] = field(default_factory=set)
    remaining_length: int = MAX_JOINED_CHARACTERS

    def join_sheet(self, sheet: SheetData) -> SheetData:
        rows = tuple(
            tuple([self.join_text(cell) if type(cell) is str and "]" in cell else cell for cell in row])
            for row in sheet.rows
        )
        return replace(sheet, rows=rows)

    def join_text(self, text: str) -> str:
        return _MARKER.sub(self._replace_marker, text)

    def _replace_marker(self, match: re.Match[str]) -> str:
        number = int(next(filter(None, match.groups())))
        continuation = self.continuations.get(number)
        if continuation is None or len(continuation) > self.remaining_length:
            return match[0]
        self.used_numbers.add(number)
        self.remaining_length -= len(continuation)
        return continuation


def _read_continuations(sheet: SheetData) -> Mapping[int, str]:
    """Return number -> rest of the text, given the sheet of the rests (number in column A, text in column D)."""
    chunks_by_number: dict[int, list[str]] = {}
    for row in sheet.rows[1:]:
        number, text = _continuation_number(row), row[3] if len(row) > 3 else None
        if number and isinstance(text, str):
            chunks_by_number.setdefault(number, []).append(text)
    return {number: "".join(texts) for number, texts in chunks_by_number.items()}


def _continuation_number(row: tuple[RawCell, ...]) -> int:
    """Return the number in column A; 0 if there is none."""
    return int(row[0]) if isinstance(row[0], float) and 0 < row[0] < 1_000_000 else 0


def _blank_used_rows(sheet: SheetData, used_numbers: set[int]) -> SheetData:
    """Return the sheet with the heading row and the joined rows blanked, so that all others keep their
    addresses."""
    blank = (None,) * len(sheet.rows[0])
    rows = (
        row if row_index and _continuation_number(row) not in used_numbers else blank
        for row_index, row in enumerate(sheet.rows)
    )
    return replace(sheet, rows=tuple(rows))
