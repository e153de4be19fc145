"""What the forms of a round say of it where no plan was given: each fact as most of them say it.

A form can only speak for itself. Title, units, year and further columns of the plan belong together and are taken
from one form; of equally many, the one that was saved last counts, since sorting newest first is the caller's.
"""

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import TypeVar

from xlflow.model.plan import Round

Value = TypeVar("Value", bound=Hashable)


def agree_on_round(rounds: Sequence[Round]) -> Round:
    """Return the round that most of the forms are of; `rounds`, one per form, newest first, are of the same day.

    Its items are those of one form and mean nothing. Units have no contacts in what is compared.
    """
    facts = [plan_facts(round_) for round_ in rounds]
    return replace(
        rounds[facts.index(most_common_value(facts))],
        due_date=most_common_value([round_.due_date for round_ in rounds]),
        language=most_common_value([round_.language for round_ in rounds]),
    )


def plan_facts(round_: Round) -> tuple[Hashable, ...]:
    """Return what all forms that were made from one plan say alike."""
    plan = round_.plan
    names = tuple([unit.name for unit in plan.units])
    return plan.digest, plan.title, plan.year, plan.extra_headings, names


def most_common_value(values: Sequence[Value]) -> Value:
    """Return the value that is there most often, of several the first."""
    if all(value == values[0] for value in values):
        return values[0]
    return Counter(values).most_common(1)[0][0]
