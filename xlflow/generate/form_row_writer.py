"""Writes the rows of the form sheet, with what the cells of a column share looked up once per column.

Content, style and height of a cell follow from its text and from whether the row above has the same text. Texts
recur often, so finished cells are cached by these. What a cell shows of a long text is in `shown_texts`.
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
    fit_row_height,
)
from xlflow.form.layout import FormColumn
from xlflow.generate.answer_cells import (
    NUMBER_FORMATS,
    answer_cell,
    computed_cell,
    computed_cell_style,
    field_number_format,
)
from xlflow.generate.column_widths import fit_column_widths
from xlflow.generate.fault_marks import FaultMarks, fault_style_overrides
from xlflow.generate.form_model import FormModel
from xlflow.generate.remaining_column import (
    REMAINING_KEY,
    longest_requirement_text,
    remaining_cell_formula,
    remaining_text,
)
from xlflow.generate.shown_texts import ShownTexts, fit_text, goal_name
from xlflow.model.plan import PlanItem
from xlflow.model.template_elements import NUMBER_TYPES
from xlflow.model.text import collapse_whitespace

TextDisplay = Literal["plain", "repeated"]

_PLAIN: TextDisplay = "plain"
_REPEATED: TextDisplay = "repeated"

REPEATED_TEXT_SCALE = 1.2
"""How much more of a repeated text fits a line, since its letters are smaller."""

MAX_LINES = {"level": 20, "given": 8, "context": 8, "previous": 7}
"""Lines that a row is made high for a text that nobody is to write, by kind of column; of a longer one the cell
shows the beginning."""

MAX_REPEATED_LINES = 3
"""The same for a text that the row above has too."""

MIN_ANSWER_LINES = 3
"""Lines of an answer that every row has room for."""

MIN_ROW_HEIGHT = 15.0 * MIN_ANSWER_LINES + 1
"""Points that a row is high at least; one that answers the plan has room for whatever it may say live, for no
program makes a row higher when a formula says more."""

StyledCell = tuple[CellContent, CellStyle, float]
"""Content, style, and the row height (points) that the cell needs."""


class FormColumnWriter:
    """Makes the cells of one column. `width` is in characters."""

    def __init__(self, workbook: WorkbookWriter, form: FormModel, column: FormColumn, shown: ShownTexts):
        self.column = column
        self.width = float(column.width)
        self._shown = shown
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

    def shown_texts(self) -> set[str]:
        """Return the texts that the column shows, goals by their names."""
        texts = set(self._texts.values())
        return {goal_name(text) for text in texts} if self._is_goal() else texts

    def offered_answers(self) -> set[str]:
        """Return the answers that the column offers, as its list says them."""
        field, template = self.column.field, self._form.template
        if field is None or field.type != "choice":
            return set()
        return {option.label.in_language(self._form.language) for option in template.choice_list(field).options}

    def shortened_cells(self) -> Iterator[tuple[int, str]]:
        """Yield the rows (0-based) whose cell shows less than it holds, each with its whole text."""
        for row, item in self._form.rows_with_items():
            text = self._texts[item.id] if item else ""
            if text and not (item and item.added_by_unit) and self._shorten(text, is_repeated=False) != text:
                yield row, text

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
        field, display = self.column.field, _REPEATED if is_repeated else _PLAIN
        value = answer_cell(self._form, field, text) if field and field.type in NUMBER_FORMATS and text else text
        shown = text if is_free else self._shorten(text, is_repeated=is_repeated)
        number_format = self._shown.number_format(shown) if shown != text else None
        overrides = {} if number_format is None else {"num_format": number_format}
        if number_format is not None:  # programs show a text with line breaks as it is, whatever its format
            value = collapse_whitespace(text)
        style = _cell_style(self._workbook, self.column, display, overrides, is_free=is_free)
        height = _text_height(display, text if number_format is None else shown, self.width)
        return None if value == "" else value, style, height

    def _shorten(self, text: str, *, is_repeated: bool) -> str:
        """Return what the cell shows of a text: of a goal its name, of others what fits some lines."""
        if self._is_goal():
            return goal_name(text)
        max_lines = MAX_LINES.get(self.column.kind)
        if max_lines is None or not text:
            return text
        if is_repeated:
            return fit_text(text, self.width * REPEATED_TEXT_SCALE, MAX_REPEATED_LINES)
        return fit_text(text, self.width, max_lines)

    def _is_goal(self) -> bool:
        return self.column.level is not None and self.column.level.kind == "group"

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
    """Return the column writers of a form, each as wide as its texts need and the window allows."""
    shown = ShownTexts()
    writers = [FormColumnWriter(workbook, form, column, shown) for column in form.columns]
    headings = [column.heading(form.language) for column in form.columns]
    texts, offered = (
        [writer.shown_texts() for writer in writers],
        [writer.offered_answers() for writer in writers],
    )
    for writer, width in zip(writers, fit_column_widths(form.columns, headings, texts, offered), strict=True):
        writer.width = width
    return writers


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


def _text_height(display: TextDisplay, text: str, width: float) -> float:
    if display == "plain":
        return fit_row_height([(text, width)])
    return fit_row_height([(text, width * REPEATED_TEXT_SCALE)], line_height=12.5)


def _cell_style(
    workbook: WorkbookWriter,
    column: FormColumn,
    display: TextDisplay,
    style_overrides: dict[str, str],
    *,
    is_free: bool,
) -> CellStyle:
    if display != "plain":
        return workbook.style("repeated", text_wrap=True, **style_overrides)
    if column.kind == "id":
        return workbook.style("cell_muted", font_size=8)
    if column.kind == "computed" and column.field:
        return computed_cell_style(workbook, column.field)
    number_format = field_number_format(column.field) if column.field else None
    if column.kind == "answer" or (is_free and column.kind in ("level", "given")):
        return workbook.style("input", num_format=number_format or "@", **style_overrides)
    if column.kind == "given" and number_format:
        return workbook.style("cell", **{"num_format": number_format, **style_overrides})
    return workbook.style("cell_muted" if column.kind in ("context", "previous") else "cell", **style_overrides)
