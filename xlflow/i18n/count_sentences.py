"""Counts as the sentences that people write by hand: "Av sex delaktiviteter är tre pågående och en kvarstår."

From data only: the numbers, what the level is called, and how the template speaks of each status. Small numbers
are words, as in print; one that stands first takes its verb before it in Swedish. Knows no round and no workbook.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xlflow.i18n.catalogue import (
    Language,
    LocalizedText,
    format_long_date,
    join_words,
    label_in_sentence,
    translate,
)
from xlflow.model.template import Template
from xlflow.model.template_elements import Level
from xlflow.model.text import collapse_whitespace

UNANSWERED, FOLLOWS_PARENT = "-", "^"
"""Codes, in the counts, of items without an answer and of sub-activities that follow their activity's status. No
code of a template can be the same, since these begin with a letter."""

REPORTED_CHANGES = ("done", "cancelled", "delayed", "overdue_since", "new", "gone")
"""The changes that a sentence mentions, in its order."""

COUNT_PLACEHOLDER = "{count}"


@dataclass(frozen=True, slots=True)
class CountClause:
    """What is said of `count` items; `text` holds {count} where the number is put when the verb comes first."""

    count: int
    text: str


def describe_status_counts(counts: Mapping[str, int], level: Level, template: Template, language: Language) -> str:
    """Return how many items of a level have each status, as one sentence.

    `counts` is by code, or by the text of a status that the template does not know; see also `UNANSWERED` and
    `FOLLOWS_PARENT`. A status that no item has is left out.
    """
    clauses = [
        CountClause(counts[code], _predicate_text(code, counts[code], level, template, language))
        for code in _sort_codes(counts, template)
        if counts[code]
    ]
    total = sum(clause.count for clause in clauses)
    if not total:
        return _capitalize_sentence(
            translate("sentences.none", language, items=plural_level_name(level, language))
        )
    if len(clauses) == 1:
        return _capitalize_sentence(_describe_same_status(clauses[0], level, language))
    clause_list = _join_clauses(clauses, level, language)
    return _capitalize_sentence(
        translate("sentences.of", language, whole=format_item_count(total, level, language), first=clause_list)
    )


def describe_change_counts(counts: Mapping[str, int], level: Level, compared_to: date, language: Language) -> str:
    """Return how many items of a level have changed, and how, since the round of `compared_to`, as one sentence.

    `counts` is by the names in `REPORTED_CHANGES`; other names are ignored.
    """
    date_text = format_long_date(compared_to, language)
    reported = [(name, counts[name]) for name in REPORTED_CHANGES if counts.get(name)]
    clauses = [CountClause(count, _clause_text(name, count, level, language)) for name, count in reported]
    if not clauses:
        items = plural_level_name(level, language)
        return _capitalize_sentence(translate("sentences.unchanged", language, items=items, day=date_text))
    clause_list = _join_clauses(clauses, level, language, with_level_name=True)
    return _capitalize_sentence(translate("sentences.since", language, day=date_text, first=clause_list))


def describe_overdue_count(count: int, level: Level, language: Language) -> str:
    """Return for how many items the deadline has passed, as one sentence; "" if for none."""
    if not count:
        return ""
    return _capitalize_sentence(
        _clause_text("overdue", count, level, language).replace(
            COUNT_PLACEHOLDER, format_item_count(count, level, language)
        )
    )


def describe_incomplete_count(count: int, level: Level, language: Language) -> str:
    """Return for how many items only some of those asked have answered, as one sentence; "" if for none."""
    if not count:
        return ""
    return _capitalize_sentence(
        _clause_text("incomplete", count, level, language).replace(
            COUNT_PLACEHOLDER, format_item_count(count, level, language)
        )
    )


def format_item_count(count: int, level: Level, language: Language) -> str:
    """Return "en aktivitet", "tolv aktiviteter", "13 aktiviteter"."""
    name = label_in_sentence(level.label, language) if count == 1 else plural_level_name(level, language)
    return f"{number_in_words(count, level, language)} {name}"


def number_in_words(number: int, level: Level, language: Language) -> str:
    """Return a number as written about a level: up to twelve in words, "ett" where the level's name takes it."""
    if number == 1 and level.neuter:
        return translate("sentences.neuter_one", language)
    words = translate("sentences.numbers", language).split()
    return words[number] if number < len(words) else str(number)


def follows_activity_text(template: Template, language: Language) -> str:
    """Return what is shown as the status of a sub-activity that has only its activity's: "Se aktivitet"."""
    item = label_in_sentence(template.item_level.label, language)
    return translate("consolidated.see_item", language, item=item)


def plural_level_name(level: Level, language: Language) -> str:
    """Return the plural name of a level within a sentence."""
    return label_in_sentence(level.plural or level.label, language)


# Clauses --------------------------------------------------------------------------------------------------


def _describe_same_status(clause: CountClause, level: Level, language: Language) -> str:
    """Return the sentence, not capitalized, for items that all have the same status."""
    count_text, rest = (
        format_item_count(clause.count, level, language),
        collapse_whitespace(clause.text.replace(COUNT_PLACEHOLDER, " ")),
    )
    if clause.count == 1:
        return f"{count_text} {rest}"
    if clause.count == 2:
        both = clause.text.replace(COUNT_PLACEHOLDER, translate("sentences.both", language))
        return translate("sentences.of", language, whole=count_text, first=both)
    return translate("sentences.all", language, whole=count_text, rest=rest)


def _join_clauses(
    clauses: Sequence[CountClause], level: Level, language: Language, *, with_level_name: bool = False
) -> str:
    """Return the clauses as a list, verb first in the first one, which names the level if `with_level_name`."""
    first, *others = clauses
    format_count = format_item_count if with_level_name else number_in_words
    texts = [first.text.replace(COUNT_PLACEHOLDER, format_count(first.count, level, language))]
    for clause in others:
        rest = collapse_whitespace(clause.text.replace(COUNT_PLACEHOLDER, " "))
        texts.append(f"{number_in_words(clause.count, level, language)} {rest}")
    return join_words(texts, "and", language)


def _predicate_text(code: str, count: int, level: Level, template: Template, language: Language) -> str:
    if code in (UNANSWERED, FOLLOWS_PARENT):
        return _clause_text("unanswered" if code == UNANSWERED else "follows", count, level, language)
    choice = template.status_choices.get(code)
    if choice is None or choice.predicate is None:
        status = choice.label.in_language(language) if choice else code
        return translate(f"sentences.status_{'one' if count == 1 else 'many'}", language).replace(
            "{status}", status
        )
    predicate = choice.predicate
    singular: LocalizedText = (predicate.neuter or predicate.one) if level.neuter else predicate.one
    return (singular if count == 1 else predicate.many).in_language(language)


def _clause_text(name: str, count: int, level: Level, language: Language) -> str:
    """Return a clause of words.toml (`sentences.<name>_one`, `_neuter` or `_many`) that agrees with the count."""
    if count != 1:
        return translate(f"sentences.{name}_many", language)
    needs_neuter = level.neuter and name in ("unanswered", "overdue")
    return translate(f"sentences.{name}_{'neuter' if needs_neuter else 'one'}", language)


def _sort_codes(counts: Mapping[str, int], template: Template) -> Iterator[str]:
    """Yield the codes in the template's order, then other texts sorted, last the two codes without a status."""
    template_codes = [code for code in template.status_choices if code in counts]
    trailing_codes = [code for code in (FOLLOWS_PARENT, UNANSWERED) if code in counts]
    yield from (*template_codes, *sorted(set(counts) - {*template_codes, *trailing_codes}), *trailing_codes)


def _capitalize_sentence(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}."
