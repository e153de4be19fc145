"""A form on somebody's desk: the sheet as a grid of cells, and a pen whose every text and amount can be followed.

Every text that somebody types has a word of its own, and every amount figures of its own, so that a test can tell
where it ends up; the pen remembers for which line and which column it was meant. Knows a form by what is on it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.cell_range import CellRange
from openpyxl.worksheet.worksheet import Worksheet

RECORDS = "xlflow"
_WORD = re.compile(r"[ab][xyw]q\d+z")
_FIGURES = {"a": "1", "b": "2", "x": "3", "y": "4", "w": "5"}
_AMOUNT = re.compile(r"(?<!\d)9[12][345]\d{3}777(?!\d)")
_GROUPED = re.compile(r"(?<=\d)[\s'.,](?=\d{3}(?!\d))")
_COLLEAGUE = "Kollega"
_MAX_SCANNED_ROWS = 1_000
"""Rows beyond which only the cells that `add_sheet` writes are looked at."""


@dataclass(frozen=True)
class SampleRound:
    """What a round asks and in which language: the columns by what they are, the names by which people know them.

    `headings` are those of the answers in the consolidated workbook, `result_names` its sheets (answers,
    collection, findings) and the heading of unplaced text there; `correction_sheet` is the sheet of a form that
    lists what is to be corrected, `foreign_row` a row of another unit.
    """

    template: str
    language: str
    plan_table: str
    levels: tuple[str, ...]
    item_level: str
    headings: Mapping[str, str]
    issued_columns: tuple[str, ...]
    foreign_row: Mapping[str, str]
    form_sheet: str
    guide_sheet: str
    correction_sheet: str
    result_names: tuple[str, str, str, str]
    number_columns: frozenset[str] = frozenset()
    computed_columns: tuple[str, ...] = ()

    @property
    def answer_columns(self) -> tuple[str, ...]:
        """The columns that a unit fills in."""
        return tuple(self.headings)


class UniqueWriter:
    """Makes texts and amounts of which no two are alike. `intended_cells` gives for each word the item and column
    that it was meant for, `amounts` the number that each readable amount stands for."""

    def __init__(self, rng: Random, prefix: str):
        self._rng, self._number, self.prefix = rng, 0, prefix
        self.digits = f"9{''.join(_FIGURES.get(letter, '8') for letter in prefix[:2])}"
        self.intended_cells: dict[str, tuple[str, str]] = {}
        self.amounts: dict[str, float] = {}

    def next_text(self, *home: str) -> str:
        """Return a text with a word that stands nowhere else, sometimes a long one."""
        self._number += 1
        word = f"{self.prefix}q{self._number}z"
        if home:
            self.intended_cells[word] = (home[0], home[1])
        beginning = self._rng.choice(
            ("Klart", "Pågående", "Kvartal 3", "Vi väntar på besked från en utredning. " * 9)
        )
        return f"{beginning} {word}"

    def next_amount(self, *home: str) -> object:
        """Return an amount that stands nowhere else: a number, or a text as people type one, sometimes unclear."""
        self._number += 1
        word = f"{self.digits}{self._number:03d}777"
        if home:
            self.intended_cells[word] = (home[0], home[1])
        sign, cents = self._rng.choice((1, -1)), self._rng.choice((0, 0.5, 0.25))
        amount = sign * (int(word) + cents)
        spellings: list[object] = [amount, *_spell_amount(amount)]
        chosen = self._rng.randrange(len(spellings) + 1)
        if chosen == len(spellings):
            return f"cirka {word} eller mer"
        self.amounts[word] = amount
        return spellings[chosen]


def _spell_amount(amount: float) -> Iterator[str]:
    """Yield an amount as text, in ways that leave no doubt."""
    grouped = f"{amount:,.2f}"
    for mark in (" ", "\xa0", "\u202f"):
        yield grouped.replace(",", mark).replace(".", ",").removesuffix(",00")
    yield f"{amount:.2f}".replace(".", ",").replace("-", "\u2212")
    yield f"{grouped.replace(',', ' ').replace('.', ',')} kr"


def words_of_writer(writer: UniqueWriter, words: Iterable[str]) -> list[str]:
    """Return those of some words that a pen wrote."""
    return [word for word in words if word.startswith((writer.prefix, writer.digits))]


def find_words_in_value(value: object) -> list[str]:
    """Return the words of a pen in what stands in a cell, and the figures of its amounts."""
    text = str(value)
    return [*_WORD.findall(text), *_AMOUNT.findall(_GROUPED.sub("", text))]


@dataclass
class GridRow:
    """One row of the sheet: what it is, the activity on it if any, and its cells."""

    kind: str
    cells: list[Any]
    name: str = ""
    hidden: bool = False


@dataclass
class FormGrid:
    """A form on somebody's desk: the rows of its sheet, where each column stands by now, and the book around."""

    sample: SampleRound
    workbook: Workbook
    rows: list[GridRow]
    columns: dict[str, int]
    writer: UniqueWriter
    rng: Random
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    sheet: str = ""
    copies: list["FormGrid"] = field(default_factory=list)
    damages: set[str] = field(default_factory=set)

    def rows_of_kind(self, *kinds: str) -> list[GridRow]:
        """Return the rows of a kind."""
        return [line for line in self.rows if line.kind in kinds]

    def column_index(self, key: str) -> int | None:
        """Return where a column stands, if it is still there."""
        return self.columns.get(key)

    def set_cell(self, row: GridRow, key: str, value: object) -> None:
        """Write into a cell of a row; nothing where the column is gone."""
        if (index := self.column_index(key)) is not None:
            row.cells[index] = value

    def make_entry(self, key: str, *home: str) -> object:
        """Return something to write into a column, mostly what is asked for there; `home` is where it belongs (see
        `UniqueWriter`)."""
        if key in self.sample.number_columns and self.rng.random() < 0.8:
            return self.writer.next_amount(*home)
        return self.writer.next_text(*home)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.rows[0].cells)


