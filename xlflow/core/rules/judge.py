"""The rules, row by row: those that every template has, and last those that the template declares."""

from collections.abc import Callable, Iterator, Sequence

from xlflow.core.computed import is_above_threshold
from xlflow.core.model import PlanItem, Round
from xlflow.core.rules.asks import Requirement, RowAnswers
from xlflow.core.rules.case import FormContext, RowContext
from xlflow.core.rules.effects import EFFECT_EVALUATORS, downgrade_to_note
from xlflow.core.rules.shape import AnswerConditions, CompiledRule
from xlflow.core.template import Rule, Template
from xlflow.core.values.spellings import NOT_LISTED

ANSWER_LISTED_RULE, ANSWER_READABLE_RULE = "answer_listed", "answer_readable"
"""Names of rules by which reading reports what it finds itself: an answer not in its list, an error in a cell."""


def evaluate_rules(
    round_: Round, rows: Sequence[RowAnswers], *, nothing_to_report: bool = False
) -> tuple[tuple[Requirement, ...], ...]:
    """Return what is still asked in each row, in the order in which the form says it.

    `nothing`: the unit says that it has nothing to report, so rows in which it wrote nothing are left alone.
    """
    form = FormContext(round_, rows)
    return tuple(
        [() if nothing_to_report and row.is_blank else _evaluate_row(RowContext(form, row)) for row in rows]
    )


def is_unnamed_added_item(item: PlanItem, template: Template) -> bool:
    """Return whether a row of the unit's own does not say for which activity it is."""
    return item.added_by_unit and not item.level_texts[template.item_level_index].strip()


def _evaluate_row(context: RowContext) -> tuple[Requirement, ...]:
    rules = RULES[:1] if is_unnamed_added_item(context.row.item, context.form.template) else RULES[1:]
    return tuple([requirement for rule in rules for requirement in rule(context)])


def own_without_text(context: RowContext) -> Iterator[Requirement]:
    """An answer in a free row says for which activity it is."""
    item, part_level = context.row.item, context.form.template.part_level_index
    has_part_text = part_level is not None and bool(item.level_texts[part_level].strip())
    if is_unnamed_added_item(item, context.form.template) and (has_part_text or not context.row.is_blank):
        yield Requirement("own_without_text")


def missing_status(context: RowContext) -> Iterator[Requirement]:
    """A status stands on the activity or on every one of its sub-activities."""
    status_field = context.form.status_field
    if status_field and status_field.required and status_field.key in context.row.texts and context.needs_status():
        yield Requirement(
            "missing_status",
            status_field.key,
            parts_may_answer=bool(context.form.relatives[context.row.item.id].children),
        )


def missing_required(context: RowContext) -> Iterator[Requirement]:
    """Every other required field is answered."""
    for field in context.form.compiled.required_fields:
        if context.is_filled(field.key) is False:
            yield Requirement("missing_required", field.key)


def answer_listed(context: RowContext) -> Iterator[Requirement]:
    """An answer to a closed list is one of the list."""
    for field in context.form.compiled.closed_list_fields:
        if context.choice_number(field.key) == NOT_LISTED:
            yield Requirement(ANSWER_LISTED_RULE, field.key)


def declared_rules(context: RowContext) -> Iterator[Requirement]:
    """The rules that the template declares: where their conditions hold, they require, forbid or compare."""
    for rule, conditions, effects in _candidate_rules(context):
        if _conditions_hold(context, rule, conditions):
            requirements = [
                requirement for effect in effects for requirement in EFFECT_EVALUATORS[effect](context, rule)
            ]
            formula_sees_it = rule.beyond is None or is_above_threshold(rule.beyond, context.formula_amount)
            yield from requirements if formula_sees_it else map(downgrade_to_note, requirements)


RULES: tuple[Callable[[RowContext], Iterator[Requirement]], ...] = (
    own_without_text,
    missing_status,
    missing_required,
    answer_listed,
    declared_rules,
)
"""The function's name is the `rule` of what it asks for, except that a rule of the template has its own. A row
that nobody can place is judged by the first alone."""


def _candidate_rules(context: RowContext) -> tuple[CompiledRule, ...]:
    """Return the rules that may hold, by the answer that most of them wait for: in most rows one or two."""
    compiled = context.form.compiled
    return (
        compiled.rules_by_number.get(context.choice_number(compiled.index_field), compiled.unindexed_rules)
        if compiled.index_field
        else compiled.unindexed_rules
    )


def _conditions_hold(context: RowContext, rule: Rule, conditions: AnswerConditions) -> bool:
    for key, numbers in conditions:
        if context.choice_number(key) not in numbers:
            return False
    if rule.passed and not _is_date_passed(context, rule.passed):
        return False
    if rule.beyond and not is_above_threshold(rule.beyond, context.parsed_amount):
        return False
    if not (rule.filled or rule.blank):
        return True
    return all(map(context.is_filled, rule.filled)) and all(context.is_filled(key) is False for key in rule.blank)


def _is_date_passed(context: RowContext, key: str) -> bool:
    end_date = context.end_date(key)
    return end_date is not None and end_date < context.form.round.as_of
