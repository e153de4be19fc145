"""Puts texts together again that were too long for one cell when xlflow wrote the workbook.

Such a text ends in its cell with a number, under which it goes on on a sheet of its own. What no cell refers to
any more stays on that sheet, to be looked at like everything else that stands in a workbook.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from xlflow.excel.conventions import RawCell, long_text_marker, long_text_sheet_name
from xlflow.excel.reader.workbook_data import SheetData, WorkbookData
from xlflow.i18n.catalogue import LANGUAGES

_LONG_TEXT_SHEET_NAMES = frozenset(long_text_sheet_name().in_language(language) for language in LANGUAGES)
_MARKER_PATTERNS = (
    re.escape(long_text_marker(0, language).strip()).replace("0", "([0-9]{1,6})") for language in LANGUAGES
)
_MARKER = re.compile(" ?(?:" + "|".join(_MARKER_PATTERNS) + ")")
_MAX_ADDED_LENGTH = 20_000_000
"""Letters that a workbook may be the longer for it; a number that stands in many cells could be meant as harm."""


def join_long_texts(workbook: WorkbookData) -> WorkbookData:
    """Return the workbook with every continued text whole and in its cell."""
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
    """Puts rests into cells, as long as there is room, and remembers which."""

    continuations: Mapping[int, str]
    used_numbers: set[int] = field(default_factory=set)
    remaining_length: int = _MAX_ADDED_LENGTH

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
    """Return how each text goes on, by its number."""
    chunks_by_number: dict[int, list[str]] = {}
    for row in sheet.rows[1:]:
        number, text = _continuation_number(row), row[3] if len(row) > 3 else None
        if number and isinstance(text, str):
            chunks_by_number.setdefault(number, []).append(text)
    return {number: "".join(texts) for number, texts in chunks_by_number.items()}


def _continuation_number(row: tuple[RawCell, ...]) -> int:
    return int(row[0]) if isinstance(row[0], float) and 0 < row[0] < 1_000_000 else 0


def _blank_used_rows(sheet: SheetData, used_numbers: set[int]) -> SheetData:
    """Return the sheet without its heading and the rows that were joined, all others where they stood."""
    blank = (None,) * len(sheet.rows[0])
    rows = (
        row if row_index and _continuation_number(row) not in used_numbers else blank
        for row_index, row in enumerate(sheet.rows)
    )
    return replace(sheet, rows=tuple(rows))
