"""Template data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from xlflow.model.text import normalize_key

TemplateData = Mapping[str, Any]
KeyPath = tuple[str | int, ...]

UNIT_SUMMARY_KEY = "unit"
"""The key by which a summary names the units."""

RESERVED_KEYS = ("id", "unit", "remaining", "source", "continues_from")
"""Columns that the program itself puts beside those of the template."""
NUMBER_TYPES = ("number", "integer")
DEADLINE_TYPES = ("deadline", "date", "quarter")
LISTED_TYPES = ("choice", "yes_no")
YES_NO_CODES = ("yes", "no")
"""The codes of a field that asks yes or no."""


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """One fault: the code of its message, its path, what stands there, and what would be accepted.

    `wanted` is a word of `words.toml` that says what belongs there; `accepted` are the keys to choose from.
    """

    code: str
    path: KeyPath
    value: str = ""
    accepted: tuple[str, ...] = ()
    expected: str = ""


def tables_in(data: TemplateData, name: str, path: KeyPath = ()) -> list[tuple[KeyPath, TemplateData]]:
    """Return the tables of a list with their paths; what is no table is the shape's fault, not ours."""
    value = data.get(name)
    tables = value if isinstance(value, list | tuple) else ()
    return [((*path, name, index), entry) for index, entry in enumerate(tables) if isinstance(entry, dict)]


def texts_in(data: TemplateData, name: str, path: KeyPath) -> list[tuple[KeyPath, str]]:
    """Return the texts in a list of a template, each with its path."""
    value = data.get(name)
    texts = value if isinstance(value, list | tuple) else ()
    return [((*path, name, index), text) for index, text in enumerate(texts) if isinstance(text, str)]


def accepted_names(entry: TemplateData) -> Iterator[tuple[str, tuple[KeyPath, str]]]:
    """Return every spelling of a thing, folded, with the place and the text as written."""
    label = entry.get("label")
    for language, text in label.items() if isinstance(label, dict) else ():
        if isinstance(text, str):
            yield normalize_key(text), (("label", language), text)
    for path, text in texts_in(entry, "aliases", ()):
        yield normalize_key(text), (path, text)


def codes_by_choice_list(data: TemplateData) -> dict[str, tuple[str, ...]]:
    """Return the codes of every choice list, by the key of the list; of two lists of one key the first counts."""
    return {
        str(choices.get("key")): tuple(str(option.get("code")) for _, option in tables_in(choices, "options"))
        for _, choices in reversed(tables_in(data, "choices"))
    }


def check_duplicates(named_paths: list[tuple[KeyPath, Any]]) -> Iterator[TemplateFault]:
    """Yield a fault for every name that stood before."""
    seen: set[object] = set()
    for path, name in named_paths:
        if isinstance(name, str) and name in seen:
            yield TemplateFault("template-twice", path, name)
        seen.add(name if isinstance(name, str) else None)
