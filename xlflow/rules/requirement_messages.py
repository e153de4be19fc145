"""The texts of requirements: short, as something to do, the same in the form and in the check."""

from collections.abc import Iterable

from xlflow.i18n.catalogue import Language, label_in_sentence, translate
from xlflow.model.template import LISTED_TYPES, Field, Rule, Template
from xlflow.rules.context import Requirement
from xlflow.rules.engine import ANSWER_LISTED_RULE


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
