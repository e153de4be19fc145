"""What reading must know of the forms of one round: their columns as issued, and how to recognise and parse them.

Built once for all forms of a round. A column is known here by its index among the issued columns (`schema_index`,
0-based); where it is on a given sheet, `locate_table` finds out. The form's own words are compared normalized and
in every language at once, since a form may be read in another language than the one it was made in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from xlflow.excel.conventions import RawCell
from xlflow.form.layout import FormColumn, build_form_columns, build_previous_column, free_rows_heading
from xlflow.i18n.catalogue import LANGUAGES, Language, LocalizedText, translate
from xlflow.model.plan import Round
from xlflow.model.template import Template
from xlflow.model.template_elements import Field
from xlflow.model.text import normalize_key, normalize_key_cached
from xlflow.read.boilerplate import build_form_vocabulary
from xlflow.runtime.memo import IdentityKey
from xlflow.values import ParseResult
from xlflow.values.field_values import describe_accepted, make_parser


@cache
def normalized_words(*word_keys: str) -> frozenset[str]:
    """Return the words with these keys of `words.toml` ("sheet.correct"), normalized, in all languages."""
    return frozenset(normalize_key(translate(key, language)) for key in word_keys for language in LANGUAGES)


@dataclass(frozen=True, slots=True)
class FieldColumn:
    """A column whose cells are parsed. `schema_index`: its index among the issued columns (0-based). `parse`: raw
    cell to value. `accepted_text`: what the field accepts, in words."""

    schema_index: int
    field: Field
    parse: Callable[[RawCell], ParseResult]
    accepted_text: LocalizedText

    @property
    def key(self) -> str:
        """The key of its field."""
        return self.field.key


@dataclass(frozen=True, slots=True)
class FormSchema:
    """The columns of a form as they were issued, and by what they are recognised.

    All indexes count `columns` from 0, but for `item_level`, which counts the levels. `index_by_code` goes by the
    hidden row of codes, `indexes_by_heading` by normalized heading (several columns may share one). `fixed_texts`
    are normalized texts that every form has between its rows; `vocabulary` are the words that forms may hold (see
    `boilerplate`).
    """

    template: Template
    year: int
    language: Language
    columns: tuple[FormColumn, ...]
    index_by_code: Mapping[str, int]
    indexes_by_heading: Mapping[str, tuple[int, ...]]
    level_indexes: tuple[int, ...]
    item_level: int
    remaining_index: int
    previous_index: int
    plan_columns: tuple[FieldColumn, ...]
    answer_columns: tuple[FieldColumn, ...]
    extra_indexes: tuple[int, ...]
    fixed_texts: frozenset[str]
    column_codes: frozenset[str]
    computed_indexes: tuple[int, ...] = ()
    vocabulary: frozenset[str] = frozenset()

    def is_fixed_text(self, text: str) -> bool:
        """Return whether a text above or between the rows is one that every form has; numbers in it do not
        matter."""
        return (
            normalize_key_cached(text) in self.fixed_texts
            or normalize_key("".join(filter(str.isalpha, text))) in self.fixed_texts
        )


def get_form_schema(round_: Round) -> FormSchema:
    """Return the schema of the forms of a round; cached by template, further headings, year and language."""
    return _build_form_schema(
        IdentityKey(round_.template), round_.plan.extra_headings, round_.plan.year, round_.language
    )


@lru_cache(maxsize=32)
def _build_form_schema(
    template_key: IdentityKey[Template], extra_headings: tuple[str, ...], year: int, language: Language
) -> FormSchema:
    template = template_key.value
    columns = (*build_form_columns(template, extra_headings), build_previous_column())
    indexes_by_heading: dict[str, tuple[int, ...]] = {}
    for index, column in enumerate(columns):
        for name in dict.fromkeys(normalize_key(name) for name in column.accepted_headings):
            indexes_by_heading[name] = (*indexes_by_heading.get(name, ()), index)
    kind_and_column = [
        (
            column.kind,
            FieldColumn(
                index,
                field,
                make_parser(field, template, year, language),
                _describe_accepted(field, template, year),
            ),
        )
        for index, column in enumerate(columns)
        if (field := column.field)
    ]
    return FormSchema(
        template,
        year,
        language,
        columns,
        MappingProxyType({column.code: index for index, column in enumerate(columns)}),
        MappingProxyType(indexes_by_heading),
        tuple(index for index, column in enumerate(columns) if column.kind == "level"),
        template.item_level_index,
        next(index for index, column in enumerate(columns) if column.kind == "remaining"),
        len(columns) - 1,
        tuple(field_column for kind, field_column in kind_and_column if kind == "given"),
        tuple(each for kind, each in kind_and_column if kind == "answer"),
        tuple(index for index, column in enumerate(columns) if column.kind == "context"),
        frozenset(_list_fixed_texts(template)),
        frozenset(column.code for column in columns),
        tuple(index for index, column in enumerate(columns) if column.kind == "computed"),
        build_form_vocabulary(template),
    )


def _describe_accepted(field: Field, template: Template, year: int) -> LocalizedText:
    return describe_accepted(field, template, year)


def _list_fixed_texts(template: Template) -> set[str]:
    """Return the normalized texts that every form has: the heading of the free rows, the words of the counter
    (also by their letters alone, since it has numbers in it), the labels of the instruction."""
    keys = ("form.counter", "form.counter_one")
    counters = [translate(key, language, done="", total="") for key in keys for language in LANGUAGES]
    counter_letters = {normalize_key("".join(filter(str.isalpha, counter))) for counter in counters}
    label_texts = normalized_words("nothing.label", "form.look_over")
    return (
        {normalize_key(free_rows_heading(template).in_language(language)) for language in LANGUAGES}
        | counter_letters
        | label_texts
    )
