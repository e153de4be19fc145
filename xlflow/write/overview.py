"""The summary sheet: one page that says how it stands, every figure a formula over the tables behind it.

Column A holds what a row is about, the columns from B on the figures. Nothing is worked out here.
"""

import math
from collections.abc import Iterator, Sequence

from xlflow.core.model import Cell
from xlflow.core.summary import Group, Panel, Section, Summary
from xlflow.core.words import Language, say
from xlflow.excel.outgoing import COLOURS, Format, height_of
from xlflow.write.charts import choose_charts, height_of_bars, place_chart
from xlflow.write.desk import STATUS, Desk, Drawn
from xlflow.write.formulas import Spot, write_fact, write_figure

LABEL_WIDTH, FIGURE_WIDTH = 42, 10.5
"""Widths of column A and of the columns of figures, in characters."""

LABEL_PIXELS, FIGURE_PIXELS, ROW_PIXELS = 299, 79, 20
"""The same widths in pixels, and the height of a row that is not set."""

TITLE_HEIGHT, FACT_HEIGHT, BAND_HEIGHT = 24, 19, 18
"""Heights of rows, in points."""

BESIDE = 3
"""The column beside the single figures where the first chart begins."""

NAMES_PER_LINE = 60
"""Characters of names that one line beside the chart holds."""

COUNTED, AMOUNT = '#,##0;-#,##0;"–"', '#,##0.00;-#,##0.00;"–"'
SIGNED = '#,##0.00;"▼ "-#,##0.00;"–"'
"""How figures are shown; nothing is a dash, so that the others stand out."""


def write_overview(summary: Summary, desk: Desk) -> int:
    """Write the summary sheet: who has answered, the figures, two charts; return its last row."""
    figures = max((len(panel.headings) for panel in summary.panels), default=0)
    desk.sheet.set_widths([LABEL_WIDTH, *[FIGURE_WIDTH] * max(figures, 2)])
    facts = _write_top(summary, desk)
    row = _write_facts(summary, facts, desk) + 1
    above = TITLE_HEIGHT * 4 // 3 + (facts - 1) * ROW_PIXELS + len(summary.facts) * FACT_HEIGHT * 4 // 3
    drawn: list[Drawn] = []
    for panel in summary.panels:
        drawn += _write_panel(panel, row, desk)
        row = drawn[-1].last + 2 + bool(drawn[-1].section.note)
    return _place_charts(choose_charts(drawn), above, row, desk)


def _place_charts(chosen: Sequence[Drawn], above: int, row: int, desk: Desk) -> int:
    """Place the first chart beside the top of the sheet, `above` pixels high, the next below all; return the last
    row."""
    if chosen:
        width = len(chosen[0].panel.headings) - BESIDE + 1
        place_chart(chosen[0], 0, BESIDE, (width * FIGURE_PIXELS, above), desk)
    for each in chosen[1:]:
        size = (LABEL_PIXELS + len(each.panel.headings) * FIGURE_PIXELS, height_of_bars(each))
        place_chart(each, row, 0, size, desk)
        row += math.ceil(size[1] / ROW_PIXELS) + 1
    return row


def _write_top(summary: Summary, desk: Desk) -> int:
    desk.sheet.write(0, 0, summary.title, desk.style("title"))
    desk.sheet.set_height(0, TITLE_HEIGHT)
    desk.sheet.write(1, 0, summary.lead, desk.style("subtitle"))
    lines = list(_tell_missing(summary.missing, desk.language))
    style = desk.style("quiet", bold=True, font_color=COLOURS["wrong" if summary.missing else "good"])
    for row, line in enumerate(lines, 2):
        desk.sheet.write(row, 0, line, style)
    return 2 + len(lines) + 1


