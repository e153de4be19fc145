"""The sheets that only a form has which goes back: what is to be corrected, and the texts that had no place.

Each line of the first leads to its cell and says, live, whether that has been changed. The second keeps, word for
word, what stood outside the table; whoever reads the form again finds the texts there.
"""

from collections.abc import Mapping, Sequence

from xlflow.excel.cell_address import column_letters, format_cell_address
from xlflow.excel.writer import (
    COLOURS,
    MAX_CELL_TEXT,
    CellStyle,
    SheetWriter,
    WorkbookWriter,
    fit_row_height,
    quote_formula_text,
    truncate_text,
)
from xlflow.form.fingerprints import FORMULA_RESULT
from xlflow.form.layout import FIRST_UNPLACED_ROW
from xlflow.generate.fault_marks import FaultMarks, FormFault, fault_cell_value, unchanged_formula
from xlflow.generate.form_model import FormModel
from xlflow.i18n.catalogue import format_long_date, translate
from xlflow.model.findings import Severity, message_of, remedy_of
from xlflow.model.submission import CorrectionRequest
from xlflow.model.table import TableCell

CORRECTION_COLUMNS: Mapping[str, float] = {
    "weight": 11.0,
    "cell": 8.0,
    "row": 34.0,
    "column": 16.0,
    "written": 24.0,
    "what": 42.0,
    "do": 46.0,
    "state": 13.0,
}
"""The columns of the list, by the word for their heading, and how many characters wide each is."""

STATE_COLUMN = column_letters(len(CORRECTION_COLUMNS) - 1)

FIRST_LIST_ROW = 4
"""The first row of the list, counted from 0; its headings stand right above it."""

MAX_SHOWN_LENGTH = 300
"""Letters of an answer, or of an activity, that the list shows."""

UNPLACED_WIDTHS = (44.0, 70.0, 30.0, 30.0)


WrittenCells = Sequence[Sequence[TableCell]]
"""What a sheet says itself, row by row from its first cell on."""


def add_corrections_sheet(
    workbook: WorkbookWriter, form: FormModel, fault_marks: FaultMarks, nothing_cell: str
) -> WrittenCells:
    """Add the list of what is to be corrected, and return what it says; the workbook opens on it. `nothing` is
    where the unit says that it has nothing to report."""
    sheet = workbook.add_sheet(translate("sheet.correct", form.language))
    sheet.set_column_widths(list(CORRECTION_COLUMNS.values()))
    written_cells = [*_write_corrections_heading(workbook, sheet, form, fault_marks)]
    for row, fault in enumerate(fault_marks.faults, FIRST_LIST_ROW):
        cells = _write_fault_row(workbook, sheet, form, (row, fault))
        other_address = None if fault.position else _find_other_address(form, fault, nothing_cell)
        if other_address:
            cell_name = other_address.rpartition("!")[2].replace("$", "")
            sheet.write_link(
                row, 1, f"internal:{other_address}", cell_name, workbook.style("link", **_LINK_BORDER)
            )
            cells["cell"] = cell_name
        written_cells.append(tuple(cells.values()))
    sheet.freeze_panes(FIRST_LIST_ROW, 0)
    sheet.hide_gridlines()
    sheet.activate()
    sheet.set_page_layout(
        repeat_row=FIRST_LIST_ROW - 1,
        printed_columns=len(CORRECTION_COLUMNS),
        footer=f"{form.form_code}    &P (&N)",
    )
    sheet.protect(allow_filtering=False)
    return written_cells


def add_unplaced_sheet(
    workbook: WorkbookWriter, form: FormModel, correction_request: CorrectionRequest
) -> WrittenCells:
    """Add the sheet of the texts that stood outside the table, and return what it says besides them."""
    sheet, language = workbook.add_sheet(translate("sheet.loose", form.language)), form.language
    sheet.set_column_widths(UNPLACED_WIDTHS)
    written_cells = [
        (translate("sheet.loose", language),),
        (translate("returned.loose_intro", language, sheet=form.sheet_name),),
        tuple(translate(f"returned.{key}", language) for key in ("loose_where", "loose_text")),
    ]
    styles = (("title", 27), ("muted", 24), ("heading", 21))
    for row, (cells, (style, height)) in enumerate(zip(written_cells, styles, strict=True)):
        sheet.write_row(row, cells, [workbook.style(style)] * len(cells))
        sheet.set_row_height(row, height)
    for row, unplaced in enumerate(correction_request.unplaced, FIRST_UNPLACED_ROW):
        location_text = unplaced.location.describe(language)
        written_cells.append((location_text,))
        sheet.write(row, 0, location_text, workbook.style("cell_muted"))
        for column, text in enumerate(unplaced.texts, 1):
            sheet.write(row, column, truncate_text(text, MAX_CELL_TEXT), workbook.style("cell", locked=False))
        sheet.set_row_height(
            row,
            fit_row_height(zip((location_text, *unplaced.texts), UNPLACED_WIDTHS, strict=False)),
            auto_height=True,
        )
    sheet.hide_gridlines()
    sheet.set_page_layout(printed_columns=2)
    sheet.protect(allow_filtering=False)
    return written_cells


