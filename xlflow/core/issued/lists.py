"""The lists that a form's cells offer, as records. They are for the form alone; reading it passes them over."""

from collections.abc import Iterator
from datetime import timedelta

from xlflow.core.layout import QUARTERS_LIST, YES_NO_LIST, list_key
from xlflow.core.model import Round
from xlflow.core.template import Field
from xlflow.core.values import format_deadline, format_value, quarters_from
from xlflow.core.words import translate

OFFERED_QUARTERS = 8
"""How many quarters after the as-of date a form offers for a new deadline."""


def encode_answer_lists(round_: Round) -> Iterator[tuple[str, ...]]:
    """Yield what the lists offer, choice by choice."""
    template, language = round_.template, round_.language
    fields_by_list = {list_key(field): field for field in template.fields}
    for key, field in fields_by_list.items():
        if key == QUARTERS_LIST:
            yield from (("quarter", key, "", label) for label in _quarter_labels(round_))
        elif key == YES_NO_LIST:
            yield from (("choice", key, *pair) for pair in _yes_no_labels(field, round_))
        elif key:
            options = template.choice_list(field).options
            yield from (("choice", key, option.code, option.label.in_language(language)) for option in options)


def _quarter_labels(round_: Round) -> Iterator[str]:
    for quarter in quarters_from(round_.as_of + timedelta(days=1), OFFERED_QUARTERS):
        yield format_deadline(quarter, round_.language, round_.plan.year)
    yield translate("form.undecided", round_.language)


def _yes_no_labels(field: Field, round_: Round) -> Iterator[tuple[str, str]]:
    for code, value in (("yes", True), ("no", False)):
        yield code, format_value(value, field, round_.template, round_.language, round_.plan.year)
