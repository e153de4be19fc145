"""Writes the hidden calculation sheet: lookup tables and helper columns, each formula with its cached value.

`CachedValues` computes what the formulas give for the answers at the time of writing, so that a form is right also
in a program that does not recalculate. Which rows belong together comes from `rules.rollup`, and from texts only
for activities added by the unit. `calc_layout` says where everything is.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from xlflow.excel.conventions import CALC_SHEET
from xlflow.excel.writer import Formula, SheetWriter, WorkbookWriter
from xlflow.generate.answer_cells import answer_cell
from xlflow.generate.calc_formulas import build_calc_formulas
from xlflow.generate.calc_layout import (
    ADDED_NUMBER_OFFSET,
    ID_KEY,
    NOTHING_TO_REPORT_NAME,
    YES_CHOICE_NAME,
    CalcColumn,
    amount_column_name,
    calc_defined_name,
    number_activities,
    number_column_name,
)
from xlflow.generate.form_model import FormModel
from xlflow.generate.parsing_formulas import (
    strip_for_lookup_formula,
)
from xlflow.generate.remaining_column import remaining_text
from xlflow.i18n.catalogue import translate
from xlflow.model.plan import PlanItem
from xlflow.model.table import TableCell
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.rules import choice_number, spelling_table_of
from xlflow.rules.formula_semantics import (
    MAX_LOOKUP_LENGTH,
    lookup_choice,
    lookup_end_date,
    normalize_number,
    serial_from_date,
    strip_time_for_lookup,
)


class CachedValues:
    """The values of the helper cells for the answers in a form when it is written."""

    def __init__(self, form: FormModel):
        self.form = form
        self.planned_numbers = number_activities(form.items, form.relatives)
        self.row_numbers = {item.id: row + 1 for row, item in form.rows_with_items() if item}

    def cached_value(self, calc_column: CalcColumn, row: int, item: PlanItem | None) -> TableCell:
        """Return the value of a helper cell in a row of the form (0-based); no `item` in an unused free row."""
        if calc_column.kind in ("activity_number", "parent_row"):
            return (
                self._activity_number(row, item)
                if calc_column.kind == "activity_number"
                else self._parent_row(item)
            )
        if calc_column.kind == "number":
            return self._choice_number(self.form.template.field(calc_column.key), item)
        return self._text_value(calc_column, item) if item else ""

    def _text_value(self, calc_column: CalcColumn, item: PlanItem) -> TableCell:
        if calc_column.kind == "remaining":
            return remaining_text(self.form, item)
        copied = self._copied_value(calc_column.key, item)
        if calc_column.kind == "value":
            return copied
        if self.form.template.field(calc_column.key).type in NUMBER_TYPES:
            return self._amount_value(calc_column, item, copied)
        if calc_column.kind == "normalized":
            return strip_time_for_lookup(str(copied))
        end_date = lookup_end_date(str(copied), self.form.round.plan.year)
        return serial_from_date(end_date) if end_date else ""

    def _amount_value(self, calc_column: CalcColumn, item: PlanItem, copied: TableCell) -> TableCell:
        if calc_column.kind == "normalized":
            return normalize_number(copied) if isinstance(copied, str) else ""
        number = self.form.number_value(item, calc_column.key)
        return "" if number is None else number

    def _copied_value(self, key: str, item: PlanItem) -> TableCell:
        form, level_indexes = self.form, _level_index_by_key(self.form)
        if key == ID_KEY:
            return "" if item.added_by_unit else item.id
        if key in level_indexes:
            return item.level_texts[level_indexes[key]][:MAX_LOOKUP_LENGTH]
        field = form.template.field(key)
        if field.type in NUMBER_TYPES:
            number = form.number_value(item, key)
            return form.answer_text(item, key) if number is None and field.filled_by == "unit" else number
        value = answer_cell(form, field, form.answer_text(item, key)) if field.filled_by == "unit" else ""
        return str(serial_from_date(value)) if isinstance(value, date) else str(value)[:MAX_LOOKUP_LENGTH]

    def _choice_number(self, field: Field, item: PlanItem | None) -> int:
        template = self.form.template
        if field.filled_by == "unit":
            raw_text = self.form.answer_text(item, field.key) if item else ""
            return lookup_choice(raw_text, spelling_table_of(template, field))
        value = item.plan_value(field.key) if item and not item.added_by_unit else None
        return choice_number(template, field, value) if isinstance(value, str) else 0

    def _parent_row(self, item: PlanItem | None) -> int:
        parent_id = self.form.relatives[item.id].parent if item and self._has_item_text(item) else None
        return self.row_numbers[parent_id] if parent_id else 0

    def _activity_number(self, row: int, item: PlanItem | None) -> int:
        if item is None or not self._has_item_text(item):
            return 0
        parent_id = self.form.relatives[item.id].parent
        if item.id in self.planned_numbers:
            return self.planned_numbers[item.id]
        return (
            -self.planned_numbers.get(parent_id, ADDED_NUMBER_OFFSET + self.row_numbers[parent_id])
            if parent_id
            else ADDED_NUMBER_OFFSET + row + 1
        )

    def _has_item_text(self, item: PlanItem) -> bool:
        return bool(item.level_texts[self.form.template.item_level_index].strip())


def _level_index_by_key(form: FormModel) -> dict[str, int]:
    return {level.key: index for index, level in enumerate(form.template.levels)}


_COLUMN_NAMES: Mapping[str, Callable[[Field], str]] = MappingProxyType(
    {"number": number_column_name, "amount": amount_column_name}
)
"""How the columns are named that conditional formats need, by kind: these may not name another sheet."""

NumberedItems = Sequence[tuple[int, PlanItem | None]]


def add_calc_sheet(workbook: WorkbookWriter, form: FormModel, nothing_cell: str) -> None:
    """Add the calculation sheet and define the names that formulas use. `nothing_cell` is the address of the cell
    in which the unit says that it has nothing to report."""
    sheet, table_count = workbook.add_sheet(CALC_SHEET), len(form.calc_layout.tables)
    for table_row, (name, text) in enumerate(form.calc_layout.tables):
        _write_named_text(workbook, sheet, table_row, name, text)
    _write_named_text(workbook, sheet, table_count, NOTHING_TO_REPORT_NAME, "")
    sheet.write_formula(table_count, 2, f"={says_yes_formula(nothing_cell)}", form.nothing_to_report)
    _write_named_text(workbook, sheet, table_count + 1, YES_CHOICE_NAME, translate("values.yes", form.language))
    last_row = form.last_row
    for calc_column in form.calc_layout.columns:
        if calc_column.kind in _COLUMN_NAMES:
            name = _COLUMN_NAMES[calc_column.kind](form.template.field(calc_column.key))
            cell_range = form.calc_layout.column_range(calc_column.kind, last_row, calc_column.key)
            workbook.define_name(calc_defined_name(name), f"={CALC_SHEET}!{cell_range}")
    rows = form.rows_with_items()
    for block in (rows[: len(form.items)], rows[len(form.items) :]):
        _write_calc_rows(sheet, form, block)
    sheet.protect(allow_filtering=False)
    sheet.set_very_hidden()


def says_yes_formula(cell: str) -> str:
    """Return a formula (without its =) that is TRUE if a cell says yes in any language."""
    alternatives = "".join(f":{word}|" for word in translate("nothing.yes_words", "sv").split())
    return f'ISNUMBER(FIND(":"&{strip_for_lookup_formula(cell)}&"|","|{alternatives}"))'


def _write_named_text(workbook: WorkbookWriter, sheet: SheetWriter, row: int, name: str, text: str) -> None:
    sheet.write_row(row, ("calc_table", name, text), [None] * 3)
    workbook.define_name(calc_defined_name(name), f"={CALC_SHEET}!$C${row + 1}")


def no_cell_styles(value_types: tuple[type, ...], _: None) -> Sequence[None]:
    """Return None as the style of every cell of a row."""
    return (None,) * len(value_types)


def _write_calc_rows(sheet: SheetWriter, form: FormModel, rows: NumberedItems) -> None:
    """Write the helper cells of consecutive rows, either all in the plan or all free."""
    if not rows:
        return
    values, first_row = CachedValues(form), form.calc_layout.calc_row(rows[0][0])
    columns = [
        _build_calc_cells(sheet, form, calc_column, rows, values) for calc_column in form.calc_layout.columns
    ]
    cells = zip(*columns, strict=True)
    sheet.write_rows_fast(first_row, ((("calc_row", *row), None, None) for row in cells), no_cell_styles)


def _build_calc_cells(
    sheet: SheetWriter, form: FormModel, calc_column: CalcColumn, rows: NumberedItems, value_source: CachedValues
) -> Sequence[Formula | None]:
    """Return the cells of one helper column, one per row."""
    row_numbers = tuple(row for row, _ in rows)
    formulas, is_shared = build_calc_formulas(form, calc_column, row_numbers)
    if not formulas:
        return [None] * len(rows)
    cached_values = [value_source.cached_value(calc_column, row, item) for row, item in rows]
    if not is_shared:
        return list(map(Formula, formulas, cached_values))
    first_row, column_index = (
        form.calc_layout.calc_row(row_numbers[0]),
        form.calc_layout.column_index(calc_column.kind, calc_column.key),
    )
    return list(sheet.shared_formula_cells(first_row, column_index, formulas[0], cached_values))
