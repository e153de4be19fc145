"""The lists that a form's cells offer, as records. They are for the form alone; reading it passes them over."""

from collections.abc import Iterator
from datetime import timedelta

from xlflow.core.layout import QUARTERS, YES_NO, list_key
from xlflow.core.model import Round
from xlflow.core.template import Field
from xlflow.core.values import quarters_from, show_deadline, show_value
from xlflow.core.words import say

QUARTERS_AHEAD = 8
"""How many quarters after the as-of date a form offers for a new deadline."""


def say_lists(round_: Round) -> Iterator[tuple[str, ...]]:
    """Yield what the lists offer, choice by choice."""
    template, language = round_.template, round_.language
    offered = {list_key(field): field for field in template.fields}
    for key, field in offered.items():
        if key == QUARTERS:
            yield from (("quarter", key, "", label) for label in _say_quarters(round_))
        elif key == YES_NO:
            yield from (("choice", key, *pair) for pair in _say_yes_no(field, round_))
        elif key:
            options = template.choice_list(field).options
            yield from (("choice", key, option.code, option.label.say(language)) for option in options)


def _say_quarters(round_: Round) -> Iterator[str]:
    for quarter in quarters_from(round_.as_of + timedelta(days=1), QUARTERS_AHEAD):
        yield show_deadline(quarter, round_.language, round_.plan.year)
    yield say("form.undecided", round_.language)


def _say_yes_no(field: Field, round_: Round) -> Iterator[tuple[str, str]]:
    for code, value in (("yes", True), ("no", False)):
        yield code, show_value(value, field, round_.template, round_.language, round_.plan.year)
