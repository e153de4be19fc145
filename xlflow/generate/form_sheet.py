"""The form sheet: a title, the counter, the heading row, one row per line, and free rows for the unit's own.

What was issued is locked; what is to be answered is yellow and not. A text that stands in the row above too is
shown quietly: it is there for sorting and filtering, and the eye may pass it over.
"""

from collections.abc import Iterator, Sequence

from xlflow.excel.writer import SheetWriter, WorkbookWriter, fit_row_height
from xlflow.form.layout import CODE_ROW, COUNTER_ROW, FIRST_ITEM_ROW, HEADING_ROW, TITLE_ROW, free_rows_heading
from xlflow.generate.answer_cells import add_answer_validations, highlight_negative
from xlflow.generate.fault_marks import FaultMarks, add_notes_and_clear_changed, highlight_unchanged_faults
from xlflow.generate.form_model import FormModel
from xlflow.generate.form_row_writer import BOLD_WIDTH_FACTOR, make_column_writers, write_form_rows
from xlflow.generate.remaining_column import REMAINING_KEY, counter_formula, counter_text
from xlflow.i18n.catalogue import format_long_date, translate

ZOOM_PERCENT = 90
"""Percent. At this the answers stand beside the activity on a screen of 1280 points."""

COUNTER_WIDTH = 22.0
"""Characters that "114 av 124 klara" takes at its size."""

MAX_FROZEN_WIDTH = 880
"""Points of screen that the columns which stay in view may take, at 100 percent."""


def add_form_sheet(workbook: WorkbookWriter, form: FormModel, fault_marks: FaultMarks) -> None:
    """Add the sheet on which the unit answers."""
    sheet = workbook.add_sheet(form.sheet_name)
    writers = make_column_writers(workbook, form)
    widths = [writer.width for writer in writers]
    sheet.set_column_widths(widths)
    _write_heading_rows(workbook, sheet, form, widths)
    write_form_rows(writers, sheet, form, fault_marks)
    _write_free_rows_heading(workbook, sheet, form)
    highlight_unchanged_faults(workbook, sheet, form, fault_marks)
    add_answer_validations(workbook, sheet, form)
    add_notes_and_clear_changed(workbook, sheet, form, fault_marks)
    highlight_negative(workbook, sheet, form)
    _highlight_remaining(workbook, sheet, form)
    _set_sheet_options(sheet, form, widths)


# Cells ----------------------------------------------------------------------------------------------------


def _write_heading_rows(
    workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel, widths: list[float]
) -> None:
    as_of_text = format_long_date(form.round.as_of, form.language)
    title = form.template.title.in_language(form.language)
    title_text = translate("form.title", form.language, title=title, unit=form.unit, day=as_of_text)
    sheet.write(TITLE_ROW, 0, title_text, workbook.style("title"))
    sheet.set_row_height(TITLE_ROW, 27)
    counter_style = workbook.style("subtitle")
    sheet.write_formula(COUNTER_ROW, 0, counter_formula(form), counter_text(form), counter_style)
    sheet.write(
        COUNTER_ROW,
        _first_column_after_counter(widths),
        _due_date_and_code_text(form),
        workbook.style("muted", valign="vcenter"),
    )
    sheet.set_row_height(COUNTER_ROW, 21)
    headings = [column.heading(form.language) for column in form.columns]
    for column_index, column in enumerate(form.columns):
        sheet.write(CODE_ROW, column_index, column.code, workbook.style("code"))
        style = "input_heading" if column.kind == "answer" else "heading"
        sheet.write(HEADING_ROW, column_index, headings[column_index], workbook.style(style))
    sheet.hide_row(CODE_ROW)
    sheet.set_row_height(
        HEADING_ROW,
        fit_row_height(zip(headings, [width / BOLD_WIDTH_FACTOR for width in widths], strict=True), min_lines=2),
    )


def _first_column_after_counter(widths: Sequence[float]) -> int:
    """Return the first column that begins to the right of the counter."""
    return next(
        (column_index for column_index in range(len(widths)) if sum(widths[:column_index]) >= COUNTER_WIDTH),
        len(widths) - 1,
    )


def _due_date_and_code_text(form: FormModel) -> str:
    """Return by when to reply and the code of the form, as they stand beside the counter."""
    code = translate("form.code", form.language, code=form.form_code)
    if form.round.due_date is None:
        return code
    due = translate("form.due", form.language, day=format_long_date(form.round.due_date, form.language))
    return f"{due}   ·   {code}"


def _write_free_rows_heading(workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel) -> None:
    style = workbook.style("band")
    row = form.free_heading_row
    for column_index in range(1, len(form.columns)):
        sheet.write(row, column_index, None, style)
    sheet.write(row, 0, free_rows_heading(form.template).in_language(form.language), style)
    sheet.set_row_height(row, 24)


def _highlight_remaining(workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel) -> None:
    column_index = form.column_index(REMAINING_KEY)
    conditional_format = {
        "type": "formula",
        "criteria": f"=LEN({form.cell_address(REMAINING_KEY, FIRST_ITEM_ROW)})>0",
        "format": workbook.style("incomplete"),
    }
    sheet.add_conditional_format((FIRST_ITEM_ROW, column_index, form.last_row, column_index), conditional_format)


# The sheet as a whole -------------------------------------------------------------------------------------


def _set_sheet_options(sheet: SheetWriter, form: FormModel, widths: list[float]) -> None:
    sheet.freeze_panes(FIRST_ITEM_ROW, _count_frozen_columns(form, widths))
    sheet.add_autofilter((HEADING_ROW, 0, form.last_row, len(widths) - 1))
    sheet.ignore_errors(dict(_list_ignored_errors(form)))
    sheet.set_zoom(ZOOM_PERCENT)
    sheet.hide_gridlines()
    sheet.set_page_layout(
        repeat_row=HEADING_ROW,
        printed_columns=form.column_index(REMAINING_KEY) + 1,
        footer=f"{form.form_code}    &P (&N)",
    )
    sheet.protect(allow_filtering=True)


def _count_frozen_columns(form: FormModel, widths: list[float]) -> int:
    """Return how many columns stay in view: up to the last level, if they leave room for the answers."""
    level_columns = 1 + len(form.template.levels)
    return level_columns if sum(width * 7 + 5 for width in widths[:level_columns]) <= MAX_FROZEN_WIDTH else 1


def _list_ignored_errors(form: FormModel) -> Iterator[tuple[str, str]]:
    """Yield what Excel would mark with a green corner although meant: codes as text, other formulas below."""
    table_range = (
        f"A{FIRST_ITEM_ROW + 1}:{form.cell_address(form.columns[-1].key, form.last_row).replace('$', '')}"
    )
    yield "number_stored_as_text", table_range
    yield "two_digit_text_year", table_range
    yield "formula_differs", form.column_range(REMAINING_KEY).replace("$", "")
