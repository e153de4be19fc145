"""Which of the accepted answers somebody meant. Forgives what a reader would not see; suggests, never guesses."""

import difflib
import re
from collections.abc import Callable, Iterable
from types import MappingProxyType

from xlflow.core.template import Choice, ChoiceList
from xlflow.core.text import fold
from xlflow.core.values.raw import BLANK, Parsed, Raw, keep_text, written_text
from xlflow.core.words import Language, say

_YES = ("ja", "j", "yes", "y", "sant", "true", "1", "x", "✓", "✔", "☑", "☒")
_NO = ("nej", "n", "no", "falskt", "false", "0", "☐")
_WORD_ENDS = re.compile(r"[ ,.;:(]")
_LIKENESS = 0.6


def choice_reader(choices: ChoiceList, language: Language) -> Callable[[Raw], Parsed]:
    """Return a function that reads answers of this list; the list is folded once, here."""
    exact = MappingProxyType(_exact_names(choices, language))
    aliases = MappingProxyType(
        _loose_names(choices) | {fold(name): o for o, name in _in_reverse(choices, _aliases)}
    )

    def read(raw: Raw) -> Parsed:
        text = keep_text(raw) if isinstance(raw, str) else written_text(raw, language)
        if not text:
            return BLANK
        key = fold(text)
        option = exact.get(key)
        if option:
            return Parsed(option.code)
        option = aliases.get(key) or aliases.get(_squeeze(key))
        if option:
            return Parsed(option.code, "choice-alias", option.label.say(language))
        if choices.open:
            return Parsed(text.strip())
        return Parsed(None, "choice-unknown", _nearest(key, choices, language))

    return read


def parse_yes_no(raw: Raw, language: Language) -> Parsed:
    """Return True or False; a cross or a tick is a yes, a blank is no answer."""
    if isinstance(raw, bool):
        return Parsed(raw)
    text = written_text(raw, language)
    if not text:
        return BLANK
    key = fold(text).rstrip(".!")
    if key in _YES or key in _NO:
        return Parsed(key in _YES)
    near = difflib.get_close_matches(_WORD_ENDS.split(key)[0], ("ja", "nej", "yes", "no"), 1, _LIKENESS)
    return Parsed(None, "yes-no-unreadable", show_yes_no(near[0] in _YES, language) if near else None)


def show_yes_no(value: bool, language: Language) -> str:
    """Return Ja or Nej, Yes or No."""
    return say("values.yes" if value else "values.no", language)


def _exact_names(choices: ChoiceList, language: Language) -> dict[str, Choice]:
    """Return labels and codes; a word that two choices share goes by the form's language, then by order."""
    every = {fold(name): option for option, name in _in_reverse(choices, _labels)}
    return every | {
        fold(name): option for option, name in _in_reverse(choices, lambda o: (o.label.say(language),))
    }


def _labels(choice: Choice) -> tuple[str, ...]:
    return (choice.label.sv, choice.label.en, choice.code)


def _aliases(choice: Choice) -> tuple[str, ...]:
    return choice.aliases


def _in_reverse(choices: ChoiceList, names: Callable[[Choice], tuple[str, ...]]) -> Iterable[tuple[Choice, str]]:
    """Yield the names, the first option last, so that in a mapping the first one stands."""
    return ((option, name) for option in reversed(choices.options) for name in names(option))


def _loose_names(choices: ChoiceList) -> dict[str, Choice]:
    """Return the names without blanks, dashes and marks ("Genom-\\nfört."), where one choice alone has it."""
    owners: dict[str, set[str]] = {}
    for option in choices.options:
        for name in (*_labels(option), *option.aliases):
            owners.setdefault(_squeeze(fold(name)), set()).add(option.code)
    known = {option.code: option for option in choices.options}
    return {name: known[next(iter(codes))] for name, codes in owners.items() if name and len(codes) == 1}


def _squeeze(key: str) -> str:
    return "".join(letter for letter in key if letter.isalnum())


def _nearest(key: str, choices: ChoiceList, language: Language) -> str | None:
    """Return the label that looks most like the text, or the only one that stands within it."""
    names = {fold(name): option for option, name in _in_reverse(choices, lambda o: (*_labels(o), *o.aliases))}
    close = difflib.get_close_matches(key, names, 1, _LIKENESS) if len(key) < 80 else []
    found = [names[close[0]]] if close else [o for o in choices.options if _stands_in(key, o)]
    return found[0].label.say(language) if len(found) == 1 else None


def _stands_in(key: str, choice: Choice) -> bool:
    return any(f" {fold(label)} " in f" {_words(key)} " for label in (choice.label.sv, choice.label.en))


def _words(key: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in key).split())
