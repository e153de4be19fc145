"""What the consolidated workbook shows, as values: its tables, and the figures that its first sheet counts.

A figure is declared once, as what is counted where: `summarise` works it out, `write` writes it as a formula with
that value, and a spreadsheet program that recalculates must come to the same. Knows no workbook and no answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import Literal

from xlflow.core.model import Cell, Grid
from xlflow.core.template import Template
from xlflow.core.words import Language


@dataclass(frozen=True, slots=True)
class Match:
    """Picks the rows whose cell in `column` reads `text`, upper or lower case alike; not `holds`: the others.

    `start` is how the text begins, if that is enough to know it by among the texts of the column.
    """

    column: str
    text: str
    holds: bool = True
    start: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one column of figures tells about each group of rows of the grid `table`.

    count: how many rows; sum: of the numbers in the column `of`; rest: that sum less the figures to the left;
    across: the figures to the left together. `signed`: less than nothing is bad news.
    """

    heading: str
    kind: Literal["count", "sum", "rest", "across"]
    table: str = ""
    where: tuple[Match, ...] = ()
    of: str = ""
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One row of figures: the rows of the grid that it is about.

    share: the part that each figure of the row above is of the one that goes `across`; others: what the rows
    above in the section leave of all rows that match.
    """

    label: str
    where: tuple[Match, ...] = ()
    kind: Literal["rows", "share", "others"] = "rows"


@dataclass(frozen=True, slots=True)
class Section:
    """Groups of rows, each with one figure per measure, in `values`.

    `key` says by what is grouped: a level's or a field's key, or one of our own.
    """

    key: str
    title: str
    groups: tuple[Group, ...]
    measures: tuple[Measure, ...]
    values: tuple[tuple[Cell, ...], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Sections under common headings: every section has the same measures, by their headings."""

    title: str
    headings: tuple[str, ...]
    sections: tuple[Section, ...]
    status: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its words before and after it, such as "Units that answered | 5 | of 6"."""

    label: str
    measure: Measure
    value: Cell
    note: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """One equation of the accounts, a row of the grid `accounts`: what was found is all that became of it.

    `became` holds measures by name; `words` says the equation in words with {found} and those names as gaps, ""
    where it is told by the figures alone. `besides` is what came in and stands in no table.
    """

    found: Measure
    became: tuple[tuple[str, Measure], ...]
    words: str = ""
    besides: Decimal = Decimal(0)


@dataclass(frozen=True)
class Summary:
    """The consolidated workbook before it is a workbook: title and lead, the units that have not answered, single
    figures, tables of figures, and the tables that they are counted in (by name: see `GRIDS`).

    `accounts` are the rows of the table of that name, as they are counted in the others. `told` says in sentences
    how it all stands, `groups` how each group of the widest level does, after its name. `since` is the day of the
    round that changes are told against. `blank` are the units whose forms came back without an answer.
    """

    title: str
    lead: str
    missing: tuple[str, ...]
    facts: tuple[Fact, ...]
    panels: tuple[Panel, ...]
    tables: tuple[Grid, ...]
    accounts: tuple[Account, ...] = ()
    told: tuple[str, ...] = ()
    groups: tuple[tuple[str, str], ...] = ()
    since: date | None = None
    blank: tuple[str, ...] = ()

    @cached_property
    def grids(self) -> Mapping[str, Grid]:
        """The grids by name."""
        return MappingProxyType({grid.name: grid for grid in self.tables})


@dataclass(frozen=True, slots=True)
class History:
    """Several rounds as a workbook shows them: one row per line and one column per round in `lines`, what the
    rounds were in `rounds`. Title, day and language are the last round's; `templates` are all, its own first."""

    title: str
    as_of: date
    language: Language
    templates: tuple[Template, ...]
    lines: Grid
    rounds: Grid


GRIDS = (
    "deviations",
    "activities",
    "answers",
    "changes",
    "accounts",
    "units",
    "files",
    "set_aside",
    "remarks",
    "about",
    "exceptions",
    "aliases",
    "inputs",
)
"""The names of the grids, in the order in which they stand in the workbook; changes only where there is a previous
round."""