def load_form(sample: SampleRound, workbook: Workbook, writer: UniqueWriter, rng: Random) -> FormGrid:
    """Return a form as it was issued."""
    rows = [GridRow("", list(row)) for row in workbook[sample.form_sheet].iter_rows(values_only=True)]
    codes = next(line for line in rows if line.cells[0] == "#id")
    columns = {str(code).removeprefix("#"): place for place, code in enumerate(codes.cells) if code}
    for line, sort in zip(rows, ("title", "counter", "codes", "heading"), strict=False):
        line.kind = sort
    above = True
    for line in rows[4:]:
        texts = (
            line.cells[columns[key]] for key in reversed(sample.levels[sample.levels.index(sample.item_level) :])
        )
        line.name = next((str(text) for text in texts if text), "")
        line.kind = (
            ("line" if above else "own") if line.name else "free" if line.cells[0] is None else "free heading"
        )
        above = above and line.kind == "line"
    return FormGrid(sample, workbook, rows, columns, writer, rng, sheet=sample.form_sheet)


def answer_form(form: FormGrid) -> None:
    """Answer as a unit does: most rows, most cells, and now and then an activity of one's own."""
    for line in form.rows_of_kind("line"):
        for key in form.sample.answer_columns:
            if form.rng.random() < 0.7:
                form.set_cell(line, key, form.make_entry(key, line.name, key))
    for line in form.rows_of_kind("free")[: form.rng.randint(0, 2)]:
        write_added_activity(form, line)


def write_added_activity(form: FormGrid, row: GridRow) -> None:
    """Write an activity of one's own into a row, with answers."""
    text = form.writer.next_text()
    row.kind, row.name = "own", text.split()[-1]
    form.set_cell(row, form.sample.item_level, text)
    for key in (form.sample.answer_columns[0], "comment"):
        form.set_cell(row, key, form.make_entry(key, row.name, key))


# Handing in -----------------------------------------------------------------------------------------------


def build_workbook(form: FormGrid) -> Workbook:
    """Return the workbook as it comes back."""
    for each in (form, *form.copies):
        known = each.sheet in form.workbook
        _write_sheet(each, form.workbook[each.sheet] if known else form.workbook.create_sheet(each.sheet))
    return form.workbook


def find_words(workbook: Workbook) -> dict[str, list[tuple[str, str]]]:
    """Return where (sheet, cell) every word of a pen stands in a workbook, as people see it; a colleague's note on
    a cell counts as the cell, and the header or footer of a page as a cell without address."""
    found: dict[str, list[tuple[str, str]]] = {}
    for sheet in (sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"):
        far = sheet.max_row > _MAX_SCANNED_ROWS
        rows: Any = ((sheet["C7"], sheet["XFD1048576"]),) if far else sheet.iter_rows()
        for cell in (cell for row in rows for cell in row):
            note = cell.comment.text if cell.comment and cell.comment.author == _COLLEAGUE else ""
            for word in (*find_words_in_value(cell.value), *find_words_in_value(note)):
                found.setdefault(word, []).append((sheet.title, cell.coordinate))
        for margin in (sheet.oddHeader, sheet.oddFooter):
            for word in find_words_in_value([margin.left.text, margin.center.text, margin.right.text]):
                found.setdefault(word, []).append((sheet.title, ""))
    return found


def _write_sheet(form: FormGrid, sheet: Worksheet) -> None:
    for area in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(area))
    for row in sheet.iter_rows():
        for cell in row:
            cell.value = None
    for number, line in enumerate(form.rows, 1):
        if line.hidden:
            sheet.row_dimensions[number].hidden = True
        for place, value in enumerate(line.cells, 1):
            if value is not None:
                sheet.cell(number, place).value = value
    for (row, column), text in form.notes.items():
        if row < len(form.rows) and column < form.width:
            sheet.cell(row + 1, column + 1).comment = Comment(text, _COLLEAGUE)
    for top, bottom, column in form.merged:
        last = min(bottom, len(form.rows) - 1)
        if last > top:
            sheet.merged_cells.add(CellRange(None, column + 1, top + 1, column + 1, last + 1))
