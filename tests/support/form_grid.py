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
_FAR = 1_000
"""Rows beyond which only the cells that `add_sheet` writes are looked at."""


@dataclass(frozen=True)
class Kind:
    """What a round asks and in which language: the columns by what they are, the names by which people know them.

    `headings` are those of the answers in the consolidated workbook, `tabs` its sheets (answers, collection,
    remarks) and the heading of what is set aside there; `list_item_xml` is the sheet of a form that says what is
    to be corrected, `stranger` the row of another unit.
    """

    template: str
    language: str
    plan: str
    levels: tuple[str, ...]
    item: str
    headings: Mapping[str, str]
    given: tuple[str, ...]
    stranger: Mapping[str, str]
    sheet: str
    guide: str
    listed: str
    tabs: tuple[str, str, str, str]
    numbers: frozenset[str] = frozenset()
    computed: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """The columns that a unit fills in."""
        return tuple(self.headings)


class Pen:
    """Writes texts and amounts of which no two are alike: `home` says for which line and column each was meant,
    `worth` what each amount is that is written so that it can be read."""

    def __init__(self, chance: Random, prefix: str):
        self._chance, self._number, self.prefix = chance, 0, prefix
        self.figures = f"9{''.join(_FIGURES.get(letter, '8') for letter in prefix[:2])}"
        self.home: dict[str, tuple[str, str]] = {}
        self.worth: dict[str, float] = {}

    def text(self, *home: str) -> str:
        """Return a text with a word that stands nowhere else, sometimes a long one."""
        self._number += 1
        word = f"{self.prefix}q{self._number}z"
        if home:
            self.home[word] = (home[0], home[1])
        begun = self._chance.choice(
            ("Klart", "Pågående", "Kvartal 3", "Vi väntar på besked från en utredning. " * 9)
        )
        return f"{begun} {word}"

    def amount(self, *home: str) -> object:
        """Return an amount that stands nowhere else: a number, or a text as people type one, sometimes unclear."""
        self._number += 1
        word = f"{self.figures}{self._number:03d}777"
        if home:
            self.home[word] = (home[0], home[1])
        sign, cents = self._chance.choice((1, -1)), self._chance.choice((0, 0.5, 0.25))
        worth = sign * (int(word) + cents)
        written: list[object] = [worth, *_type_amount(worth)]
        chosen = self._chance.randrange(len(written) + 1)
        if chosen == len(written):
            return f"cirka {word} eller mer"
        self.worth[word] = worth
        return written[chosen]


def _type_amount(worth: float) -> Iterator[str]:
    """Yield an amount as text, in ways that leave no doubt."""
    grouped = f"{worth:,.2f}"
    for mark in (" ", "\xa0", "\u202f"):
        yield grouped.replace(",", mark).replace(".", ",").removesuffix(",00")
    yield f"{worth:.2f}".replace(".", ",").replace("-", "\u2212")
    yield f"{grouped.replace(',', ' ').replace('.', ',')} kr"


def words_of(pen: Pen, words: Iterable[str]) -> list[str]:
    """Return those of some words that a pen wrote."""
    return [word for word in words if word.startswith((pen.prefix, pen.figures))]


def words_in(value: object) -> list[str]:
    """Return the words of a pen in what stands in a cell, and the figures of its amounts."""
    text = str(value)
    return [*_WORD.findall(text), *_AMOUNT.findall(_GROUPED.sub("", text))]


@dataclass
class Line:
    """One row of the sheet: what it is, the activity on it if any, and its cells."""

    kind: str
    cells: list[Any]
    name: str = ""
    hidden: bool = False


@dataclass
class Form:
    """A form on somebody's desk: the rows of its sheet, where each column stands by now, and the book around."""

    kind: Kind
    book: Workbook
    lines: list[Line]
    columns: dict[str, int]
    pen: Pen
    chance: Random
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    sheet: str = ""
    copied: list["Form"] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def of_kind(self, *kinds: str) -> list[Line]:
        """Return the rows of a kind."""
        return [line for line in self.lines if line.kind in kinds]

    def place_of(self, key: str) -> int | None:
        """Return where a column stands, if it is still there."""
        return self.columns.get(key)

    def put(self, line: Line, key: str, value: object) -> None:
        """Write into a cell of a row; nothing where the column is gone."""
        if (place := self.place_of(key)) is not None:
            line.cells[place] = value

    def write(self, key: str, *home: str) -> object:
        """Return something to write into a column, mostly what is asked for there; see `FormColumnWriter` for
        `home`."""
        if key in self.kind.numbers and self.chance.random() < 0.8:
            return self.pen.amount(*home)
        return self.pen.text(*home)

    @property
    def width(self) -> int:
        """How many columns there are."""
        return len(self.lines[0].cells)


