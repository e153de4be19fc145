"""What the form's live formulas need on a hidden sheet of their own: tables, and one row for each row of the form.

A formula cannot say everything about a row at once and stay readable. So each row of the form has a row of helpers
on that sheet: copies of its answers, the number of each, the last day of each time, and last what is left to
do, which the form only shows. All helpers but the copies look at their own sheet, so that each is one formula for
a whole column. Lines are found by their id, so that a sort does not part them from what the plan says of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xlflow.excel.cell_address import column_letters
from xlflow.excel.conventions import CALC_SHEET, MAX_CELL_CHUNK
from xlflow.form.layout import FIRST_ITEM_ROW
from xlflow.model.plan import Deadline, PlanItem
from xlflow.model.template import DEADLINE_TYPES, LISTED_TYPES, NUMBER_TYPES, Field, Rule, Template
from xlflow.rules import spelling_table_of
from xlflow.rules.formula_semantics import build_deadline_tables, serial_from_date
from xlflow.rules.rollup import Relatives

CalcColumnKind = Literal[
    "value", "activity_number", "parent_row", "number", "normalized", "end_date", "amount", "remaining"
]
"""What a helper tells of its row. copy: what stands in one of its cells; kin: the number of its activity, negative
for a sub-activity, 0 for a free row that is not used; head: for a free row, where the activity stands that it is
part of; number: of an answer; said, last: an answered time squeezed, and as its last day; said, amount: an
answered number that may be text, and as a number; left: what is left to do, in words."""

ID_KEY = "id"
"""What a copy of the row's id goes by; all others go by the key of their level or field."""

ADDED_NUMBER_OFFSET = 900_000
"""The kin number of a free row is its row number beyond this; so is that of a line that has lost its id."""

MISSING_SERIAL = "-" * 6
ACTIVITY_NUMBER_WIDTH, SERIAL_WIDTH = 6, len(MISSING_SERIAL)

NOTHING_TO_REPORT_NAME, YES_CHOICE_NAME = "nothing", "yes"
"""Whether the unit says that it has nothing to report, and what it may choose to say so."""


@dataclass(frozen=True, slots=True)
class CalcColumn:
    """One column of helpers: what it tells, of which field."""

    kind: CalcColumnKind
    key: str = ""


@dataclass(frozen=True, slots=True)
class CalcLayout:
    """Where the helpers and tables stand. `first` is the row of their sheet for the form's first line, from 0;
    `tables` come before it, by name, the lines in as many pieces as they need."""

    columns: tuple[CalcColumn, ...]
    tables: tuple[tuple[str, str], ...]
    first_row: int

    def has_column(self, kind: CalcColumnKind, key: str = "") -> bool:
        """Return whether there is such a helper."""
        return CalcColumn(kind, key) in self.columns

    def cell_address(self, kind: CalcColumnKind, row: int, key: str = "") -> str:
        """Return the address of a helper for a row of the form, as a helper of that row has it: $C105."""
        return f"${column_letters(self.column_index(kind, key))}{self.calc_row(row) + 1}"

    def column_range(self, kind: CalcColumnKind, last_row: int, key: str = "") -> str:
        """Return the address of a helper for all rows of the form: $C$105:$C$140."""
        column_name = column_letters(self.column_index(kind, key))
        return f"${column_name}${self.first_row + 1}:${column_name}${self.calc_row(last_row) + 1}"

    def column_index(self, kind: CalcColumnKind, key: str = "") -> int:
        """Return the column of a helper, from 0; the kind of the record stands before all of them."""
        return self.columns.index(CalcColumn(kind, key)) + 1

    def calc_row(self, form_row: int) -> int:
        """Return the row of the helpers for a row of the form, both from 0."""
        return self.first_row + form_row - FIRST_ITEM_ROW

    def chunk_names(self, name: str) -> tuple[str, ...]:
        """Return the names of the pieces of a table."""
        return tuple(chunk_name for chunk_name, _ in self.tables if chunk_name.partition(".")[0] == name)


def build_calc_layout(
    template: Template, items: Sequence[PlanItem], relatives: Mapping[str, Relatives], year: int
) -> CalcLayout:
    """Return where everything stands in a form with these lines, in the form's order."""
    columns = tuple(dict.fromkeys(_list_calc_columns(template)))
    tables = tuple(_list_lookup_tables(template, columns, items, relatives, year))
    return CalcLayout(columns, tables, len(tables) + len((NOTHING_TO_REPORT_NAME, YES_CHOICE_NAME)))


def calc_sheet_address(address: str) -> str:
    """Return an address of the helpers' sheet for a formula on another one."""
    return f"{CALC_SHEET}!{address}"


def calc_defined_name(name: str) -> str:
    """Return the defined name of a table; two strokes, since the lists that cells offer have one."""
    return f"xlflow__{name}"


def choice_table_name(field: Field) -> str:
    """Return the name of the table in which a field's answers are looked up."""
    return "yes_no" if field.type == "yes_no" else f"of_{field.choices}"


def number_column_name(field: Field) -> str:
    """Return the name of the numbers of a field's answers, row by row, for formulas that may not name a sheet."""
    return f"number_{field.key}"


