"""Evaluates the rules row by row: `RULES` are those of every form, the last of them the template's own.

What a declared rule demands where its conditions hold is in `EFFECT_EVALUATORS`. The same conditions are compiled
to formulas by `generate.rule_formulas`; both must decide alike. The texts of requirements are short, as something
to do, the same in the form and in the check.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from xlflow.i18n.catalogue import Language, label_in_sentence, translate
from xlflow.model.plan import Deadline, FieldValue, PlanItem, Round
from xlflow.model.template import Template
from xlflow.model.template_elements import LISTED_TYPES, NUMBER_TYPES, Field, FieldComparison, Rule
from xlflow.rules.computed_fields import is_above_threshold
from xlflow.rules.context import AnswerConditions, CompiledRule, FormContext, Requirement, RowAnswers, RowContext
from xlflow.rules.formula_semantics import NOT_LISTED


def require(context: RowContext, rule: Rule) -> Iterator[Requirement]:
    """Require fields that are blank; a status only where no related row (activity, sub-activities) makes up for
    it."""
    for key in rule.require:
        is_status = context.form.compiled.fields[key].role == "status"
        if context.is_filled(key) is False and (not is_status or context.needs_status()):
            yield context.make_requirement(rule, key)


def forbid(context: RowContext, rule: Rule) -> Iterator[Requirement]:
    """Require that filled fields are cleared."""
    return (context.make_requirement(rule, key) for key in rule.forbid if context.is_filled(key))


def compare(context: RowContext, rule: Rule) -> Iterator[Requirement]:
    """Compare two fields as the form's formula can; a fault that only the parsed values show is a note."""
    comparison = rule.compare
    keys = (comparison.field, comparison.to) if comparison else ()
    answer_key = next((key for key in keys if key in context.row.texts), None)
    if comparison is None or answer_key is None:
        return
    compares_numbers = any(context.form.compiled.fields[key].type in NUMBER_TYPES for key in keys)
    holds = relation_holds(
        comparison, *map(context.formula_amount if compares_numbers else context.end_date, keys)
    )
    parsed_values = (_comparable_value(context.parsed_value(key)) for key in keys)
    if holds is False:
        yield context.make_requirement(rule, answer_key)
    elif holds is None and relation_holds(comparison, *parsed_values) is False:
        yield downgrade_to_note(context.make_requirement(rule, answer_key))


def children_not_worse(context: RowContext, rule: Rule) -> Iterator[Requirement]:
    """Require another status where a sub-activity has a worse one than its activity."""
    status_field, children = context.form.status_field, context.form.relatives[context.row.item.id].children
    if rule.children_not_worse and children and status_field and status_field.key in context.row.texts:
        status_number = context.choice_number(status_field.key)
        child_rows = (context.form.rows_by_id[part] for part in children)
        worse_row = next(
            (
                part
                for part in child_rows
                if has_worse_rank(context.choice_number_in(status_field.key, part), status_number)
            ),
            None,
        )
        if worse_row:
            yield context.make_requirement(rule, status_field.key, worse_row)


def downgrade_to_note(requirement: Requirement) -> Requirement:
    """Return an error or warning as a note, since the form cannot show it."""
    return replace(requirement, severity="note") if requirement.is_enforced else requirement


EFFECT_EVALUATORS: Mapping[str, Callable[[RowContext, Rule], Iterator[Requirement]]] = MappingProxyType(
    {effect.__name__: effect for effect in (require, forbid, compare, children_not_worse)}
)
"""The effects by the key of the rule that asks for them, see `model.template.RULE_EFFECTS`."""


def relation_holds(
    comparison: FieldComparison, left: Decimal | date | None, right: Decimal | date | None
) -> bool | None:
    """Return whether the relation holds; None where a value is missing or a number meets a date."""
    if left is None or right is None or isinstance(left, Decimal) is not isinstance(right, Decimal):
        return None
    is_greater, is_less = left > right, left < right  # type: ignore[operator]
    holds = {"later": is_greater, "above": is_greater, "earlier": is_less, "below": is_less}
    return holds.get(comparison.relation, not (is_greater or is_less))


