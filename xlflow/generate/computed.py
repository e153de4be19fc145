"""Columns of the form that nobody fills in: a formula over the row, with the value that it has.

The result is blank until every number that it needs is there. What is negative is told by its minus and a sign
before it, and only then by colour.
"""

from xlflow.core.computed import compute_formula
from xlflow.core.layout import FIRST_ROW, Column
from xlflow.core.model import Line
from xlflow.core.template import Field
from xlflow.excel.outgoing import COLOURS, Book, Format, Formula, Sheet
from xlflow.generate.frame import Frame


def computed_cell(frame: Frame, row: int, column: Column, line: Line | None) -> Formula | None:
    """Return the formula of a computed column in a row, with its value."""
    how = column.field.computed if column.field else None
    if how is None:
        return None
    value = frame.number(line, column.key) if line else None
    return Formula(f"={compute_formula(how, lambda key: frame.cell(key, row))}", value)


def style_computed(book: Book, field: Field) -> Format:
    """Return how a computed cell looks: not one to write in."""
    return book.style("signed_share" if field.percent else "signed", bg_color=COLOURS["band"])


def mark_negative(book: Book, sheet: Sheet, frame: Frame) -> None:
    """Let what is negative stand out, beside its minus and sign."""
    for column in frame.of_kind("computed"):
        place = frame.index(column.key)
        options = {"type": "formula", "criteria": f"=N({frame.cell(column.key, FIRST_ROW)})<0"}
        sheet.format_if((FIRST_ROW, place, frame.last_row, place), {**options, "format": book.style("wrong")})
