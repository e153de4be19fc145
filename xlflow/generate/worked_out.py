"""What the helpers of the live formulas come to with the answers that stand in a form when it is written.

So that a form is right also where a program opens it without working out anything.
"""

from datetime import date

from xlflow.core.model import Cell, Line
from xlflow.core.rules import NUMBERS, number_in, table_of
from xlflow.core.template import Field
from xlflow.core.values.spellings import (
    LONGEST,
    flatten_number,
    recognise_choice,
    recognise_time,
    serial_of,
    squeeze_time,
)
from xlflow.generate.answers import answer_cell
from xlflow.generate.frame import Frame
from xlflow.generate.live import ID, OWN, Helper, number_lines
from xlflow.generate.remaining import say_remaining


class Values:
    """What the helpers come to with the answers that stand in a form when it is written."""

    def __init__(self, frame: Frame):
        self.frame = frame
        self.planned = number_lines(frame.lines, frame.kin)
        self.rows = {line.id: row + 1 for row, line in frame.rows() if line}

    def find(self, helper: Helper, row: int, line: Line | None) -> Cell:
        """Return the value of a helper."""
        if helper.kind in ("kin", "head"):
            return self._kin(row, line) if helper.kind == "kin" else self._head(line)
        if helper.kind == "number":
            return self._number(self.frame.template.field(helper.key), line)
        return self._text(helper, line) if line else ""

    def _text(self, helper: Helper, line: Line) -> Cell:
        if helper.kind == "left":
            return say_remaining(self.frame, line)
        copy = self._copy(helper.key, line)
        if helper.kind == "copy":
            return copy
        if self.frame.template.field(helper.key).type in NUMBERS:
            return self._amount(helper, line, copy)
        if helper.kind == "said":
            return squeeze_time(str(copy))
        last = recognise_time(str(copy), self.frame.round.plan.year)
        return serial_of(last) if last else ""

    def _amount(self, helper: Helper, line: Line, copy: Cell) -> Cell:
        if helper.kind == "said":
            return flatten_number(copy) if isinstance(copy, str) else ""
        number = self.frame.number(line, helper.key)
        return "" if number is None else number

    def _copy(self, key: str, line: Line) -> Cell:
        frame, levels = self.frame, _places_of_levels(self.frame)
        if key == ID:
            return "" if line.own else line.id
        if key in levels:
            return line.levels[levels[key]][:LONGEST]
        field = frame.template.field(key)
        if field.type in NUMBERS:
            number = frame.number(line, key)
            return frame.answer(line, key) if number is None and field.filled_by == "unit" else number
        value = answer_cell(frame, field, frame.answer(line, key)) if field.filled_by == "unit" else ""
        return str(serial_of(value)) if isinstance(value, date) else str(value)[:LONGEST]

    def _number(self, field: Field, line: Line | None) -> int:
        template = self.frame.template
        if field.filled_by == "unit":
            written = self.frame.answer(line, field.key) if line else ""
            return recognise_choice(written, table_of(template, field))
        value = line.value(field.key) if line and not line.own else None
        return number_in(template, field, value) if isinstance(value, str) else 0

    def _head(self, line: Line | None) -> int:
        above = self.frame.kin[line.id].above if line and self._is_named(line) else None
        return self.rows[above] if above else 0

    def _kin(self, row: int, line: Line | None) -> int:
        if line is None or not self._is_named(line):
            return 0
        above = self.frame.kin[line.id].above
        if line.id in self.planned:
            return self.planned[line.id]
        return -self.planned.get(above, OWN + self.rows[above]) if above else OWN + row + 1

    def _is_named(self, line: Line) -> bool:
        return bool(line.levels[self.frame.template.item].strip())


def _places_of_levels(frame: Frame) -> dict[str, int]:
    return {level.key: place for place, level in enumerate(frame.template.levels)}
