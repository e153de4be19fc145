"""The form of one unit before it is written: its rows and columns, and what stands in them.

Everything that the sheet, its formulas and the instruction have to agree on is worked out here, once.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from xlflow.core.asking import say_asks
from xlflow.core.computed import compute
from xlflow.core.issued import Answers, Records, identify_form, issued_lines, to_records
from xlflow.core.layout import (
    FIRST_ROW,
    FREE_ROWS,
    Column,
    column_letters,
    form_columns,
    form_sheet,
    previous_column,
)
from xlflow.core.model import Identity, Line, Previous, Returned, Round, Value
from xlflow.core.rollup import Kin, kin_of, parents_of
from xlflow.core.rules import NUMBERS, Ask, Said, find_asks
from xlflow.core.same import Same
from xlflow.core.template import Field, Template
from xlflow.core.values import parse_value, show_value, written_text
from xlflow.core.words import Language
from xlflow.generate.live import Live, plan_live

NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Frame:
    """One unit's form. `lines` stand in the order of the sheet, from `FIRST_ROW` on; then one row that heads
    the free rows; then the free rows, of which the first hold `own`, activities that the unit added itself.
    `previous` is shown beside the answers; `returned` is what goes back with a form to be corrected. `nothing`:
    the unit says that it has nothing to report. `asks` is what the answers still lack, by line, and
    `remaining` the same in words; `records` are what the form carries of itself, and `live` is where the helpers
    of its formulas stand. `alike` is the same for forms that have all in common but who they are for and texts."""

    round: Round
    unit: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    own: tuple[Line, ...]
    answers: Answers
    kin: Mapping[str, Kin]
    identity: Identity
    asks: Mapping[str, tuple[Ask, ...]]
    remaining: Mapping[str, str]
    records: Records
    live: Live
    alike: Hashable
    previous: Previous | None = None
    returned: Returned | None = None
    nothing: bool = False

    @property
    def template(self) -> Template:
        """The template that the form follows."""
        return self.round.template

    @property
    def language(self) -> Language:
        """The language that the form speaks."""
        return self.round.language

    @property
    def form_code(self) -> str:
        """The short code that is printed on the form."""
        return self.identity.form_code

    @property
    def sheet(self) -> str:
        """The name of the form sheet."""
        return form_sheet().say(self.language)

    @property
    def free_heading_row(self) -> int:
        """The row between the lines and the free rows."""
        return FIRST_ROW + len(self.lines)

    @property
    def free_row(self) -> int:
        """The first of the free rows."""
        return self.free_heading_row + 1

    @property
    def last_row(self) -> int:
        """The last of the free rows."""
        return self.free_heading_row + FREE_ROWS + len(self.own)

    def index(self, key: str) -> int:
        """Return the place of a column, counted from 0."""
        return next(place for place, column in enumerate(self.columns) if column.key == key)

    def level(self, column: Column) -> int:
        """Return the place of a column's level among the levels."""
        return next(place for place, level in enumerate(self.template.levels) if level.key == column.key)

    def of_kind(self, *kinds: str) -> tuple[Column, ...]:
        """Return the columns of these kinds, in the form's order."""
        return tuple(column for column in self.columns if column.kind in kinds)

    def cell(self, key: str, row: int) -> str:
        """Return the address of a cell as a formula of its own row has it: $H5."""
        return f"${column_letters(self.index(key))}{row + 1}"

    def span(self, key: str) -> str:
        """Return the address of a column's cells, from the first line to the last free row: $H$5:$H$40."""
        letters = column_letters(self.index(key))
        return f"${letters}${FIRST_ROW + 1}:${letters}${self.last_row + 1}"

    def rows(self) -> tuple[tuple[int, Line | None], ...]:
        """Return every row that answers may stand in, with the line it is for; None where it is free."""
        free: list[Line | None] = [*self.own, *[None] * FREE_ROWS]
        return (*enumerate(self.lines, FIRST_ROW), *enumerate(free, self.free_row))

    def answer(self, line: Line, key: str) -> str:
        """Return what already stands in an answer cell."""
        return self.answers.get(line.id, NOTHING).get(key, "")

    def number(self, line: Line, key: str) -> Decimal | None:
        """Return the number that a row says in a field, whoever says it; None if there is none."""
        field = self.template.field(key)
        if field.computed:
            return compute(field.computed, lambda other: self.number(line, other))
        asked = field.filled_by == "unit"
        value = _read_number(self.round, field, self.answer(line, key)) if asked else line.value(key)
        return value if isinstance(value, Decimal) else None

    def text(self, line: Line, column: Column) -> str:
        """Return what a row shows in a column, as people read it; nothing in the live column."""
        return self.reader(column)(line)

    def reader(self, column: Column) -> Callable[[Line], str]:
        """Return what tells, line after line, what a row shows in a column."""
        if column.kind == "id":
            return lambda line: "" if line.own else line.id
        if column.level:
            place = self.level(column)
            return lambda line: line.levels[place]
        if column.kind == "answer":
            return lambda line: self.answer(line, column.key)
        if column.field:
            return partial(self._show, column.field)
        if column.kind == "previous":
            return lambda line: self.previous.texts.get(line.id, "") if self.previous else ""
        return partial(_find_context, column.key, self.round.plan.context.index(column.key))

    def _show(self, field: Field, line: Line) -> str:
        value = self.number(line, field.key) if field.computed else line.value(field.key)
        return show_value(value, field, self.template, self.language, self.round.plan.year)


