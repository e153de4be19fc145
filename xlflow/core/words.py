"""The program's own words in Swedish and English: headings, sheet names, instructions, sentences.

They live in `workbook_templates/words.toml`; a template's own labels live in the template. A word that is
missing in one language is a fault of ours and fails a test, never a person's run.
"""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from xlflow.core.shipped import load_shipped_toml

Language = Literal["sv", "en"]
LANGUAGES: tuple[Language, ...] = ("sv", "en")


class Text(BaseModel):
    """One text in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sv: str
    en: str

    def say(self, language: Language) -> str:
        """Return the text in the language asked for."""
        return self.sv if language == "sv" else self.en


def say(key: str, language: Language, **values: object) -> str:
    """Return the word `key` ("sheet.summary") in a language, its {gaps} filled with the values given."""
    section, _, name = key.partition(".")
    text: str = load_shipped_toml("words.toml")[section][name][language]
    return text.format(**values) if values else text


def say_both(key: str) -> Text:
    """Return the word `key` as a `Text`, where the language is not known yet or both are accepted."""
    return Text(sv=say(key, "sv"), en=say(key, "en"))


NO_DAY = date.min
"""What stands for the day of a round as long as nobody can know it."""


def format_day(day: date, language: Language) -> str:
    """Return a day as people write it: 31 mars 2021, 31 March 2021."""
    return f"{day.day} {say('calendar.months', language).split()[day.month - 1]} {day.year}"
