"""Reads how many of those asked about a plan item have answered, and says it in the language of the reader."""

import re
from collections.abc import Sequence

from xlflow.i18n.catalogue import Language, translate
from xlflow.model.template import Template

_WHOLE_NUMBER = re.compile(r"[0-9]+")


def translate_completeness(text: str, template: Template, written_in: Language, shown_in: Language) -> str:
    """Return a cell of the column `Svarsläge` ("2 av 3 har svarat") in another language.

    A text that is not one of ours, since a person has changed it, is returned as it is.
    """
    numbers = _WHOLE_NUMBER.findall(text)
    if len(numbers) != 2 or written_in == shown_in:
        return text
    return next(
        (
            completeness_text(kind, numbers, template, shown_in)
            for kind in ("units", "parts")
            if completeness_text(kind, numbers, template, written_in) == text
        ),
        text,
    )


def completeness_text(kind: str, numbers: Sequence[str | int], template: Template, language: Language) -> str:
    """Return "2 av 3 har svarat" for (2, 3). `kind`: units, or parts (sub-activities of one unit)."""
    answered, asked = numbers
    parts = template.part_level.plural_label(language).lower() if template.part_level else ""
    return translate(f"consolidated.completeness_{kind}", language, answered=answered, asked=asked, parts=parts)
