"""Writes the hidden calculation sheet: lookup tables and helper columns, each formula with its cached value.

`CachedValues` computes what the formulas give for the answers at the time of writing, so that a form is right also
in a program that does not recalculate. Which rows belong together comes from `rules.rollup`, and from texts only
for activities added by the unit. `calc_layout` says where everything is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from xlflow.excel.cell_address import column_letters
from xlflow.excel.conventions import CALC_SHEET
from xlflow.excel.writer import Formula, SheetWriter, WorkbookWriter
from xlflow.form.layout import FIRST_ITEM_ROW
from xlflow.generate.answer_cells import answer_cell
from xlflow.generate.calc_layout import (
    ACTIVITY_NUMBER_WIDTH,
    ADDED_NUMBER_OFFSET,
    ID_KEY,
    NOTHING_TO_REPORT_NAME,
    YES_CHOICE_NAME,
    CalcColumn,
    CalcColumnKind,
    calc_defined_name,
    choice_table_name,
    free_row_level_keys,
    number_activities,
    number_column_name,
)
from xlflow.generate.form_model import FormModel, memoize_by_layout
from xlflow.generate.parsing_formulas import (
    is_blank_formula,
    lookup_choice_formula,
    lookup_end_date_formula,
    lookup_item_number_formula,
    normalize_number_formula,
    parse_number_formula,
    strip_for_lookup_formula,
    strip_time_for_lookup_formula,
)
from xlflow.generate.remaining_column import remaining_text, remaining_text_formula
from xlflow.i18n.catalogue import translate
from xlflow.model.plan import PlanItem
from xlflow.model.table import TableCell
from xlflow.model.template import DEADLINE_TYPES, NUMBER_TYPES, Field
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


_ROW_LIMIT = 1_000_000

COPY_AND_NORMALIZED: tuple[CalcColumnKind, CalcColumnKind] = ("value", "normalized")

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
    for field in (
        form.template.field(calc_column.key)
        for calc_column in form.calc_layout.columns
        if calc_column.kind == "number"
    ):
        cell_range = form.calc_layout.column_range("number", last_row, field.key)
        workbook.define_name(calc_defined_name(number_column_name(field)), f"={CALC_SHEET}!{cell_range}")
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
    formulas, is_shared = _build_calc_formulas(form, calc_column, row_numbers)
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


@memoize_by_layout
def _build_calc_formulas(
    form: FormModel, calc_column: CalcColumn, rows: tuple[int, ...]
) -> tuple[tuple[str, ...], bool]:
    """Return the formulas of one helper column in these rows, and whether one formula serves all of them."""
    is_free = rows[0] >= form.first_free_row
    if calc_column.kind == "value":
        return tuple(_copy_formulas(form, calc_column.key, rows)), False
    build_formula = _FORMULA_BUILDERS.get((calc_column.kind, is_free)) or _FORMULA_BUILDERS.get(
        (calc_column.kind, None)
    )
    if build_formula is None:
        return (), False
    if is_free and calc_column.kind in ("activity_number", "parent_row"):
        return tuple(f"={build_formula(form, calc_column, row)}" for row in rows), False
    return (f"={build_formula(form, calc_column, rows[0])}",), True


# Formulas -----------------------------------------------------------------------------------------------------


def _copy_formulas(form: FormModel, key: str, rows: Sequence[int]) -> Iterator[str]:
    """Yield the formulas of the values of one column; of a level only in the free rows, where the unit writes."""
    if key in free_row_level_keys(form.template) and rows[0] < form.first_free_row:
        return
    column_address = f"'{form.sheet_name}'!${column_letters(form.column_index(key))}"
    pattern = _copy_formula_pattern(form, key)
    for row in rows:
        yield pattern.replace("@", f"{column_address}{row + 1}")


def _copy_formula_pattern(form: FormModel, key: str) -> str:
    """Return the formula of a value, with @ in place of the cell's address."""
    if key == ID_KEY:
        return '=@&""'
    if key in free_row_level_keys(form.template):
        return f"=LEFT(@,{MAX_LOOKUP_LENGTH})"
    field_type = form.template.field(key).type
    if field_type in NUMBER_TYPES:
        return '=IF(ISLOGICAL(@),@&"",IF(@="","",@))'
    return (
        f'=LEFT(IF(ISNUMBER(@),INT(@),@&""),{MAX_LOOKUP_LENGTH})'
        if field_type in DEADLINE_TYPES
        else f"=LEFT(@,{MAX_LOOKUP_LENGTH})"
    )


def _choice_number_formula(form: FormModel, calc_column: CalcColumn, row: int) -> str:
    field = form.template.field(calc_column.key)
    copy, item_id_cell = (form.calc_layout.cell_address("value", row, key) for key in (calc_column.key, ID_KEY))
    choice_number = lookup_choice_formula(copy, calc_defined_name(choice_table_name(field)))
    return choice_number if field.filled_by == "unit" else f'IF({item_id_cell}="",0,{choice_number})'