def _find_context(heading: str, place: int, line: Line) -> str:
    """Return what a line has under a heading, which mostly stands at the same place in all lines."""
    known = line.context
    if place < len(known) and known[place][0] == heading:
        return known[place][1]
    return next((text for other, text in known if other == heading), "")


def frame_form(
    round_: Round,
    unit: str,
    answers: Answers,
    issued: Answers,
    previous: Previous | None = None,
    returned: Returned | None = None,
    *,
    nothing: bool = False,
) -> Frame:
    """Return the form of one unit, with the answers that already stand in it; `issued` is what it remembers."""
    template = round_.template
    lines = order_lines(issued_lines(round_, unit), template)
    own = tuple(line for line in round_.lines_of(unit) if line.own)
    kin = kin_of((*lines, *own), template)
    identity = identify_form(round_, unit, returned.replaces if returned else ())
    records = to_records(round_, unit, issued, identity.replaces, previous)
    said = [_say_row(round_, line, answers.get(line.id, NOTHING)) for line in (*lines, *own)]
    asks = {row.line.id: asked for row, asked in zip(said, find_asks(round_, said, nothing=nothing), strict=True)}
    columns = _arrange_columns(round_, previous)
    live = plan_live(template, lines, kin, round_.plan.year)
    return Frame(
        round_,
        unit,
        columns,
        lines,
        own,
        answers,
        kin,
        identity,
        asks,
        {key: say_asks(asked, template, round_.language) for key, asked in asks.items()},
        records,
        live,
        (
            *(Same(template), round_.language, round_.as_of, round_.plan.year, round_.plan.context),
            *(len(lines), len(own), previous is None, live.first, tuple(name for name, _ in live.tables)),
        ),
        previous,
        returned,
        nothing,
    )


def _say_row(round_: Round, line: Line, texts: Mapping[str, str]) -> Said:
    """Return a row as the rules judge it: blanks alone are nothing, and numbers are what they are read as."""
    asked = round_.template.asked()
    written = {field.key: written_text(texts.get(field.key, "")) for field in asked}
    numbers = {
        field.key: _read_number(round_, field, written[field.key]) for field in asked if field.type in NUMBERS
    }
    plain = {key: format(number, "f") for key, number in numbers.items() if isinstance(number, Decimal)}
    return Said(line, written | plain, numbers)


def _read_number(round_: Round, field: Field, text: str) -> Value | None:
    return parse_value(text, field, round_.template, round_.plan.year, round_.language).value


def _arrange_columns(round_: Round, previous: Previous | None) -> tuple[Column, ...]:
    """Return the columns of the form; what the previous round said stands right after what remains."""
    columns = form_columns(round_.template, round_.plan.context)
    if previous is None:
        return columns
    after = next(place for place, column in enumerate(columns, 1) if column.kind == "remaining")
    return (*columns[:after], previous_column(), *columns[after:])


def order_lines(lines: Sequence[Line], template: Template) -> tuple[Line, ...]:
    """Return the lines in plan order, each sub-activity below its activity, also where the plan parted them."""
    parents = parents_of(lines, template)
    below: dict[str, list[Line]] = {}
    for line in lines:
        if line.id in parents:
            below.setdefault(parents[line.id], []).append(line)
    tops = [line for line in lines if line.id not in parents]
    return tuple(each for line in tops for each in (line, *below.get(line.id, ())))


def quote(text: str) -> str:
    """Return a text for a formula, where one may be 255 characters long."""
    pieces = [text[start : start + 120].replace('"', '""') for start in range(0, len(text), 120)] or [""]
    return "&".join(f'"{piece}"' for piece in pieces)
