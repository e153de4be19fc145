"""Writes the helpers of the live formulas on the hidden sheet, each with the value that it has.

The formulas see the form as a spreadsheet does; the values come from `core.values.spellings`, which takes the same
steps. Where two rows belong together is told by `core.rollup`, and by texts only for rows of the unit's own.
"""

from collections.abc import Callable, Mapping

from xlflow.core.layout import FIRST_ROW, HIDDEN_SHEET
from xlflow.core.model import Cell, Deadline, Line
from xlflow.core.rules import CHOOSING, is_filled, number_in, table_of
from xlflow.core.template import Field
from xlflow.core.values.spellings import (
    put_year_first,
    recognise_choice,
    recognise_time,
    serial_of,
    squeeze_time,
    time_tables,
)
from xlflow.core.words import say
from xlflow.excel.outgoing import Book, Sheet
from xlflow.generate import spell
from xlflow.generate.frame import Frame
from xlflow.generate.live import (
    DAY_WIDTH,
    KIN_WIDTH,
    NOTHING,
    YES,
    Helper,
    choices_table,
    number_lines,
    number_name,
    planned_times,
    table_name,
)

OWN = 900_000
"""The kin number of a free row is its row number beyond this, or of a line that has lost its id."""

_MANY = 1_000_000


def add_helpers(book: Book, sheet: Sheet, frame: Frame, row: int, nothing: str) -> None:
    """Write tables and helpers from a row on, and name what formulas look up. `nothing` is the cell in which the
    unit says that it has nothing to report."""
    for name, text in frame.live.tables:
        sheet.write_row(row, ("words", name, text), [None] * 3)
        book.define_name(table_name(name), f"={HIDDEN_SHEET}!$C${row + 1}")
        row += 1
    sheet.write_row(row, ("words", NOTHING), [None] * 2)
    sheet.write_formula(row, 2, f"={said_yes(nothing)}", frame.nothing)
    book.define_name(table_name(NOTHING), f"={HIDDEN_SHEET}!$C${row + 1}")
    sheet.write_row(row + 1, ("words", YES, say("values.yes", frame.language)), [None] * 3)
    book.define_name(table_name(YES), f"={HIDDEN_SHEET}!$C${row + 2}")
    for helper in frame.live.helpers:
        if helper.kind == "number":
            span = frame.live.span("number", frame.last_row, helper.key)
            book.define_name(table_name(number_name(frame.template.field(helper.key))), f"={span}")
    values = _Values(frame)
    for at, line in frame.rows():
        sheet.write(frame.live.row(at), 0, "live")
        for helper in frame.live.helpers:
            formula = _write_formula(frame, helper, at)
            if formula:
                place = (frame.live.row(at), frame.live.column(helper.kind, helper.key))
                sheet.write_formula(*place, f"={formula}", values.find(helper, at, line))


def said_yes(cell: str) -> str:
    """Return a formula that says whether a cell says yes."""
    words = "".join(f":{word}|" for word in say("nothing.yes_words", "sv").split())
    return f'ISNUMBER(FIND(":"&{spell.squeeze(cell)}&"|","|{words}"))'


# Formulas -----------------------------------------------------------------------------------------------------


def _write_formula(frame: Frame, helper: Helper, row: int) -> str:
    """Return the formula of a helper for a row of the form; none where the row has no use for it."""
    if helper.kind in ("kin", "head"):
        return (_kin_of_free if row >= frame.free_row else _kin_of_line)(frame, helper, row)
    return _FORMULAS[helper.kind](frame, frame.template.field(helper.key), row)


def _number(frame: Frame, field: Field, row: int) -> str:
    number = spell.recognise_choice(_form_cell(frame, field.key, row), table_name(choices_table(field)))
    planned = _form_cell(frame, "id", row)
    return number if field.filled_by == "unit" else f'IF({planned}="",0,{number})'


def _said(frame: Frame, field: Field, row: int) -> str:
    return spell.squeeze_time(_form_cell(frame, field.key, row))


def _dated(frame: Frame, field: Field, row: int) -> str:
    said = frame.live.here("said", row, field.key)
    return spell.put_year_first(said, table_name("years"), frame.round.plan.year)


def _last(frame: Frame, field: Field, row: int) -> str:
    said, dated = (frame.live.here(kind, row, field.key) for kind in ("said", "dated"))
    return spell.last_day(said, dated, [table_name(name) for name in ("periods", "months", "years")])


def _planned(frame: Frame, field: Field, row: int) -> str:
    place = KIN_WIDTH + DAY_WIDTH * planned_times(frame.template).index(field)
    return f'IFERROR({_of_line(frame, row, place, DAY_WIDTH)},"")'