def has_worse_rank(part_number: int, item_number: int) -> bool:
    """Return whether the status of a part is worse than its activity's, by `option_number`; False if one has no
    rank."""
    return item_number > 0 and part_number >= (item_number // 100 + 1) * 100


def _comparable_value(value: FieldValue | None) -> Decimal | date | None:
    return value.last if isinstance(value, Deadline) else value if isinstance(value, Decimal) else None


ANSWER_LISTED_RULE, ANSWER_READABLE_RULE = "answer_listed", "answer_readable"
"""Names of the rules under which reading reports: an answer not in its list, an error value in a cell."""


def evaluate_rules(
    round_: Round, rows: Sequence[RowAnswers], *, nothing_to_report: bool = False
) -> tuple[tuple[Requirement, ...], ...]:
    """Return the requirements that each row does not meet, one tuple per row, in the order in which the form
    shows them.

    `nothing_to_report`: the unit declares it, so its blank rows are not evaluated.
    """
    form = FormContext(round_, rows)
    return tuple(
        [() if nothing_to_report and row.is_blank else _evaluate_row(RowContext(form, row)) for row in rows]
    )


def is_unnamed_added_item(item: PlanItem, template: Template) -> bool:
    """Return whether a free row has no text in the item level, so that its activity is unknown."""
    return item.added_by_unit and not item.level_texts[template.item_level_index].strip()


def _evaluate_row(context: RowContext) -> tuple[Requirement, ...]:
    rules = RULES[:1] if is_unnamed_added_item(context.row.item, context.form.template) else RULES[1:]
    return tuple([requirement for rule in rules for requirement in rule(context)])


def added_row_without_text(context: RowContext) -> Iterator[Requirement]:
    """An answer in a free row says for which activity it is."""
    item, part_level = context.row.item, context.form.template.part_level_index
    has_part_text = part_level is not None and bool(item.level_texts[part_level].strip())
    if is_unnamed_added_item(item, context.form.template) and (has_part_text or not context.row.is_blank):
        yield Requirement("added_row_without_text")


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


def answer_readable(context: RowContext) -> Iterator[Requirement]:
    """An answer in a number field is a number that a formula reads too."""
    for field in context.form.compiled.number_fields:
        if context.is_filled(field.key) and not context.is_readable_number(field.key):
            yield Requirement(ANSWER_READABLE_RULE, field.key)


def declared_rules(context: RowContext) -> Iterator[Requirement]:
    """The rules that the template declares: where their conditions hold, they require, forbid or compare."""
    for rule, conditions, effects in _candidate_rules(context):
        if _conditions_hold(context, rule, conditions):
            requirements = [
                requirement for effect in effects for requirement in EFFECT_EVALUATORS[effect](context, rule)
            ]
            formula_sees_it = rule.threshold is None or is_above_threshold(rule.threshold, context.formula_amount)
            yield from requirements if formula_sees_it else map(downgrade_to_note, requirements)


RULES: tuple[Callable[[RowContext], Iterator[Requirement]], ...] = (
    added_row_without_text,
    missing_status,
    missing_required,
    answer_listed,
    answer_readable,
    declared_rules,
)
"""A function's name is the `rule` of its requirements, except that a declared rule has its own. A free row
without an
activity is evaluated by the first only."""


def _candidate_rules(context: RowContext) -> tuple[CompiledRule, ...]:
    """Return the rules that may hold, looked up by the answer that most rules depend on: mostly one or two."""
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
    if rule.date_passed and not _is_date_passed(context, rule.date_passed):
        return False
    if rule.threshold and not is_above_threshold(rule.threshold, context.parsed_amount):
        return False
    if not (rule.when_filled or rule.when_blank):
        return True
    return all(map(context.is_filled, rule.when_filled)) and all(
        context.is_filled(key) is False for key in rule.when_blank
    )


def _is_date_passed(context: RowContext, key: str) -> bool:
    end_date = context.end_date(key)
    return end_date is not None and end_date < context.form.round.as_of


def requirements_text(requirements: Iterable[Requirement], template: Template, language: Language) -> str:
    """Return what is left to do in a row, as the form's live column shows it; "" if nothing."""
    return " ".join(
        dict.fromkeys(
            requirement_text(requirement, template, language)
            for requirement in requirements
            if requirement.is_enforced
        )
    )


def requirement_text(requirement: Requirement, template: Template, language: Language) -> str:
    """Return the text of one requirement."""
    if requirement.field is None:
        return level_missing_text(template, language)
    field = template.field(requirement.field)
    if requirement.template_rule:
        return rule_text(requirement.template_rule, field, template, language)
    if requirement.rule == ANSWER_LISTED_RULE:
        return choose_from_list_text(field, language)
    if requirement.rule == ANSWER_READABLE_RULE:
        return write_number_text(field, language)
    return answer_missing_text(field, template, language, parts=requirement.parts_may_answer)


def level_missing_text(template: Template, language: Language) -> str:
    """Return the text that asks for the activity of a free row."""
    label = template.levels[template.item_level_index].label
    return translate("form.fill_level", language, level=label.in_language(language))


def answer_missing_text(
    answer_field: Field, template: Template, language: Language, *, parts: bool = False
) -> str:
    """Return the text that asks for an answer, with `parts` also on each sub-activity instead."""
    field_name = label_in_sentence(answer_field.label, language)
    if parts and template.part_level_index is not None:
        part_name = label_in_sentence(template.levels[template.part_level_index].label, language)
        return translate("form.choose_or_parts", language, field=field_name, part=part_name)
    return translate(
        "form.choose" if answer_field.type in LISTED_TYPES else "form.fill", language, field=field_name
    )


def choose_from_list_text(field: Field, language: Language) -> str:
    """Return the text that asks for an answer from the list."""
    return translate("form.choose_from_list", language, field=label_in_sentence(field.label, language))


def write_number_text(field: Field, language: Language) -> str:
    """Return the text that asks for a plain number."""
    return translate("form.write_number", language, field=label_in_sentence(field.label, language))


def rule_text(rule: Rule, field: Field, template: Template, language: Language) -> str:
    """Return the text of a template's rule for one of its fields: its remedy, else a sentence by its effect."""
    if rule.remedy:
        return rule.remedy.in_language(language)
    label = field.label.in_language(language)
    if rule.compare and field.key in (rule.compare.field, rule.compare.to):
        field_label, other_label = (
            template.field(key).label.in_language(language) for key in (rule.compare.field, rule.compare.to)
        )
        relation = translate(f"relation.{rule.compare.relation}", language)
        return translate("check.compare", language, field=field_label, relation=relation, to=other_label)
    if field.key in rule.forbid:
        return translate("check.clear", language, field=label)
    return translate("check.fill" if field.key in rule.require else "check.agree", language, field=label)
