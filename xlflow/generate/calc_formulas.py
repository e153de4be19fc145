"""Builds the formulas of the helper columns on the hidden calculation sheet, from where `calc_layout` puts things.

Their cached values are computed in `calc_sheet`. Nothing that a person wrote is part of a formula.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from xlflow.excel.cell_address import column_letters
from xlflow.form.layout import FIRST_ITEM_ROW
from xlflow.generate.calc_layout import (
    ACTIVITY_NUMBER_WIDTH,
    ADDED_NUMBER_OFFSET,
    ID_KEY,
    CalcColumn,
    CalcColumnKind,
    calc_defined_name,
    choice_table_name,
    free_row_level_keys,
)
from xlflow.generate.form_model import FormModel, memoize_by_layout
from xlflow.generate.parsing_formulas import (
    is_blank_formula,
    lookup_choice_formula,
    lookup_end_date_formula,
    lookup_item_number_formula,
    normalize_number_formula,
    parse_number_formula,
    strip_time_for_lookup_formula,
)
from xlflow.generate.remaining_column import remaining_text_formula
from xlflow.model.template_elements import DEADLINE_TYPES, NUMBER_TYPES
from xlflow.rules.formula_semantics import (
    MAX_LOOKUP_LENGTH,
)

_ROW_LIMIT = 1_000_000

_COPY_AND_NORMALIZED: tuple[CalcColumnKind, CalcColumnKind] = ("value", "normalized")


@memoize_by_layout
def build_calc_formulas(
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
    copy, normalized = (form.calc_layout.cell_address(kind, row, calc_column.key) for kind in _COPY_AND_NORMALIZED)
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
