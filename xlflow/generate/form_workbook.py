"""Writes one form: its sheets in their order, the hidden metadata sheet, and the document properties."""

from collections.abc import Mapping

from xlflow.excel.cell_address import column_letters
from xlflow.excel.writer import WorkbookWriter
from xlflow.form.identity import encode_identity_properties
from xlflow.form.layout import LIST_LABEL_COLUMN, METADATA_SHEET, list_defined_name
from xlflow.form.metadata import NO_ANSWER_TEXTS, AnswerTexts, encode_sheet_fingerprints
from xlflow.form.sheet_fingerprints import fingerprint_cells
from xlflow.generate.calc_sheet import add_calc_sheet, no_cell_styles
from xlflow.generate.correction_sheets import add_corrections_sheet, add_unplaced_sheet
from xlflow.generate.fault_marks import collect_fault_marks
from xlflow.generate.form_model import FormModel, build_form_model
from xlflow.generate.form_sheet import add_form_sheet
from xlflow.generate.instruction_sheet import add_instruction_sheet
from xlflow.model.plan import Round
from xlflow.model.submission import CorrectionRequest, PreviousAnswers


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
