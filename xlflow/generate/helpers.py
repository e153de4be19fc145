"""Writes the helpers of the live formulas on a hidden sheet of their own, each with the value that it has.

The formulas see the form as a spreadsheet does; the values come from `worked_out.py`. Which rows belong together
is told by `core.rollup`, and by texts only for rows of the unit's own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from xlflow.core.layout import FIRST_ROW, LIVE_SHEET, column_letters
from xlflow.core.model import Line
from xlflow.core.rules import NUMBERS, TIMES
from xlflow.core.values.spellings import LONGEST
from xlflow.core.words import say
from xlflow.excel.outgoing import Book, Formula, Sheet
from xlflow.generate import spell
from xlflow.generate.alike import once_alike
from xlflow.generate.frame import Frame
from xlflow.generate.live import (
    ID,
    KIN_WIDTH,
    NOTHING,
    OWN,
    YES,
    Helper,
    Kind,
    choices_table,
    number_name,
    own_levels,
    table_name,
)
from xlflow.generate.remaining import left_formula
from xlflow.generate.worked_out import Values

_MANY = 1_000_000

COPY_AND_SAID: tuple[Kind, Kind] = ("copy", "said")

Rows = Sequence[tuple[int, Line | None]]


def add_helpers(book: Book, frame: Frame, nothing: str) -> None:
    """Add the sheet with tables and helpers, and name what formulas look up. `nothing` is the cell in which the
    unit says that it has nothing to report."""
    sheet, row = book.add_sheet(LIVE_SHEET), len(frame.live.tables)
    for number, (name, text) in enumerate(frame.live.tables):
        _write_word(book, sheet, number, name, text)
    _write_word(book, sheet, row, NOTHING, "")
    sheet.write_formula(row, 2, f"={said_yes(nothing)}", frame.nothing)
    _write_word(book, sheet, row + 1, YES, say("values.yes", frame.language))
    last = frame.last_row
    for field in (frame.template.field(helper.key) for helper in frame.live.helpers if helper.kind == "number"):
        span = frame.live.span("number", last, field.key)
        book.define_name(table_name(number_name(field)), f"={LIVE_SHEET}!{span}")
    rows = frame.rows()
    for part in (rows[: len(frame.lines)], rows[len(frame.lines) :]):
        _write_rows(sheet, frame, part)
    sheet.protect(filtering=False)
    sheet.hide_deeply()


def said_yes(cell: str) -> str:
    """Return a formula that says whether a cell says yes."""
    words = "".join(f":{word}|" for word in say("nothing.yes_words", "sv").split())
    return f'ISNUMBER(FIND(":"&{spell.squeeze(cell)}&"|","|{words}"))'


def _write_word(book: Book, sheet: Sheet, row: int, name: str, text: str) -> None:
    sheet.write_row(row, ("words", name, text), [None] * 3)
    book.define_name(table_name(name), f"={LIVE_SHEET}!$C${row + 1}")


def without_style(kinds: tuple[type, ...], _: None) -> Sequence[None]:
    """Tell that the cells of a row have no styles."""
    return (None,) * len(kinds)


def _write_rows(sheet: Sheet, frame: Frame, rows: Rows) -> None:
    """Write the helpers of rows that stand below each other, all of them in the plan or all of them free."""
    if not rows:
        return
    values, first = Values(frame), frame.live.row(rows[0][0])
    columns = [_make_column(sheet, frame, helper, rows, values) for helper in frame.live.helpers]
    cells = zip(*columns, strict=True)
    sheet.lay_rows(first, ((("live", *row), None, None) for row in cells), without_style)


def _make_column(
    sheet: Sheet, frame: Frame, helper: Helper, rows: Rows, values: Values
) -> Sequence[Formula | None]:
    """Return the cells of one helper, one per row."""
    numbers = tuple(row for row, _ in rows)
    formulas, shared = _make_formulas(frame, helper, numbers)
    if not formulas:
        return [None] * len(rows)
    found = [values.find(helper, row, line) for row, line in rows]
    if not shared:
        return list(map(Formula, formulas, found))
    first, column = frame.live.row(numbers[0]), frame.live.column(helper.kind, helper.key)
    return list(sheet.share_formula(first, column, formulas[0], found))


@once_alike
def _make_formulas(frame: Frame, helper: Helper, rows: tuple[int, ...]) -> tuple[tuple[str, ...], bool]:
    """Return the formulas of one helper, if it has any there, and whether the first serves all the others."""
    free = rows[0] >= frame.free_row
    if helper.kind == "copy":
        return tuple(_copies(frame, helper.key, rows)), False
    make = _MAKERS.get((helper.kind, free)) or _MAKERS.get((helper.kind, None))
    if make is None:
        return (), False
    if free and helper.kind in ("kin", "head"):
        return tuple(f"={make(frame, helper, row)}" for row in rows), False
    return (f"={make(frame, helper, rows[0])}",), True


# Formulas -----------------------------------------------------------------------------------------------------


def _copies(frame: Frame, key: str, rows: Sequence[int]) -> Iterator[str]:
    """Yield the formulas of the copies of one column; of a level only in the free rows, where the unit writes."""
    if key in own_levels(frame.template) and rows[0] < frame.free_row:
        return
    column = f"'{frame.sheet}'!${column_letters(frame.index(key))}"
    form = _form_of_copy(frame, key)
    for row in rows:
        yield form.replace("@", f"{column}{row + 1}")


def _form_of_copy(frame: Frame, key: str) -> str:
    """Return the formula of a copy, with @ where the cell's address is to stand."""
    if key == ID:
        return '=@&""'
    if key in own_levels(frame.template):
        return f"=LEFT(@,{LONGEST})"
    kind = frame.template.field(key).type
    if kind in NUMBERS:
        return '=IF(ISLOGICAL(@),@&"",IF(@="","",@))'
    return f'=LEFT(IF(ISNUMBER(@),INT(@),@&""),{LONGEST})' if kind in TIMES else f"=LEFT(@,{LONGEST})"


