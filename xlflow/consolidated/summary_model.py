"""What the consolidated workbook shows, as values: its tables, and the figures that its first sheet counts.

A figure is declared once, as what is counted in which table: `tables` computes it, `writer` writes it as a formula
with that value cached, and a spreadsheet program that recalculates must get the same. Knows neither workbooks nor
answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from xlflow.model.plan import Deadline
from xlflow.model.table import Table, TableCell

ID_COLUMN, UNIT_COLUMN, ROLLED_UP_COLUMN = "_id", "_unit", "_rolled_up"
QUARTER_COLUMN, OVERDUE_COLUMN, PARTS_COLUMN = "_quarter", "_overdue", "_parts"
COMPLETENESS_COLUMN = "_completeness"
ORIGIN_COLUMN, CONTINUES_FROM_COLUMN, REASON_COLUMN = "_origin", "_continues_from", "_reason"
WORST_SEVERITY_COLUMN, SEVERITY_COLUMN = "_remark", "_severity"
SOURCE_COLUMN, SOURCE_LINK_COLUMN, FORM_ROWS_COLUMN = "_source", "_lead", "_form_rows"
RESPONSE_COLUMN, ITEM_COUNT_COLUMN, UNANSWERED_COLUMN = "_answer", "_items", "_unanswered"
PART_COUNT_COLUMN, OWN_COUNT_COLUMN = "_parts_count", "_own"
FILE_COLUMN, FILE_STATE_COLUMN, ROW_COUNT_COLUMN, UNPLACED_KIND_COLUMN = "_file", "_state", "_rows", "_kind"
BALANCE_COLUMN, EQUATION_COLUMN, FOUND_COLUMN, ACCOUNTED_COLUMN = "_balance", "_equation", "_found", "_accounted"
CHANGE_KIND_COLUMN, CHANGE_FLAG_PREFIX = "_change", "_any_"
EXTRA_COLUMN_PREFIX, SUM_COLUMN_PREFIX = "context:", "_sum_"
"""Keys of the columns that more than one module refers to: the program's own begin with an underscore, which no
key of a template does. What is a prefix is followed by the heading of a further column of the plan, a field's
key, or a flag."""

UNIT_GROUP_KEY = "unit"
"""The key by which a template's `summaries` say that figures are grouped by unit."""


@dataclass(frozen=True, slots=True)
class RowFilter:
    """A condition on one column of a table. `equals`: the cell is `text`, case ignored; False negates it.

    `prefix`: the shortened label that the summary sheet shows instead of `text`. If set, the formula compares the
    beginning of the cells with it, which `summary_sections` has made sure is unambiguous in the column.
    """

    column: str
    text: str
    equals: bool = True
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of figures on the summary sheet: what is counted or added up for each group of rows of `table`.

    count: number of rows; sum: total of the numbers in `sum_column`; rest: that sum minus the figures to the left
    of it; across: the sum of the figures to the left. `filters` apply in addition to those of the row group.
    `negative_is_bad`: amounts below zero are marked. `number_columns`: the columns in which a complete row
    has a number; see `RowGroup.rows_counted`. `subtracted_columns`: the sum is of the difference between
    `sum_column` and these, in the rows that have a number in all of them.
    """

    heading: str
    kind: Literal["count", "sum", "rest", "across"]
    table: str = ""
    filters: tuple[RowFilter, ...] = ()
    sum_column: str = ""
    negative_is_bad: bool = False
    number_columns: tuple[str, ...] = ()
    subtracted_columns: tuple[str, ...] = ()

    @property
    def input_columns(self) -> tuple[str, ...]:
        """The columns that a difference is computed from, () for any other measure."""
        return (self.sum_column, *self.subtracted_columns) if self.subtracted_columns else ()


def count_measure(table: str, *filters: RowFilter) -> Measure:
    """Return a measure without a heading: how many rows of a table match all filters."""
    return Measure("", "count", table, filters)


def sum_measure(table: str, column: str) -> Measure:
    """Return a measure without a heading: the sum of the numbers in a column of a table."""
    return Measure("", "sum", table, sum_column=column)


RowsCounted = Literal["all", "complete", "incomplete"]
"""Which rows of a group are counted, by whether they have a number in all `number_columns` of a measure."""


@dataclass(frozen=True, slots=True)
class CountedLabel:
    """A label that ends with a number of rows and a noun: its beginning, the noun for one row and for several."""

    beginning: str
    one: str
    many: str

    def text(self, count: int) -> str:
        """Return the label for a number of rows."""
        return f"{self.beginning}{count} {self.one if count == 1 else self.many}"


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One row of figures on the summary sheet, about the table rows that match all `filters`.

    rows: those rows. share: each figure of the row above divided by its `across` figure. others: all matching rows
    that are in none of the groups above in the section. `rows_counted`: all of them, or those that are
    complete or incomplete by the `number_columns` of the measure. `counted_label`: the label ends
    with how many rows there are; then `label` is the whole text, as computed.
    """

    label: str
    filters: tuple[RowFilter, ...] = ()
    kind: Literal["rows", "share", "others"] = "rows"
    rows_counted: RowsCounted = "all"
    counted_label: CountedLabel | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Row groups, each with one figure per measure: `values` has a row per group and a cell per measure.

    `key` is what the rows are grouped by: a level's or a field's key, `UNIT_GROUP_KEY`, or "" for totals.
    `values` is empty until `FigureCalculator.fill_section` has computed it.
    """

    key: str
    title: str
    groups: tuple[RowGroup, ...]
    measures: tuple[Measure, ...]
    values: tuple[tuple[TableCell, ...], ...] = ()
    note: str = ""

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of the figures, one per measure."""
        return tuple(measure.heading for measure in self.measures)


