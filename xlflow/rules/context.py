"""What the rules are evaluated on: a template prepared once, and the rows of one form.

Of the template: tables of spellings and the choice numbers of conditions. Of a row: texts read as a formula reads
them, beside the parsed values.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from xlflow.model.plan import Deadline, FieldValue, PlanItem, Round
from xlflow.model.template import Template
from xlflow.model.template_elements import LISTED_TYPES, NUMBER_TYPES, RULE_EFFECTS, Field, Rule, RuleSeverity
from xlflow.rules.computed_fields import compute_field
from xlflow.rules.formula_semantics import (
    MAX_LOOKUP_LENGTH,
    NOT_LISTED,
    choice_spelling_table,
    is_plain_number,
    lookup_choice,
    lookup_end_date,
    option_number,
    reads_as_number,
    strip_for_lookup,
    yes_no_spelling_table,
)
from xlflow.rules.rollup import Relatives, find_items_missing_status, relatives_by_id
from xlflow.runtime.memo import IdentityKey
from xlflow.values.field_values import parse_value

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
    number_fields: tuple[Field, ...]
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
        number_fields=tuple(each for each in answer_fields if each.type in NUMBER_TYPES),
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


NO_PARSED_VALUES: Mapping[str, FieldValue | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RowAnswers:
    """One row of a form. `texts`: the text of each answer cell by field key, without columns that the form lost.
    `parsed_values`: the same answers as `values.parse_value` understood them, where they were parsed.
    """

    item: PlanItem
    texts: Mapping[str, str]
    parsed_values: Mapping[str, FieldValue | None] = field(default_factory=lambda: NO_PARSED_VALUES)

    @property
    def is_blank(self) -> bool:
        """Whether every answer cell is empty."""
        return not any(self.texts.values())


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is still to be done in a row, by the rule of this name.

    `field`: key of the cell's field, None for the row itself. `template_rule`: None for a rule that every form
    has.
    `parts_may_answer`: an answer on each sub-activity would do. `worse_row`: the sub-activity with a worse status.
    """

    rule: str
    field: str | None = None
    severity: RuleSeverity = "error"
    template_rule: Rule | None = None
    parts_may_answer: bool = False
    worse_row: RowAnswers | None = None

    @property
    def is_enforced(self) -> bool:
        """Whether the form shows it too: an error or a warning, not a note or a trial."""
        return self.severity in ("error", "warning")


_LIST_OR_NUMBER_TYPES = (*LISTED_TYPES, *NUMBER_TYPES)


class FormContext:
    """The rows of one form, with what the rules of one row need to know of the others."""

    def __init__(self, round_: Round, rows: Sequence[RowAnswers]):
        self.round = round_
        self.template = round_.template
        self.compiled = compile_template(round_.template)
        self.status_field = self.compiled.status_field
        self.relatives: Mapping[str, Relatives] = relatives_by_id([row.item for row in rows], round_.template)
        self.rows_by_id = {row.item.id: row for row in rows}
        answered_ids = [row.item.id for row in rows if self.status_field and row.texts.get(self.status_field.key)]
        self.missing_status_ids = frozenset(
            find_items_missing_status(self.relatives, answered_ids) if self.status_field else ()
        )