def _normalized_formula(form: FormModel, calc_column: CalcColumn, row: int) -> str:
    copy = form.calc_layout.cell_address("value", row, calc_column.key)
    if form.template.field(calc_column.key).type in NUMBER_TYPES:
        return f'IF(ISNUMBER({copy}),"",{normalize_number_formula(copy)})'
    return strip_time_for_lookup_formula(copy)


def _amount_cell_formula(form: FormModel, calc_column: CalcColumn, row: int) -> str:
    copy, normalized = (form.calc_layout.cell_address(kind, row, calc_column.key) for kind in COPY_AND_NORMALIZED)
    if form.template.field(calc_column.key).percent:
        return f'IF(ISNUMBER({copy}),{copy},"")'
    return parse_number_formula(copy, normalized)


def _end_date_cell_formula(form: FormModel, calc_column: CalcColumn, row: int) -> str:
    tables = [calc_defined_name(name) for name in ("periods", "months", "years")]
    return lookup_end_date_formula(
        form.calc_layout.cell_address("normalized", row, calc_column.key), tables, form.round.plan.year
    )


def _planned_activity_formula(form: FormModel, _: CalcColumn, row: int) -> str:
    activity_number = lookup_item_number_formula(
        form.calc_layout.cell_address("value", row, ID_KEY), _item_table_names(form), 0, ACTIVITY_NUMBER_WIDTH
    )
    return f"IFERROR({activity_number},{ADDED_NUMBER_OFFSET}+{_form_row_formula(form, row)})"


def _free_activity_formula(form: FormModel, _: CalcColumn, row: int) -> str:
    """A part in a free row belongs to the first activity that has the same texts, in the plan or in a free row."""
    parent_row, item_cell = (
        form.calc_layout.cell_address("parent_row", row),
        form.calc_layout.cell_address("value", row, free_row_level_keys(form.template)[0]),
    )
    added_parent = f"-({ADDED_NUMBER_OFFSET}+{parent_row})"
    if _item_table_names(form):
        parent_id = f"INDEX({_form_column_range(form, ID_KEY)},{parent_row}-{FIRST_ITEM_ROW})"
        activity_number = lookup_item_number_formula(parent_id, _item_table_names(form), 0, ACTIVITY_NUMBER_WIDTH)
        added_parent = f"IF({parent_row}>{form.free_heading_row},{added_parent},-{activity_number})"
    return (
        f"IF({is_blank_formula(item_cell)},0,IF({parent_row}=0,{ADDED_NUMBER_OFFSET}"
        f"+{_form_row_formula(form, row)},{added_parent}))"
    )


def _parent_row_formula(form: FormModel, _: CalcColumn, row: int) -> str:
    """Return a formula for the row (as people count) of the first activity with the texts of a row; 0 if none."""
    level_keys = [level.key for level in form.template.levels if level.kind != "part"][::-1]
    columns = [_collapse_blanks_formula(_form_column_range(form, key)) for key in level_keys]
    cells = [_collapse_blanks_formula(_form_cell_address(form, key, row)) for key in level_keys]
    same_levels = "*".join(f"({column}={cell})" for column, cell in zip(columns, cells, strict=True))
    item_cell, part_cell = (
        form.calc_layout.cell_address("value", row, key) for key in free_row_level_keys(form.template)
    )
    part_range = _form_column_range(form, free_row_level_keys(form.template)[1])
    topmost = f'SUMPRODUCT(MAX({same_levels}*(TRIM({part_range})="")*({_ROW_LIMIT}-ROW({part_range}))))'
    return (
        f"IF(OR({is_blank_formula(item_cell)},{is_blank_formula(part_cell)}"
        f"),0,MOD({_ROW_LIMIT}-{topmost},{_ROW_LIMIT}))"
    )


def _remaining_text_formula(form: FormModel, _: CalcColumn, row: int) -> str:
    return remaining_text_formula(form, row, is_free=row >= form.first_free_row)


_FORMULA_BUILDERS: Mapping[tuple[str, bool | None], Callable[[FormModel, CalcColumn, int], str]] = {
    ("number", None): _choice_number_formula,
    ("normalized", None): _normalized_formula,
    ("end_date", None): _end_date_cell_formula,
    ("amount", None): _amount_cell_formula,
    ("activity_number", False): _planned_activity_formula,
    ("activity_number", True): _free_activity_formula,
    ("parent_row", True): _parent_row_formula,
    ("remaining", None): _remaining_text_formula,
}
"""Formula builders by kind of helper column and whether the row is free; None: the same for both."""


def _item_table_names(form: FormModel) -> list[str]:
    return [calc_defined_name(name) for name in form.calc_layout.chunk_names("items")]


def _form_row_formula(form: FormModel, row: int) -> str:
    """Return a formula for the row number (1-based) of the form, from that of the helper cell."""
    return f"ROW()-{form.calc_layout.calc_row(row) - row}"


def _form_cell_address(form: FormModel, key: str, row: int) -> str:
    return f"'{form.sheet_name}'!{form.cell_address(key, row)}"


def _form_column_range(form: FormModel, key: str) -> str:
    return f"'{form.sheet_name}'!{form.column_range(key)}"


def _collapse_blanks_formula(cells: str) -> str:
    return f'TRIM(SUBSTITUTE({cells},"\u00a0"," "))'
