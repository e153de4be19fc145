"""What the form's live formulas need on a hidden sheet of their own: tables, and one row for each row of the form.

A formula cannot say everything about a row at once and stay readable. So each row of the form has a row of helpers
on that sheet: copies of its answers, the number of each, the last day of each time, and last what is left to
do, which the form only shows. All helpers but the copies look at their own sheet, so that each is one formula for
a whole column. Lines are found by their id, so that a sort does not part them from what the plan says of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xlflow.core.layout import FIRST_ROW, LIVE_SHEET, PIECE, column_letters
from xlflow.core.model import Deadline, Line
from xlflow.core.rollup import Kin
from xlflow.core.rules import CHOOSING, NUMBERS, TIMES, table_of
from xlflow.core.template import Field, Rule, Template
from xlflow.core.values.spellings import serial_of, time_tables

Kind = Literal["copy", "kin", "head", "number", "said", "last", "amount", "left"]
"""What a helper tells of its row. copy: what stands in one of its cells; kin: the number of its activity, negative
for a sub-activity, 0 for a free row that is not used; head: for a free row, where the activity stands that it is
part of; number: of an answer; said, last: an answered time squeezed, and as its last day; said, amount: an
answered number that may be text, and as a number; left: what is left to do, in words."""

ID = "id"
"""What a copy of the row's id goes by; all others go by the key of their level or field."""

OWN = 900_000
"""The kin number of a free row is its row number beyond this; so is that of a line that has lost its id."""

NO_DAY = "-" * 6
KIN_WIDTH, DAY_WIDTH = 6, len(NO_DAY)

NOTHING, YES = "nothing", "yes"
"""Whether the unit says that it has nothing to report, and what it may choose to say so."""


@dataclass(frozen=True, slots=True)
class Helper:
    """One column of helpers: what it tells, of which field."""

    kind: Kind
    key: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """Where the helpers and tables stand. `first` is the row of their sheet for the form's first line, from 0;
    `tables` come before it, by name, the lines in as many pieces as they need."""

    helpers: tuple[Helper, ...]
    tables: tuple[tuple[str, str], ...]
    first: int

    def has(self, kind: Kind, key: str = "") -> bool:
        """Return whether there is such a helper."""
        return Helper(kind, key) in self.helpers

    def cell(self, kind: Kind, row: int, key: str = "") -> str:
        """Return the address of a helper for a row of the form, as a helper of that row has it: $C105."""
        return f"${column_letters(self.column(kind, key))}{self.row(row) + 1}"

    def span(self, kind: Kind, last_row: int, key: str = "") -> str:
        """Return the address of a helper for all rows of the form: $C$105:$C$140."""
        letters = column_letters(self.column(kind, key))
        return f"${letters}${self.first + 1}:${letters}${self.row(last_row) + 1}"

    def column(self, kind: Kind, key: str = "") -> int:
        """Return the column of a helper, from 0; the kind of the record stands before all of them."""
        return self.helpers.index(Helper(kind, key)) + 1

    def row(self, row: int) -> int:
        """Return the row of the helpers for a row of the form, both from 0."""
        return self.first + row - FIRST_ROW

    def pieces(self, name: str) -> tuple[str, ...]:
        """Return the names of the pieces of a table."""
        return tuple(known for known, _ in self.tables if known.partition(".")[0] == name)


def plan_live(template: Template, lines: Sequence[Line], kin: Mapping[str, Kin], year: int) -> Live:
    """Return where everything stands in a form with these lines, in the form's order."""
    helpers = tuple(dict.fromkeys(_list_helpers(template)))
    tables = tuple(_list_tables(template, helpers, lines, kin, year))
    return Live(helpers, tables, len(tables) + len((NOTHING, YES)))


def on_live(address: str) -> str:
    """Return an address of the helpers' sheet for a formula on another one."""
    return f"{LIVE_SHEET}!{address}"


def table_name(name: str) -> str:
    """Return the defined name of a table; two strokes, since the lists that cells offer have one."""
    return f"xlflow__{name}"


def choices_table(field: Field) -> str:
    """Return the name of the table in which a field's answers are looked up."""
    return "yes_no" if field.type == "yes_no" else f"of_{field.choices}"


def number_name(field: Field) -> str:
    """Return the name of the numbers of a field's answers, row by row, for formulas that may not name a sheet."""
    return f"number_{field.key}"


