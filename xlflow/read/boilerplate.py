"""Tells the form's own texts (instruction, live column) from what people wrote in the same places.

Goes by words and not by sentences: a text is the form's own if all its words come from the program, the template
or the round. Whoever writes something new uses at least one other word. So a person's text made only of the form's
words is missed; nothing that a form says is ever taken for a person's.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache, lru_cache
from typing import Any

from xlflow.form.layout import FREE_ROW_COUNT, make_form_code
from xlflow.i18n.catalogue import LANGUAGES, format_long_date
from xlflow.model.plan import Round
from xlflow.model.template import Template
from xlflow.model.text import normalize_key
from xlflow.runtime.memo import IdentityKey
from xlflow.runtime.resources import load_resource_toml

_WORD_OR_NUMBER = re.compile(r"[^\W\d_]{2,}|\d[\d:/.+-]*\d|\d")
"""A word of two letters or more, or a number with its punctuation (dates, times, amounts)."""

_FORM_CATALOGUE_SECTIONS = (
    "form",
    "guide",
    "nothing",
    "returned",
    "sheet",
    "column",
    "values",
    "relation",
    "check",
    "calendar",
)
"""The sections of `words.toml` that forms use."""


def build_form_vocabulary(template: Template) -> frozenset[str]:
    """Return every normalized word that forms of a template may hold, whatever the round, in all languages."""
    catalogue = load_resource_toml("words.toml")
    texts = (
        *_nested_texts([catalogue.get(section) for section in _FORM_CATALOGUE_SECTIONS]),
        *_nested_texts(template.model_dump()),
    )
    return extract_words(texts)


def is_issued_text(
    text: str, vocabulary: frozenset[str], round_: Round, unit: str, previous_as_of: date | None = None
) -> bool:
    """Return whether a text holds no word but those of the form (`vocabulary`), the round and the unit.
    `previous_as_of` is the as-of date of the previous round, where the form shows its answers."""
    unknown_words = _find_unknown_words(text, vocabulary)
    return not unknown_words or unknown_words <= _build_unit_vocabulary(IdentityKey(round_), unit, previous_as_of)


def is_boilerplate(text: str, vocabulary: frozenset[str]) -> bool:
    """Return whether a text holds no word but those of the form (`vocabulary`), whatever the round."""
    return not _find_unknown_words(text, vocabulary)


@cache
def build_message_vocabulary() -> frozenset[str]:
    """Return every normalized word of the messages about answers, in all languages."""
    return extract_words(_nested_texts(load_resource_toml("messages.toml")))


def extract_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words and numbers in some texts, normalized."""
    return frozenset(_WORD_OR_NUMBER.findall(normalize_key("; ".join(texts))))


@lru_cache(maxsize=2048)
def _find_unknown_words(text: str, vocabulary: frozenset[str]) -> frozenset[str]:
    return extract_words([text]) - vocabulary


@lru_cache(maxsize=4)
def _build_unit_vocabulary(
    round_key: IdentityKey[Round], unit: str, previous_as_of: date | None
) -> frozenset[str]:
    round_, plan = round_key.value, round_key.value.plan
    unit_words = extract_words([make_form_code(round_.key, unit), *_unit_texts(round_, unit)])
    round_words = _build_round_vocabulary(
        plan.title, plan.extra_headings, plan.year, (round_.as_of, round_.due_date, previous_as_of)
    )
    return round_words | unit_words | _numbers_up_to(len(plan.items) + FREE_ROW_COUNT)


@lru_cache(maxsize=32)
def _build_round_vocabulary(
    title: str, extra_headings: tuple[str, ...], year: int, dates: tuple[date | None, ...]
) -> frozenset[str]:
    """Return the words that all forms of a round have in common."""
    formatted_dates = (
        format_long_date(shown_date, language) for shown_date in dates if shown_date for language in LANGUAGES
    )
    return extract_words([title, *extra_headings, *formatted_dates, str(year), str(year + 1)])


@lru_cache(maxsize=256)
def _numbers_up_to(maximum: int) -> frozenset[str]:
    """Return the numbers that a counter of rows may show, as texts."""
    return frozenset(map(str, range(maximum + 1)))


def _unit_texts(round_: Round, unit: str) -> Iterator[str]:
    for plan_unit in round_.plan.units:
        if plan_unit.name == unit:
            yield from (plan_unit.name, plan_unit.contact, plan_unit.email)


def _nested_texts(value: Any) -> Iterator[str]:
    """Yield every text inside nested tables and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Iterable):
        for nested in value.values() if isinstance(value, dict) else value:
            yield from _nested_texts(nested)
