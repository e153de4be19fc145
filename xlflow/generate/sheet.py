"""The form sheet: a title, the counter, the heading row, one row per line, and free rows for the unit's own.

What was issued is locked; what is to be answered is yellow and not. A text that stands in the row above too is
shown quietly: it is there for sorting and filtering, and the eye may pass it over.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Literal

from xlflow.core.layout import (
    CODE_ROW,
    COUNTER_ROW,
    FIRST_ROW,
    HEADING_ROW,
    TITLE_ROW,
    Column,
    free_heading,
)
from xlflow.core.model import Line
from xlflow.core.words import format_day, say
from xlflow.excel.outgoing import Book, Format, Formula, Sheet, Written, count_lines, height_of, text_width
from xlflow.generate.answers import FORMATS, answer_cell, format_of, guard_answers
from xlflow.generate.computed import computed_cell, mark_negative, style_computed
from xlflow.generate.frame import Frame
from xlflow.generate.marks import Marks, change_style, mark_changed, mark_unchanged
from xlflow.generate.remaining import (
    REMAINING,
    counter_formula,
    longest_remaining,
    remaining_formula,
    say_counter,
    say_remaining,
)

ZOOM = 90
"""Percent. At this the answers stand beside the activity on a screen of 1280 points."""

WIDEST, TALLEST = 70, 400.0
"""Characters to which a column may be widened, and points that a row may be high, to show a long text whole."""

Look = Literal["plain", "repeated", "cut"]

SMALLER, MOST_REPEATED = 1.2, 3
"""How much more of a repeated text fits a line, since its letters are smaller; and how many lines it may take. A
longer one is cut to one line, so that the row stays low, also when Excel fits it to what is written into it."""

LONGEST_WORD = 26.0
"""Characters to which a column is widened for the sake of a single word; longer ones are broken."""

COUNTER_WIDTH = 22.0
"""Characters that "114 av 124 klara" takes at its size."""

LOWEST = 21.0
"""Points that a row is high at least; one that answers the plan has room for whatever it may say live, for no
program makes a row higher when a formula says more."""

BOLD = 1.08
"""How much wider bold letters are."""

FROZEN = 880
"""Points of screen that the columns which stay in view may take, at 100 percent."""


def add_form_sheet(book: Book, frame: Frame, marks: Marks) -> None:
    """Add the sheet on which the unit answers."""
    sheet = book.add_sheet(frame.sheet)
    widths = [_width_of(frame, column) for column in frame.columns]
    sheet.set_widths(widths)
    _write_head(book, sheet, frame, widths)
    _write_rows(book, sheet, frame, widths, marks)
    _write_free_heading(book, sheet, frame)
    mark_unchanged(book, sheet, frame, marks)
    guard_answers(book, sheet, frame)
    mark_changed(book, sheet, frame, marks)
    mark_negative(book, sheet, frame)
    _mark_remaining(book, sheet, frame)
    _set_up(sheet, frame, widths)


# Cells ----------------------------------------------------------------------------------------------------


class _Pen:
    """Writes one column: what all its cells share is looked up once."""

    def __init__(self, book: Book, frame: Frame, place: int, column: Column, width: float):
        self.place, self.width = place, width
        self._book, self._frame, self._column = book, frame, column
        self._level = frame.level(column) if column.level else None
        self._styles: dict[tuple[Look, bool], Format] = {}
        self._looks: dict[str, Look] = {}
        self.read = partial(say_remaining, frame) if column.kind == "remaining" else frame.reader(column)

    def look(self, text: str, alike: int) -> Look:
        """Return how a text is shown in a row that has so many levels in common with the one above."""
        if self._level is None or self._level >= alike:
            return "plain"
        if text not in self._looks:
            self._looks[text] = _choose_look(text, self.width)
        return self._looks[text]

    def write(self, row: int, line: Line | None, text: str) -> Written:
        """Return what is written for a text: numbers and days as such, so that Excel can count with them."""
        frame, column = self._frame, self._column
        if column.kind == "remaining":
            return Formula(remaining_formula(frame, row), text)
        if column.kind == "computed":
            return computed_cell(frame, row, column, line)
        given = line.value(column.key) if line and column.kind == "given" else None
        if isinstance(given, Decimal):
            return given
        if not text:
            return None
        return answer_cell(frame, column.field, text) if column.field and column.field.type in FORMATS else text

    def style(self, look: Look, mark: dict[str, str], *, free: bool) -> Format:
        """Return the style of a cell."""
        if mark:
            return _style_of(self._book, self._column, look, mark, free=free)
        if (look, free) not in self._styles:
            self._styles[look, free] = _style_of(self._book, self._column, look, mark, free=free)
        return self._styles[look, free]


def _write_head(book: Book, sheet: Sheet, frame: Frame, widths: list[float]) -> None:
    day = format_day(frame.round.as_of, frame.language)
    title = frame.template.title.say(frame.language)
    words = say("form.title", frame.language, title=title, unit=frame.unit, day=day)
    sheet.write(TITLE_ROW, 0, words, book.style("title"))
    sheet.set_height(TITLE_ROW, 27)
    counter = book.style("subtitle")
    sheet.write_formula(COUNTER_ROW, 0, counter_formula(frame), say_counter(frame), counter)
    sheet.write(COUNTER_ROW, _place_beside(widths), _say_terms(frame), book.style("quiet", valign="vcenter"))
    sheet.set_height(COUNTER_ROW, 21)
    headings = [column.heading(frame.language) for column in frame.columns]
    for place, column in enumerate(frame.columns):
        sheet.write(CODE_ROW, place, column.code, book.style("code"))
        style = "ask_heading" if column.kind == "answer" else "heading"
        sheet.write(HEADING_ROW, place, headings[place], book.style(style))
    sheet.hide_row(CODE_ROW)
    sheet.set_height(HEADING_ROW, height_of(zip(headings, [w / BOLD for w in widths], strict=True), least=2))


def _place_beside(widths: Sequence[float]) -> int:
    """Return the first column that begins to the right of the counter."""
    return next((place for place in range(len(widths)) if sum(widths[:place]) >= COUNTER_WIDTH), len(widths) - 1)


def _say_terms(frame: Frame) -> str:
    """Return by when to reply and the code of the form, as they stand beside the counter."""
    code = say("form.code", frame.language, code=frame.form_code)
    if frame.round.due is None:
        return code
    due = say("form.due", frame.language, day=format_day(frame.round.due, frame.language))
    return f"{due}   ·   {code}"


def _write_rows(book: Book, sheet: Sheet, frame: Frame, widths: list[float], marks: Marks) -> None:
    """Lay the rows of the lines, then the free ones; a row is laid with the styles of its cells."""
    pens = [_Pen(book, frame, place, column, widths[place]) for place, column in enumerate(frame.columns)]
    least = max(LOWEST, height_of([(longest_remaining(frame), widths[frame.index(REMAINING)])]))
    rows = frame.rows()
    for part, lowest in ((rows[: len(frame.lines)], least), (rows[len(frame.lines) :], LOWEST)):
        if part:
            laid = _lay_rows(pens, part, marks, lowest, free=part[0][0] >= frame.free_row)
            sheet.lay_rows(part[0][0], laid, lambda _, styles: styles, grows=True)


def _lay_rows(
    pens: Sequence[_Pen], rows: Sequence[tuple[int, Line | None]], marks: Marks, least: float, *, free: bool
) -> Iterator[tuple[list[Written], tuple[Format, ...], float]]:
    above: Line | None = None
    for row, line in rows:
        alike = 0 if free else _count_alike(line, above)
        texts = [pen.read(line) if line else "" for pen in pens]
        looks = [pen.look(text, alike) for pen, text in zip(pens, texts, strict=True)]
        values = [pen.write(row, line, text) for pen, text in zip(pens, texts, strict=True)]
        styles = tuple(
            pen.style(look, change_style(marks, (row, pen.place)), free=free)
            for pen, look in zip(pens, looks, strict=True)
        )
        heights = (_height_in(look, text, pen.width) for pen, look, text in zip(pens, looks, texts, strict=True))
        yield values, styles, max(least, *heights)
        above = line


def _count_alike(line: Line | None, above: Line | None) -> int:
    """Return how many levels, from the left, read as in the row above."""
    if line is None or above is None:
        return 0
    pairs = zip(line.levels, above.levels, strict=True)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), len(line.levels))


def _write_free_heading(book: Book, sheet: Sheet, frame: Frame) -> None:
    style = book.style("band")
    row = frame.free_heading_row
    for place in range(1, len(frame.columns)):
        sheet.write(row, place, None, style)
    sheet.write(row, 0, free_heading(frame.template).say(frame.language), style)
    sheet.set_height(row, 24)


def _mark_remaining(book: Book, sheet: Sheet, frame: Frame) -> None:
    place = frame.index(REMAINING)
    left = {
        "type": "formula",
        "criteria": f"=LEN({frame.cell(REMAINING, FIRST_ROW)})>0",
        "format": book.style("left"),
    }
    sheet.format_if((FIRST_ROW, place, frame.last_row, place), left)


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


# The sheet as a whole -------------------------------------------------------------------------------------


def _width_of(frame: Frame, column: Column) -> float:
    """Return a width at which no word is broken, and the longest text still fits a row that Excel can show."""
    if column.kind in ("id", "remaining"):
        return float(column.width)
    texts = {frame.text(line, column) for line in (*frame.lines, *frame.own)}
    words = (text_width(word) for text in texts for word in text.split())
    heading = max(map(text_width, column.heading(frame.language).split()), default=0) * BOLD
    width = max(column.width, min(LONGEST_WORD, max(words, default=0) + 1), min(LONGEST_WORD, heading + 1))
    long = [text for text in texts if len(text) > 200]
    while width < WIDEST and long and height_of((text, width) for text in long) > TALLEST:
        width += 2
    return width


def _set_up(sheet: Sheet, frame: Frame, widths: list[float]) -> None:
    sheet.freeze(FIRST_ROW, _frozen_columns(frame, widths))
    sheet.add_filter((HEADING_ROW, 0, frame.last_row, len(widths) - 1))
    sheet.accept_oddities(dict(_known_oddities(frame)))
    sheet.show_at(ZOOM)
    sheet.hide_lines()
    sheet.set_page(repeat=HEADING_ROW, columns=frame.index(REMAINING) + 1, footer=f"{frame.form_code}    &P (&N)")
    sheet.protect(filtering=True)


def _frozen_columns(frame: Frame, widths: list[float]) -> int:
    """Return how many columns stay in view: up to the last level, if they leave room for the answers."""
    levels = 1 + len(frame.template.levels)
    return levels if sum(width * 7 + 5 for width in widths[:levels]) <= FROZEN else 1


def _known_oddities(frame: Frame) -> Iterator[tuple[str, str]]:
    """Yield what Excel would mark with a green corner although meant: codes as text, other formulas below."""
    whole = f"A{FIRST_ROW + 1}:{frame.cell(frame.columns[-1].key, frame.last_row).replace('$', '')}"
    yield "number_stored_as_text", whole
    yield "two_digit_text_year", whole
    yield "formula_differs", frame.span(REMAINING).replace("$", "")
