"""Layout of the hidden calculation sheet: lookup tables, and one row of helper columns for each row of the form.

One formula for all conditions of a row would be unreadable and too long. So each row of the form has a row on this
sheet: the values of its answers, their choice numbers, the end dates of deadlines, and the text of what remains,
which the form only shows. All helper columns but the values refer to their own sheet, so that each is one formula
for a whole column. Plan items are looked up by id, so that sorting the form does not separate a row from its plan.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xlflow.excel.cell_address import column_letters
from xlflow.excel.conventions import CALC_SHEET, MAX_CELL_CHUNK
from xlflow.form.layout import FIRST_ITEM_ROW
from xlflow.model.plan import Deadline, PlanItem
from xlflow.model.template import Template
from xlflow.model.template_elements import DEADLINE_TYPES, LISTED_TYPES, NUMBER_TYPES, Field, Rule
from xlflow.rules import spelling_table_of
from xlflow.rules.formula_semantics import build_deadline_tables, serial_from_date
from xlflow.rules.rollup import Relatives

CalcColumnKind = Literal[
    "value", "activity_number", "parent_row", "number", "normalized", "end_date", "amount", "remaining"
]
"""Kinds of helper columns. value: the content of a cell of the form. activity_number: identifies the activity of
a row (see `number_activities`), negative for a sub-activity, 0 for an unused free row. parent_row: for a free row,
the row (1-based) of its activity. number: number of the answer in its list. normalized, end_date: an answered
deadline stripped for look-up, and its last day. normalized, amount: an answered number as text, and as a number.
remaining: what remains to be done, in words."""

ID_KEY = "id"
"""Key of the helper column with the row's id; the others have the key of their level or field."""

ADDED_NUMBER_OFFSET = 900_000
"""Added to the row number (1-based) for the activity number of a free row, and of a row that has lost its id."""

MISSING_SERIAL = "-" * 6
ACTIVITY_NUMBER_WIDTH, SERIAL_WIDTH = 6, len(MISSING_SERIAL)

NOTHING_TO_REPORT_NAME, YES_CHOICE_NAME = "nothing", "yes"
"""Defined names of the cell that says that there is nothing to report, and of the choice in it."""


@dataclass(frozen=True, slots=True)
class CalcColumn:
    """One helper column: its kind, and the key of its field or level ("" if it has none)."""

    kind: CalcColumnKind
    key: str = ""


@dataclass(frozen=True, slots=True)
class CalcLayout:
    """Positions on the calculation sheet. `tables` are (name, text) in its first rows, those of the plan items in
    as many chunks as they need; `first_row` (0-based) is that of the form's first item."""

    columns: tuple[CalcColumn, ...]
    tables: tuple[tuple[str, str], ...]
    first_row: int

    def has_column(self, kind: CalcColumnKind, key: str = "") -> bool:
        """Return whether there is a helper column of this kind and key."""
        return CalcColumn(kind, key) in self.columns

    def cell_address(self, kind: CalcColumnKind, row: int, key: str = "") -> str:
        """Return the address of a helper cell for a row of the form (0-based), its column fixed: $C105."""
        return f"${column_letters(self.column_index(kind, key))}{self.calc_row(row) + 1}"

    def column_range(self, kind: CalcColumnKind, last_row: int, key: str = "") -> str:
        """Return the address of a helper column down to a row of the form (0-based): $C$105:$C$140."""
        column_name = column_letters(self.column_index(kind, key))
        return f"${column_name}${self.first_row + 1}:${column_name}${self.calc_row(last_row) + 1}"

    def column_index(self, kind: CalcColumnKind, key: str = "") -> int:
        """Return the index of a helper column (0-based); column 0 holds the kind of the record."""
        return self.columns.index(CalcColumn(kind, key)) + 1

    def calc_row(self, form_row: int) -> int:
        """Return the row of the calculation sheet for a row of the form, both 0-based."""
        return self.first_row + form_row - FIRST_ITEM_ROW

    def chunk_names(self, name: str) -> tuple[str, ...]:
        """Return the names of the chunks of a table, in order; () if there is no such table."""
        return tuple(chunk_name for chunk_name, _ in self.tables if chunk_name.partition(".")[0] == name)


