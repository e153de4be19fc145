"""Figures as formulas over the tables, in words that a reader of the sheet can follow.

`=` compares texts of any length without regard to case and knows no wildcards, which COUNTIF and its kin do not;
so every figure is a SUMPRODUCT of such comparisons. No function is used that Excel 2010 or LibreOffice lacks.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from xlflow.core.model import Grid
from xlflow.core.summary import Group, Match, Measure, Section

LONGEST_LITERAL = 255
"""Characters that a text written into a formula may have."""


@dataclass(frozen=True, slots=True)
class Names:
    """How the tables and their columns are called in formulas: by grid, then by column key. A grid that goes on in
    a further table has a name for each."""

    tables: Mapping[str, tuple[str, ...]]
    columns: Mapping[tuple[str, str], str]

    def column(self, table: str, key: str, part: int = 0) -> str:
        """Return a column of one of a grid's tables as formulas call it: Svar[Enhet]."""
        return f"{self.tables[table][part]}[{self.columns[table, key]}]"


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a figure stands (counted from 0): its row, its column, the row of the headings above it, and the first
    row of its section. Labels stand in column A, figures from column B on."""

    row: int
    column: int
    heading: int
    first: int


def name_tables(grids: Iterable[Grid], tables: Mapping[str, tuple[str, ...]]) -> Names:
    """Return the names of all tables and of all their columns."""
    named = {(grid.name, column.key): _escape(column.heading) for grid in grids for column in grid.columns}
    return Names(tables, MappingProxyType(named))


def plain_name(text: str) -> str:
    """Return a text as the name of a table: letters a to z, digits and underscores."""
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "".join(letter if letter.isalnum() else "_" for letter in letters)


def write_fact(measure: Measure, names: Names) -> str:
    """Return the formula of a single figure."""
    return f"={count(measure, names)}"


def count(measure: Measure, names: Names) -> str:
    """Return how a single figure is counted, as a part of a formula."""
    return _take(measure, [(match, None) for match in measure.where], names)


def write_figure(section: Section, group: Group, place: int, spot: Spot, names: Names) -> str:
    """Return the formula of the figure of a group and the section's measure number `place`."""
    measure = section.measures[place]
    if group.kind == "share":
        whole = next(column for column, each in enumerate(section.measures, 1) if each.kind == "across")
        total = f"${letter_of(whole)}{spot.row}"
        return f"=IF({total}=0,0,{letter_of(spot.column)}{spot.row}/{total})"
    if measure.kind == "across":
        return f"=SUM({_area(spot.row, 1, spot.row, spot.column - 1)})"
    label, heading = f"$A{spot.row + 1}", f"{letter_of(spot.column)}${spot.heading + 1}"
    asked = [(match, label if _shows(match, group.label) else None) for match in group.where]
    asked += [(match, heading if match.text == measure.heading else None) for match in measure.where]
    formula = _take(measure, asked, names)
    first = 1 if measure.kind == "rest" else spot.column
    if group.kind == "others":
        formula += f"-SUM({_area(spot.first, first, spot.row - 1, spot.column)})"
    if measure.kind == "rest":
        formula += f"-SUM({_area(spot.row, 1, spot.row, spot.column - 1)})"
    return f"={formula}"


def quote(text: str) -> str:
    """Return a text as it is written into a formula; long ones in pieces."""
    pieces = [text[start : start + LONGEST_LITERAL] for start in range(0, len(text), LONGEST_LITERAL)]
    return "&".join('"' + piece.replace('"', '""') + '"' for piece in pieces or [""])


def letter_of(column: int) -> str:
    """Return the letters of a column counted from 0: A, B, … AA."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _take(measure: Measure, asked: Sequence[tuple[Match, str | None]], names: Names) -> str:
    return "+".join(_take_part(measure, asked, names, part) for part in range(len(names.tables[measure.table])))


def _take_part(measure: Measure, asked: Sequence[tuple[Match, str | None]], names: Names, part: int) -> str:
    """Return what one of the tables that a grid stands in contributes."""
    compared = ((match, cell, names.column(measure.table, match.column, part)) for match, cell in asked)
    conditions = "*".join(_compare(match, cell, column) for match, cell, column in compared)
    if len(asked) == 1:
        conditions += "*1"
    if not measure.of:
        return f"SUMPRODUCT({conditions})"
    numbers = names.column(measure.table, measure.of, part)
    return f"SUMPRODUCT({conditions},{numbers})" if conditions else f"SUM({numbers})"


def _compare(match: Match, cell: str | None, column: str) -> str:
    if match.start:
        start = cell or quote(match.start)
        return f"(LEFT({column},LEN({start}))={start})"
    return f"({column}{'=' if match.holds else '<>'}{cell or quote(match.text)})"


def _shows(match: Match, label: str) -> bool:
    return label == (match.start or match.text) and match.holds


def _area(top: int, left: int, bottom: int, right: int) -> str:
    return f"{letter_of(left)}{top + 1}:{letter_of(right)}{bottom + 1}"


def _escape(heading: str) -> str:
    """Return a heading as it stands between brackets, where five characters have a meaning of their own."""
    return "".join(f"'{letter}" if letter in "[]#'@" else letter for letter in heading)