def open_form(kind: Kind, book: Workbook, pen: Pen, chance: Random) -> Form:
    """Return a form as it was issued."""
    lines = [Line("", list(row)) for row in book[kind.sheet].iter_rows(values_only=True)]
    codes = next(line for line in lines if line.cells[0] == "#id")
    columns = {str(code).removeprefix("#"): place for place, code in enumerate(codes.cells) if code}
    for line, sort in zip(lines, ("title", "counter", "codes", "heading"), strict=False):
        line.kind = sort
    above = True
    for line in lines[4:]:
        texts = (line.cells[columns[key]] for key in reversed(kind.levels[kind.levels.index(kind.item) :]))
        line.name = next((str(text) for text in texts if text), "")
        line.kind = (
            ("line" if above else "own") if line.name else "free" if line.cells[0] is None else "free heading"
        )
        above = above and line.kind == "line"
    return Form(kind, book, lines, columns, pen, chance, sheet=kind.sheet)


def answer_form(form: Form) -> None:
    """Answer as a unit does: most rows, most cells, and now and then an activity of one's own."""
    for line in form.of_kind("line"):
        for key in form.kind.answers:
            if form.chance.random() < 0.7:
                form.put(line, key, form.write(key, line.name, key))
    for line in form.of_kind("free")[: form.chance.randint(0, 2)]:
        write_own(form, line)


def write_own(form: Form, line: Line) -> None:
    """Write an activity of one's own into a row, with answers."""
    text = form.pen.text()
    line.kind, line.name = "own", text.split()[-1]
    form.put(line, form.kind.item, text)
    for key in (form.kind.answers[0], "comment"):
        form.put(line, key, form.write(key, line.name, key))


# Handing in -----------------------------------------------------------------------------------------------


def hand_in(form: Form) -> Workbook:
    """Return the workbook as it comes back."""
    for each in (form, *form.copied):
        known = each.sheet in form.book
        _lay_down(each, form.book[each.sheet] if known else form.book.create_sheet(each.sheet))
    return form.book


def find_words(book: Workbook) -> dict[str, list[tuple[str, str]]]:
    """Return where (sheet, cell) every word of a pen stands in a workbook, as people see it; a colleague's note on
    a cell counts as the cell, and the header or footer of a page as a cell without address."""
    found: dict[str, list[tuple[str, str]]] = {}
    for sheet in (sheet for sheet in book.worksheets if sheet.sheet_state == "visible"):
        far = sheet.max_row > _FAR
        rows: Any = ((sheet["C7"], sheet["XFD1048576"]),) if far else sheet.iter_rows()
        for cell in (cell for row in rows for cell in row):
            note = cell.comment.text if cell.comment and cell.comment.author == _COLLEAGUE else ""
            for word in (*words_in(cell.value), *words_in(note)):
                found.setdefault(word, []).append((sheet.title, cell.coordinate))
        for margin in (sheet.oddHeader, sheet.oddFooter):
            for word in words_in([margin.left.text, margin.center.text, margin.right.text]):
                found.setdefault(word, []).append((sheet.title, ""))
    return found


def _lay_down(form: Form, sheet: Worksheet) -> None:
    for area in list(sheet.merged_cells.ranges):
        sheet.unmerge_cells(str(area))
    for row in sheet.iter_rows():
        for cell in row:
            cell.value = None
    for number, line in enumerate(form.lines, 1):
        if line.hidden:
            sheet.row_dimensions[number].hidden = True
        for place, value in enumerate(line.cells, 1):
            if value is not None:
                sheet.cell(number, place).value = value
    for (row, column), text in form.notes.items():
        if row < len(form.lines) and column < form.width:
            sheet.cell(row + 1, column + 1).comment = Comment(text, _COLLEAGUE)
    for top, bottom, column in form.merged:
        last = min(bottom, len(form.lines) - 1)
        if last > top:
            sheet.merged_cells.add(CellRange(None, column + 1, top + 1, column + 1, last + 1))
