"""Writes the rows of the form sheet, with what the cells of a column share looked up once per column.

Content, style and height of a cell follow from its text and from whether the row above has the same text. Texts
recur often, so finished cells are cached by these.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Literal

from xlflow.excel.writer import (
    CellContent,
    CellStyle,
    Formula,
    SheetWriter,
    WorkbookWriter,
    count_lines,
    fit_row_height,
    text_width,
)
from xlflow.form.layout import FormColumn
from xlflow.generate.answer_cells import (
    NUMBER_FORMATS,
    answer_cell,
    computed_cell,
    computed_cell_style,
    field_number_format,
)
from xlflow.generate.fault_marks import FaultMarks, fault_style_overrides
from xlflow.generate.form_model import FormModel
from xlflow.generate.remaining_column import (
    REMAINING_KEY,
    longest_requirement_text,
    remaining_cell_formula,
    remaining_text,
)
from xlflow.model.plan import PlanItem
from xlflow.model.template_elements import NUMBER_TYPES

MAX_COLUMN_WIDTH, MAX_ROW_HEIGHT = 70, 400.0
"""Characters to which a column may be widened, and points that a row may be high, to show a long text whole."""

TextDisplay = Literal["plain", "repeated", "cut"]

REPEATED_TEXT_SCALE, MAX_REPEATED_LINES = 1.2, 3
"""How much more of a repeated text fits a line, since its letters are smaller; and how many lines it may take. A
longer one is cut to one line, so that the row stays low, also when Excel fits it to what is written into it."""

MAX_WORD_WIDTH = 26.0
"""Characters to which a column is widened for the sake of a single word; longer ones are broken."""

MIN_ROW_HEIGHT = 21.0
"""Points that a row is high at least; one that answers the plan has room for whatever it may say live, for no
program makes a row higher when a formula says more."""

BOLD_WIDTH_FACTOR = 1.08
"""How much wider bold letters are."""

StyledCell = tuple[CellContent, CellStyle, float]
"""Content, style, and the row height (points) that the cell needs."""


class FormColumnWriter:
    """Makes the cells of one column. `width` is in characters."""

    def __init__(self, workbook: WorkbookWriter, form: FormModel, column: FormColumn):
        self.column = column
        self._workbook, self._form = workbook, form
        self._level_index = form.level_index(column) if column.level else None
        self._value_varies_by_row = column.kind in ("remaining", "computed") or (
            column.kind == "given" and column.field is not None and column.field.type in NUMBER_TYPES
        )
        read_text = (
            partial(remaining_text, form) if column.kind == "remaining" else form.column_text_reader(column)
        )
        self._texts = {item.id: read_text(item) for item in (*form.items, *form.added_items)}
        self._cells: dict[tuple[str, bool, bool], StyledCell] = {}
        self.width = _column_width(column, column.heading(form.language), set(self._texts.values()))

    def make_cell(self, row: int, item: PlanItem | None, shared_levels: int, *, is_free: bool) -> StyledCell:
        """Return the cell of a row (0-based). `shared_levels`: number of leading levels equal to the row above."""
        text = self._texts[item.id] if item else ""
        is_repeated = self._level_index is not None and self._level_index < shared_levels
        cell = self._cells.get((text, is_repeated, is_free))
        if cell is None:
            cell = self._cells[text, is_repeated, is_free] = self._build_cell(
                text, is_repeated=is_repeated, is_free=is_free
            )
        return (self._row_value(row, item, text), *cell[1:]) if self._value_varies_by_row else cell

    def highlighted_style(self, style_overrides: dict[str, str], *, is_free: bool) -> CellStyle:
        """Return the style of a cell with a fault mark."""
        return _cell_style(self._workbook, self.column, "plain", style_overrides, is_free=is_free)

    def _build_cell(self, text: str, *, is_repeated: bool, is_free: bool) -> StyledCell:
        field, display = self.column.field, _choose_repeated_display(text, self.width) if is_repeated else "plain"
        value = answer_cell(self._form, field, text) if field and field.type in NUMBER_FORMATS and text else text
        style = _cell_style(self._workbook, self.column, display, {}, is_free=is_free)
        return None if value == "" else value, style, _text_height(display, text, self.width)

    def _row_value(self, row: int, item: PlanItem | None, text: str) -> CellContent:
        """Return what a cell holds that does not follow from its text alone."""
        column = self.column
        if column.kind == "remaining":
            return Formula(remaining_cell_formula(self._form, row), text)
        if column.kind == "computed":
            return computed_cell(self._form, row, column, item)
        plan_value = item.plan_value(column.key) if item else None
        return (
            plan_value
            if isinstance(plan_value, Decimal)
            else self._cells[text, False, item is None or item.added_by_unit][0]
        )


def make_column_writers(workbook: WorkbookWriter, form: FormModel) -> list[FormColumnWriter]:
    """Return the column writers of a form, each as wide as its texts need."""
    return [FormColumnWriter(workbook, form, column) for column in form.columns]


def write_form_rows(
    writers: Sequence[FormColumnWriter], sheet: SheetWriter, form: FormModel, fault_marks: FaultMarks
) -> None:
    """Write the rows of the plan items, then the free rows."""
    width = writers[form.column_index(REMAINING_KEY)].width
    planned_min_height = max(MIN_ROW_HEIGHT, fit_row_height([(longest_requirement_text(form), width)]))
    rows = form.rows_with_items()
    for block, min_height in (
        (rows[: len(form.items)], planned_min_height),
        (rows[len(form.items) :], MIN_ROW_HEIGHT),
    ):
        if block:
            built_rows = _build_rows(
                writers, block, fault_marks, min_height, is_free=block[0][0] >= form.first_free_row
            )
            sheet.write_rows_fast(block[0][0], built_rows, lambda _, styles: styles, auto_height=True)


def _build_rows(
    writers: Sequence[FormColumnWriter],
    rows: Sequence[tuple[int, PlanItem | None]],
    fault_marks: FaultMarks,
    min_height: float,
    *,
    is_free: bool,
) -> Iterator[tuple[Sequence[CellContent], Sequence[CellStyle], float]]:
    """Yield (contents, styles, height in points) of each row."""
    previous_item: PlanItem | None = None
    for row, item in rows:
        shared_levels = 0 if is_free else _count_shared_levels(item, previous_item)
        cells = [writer.make_cell(row, item, shared_levels, is_free=is_free) for writer in writers]
        values, styles, heights = zip(*cells, strict=True)
        if fault_marks.by_cell:
            overrides_by_cell = [
                fault_style_overrides(fault_marks, (row, column_index)) for column_index in range(len(writers))
            ]
            styles = tuple(
                writer.highlighted_style(overrides, is_free=is_free) if overrides else style
                for writer, overrides, style in zip(writers, overrides_by_cell, styles, strict=True)
            )
        yield values, styles, max(min_height, *heights)
        previous_item = item


def _count_shared_levels(item: PlanItem | None, previous_item: PlanItem | None) -> int:
    """Return how many levels, from the left, read as in the row above."""
    if item is None or previous_item is None:
        return 0
    level_pairs = enumerate(zip(item.level_texts, previous_item.level_texts, strict=True))
    return next(
        (index for index, (text, previous_text) in level_pairs if text != previous_text), len(item.level_texts)
    )


def _column_width(column: FormColumn, heading: str, texts: set[str]) -> float:
    """Return a width at which no word is broken, and the longest text still fits a row that Excel can show."""
    if column.kind in ("id", "remaining"):
        return float(column.width)
    words = {word for text in texts for word in text.split()}
    heading_width = max(map(text_width, heading.split()), default=0) * BOLD_WIDTH_FACTOR
    width = max(
        column.width,
        min(MAX_WORD_WIDTH, max(map(text_width, words), default=0) + 1),
        min(MAX_WORD_WIDTH, heading_width + 1),
    )
    long_texts = [text for text in texts if len(text) > 200]
    while (
        width < MAX_COLUMN_WIDTH
        and long_texts
        and fit_row_height((text, width) for text in long_texts) > MAX_ROW_HEIGHT
    ):
        width += 2
    return width


def _choose_repeated_display(text: str, width: float) -> TextDisplay:
    """Return how a text is shown that the row above has too."""
    return "cut" if count_lines(text, width * REPEATED_TEXT_SCALE) > MAX_REPEATED_LINES else "repeated"


def _text_height(display: TextDisplay, text: str, width: float) -> float:
    if display == "plain":
        return fit_row_height([(text, width)])
    return (
        fit_row_height([(text, width * REPEATED_TEXT_SCALE)], line_height=12.5) if display == "repeated" else 0.0
    )


def _cell_style(
    workbook: WorkbookWriter,
    column: FormColumn,
    display: TextDisplay,
    style_overrides: dict[str, str],
    *,
    is_free: bool,
) -> CellStyle:
    if display != "plain":
        return workbook.style("repeated", text_wrap=display == "repeated")
    if column.kind == "id":
        return workbook.style("cell_muted", font_size=8)
    if column.kind == "computed" and column.field:
        return computed_cell_style(workbook, column.field)
    number_format = field_number_format(column.field) if column.field else None
    if column.kind == "answer" or (is_free and column.kind in ("level", "given")):
        return workbook.style("input", num_format=number_format or "@", **style_overrides)
    if column.kind == "given" and number_format:
        return workbook.style("cell", num_format=number_format, **style_overrides)
    return workbook.style("cell_muted" if column.kind in ("context", "previous") else "cell", **style_overrides)
