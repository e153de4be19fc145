"""Doubts answers that count up from row to row, as when the corner of a cell is dragged down: Excel makes a series
of one value. "Kvartal 4 2021" becomes Kvartal 4 2022, 2023, 2024; a date becomes the days after it.

Only doubts: the answers count as they are.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from xlflow.excel.cell_address import split_cell_address
from xlflow.model.findings import Finding, make_finding
from xlflow.model.plan import Deadline
from xlflow.model.submission import Answer, AnswerRow
from xlflow.model.template_elements import DEADLINE_TYPES, Field
from xlflow.read.form_schema import FieldColumn

_LAST_NUMBER = re.compile(r"(|.{0,200}[^0-9])([0-9]{1,9})([^0-9]*)", re.DOTALL)
_MIN_LENGTH, _MIN_NUMBERS = 3, 4
"""Rows from which on times, or amounts, that count up are doubted."""

_SHOWN_VALUES = 3


_AnsweredRow = tuple[AnswerRow, Answer]


def check_dragged_series(columns: Sequence[FieldColumn], rows: Sequence[AnswerRow]) -> Iterator[Finding]:
    """Yield a warning for every series in an answer column; `rows` are those of one sheet, from the top."""
    for field_column in columns:
        answered = [(row, answer) for row in rows if (answer := row.answer(field_column.key)) and answer.raw_text]
        for series in _find_series(answered, field_column.field):
            first, last = (_sheet_row(row) for row, _ in (series[0], series[-1]))
            values = ", ".join(answer.raw_text for _, answer in series[:_SHOWN_VALUES])
            yield make_finding(
                "answers-in-series",
                series[0][0].location_of(series[0][1]),
                unit=series[0][0].unit,
                row_id=series[0][0].item.id,
                field=field_column.key,
                value=f"{values} …",
                params={"field": field_column.field.label, "rows": f"{first}–{last}"},
            )


def _find_series(answered: Sequence[_AnsweredRow], field: Field) -> Iterator[Sequence[_AnsweredRow]]:
    """Yield the longest stretches of rows, one right below the other, in which the answer goes up by one step."""
    least, start = _MIN_LENGTH if field.type in DEADLINE_TYPES else _MIN_NUMBERS, 0
    while start < len(answered) - 1:
        end, steps = start, _ALL_STEPS
        while end + 1 < len(answered):
            common = steps & frozenset(_list_steps(answered[end], answered[end + 1]))
            if not common:
                break
            end, steps = end + 1, common
        if end - start + 1 >= least:
            yield answered[start : end + 1]
        start = max(end, start + 1)


_ALL_STEPS = frozenset(("day", "month", "quarter", "year", "number", "text"))


def _list_steps(above: _AnsweredRow, below: _AnsweredRow) -> Iterator[str]:
    """Yield by what the answer of a row is one more than that of the row right above; nothing if by nothing."""
    (upper_row, upper), (lower_row, lower) = above, below
    if _sheet_row(lower_row) != _sheet_row(upper_row) + 1:
        return
    if isinstance(upper.value, Deadline) and isinstance(lower.value, Deadline):
        yield from _list_time_steps(upper.value, lower.value)
    if isinstance(upper.value, Decimal) and isinstance(lower.value, Decimal):
        if lower.value - upper.value == 1:
            yield "number"
    elif _counts_up(upper.raw_text, lower.raw_text):
        yield "text"


def _list_time_steps(upper: Deadline, lower: Deadline) -> Iterator[str]:
    if upper.kind != lower.kind or upper.first is None or lower.first is None:
        return
    months = (lower.first.year - upper.first.year) * 12 + lower.first.month - upper.first.month
    is_same_day = lower.first.day == upper.first.day
    if upper.kind == "day" and lower.first - upper.first == timedelta(days=1):
        yield "day"
    for step, count in (("month", 1), ("quarter", 3), ("year", 12)):
        if is_same_day and months == count:
            yield step


def _counts_up(upper: str, lower: str) -> bool:
    """Return whether two texts are alike but for a last number that is one more in the lower one."""
    matches = _LAST_NUMBER.fullmatch(upper), _LAST_NUMBER.fullmatch(lower)
    if not (matches[0] and matches[1]) or matches[0][1] != matches[1][1] or matches[0][3] != matches[1][3]:
        return False
    return int(matches[1][2]) == int(matches[0][2]) + 1


def _sheet_row(row: AnswerRow) -> int:
    """Return the row of the sheet, counted from 1."""
    return int(split_cell_address(row.location.cell or "A0")[1])
