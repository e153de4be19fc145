"""What every part of the workbook is written with: the current sheet, the names of tables, the highlighted
texts.
"""

import colorsys
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
    """A text that is highlighted in some columns: by a sign before it and a colour, always in addition to the
    word. `is_alarming`: it is to be seen first."""

    text: str
    column_keys: tuple[str, ...]
    fill_colour: str
    font_colour: str = COLOURS["text"]
    sign: str = ""
    is_alarming: bool = True

    @property
    def ink(self) -> str:
        """The colour of the text on white: its own if it has one, grey where nothing is amiss, else a dark shade
        of the fill."""
        if self.font_colour != COLOURS["text"]:
            return self.font_colour
        return dark_shade(self.fill_colour) if self.is_alarming else COLOURS["muted"]


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
        TextHighlight(
            choice.label.in_language(language),
            (STATUS_COLUMNS,),
            choice.colour,
            sign=choice.icon,
            is_alarming=choice.deviation,
        )
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


BRIGHT_LIGHTNESS = 0.68
"""The lightness of a bright shade: well apart from grey, and light enough for dark text."""

MAX_BRIGHT_CONTRAST = 3.0
"""The contrast with white below which the house's dark text can be read on a colour."""

MIN_CONTRAST = 4.5
"""The contrast of text and background that WCAG 2.1 AA asks for."""


def dark_shade(colour: str) -> str:
    """Return a saturated shade of a colour ("#F6C5A0") that can be read on white, and white on it."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    saturation = max(saturation, 0.75) if saturation > 0.05 else saturation
    while _contrast_with_white(shade := colorsys.hls_to_rgb(hue, lightness, saturation)) < MIN_CONTRAST + 0.1:
        lightness -= 0.01
    return "#" + "".join(f"{round(part * 255):02X}" for part in shade)


def bright_shade(colour: str) -> str:
    """Return a saturated shade of a colour ("#F6C5A0") on which dark text can be read."""
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    lightness, saturation = min(lightness, BRIGHT_LIGHTNESS), max(saturation, 0.85)
    while _contrast_with_white(shade := colorsys.hls_to_rgb(hue, lightness, saturation)) > MAX_BRIGHT_CONTRAST:
        lightness += 0.01
    return "#" + "".join(f"{round(part * 255):02X}" for part in shade)


def _contrast_with_white(colour: tuple[float, float, float]) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
