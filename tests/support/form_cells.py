"""Where a cell of a form is, by the key of its column, for tests that are not about the order of columns."""

from collections.abc import Sequence

from openpyxl.worksheet.worksheet import Worksheet

from support.draw_round import shipped_template
from xlflow.excel.cell_address import column_letters
from xlflow.form.layout import FormColumn, build_form_columns, build_previous_column, find_previous_position

EXTRA = "extra"
"""Stands for the key of the first further column of the plan, whatever its heading."""


def at(key: str, row: int | str, *, template: str = "followup", previous: bool = False) -> str:
    """Return the address of a cell of a form: "H5". `row` counts from 1, as people count. `previous`: the form
    has the column of the previous answers."""
    return f"{letters(key, template=template, previous=previous)}{row}"


def span(key: str, first: int, last: int, *, template: str = "followup", previous: bool = False) -> str:
    """Return the address of a part of a column, its first and last row counted from 1: "H5:H9"."""
    return ":".join(at(key, row, template=template, previous=previous) for row in (first, last))


def letters(key: str, *, template: str = "followup", previous: bool = False) -> str:
    """Return the letters of a column of a form: "H"."""
    return column_letters(number_of(key, template=template, previous=previous) - 1)


def number_of(key: str, *, template: str = "followup", previous: bool = False) -> int:
    """Return the number of a column of a form, from 1, as openpyxl counts."""
    columns = _columns(template, previous=previous)
    return next(index for index, column in enumerate(columns, 1) if column.key == key)


def under(sheet: Worksheet, heading: str, row: int) -> str:
    """Return the address of a cell of a form under a heading: "H5"; of the first column that has it."""
    headings = next(cells for cells in sheet.iter_rows(max_row=20, values_only=True) if cells[0] == "Id")
    return f"{column_letters(headings.index(heading))}{row}"


def _columns(template: str, *, previous: bool) -> Sequence[FormColumn]:
    columns = build_form_columns(shipped_template(template), (EXTRA,))
    position = find_previous_position(columns) if previous else len(columns)
    return (*columns[:position], build_previous_column(), *columns[position:])
