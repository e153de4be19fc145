"""`Kvar att göra`: what a row still lacks, as a live formula and as the same text computed here.

The rules are in `rules` and their texts in `rules/engine`; `check` reports the same rows. Formulas
use only what Excel 2010, Excel on the web and LibreOffice know, and the helper columns of `calc_layout`.
"""

from collections.abc import Iterator

from xlflow.excel.writer import quote_formula_text
from xlflow.generate.calc_layout import (
    NOTHING_TO_REPORT_NAME,
    calc_defined_name,
    calc_sheet_address,
    free_row_level_keys,
)
from xlflow.generate.form_model import FormModel, memoize_by_layout
from xlflow.generate.parsing_formulas import is_blank_formula
from xlflow.generate.rule_formulas import (
    and_formula,
    blank_condition,
    has_parts_condition,
    missing_status_condition,
    rule_conditions,
    unlisted_answer_condition,
    unreadable_number_condition,
    violation_conditions,
)
from xlflow.i18n.catalogue import translate
from xlflow.model.plan import PlanItem
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.rules.engine import (
    answer_missing_text,
    choose_from_list_text,
    level_missing_text,
    rule_text,
    write_number_text,
)

REMAINING_KEY = "remaining"

RequirementFormula = tuple[str, str]
"""(text formula, condition formula) of one requirement."""


# The texts, computed here ----------------------------------------------------------------------------------


def remaining_text(form: FormModel, item: PlanItem) -> str:
    """Return what a row still lacks, as its formula shows it; "" if nothing."""
    return form.remaining_texts[item.id]


def count_done_rows(form: FormModel) -> tuple[int, int]:
    """Return (done rows, all rows) as the counter shows them; unused free rows are not counted."""
    items = [item for item in (*form.items, *form.added_items) if _is_row_used(form, item)]
    done_items = [item for item in items if not remaining_text(form, item) and not _waits_for_activity(form, item)]
    return len(done_items), len(items)


def counter_text(form: FormModel) -> str:
    """Return "14 av 24 klara", or that there is nothing to report."""
    if form.nothing_to_report:
        return translate("nothing.label", form.language)
    done, total = count_done_rows(form)
    return translate("form.counter_one" if done == 1 else "form.counter", form.language, done=done, total=total)


@memoize_by_layout
def longest_requirement_text(form: FormModel) -> str:
    """Return the longest sentence that a row may show, for which its height must suffice."""
    template, language = form.template, form.language
    rules = [rule for rule in template.rules if rule.is_shown_in_form]
    required_fields = [
        (rule, field) for rule in rules for field, _ in violation_conditions(form, rule, form.first_free_row)
    ]
    texts = [rule_text(rule, field, template, language) for rule, field in required_fields]
    texts += [
        write_number_text(field, language) for field in template.answer_fields() if field.type in NUMBER_TYPES
    ]
    return max((translate("form.look_over", language), *texts), key=len)


def _is_row_used(form: FormModel, item: PlanItem) -> bool:
    return bool(item.level_texts[form.template.item_level_index].strip()) or bool(form.requirements[item.id])


def _waits_for_activity(form: FormModel, item: PlanItem) -> bool:
    """Whether a sub-activity lacks nothing only because its untouched activity is asked first: not yet done."""
    status, relatives = form.template.field_in_role("status"), form.relatives[item.id]
    if status is None or relatives.parent is None or not status.required:
        return False
    status_texts = (
        form.answers.get(key, {}).get(status.key, "") for key in (item.id, relatives.parent, *relatives.siblings)
    )
    return not any(text.strip() for text in status_texts)


# The same as formulas -------------------------------------------------------------------------------------


@memoize_by_layout
def remaining_cell_formula(form: FormModel, row: int) -> str:
    """Return the formula of the column in a row (0-based): a reference to its helper cell."""
    return f"={calc_sheet_address(form.calc_layout.cell_address('remaining', row))}"


@memoize_by_layout
def remaining_text_formula(form: FormModel, row: int, *, is_free: bool) -> str:
    """Return the formula (without its =) of the helper cell with what remains in a row of the form (0-based)."""
    requirements = _join_text_formulas(
        [_requirement_formula(*pair) for pair in _group_by_text(_list_requirement_formulas(form, row))]
    )
    value_cells = [
        form.calc_layout.cell_address("value", row, field.key) for field in form.template.answer_fields()
    ]
    if is_free:
        item_cell, *part_cells = (
            form.calc_layout.cell_address("value", row, key) for key in free_row_level_keys(form.template)
        )
        missing_item_text = (
            f'IF({is_blank_formula("&".join((*part_cells, *value_cells)))},"",{_quote_missing_level(form)})'
        )
        requirements = f"IF({is_blank_formula(item_cell)},{missing_item_text},{requirements})"
    has_errors = ",".join(f"ISERROR({cell})" for cell in value_cells)
    look_over_text = quote_formula_text(translate("form.look_over", form.language))
    says_nothing = f"AND({calc_defined_name(NOTHING_TO_REPORT_NAME)},{is_blank_formula('&'.join(value_cells))})"
    return f'IFERROR(IF(OR({has_errors}),{look_over_text},IF({says_nothing},"",{requirements})),{look_over_text})'


def _quote_missing_level(form: FormModel) -> str:
    return quote_formula_text(level_missing_text(form.template, form.language))


