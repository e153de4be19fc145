"""What a rule of the template may ask for where its conditions hold: `EFFECTS` is the list."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from xlflow.core.model import Deadline, FieldValue
from xlflow.core.rules.asks import Requirement
from xlflow.core.rules.case import RowContext
from xlflow.core.rules.shape import NUMBER_TYPES
from xlflow.core.template import FieldComparison, Rule


def require(context: RowContext, rule: Rule) -> Iterator[Requirement]:
    """Ask for fields that are not filled; for a status, only where nothing near the row makes up for it."""
    for key in rule.require:
        is_status = context.form.compiled.fields[key].role == "status"
        if context.is_filled(key) is False and (not is_status or context.needs_status()):
            yield context.make_requirement(rule, key)


def forbid(context: RowContext, rule: Rule) -> Iterator[Requirement]:
    """Ask to clear fields that are filled."""
    return (context.make_requirement(rule, key) for key in rule.forbid if context.is_filled(key))


def compare(context: RowContext, rule: Rule) -> Iterator[Requirement]:
    """Compare as the form can; where only a reader of words can, what it finds is a note."""
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


def no_worse_part(context: RowContext, rule: Rule) -> Iterator[Requirement]:
    """Ask for another status where a sub-activity stands worse than its activity says."""
    status_field, children = context.form.status_field, context.form.relatives[context.row.item.id].children
    if rule.no_worse_part and children and status_field and status_field.key in context.row.texts:
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
    """Return as a note what the form cannot see for itself."""
    return replace(requirement, severity="note") if requirement.is_enforced else requirement


EFFECT_EVALUATORS: Mapping[str, Callable[[RowContext, Rule], Iterator[Requirement]]] = MappingProxyType(
    {effect.__name__: effect for effect in (require, forbid, compare, no_worse_part)}
)
"""The effects by what a rule says to have one."""


def relation_holds(
    comparison: FieldComparison, left: Decimal | date | None, right: Decimal | date | None
) -> bool | None:
    """Return whether two values stand in the relation asked for; None where they cannot be compared."""
    if left is None or right is None or isinstance(left, Decimal) is not isinstance(right, Decimal):
        return None
    is_greater, is_less = left > right, left < right  # type: ignore[operator]
    holds = {"later": is_greater, "above": is_greater, "earlier": is_less, "below": is_less}
    return holds.get(comparison.relation, not (is_greater or is_less))


def has_worse_rank(part_number: int, item_number: int) -> bool:
    """Return whether one answer has a worse rank than another, by their numbers; never where one has none."""
    return item_number > 0 and part_number >= (item_number // 100 + 1) * 100


def _comparable_value(value: FieldValue | None) -> Decimal | date | None:
    return value.last if isinstance(value, Deadline) else value if isinstance(value, Decimal) else None
