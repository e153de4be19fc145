"""What reading has to know of one kind of form, worked out once for all forms of a round."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.core.layout import Column, form_columns, free_heading, previous_column
from xlflow.core.model import Round
from xlflow.core.same import Same
from xlflow.core.template import Field, Template
from xlflow.core.text import fold
from xlflow.core.values import Parsed, Raw, accepted_answers, value_reader
from xlflow.core.words import LANGUAGES, Language, Text, say
from xlflow.read.wording import gather_words

quick_fold = lru_cache(maxsize=8192)(fold)
"""`fold`, remembering: the same texts stand in form after form."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A column whose cells are read as values: its place among the form's columns, and how to read them."""

    index: int
    field: Field
    read: Callable[[Raw], Parsed]
    accepted: Text

    @property
    def key(self) -> str:
        """The key of the field."""
        return self.field.key


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a form as they were issued, and what they are known by. Numbers count `columns` from 0;
    `item` counts the levels."""

    template: Template
    year: int
    language: Language
    columns: tuple[Column, ...]
    by_code: Mapping[str, int]
    by_name: Mapping[str, tuple[int, ...]]
    levels: tuple[int, ...]
    item: int
    remaining: int
    previous: int
    given: tuple[Asked, ...]
    answers: tuple[Asked, ...]
    context: tuple[int, ...]
    own_words: frozenset[str]
    codes: frozenset[str]
    computed: tuple[int, ...] = ()
    words: frozenset[str] = frozenset()

    def is_ours(self, text: str) -> bool:
        """Return whether a text above or between the rows is one that every form has."""
        return quick_fold(text) in self.own_words or fold("".join(filter(str.isalpha, text))) in self.own_words


def shape_of(round_: Round) -> Shape:
    """Return the shape of the forms of a round."""
    return _shape_of(Same(round_.template), round_.plan.context, round_.plan.year, round_.language)


@lru_cache(maxsize=32)
def _shape_of(same: Same[Template], context: tuple[str, ...], year: int, language: Language) -> Shape:
    template = same.value
    columns = (*form_columns(template, context), previous_column())
    names: dict[str, tuple[int, ...]] = {}
    for index, column in enumerate(columns):
        for name in dict.fromkeys(fold(name) for name in column.names):
            names[name] = (*names.get(name, ()), index)
    asked = [
        (
            column.kind,
            Asked(index, field, value_reader(field, template, year, language), _accepted(field, template, year)),
        )
        for index, column in enumerate(columns)
        if (field := column.field)
    ]
    return Shape(
        template,
        year,
        language,
        columns,
        MappingProxyType({column.code: index for index, column in enumerate(columns)}),
        MappingProxyType(names),
        tuple(index for index, column in enumerate(columns) if column.kind == "level"),
        template.item,
        next(index for index, column in enumerate(columns) if column.kind == "remaining"),
        len(columns) - 1,
        tuple(each for kind, each in asked if kind == "given"),
        tuple(each for kind, each in asked if kind == "answer"),
        tuple(index for index, column in enumerate(columns) if column.kind == "context"),
        frozenset(_own_words(template)),
        frozenset(column.code for column in columns),
        tuple(index for index, column in enumerate(columns) if column.kind == "computed"),
        gather_words(template),
    )


def _accepted(field: Field, template: Template, year: int) -> Text:
    return accepted_answers(field, template, year)


def _own_words(template: Template) -> set[str]:
    """Return the folded texts that stand in every form: the heading of the free rows, the counter's words."""
    keys = ("form.counter", "form.counter_one")
    counters = [say(key, language, done="", total="") for key in keys for language in LANGUAGES]
    letters = {fold("".join(filter(str.isalpha, counter))) for counter in counters}
    words = {fold(say(key, language)) for key in ("nothing.label", "form.look_over") for language in LANGUAGES}
    return {fold(free_heading(template).say(language)) for language in LANGUAGES} | letters | words