def number_activities(items: Sequence[PlanItem], relatives: Mapping[str, Relatives]) -> Mapping[str, int]:
    """Return the kin number of each line, by its id: counted from 1, a sub-activity minus its activity's."""
    numbers = {item.id: number for number, item in enumerate(items, 1)}
    parents = {line.id: relatives[line.id].parent for line in items}
    return {
        key: -numbers[parent] if (parent := parents[key]) in numbers else number for key, number in numbers.items()
    }


def plan_date_fields(template: Template) -> tuple[Field, ...]:
    """Return the times that the plan states and a rule looks at."""
    keys = {key for rule in template.rules for key in _list_rule_date_keys(rule)}
    return tuple(field for field in template.plan_fields() if field.key in keys and field.type in DEADLINE_TYPES)


def free_row_level_keys(template: Template) -> tuple[str, ...]:
    """Return the levels that a free row is known by: the activity and the sub-activity."""
    return tuple(level.key for level in template.levels if level.kind != "group")


def _list_calc_columns(template: Template) -> Iterator[CalcColumn]:
    copied_keys = (ID_KEY, *free_row_level_keys(template), *(field.key for field in template.answer_fields()))
    yield from (CalcColumn("value", key) for key in copied_keys)
    if template.part_level_index is not None and template.field_in_role("status"):
        yield from (CalcColumn("activity_number"), CalcColumn("parent_row"))
    fields = {field.key: field for field in template.fields}
    rule_fields = [fields[key] for rule in template.rules for key in (*rule.when, *_list_rule_field_keys(rule))]
    required_fields = [field for field in template.answer_fields() if field.required]
    choice_fields = [field for field in template.answer_fields() if field.type in LISTED_TYPES]
    for field in (*choice_fields, *rule_fields, *required_fields):
        if field.type in LISTED_TYPES:
            yield from (CalcColumn("value", field.key), CalcColumn("number", field.key))
        elif field.type in NUMBER_TYPES:
            yield from _list_number_columns(field, fields)
        elif field.type in DEADLINE_TYPES and field.filled_by == "unit":
            yield from (CalcColumn("normalized", field.key), CalcColumn("end_date", field.key))
    yield CalcColumn("remaining")


def _list_number_columns(field: Field, fields: Mapping[str, Field]) -> Iterator[CalcColumn]:
    """A computed number follows from others, and one of the plan is a number for sure."""
    if field.computed:
        for key in (*field.computed.subtract, *field.computed.share):
            yield from _list_number_columns(fields[key], fields)
        return
    yield CalcColumn("value", field.key)
    if field.filled_by == "unit":
        yield from (CalcColumn("normalized", field.key), CalcColumn("amount", field.key))


def _list_rule_field_keys(rule: Rule) -> Iterator[str]:
    yield from (*rule.require, *rule.forbid, *rule.when_filled, *rule.when_blank, *_list_rule_date_keys(rule))
    if rule.threshold:
        yield from filter(None, (rule.threshold.field, rule.threshold.of))


def _list_rule_date_keys(rule: Rule) -> Iterator[str]:
    if rule.date_passed:
        yield rule.date_passed
    if rule.compare:
        yield from (rule.compare.field, rule.compare.to)


def _list_lookup_tables(
    template: Template,
    columns: Sequence[CalcColumn],
    items: Sequence[PlanItem],
    relatives: Mapping[str, Relatives],
    year: int,
) -> Iterator[tuple[str, str]]:
    choice_fields = [template.field(column.key) for column in columns if column.kind == "number"]
    yield from {choice_table_name(field): spelling_table_of(template, field) for field in choice_fields}.items()
    if any(column.kind == "end_date" for column in columns):
        tables = build_deadline_tables(year)
        yield from (("periods", tables.period_table), ("months", tables.month_table), ("years", tables.year_table))
    if CalcColumn("activity_number") in columns or plan_date_fields(template):
        yield from _chunk_item_entries([*_list_item_entries(template, items, relatives)])


def _list_item_entries(
    template: Template, items: Sequence[PlanItem], relatives: Mapping[str, Relatives]
) -> Iterator[str]:
    """Yield what is known of each line: "a7k2=000012044377|", its kin number and the last day of each time."""
    numbers = number_activities(items, relatives)
    for item in items:
        values = [item.plan_value(field.key) for field in plan_date_fields(template)]
        end_dates = [value.last if isinstance(value, Deadline) else None for value in values]
        serials = "".join(
            f"{serial_from_date(end_date):0{SERIAL_WIDTH}d}" if end_date else MISSING_SERIAL
            for end_date in end_dates
        )
        yield f"{item.id}={numbers[item.id]:0{ACTIVITY_NUMBER_WIDTH}d}{serials}|"


def _chunk_item_entries(entries: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the table of lines in pieces that fit a cell."""
    chunk_size = max(1, MAX_CELL_CHUNK // max(map(len, entries), default=1))
    for number, start in enumerate(range(0, len(entries), chunk_size), 1):
        yield f"items.{number}", f"|{''.join(entries[start : start + chunk_size])}"
