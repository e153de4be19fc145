"""Which of the accepted answers a text means, and which one a wrong text is likely to mean.

Forgives what a reader would not see; never guesses. A suggestion must be near in meaning: a misspelling is. A
negation, a verb in another form ("Genomförs"), a text that says less ("Delvis genomfört") or more than one answer
are not, however like they are letter by letter.
"""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from xlflow.excel.conventions import RawCell
from xlflow.i18n.catalogue import LANGUAGES, Language, translate
from xlflow.model.template_elements import Choice, ChoiceList
from xlflow.model.text import normalize_key
from xlflow.values.cell_values import BLANK, ParseResult, cell_text, normalize_cell_text

_MIN_SIMILARITY = 0.79
"""How alike (0 to 1) a misspelling and a name are at least."""

_MIN_LEAD = 0.05
"""How much more alike the closest answer must be than the next one."""

_MAX_NAME_LENGTH = 80
"""Longer texts are sentences, which are not compared with the names of choices."""

_MAX_SENTENCE_WORDS = 40
_MIN_STEM_LETTERS = 4
_WORD = re.compile(r"\w+|[%?]")
_PARTICIPLE_ENDINGS = ("da", "de", "ed", "en", "d", "t")
_OTHER_VERB_ENDINGS = ("ing", "as", "ra", "a", "r", "s")


@dataclass(frozen=True, slots=True)
class _Name:
    """One name of a choice: its words, those of them that are no negation, and whether any is one."""

    words: tuple[str, ...]
    stem: str
    negated: bool
    choice: Choice
    is_label: bool


class ChoiceSuggester:
    """Suggests answers of one list. The names are taken apart once, here."""

    def __init__(self, choices: ChoiceList):
        self._names = tuple(_iter_names(choices))
        self._vocabulary = frozenset(word for name in self._names for word in name.words)

    def suggest(self, text: str) -> Choice | None:
        """Return the answer that a text misspells, or the only one that it names; None if none is near."""
        key = normalize_key(text)
        words = tuple(_WORD.findall(key))[: _MAX_SENTENCE_WORDS + 1]
        negated = any(self._is_negation(word) for word in words)
        misspelt = self._find_misspelt(words, negated=negated) if len(key) < _MAX_NAME_LENGTH else None
        return misspelt or (None if negated or len(words) > _MAX_SENTENCE_WORDS else self._find_named(words))

    def _is_negation(self, word: str) -> bool:
        """Return whether a word denies: by itself, or as the beginning of a word that the names have."""
        if word in _word_set("negations"):
            return True
        return word not in self._vocabulary and any(
            self._is_nearer_without(word, prefix) for prefix in _word_set("negating_prefixes")
        )

    def _is_nearer_without(self, word: str, prefix: str) -> bool:
        stem = word.removeprefix(prefix)
        if stem == word or len(stem) < _MIN_STEM_LETTERS:
            return False
        similarity = _best_similarity(stem, self._vocabulary)
        return similarity >= _MIN_SIMILARITY and similarity > _best_similarity(word, self._vocabulary)

    def _find_misspelt(self, words: Sequence[str], *, negated: bool) -> Choice | None:
        stem = _join_stem(words)
        if not stem:
            return None
        best: dict[str, float] = {}
        for name in self._names:
            if name.negated == negated and _have_like_endings(stem, name.stem):
                similarity = _similarity(stem, name.stem)
                best[name.choice.code] = max(similarity, best.get(name.choice.code, 0.0))
        (code, similarity), (_, second) = sorted(
            [*best.items(), ("", 0.0), ("", 0.0)], key=lambda pair: (-pair[1], pair[0])
        )[:2]
        if similarity < _MIN_SIMILARITY or similarity - second < _MIN_LEAD:
            return None
        return next(name.choice for name in self._names if name.choice.code == code)

    def _find_named(self, words: tuple[str, ...]) -> Choice | None:
        """Return the only answer that a sentence names; a final one only where nothing limits it."""
        remaining, named, labelled = f" {' '.join(words)} ", set[str](), dict[str, Choice]()
        for name in self._names:
            phrase = f" {' '.join(name.words)} "
            if name.words and phrase in remaining:
                remaining = remaining.replace(phrase, " | ")
                named.add(name.choice.code)
                labelled |= {name.choice.code: name.choice} if name.is_label else {}
        if len(named) != 1 or not labelled:
            return None
        (choice,) = labelled.values()
        is_limited = choice.final and not _word_set("limiting_words").isdisjoint(remaining.split())
        return None if is_limited or not _word_set("alternatives").isdisjoint(remaining.split()) else choice


def _iter_names(choices: ChoiceList) -> Iterator[_Name]:
    """Yield the names of all choices, those of most words first: "ej påbörjad" is seen before "påbörjad"."""
    names = [
        _make_name(text, choice, is_label=is_label)
        for choice in choices.options
        for is_label, texts in (
            (True, (choice.label.sv, choice.label.en)),
            (False, (choice.code, *choice.aliases)),
        )
        for text in texts
    ]
    return iter(sorted(names, key=lambda name: -len(name.words)))


def _make_name(text: str, choice: Choice, *, is_label: bool) -> _Name:
    words = tuple(_WORD.findall(normalize_key(text)))
    negated = not _word_set("negations").isdisjoint(words)
    return _Name(words, _join_stem(words), negated, choice, is_label)


def _join_stem(words: Iterable[str]) -> str:
    return " ".join(word for word in words if word not in _word_set("negations") and word not in "?%")


def _have_like_endings(text: str, name: str) -> bool:
    """Return whether two words can be the same form of a verb: "genomförs" and "genomfört" are not."""
    kinds = {_ending_kind(text), _ending_kind(name)}
    return text == name or len(kinds - {None}) < 2


def _ending_kind(word: str) -> str | None:
    if word.endswith(_PARTICIPLE_ENDINGS):
        return "participle"
    return "other" if word.endswith(_OTHER_VERB_ENDINGS) else None


def _similarity(text: str, name: str) -> float:
    matcher = difflib.SequenceMatcher(None, text, name)
    return matcher.ratio() if matcher.real_quick_ratio() >= _MIN_SIMILARITY else 0.0


def _best_similarity(word: str, vocabulary: Iterable[str]) -> float:
    return max((_similarity(word, other) for other in vocabulary), default=0.0)


@cache
def _word_set(key: str) -> frozenset[str]:
    """Return the words of a list of the catalogue, of all languages."""
    return frozenset(word for language in LANGUAGES for word in translate(f"suggest.{key}", language).split())


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
