"""The cells of a form that goes back: which of them are marked, in which colours, and what the note on each says.

A mark goes away as soon as the cell says something else. What is wrong is told in the note and on the sheet of
things to correct as well, never by colour alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from xlflow.excel.conventions import COMMENT_AUTHOR
from xlflow.excel.writer import COLOURS, SheetWriter, WorkbookWriter, count_lines, quote_formula_text
from xlflow.form.layout import HEADING_ROW, FormColumn
from xlflow.generate.answer_cells import answer_cell
from xlflow.generate.form_model import FormModel
from xlflow.model.findings import SEVERITY_RANKS, Finding, Severity, message_of, remedy_of
from xlflow.model.plan import PlanItem
from xlflow.model.table import TableCell

CellPosition = tuple[int, int]
"""A cell: its row and its column, counted from 0."""

MAX_COMPARED_LENGTH = 1000
"""Letters of an answer that a formula compares; of a longer one it compares the length."""

_NOTE_WIDTH, _NOTE_LINE_HEIGHT, _NOTE_LINE_LENGTH = 330, 18, 44
"""Pixels that a note is wide, pixels of a line, and about how many characters a line of it holds."""


@dataclass(frozen=True, slots=True)
class FormFault:
    """Something to correct, with the cell of this form that it is about; None where it is about none."""

    finding: Finding
    position: CellPosition | None = None
    item: PlanItem | None = None
    column: FormColumn | None = None

    @property
    def severity(self) -> Severity:
        """How much it matters."""
        return self.finding.effective_severity


@dataclass(frozen=True, slots=True)
class FaultMarks:
    """What is to be corrected in a form: errors, warnings, hints, each from the first row down; and by cell."""

    faults: tuple[FormFault, ...]
    by_cell: Mapping[CellPosition, tuple[FormFault, ...]]


def collect_fault_marks(form: FormModel) -> FaultMarks:
    """Return what is to be corrected in a form, nothing if it does not go back."""
    findings = dict.fromkeys(form.correction_request.findings if form.correction_request else ())
    rows_by_id = {item.id: (row, item) for row, item in form.rows_with_items() if item}
    faults = sorted((_locate_fault(form, rows_by_id, finding) for finding in findings), key=_fault_sort_key)
    faults_by_cell: dict[CellPosition, tuple[FormFault, ...]] = {}
    for fault in faults:
        if fault.position:
            faults_by_cell[fault.position] = (*faults_by_cell.get(fault.position, ()), fault)
    return FaultMarks(tuple(faults), MappingProxyType(faults_by_cell))


def fault_style_overrides(fault_marks: FaultMarks, position: CellPosition) -> dict[str, str]:
    """Return how the style of a cell differs from that of its neighbours, nothing if it is not marked."""
    faults = fault_marks.by_cell.get(position, ())
    if not faults or faults[0].severity is Severity.NOTE:
        return {}
    fill = COLOURS["wrong_fill" if faults[0].severity is Severity.ERROR else "incomplete"]
    return {"bg_color": fill, "border_color": COLOURS["wrong"]}


def highlight_unchanged_faults(
    workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel, fault_marks: FaultMarks
) -> None:
    """Colour the marked cells as long as they are unchanged; these colours go before all that are set later."""
    for position, faults, is_unchanged in _list_editable_faults(form, fault_marks):
        style = workbook.style("wrong" if faults[0].severity is Severity.ERROR else "incomplete")
        sheet.add_conditional_format(
            (*position, *position), {"type": "formula", "criteria": f"={is_unchanged}", "format": style}
        )


def add_notes_and_clear_changed(
    workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel, fault_marks: FaultMarks
) -> None:
    """Put a note on every cell that something is said about, and let the mark of a changed cell go; an answer of a
    list takes the colour of that answer by itself."""
    unmarked_style = workbook.style("no_fill", bg_color=COLOURS["input"])
    for position, faults, is_unchanged in _list_editable_faults(form, fault_marks):
        field = faults[0].column.field if faults[0].column else None
        if field and field.type == "choice":
            continue
        sheet.add_conditional_format(
            (*position, *position),
            {"type": "formula", "criteria": f"=NOT({is_unchanged})", "format": unmarked_style},
        )
    for (row, column), faults in fault_marks.by_cell.items():
        text = "\n\n".join(_fault_note_text(form, fault) for fault in faults)
        height = 12 + _NOTE_LINE_HEIGHT * count_lines(text, _NOTE_LINE_LENGTH)
        sheet.add_note(row, column, text, COMMENT_AUTHOR, (_NOTE_WIDTH, height))


def unchanged_formula(form: FormModel, fault: FormFault, cell: str) -> str | None:
    """Return a formula (without its =) that says whether a cell still holds what stood there; None for a cell that
    nobody can change."""
    if not _is_editable(form, fault):
        return None
    value = fault_cell_value(form, fault)
    if isinstance(value, date):
        return f"{cell}=DATE({value.year},{value.month},{value.day})"
    if not isinstance(value, str):
        return f"{cell}={value}"
    if len(value) > MAX_COMPARED_LENGTH:
        return f"LEN({cell})={len(value)}"
    return f"EXACT({cell},{quote_formula_text(value)})"


def fault_cell_value(form: FormModel, fault: FormFault) -> TableCell:
    """Return what stands in the cell of a fault, "" if nothing."""
    if fault.column is None or fault.item is None:
        return ""
    text = form.displayed_text(fault.item, fault.column)
    return answer_cell(form, fault.column.field, text) if fault.column.field else text


def _fault_sort_key(fault: FormFault) -> tuple[object, ...]:
    return (
        SEVERITY_RANKS[fault.severity],
        fault.position is None,
        fault.position or (0, 0),
        fault.finding.code,
    )


def _locate_fault(form: FormModel, rows_by_id: Mapping[str, tuple[int, PlanItem]], finding: Finding) -> FormFault:
    """Return the fault in its cell: by row and field; by the first thing to answer, or to name, where no field is
    told; by the heading where no row is."""
    row, item = rows_by_id.get(finding.row_id or "", (HEADING_ROW, None))
    key = finding.field if any(column.key == finding.field for column in form.columns) else None
    if key is None and item:
        item_key = form.template.levels[form.template.item_level_index].key
        is_nameless = item.added_by_unit and not item.level_texts[form.template.item_level_index].strip()
        key = item_key if is_nameless else form.columns_of_kind("answer")[0].key
    if key is None:
        return FormFault(finding)
    column_index = form.column_index(key)
    return FormFault(finding, (row, column_index), item, form.columns[column_index])


def _list_editable_faults(
    form: FormModel, fault_marks: FaultMarks
) -> Iterator[tuple[CellPosition, tuple[FormFault, ...], str]]:
    """Yield the marked cells that somebody can change, with the formula that says whether they are unchanged."""
    for position, faults in fault_marks.by_cell.items():
        column = faults[0].column
        is_unchanged = (
            unchanged_formula(form, faults[0], form.cell_address(column.key, position[0])) if column else None
        )
        if is_unchanged and faults[0].severity is not Severity.NOTE:
            yield position, faults, is_unchanged


def _is_editable(form: FormModel, fault: FormFault) -> bool:
    if fault.item is None or fault.column is None or fault.position is None:
        return False
    is_free = fault.position[0] >= form.first_free_row
    return fault.column.kind == "answer" or (is_free and fault.column.kind in ("level", "given"))


def _fault_note_text(form: FormModel, fault: FormFault) -> str:
    return f"{message_of(fault.finding, form.language)}\n{remedy_of(fault.finding, form.language)}"
