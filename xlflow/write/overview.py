"""The summary sheet: one page that says how it stands, every figure a formula over the tables behind it.

Column A holds what a row is about, the columns from B on the figures. Nothing is worked out here.
"""

import math
from collections.abc import Iterator, Sequence

from xlflow.core.model import Cell
from xlflow.core.summary import Group, Panel, Section, Summary
from xlflow.core.words import say
from xlflow.excel.outgoing import COLOURS, Format, height_of
from xlflow.write.amounts import place_amounts, width_of_figures
from xlflow.write.charts import choose_sections, height_of_bars, place_chart
from xlflow.write.desk import STATUS, Desk, Drawn
from xlflow.write.formulas import Spot, write_fact, write_figure
from xlflow.write.head import write_groups, write_head

LABEL_WIDTH, FIGURE_WIDTH = 42, 10.5
"""Widths of column A and of the columns of figures, in characters."""

LABEL_PIXELS, FIGURE_PIXELS, ROW_PIXELS = 299, 79, 20
"""The same widths in pixels, and the height of a row that is not set."""

FACT_HEIGHT, BAND_HEIGHT = 19, 18
"""Heights of rows, in points."""

BESIDE, BETWEEN = 4, 12
"""The column beside the single figures where the first chart begins, and pixels between two charts."""

MORE = 4
"""Columns to the right of the figures that each further chart takes."""

UNIT_COLUMN = "_unit"
"""The column by which units are told, in every table that names them."""

COUNTED, AMOUNT = '#,##0;-#,##0;"–"', '#,##0.00;-#,##0.00;"–"'
SIGNED = '#,##0.00;"▼ "-#,##0.00;"–"'
"""How figures are shown; nothing is a dash, so that the others stand out."""


def write_overview(summary: Summary, desk: Desk) -> int:
    """Write the summary sheet: how it stands in words and figures, with charts beside; return its last row."""
    charted = choose_sections(summary.panels)
    columns = max(2, *(len(panel.headings) for panel in summary.panels), 0) + len(charted[1:]) * MORE
    width = width_of_figures(summary.panels, FIGURE_WIDTH)
    desk.sheet.set_widths([LABEL_WIDTH, *[width] * columns])
    facts = write_head(summary, LABEL_WIDTH + columns * width, desk) + 1
    below = _write_facts(summary, facts, desk)
    height = max(map(height_of_bars, charted), default=0)
    row = below + max(0, math.ceil((height - (below - facts) * FACT_HEIGHT * 4 / 3) / ROW_PIXELS)) + 1
    drawn: list[Drawn] = []
    for panel in summary.panels:
        drawn += _write_panel(panel, row, desk)
        row = drawn[-1].last + 2 + bool(drawn[-1].section.note)
    _place_charts([each for each in drawn if each.section in charted], facts, columns, height, desk)
    row = place_amounts(drawn, row, (LABEL_PIXELS, round(width * 7 + 5)), desk)
    return _write_groups(summary, row, columns, desk)


def _place_charts(chosen: Sequence[Drawn], row: int, columns: int, height: int, desk: Desk) -> None:
    """Place the charts side by side, beside the single figures."""
    for place, each in enumerate(chosen):
        width = (columns - BESIDE + 1) // len(chosen)
        size = (width * FIGURE_PIXELS - BETWEEN, height)
        place_chart(each, row, BESIDE + place * width, size, desk)


def _write_groups(summary: Summary, row: int, columns: int, desk: Desk) -> int:
    if not summary.groups:
        return row
    _write_band(say("overview.in_words", desk.language), len(summary.panels[0].headings), row, desk)
    return write_groups(summary, row + 1, LABEL_WIDTH, columns * FIGURE_WIDTH, desk)


def _write_facts(summary: Summary, row: int, desk: Desk) -> int:
    for fact in summary.facts:
        desk.sheet.write(row, 0, fact.label, desk.style("cell"))
        formula = write_fact(fact.measure, desk.names)
        desk.sheet.write_formula(
            row, 1, formula, fact.value, desk.style("integer", num_format=COUNTED, bold=True, align="center")
        )
        grid = fact.measure.table
        desk.sheet.link(
            row, 2, desk.places.link_to(grid), desk.places.sheet_of(grid), desk.style("link", text_wrap=False)
        )
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
    desk.sheet.write(row, len(panel.headings) + 1, say("overview.go_to", desk.language), desk.style("aside"))
    desk.sheet.set_height(row, height_of([(heading, FIGURE_WIDTH - 1) for heading in panel.headings], least=2))


def _write_band(title: str, figures: int, row: int, desk: Desk) -> None:
    desk.sheet.write_row(row, [title, *[None] * figures], [desk.style("band")] * (figures + 1))
    desk.sheet.set_height(row, BAND_HEIGHT)


def _write_section(section: Section, first: int, headings: int, desk: Desk) -> None:
    amounts = any(
        not isinstance(figure, int) for group, row in _rows(section) if group.kind != "share" for figure in row
    )
    for row, (group, figures) in enumerate(_rows(section), first):
        _write_label(group, row, desk)
        _link_row(section, group, row, desk)
        desk.sheet.set_height(row, height_of([(group.label + " …", LABEL_WIDTH)]))
        for column, figure in enumerate(figures, 1):
            spot = Spot(row, column, headings, first)
            formula = write_figure(section, group, column - 1, spot, desk.names)
            style = _figure_style(section, group, column - 1, amounts=amounts, desk=desk)
            desk.sheet.write_formula(row, column, formula, figure, style)


def _rows(section: Section) -> Iterator[tuple[Group, tuple[Cell, ...]]]:
    return zip(section.groups, section.values, strict=True)


def _write_label(group: Group, row: int, desk: Desk) -> None:
    shortened = any(match.start for match in group.where)
    desk.sheet.write(row, 0, group.label, desk.style("cell", **({"num_format": '@" …"'} if shortened else {})))


def _link_row(section: Section, group: Group, row: int, desk: Desk) -> None:
    """Put a link beside a row of figures to where what it counts begins, in the table that it is counted in."""
    place = _find_row(section, group, desk)
    if place:
        sheet = desk.places.sheet_of(_table_of(section, group))
        desk.sheet.link(row, len(section.measures) + 1, place, sheet, desk.style("link", text_wrap=False))


def _find_row(section: Section, group: Group, desk: Desk) -> str | None:
    """Return the address of a unit among the units, or of the first row that a group counts."""
    if group.kind != "rows":
        return None
    table = _table_of(section, group)
    where = [match for match in group.where if table != "units" or match.column == UNIT_COLUMN]
    return desk.places.find_row(table, where)


def _table_of(section: Section, group: Group) -> str:
    """Return the table that tells of a group: of a unit that of the units, else the one that it is counted in."""
    of_unit = any(match.column == UNIT_COLUMN for match in group.where)
    return "units" if of_unit else section.measures[0].table


def _figure_style(section: Section, group: Group, place: int, *, amounts: bool, desk: Desk) -> Format:
    measure = section.measures[place]
    if group.kind == "share":
        return desk.style("share", font_color=COLOURS["quiet"], align="center")
    if measure.signed:
        return desk.style("signed", num_format=SIGNED)
    look = {"num_format": AMOUNT} if amounts else {"num_format": COUNTED, "align": "center"}
    return desk.style("integer", bold=measure.kind == "across", **look)
