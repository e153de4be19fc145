"""The rows of the form sheet, laid column by column knowledge: what a column's cells share is looked up once.

What a cell holds, how it looks and how high it makes its row follow from its text and from whether that stands in
the row above too; the same texts come again and again.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Literal

from xlflow.core.layout import Column
from xlflow.core.model import Line
from xlflow.core.rules import NUMBERS
from xlflow.excel.outgoing import Book, Format, Formula, Sheet, Written, count_lines, height_of, text_width
from xlflow.generate.answers import FORMATS, answer_cell, format_of
from xlflow.generate.computed import computed_cell, style_computed
from xlflow.generate.frame import Frame
from xlflow.generate.marks import Marks, change_style
from xlflow.generate.remaining import REMAINING, longest_remaining, remaining_formula, say_remaining

WIDEST, TALLEST = 70, 400.0
"""Characters to which a column may be widened, and points that a row may be high, to show a long text whole."""

Look = Literal["plain", "repeated", "cut"]

SMALLER, MOST_REPEATED = 1.2, 3
"""How much more of a repeated text fits a line, since its letters are smaller; and how many lines it may take. A
longer one is cut to one line, so that the row stays low, also when Excel fits it to what is written into it."""

LONGEST_WORD = 26.0
"""Characters to which a column is widened for the sake of a single word; longer ones are broken."""

LOWEST = 21.0
"""Points that a row is high at least; one that answers the plan has room for whatever it may say live, for no
program makes a row higher when a formula says more."""

BOLD = 1.08
"""How much wider bold letters are."""

Cell = tuple[Written, Format, float]
"""What a cell holds, how it looks, and how high it makes its row."""


class Pen:
    """Writes one column."""

    def __init__(self, book: Book, frame: Frame, column: Column):
        self.column = column
        self._book, self._frame = book, frame
        self._level = frame.level(column) if column.level else None
        self._own_value = column.kind in ("remaining", "computed") or (
            column.kind == "given" and column.field is not None and column.field.type in NUMBERS
        )
        read = partial(say_remaining, frame) if column.kind == "remaining" else frame.reader(column)
        self._texts = {line.id: read(line) for line in (*frame.lines, *frame.own)}
        self._cells: dict[tuple[str, bool, bool], Cell] = {}
        self.width = _width_of(column, column.heading(frame.language), set(self._texts.values()))

    def write(self, row: int, line: Line | None, alike: int, *, free: bool) -> Cell:
        """Return the cell of a row that has so many levels in common with the one above."""
        text = self._texts[line.id] if line else ""
        repeated = self._level is not None and self._level < alike
        cell = self._cells.get((text, repeated, free))
        if cell is None:
            cell = self._cells[text, repeated, free] = self._make(text, repeated=repeated, free=free)
        return (self._value_of(row, line, text), *cell[1:]) if self._own_value else cell

    def restyle(self, mark: dict[str, str], *, free: bool) -> Format:
        """Return the style of a cell that is marked."""
        return _style_of(self._book, self.column, "plain", mark, free=free)

    def _make(self, text: str, *, repeated: bool, free: bool) -> Cell:
        field, look = self.column.field, _choose_look(text, self.width) if repeated else "plain"
        value = answer_cell(self._frame, field, text) if field and field.type in FORMATS and text else text
        style = _style_of(self._book, self.column, look, {}, free=free)
        return None if value == "" else value, style, _height_in(look, text, self.width)

    def _value_of(self, row: int, line: Line | None, text: str) -> Written:
        """Return what a cell holds that does not follow from its text alone."""
        column = self.column
        if column.kind == "remaining":
            return Formula(remaining_formula(self._frame, row), text)
        if column.kind == "computed":
            return computed_cell(self._frame, row, column, line)
        given = line.value(column.key) if line else None
        return given if isinstance(given, Decimal) else self._cells[text, False, line is None or line.own][0]


def make_pens(book: Book, frame: Frame) -> list[Pen]:
    """Return what writes the columns of a form, each as wide as its texts need."""
    return [Pen(book, frame, column) for column in frame.columns]


def lay_rows(pens: Sequence[Pen], sheet: Sheet, frame: Frame, marks: Marks) -> None:
    """Lay the rows of the lines, then the free ones."""
    width = pens[frame.index(REMAINING)].width
    least = max(LOWEST, height_of([(longest_remaining(frame), width)]))
    rows = frame.rows()
    for part, lowest in ((rows[: len(frame.lines)], least), (rows[len(frame.lines) :], LOWEST)):
        if part:
            laid = _make_rows(pens, part, marks, lowest, free=part[0][0] >= frame.free_row)
            sheet.lay_rows(part[0][0], laid, lambda _, styles: styles, grows=True)


def _make_rows(
    pens: Sequence[Pen], rows: Sequence[tuple[int, Line | None]], marks: Marks, least: float, *, free: bool
) -> Iterator[tuple[Sequence[Written], Sequence[Format], float]]:
    """Yield each row with the styles of its cells, which is what it is laid by."""
    above: Line | None = None
    for row, line in rows:
        alike = 0 if free else _count_alike(line, above)
        cells = [pen.write(row, line, alike, free=free) for pen in pens]
        values, styles, heights = zip(*cells, strict=True)
        if marks.by_cell:
            changes = [change_style(marks, (row, place)) for place in range(len(pens))]
            styles = tuple(
                pen.restyle(change, free=free) if change else style
                for pen, change, style in zip(pens, changes, styles, strict=True)
            )
        yield values, styles, max(least, *heights)
        above = line


def _count_alike(line: Line | None, above: Line | None) -> int:
    """Return how many levels, from the left, read as in the row above."""
    if line is None or above is None:
        return 0
    pairs = enumerate(zip(line.levels, above.levels, strict=True))
    return next((place for place, (one, other) in pairs if one != other), len(line.levels))


def _width_of(column: Column, heading: str, texts: set[str]) -> float:
    """Return a width at which no word is broken, and the longest text still fits a row that Excel can show."""
    if column.kind in ("id", "remaining"):
        return float(column.width)
    words = {word for text in texts for word in text.split()}
    titled = max(map(text_width, heading.split()), default=0) * BOLD
    width = max(
        column.width, min(LONGEST_WORD, max(map(text_width, words), default=0) + 1), min(LONGEST_WORD, titled + 1)
    )
    long = [text for text in texts if len(text) > 200]
    while width < WIDEST and long and height_of((text, width) for text in long) > TALLEST:
        width += 2
    return width


def _choose_look(text: str, width: float) -> Look:
    """Return how a text is shown that stands in the row above too."""
    return "cut" if count_lines(text, width * SMALLER) > MOST_REPEATED else "repeated"


def _height_in(look: Look, text: str, width: float) -> float:
    if look == "plain":
        return height_of([(text, width)])
    return height_of([(text, width * SMALLER)], line=12.5) if look == "repeated" else 0.0


def _style_of(book: Book, column: Column, look: Look, mark: dict[str, str], *, free: bool) -> Format:
    if look != "plain":
        return book.style("repeated", text_wrap=look == "repeated")
    if column.kind == "id":
        return book.style("cell_quiet", font_size=8)
    if column.kind == "computed" and column.field:
        return style_computed(book, column.field)
    shown = format_of(column.field) if column.field else None
    if column.kind == "answer" or (free and column.kind in ("level", "given")):
        return book.style("ask", num_format=shown or "@", **mark)
    if column.kind == "given" and shown:
        return book.style("cell", num_format=shown, **mark)
    return book.style("cell_quiet" if column.kind in ("context", "previous") else "cell", **mark)
