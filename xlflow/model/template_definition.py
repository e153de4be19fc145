"""Whether two templates say the same, and which version is the higher: for where several forms carry their own."""

from collections.abc import Sequence

from xlflow.model.template import Template

_MAX_COMPARED_CHARACTERS = 100


def version_sort_key(version: str) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts versions; numbers in them count as numbers: 10 is higher than 9."""
    parts = _split_digits(version[:_MAX_COMPARED_CHARACTERS])
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _split_digits(text: str) -> Sequence[str]:
    parts: list[str] = []
    for letter in text:
        if parts and parts[-1].isdecimal() == letter.isdecimal():
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def definition_of(template: Template) -> str:
    """Return a text that is the same for two templates that say the same."""
    return template.definition
