"""How what a rule still asks for is worded: short, as something to do, the same in the form and in the check."""

from collections.abc import Iterable

from xlflow.i18n.catalogue import Language, label_in_sentence, translate
from xlflow.model.template import LISTED_TYPES, Field, Rule, Template
from xlflow.rules.context import Requirement
from xlflow.rules.engine import ANSWER_LISTED_RULE


def requirements_text(requirements: Iterable[Requirement], template: Template, language: Language) -> str:
    """Return what is left to do in a row as its live column says it; "" if nothing."""
    return " ".join(
        dict.fromkeys(
            requirement_text(requirement, template, language)
            for requirement in requirements
            if requirement.is_enforced
        )
    )


def requirement_text(requirement: Requirement, template: Template, language: Language) -> str:
    """Return in words what one rule asks for in one cell."""
    if requirement.field is None:
        return level_missing_text(template, language)
    field = template.field(requirement.field)
    if requirement.template_rule:
        return rule_text(requirement.template_rule, field, template, language)
    if requirement.rule == ANSWER_LISTED_RULE:
        return choose_from_list_text(field, language)
    return answer_missing_text(field, template, language, parts=requirement.parts_may_answer)


def level_missing_text(template: Template, language: Language) -> str:
    """Return that a row of the unit's own is to say for which activity it is."""
    label = template.levels[template.item_level_index].label
    return translate("form.fill_level", language, level=label.in_language(language))


def answer_missing_text(
    answer_field: Field, template: Template, language: Language, *, parts: bool = False
) -> str:
    """Return that a field is to be answered, or one on each of the `parts` below."""
    field_name = label_in_sentence(answer_field.label, language)
    if parts and template.part_level_index is not None:
        part_name = label_in_sentence(template.levels[template.part_level_index].label, language)
        return translate("form.choose_or_parts", language, field=field_name, part=part_name)
    return translate(
        "form.choose" if answer_field.type in LISTED_TYPES else "form.fill", language, field=field_name
    )


def choose_from_list_text(field: Field, language: Language) -> str:
    """Return that an answer is to be chosen from the list."""
    return translate("form.choose_from_list", language, field=label_in_sentence(field.label, language))


def rule_text(rule: Rule, field: Field, template: Template, language: Language) -> str:
    """Return what a rule of the template asks for in the cell of a field, in its own words if it has any."""
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
