"""When a rule still requires something in a row, as formulas: the same conditions as in `rules`.

Each is a formula without its = that is TRUE or FALSE for one row (0-based row of the form), written on the
calculation sheet and over its helper columns.
"""

from collections.abc import Callable, Iterator

from xlflow.generate.calc_layout import (
    ACTIVITY_NUMBER_WIDTH,
    ID_KEY,
    SERIAL_WIDTH,
    calc_defined_name,
    plan_date_fields,
)
from xlflow.generate.form_model import FormModel
from xlflow.generate.parsing_formulas import lookup_item_number_formula, strip_for_lookup_formula
from xlflow.model.template_elements import LISTED_TYPES, NUMBER_TYPES, Field, FieldComparison, Rule
from xlflow.rules import compile_conditions, has_closed_list
from xlflow.rules.computed_fields import build_computed_formula, build_threshold_formula
from xlflow.rules.formula_semantics import NOT_LISTED, serial_from_date

_VIOLATING_OPERATORS = {"later": "<=", "above": "<=", "earlier": ">=", "below": ">=", "equal": "<>"}
"""Operator between two values that violate the required relation."""


def missing_status_condition(form: FormModel, status: Field, row: int) -> str:
    """Return the condition that a row lacks a status which nothing near it makes up for (`rollup.is_missing`)."""
    blank = f"{_choice_number_cell(form, status.key, row)}=0"
    if not form.calc_layout.has_column("activity_number"):
        return blank
    activity_number = form.calc_layout.cell_address("activity_number", row)
    answered_parent, answered_siblings = (
        count_relatives_formula(form, status, number, '"<>0"')
        for number in (f"-{activity_number}", activity_number)
    )
    return f"AND({blank},{answered_parent}=0,OR({activity_number}>0,{answered_siblings}>0))"


def has_parts_condition(form: FormModel, row: int) -> str:
    """Return the condition that sub-activities stand below a row."""
    activity_number = form.calc_layout.cell_address("activity_number", row)
    return (
        f"AND({activity_number}>0,COUNTIF({form.calc_layout.column_range('activity_number', form.last_row)}"
        f",-{activity_number})>0)"
    )


def count_relatives_formula(form: FormModel, status: Field, activity_number: str, criterion: str) -> str:
    """Return a formula for how many rows of an activity number have a status number that meets a criterion."""
    cell_ranges = (
        form.calc_layout.column_range("activity_number", form.last_row),
        form.calc_layout.column_range("number", form.last_row, status.key),
    )
    return f"COUNTIFS({cell_ranges[0]},{activity_number},{cell_ranges[1]},{criterion})"


def unreadable_number_condition(form: FormModel, field: Field, row: int) -> str:
    """Return the condition that an answer in a number field is not a number that a formula reads."""
    return (
        f'AND({filled_condition(form, field, row)},{form.calc_layout.cell_address("amount", row, field.key)}="")'
    )


def unlisted_answer_condition(form: FormModel, field: Field, row: int) -> str | None:
    """Return the condition that an answer is not in its list; None where every answer will do."""
    if field.type not in LISTED_TYPES or not has_closed_list(form.template, field):
        return None
    return f"{_choice_number_cell(form, field.key, row)}={NOT_LISTED}"


def filled_condition(form: FormModel, field: Field, row: int) -> str:
    """Return the condition that an answer says something."""
    return _answer_condition(form, field, row, "<>0", '<>""')


def blank_condition(form: FormModel, field: Field, row: int) -> str:
    """Return the condition that an answer says nothing."""
    return _answer_condition(form, field, row, "=0", '=""')


def _answer_condition(
    form: FormModel, field: Field, row: int, number_comparison: str, text_comparison: str
) -> str:
    if field.type in LISTED_TYPES:
        return f"{_choice_number_cell(form, field.key, row)}{number_comparison}"
    copy = form.calc_layout.cell_address("value", row, field.key)
    if field.type in NUMBER_TYPES:
        return f"TRIM({copy}){text_comparison}"
    normalized = (
        form.calc_layout.cell_address("normalized", row, field.key)
        if form.calc_layout.has_column("normalized", field.key)
        else strip_for_lookup_formula(copy)
    )
    return f"{normalized}{text_comparison}"


