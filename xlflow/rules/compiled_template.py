"""What the rules need of a template, computed once: tables of spellings, and the choice numbers of conditions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.model.template import LISTED_TYPES, RULE_EFFECTS, Field, Rule, Template
from xlflow.rules.formula_semantics import NOT_LISTED, choice_spelling_table, option_number, yes_no_spelling_table
from xlflow.runtime.memo import IdentityKey

AnswerConditions = tuple[tuple[str, frozenset[int]], ...]
"""Field keys, each with the choice numbers for which a condition holds."""

CompiledRule = tuple[Rule, AnswerConditions, tuple[str, ...]]
"""A rule of the template, its `when` conditions, and the names of its effects."""

_YES_NO_NUMBERS = MappingProxyType({"yes": 1, "no": 2})


@dataclass(frozen=True, slots=True)
class CompiledTemplate:
    """A template as the rules need it.

    `fields` and `spelling_tables` by field key. `index_field`: the field on which most rules depend, None if no
    rule
    has a `when`. `rules_by_number`: the rules that may hold for each choice number of that field, in declared
    order.
    `unindexed_rules`: those that may hold whatever it is.
    """

    fields: Mapping[str, Field]
    spelling_tables: Mapping[str, str]
    status_field: Field | None
    required_fields: tuple[Field, ...]
    closed_list_fields: tuple[Field, ...]
    index_field: str | None
    rules_by_number: Mapping[int, tuple[CompiledRule, ...]]
    unindexed_rules: tuple[CompiledRule, ...]


def compile_template(template: Template) -> CompiledTemplate:
    """Return the compiled template; cached by identity."""
    return _compile_template(IdentityKey(template))


def has_closed_list(template: Template, field: Field) -> bool:
    """Return whether a field accepts only the answers of its list."""
    return field.type == "yes_no" or (field.type == "choice" and not template.choice_list(field).open)


def spelling_table_of(template: Template, field: Field) -> str:
    """Return the table of spellings of a field of a listed type; KeyError for others."""
    return compile_template(template).spelling_tables[field.key]


def _build_spelling_table(template: Template, field: Field) -> str:
    return (
        yes_no_spelling_table() if field.type == "yes_no" else choice_spelling_table(template.choice_list(field))
    )


def choice_number(template: Template, field: Field, code: str) -> int:
    """Return the number of a choice, see `option_number`; `NOT_LISTED` for a text that is no choice."""
    if field.type == "yes_no":
        return _YES_NO_NUMBERS.get(code, NOT_LISTED)
    options = template.choice_list(field).options
    return option_number(options, code) if any(option.code == code for option in options) else NOT_LISTED


def compile_conditions(template: Template, rule: Rule) -> AnswerConditions:
    """Return the `when` conditions of a rule as choice numbers."""
    return tuple(
        (key, frozenset(choice_number(template, template.field(key), code) for code in codes) - {NOT_LISTED})
        for key, codes in rule.when.items()
    )


def _effect_names(rule: Rule) -> tuple[str, ...]:
    return tuple(name for name in RULE_EFFECTS if getattr(rule, name))


@lru_cache(maxsize=32)
def _compile_template(template_key: IdentityKey[Template]) -> CompiledTemplate:
    template = template_key.value
    answer_fields = template.answer_fields()
    rules = tuple((rule, compile_conditions(template, rule), _effect_names(rule)) for rule in template.rules)
    rules_per_field = Counter(key for _, conditions, _ in rules for key, _ in conditions)
    index_field = max(rules_per_field, key=rules_per_field.__getitem__, default=None)
    rules_with_numbers = [
        (compiled_rule, dict(compiled_rule[1]).get(index_field or "")) for compiled_rule in rules
    ]
    return CompiledTemplate(
        fields={field.key: field for field in template.fields},
        spelling_tables={
            each.key: _build_spelling_table(template, each)
            for each in template.fields
            if each.type in LISTED_TYPES
        },
        status_field=template.field_in_role("status"),
        required_fields=tuple(each for each in answer_fields if each.required and each.role != "status"),
        closed_list_fields=tuple(each for each in answer_fields if has_closed_list(template, each)),
        index_field=index_field,
        rules_by_number={
            number: tuple(
                compiled_rule
                for compiled_rule, accepted_numbers in rules_with_numbers
                if accepted_numbers is None or number in accepted_numbers
            )
            for number in {number for _, accepted in rules_with_numbers for number in accepted or ()}
        },
        unindexed_rules=tuple(
            compiled_rule for compiled_rule, accepted_numbers in rules_with_numbers if accepted_numbers is None
        ),
    )
