"""What judging needs of a template, worked out once: tables of spellings, and the numbers that rules wait for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.core.loose_ends import EFFECTS
from xlflow.core.same import Same
from xlflow.core.template import Field, Rule, Template
from xlflow.core.values.spellings import UNKNOWN, choice_table, number_of, yes_no_table

CHOOSING, TIMES, NUMBERS = ("choice", "yes_no"), ("deadline", "date", "quarter"), ("number", "integer")

When = tuple[tuple[str, frozenset[int]], ...]
"""Fields, each with the numbers of the answers that a rule waits for."""

Declared = tuple[Rule, When, tuple[str, ...]]
"""A rule of the template, what it waits for, and the names of the effects that it has."""

_YES_NO = MappingProxyType({"yes": 1, "no": 2})


@dataclass(frozen=True, slots=True)
class Shape:
    """A template as judging needs it: fields by key, tables of spellings, rules with what they wait for. `awaited`
    is the field that most rules wait for, `by_number` the rules by the number of its answer, in their order, and
    `others` those that may hold whatever it says."""

    fields: Mapping[str, Field]
    tables: Mapping[str, str]
    status: Field | None
    required: tuple[Field, ...]
    closed: tuple[Field, ...]
    awaited: str | None
    by_number: Mapping[int, tuple[Declared, ...]]
    others: tuple[Declared, ...]


def shape_of(template: Template) -> Shape:
    """Return the shape of a template."""
    return _shape(Same(template))


def is_closed(template: Template, asked: Field) -> bool:
    """Return whether a field accepts the answers of its list only."""
    return asked.type == "yes_no" or (asked.type == "choice" and not template.choice_list(asked).open)


def table_of(template: Template, asked: Field) -> str:
    """Return the table of spellings of a field that has a list."""
    return shape_of(template).tables[asked.key]


def _make_table(template: Template, asked: Field) -> str:
    return yes_no_table() if asked.type == "yes_no" else choice_table(template.choice_list(asked))


def number_in(template: Template, asked: Field, code: str) -> int:
    """Return the number that stands for an accepted answer; an open list may have met others."""
    if asked.type == "yes_no":
        return _YES_NO.get(code, UNKNOWN)
    options = template.choice_list(asked).options
    return number_of(options, code) if any(option.code == code for option in options) else UNKNOWN


def numbers_for(template: Template, rule: Rule) -> When:
    """Return which numbers of which fields a rule waits for."""
    return tuple(
        (key, frozenset(number_in(template, template.field(key), code) for code in codes) - {UNKNOWN})
        for key, codes in rule.when.items()
    )


def _effects_of(rule: Rule) -> tuple[str, ...]:
    return tuple(name for name in EFFECTS if getattr(rule, name))


@lru_cache(maxsize=32)
def _shape(same: Same[Template]) -> Shape:
    template = same.value
    asked = template.asked()
    rules = tuple((rule, numbers_for(template, rule), _effects_of(rule)) for rule in template.rules)
    waited = Counter(key for _, when, _ in rules for key, _ in when)
    awaited = max(waited, key=waited.__getitem__, default=None)
    waiting = [(declared, dict(declared[1]).get(awaited or "")) for declared in rules]
    return Shape(
        fields={each.key: each for each in template.fields},
        tables={each.key: _make_table(template, each) for each in template.fields if each.type in CHOOSING},
        status=template.field_in_role("status"),
        required=tuple(each for each in asked if each.required and each.role != "status"),
        closed=tuple(each for each in asked if is_closed(template, each)),
        awaited=awaited,
        by_number={
            number: tuple(declared for declared, known in waiting if known is None or number in known)
            for number in {number for _, known in waiting for number in known or ()}
        },
        others=tuple(declared for declared, known in waiting if known is None),
    )
