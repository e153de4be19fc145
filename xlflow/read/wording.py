"""What a form says by itself, in its instruction and its live column, to be told from what people wrote there.

Goes by words and not by sentences: a text is the form's own if all its words are of the program, of the template
or of the round. Who writes something new uses at least one word more.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache, lru_cache
from typing import Any

from xlflow.core.layout import FREE_ROWS, form_code
from xlflow.core.model import Round
from xlflow.core.same import Same
from xlflow.core.shipped import load_shipped_toml
from xlflow.core.template import Template
from xlflow.core.text import fold
from xlflow.core.words import LANGUAGES, format_day

_WORD = re.compile(r"[^\W\d_]{2,}|\d[\d:/.+-]*\d|\d")
"""A word, or a number of however many figures."""

_SECTIONS = ("form", "guide", "nothing", "returned", "sheet", "column", "values", "relation", "check", "calendar")
"""The parts of the program's own words that a form uses."""


def gather_words(template: Template) -> frozenset[str]:
    """Return every word that forms of a template may hold, whatever the round, in either language."""
    program = load_shipped_toml("words.toml")
    texts = (*_texts_in([program.get(section) for section in _SECTIONS]), *_texts_in(template.model_dump()))
    return list_words(texts)


def is_of_form(text: str, words: frozenset[str], round_: Round, unit: str, before: date | None = None) -> bool:
    """Return whether a text holds no word but those of the form, of the round and of the unit; `before` is the day
    of the round before, where the form shows that one too."""
    new = _find_new(text, words)
    return not new or new <= _words_of(Same(round_), unit, before)


def says_nothing_new(text: str, words: frozenset[str]) -> bool:
    """Return whether a text holds no word but those of the form, whatever the round."""
    return not _find_new(text, words)


@cache
def gather_messages() -> frozenset[str]:
    """Return every word of what the program may say of an answer, in either language."""
    return list_words(_texts_in(load_shipped_toml("messages.toml")))


def list_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of some texts, as they are compared."""
    return frozenset(_WORD.findall(fold("; ".join(texts))))


@lru_cache(maxsize=2048)
def _find_new(text: str, words: frozenset[str]) -> frozenset[str]:
    return list_words([text]) - words


@lru_cache(maxsize=4)
def _words_of(same: Same[Round], unit: str, before: date | None) -> frozenset[str]:
    round_, plan = same.value, same.value.plan
    own = list_words([form_code(round_.key, unit), *_facts_of_unit(round_, unit)])
    common = _words_of_round(plan.title, plan.context, plan.year, (round_.as_of, round_.due, before))
    return common | own | _count_to(len(plan.lines) + FREE_ROWS)


@lru_cache(maxsize=32)
def _words_of_round(
    title: str, context: tuple[str, ...], year: int, days: tuple[date | None, ...]
) -> frozenset[str]:
    """Return the words that all forms of a round have in common."""
    shown = (format_day(day, language) for day in days if day for language in LANGUAGES)
    return list_words([title, *context, *shown, str(year), str(year + 1)])


@lru_cache(maxsize=256)
def _count_to(most: int) -> frozenset[str]:
    """Return every number that a counter of rows may show."""
    return frozenset(map(str, range(most + 1)))


def _facts_of_unit(round_: Round, unit: str) -> Iterator[str]:
    for each in round_.plan.units:
        if each.name == unit:
            yield from (each.name, each.contact, each.email)


def _texts_in(value: Any) -> Iterator[str]:
    """Yield every text inside nested tables and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Iterable):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(inner)