@dataclass(slots=True)
class RowContext:
    """One row of a form, with its fields read as the rules need them. Fields are named by key."""

    form: FormContext
    row: RowAnswers
    _choice_numbers: dict[str, int] = field(default_factory=dict)

    def choice_number(self, key: str) -> int:
        """Return the number of the choice in a field, see `option_number`; 0 if blank, `NOT_LISTED` if unknown."""
        number = self._choice_numbers.get(key)
        if number is None:
            number = self._choice_numbers[key] = self.choice_number_in(key, self.row)
        return number

    def choice_number_in(self, key: str, row: RowAnswers) -> int:
        """Return the same as `choice_number` for another row of the form."""
        template_field = self.form.compiled.fields[key]
        if template_field.filled_by == "unit":
            number = lookup_choice(row.texts.get(key, ""), self.form.compiled.spelling_tables[key])
            return number if number != NOT_LISTED else self._choice_number_by_alias(template_field, row)
        value = None if row.item.added_by_unit else row.item.plan_value(key)
        return choice_number(self.form.template, template_field, value) if isinstance(value, str) else 0

    def _choice_number_by_alias(self, template_field: Field, row: RowAnswers) -> int:
        """Return the number of an answer that only an alias of the plan workbook explains; else `NOT_LISTED`."""
        value, template, year = (
            row.parsed_values.get(template_field.key),
            self.form.template,
            self.form.round.plan.year,
        )
        parsed = (
            parse_value(row.texts[template_field.key], template_field, template, year).value
            if isinstance(value, str)
            else value
        )
        return (
            choice_number(template, template_field, value)
            if isinstance(value, str) and parsed is None
            else NOT_LISTED
        )

    def end_date(self, key: str) -> date | None:
        """Return the last date of a deadline, as a formula reads the answer or as the plan gives it; None if
        added."""
        if self.form.compiled.fields[key].filled_by == "unit":
            return lookup_end_date(self.row.texts.get(key, ""), self.form.round.plan.year)
        value = None if self.row.item.added_by_unit else self.row.item.plan_value(key)
        return value.last if isinstance(value, Deadline) else None

    def formula_amount(self, key: str) -> Decimal | None:
        """Return a number as a formula reads the answer, as the plan gives it, or as computed from such."""
        template_field = self.form.compiled.fields[key]
        if template_field.computed:
            return compute_field(template_field.computed, self.formula_amount)
        value = self.parsed_value(key)
        if not isinstance(value, Decimal):
            return None
        if template_field.filled_by == "plan":
            return None if self.row.item.added_by_unit else value
        raw_text = self.row.texts.get(key, "")
        formula_reads_it = raw_text == format(value, "f") or (
            is_plain_number(raw_text) and not template_field.percent
        )
        return value if formula_reads_it else None

    def is_readable_number(self, key: str) -> bool:
        """Return whether a formula reads the answer in a number field as a number."""
        raw_text, value = self.row.texts.get(key, ""), self.row.parsed_values.get(key)
        if isinstance(value, Decimal) and raw_text == format(value, "f"):
            return True
        return not self.form.compiled.fields[key].percent and reads_as_number(raw_text)

    def parsed_value(self, key: str) -> FieldValue | None:
        """Return the parsed value of an answer, the plan's value, or the value computed from both."""
        template_field = self.form.compiled.fields[key]
        if template_field.computed:
            return compute_field(template_field.computed, self.parsed_amount)
        return (
            self.row.parsed_values.get(key)
            if template_field.filled_by == "unit"
            else self.row.item.plan_value(key)
        )

    def parsed_amount(self, key: str) -> Decimal | None:
        """Return `parsed_value` if it is a number, else None."""
        value = self.parsed_value(key)
        return value if isinstance(value, Decimal) else None

    def is_filled(self, key: str) -> bool | None:
        """Return whether a field is filled; None if the form lost its column."""
        return is_filled(self.form.compiled.fields[key], self.row.texts[key]) if key in self.row.texts else None

    def needs_status(self) -> bool:
        """Return whether the row lacks a status and no related row makes up for it."""
        return self.row.item.id in self.form.missing_status_ids

    def make_requirement(self, rule: Rule, key: str, worse_row: RowAnswers | None = None) -> Requirement:
        """Return the requirement of a template's rule in the cell of a field."""
        return Requirement(rule.name, key, rule.severity, rule, worse_row=worse_row)


def is_filled(template_field: Field, raw_text: str) -> bool:
    """Return whether a text counts as an answer; a lone dash does not in fields for text and times."""
    if template_field.type in _LIST_OR_NUMBER_TYPES or raw_text[:1].isalnum():
        return bool(raw_text)
    return bool(strip_for_lookup(raw_text[:MAX_LOOKUP_LENGTH]))
