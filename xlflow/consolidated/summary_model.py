"""What the consolidated workbook shows, as values: its tables, and the figures that its first sheet counts.

A figure is declared once, as what is counted where: `build_consolidated_content` works it out, `write` writes it
as a formula with
that value, and a spreadsheet program that recalculates must come to the same. Knows no workbook and no answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from xlflow.model.table import Table, TableCell

ID_COLUMN, UNIT_COLUMN, ROLLED_UP_COLUMN = "_id", "_unit", "_rolled_up"
QUARTER_COLUMN, OVERDUE_COLUMN, PARTS_COLUMN = "_quarter", "_overdue", "_parts"
ORIGIN_COLUMN, CONTINUES_FROM_COLUMN, REASON_COLUMN = "_origin", "_continues_from", "_reason"
WORST_SEVERITY_COLUMN, SEVERITY_COLUMN = "_remark", "_severity"
SOURCE_COLUMN, SOURCE_LINK_COLUMN, FORM_ROWS_COLUMN = "_source", "_lead", "_form_rows"
RESPONSE_COLUMN, ITEM_COUNT_COLUMN, UNANSWERED_COLUMN = "_answer", "_items", "_unanswered"
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
    """Picks the rows whose cell in `column` reads `text`, upper or lower case alike; not `holds`: the others.

    `start` is how the text begins, if that is enough to know it by among the texts of the column.
    """

    column: str
    text: str
    equals: bool = True
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one column of figures tells about each group of rows of the grid `table_xml`.

    count: how many rows; sum: of the numbers in the column `of`; rest: that sum less the figures to the left;
    across: the figures to the left together. `signed`: less than nothing is bad news.
    """

    heading: str
    kind: Literal["count", "sum", "rest", "across"]
    table: str = ""
    filters: tuple[RowFilter, ...] = ()
    sum_column: str = ""
    negative_is_bad: bool = False


def count_measure(table: str, *filters: RowFilter) -> Measure:
    """Return a measure without a heading: how many rows of a table match all filters."""
    return Measure("", "count", table, filters)


def sum_measure(table: str, column: str) -> Measure:
    """Return a measure without a heading: the sum of the numbers in a column of a table."""
    return Measure("", "sum", table, sum_column=column)


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One row of figures: the rows of the grid that it is about.

    share: the part that each figure of the row above is of the one that goes `across`; others: what the rows
    above in the section leave of all rows that match.
    """

    label: str
    filters: tuple[RowFilter, ...] = ()
    kind: Literal["rows", "share", "others"] = "rows"


@dataclass(frozen=True, slots=True)
class Section:
    """Groups of rows, each with one figure per measure, in `values`.

    `key` says by what is grouped: a level's or a field's key, or one of our own.
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
    """Sections under common headings: every section has the same measures, by their headings."""

    title: str
    headings: tuple[str, ...]
    sections: tuple[Section, ...]
    shows_statuses: bool = False


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One figure with its words before and after it, such as "Units that answered | 5 | of 6"."""

    label: str
    measure: Measure
    value: TableCell
    note: str = ""


@dataclass(frozen=True, slots=True)
class BalanceEquation:
    """One equation of the accounts, a row of the grid `accounts`: what was found is all that became of it.

    `became` holds measures by name; `words` says the equation in words with {found} and those names as gaps, ""
    where it is told by the figures alone. `besides` is what came in and stands in no table.
    """

    total: Measure
    terms: tuple[tuple[str, Measure], ...]
    sentence: str = ""
    outside_tables: Decimal = Decimal(0)


@dataclass(frozen=True)
class ConsolidatedContent:
    """The consolidated workbook before it is a workbook: title and lead, the units that have not answered, single
    figures, tables of figures, and the tables that they are counted in (by name: see `TABLE_NAMES`).

    `accounts` are the rows of the table of that name, as they are counted in the others. `told` says in sentences
    how it all stands, `groups` how each group of the widest level does, after its name. `since` is the day of the
    round that changes are told against. `blank` are the units whose forms came back without an answer.
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

    @cached_property
    def tables_by_name(self) -> Mapping[str, Table]:
        """The grids by name."""
        return MappingProxyType({table.name: table for table in self.tables})


TABLE_NAMES = (
    "deviations",
    "activities",
    "answers",
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
"""The names of the grids, in the order in which they stand in the workbook; changes only where there is a previous
round."""
