"""One row as it is judged, and what a rule still asks for in it. Values only.

The rows of one form, looked at as a formula looks at them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from xlflow.model.plan import Deadline, FieldValue, PlanItem, Round
from xlflow.model.template import LISTED_TYPES, NUMBER_TYPES, Field, Rule, RuleSeverity
from xlflow.rules.compiled_template import choice_number, compile_template
from xlflow.rules.computed_fields import compute_field
from xlflow.rules.formula_semantics import (
    MAX_LOOKUP_LENGTH,
    NOT_LISTED,
    is_plain_number,
    lookup_choice,
    lookup_end_date,
    strip_for_lookup,
)
from xlflow.rules.rollup import Relatives, find_items_missing_status, relatives_by_id
from xlflow.values.field_values import parse_value

NO_PARSED_VALUES: Mapping[str, FieldValue | None] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RowAnswers:
    """One row of a form: its line, and the text in each answer cell by field, but for columns that the form lost.

    `values` are the same answers as they were understood, where somebody did.
    """

    item: PlanItem
    texts: Mapping[str, str]
    parsed_values: Mapping[str, FieldValue | None] = field(default_factory=lambda: NO_PARSED_VALUES)

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written in any answer cell."""
        return not any(self.texts.values())


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that is still to be done in a row, in the cell of a field, by the rule of this name.

    `declared` is the template's rule, None for one that every template has; `parts` tells that sub-activities may
    answer instead; `worse` is the row that stands worse.
    """

    rule: str
    field: str | None = None
    severity: RuleSeverity = "error"
    template_rule: Rule | None = None
    parts_may_answer: bool = False
    worse_row: RowAnswers | None = None

    @property
    def is_enforced(self) -> bool:
        """Whether the form asks for it too; a note or a trial is only told."""
        return self.severity in ("error", "warning")


_LIST_OR_NUMBER_TYPES = (*LISTED_TYPES, *NUMBER_TYPES)


class FormContext:
    """The rows of one form, with what judging one of them needs of the others."""

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
    """One row of a form, to be judged."""

    form: FormContext
    row: RowAnswers
    _choice_numbers: dict[str, int] = field(default_factory=dict)

    def choice_number(self, key: str) -> int:
        """Return the number of an answer, or of what the plan states; 0 if there is none."""
        number = self._choice_numbers.get(key)
        if number is None:
            number = self._choice_numbers[key] = self.choice_number_in(key, self.row)
        return number

    def choice_number_in(self, key: str, row: RowAnswers) -> int:
        """Return the same of another row of the form."""
        template_field = self.form.compiled.fields[key]
        if template_field.filled_by == "unit":
            number = lookup_choice(row.texts.get(key, ""), self.form.compiled.spelling_tables[key])
            return number if number != NOT_LISTED else self._choice_number_by_alias(template_field, row)
        value = None if row.item.added_by_unit else row.item.plan_value(key)
        return choice_number(self.form.template, template_field, value) if isinstance(value, str) else 0

    def _choice_number_by_alias(self, template_field: Field, row: RowAnswers) -> int:
        """Return the number of an answer that no reader knows by itself, but that was agreed to mean something."""
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
        """Return the last day of a time as a formula reads it, or as the plan states it; never of a unit's own."""
        if self.form.compiled.fields[key].filled_by == "unit":
            return lookup_end_date(self.row.texts.get(key, ""), self.form.round.plan.year)
        value = None if self.row.item.added_by_unit else self.row.item.plan_value(key)
        return value.last if isinstance(value, Deadline) else None

    def formula_amount(self, key: str) -> Decimal | None:
        """Return a number as a formula reads it, as the plan states it, or as it follows from such."""
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

    def parsed_value(self, key: str) -> FieldValue | None:
        """Return what a reader of words makes of an answer, what stands in the line, or what follows from both."""
        template_field = self.form.compiled.fields[key]
        if template_field.computed:
            return compute_field(template_field.computed, self.parsed_amount)
        return (
            self.row.parsed_values.get(key)
            if template_field.filled_by == "unit"
            else self.row.item.plan_value(key)
        )

    def parsed_amount(self, key: str) -> Decimal | None:
        """Return a number as a reader of words understands it."""
        value = self.parsed_value(key)
        return value if isinstance(value, Decimal) else None

    def is_filled(self, key: str) -> bool | None:
        """Return whether a field is filled; None if the form lost its column."""
        return is_filled(self.form.compiled.fields[key], self.row.texts[key]) if key in self.row.texts else None

    def needs_status(self) -> bool:
        """Return whether the row lacks a status that nothing near it makes up for."""
        return self.row.item.id in self.form.missing_status_ids

    def make_requirement(self, rule: Rule, key: str, worse_row: RowAnswers | None = None) -> Requirement:
        """Return what a rule of the template asks for in the cell of a field."""
        return Requirement(rule.name, key, rule.severity, rule, worse_row=worse_row)


def is_filled(template_field: Field, raw_text: str) -> bool:
    """Return whether an answer says something; a dash alone does not, where words or a time are asked for."""
    if template_field.type in _LIST_OR_NUMBER_TYPES or raw_text[:1].isalnum():
        return bool(raw_text)
    return bool(strip_for_lookup(raw_text[:MAX_LOOKUP_LENGTH]))
