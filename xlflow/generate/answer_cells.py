"""The answer cells of the form: validation, input note, conditional formats; and the cells of computed columns.

A validation helps while typing, but pasting removes it; the conditional format stays and marks the same faults.
A computed cell is a formula over its row, blank until all its inputs are there. Negative numbers are marked by a
minus and a sign, never by colour alone.
"""

from collections.abc import Iterator
from typing import Any

from xlflow.excel.conventions import MAX_EXACT_NUMBER
from xlflow.excel.writer import (
    COLOURS,
    MAX_CELL_TEXT,
    CellStyle,
    Formula,
    SheetWriter,
    WorkbookWriter,
    quote_formula_text,
    truncate_text,
)
from xlflow.form.layout import FIRST_ITEM_ROW, FormColumn, list_defined_name, list_key
from xlflow.generate.calc_layout import (
    amount_column_name,
    calc_defined_name,
    calc_sheet_address,
    number_column_name,
)
from xlflow.generate.form_model import FormModel
from xlflow.i18n.catalogue import translate
from xlflow.model.plan import Deadline, PlanItem
from xlflow.model.table import TableCell
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.rules import has_closed_list, spelling_table_of
from xlflow.rules.computed_fields import build_computed_formula
from xlflow.rules.formula_semantics import NOT_LISTED, lookup_choice, reads_as_number
from xlflow.values.field_values import describe_accepted, parse_value

MAX_NOTE_TITLE, MAX_NOTE_TEXT = 32, 255
"""Characters that Excel shows at most in the title and the text of an input note or error."""

NUMBER_FORMATS = {"number": "#,##0.00", "integer": "#,##0", "date": "yyyy-mm-dd"}
"""Number format by field type; all other types are text ("@"), so that Excel converts nothing."""

PERCENT_FORMAT = "0.0 %"
"""Number format of a percentage."""

_VALIDATION_TYPES = {"number": "decimal", "integer": "integer"}


def add_answer_validations(workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel) -> None:
    """Add validations, input notes and conditional formats to the answer columns and the free rows."""
    for column in form.columns_of_kind("answer"):
        if column.field:
            _add_column_validation(workbook, sheet, form, column, column.field)
    for column in form.columns_of_kind("given", "level"):
        _add_free_row_validation(sheet, form, column)


def field_number_format(field: Field) -> str | None:
    """Return the number format of a field's cells; None for text."""
    return PERCENT_FORMAT if field.percent else NUMBER_FORMATS.get(field.type)


def invalid_answer_formula(form: FormModel, field: Field, cell: str) -> str | None:
    """Return a formula (without its =) that is true if a cell holds an invalid answer; None if none is invalid."""
    if has_closed_list(form.template, field):
        choice_number = f"INDEX({calc_defined_name(number_column_name(field))},ROW({cell})-{FIRST_ITEM_ROW})"
        return f"IF(ISERROR({cell}),TRUE,{choice_number}={NOT_LISTED})"
    if field.type in NUMBER_TYPES:
        amount = f"INDEX({calc_defined_name(amount_column_name(field))},ROW({cell})-{FIRST_ITEM_ROW})"
        return f"(1-ISBLANK({cell}))*(1-ISNUMBER({amount}))"
    return f"(1-ISBLANK({cell}))*(1-ISNUMBER({cell}))" if field.type in NUMBER_FORMATS else None


def count_invalid_formula(form: FormModel, sheet_prefix: str) -> str:
    """Return a formula (without its =) for another sheet: how many cells are red."""
    counts = [
        count
        for field in form.template.answer_fields()
        if (count := _count_invalid_in_field(form, field, sheet_prefix))
    ]
    return "+".join(counts) or "0"


