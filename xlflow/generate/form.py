"""One form, whole: its sheets in their order, and what it says of itself in the document's properties."""

from xlflow.core.issued import NO_ANSWER_TEXTS, AnswerTexts, encode_identity_properties
from xlflow.core.listed import fingerprint_cells
from xlflow.core.model import CorrectionRequest, PreviousAnswers, Round
from xlflow.excel.outgoing import WorkbookWriter
from xlflow.generate.frame import build_form_model
from xlflow.generate.guide import add_instruction_sheet
from xlflow.generate.helpers import add_calc_sheet
from xlflow.generate.hidden import add_metadata_sheet
from xlflow.generate.marks import collect_fault_marks
from xlflow.generate.returned import add_corrections_sheet, add_unplaced_sheet
from xlflow.generate.sheet import add_form_sheet


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

    `answers` are the texts that already stand in the answer cells. `issued` is what the form says was there when
    it went out, against which later changes are seen: the answers, unless the form plays one that was filled in.
    Lines of the plan marked `own` stand in the free rows. `previous` is shown beside the answers; with `returned`
    the form goes back to be corrected: its faults are marked and listed. `nothing`: it says already that there is
    nothing to report.
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