def _write_corrections_heading(
    workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel, fault_marks: FaultMarks
) -> WrittenCells:
    language = form.language
    due = form.round.due_date and format_long_date(form.round.due_date, language)
    intro = translate("returned.intro_by", language, due=due) if due else translate("returned.intro", language)
    total = sum(unchanged_formula(form, fault, "A1") is not None for fault in fault_marks.faults)
    title = translate("returned.title", language, unit=form.unit)
    headings = tuple(translate(f"returned.{key}", language) for key in CORRECTION_COLUMNS)
    sheet.write(0, 0, title, workbook.style("title"))
    sheet.set_row_height(0, 27)
    sheet.write(1, 0, intro, workbook.style("muted"))
    counter = translate("returned.counter", language, done=0, total=total)
    sheet.write_formula(2, 0, _changed_counter_formula(form, fault_marks), counter, workbook.style("subtitle"))
    sheet.set_row_height(2, 24)
    sheet.write_row(FIRST_LIST_ROW - 1, headings, [workbook.style("heading")] * len(headings))
    sheet.set_row_height(FIRST_LIST_ROW - 1, 21)
    return (title,), (intro,), (FORMULA_RESULT,), headings


def _changed_counter_formula(form: FormModel, fault_marks: FaultMarks) -> str:
    """Return the formula of "2 av 5 rutor ändrade"; it counts the words in the last column."""
    state_range = (
        f"${STATE_COLUMN}${FIRST_LIST_ROW + 1}:${STATE_COLUMN}${FIRST_LIST_ROW + max(1, len(fault_marks.faults))}"
    )
    changed_text, unchanged_text = (
        quote_formula_text(translate(f"returned.{key}", form.language)) for key in ("changed", "unchanged")
    )
    done = f'"&SUMPRODUCT(--({state_range}={changed_text}))&"'
    total = f'"&SUMPRODUCT(({state_range}={changed_text})+({state_range}={unchanged_text}))&"'
    return f'="{translate("returned.counter", form.language, done=done, total=total)}"'


def _write_fault_row(
    workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel, numbered_fault: tuple[int, FormFault]
) -> dict[str, TableCell]:
    """Write a line of the list; return what it says, by column."""
    row, fault = numbered_fault
    cells = _build_fault_row(form, fault)
    for column_index, key in enumerate(CORRECTION_COLUMNS):
        sheet.write(row, column_index, cells[key], _fault_row_style(workbook, key, fault))
    if fault.position:
        cell_name = str(cells["cell"])
        sheet.write_link(
            row, 1, f"internal:'{form.sheet_name}'!{cell_name}", cell_name, workbook.style("link", **_LINK_BORDER)
        )
        is_unchanged = unchanged_formula(form, fault, f"'{form.sheet_name}'!{cell_name}")
        if is_unchanged:
            _write_state_cell(workbook, sheet, form, row, is_unchanged)
    texts_with_widths = (
        (text if isinstance(text, str) else "", width)
        for text, width in zip(cells.values(), CORRECTION_COLUMNS.values(), strict=True)
    )
    sheet.set_row_height(row, fit_row_height(texts_with_widths) + 3)
    return {**cells, "state": FORMULA_RESULT} if fault.position and is_unchanged else cells


def _find_other_address(form: FormModel, fault: FormFault, nothing_cell: str) -> str | None:
    """Return the address of a fault that is about no cell of the table: on the instruction, or among the texts
    that had no place there."""
    if fault.finding.code == "nothing-to-report-contradicted":
        return nothing_cell
    if fault.finding.code == "returned-row-unplaced" and form.correction_request and fault.finding.value:
        text_start = fault.finding.value.removesuffix("…")
        for row, unplaced in enumerate(form.correction_request.unplaced, FIRST_UNPLACED_ROW + 1):
            if " | ".join(unplaced.texts).startswith(text_start):
                return f"'{translate('sheet.loose', form.language)}'!B{row}"
    return None


_LINK_BORDER = {"border": 1, "border_color": COLOURS["border"]}


def _build_fault_row(form: FormModel, fault: FormFault) -> dict[str, TableCell]:
    """Return what a line of the list says, by column."""
    language, title = form.language, fault.item.title(form.template.item_level_index) if fault.item else ""
    cell_value = fault_cell_value(form, fault)
    return {
        "weight": translate(f"returned.{fault.severity}", language),
        "cell": format_cell_address(*fault.position) if fault.position else "",
        "row": truncate_text(title, MAX_SHOWN_LENGTH),
        "column": fault.column.heading(language) if fault.column else "",
        "written": truncate_text(cell_value, MAX_SHOWN_LENGTH) if isinstance(cell_value, str) else cell_value,
        "what": message_of(fault.finding, language),
        "do": remedy_of(fault.finding, language),
        "state": "",
    }


def _fault_row_style(workbook: WorkbookWriter, key: str, fault: FormFault) -> CellStyle:
    if key != "weight" or fault.severity is Severity.NOTE:
        return workbook.style("cell")
    if fault.severity is Severity.ERROR:
        return workbook.style("cell", bold=True, font_color=COLOURS["wrong"], bg_color=COLOURS["wrong_fill"])
    return workbook.style("cell", bold=True, bg_color=COLOURS["incomplete"])


def _write_state_cell(
    workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel, row: int, is_unchanged: str
) -> None:
    """Write whether the cell has been changed since, live."""
    column_index = len(CORRECTION_COLUMNS) - 1
    changed_text, unchanged_text = (
        translate(f"returned.{key}", form.language) for key in ("changed", "unchanged")
    )
    formula = f"=IF({is_unchanged},{quote_formula_text(unchanged_text)},{quote_formula_text(changed_text)})"
    sheet.write_formula(row, column_index, formula, unchanged_text, workbook.style("cell"))
    options = {
        "type": "cell",
        "criteria": "==",
        "value": quote_formula_text(changed_text),
        "format": workbook.style("good"),
    }
    sheet.add_conditional_format((row, column_index, row, column_index), options)