def _count_invalid_in_field(form: FormModel, field: Field, sheet_prefix: str) -> str:
    cell_range = f"{sheet_prefix}{form.column_range(field.key)}"
    if has_closed_list(form.template, field):
        number_range = calc_sheet_address(form.calc_layout.column_range("number", form.last_row, field.key))
        return f"COUNTIF({number_range},{NOT_LISTED})+SUMPRODUCT(ISERROR({cell_range})*1)"
    if field.type in NUMBER_TYPES:
        amount_range = calc_sheet_address(form.calc_layout.column_range("amount", form.last_row, field.key))
        return f"SUMPRODUCT((1-ISBLANK({cell_range}))*(1-ISNUMBER({amount_range})))"
    return (
        f"SUMPRODUCT((1-ISBLANK({cell_range}))*(1-ISNUMBER({cell_range})))" if field.type in NUMBER_FORMATS else ""
    )


def count_invalid_answers(form: FormModel) -> int:
    """Return how many of the form's answers are invalid (shown in red)."""
    items = [item for item in (*form.items, *form.added_items) if item.id in form.answers]
    texts_by_field = (
        (field, form.answer_text(item, field.key)) for field in form.template.answer_fields() for item in items
    )
    return sum(_is_invalid(form, field, text) for field, text in texts_by_field if text)


def answer_cell(form: FormModel, field: Field, text: str) -> TableCell:
    """Return the typed value to write into an answer cell.

    A date for a date field, a Decimal for a number; `text` unchanged for other fields or if it cannot be parsed.
    """
    if field.type not in NUMBER_FORMATS:
        return text
    value = parse_value(text, field, form.template, form.round.plan.year, form.language).value
    if isinstance(value, Deadline):
        return value.first
    return text if value is None else value


def _is_invalid(form: FormModel, field: Field, text: str) -> bool:
    if has_closed_list(form.template, field):
        return lookup_choice(text, spelling_table_of(form.template, field)) == NOT_LISTED
    if not text or field.type not in NUMBER_FORMATS or not isinstance(answer_cell(form, field, text), str):
        return False
    return field.type not in NUMBER_TYPES or field.percent or not reads_as_number(text)


def _add_column_validation(
    workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel, column: FormColumn, field: Field
) -> None:
    column_index = form.column_index(column.key)
    free_range = (form.first_free_row, column_index, form.last_row, column_index)
    issued_range = (FIRST_ITEM_ROW, column_index, form.free_heading_row - 1, column_index)
    options = {**_build_validation(form, field), **_build_input_note(form, field)}
    if options == {"validate": "any"}:
        pass  # any value is accepted, and there is no note
    elif form.items:
        sheet.add_validation(issued_range, {**options, "other_cells": [list(free_range)]})
    else:
        sheet.add_validation(free_range, options)
    column_range = (FIRST_ITEM_ROW, column_index, form.last_row, column_index)
    cell = form.cell_address(column.key, FIRST_ITEM_ROW)
    for criteria, style in _list_conditional_formats(workbook, form, field, cell):
        sheet.add_conditional_format(
            column_range, {"type": "formula", "criteria": f"={criteria}", "format": style}
        )


def _add_free_row_validation(sheet: SheetWriter, form: FormModel, column: FormColumn) -> None:
    """In free rows the unit also writes levels and plan fields; wrong values give a warning only."""
    column_index = form.column_index(column.key)
    free_range = (form.first_free_row, column_index, form.last_row, column_index)
    if column.field:
        sheet.add_validation(free_range, {**_build_validation(form, column.field), "error_type": "warning"})
    elif column.level and column.level.kind == "item":
        title = truncate_text(column.heading(form.language), MAX_NOTE_TITLE)
        note = truncate_text(translate("form.own_prompt", form.language), MAX_NOTE_TEXT)
        sheet.add_validation(free_range, {"validate": "any", "input_title": title, "input_message": note})


def _list_conditional_formats(
    workbook: WorkbookWriter, form: FormModel, field: Field, cell: str
) -> Iterator[tuple[str, CellStyle]]:
    """Yield (formula, style) of the conditional formats of a field, the first that matches wins."""
    is_invalid = invalid_answer_formula(form, field, cell)
    if is_invalid:
        yield is_invalid, workbook.style("wrong_answer")
    choices = form.template.choice_list(field).options if field.type == "choice" else ()
    for choice in choices:
        yield (
            f"TRIM({cell})={quote_formula_text(choice.label.in_language(form.language))}",
            workbook.style("no_fill", bg_color=choice.colour),
        )


