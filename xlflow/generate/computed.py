"""Columns of the form that nobody fills in: a formula over the row, with the value that it has.

The result is blank until every number that it needs is there. What is negative is told by its minus and a sign
before it, and only then by colour.
"""

from xlflow.core.computed import build_computed_formula
from xlflow.core.layout import FIRST_ITEM_ROW, FormColumn
from xlflow.core.model import PlanItem
from xlflow.core.template import Field
from xlflow.excel.outgoing import COLOURS, Format, Formula, SheetWriter, WorkbookWriter
from xlflow.generate.frame import FormModel


def computed_cell(form: FormModel, row: int, column: FormColumn, item: PlanItem | None) -> Formula | None:
    """Return the formula of a computed column in a row, with its value."""
    computation = column.field.computed if column.field else None
    if computation is None:
        return None
    value = form.number_value(item, column.key) if item else None
    return Formula(f"={build_computed_formula(computation, lambda key: form.cell_address(key, row))}", value)


def computed_cell_style(workbook: WorkbookWriter, field: Field) -> Format:
    """Return how a computed cell looks: not one to write in."""
    return workbook.style("signed_share" if field.percent else "signed", bg_color=COLOURS["band"])


def highlight_negative(workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel) -> None:
    """Let what is negative stand out, beside its minus and sign."""
    for column in form.columns_of_kind("computed"):
        column_index = form.column_index(column.key)
        options = {"type": "formula", "criteria": f"=N({form.cell_address(column.key, FIRST_ITEM_ROW)})<0"}
        sheet.add_conditional_format(
            (FIRST_ITEM_ROW, column_index, form.last_row, column_index),
            {**options, "format": workbook.style("wrong")},
        )
