"""How what a rule still asks for is worded: short, as something to do, the same in the form and in the check."""

from collections.abc import Iterable

from xlflow.core.layout import in_sentence
from xlflow.core.rules import ANSWER_LISTED, CHOOSING, Ask
from xlflow.core.template import Field, Rule, Template
from xlflow.core.words import Language, say


def say_asks(asks: Iterable[Ask], template: Template, language: Language) -> str:
    """Return what is left to do in a row as its live column says it; "" if nothing."""
    return " ".join(dict.fromkeys(say_ask(ask, template, language) for ask in asks if ask.counts))


def say_ask(ask: Ask, template: Template, language: Language) -> str:
    """Return in words what one rule asks for in one cell."""
    if ask.field is None:
        return say_level(template, language)
    asked = template.field(ask.field)
    if ask.declared:
        return say_rule(ask.declared, asked, template, language)
    if ask.rule == ANSWER_LISTED:
        return say_listed(asked, language)
    return say_missing(asked, template, language, parts=ask.parts)


def say_level(template: Template, language: Language) -> str:
    """Return that a row of the unit's own is to say for which activity it is."""
    label = template.levels[template.item].label
    return say("form.fill_level", language, level=label.say(language))


def say_missing(asked: Field, template: Template, language: Language, *, parts: bool = False) -> str:
    """Return that a field is to be answered, or one on each of the `parts` below."""
    field = in_sentence(asked.label, language)
    if parts and template.part is not None:
        part = in_sentence(template.levels[template.part].label, language)
        return say("form.choose_or_parts", language, field=field, part=part)
    return say("form.choose" if asked.type in CHOOSING else "form.fill", language, field=field)


def say_listed(asked: Field, language: Language) -> str:
    """Return that an answer is to be chosen from the list."""
    return say("form.choose_from_list", language, field=in_sentence(asked.label, language))


def say_rule(rule: Rule, asked: Field, template: Template, language: Language) -> str:
    """Return what a rule of the template asks for in the cell of a field, in its own words if it has any."""
    if rule.remedy:
        return rule.remedy.say(language)
    label = asked.label.say(language)
    if rule.compare and asked.key in (rule.compare.field, rule.compare.to):
        one, other = (template.field(key).label.say(language) for key in (rule.compare.field, rule.compare.to))
        relation = say(f"relation.{rule.compare.relation}", language)
        return say("check.compare", language, field=one, relation=relation, to=other)
    if asked.key in rule.forbid:
        return say("check.clear", language, field=label)
    return say("check.fill" if asked.key in rule.require else "check.agree", language, field=label)
