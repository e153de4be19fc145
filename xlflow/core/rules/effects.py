"""What a rule of the template may ask for where its conditions hold: `EFFECTS` is the list."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from xlflow.core.model import Deadline, Value
from xlflow.core.rules.asks import Ask
from xlflow.core.rules.case import Case
from xlflow.core.rules.shape import NUMBERS
from xlflow.core.template import Compare, Rule


def require(case: Case, rule: Rule) -> Iterator[Ask]:
    """Ask for fields that are not filled; for a status, only where nothing near the row makes up for it."""
    for key in rule.require:
        is_status = case.form.shape.fields[key].role == "status"
        if case.is_filled(key) is False and (not is_status or case.is_lacking()):
            yield case.ask(rule, key)


def forbid(case: Case, rule: Rule) -> Iterator[Ask]:
    """Ask to clear fields that are filled."""
    return (case.ask(rule, key) for key in rule.forbid if case.is_filled(key))


def compare(case: Case, rule: Rule) -> Iterator[Ask]:
    """Compare as the form can; where only a reader of words can, what it finds is a note."""
    wanted = rule.compare
    keys = (wanted.field, wanted.to) if wanted else ()
    place = next((key for key in keys if key in case.row.texts), None)
    if wanted is None or place is None:
        return
    has_numbers = any(case.form.shape.fields[key].type in NUMBERS for key in keys)
    held = stands_in(wanted, *map(case.amount if has_numbers else case.time, keys))
    understood = (_comparable(case.understood(key)) for key in keys)
    if held is False:
        yield case.ask(rule, place)
    elif held is None and stands_in(wanted, *understood) is False:
        yield weaken(case.ask(rule, place))


def no_worse_part(case: Case, rule: Rule) -> Iterator[Ask]:
    """Ask for another status where a sub-activity stands worse than its activity says."""
    status, below = case.form.status, case.form.kin[case.row.line.id].below
    if rule.no_worse_part and below and status and status.key in case.row.texts:
        own = case.number(status.key)
        parts = (case.form.by_id[part] for part in below)
        worse = next((part for part in parts if is_worse(case.number_in(status.key, part), own)), None)
        if worse:
            yield case.ask(rule, status.key, worse)


def weaken(ask: Ask) -> Ask:
    """Return as a note what the form cannot see for itself."""
    return replace(ask, severity="note") if ask.counts else ask


EFFECTS: Mapping[str, Callable[[Case, Rule], Iterator[Ask]]] = MappingProxyType(
    {effect.__name__: effect for effect in (require, forbid, compare, no_worse_part)}
)
"""The effects by what a rule says to have one."""


def stands_in(wanted: Compare, one: Decimal | date | None, other: Decimal | date | None) -> bool | None:
    """Return whether two values stand in the relation asked for; None where they cannot be compared."""
    if one is None or other is None or isinstance(one, Decimal) is not isinstance(other, Decimal):
        return None
    above, below = one > other, one < other  # type: ignore[operator]
    held = {"later": above, "above": above, "earlier": below, "below": below}
    return held.get(wanted.relation, not (above or below))


def is_worse(part: int, own: int) -> bool:
    """Return whether one answer has a worse rank than another, by their numbers; never where one has none."""
    return own > 0 and part >= (own // 100 + 1) * 100


def _comparable(value: Value | None) -> Decimal | date | None:
    return value.last if isinstance(value, Deadline) else value if isinstance(value, Decimal) else None
