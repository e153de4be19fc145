"""Writes one form: its sheets in their order, the form sheet itself, the hidden metadata, the document properties.

The form sheet has a title, the counter, the heading row, one row per plan item, and free rows for the unit's own.
What was issued is locked; what is to be answered is yellow and not. A text that stands in the row above too is
muted: it is there for sorting and filtering, and the eye may pass it over.
"""

from collections.abc import Iterator, Mapping, Sequence

from xlflow.excel.cell_address import column_letters
from xlflow.excel.writer import SheetWriter, WorkbookWriter, fit_row_height
from xlflow.form.fingerprints import fingerprint_cells
from xlflow.form.identity import encode_identity_properties
from xlflow.form.layout import (
    CODE_ROW,
    COUNTER_ROW,
    FIRST_ITEM_ROW,
    HEADING_ROW,
    LIST_LABEL_COLUMN,
    METADATA_SHEET,
    TITLE_ROW,
    free_rows_heading,
    list_defined_name,
)
from xlflow.form.metadata import NO_ANSWER_TEXTS, AnswerTexts, encode_sheet_fingerprints
from xlflow.generate.answer_cells import add_answer_validations, highlight_negative
from xlflow.generate.calc_sheet import add_calc_sheet, no_cell_styles
from xlflow.generate.correction_sheets import add_corrections_sheet, add_unplaced_sheet
from xlflow.generate.fault_marks import (
    FaultMarks,
    add_notes_and_clear_changed,
    collect_fault_marks,
    highlight_unchanged_faults,
)
from xlflow.generate.form_model import FormModel, build_form_model
from xlflow.generate.form_row_writer import BOLD_WIDTH_FACTOR, make_column_writers, write_form_rows
from xlflow.generate.form_totals import write_form_totals
from xlflow.generate.instruction_sheet import add_instruction_sheet
from xlflow.generate.remaining_column import REMAINING_KEY, counter_formula, counter_text
from xlflow.i18n.catalogue import format_long_date, translate
from xlflow.model.plan import Round
from xlflow.model.submission import CorrectionRequest, PreviousAnswers

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
    write_form_totals(workbook, sheet, form)
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


def add_metadata_sheet(
    workbook: WorkbookWriter, form: FormModel, fingerprints_by_sheet: Mapping[str, str]
) -> None:
    """Add the very hidden sheet of records, and define a name for each list of choices on it.

    `fingerprints_by_sheet`: fingerprints of the texts on the sheets of a correction form, by catalogue word."""
    sheet = workbook.add_sheet(METADATA_SHEET)
    rows_by_list: dict[str, list[int]] = {}
    records = (*form.records, *encode_sheet_fingerprints(fingerprints_by_sheet))
    sheet.write_rows_fast(0, ((record, None, None) for record in records), no_cell_styles)
    for row, record in enumerate(form.records):
        if record[0] in ("choice", "quarter"):
            rows_by_list.setdefault(record[1], []).append(row + 1)
    label_column = column_letters(LIST_LABEL_COLUMN)
    for key, rows in rows_by_list.items():
        workbook.define_name(
            list_defined_name(key), f"={METADATA_SHEET}!${label_column}${rows[0]}:${label_column}${rows[-1]}"
        )
    sheet.protect(allow_filtering=False)
    sheet.set_very_hidden()


def write_form(
    round_: Round,
    unit: str,
    answers: AnswerTexts = NO_ANSWER_TEXTS,
    *,
    issued: AnswerTexts | None = None,
    previous: PreviousAnswers | None = None,
    correction_request: CorrectionRequest | None = None,
    nothing_to_report: bool = False,
) -> bytes:
    """Return one unit's form as a finished file; the same bytes every time.

    `answers` are the texts in the answer cells, by item id and field key. `issued` are those that the metadata
    records as sent out, with which later changes are compared; the same as `answers` unless a filled form is
    simulated. Items with `added_by_unit` go into the free rows. `previous` is shown beside the answers. With
    `correction_request` the form goes back to be corrected: its faults are marked and listed. With
    `nothing_to_report` the form says so already.
    """
    issued_answers = answers if issued is None else issued
    form = build_form_model(
        round_, unit, answers, issued_answers, previous, correction_request, nothing_to_report=nothing_to_report
    )
    workbook = WorkbookWriter(
        f"{round_.template.title.in_language(round_.language)} – {unit}",
        round_.language,
        round_.as_of,
        lock_structure=True,
    )
    fault_marks = collect_fault_marks(form)
    nothing_cell = add_instruction_sheet(workbook, form)
    fingerprints_by_sheet: dict[str, str] = {}
    if correction_request:
        fingerprints_by_sheet["correct"] = fingerprint_cells(
            add_corrections_sheet(workbook, form, fault_marks, nothing_cell)
        )
    add_form_sheet(workbook, form, fault_marks)
    if correction_request and correction_request.unplaced:
        fingerprints_by_sheet["loose"] = fingerprint_cells(add_unplaced_sheet(workbook, form, correction_request))
    add_metadata_sheet(workbook, form, fingerprints_by_sheet)
    add_calc_sheet(workbook, form, nothing_cell)
    for name, text in encode_identity_properties(form.identity):
        workbook.set_custom_property(name, text)
    return workbook.to_bytes()
