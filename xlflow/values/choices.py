"""Which of the accepted answers a text means. Forgives what a reader would not see; suggests, never guesses."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import MappingProxyType

from xlflow.excel.conventions import RawCell
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.template import Choice, ChoiceList
from xlflow.model.text import normalize_key
from xlflow.values.cell_values import BLANK, ParseResult, cell_text, normalize_cell_text
from xlflow.values.choice_suggestions import ChoiceSuggester

_YES_WORDS = ("ja", "j", "yes", "y", "sant", "true", "1", "x", "✓", "✔", "☑", "☒")
_NO_WORDS = ("nej", "n", "no", "falskt", "false", "0", "☐")
_WORD_ENDS = re.compile(r"[ ,.;:(!]")
_REPEATED_LETTERS = re.compile(r"(.)\1+")


def make_choice_parser(choices: ChoiceList, language: Language) -> Callable[[RawCell], ParseResult]:
    """Return a parser for the answers of a list: code, or text of an open list. Names are normalized once,
    here."""
    options_by_label = MappingProxyType(_options_by_label(choices, language))
    options_by_alias = MappingProxyType(
        _options_by_stripped_name(choices)
        | {normalize_key(name): o for o, name in _iter_names_reversed(choices, _aliases)}
    )

    suggester = ChoiceSuggester(choices)

    @lru_cache(maxsize=256)
    def suggest_label(text: str) -> str | None:
        choice = suggester.suggest(text)
        return choice.label.in_language(language) if choice else None

    def parse(raw: RawCell) -> ParseResult:
        text = normalize_cell_text(raw) if isinstance(raw, str) else cell_text(raw, language)
        if not text:
            return BLANK
        key = normalize_key(text)
        option = options_by_label.get(key)
        if option:
            return ParseResult(option.code)
        option = options_by_alias.get(key) or options_by_alias.get(_strip_punctuation(key))
        if option:
            return ParseResult(option.code, "choice-alias", option.label.in_language(language))
        if choices.open:
            return ParseResult(text.strip())
        return ParseResult(None, "choice-unknown", suggest_label(text))

    return parse


def parse_yes_no(raw: RawCell, language: Language) -> ParseResult:
    """Return True or False as the value; a cross or a tick is a yes, a blank is no answer."""
    if isinstance(raw, bool):
        return ParseResult(raw)
    text = cell_text(raw, language)
    if not text:
        return BLANK
    key = normalize_key(text).rstrip(".!")
    if key in _YES_WORDS or key in _NO_WORDS:
        return ParseResult(key in _YES_WORDS)
    first_word = _REPEATED_LETTERS.sub(r"\1", _WORD_ENDS.split(key)[0])
    is_understood = first_word in ("ja", "nej", "yes", "no")
    return ParseResult(
        None, "yes-no-unreadable", format_yes_no(first_word in _YES_WORDS, language) if is_understood else None
    )


def format_yes_no(value: bool, language: Language) -> str:
    """Return Ja or Nej, Yes or No."""
    return translate("values.yes" if value else "values.no", language)


def _options_by_label(choices: ChoiceList, language: Language) -> dict[str, Choice]:
    """Return choices by normalized label and code; of two with one name that in `language` wins, then the
    first."""
    options_by_name = {
        normalize_key(name): option for option, name in _iter_names_reversed(choices, _labels_and_code)
    }
    return options_by_name | {
        normalize_key(name): option
        for option, name in _iter_names_reversed(choices, lambda o: (o.label.in_language(language),))
    }


def _labels_and_code(choice: Choice) -> tuple[str, ...]:
    return (choice.label.sv, choice.label.en, choice.code)


def _aliases(choice: Choice) -> tuple[str, ...]:
    return choice.aliases


def _iter_names_reversed(
    choices: ChoiceList, names_of_option: Callable[[Choice], tuple[str, ...]]
) -> Iterable[tuple[Choice, str]]:
    """Yield (choice, name), the first choice last, so that in a dict the first one wins."""
    return ((option, name) for option in reversed(choices.options) for name in names_of_option(option))


def _options_by_stripped_name(choices: ChoiceList) -> dict[str, Choice]:
    """Return choices by letters and digits of their names ("Genom-\\nfört."), where only one choice has these."""
    codes_by_name: dict[str, set[str]] = {}
    for option in choices.options:
        for name in (*_labels_and_code(option), *option.aliases):
            codes_by_name.setdefault(_strip_punctuation(normalize_key(name)), set()).add(option.code)
    options_by_code = {option.code: option for option in choices.options}
    return {
        name: options_by_code[next(iter(codes))]
        for name, codes in codes_by_name.items()
        if name and len(codes) == 1
    }


def _strip_punctuation(key: str) -> str:
    return "".join(letter for letter in key if letter.isalnum())
