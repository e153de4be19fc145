"""The program's own words in Swedish and English: headings, sheet names, instructions, sentences.

They live in `workbook_templates/words.toml`; a template's own labels live in the template. A word that is
missing in one language is a fault of ours and fails a test, never a person's run.
"""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from xlflow.runtime.resources import load_resource_toml

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, ...] = ("sv", "en")


class LocalizedText(BaseModel):
    """One text in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sv: str
    en: str

    def in_language(self, language: Language) -> str:
        """Return the text in one language."""
        return self.sv if language == "sv" else self.en


def translate(key: str, language: Language, **params: object) -> str:
    """Return the text of `key` ("section.name" in words.toml) with its {placeholders} filled from `params`.

    Raises KeyError for an unknown key or a missing param.
    """
    section, _, name = key.partition(".")
    message_template: str = load_resource_toml("words.toml")[section][name][language]
    return message_template.format(**params) if params else message_template


def translate_counted(key: str, count: int, language: Language, **params: object) -> str:
    """Return the text `key` in its form for one or for several: "<key>_one" or "<key>_many", with {count}
    filled in."""
    return translate(f"{key}_{'one' if count == 1 else 'many'}", language, count=count, **params)


def translate_all(key: str, **params: object) -> LocalizedText:
    """Return the word `key` in all languages, for where the language is not known yet or any is accepted; `params`
    as for `translate`."""
    return LocalizedText(sv=translate(key, "sv", **params), en=translate(key, "en", **params))


UNKNOWN_DATE = date.min
"""The as-of date of a round whose date is not known."""


def format_long_date(date_value: date, language: Language) -> str:
    """Return a date in words: 31 mars 2021, 31 March 2021."""
    return (
        f"{date_value.day} {translate('calendar.months', language).split()[date_value.month - 1]}"
        f" {date_value.year}"
    )


def join_words(words: Sequence[str], conjunction: Literal["and", "or"], language: Language) -> str:
    """Return a list as a sentence has it: "Genomfört, Pågående eller Utgår"; "" for no words."""
    *first, last = words or ("",)
    return f" {translate(f'sentences.{conjunction}', language)} ".join(filter(None, (", ".join(first), last)))


def label_in_sentence(label: LocalizedText, language: Language) -> str:
    """Return a label as it reads within a sentence: "aktivitet"; an abbreviation (second letter upper) stays."""
    text = label.in_language(language)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