def rule_conditions(form: FormModel, rule: Rule, row: int) -> Iterator[str]:
    """Yield the conditions of a rule of the template, all of which must hold."""
    template = form.template
    for key, numbers in compile_conditions(template, rule):
        yield _or_formula(f"{_choice_number_cell(form, key, row)}={number}" for number in sorted(numbers))
    if rule.date_passed:
        end_date = _end_date_formula(form, rule.date_passed, row)
        yield f"IFERROR(AND(ISNUMBER({end_date}),{end_date}<{serial_from_date(form.round.as_of)}),FALSE)"
    if rule.threshold:
        yield build_threshold_formula(rule.threshold, lambda key: _amount_formula(form, key, row))
    yield from (filled_condition(form, template.field(key), row) for key in rule.when_filled)
    yield from (blank_condition(form, template.field(key), row) for key in rule.when_blank)


def violation_conditions(form: FormModel, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    """Yield (field, condition of a violation) for each effect of a rule, given that its conditions hold."""
    for list_conditions in _EFFECT_CONDITIONS:
        yield from list_conditions(form, rule, row)


def _require_conditions(form: FormModel, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    for key in rule.require:
        field = form.template.field(key)
        is_status = field.role == "status"
        yield field, missing_status_condition(form, field, row) if is_status else blank_condition(form, field, row)


def _forbid_conditions(form: FormModel, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    for key in rule.forbid:
        field = form.template.field(key)
        yield field, filled_condition(form, field, row)


def _compare_conditions(form: FormModel, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    if rule.compare:
        fields = [form.template.field(key) for key in (rule.compare.field, rule.compare.to)]
        answer_field = next((field for field in fields if field in form.template.answer_fields()), None)
        if answer_field:
            yield answer_field, _compare_violation(form, rule.compare, row)


def _compare_violation(form: FormModel, comparison: FieldComparison, row: int) -> str:
    keys = (comparison.field, comparison.to)
    are_numbers = any(form.template.field(key).type in NUMBER_TYPES for key in keys)
    left, right = (
        _amount_formula(form, key, row) if are_numbers else _end_date_formula(form, key, row) for key in keys
    )
    return (
        f"IFERROR(AND(ISNUMBER({left}),ISNUMBER({right}),{left}{_VIOLATING_OPERATORS[comparison.relation]}{right}"
        f"),FALSE)"
    )


def _worse_part_conditions(form: FormModel, rule: Rule, row: int) -> Iterator[tuple[Field, str]]:
    status = form.template.field_in_role("status")
    if rule.children_not_worse and status and form.calc_layout.has_column("activity_number"):
        activity_number, status_number = (
            form.calc_layout.cell_address("activity_number", row),
            _choice_number_cell(form, status.key, row),
        )
        criterion = f'">="&(INT({status_number}/100)+1)*100'
        worse_parts = count_relatives_formula(form, status, f"-{activity_number}", criterion)
        yield status, f"AND({activity_number}>0,{status_number}>0,{worse_parts}>0)"


_EFFECT_CONDITIONS: tuple[Callable[[FormModel, Rule, int], Iterator[tuple[Field, str]]], ...] = (
    _require_conditions,
    _forbid_conditions,
    _compare_conditions,
    _worse_part_conditions,
)


def _choice_number_cell(form: FormModel, key: str, row: int) -> str:
    return form.calc_layout.cell_address("number", row, key)


def _end_date_formula(form: FormModel, key: str, row: int) -> str:
    """Return a formula for the last day of a deadline as a serial number; an error or "" where it has none."""
    field = form.template.field(key)
    if field.filled_by == "unit":
        return form.calc_layout.cell_address("end_date", row, key)
    offset = ACTIVITY_NUMBER_WIDTH + SERIAL_WIDTH * plan_date_fields(form.template).index(field)
    table_names = [calc_defined_name(name) for name in form.calc_layout.chunk_names("items")]
    item_id_cell = form.calc_layout.cell_address("value", row, ID_KEY)
    return lookup_item_number_formula(item_id_cell, table_names, offset, SERIAL_WIDTH) if table_names else '""'


def _amount_formula(form: FormModel, key: str, row: int) -> str:
    """Return a formula for a number; "" where there is none. Plan values count for plan items only."""
    field = form.template.field(key)
    if field.computed:
        return (
            f"({build_computed_formula(field.computed, lambda other_key: _amount_formula(form, other_key, row))})"
        )
    if field.filled_by == "unit":
        return form.calc_layout.cell_address("amount", row, key)
    id_cell, cell = (form.calc_layout.cell_address("value", row, copied) for copied in (ID_KEY, key))
    return f'IF({id_cell}="","",{cell})'


def _or_formula(conditions: Iterator[str]) -> str:
    listed = list(conditions)
    return listed[0] if len(listed) == 1 else f"OR({','.join(listed) or 'FALSE'})"


def and_formula(conditions: Iterator[str]) -> str:
    """Return the condition that all of these hold."""
    listed = list(conditions)
    return listed[0] if len(listed) == 1 else f"AND({','.join(listed)})"