def _number(frame: Frame, helper: Helper, row: int) -> str:
    field = frame.template.field(helper.key)
    copy, planned = (frame.live.cell("copy", row, key) for key in (helper.key, ID))
    number = spell.recognise_choice(copy, table_name(choices_table(field)))
    return number if field.filled_by == "unit" else f'IF({planned}="",0,{number})'


def _said(frame: Frame, helper: Helper, row: int) -> str:
    copy = frame.live.cell("copy", row, helper.key)
    if frame.template.field(helper.key).type in NUMBERS:
        return f'IF(ISNUMBER({copy}),"",{spell.flatten_number(copy)})'
    return spell.squeeze_time(copy)


def _amount(frame: Frame, helper: Helper, row: int) -> str:
    copy, said = (frame.live.cell(kind, row, helper.key) for kind in COPY_AND_SAID)
    if frame.template.field(helper.key).percent:
        return f'IF(ISNUMBER({copy}),{copy},"")'
    return spell.read_number(copy, said)


def _last(frame: Frame, helper: Helper, row: int) -> str:
    tables = [table_name(name) for name in ("periods", "months", "years")]
    return spell.recognise_time(frame.live.cell("said", row, helper.key), tables, frame.round.plan.year)


def _kin_of_line(frame: Frame, _: Helper, row: int) -> str:
    planned = spell.look_up_line(frame.live.cell("copy", row, ID), _pieces(frame), 0, KIN_WIDTH)
    return f"IFERROR({planned},{OWN}+{_form_row(frame, row)})"


def _kin_of_free(frame: Frame, _: Helper, row: int) -> str:
    """A part in a free row belongs to the first activity that has the same texts, in the plan or in a free row."""
    head, item = frame.live.cell("head", row), frame.live.cell("copy", row, own_levels(frame.template)[0])
    found = f"-({OWN}+{head})"
    if _pieces(frame):
        above = f"INDEX({_form_span(frame, ID)},{head}-{FIRST_ROW})"
        planned = spell.look_up_line(above, _pieces(frame), 0, KIN_WIDTH)
        found = f"IF({head}>{frame.free_heading_row},{found},-{planned})"
    return f"IF({spell.is_blank(item)},0,IF({head}=0,{OWN}+{_form_row(frame, row)},{found}))"


def _head(frame: Frame, _: Helper, row: int) -> str:
    """Return a formula for the row (as people count) of the first activity with the texts of a row; 0 if none."""
    keys = [level.key for level in frame.template.levels if level.kind != "part"][::-1]
    alike = "*".join(f"({_tidy(_form_span(frame, key))}={_tidy(_form_cell(frame, key, row))})" for key in keys)
    item, part = (frame.live.cell("copy", row, key) for key in own_levels(frame.template))
    parts = _form_span(frame, own_levels(frame.template)[1])
    first = f'SUMPRODUCT(MAX({alike}*(TRIM({parts})="")*({_MANY}-ROW({parts}))))'
    return f"IF(OR({spell.is_blank(item)},{spell.is_blank(part)}),0,MOD({_MANY}-{first},{_MANY}))"


def _left(frame: Frame, _: Helper, row: int) -> str:
    return left_formula(frame, row, free=row >= frame.free_row)


_MAKERS: Mapping[tuple[str, bool | None], Callable[[Frame, Helper, int], str]] = {
    ("number", None): _number,
    ("said", None): _said,
    ("last", None): _last,
    ("amount", None): _amount,
    ("kin", False): _kin_of_line,
    ("kin", True): _kin_of_free,
    ("head", True): _head,
    ("left", None): _left,
}
"""The formula of each kind of helper, in free rows and in others; None where it is the same."""


def _pieces(frame: Frame) -> list[str]:
    return [table_name(name) for name in frame.live.pieces("lines")]


def _form_row(frame: Frame, row: int) -> str:
    """Return a formula for the row of the form, as people count; a helper knows it by its own."""
    return f"ROW()-{frame.live.row(row) - row}"


def _form_cell(frame: Frame, key: str, row: int) -> str:
    return f"'{frame.sheet}'!{frame.cell(key, row)}"


def _form_span(frame: Frame, key: str) -> str:
    return f"'{frame.sheet}'!{frame.span(key)}"


def _tidy(cells: str) -> str:
    return f'TRIM(SUBSTITUTE({cells},"\u00a0"," "))'
