"""The form sheet: a title, the counter, the heading row, one row per line, and free rows for the unit's own.

What was issued is locked; what is to be answered is yellow and not. A text that stands in the row above too is
shown quietly: it is there for sorting and filtering, and the eye may pass it over.
"""

from collections.abc import Iterator, Sequence

from xlflow.core.layout import (
    CODE_ROW,
    COUNTER_ROW,
    FIRST_ROW,
    HEADING_ROW,
    TITLE_ROW,
    free_heading,
)
from xlflow.core.words import format_day, say
from xlflow.excel.outgoing import Book, Sheet, height_of
from xlflow.generate.answers import guard_answers
from xlflow.generate.computed import mark_negative
from xlflow.generate.frame import Frame
from xlflow.generate.marks import Marks, mark_changed, mark_unchanged
from xlflow.generate.remaining import REMAINING, counter_formula, say_counter
from xlflow.generate.rows import BOLD, lay_rows, make_pens

ZOOM = 90
"""Percent. At this the answers stand beside the activity on a screen of 1280 points."""

COUNTER_WIDTH = 22.0
"""Characters that "114 av 124 klara" takes at its size."""

FROZEN = 880
"""Points of screen that the columns which stay in view may take, at 100 percent."""


def add_form_sheet(book: Book, frame: Frame, marks: Marks) -> None:
    """Add the sheet on which the unit answers."""
    sheet = book.add_sheet(frame.sheet)
    pens = make_pens(book, frame)
    widths = [pen.width for pen in pens]
    sheet.set_widths(widths)
    _write_head(book, sheet, frame, widths)
    lay_rows(pens, sheet, frame, marks)
    _write_free_heading(book, sheet, frame)
    mark_unchanged(book, sheet, frame, marks)
    guard_answers(book, sheet, frame)
    mark_changed(book, sheet, frame, marks)
    mark_negative(book, sheet, frame)
    _mark_remaining(book, sheet, frame)
    _set_up(sheet, frame, widths)


# Cells ----------------------------------------------------------------------------------------------------


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


# The sheet as a whole -------------------------------------------------------------------------------------


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
