"""Counts as the sentences that people write by hand: "Av sex delaktiviteter är tre pågående och en kvarstår."

From data only: the numbers, what the level is called, and how the template speaks of each status. Small numbers
are words, as in print; one that stands first takes its verb before it in Swedish. Knows no round and no workbook.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xlflow.core.layout import in_sentence
from xlflow.core.template import Choice, Level, Template
from xlflow.core.text import tidy
from xlflow.core.words import Language, Text, format_day, say

UNANSWERED, FOLLOWS = "-", "^"
"""What the counts call lines that nothing answers, and parts that have no status but that of their item. The codes
of a template begin with a letter."""

CHANGES = ("done", "cancelled", "delayed", "overdue_since", "new", "gone")
"""The changes that a sentence tells, in its order."""

GAP = "{count}"


@dataclass(frozen=True, slots=True)
class Clause:
    """What is said of a number of lines, with a gap where the number stands when the verb comes first."""

    number: int
    words: str


def tell_statuses(counts: Mapping[str, int], level: Level, template: Template, language: Language) -> str:
    """Return how many lines of a level stand in each status, as one sentence.

    `counts` is by code, or by the text of a status that the template does not know; see also `UNANSWERED` and
    `FOLLOWS`. A status that no line has is left out.
    """
    clauses = [
        Clause(counts[code], _predicate_of(code, counts[code], level, template, language))
        for code in _in_order(counts, template)
        if counts[code]
    ]
    whole = sum(clause.number for clause in clauses)
    if not whole:
        return _finish(say("sentences.none", language, items=name_many(level, language)))
    if len(clauses) == 1:
        return _finish(_tell_same(clauses[0], level, language))
    first = _join(clauses, level, language)
    return _finish(say("sentences.of", language, whole=count_lines(whole, level, language), first=first))


def tell_changes(counts: Mapping[str, int], level: Level, since: date, language: Language) -> str:
    """Return what has become of the lines of a level since the previous round, as one sentence.

    `counts` is by the names in `CHANGES`; what a sentence does not tell is left out.
    """
    day = format_day(since, language)
    told = [(name, counts[name]) for name in CHANGES if counts.get(name)]
    clauses = [Clause(number, _say_for(name, number, level, language)) for name, number in told]
    if not clauses:
        items = name_many(level, language)
        return _finish(say("sentences.unchanged", language, items=items, day=day))
    first = _join(clauses, level, language, named=True)
    return _finish(say("sentences.since", language, day=day, first=first))


def tell_overdue(number: int, level: Level, language: Language) -> str:
    """Return for how many lines the time has passed; nothing if for none."""
    if not number:
        return ""
    return _finish(_say_for("overdue", number, level, language).replace(GAP, count_lines(number, level, language)))


def count_lines(number: int, level: Level, language: Language) -> str:
    """Return "en aktivitet", "tolv aktiviteter", "13 aktiviteter"."""
    name = in_sentence(level.label, language) if number == 1 else name_many(level, language)
    return f"{spell_number(number, level, language)} {name}"


def spell_number(number: int, level: Level, language: Language) -> str:
    """Return a number as it is written about a level: up to twelve in words."""
    if number == 1 and level.neuter:
        return say("sentences.neuter_one", language)
    words = say("sentences.numbers", language).split()
    return words[number] if number < len(words) else str(number)


def name_many(level: Level, language: Language) -> str:
    """Return what several lines of a level are called within a sentence."""
    return in_sentence(level.plural or level.label, language)


# Clauses --------------------------------------------------------------------------------------------------


def _tell_same(clause: Clause, level: Level, language: Language) -> str:
    """Return what is said where all lines stand in the same status."""
    lines, rest = count_lines(clause.number, level, language), tidy(clause.words.replace(GAP, " "))
    if clause.number == 1:
        return f"{lines} {rest}"
    if clause.number == 2:
        both = clause.words.replace(GAP, say("sentences.both", language))
        return say("sentences.of", language, whole=lines, first=both)
    return say("sentences.all", language, whole=lines, rest=rest)


def _join(clauses: Sequence[Clause], level: Level, language: Language, *, named: bool = False) -> str:
    """Return the clauses as a list, the verb first in the first of them; `named`: it says what is counted."""
    first, *others = clauses
    spell = count_lines if named else spell_number
    told = [first.words.replace(GAP, spell(first.number, level, language))]
    told += (
        f"{spell_number(clause.number, level, language)} {tidy(clause.words.replace(GAP, ' '))}"
        for clause in others
    )
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} {say('sentences.and', language)} {told[-1]}"


def _predicate_of(code: str, number: int, level: Level, template: Template, language: Language) -> str:
    if code in (UNANSWERED, FOLLOWS):
        return _say_for("unanswered" if code == UNANSWERED else "follows", number, level, language)
    choice = _choices(template).get(code)
    if choice is None or choice.predicate is None:
        status = choice.label.say(language) if choice else code
        return say(f"sentences.status_{'one' if number == 1 else 'many'}", language).replace("{status}", status)
    predicate = choice.predicate
    one: Text = (predicate.neuter or predicate.one) if level.neuter else predicate.one
    return (one if number == 1 else predicate.many).say(language)


def _say_for(name: str, number: int, level: Level, language: Language) -> str:
    """Return one of our own clauses in the form that fits a number of lines of a level."""
    if number != 1:
        return say(f"sentences.{name}_many", language)
    neuter = level.neuter and name in ("unanswered", "overdue")
    return say(f"sentences.{name}_{'neuter' if neuter else 'one'}", language)


def _in_order(counts: Mapping[str, int], template: Template) -> Iterator[str]:
    """Yield the codes in the template's order, then texts that it does not know, last what is not answered."""
    known = [code for code in _choices(template) if code in counts]
    last = [code for code in (FOLLOWS, UNANSWERED) if code in counts]
    yield from (*known, *sorted(set(counts) - {*known, *last}), *last)


def _choices(template: Template) -> Mapping[str, Choice]:
    status = template.field_in_role("status")
    return {option.code: option for option in template.choice_list(status).options} if status else {}


def _finish(sentence: str) -> str:
    return f"{sentence[:1].upper()}{sentence[1:]}."