def _filled(frame: Frame, field: Field, row: int) -> str:
    return f'IF({spell.squeeze(_form_cell(frame, field.key, row))}="",0,1)'


_FORMULAS: Mapping[str, Callable[[Frame, Field, int], str]] = {
    "number": _number,
    "said": _said,
    "dated": _dated,
    "last": _last,
    "planned": _planned,
    "filled": _filled,
}


def _kin_of_line(frame: Frame, helper: Helper, row: int) -> str:
    if helper.kind == "head":
        return ""
    return f"IFERROR({_of_line(frame, row, 0, KIN_WIDTH)},{OWN}+ROW({_form_cell(frame, 'id', row)}))"


def _kin_of_free(frame: Frame, helper: Helper, row: int) -> str:
    """A part in a free row belongs to the first activity that has the same texts, in the plan or in a free row."""
    template = frame.template
    item, part = (_form_cell(frame, template.levels[at].key, row) for at in (template.item, template.part or 0))
    if helper.kind == "head":
        return f"IF(OR({spell.is_blank(item)},{spell.is_blank(part)}),0,{_find_head(frame, row)})"
    own = f"{OWN}+ROW({_form_cell(frame, 'id', row)})"
    head = frame.live.here("head", row)
    ids = f"'{frame.sheet}'!{frame.span('id')}"
    above = f"INDEX({ids},{head}-{FIRST_ROW})"
    pieces = [table_name(name) for name in frame.live.pieces("lines")]
    found = f"-({OWN}+{head})"
    if pieces:
        planned = spell.look_up_line(above, pieces, 0, KIN_WIDTH)
        found = f"IF({head}>{frame.free_heading_row},{found},-{planned})"
    return f"IF({spell.is_blank(item)},0,IF({head}=0,{own},{found}))"


def _find_head(frame: Frame, row: int) -> str:
    """Return a formula for the row (as people count) of the first activity with the texts of a row; 0 if none."""
    template = frame.template
    keys = [level.key for level in template.levels if level.kind != "part"][::-1]
    alike = "*".join(f"({_tidy(_form_span(frame, key))}={_tidy(_form_cell(frame, key, row))})" for key in keys)
    part = _form_span(frame, template.levels[template.part or 0].key)
    rows = f"{_MANY}-ROW({part})"
    return f'MOD({_MANY}-SUMPRODUCT(MAX({alike}*(TRIM({part})="")*({rows}))),{_MANY})'


def _of_line(frame: Frame, row: int, start: int, width: int) -> str:
    pieces = [table_name(name) for name in frame.live.pieces("lines")]
    return spell.look_up_line(_form_cell(frame, "id", row), pieces, start, width) if pieces else "1/0"


def _form_cell(frame: Frame, key: str, row: int) -> str:
    return f"'{frame.sheet}'!{frame.cell(key, row)}"


def _form_span(frame: Frame, key: str) -> str:
    return f"'{frame.sheet}'!{frame.span(key)}"


def _tidy(cells: str) -> str:
    return f'TRIM(SUBSTITUTE({cells},"\u00a0"," "))'


# The same, worked out here ------------------------------------------------------------------------------------


class _Values:
    """What the helpers come to with the answers that stand in a form when it is written."""

    def __init__(self, frame: Frame):
        self.frame = frame
        self.planned = number_lines(frame.lines, frame.kin)
        self.rows = {line.id: row + 1 for row, line in frame.rows() if line}

    def find(self, helper: Helper, row: int, line: Line | None) -> Cell:
        """Return the value of a helper."""
        if helper.kind == "head":
            return self._head(line)
        if helper.kind == "kin":
            return self._kin(row, line)
        field = self.frame.template.field(helper.key)
        written = self.frame.answer(line, field.key) if line else ""
        if helper.kind == "number":
            return self._number(field, line, written)
        if helper.kind == "filled":
            return int(is_filled(field, written))
        return self._time(helper, field, line, written)

    def _number(self, field: Field, line: Line | None, written: str) -> int:
        template = self.frame.template
        if field.filled_by == "unit":
            return recognise_choice(written, table_of(template, field)) if field.type in CHOOSING else 0
        value = line.value(field.key) if line and not line.own else None
        return number_in(template, field, value) if isinstance(value, str) else 0

    def _time(self, helper: Helper, field: Field, line: Line | None, written: str) -> Cell:
        if helper.kind == "planned":
            value = line.value(field.key) if line and not line.own else None
            return serial_of(value.last) if isinstance(value, Deadline) and value.last else ""
        said, tables = squeeze_time(written), time_tables(self.frame.round.plan.year)
        if helper.kind == "said":
            return said
        if helper.kind == "dated":
            return put_year_first(said, tables) if said else ""
        last = recognise_time(written, tables.year)
        return serial_of(last) if last else ""

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
