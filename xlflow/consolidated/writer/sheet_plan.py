"""Which table stands where: its sheet, its first row, its name; and on which further sheet it goes on.

A sheet of Excel ends after 1,048,576 rows. What does not fit goes on under the same headings on a sheet of the
same name with a number, and every formula counts in all of them.
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
    """How the tables and their columns are called in formulas: by grid, then by column key. A grid that goes on in
    a further table has a name for each."""

    excel_names: Mapping[str, tuple[str, ...]]
    column_names: Mapping[tuple[str, str], str]

    def column_reference(self, table: str, key: str, part_index: int = 0) -> str:
        """Return a column of one of a grid's tables as formulas call it: Svar[Enhet]."""
        return f"{self.excel_names[table][part_index]}[{self.column_names[table, key]}]"


def build_formula_names(tables: Iterable[Table], excel_names: Mapping[str, tuple[str, ...]]) -> FormulaNames:
    """Return the names of all tables and of all their columns."""
    column_names = {
        (table.name, column.key): _escape_heading(column.heading) for table in tables for column in table.columns
    }
    return FormulaNames(excel_names, MappingProxyType(column_names))


def make_excel_name(text: str) -> str:
    """Return a text as the name of a table: letters a to z, digits and underscores."""
    return "".join(letter if letter.isalnum() else "_" for letter in ascii_letters(text))


def _escape_heading(heading: str) -> str:
    """Return a heading as it stands between brackets, where five characters have a meaning of their own."""
    return "".join(f"'{letter}" if letter in "[]#'@" else letter for letter in heading)


MAX_SHEET_ROWS = 1_048_576
"""Rows of a sheet."""

TABLES_BY_SHEET = (
    ("deviations", ("deviations",)),
    ("activities", ("activities",)),
    ("answers", ("answers",)),
    ("changes", ("changes",)),
    ("collection", ("accounts", "units", "files", "set_aside")),
    ("findings", ("findings",)),
    ("about", ("about", "waivers", "aliases", "inputs")),
    ("history", ("history",)),
    ("rounds", ("rounds",)),
)
"""The sheets after the summary, in order, each with the tables that stand on it; the last two are those of a
history, which has no others."""

OPTIONAL_TABLES = frozenset(("waivers", "aliases"))
"""Tables without which their sheet is whole too."""

SINGLE_SHEET_TABLES = frozenset(names[0] for _, names in TABLES_BY_SHEET if len(names) == 1)
"""The tables that share their sheet with no other."""


@dataclass(frozen=True, slots=True)
class TablePart:
    """A table: as many rows of a grid as there is room for on a sheet, from its row `start` on. Rows of the sheet
    count from 0: `top` is that of the headings; one that is `titled` has its title in the row above."""

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
    """All tables, in the order in which they stand in the workbook, and again by grid."""

    parts: tuple[TablePart, ...]
    parts_by_table: Mapping[str, tuple[TablePart, ...]]

    def parts_by_sheet(self) -> Mapping[str, list[TablePart]]:
        """Return the tables of each sheet, in order."""
        parts_by_sheet: dict[str, list[TablePart]] = {}
        for part in self.parts:
            parts_by_sheet.setdefault(part.sheet, []).append(part)
        return parts_by_sheet

    def excel_names_of(self, table_name: str) -> tuple[str, ...]:
        """Return the names of the tables that a grid stands in."""
        return tuple(part.excel_name for part in self.parts_by_table[table_name])

    def first_sheet_of(self, table_name: str) -> str:
        """Return the name of the sheet that a grid begins on."""
        return self.parts_by_table[table_name][0].sheet

    def table_address(self, table_name: str) -> str:
        """Return the address of a table, as links write it."""
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
    """Return where every table stands; sheets whose tables are not all there are left out."""
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
    """Yield the tables of one sheet, and of those that it goes on in."""
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