@memoize_by_layout
def counter_formula(form: FormModel) -> str:
    """Return the formula of "14 av 24 klara". What is done is counted once, since that takes long, and put between
    strokes, so that one that is done can be given words of its own."""
    item_range = form.column_range(form.template.levels[form.template.item_level_index].key)
    remaining_range = form.column_range(REMAINING_KEY)
    used = f"(((LEN(TRIM({item_range}))>0)+(LEN({remaining_range})>0))>0)"
    done = f"SUMPRODUCT({used}*(LEN({remaining_range})=0){_not_waiting_factor(form)})"
    language, total = form.language, f'"&SUMPRODUCT({used}*1)&"'
    plural_text, one_in_plural_text = (
        translate("form.counter", language, done=f"|{number}|", total=total) for number in (f'"&{done}&"', 1)
    )
    singular_text = translate("form.counter_one", language, done=1, total=total)
    counter = f'SUBSTITUTE(SUBSTITUTE("{plural_text}","{one_in_plural_text}","{singular_text}"),"|","")'
    nothing_text = quote_formula_text(translate("nothing.label", language))
    return (
        f"=IFERROR(IF({calc_defined_name(NOTHING_TO_REPORT_NAME)},{nothing_text},{counter}"
        f"),{quote_formula_text(translate('form.look_over', language))})"
    )


def remaining_count_formula(form: FormModel, sheet_prefix: str) -> str:
    """Return a formula (without its =) for another sheet: on how many rows something remains."""
    return f"SUMPRODUCT((LEN({sheet_prefix}{form.column_range(REMAINING_KEY)})>0)*1)"


def answered_count_formula(form: FormModel, sheet_prefix: str) -> str:
    """Return a formula (without its =) for another sheet: how many answer cells are filled."""
    cell_ranges = [f"{sheet_prefix}{form.column_range(field.key)}" for field in form.template.answer_fields()]
    return "+".join(f"SUMPRODUCT((LEN(TRIM({cell_range}))>0)*1)" for cell_range in cell_ranges) or "0"


def _list_requirement_formulas(form: FormModel, row: int) -> Iterator[RequirementFormula]:
    """Yield everything that may be asked in a row, in the order in which it is said."""
    template, language = form.template, form.language
    for field in template.answer_fields():
        if field.required and field.role == "status":
            yield _status_text_formula(form, field, row), missing_status_condition(form, field, row)
    for field in template.answer_fields():
        if field.required and field.role != "status":
            yield (
                quote_formula_text(answer_missing_text(field, template, language)),
                blank_condition(form, field, row),
            )
    for field in template.answer_fields():
        unlisted_condition = unlisted_answer_condition(form, field, row)
        if unlisted_condition:
            yield quote_formula_text(choose_from_list_text(field, language)), unlisted_condition
    for field in template.answer_fields():
        if field.type in NUMBER_TYPES:
            yield (
                quote_formula_text(write_number_text(field, language)),
                unreadable_number_condition(form, field, row),
            )
    for rule in template.rules:
        rule_conditions_met = list(rule_conditions(form, rule, row)) if rule.is_shown_in_form else []
        for field, violation in violation_conditions(form, rule, row) if rule.is_shown_in_form else ():
            yield (
                quote_formula_text(rule_text(rule, field, template, language)),
                and_formula(iter((*rule_conditions_met, violation))),
            )


def _status_text_formula(form: FormModel, status: Field, row: int) -> str:
    status_text, status_or_parts_text = (
        quote_formula_text(answer_missing_text(status, form.template, form.language, parts=parts))
        for parts in (False, True)
    )
    return (
        f"IF({has_parts_condition(form, row)},{status_or_parts_text},{status_text})"
        if form.calc_layout.has_column("activity_number")
        else status_text
    )


def _group_by_text(requirements: Iterator[RequirementFormula]) -> Iterator[tuple[str, list[str]]]:
    """Put together what is asked for in the same words, so that nothing is said twice."""
    conditions_by_text: dict[str, list[str]] = {}
    for text_formula, condition in requirements:
        conditions_by_text.setdefault(text_formula, []).append(condition)
    return iter(conditions_by_text.items())


def _requirement_formula(text_formula: str, conditions: list[str]) -> str:
    is_required = conditions[0] if len(conditions) == 1 else f"OR({','.join(conditions)})"
    return f'IF({is_required},{text_formula},"")'


def _join_text_formulas(text_formulas: list[str]) -> str:
    if len(text_formulas) < 2:
        return text_formulas[0] if text_formulas else '""'
    return "TRIM(" + '&" "&'.join(text_formulas) + ")"


def _not_waiting_factor(form: FormModel) -> str:
    """Leave out the sub-activities of untouched activities, for which the activity is asked first."""
    status = form.template.field_in_role("status")
    if status is None or not status.required or not form.calc_layout.has_column("activity_number"):
        return ""
    activity_numbers = calc_sheet_address(form.calc_layout.column_range("activity_number", form.last_row))
    status_numbers = calc_sheet_address(form.calc_layout.column_range("number", form.last_row, status.key))
    return (
        f"*(1-({activity_numbers}<0)*({status_numbers}=0)*(COUNTIFS({activity_numbers}"
        f',-{activity_numbers},{status_numbers},"<>0")=0))'
    )
