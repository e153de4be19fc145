"""Plans where each table goes: its sheet, its first row, its Excel name, and on which further sheet it continues.

A sheet of Excel has 1,048,576 rows. What does not fit continues under the same headings on a sheet of the same
name with a number, and every formula counts in all parts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from xlflow.consolidated.summary_model import RowFilter
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.table import Table
from xlflow.model.text import ascii_letters


@dataclass(frozen=True, slots=True)
class FormulaNames:
    """How formulas refer to tables and columns: Excel names by table name (one per part, where a table
    continues on further sheets), and escaped headings by (table name, column key)."""

    excel_names: Mapping[str, tuple[str, ...]]
    column_names: Mapping[tuple[str, str], str]

    def column_reference(self, table: str, key: str, part_index: int = 0) -> str:
        """Return a structured reference to a column of one part of a table: Svar[Enhet]."""
        return f"{self.excel_names[table][part_index]}[{self.column_names[table, key]}]"


def build_formula_names(tables: Iterable[Table], excel_names: Mapping[str, tuple[str, ...]]) -> FormulaNames:
    """Return the names of all tables and of all their columns."""
    column_names = {
        (table.name, column.key): _escape_heading(column.heading) for table in tables for column in table.columns
    }
    return FormulaNames(excel_names, MappingProxyType(column_names))


def make_excel_name(text: str) -> str:
    """Return a text as the name of an Excel table: letters a to z, digits and underscores."""
    return "".join(letter if letter.isalnum() else "_" for letter in ascii_letters(text))


def _escape_heading(heading: str) -> str:
    """Return a heading as a structured reference writes it: five characters are escaped by an apostrophe."""
    return "".join(f"'{letter}" if letter in "[]#'@" else letter for letter in heading)


MAX_SHEET_ROWS = 1_048_576
"""Rows of a sheet."""

TABLES_BY_SHEET = (
    ("deviations", ("deviations",)),
    ("activities", ("activities",)),
    ("answers", ("answers",)),
    ("corrections", ("corrections",)),
    ("changes", ("changes",)),
    ("collection", ("accounts", "units", "files", "set_aside")),
    ("findings", ("findings",)),
    ("about", ("about", "waivers", "aliases", "inputs")),
    ("history", ("history",)),
    ("rounds", ("rounds",)),
)
"""The sheets after the summary, in order, each with its tables; the last two are those of a history workbook."""

OPTIONAL_TABLES = frozenset(("waivers", "aliases"))
"""Tables that may be missing from their sheet."""

SINGLE_SHEET_TABLES = frozenset(names[0] for _, names in TABLES_BY_SHEET if len(names) == 1)
"""The tables that share their sheet with no other."""


@dataclass(frozen=True, slots=True)
class TablePart:
    """A table, or as many of its rows as fit on a sheet, from row `first_table_row` (from 0) of the whole table
    on.

    `heading_row` is the row of the sheet (from 0) with the headings; with `has_title` the row above holds a title.
    """

    table: Table
    excel_name: str
    sheet: str
    heading_row: int
    has_title: bool
    first_table_row: int = 0

    @property
    def row_below(self) -> int:
        """The first row below it; a table has at least one row."""
        return self.heading_row + 1 + max(1, len(self.table.rows))


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """All table parts in workbook order, and again by table name."""

    parts: tuple[TablePart, ...]
    parts_by_table: Mapping[str, tuple[TablePart, ...]]

    def parts_by_sheet(self) -> Mapping[str, list[TablePart]]:
        """Return the tables of each sheet, in order."""
        parts_by_sheet: dict[str, list[TablePart]] = {}
        for part in self.parts:
            parts_by_sheet.setdefault(part.sheet, []).append(part)
        return parts_by_sheet

    def excel_names_of(self, table_name: str) -> tuple[str, ...]:
        """Return the Excel names of the parts of a table."""
        return tuple(part.excel_name for part in self.parts_by_table[table_name])

    def first_sheet_of(self, table_name: str) -> str:
        """Return the name of the sheet on which a table begins."""
        return self.parts_by_table[table_name][0].sheet

    def table_address(self, table_name: str) -> str:
        """Return the address of a table's first cell for an internal link."""
        part = self.parts_by_table[table_name][0]
        return _sheet_link(part.sheet, part.heading_row if part.has_title else 0)

    def find_row_address(self, table_name: str, row_filters: Sequence[RowFilter]) -> str | None:
        """Return the address of the first row that matches, None if none does."""
        for part in self.parts_by_table[table_name]:
            keys = [column.key for column in part.table.columns]
            conditions = [
                (keys.index(row_filter.column), row_filter.text.casefold(), row_filter.equals)
                for row_filter in row_filters
            ]
            for row_index, row in enumerate(part.table.rows, part.heading_row + 1):
                if all(
                    (str(row[column_index] or "").casefold() == text) is holds
                    for column_index, text, holds in conditions
                ):
                    return _sheet_link(part.sheet, row_index)
        return None


def plan_sheets(tables: Mapping[str, Table], language: Language, max_rows: int = MAX_SHEET_ROWS) -> SheetPlan:
    """Return the plan of all sheets; a sheet without all its required tables is left out."""
    parts = tuple(
        part
        for key, names in TABLES_BY_SHEET
        if tables.keys() >= set(names) - OPTIONAL_TABLES
        for part in _split_over_sheets(key, [tables[name] for name in names if name in tables], language, max_rows)
    )
    parts_by_table = {name: tuple(each for each in parts if each.table.name == name) for name in tables}
    return SheetPlan(parts, MappingProxyType(parts_by_table))


def _split_over_sheets(
    sheet_key: str, tables: Sequence[Table], language: Language, max_rows: int
) -> Iterator[TablePart]:
    """Yield the table parts of one sheet, and of the sheets on which it continues."""
    sheet_name, has_title = translate(f"consolidated.{sheet_key}", language), len(tables) > 1
    sheet_number, row = 1, 0
    for table in tables:
        excel_name, start, part_number = make_excel_name(translate(f"consolidated.{table.name}", language)), 0, 1
        while start < max(1, len(table.rows)):
            room = max_rows - row - has_title - 1
            if room < 1:
                sheet_number, row = sheet_number + 1, 0
                continue
            table_slice = replace(table, rows=table.rows[start : start + room])
            part = TablePart(
                table_slice,
                _name_with_number(excel_name, part_number, "_"),
                _name_with_number(sheet_name, sheet_number, " "),
                row + has_title,
                has_title,
                start,
            )
            yield part
            start, part_number, row = start + max(1, len(table_slice.rows)), part_number + 1, part.row_below + 1


def _name_with_number(name: str, number: int, separator: str) -> str:
    return name if number == 1 else f"{name}{separator}{number}"


def _sheet_link(sheet: str, row: int) -> str:
    return f"internal:'{sheet}'!A{row + 1}"