def build_calc_layout(
    template: Template, items: Sequence[PlanItem], relatives: Mapping[str, Relatives], year: int
) -> CalcLayout:
    """Return the layout for a form with these items, in the form's order; `year` is the plan's."""
    columns = tuple(dict.fromkeys(_list_calc_columns(template)))
    tables = tuple(_list_lookup_tables(template, columns, items, relatives, year))
    return CalcLayout(columns, tables, len(tables) + len((NOTHING_TO_REPORT_NAME, YES_CHOICE_NAME)))


def calc_sheet_address(address: str) -> str:
    """Return an address on the calculation sheet for a formula on another sheet."""
    return f"{CALC_SHEET}!{address}"


def calc_defined_name(name: str) -> str:
    """Return the defined name of a table; two underscores, since the lists of choices have one."""
    return f"xlflow__{name}"


def choice_table_name(field: Field) -> str:
    """Return the name of the table of a field's accepted answers."""
    return "yes_no" if field.type == "yes_no" else f"of_{field.choices}"


def number_column_name(field: Field) -> str:
    """Return the name of the column of a field's choice numbers, for formulas that may not name a sheet."""
    return f"number_{field.key}"


def amount_column_name(field: Field) -> str:
    """Return the name of the column of the numbers that formulas read in a field's answers."""
    return f"amount_{field.key}"


def number_activities(items: Sequence[PlanItem], relatives: Mapping[str, Relatives]) -> Mapping[str, int]:
    """Return the activity number by item id: from 1; for a sub-activity the negative number of its activity."""
    numbers = {item.id: number for number, item in enumerate(items, 1)}
    parents = {item.id: relatives[item.id].parent for item in items}
    return {
        key: -numbers[parent] if (parent := parents[key]) in numbers else number for key, number in numbers.items()
    }


def plan_date_fields(template: Template) -> tuple[Field, ...]:
    """Return the plan's deadline fields that a rule refers to."""
    keys = {key for rule in template.rules for key in _list_rule_date_keys(rule)}
    return tuple(field for field in template.plan_fields() if field.key in keys and field.type in DEADLINE_TYPES)


def free_row_level_keys(template: Template) -> tuple[str, ...]:
    """Return the keys of the levels that identify a free row: the activity and the sub-activity."""
    return tuple(level.key for level in template.levels if level.kind != "group")


def _list_calc_columns(template: Template) -> Iterator[CalcColumn]:
    copied_keys = (ID_KEY, *free_row_level_keys(template), *(field.key for field in template.answer_fields()))
    yield from (CalcColumn("value", key) for key in copied_keys)
    if template.part_level_index is not None and template.field_in_role("status"):
        yield from (CalcColumn("activity_number"), CalcColumn("parent_row"))
    fields = {field.key: field for field in template.fields}
    rule_fields = [fields[key] for rule in template.rules for key in (*rule.when, *_list_rule_field_keys(rule))]
    required_fields = [field for field in template.answer_fields() if field.required]
    checked_fields = [field for field in template.answer_fields() if field.type in (*LISTED_TYPES, *NUMBER_TYPES)]
    for field in (*checked_fields, *rule_fields, *required_fields):
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
    """Yield an entry per item: "a7k2=000012044377|", its activity number and the end date of each deadline."""
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
    """Yield the table of plan items in chunks that fit a cell: (name, text)."""
    chunk_size = max(1, MAX_CELL_CHUNK // max(map(len, entries), default=1))
    for number, start in enumerate(range(0, len(entries), chunk_size), 1):
        yield f"items.{number}", f"|{''.join(entries[start : start + chunk_size])}"
