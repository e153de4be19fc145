"""What every part of the workbook is written with: the sheet at hand, the names of tables, what stands out."""

from dataclasses import dataclass
from typing import Any

from xlflow.core.summary import Panel, Section
from xlflow.core.template import Template
from xlflow.core.words import Language, say
from xlflow.excel.outgoing import COLOURS, Format, Sheet
from xlflow.write.formulas import Names
from xlflow.write.places import Places

STATUS = "status"
"""Among the columns of a mark: every column that holds a status."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How a text stands out in some columns: by a sign before it and a fill, always beside the word itself."""

    text: str
    columns: tuple[str, ...]
    colour: str
    ink: str = COLOURS["ink"]
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """The sheet at hand, how tables and columns are called, where they stand, and what stands out in them."""

    sheet: Sheet
    names: Names
    places: Places
    marks: tuple[Mark, ...]
    language: Language

    def style(self, name: str, **changes: Any) -> Format:
        """Return a house style."""
        return self.sheet.book.style(name, **changes)

    def say(self, word: str) -> str:
        """Return a word of the consolidated workbook."""
        return say(f"consolidated.{word}", self.language)


@dataclass(frozen=True, slots=True)
class Drawn:
    """Where a section stands: the row of the headings, its first and its last row of figures (from 0)."""

    section: Section
    panel: Panel
    headings: int
    first: int
    last: int


def choose_marks(template: Template, language: Language) -> tuple[Mark, ...]:
    """Return how the template's statuses and the program's own alarming words stand out."""
    status = template.field_in_role("status")
    options = template.choice_list(status).options if status else ()
    statuses = (Mark(each.label.say(language), (STATUS,), each.colour, sign=each.icon) for each in options)
    alarm, ink, doubt = COLOURS["wrong_fill"], COLOURS["wrong"], COLOURS["ask"]
    return (
        *statuses,
        Mark(say("consolidated.unanswered", language), (STATUS,), alarm, ink, "?"),
        Mark(say("values.yes", language), ("_overdue",), alarm, ink, "!"),
        Mark(say("collected.missing", language), ("_answer",), alarm, ink, "!"),
        Mark(say("collected.blank", language), ("_answer",), alarm, ink, "?"),
        Mark(say("collected.refused", language), ("_state",), alarm, ink, "!"),
        Mark(say("values.no", language), ("_balance",), alarm, ink, "!"),
        Mark(say("collected.error", language), ("_severity", "_remark"), alarm, ink, "!"),
        Mark(say("collected.warning", language), ("_severity", "_remark"), doubt, sign="?"),
    )