@dataclass(frozen=True, slots=True)
class Panel:
    """Sections under common headings; the measures of every section have these headings, in this order."""

    title: str
    headings: tuple[str, ...]
    sections: tuple[Section, ...]
    shows_statuses: bool = False


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A single figure at the top of the summary sheet, such as "Units that answered | 5 | of 6"."""

    label: str
    measure: Measure
    value: TableCell
    note: str = ""


@dataclass(frozen=True, slots=True)
class BalanceEquation:
    """One equation of the accounts, a row of the table `accounts`: `total` equals the sum of all `terms`.

    `terms` are (name, measure). `sentence` is the equation as a text with {found} and the names of the terms as
    placeholders, "" for amounts, whose numbers a text could not show in the reader's language. `outside_tables` is
    an amount that came in and is counted in no table.
    """

    total: Measure
    terms: tuple[tuple[str, Measure], ...]
    sentence: str = ""
    outside_tables: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class StatusMismatch:
    """In `count` rows of a table the status under `column`, one of `labels`, is not the rolled-up one."""

    table: str
    column: str
    labels: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class StaleChecks:
    """What must hold while nobody has changed an answer: each measure comes to its value, each mismatch to its
    count."""

    figures: tuple[tuple[Measure, TableCell], ...] = ()
    mismatches: tuple[StatusMismatch, ...] = ()


@dataclass(frozen=True)
class ConsolidatedContent:
    """Everything that the consolidated workbook shows, before it is written as a workbook.

    `tables` are named as in `TABLE_NAMES`; `key_figures` and `panels` are counted in them. `balance_equations` are
    in the order of the rows of the table `accounts`. `status_sentences` describe the whole round,
    `group_sentences` each group of the first level as (name, sentence). `compared_to` is the as-of date of the
    previous round, None if there is none. `agreed_deadlines` are those of earlier rounds that are in force, by
    item id. `stale_checks` tell whether an answer was changed since.
    """

    title: str
    subtitle: str
    missing_units: tuple[str, ...]
    key_figures: tuple[KeyFigure, ...]
    panels: tuple[Panel, ...]
    tables: tuple[Table, ...]
    balance_equations: tuple[BalanceEquation, ...] = ()
    status_sentences: tuple[str, ...] = ()
    group_sentences: tuple[tuple[str, str], ...] = ()
    compared_to: date | None = None
    units_with_blank_form: tuple[str, ...] = ()
    agreed_deadlines: Mapping[str, Deadline] = field(default_factory=lambda: MappingProxyType({}))
    stale_checks: StaleChecks = StaleChecks()

    @cached_property
    def tables_by_name(self) -> Mapping[str, Table]:
        """The tables by name."""
        return MappingProxyType({table.name: table for table in self.tables})


TABLE_NAMES = (
    "deviations",
    "activities",
    "answers",
    "corrections",
    "changes",
    "accounts",
    "units",
    "files",
    "set_aside",
    "findings",
    "about",
    "waivers",
    "aliases",
    "inputs",
)
"""The names of the tables in the order of the workbook; `changes` only exists if there is a previous round."""