def number_lines(lines: Sequence[Line], kin: Mapping[str, Kin]) -> Mapping[str, int]:
    """Return the kin number of each line, by its id: counted from 1, a sub-activity minus its activity's."""
    numbers = {line.id: number for number, line in enumerate(lines, 1)}
    above = {line.id: kin[line.id].above for line in lines}
    return {key: -numbers[up] if (up := above[key]) in numbers else number for key, number in numbers.items()}


def planned_times(template: Template) -> tuple[Field, ...]:
    """Return the times that the plan states and a rule looks at."""
    keys = {key for rule in template.rules for key in _times_in(rule)}
    return tuple(field for field in template.given() if field.key in keys and field.type in TIMES)


def own_levels(template: Template) -> tuple[str, ...]:
    """Return the levels that a free row is known by: the activity and the sub-activity."""
    return tuple(level.key for level in template.levels if level.kind != "group")


def _list_helpers(template: Template) -> Iterator[Helper]:
    copied = (ID, *own_levels(template), *(field.key for field in template.asked()))
    yield from (Helper("copy", key) for key in copied)
    if template.part is not None and template.field_in_role("status"):
        yield from (Helper("kin"), Helper("head"))
    fields = {field.key: field for field in template.fields}
    looked_at = [fields[key] for rule in template.rules for key in (*rule.when, *_fields_in(rule))]
    required = [field for field in template.asked() if field.required]
    choosing = [field for field in template.asked() if field.type in CHOOSING]
    for field in (*choosing, *looked_at, *required):
        if field.type in CHOOSING:
            yield from (Helper("copy", field.key), Helper("number", field.key))
        elif field.type in NUMBERS:
            yield from _helpers_of_number(field, fields)
        elif field.type in TIMES and field.filled_by == "unit":
            yield from (Helper("said", field.key), Helper("last", field.key))
    yield Helper("left")


def _helpers_of_number(field: Field, fields: Mapping[str, Field]) -> Iterator[Helper]:
    """A computed number follows from others, and one of the plan is a number for sure."""
    if field.computed:
        for key in (*field.computed.subtract, *field.computed.share):
            yield from _helpers_of_number(fields[key], fields)
        return
    yield Helper("copy", field.key)
    if field.filled_by == "unit":
        yield from (Helper("said", field.key), Helper("amount", field.key))


def _fields_in(rule: Rule) -> Iterator[str]:
    yield from (*rule.require, *rule.forbid, *rule.filled, *rule.blank, *_times_in(rule))
    if rule.beyond:
        yield from filter(None, (rule.beyond.field, rule.beyond.of))


def _times_in(rule: Rule) -> Iterator[str]:
    if rule.passed:
        yield rule.passed
    if rule.compare:
        yield from (rule.compare.field, rule.compare.to)


def _list_tables(
    template: Template, helpers: Sequence[Helper], lines: Sequence[Line], kin: Mapping[str, Kin], year: int
) -> Iterator[tuple[str, str]]:
    numbered = [template.field(helper.key) for helper in helpers if helper.kind == "number"]
    yield from {choices_table(field): table_of(template, field) for field in numbered}.items()
    if any(helper.kind == "last" for helper in helpers):
        tables = time_tables(year)
        yield from (("periods", tables.periods), ("months", tables.months), ("years", tables.years))
    if Helper("kin") in helpers or planned_times(template):
        yield from _cut_lines([*_list_lines(template, lines, kin)])


def _list_lines(template: Template, lines: Sequence[Line], kin: Mapping[str, Kin]) -> Iterator[str]:
    """Yield what is known of each line: "a7k2=000012044377|", its kin number and the last day of each time."""
    numbers = number_lines(lines, kin)
    for line in lines:
        values = [line.value(field.key) for field in planned_times(template)]
        days = [value.last if isinstance(value, Deadline) else None for value in values]
        said = "".join(f"{serial_of(day):0{DAY_WIDTH}d}" if day else NO_DAY for day in days)
        yield f"{line.id}={numbers[line.id]:0{KIN_WIDTH}d}{said}|"


def _cut_lines(entries: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the table of lines in pieces that fit a cell."""
    size = max(1, PIECE // max(map(len, entries), default=1))
    for number, start in enumerate(range(0, len(entries), size), 1):
        yield f"lines.{number}", f"|{''.join(entries[start : start + size])}"