def _build_validation(form: FormModel, field: Field) -> dict[str, Any]:
    key = list_key(field)
    if key:
        return _build_list_validation(form, field, key)
    title = {"error_title": truncate_text(translate("form.unreadable", form.language), MAX_NOTE_TITLE)}
    error = {**title, "error_message": truncate_text(_accepted_answers_text(form, field), MAX_NOTE_TEXT)}
    if field.type in _VALIDATION_TYPES:
        minimum = -MAX_EXACT_NUMBER if field.minimum is None else field.minimum
        maximum = MAX_EXACT_NUMBER if field.maximum is None else field.maximum
        validation_type = _VALIDATION_TYPES[field.type]
        return {
            "validate": validation_type,
            "criteria": "between",
            "minimum": minimum,
            "maximum": maximum,
            **error,
        }
    if field.type == "date":
        return {"validate": "date", "criteria": ">=", "value": "=DATE(1990,1,1)", **error}
    if field.max_length:
        return {"validate": "length", "criteria": "<=", "value": min(field.max_length, MAX_CELL_TEXT), **error}
    return {"validate": "any"}


def _build_list_validation(form: FormModel, field: Field, key: str) -> dict[str, Any]:
    language, accepted = form.language, _accepted_answers_text(form, field)
    is_closed_list = has_closed_list(form.template, field)
    if is_closed_list:
        title, text = "form.not_listed", translate("form.choose_listed", language, accepted=accepted)
    elif field.type == "choice":
        title, text = "form.not_listed", translate("form.keep_other", language)
    else:
        title, text = "form.unlisted_time", translate("form.keep_time", language, accepted=accepted)
    return {
        "validate": "list",
        "source": f"={list_defined_name(key)}",
        "error_type": "stop" if is_closed_list else "warning",
        "error_title": truncate_text(translate(title, language), MAX_NOTE_TITLE),
        "error_message": truncate_text(text, MAX_NOTE_TEXT),
    }


def _build_input_note(form: FormModel, field: Field) -> dict[str, Any]:
    """Return what Excel shows beside the cell while it is chosen."""
    if field.help is None:
        return {}
    title = (field.heading or field.label).in_language(form.language)
    return {
        "input_title": truncate_text(title, MAX_NOTE_TITLE),
        "input_message": truncate_text(field.help.in_language(form.language), MAX_NOTE_TEXT),
    }


def _accepted_answers_text(form: FormModel, field: Field) -> str:
    accepted = describe_accepted(field, form.template, form.round.plan.year).in_language(form.language)
    return translate("form.accepted", form.language, accepted=accepted)


def computed_cell(form: FormModel, row: int, column: FormColumn, item: PlanItem | None) -> Formula | None:
    """Return the formula of a computed column in a row, with its value."""
    computation = column.field.computed if column.field else None
    if computation is None:
        return None
    value = form.number_value(item, column.key) if item else None
    return Formula(f"={build_computed_formula(computation, lambda key: form.cell_address(key, row))}", value)


def computed_cell_style(workbook: WorkbookWriter, field: Field) -> CellStyle:
    """Return how a computed cell looks: not one to write in."""
    return workbook.style("signed_share" if field.percent else "signed", bg_color=COLOURS["band"])


def highlight_negative(workbook: WorkbookWriter, sheet: SheetWriter, form: FormModel) -> None:
    """Highlight negative numbers in the computed columns."""
    for column in form.columns_of_kind("computed"):
        column_index = form.column_index(column.key)
        options = {"type": "formula", "criteria": f"=N({form.cell_address(column.key, FIRST_ITEM_ROW)})<0"}
        sheet.add_conditional_format(
            (FIRST_ITEM_ROW, column_index, form.last_row, column_index),
            {**options, "format": workbook.style("wrong")},
        )