def _tell_missing(missing: Sequence[str], language: Language) -> Iterator[str]:
    """Yield the names of those who have not answered, in lines that fit the page."""
    if not missing:
        yield say("overview.all_answered", language)
        return
    line = say("overview.missing_names", language, names=missing[0])
    for name in missing[1:]:
        if len(line) + len(name) > NAMES_PER_LINE:
            yield f"{line},"
            line = name
        else:
            line = f"{line}, {name}"
    yield line


def _write_facts(summary: Summary, row: int, desk: Desk) -> int:
    for fact in summary.facts:
        desk.sheet.write(row, 0, fact.label, desk.style("cell"))
        formula = write_fact(fact.measure, desk.names)
        desk.sheet.write_formula(
            row, 1, formula, fact.value, desk.style("integer", num_format=COUNTED, bold=True, align="center")
        )
        target = desk.sheets[fact.measure.table]
        desk.sheet.link(row, 2, f"internal:'{target}'!A1", target)
        desk.sheet.set_height(row, FACT_HEIGHT)
        row += 1
    return row


def _write_panel(panel: Panel, row: int, desk: Desk) -> Iterator[Drawn]:
    _write_headings(panel, row, desk)
    at = row + 1
    for section in panel.sections:
        if section.title:
            _write_band(section.title, len(panel.headings), at, desk)
            at += 1
        _write_section(section, at, row, desk)
        drawn = Drawn(section, panel, row, at, at + len(section.groups) - 1)
        at = drawn.last + 1
        if section.note:
            desk.sheet.write(at, 0, section.note, desk.style("quiet", italic=True))
            at += 1
        yield drawn


def _write_headings(panel: Panel, row: int, desk: Desk) -> None:
    desk.sheet.write(row, 0, panel.title, desk.style("heading"))
    marks = {mark.text: mark for mark in desk.marks if STATUS in mark.columns} if panel.status else {}
    for column, heading in enumerate(panel.headings, 1):
        mark = marks.get(heading)
        changes = {"bg_color": mark.colour, "font_color": mark.ink} if mark else {}
        desk.sheet.write(row, column, heading, desk.style("heading", align="center", **changes))
    desk.sheet.set_height(row, height_of([(heading, FIGURE_WIDTH - 1) for heading in panel.headings], least=2))


def _write_band(title: str, figures: int, row: int, desk: Desk) -> None:
    desk.sheet.write_row(row, [title, *[None] * figures], [desk.style("band")] * (figures + 1))
    desk.sheet.set_height(row, BAND_HEIGHT)


def _write_section(section: Section, first: int, headings: int, desk: Desk) -> None:
    amounts = any(
        not isinstance(figure, int) for group, row in _rows(section) if group.kind != "share" for figure in row
    )
    for row, (group, figures) in enumerate(_rows(section), first):
        desk.sheet.write(row, 0, group.label, _label_style(group, desk))
        desk.sheet.set_height(row, height_of([(group.label + " …", LABEL_WIDTH)]))
        for column, figure in enumerate(figures, 1):
            spot = Spot(row, column, headings, first)
            formula = write_figure(section, group, column - 1, spot, desk.names)
            style = _figure_style(section, group, column - 1, amounts=amounts, desk=desk)
            desk.sheet.write_formula(row, column, formula, figure, style)


def _rows(section: Section) -> Iterator[tuple[Group, tuple[Cell, ...]]]:
    return zip(section.groups, section.values, strict=True)


def _label_style(group: Group, desk: Desk) -> Format:
    shortened = any(match.start for match in group.where)
    return desk.style("cell", **({"num_format": '@" …"'} if shortened else {}))


def _figure_style(section: Section, group: Group, place: int, *, amounts: bool, desk: Desk) -> Format:
    measure = section.measures[place]
    if group.kind == "share":
        return desk.style("share", font_color=COLOURS["quiet"], align="center")
    if measure.signed:
        return desk.style("signed", num_format=SIGNED)
    look = {"num_format": AMOUNT} if amounts else {"num_format": COUNTED, "align": "center"}
    return desk.style("integer", bold=measure.kind == "across", **look)
