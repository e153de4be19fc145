"""What every part of the workbook is written with: the current sheet, the names of tables, the highlighted
texts.
"""

from dataclasses import dataclass
from typing import Any

from xlflow.consolidated.summary_model import (
    BALANCE_COLUMN,
    FILE_STATE_COLUMN,
    OVERDUE_COLUMN,
    RESPONSE_COLUMN,
    SEVERITY_COLUMN,
    WORST_SEVERITY_COLUMN,
    Panel,
    Section,
)
from xlflow.consolidated.writer.sheet_plan import FormulaNames, SheetPlan
from xlflow.excel.writer import (
    COLOURS,
    CellStyle,
    SheetWriter,
)
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.template import Template

STATUS_COLUMNS = "status"
"""In `TextHighlight.column_keys`: every column of the kind `status`."""


@dataclass(frozen=True, slots=True)
class TextHighlight:
    """A text that is highlighted in some columns: by a sign before it and a fill, always in addition to the
    word."""

    text: str
    column_keys: tuple[str, ...]
    fill_colour: str
    font_colour: str = COLOURS["text"]
    sign: str = ""


@dataclass(frozen=True, slots=True)
class WriteContext:
    """The current sheet, the names of tables and columns in formulas, the plan of all sheets, the highlighted
    texts."""

    sheet: SheetWriter
    formula_names: FormulaNames
    sheet_plan: SheetPlan
    highlights: tuple[TextHighlight, ...]
    language: Language

    def style(self, name: str, **changes: Any) -> CellStyle:
        """Return a house style."""
        return self.sheet.workbook.style(name, **changes)

    def translate_consolidated(self, key: str) -> str:
        """Return a word of the consolidated workbook."""
        return translate(f"consolidated.{key}", self.language)


@dataclass(frozen=True, slots=True)
class DrawnSection:
    """Where a section was written: rows of its headings, its first and its last row of figures (from 0)."""

    section: Section
    panel: Panel
    heading_row: int
    first_row: int
    last_row: int


def build_highlights(template: Template, language: Language) -> tuple[TextHighlight, ...]:
    """Return the highlights of the template's statuses and of the program's own alarming words."""
    status_highlights = (
        TextHighlight(choice.label.in_language(language), (STATUS_COLUMNS,), choice.colour, sign=choice.icon)
        for choice in template.status_choices.values()
    )
    alarm_fill, alarm_font, warning_fill = COLOURS["wrong_fill"], COLOURS["wrong"], COLOURS["input"]
    return (
        *status_highlights,
        TextHighlight(
            translate("consolidated.unanswered", language), (STATUS_COLUMNS,), alarm_fill, alarm_font, "?"
        ),
        TextHighlight(translate("values.yes", language), (OVERDUE_COLUMN,), alarm_fill, alarm_font, "!"),
        TextHighlight(translate("collected.missing", language), (RESPONSE_COLUMN,), alarm_fill, alarm_font, "!"),
        TextHighlight(translate("collected.blank", language), (RESPONSE_COLUMN,), alarm_fill, alarm_font, "?"),
        TextHighlight(translate("collected.refused", language), (FILE_STATE_COLUMN,), alarm_fill, alarm_font, "!"),
        TextHighlight(translate("values.no", language), (BALANCE_COLUMN,), alarm_fill, alarm_font, "!"),
        TextHighlight(
            translate("collected.error", language),
            (SEVERITY_COLUMN, WORST_SEVERITY_COLUMN),
            alarm_fill,
            alarm_font,
            "!",
        ),
        TextHighlight(
            translate("collected.warning", language),
            (SEVERITY_COLUMN, WORST_SEVERITY_COLUMN),
            warning_fill,
            sign="?",
        ),
    )
