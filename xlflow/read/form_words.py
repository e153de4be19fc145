"""The program's own words as they are compared with cells: normalized, in every language at once.

A form may be read in another language than the one it was made in, so a word of the form counts in any of them.
"""

from functools import cache

from xlflow.i18n.catalogue import LANGUAGES, translate
from xlflow.model.text import normalize_key


@cache
def normalized_words(*word_keys: str) -> frozenset[str]:
    """Return the words with these keys of `words.toml` ("sheet.correct"), normalized, in all languages."""
    return frozenset(normalize_key(translate(key, language)) for key in word_keys for language in LANGUAGES)
