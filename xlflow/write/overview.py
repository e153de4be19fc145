"""The summary sheet: one page that says how it stands, every figure a formula over the tables behind it.

Column A holds what a row is about, the columns from B on the figures. Nothing is worked out here.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from xlflow.core.model import Cell
from xlflow.core.summary import Fact, Group, Panel, Section, Summary
from xlflow.core.words import say
from xlflow.excel.outgoing import COLOURS, Format, count_lines, height_of, text_width
from xlflow.write.amounts import place_amounts, width_of_figures
from xlflow.write.charts import choose_sections, place_charts, rows_of_charts
from xlflow.write.desk import STATUS, Desk, Drawn
from xlflow.write.formulas import Spot, write_fact, write_figure
from xlflow.write.head import write_groups, write_head

LABEL_WIDTH, FIGURE_WIDTH = 47, 11.5
"""Widths of column A and of the columns of figures, in characters."""

LABEL_PIXELS = 334
"""The width of column A in pixels."""

EDGE_PIXELS = 8
"""Pixels that charts stay clear of the edge of the paper, since programs differ in how wide columns are."""

LINE_HEIGHT, FACT_HEIGHT, BAND_HEIGHT = 15, 18, 18
"""Heights of rows, in points."""

BESIDE = 4
"""The column where the second half of the single figures begins, if there is room for it beside the first."""

UNIT_COLUMN = "_unit"
"""The column by which units are told, in every table that names them."""

LINK: Mapping[str, Any] = MappingProxyType({"text_wrap": False, "align": "left", "indent": 1})
"""How the links differ from others: clear of the figures beside them."""

COUNTED, AMOUNT = '#,##0;-#,##0;"–"', '#,##0.00;-#,##0.00;"–"'
SIGNED = '#,##0.00;"▼ "-#,##0.00;"–"'
"""How figures are shown; nothing is a dash, so that the others stand out."""


def write_overview(summary: Summary, desk: Desk) -> int:
    """Write the summary sheet: how it stands in words, figures and charts; return its last row."""
    figures = max(2, *(len(panel.headings) for panel in summary.panels), 0)
    width = width_of_figures(summary.panels, FIGURE_WIDTH)
    pixels = round(width * 7 + 5)
    desk.sheet.set_widths([LABEL_WIDTH, *[width] * (figures + 1)])
    row = write_head(summary, LABEL_WIDTH + (figures + 1) * width, desk) + 1
    charts = _write_facts(summary.facts, row, figures, width, desk) + 1
    chosen = choose_sections(summary.panels)
    row = charts + rows_of_charts(chosen)
    drawn: list[Drawn] = []
    for panel in summary.panels:
        drawn += _write_panel(panel, row, desk)
        row = drawn[-1].last + 2 + bool(drawn[-1].section.note)
    room = LABEL_PIXELS + (figures + 1) * pixels - EDGE_PIXELS
    place_charts([each for each in drawn if each.section in chosen], charts, room, desk)
    row = place_amounts(drawn, row, (LABEL_PIXELS, pixels), desk)
    return _write_groups(summary, row, figures + 1, desk)


def _write_groups(summary: Summary, row: int, columns: int, desk: Desk) -> int:
    if not summary.groups:
        return row
    _write_band(say("overview.in_words", desk.language), len(summary.panels[0].headings), row, desk)
    return write_groups(summary, row + 1, LABEL_WIDTH, columns * FIGURE_WIDTH, desk)


def _write_facts(facts: Sequence[Fact], row: int, figures: int, width: float, desk: Desk) -> int:
    """Write the single figures, in two halves side by side where there is room; return the row below."""
    half = -(-len(facts) // 2)
    room = (figures - BESIDE) * width
    if len(facts) < 2 or max(text_width(fact.label) for fact in facts[half:]) > room:
        half = len(facts)
    for place, fact in enumerate(facts):
        down = place % half
        columns = (0, 1) if place < half else (BESIDE, figures)
        _write_fact(fact, row + down, columns, desk)
        desk.sheet.set_height(row + down, FACT_HEIGHT)
    return row + half


def _write_fact(fact: Fact, row: int, columns: tuple[int, int], desk: Desk) -> None:
    """Write a figure's words from a column on, the figure itself in another, and a link beside it."""
    label, at = columns
    for column in range(label, at):
        text = fact.label if column == label else None
        desk.sheet.write(row, column, text, desk.style("ruled", left=column == label))
    formula = write_fact(fact.measure, desk.names)
    look = desk.style("integer", num_format=COUNTED, bold=True, align="center")
    desk.sheet.write_formula(row, at, formula, fact.value, look)
    table = fact.measure.table
    place = desk.places.find_row(table, fact.measure.where) or desk.places.link_to(table)
    desk.sheet.link(row, at + 1, place, desk.places.sheet_of(table), desk.style("link", **LINK))


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
        desk.sheet.set_height(row, LINE_HEIGHT * count_lines(group.label + _end_of(group), LABEL_WIDTH))
        for column, figure in enumerate(figures, 1):
            spot = Spot(row, column, headings, first)
            formula = write_figure(section, group, column - 1, spot, desk.names)
            style = _figure_style(section, group, column - 1, amounts=amounts, desk=desk)
            desk.sheet.write_formula(row, column, formula, figure, style)


def _rows(section: Section) -> Iterator[tuple[Group, tuple[Cell, ...]]]:
    return zip(section.groups, section.values, strict=True)


def _write_label(group: Group, row: int, desk: Desk) -> None:
    end = _end_of(group)
    desk.sheet.write(row, 0, group.label, desk.style("cell", **({"num_format": f'@"{end}"'} if end else {})))


def _end_of(group: Group) -> str:
    """Return what a label ends with on the sheet that is not a part of it: a sign that the text goes on."""
    return " …" if any(match.start for match in group.where) else ""


def _link_row(section: Section, group: Group, row: int, desk: Desk) -> None:
    """Put a link beside a row of figures to where what it counts begins, in the table that it is counted in."""
    place = _find_row(section, group, desk)
    if place:
        sheet = desk.places.sheet_of(_table_of(section, group))
        desk.sheet.link(row, len(section.measures) + 1, place, sheet, desk.style("link", **LINK))


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
