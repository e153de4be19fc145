"""The sums below the rows of a form with amounts: of the rows that have all of them, and of all rows.

Live, and locked. They stand below the free rows, outside what is sorted and filtered; reading knows them by their
words in the column of ids and by their formulas (`read.match_rows`).
"""

from collections.abc import Iterator
from decimal import Decimal

from xlflow.excel.writer import SheetWriter, WorkbookWriter
from xlflow.form.layout import FormColumn
from xlflow.generate.answer_cells import computed_cell_style, field_number_format
from xlflow.generate.calc_layout import calc_sheet_address
from xlflow.generate.form_model import FormModel
from xlflow.i18n.catalogue import translate
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.rules.computed_fields import build_computed_formula, compute_field, reconciled_fields, sum_exactly

TOTAL_ROW_HEIGHT = 21
"""Points."""


def write_form_totals(workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel) -> None:
    """Write the two rows of sums; nothing where the template's amounts are not compared with each other."""
    amount_fields = [
        field
        for field in form.template.form_fields()
        if field.type in NUMBER_TYPES and (field.computed or not field.percent)
    ]
    needed_keys = reconciled_fields([field for field in amount_fields if not field.percent])
    if not needed_keys or not any(field.computed for field in amount_fields):
        return
    for row, word in ((form.last_row + 1, "total_complete"), (form.last_row + 2, "total_all")):
        label_style = workbook.style("cell", bold=True, text_wrap=False, border=0)
        sheet.write(row, 0, translate(f"form.{word}", form.language), label_style)
        sheet.set_row_height(row, TOTAL_ROW_HEIGHT)
    for column in form.columns:
        if column.field in amount_fields and column.field:
            _write_column_totals(workbook, sheet, form, column, needed_keys)


def _write_column_totals(
    workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel, column: FormColumn, needed_keys: tuple[str, ...]
) -> None:
    field, row = column.field, form.last_row + 1
    if field is None:
        return
    style = (
        computed_cell_style(workbook, field)
        if field.computed
        else workbook.style("cell", num_format=field_number_format(field), bold=True)
    )
    column_index = form.column_index(column.key)
    complete_totals = _complete_totals(form, needed_keys)
    if field.computed:
        formula = build_computed_formula(field.computed, lambda key: form.cell_address(key, row))
        sheet.write_formula(row, column_index, f"={formula}", complete_totals.get(field.key), style)
    else:
        factors = "*".join(f"ISNUMBER({_number_range(form, key)})" for key in needed_keys)
        formula = f"SUMPRODUCT({factors},{_number_range(form, field.key)})"
        sheet.write_formula(row, column_index, f"={formula}", complete_totals[field.key], style)
    if not field.percent:
        total = sum_exactly(_numbers_in(form, field))
        sheet.write_formula(row + 1, column_index, f"=SUM({_number_range(form, field.key)})", total, style)


def _number_range(form: FormModel, key: str) -> str:
    """Return the cells with the numbers of a field in all rows: of answers those that formulas read."""
    field = form.template.field(key)
    if field.computed or field.filled_by == "plan":
        return form.column_range(key)
    return calc_sheet_address(form.calc_layout.column_range("amount", form.last_row, key))


def _numbers_in(form: FormModel, field: Field) -> Iterator[Decimal]:
    for item in (*form.items, *form.added_items):
        number = form.number_value(item, field.key)
        if number is not None:
            yield number


def _complete_totals(form: FormModel, needed_keys: tuple[str, ...]) -> dict[str, Decimal]:
    """Return the sums over the rows that have a number in all needed fields, and what is computed from these."""
    complete_items = [
        item
        for item in (*form.items, *form.added_items)
        if all(form.number_value(item, key) is not None for key in needed_keys)
    ]
    totals = {
        field.key: sum_exactly(
            number for item in complete_items if (number := form.number_value(item, field.key)) is not None
        )
        for field in form.template.form_fields()
        if field.type in NUMBER_TYPES and not field.computed
    }
    for field in form.template.form_fields():
        result = compute_field(field.computed, totals.get) if field.computed else None
        if result is not None:
            totals[field.key] = result
    return totals
