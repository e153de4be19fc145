"""Writes one panel of the summary sheet: headings, and a table of figures with bars for each section.

Column A holds labels, the columns from B on figures. Rows and columns are counted from 0.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from xlflow.consolidated.summary_model import UNIT_COLUMN, Measure, Panel, RowGroup, Section
from xlflow.consolidated.writer.bar_charts import DEVIATION_COLOUR, OTHER_COLOUR
from xlflow.consolidated.writer.figure_formulas import FigurePosition, figure_formula, label_formula
from xlflow.consolidated.writer.write_context import DrawnSection, WriteContext
from xlflow.excel.writer import COLOURS, CellStyle, count_lines, fit_row_height
from xlflow.i18n.catalogue import translate

LABEL_WIDTH, FIGURE_WIDTH = 47, 11.5
"""Widths of column A and of the columns of figures, in characters."""

LINE_HEIGHT, BAND_HEIGHT = 15, 21
"""Heights of rows, in points."""

LINK_STYLE: Mapping[str, Any] = MappingProxyType({"text_wrap": False, "align": "left", "indent": 1})
"""How the links differ from others: clear of the figures beside them."""

HEADING_CHANGES: Mapping[str, Any] = MappingProxyType(
    {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 2, "bottom_color": COLOURS["heading"]}
)
"""What headings of figures differ in: a line below them, and no fill."""

SHARE_BAR: Mapping[str, Any] = MappingProxyType(
    {
        "type": "data_bar",
        "data_bar_2010": True,
        "bar_solid": True,
        "bar_no_border": True,
        "bar_color": DEVIATION_COLOUR,
        "min_type": "num",
        "min_value": 0,
        "max_type": "num",
        "max_value": 1,
    }
)
"""A bar that is as long as a share is of the whole, beside the number itself."""

AMOUNT_BAR: Mapping[str, Any] = MappingProxyType(
    {
        "type": "data_bar",
        "data_bar_2010": True,
        "bar_solid": True,
        "bar_no_border": True,
        "bar_color": OTHER_COLOUR,
        "bar_negative_color": DEVIATION_COLOUR,
        "bar_axis_color": COLOURS["muted"],
    }
)
"""A bar to the left of an axis for an amount below zero, to the right of it for one above."""

PANEL_CELL: Mapping[str, Any] = MappingProxyType({"left": 0, "right": 0, "top": 0})
"""What the cells of a panel differ in from other cells: a line below each, and none between columns."""

COUNT_FORMAT, AMOUNT_FORMAT = '#,##0;-#,##0;"–"', '#,##0.00;-#,##0.00;"–"'
SIGNED_FORMAT = '#,##0.00;"▼ "-#,##0.00;"–"'
THOUSANDS_FORMAT, SIGNED_THOUSANDS_FORMAT = '#,##0,;-#,##0,;"–"', '#,##0,;"▼ "-#,##0,;"–"'
"""How figures are shown; nothing is a dash, so that the others stand out."""


def write_panel(panel: Panel, row: int, context: WriteContext) -> Iterator[DrawnSection]:
    """Write a panel from a row on, and yield where each of its sections stands."""
    _write_panel_headings(panel, row, context)
    next_row, formats = row + 1, _number_formats(panel)
    for section in panel.sections:
        if section.title:
            write_band(section.title, len(panel.headings), next_row, context)
            next_row += 1
        _write_section(section, next_row, row, formats, context)
        _add_bars(section, next_row, context)
        drawn = DrawnSection(section, panel, row, next_row, next_row + len(section.groups) - 1)
        next_row = drawn.last_row + 1
        if section.note:
            context.sheet.write(next_row, 0, section.note, context.style("muted", italic=True))
            next_row += 1
        yield drawn


def _number_formats(panel: Panel) -> tuple[str, str]:
    """Return how the figures of a panel are shown, and those below zero that are bad news."""
    if panel.in_thousands:
        return THOUSANDS_FORMAT, SIGNED_THOUSANDS_FORMAT
    return (AMOUNT_FORMAT if _has_decimals(panel) else COUNT_FORMAT), SIGNED_FORMAT


def _has_decimals(panel: Panel) -> bool:
    """Return whether any figure of a panel has decimals, so that all of them are shown with two."""
    return any(
        not isinstance(figure, int)
        for section in panel.sections
        for group, row in zip(section.groups, section.values, strict=True)
        if group.kind != "share"
        for measure, figure in zip(section.measures, row, strict=True)
        if measure.kind != "part"
    )


def _write_panel_headings(panel: Panel, row: int, context: WriteContext) -> None:
    context.sheet.write(row, 0, panel.title, context.style("subtitle", **HEADING_CHANGES))
    alarming = {highlight.text for highlight in context.highlights if highlight.is_alarming}
    for column, heading in enumerate(panel.headings, 1):
        colour = COLOURS["text"] if heading in alarming else COLOURS["muted"]
        style = context.style("plain", **HEADING_CHANGES, align="right", font_color=colour)
        context.sheet.write(row, column, heading, style)
    go_to_style = context.style("side_heading", **{**HEADING_CHANGES, "bottom": 0})
    context.sheet.write(row, len(panel.headings) + 1, translate("overview.go_to", context.language), go_to_style)
    context.sheet.set_row_height(
        row, fit_row_height([(heading, FIGURE_WIDTH - 1) for heading in panel.headings], min_lines=2)
    )


def write_band(title: str, figure_columns: int, row: int, context: WriteContext) -> None:
    """Write the title of a section over the columns of labels and of `figure_columns` figures."""
    context.sheet.write_row(row, [title, *[None] * figure_columns], [context.style("band")] * (figure_columns + 1))
    context.sheet.set_row_height(row, BAND_HEIGHT)


def _add_bars(section: Section, first_row: int, context: WriteContext) -> None:
    """Put bars beside the figures that a reader compares first: shares of deviations, amounts below zero."""
    if not section.title:
        return
    for column, measure in enumerate(section.measures, 1):
        options = SHARE_BAR if measure.kind == "part" else AMOUNT_BAR if measure.negative_is_bad else None
        if options:
            last_row = first_row + len(section.groups) - 1
            context.sheet.add_conditional_format((first_row, column, last_row, column), dict(options))


def _write_section(
    section: Section, first_row: int, heading_row: int, formats: tuple[str, str], context: WriteContext
) -> None:
    figure_rows = zip(section.groups, section.values, strict=True)
    for row, (group, figures) in enumerate(figure_rows, first_row):
        _write_label(group, section.measures[0], row, context)
        _link_figure_row(section, group, row, context)
        context.sheet.set_row_height(
            row, LINE_HEIGHT * count_lines(group.label + _label_suffix(group), LABEL_WIDTH)
        )
        for column, figure in enumerate(figures, 1):
            position = FigurePosition(row, column, heading_row, first_row)
            formula = figure_formula(section, group, column - 1, position, context.formula_names)
            style = _figure_style(section, group, column - 1, formats, context)
            context.sheet.write_formula(row, column, formula, figure, style)


def _write_label(group: RowGroup, measure: Measure, row: int, context: WriteContext) -> None:
    """Write the label of a row of figures; one that counts rows is a formula, as every figure is."""
    if group.counted_label:
        formula = label_formula(group, group.counted_label, measure, context.formula_names)
        context.sheet.write_formula(row, 0, formula, group.label, context.style("cell", **PANEL_CELL))
        return
    suffix = _label_suffix(group)
    context.sheet.write(
        row,
        0,
        group.label,
        context.style("cell", **PANEL_CELL, **({"num_format": f'@"{suffix}"'} if suffix else {})),
    )


def _label_suffix(group: RowGroup) -> str:
    """Return what the number format adds to a label: " …" if it is shortened. The cell itself stays comparable."""
    return " …" if any(match.prefix for match in group.filters) else ""


def _link_figure_row(section: Section, group: RowGroup, row: int, context: WriteContext) -> None:
    """Put a link beside a row of figures to where what it counts begins, in the table that it is counted in."""
    address = _find_first_counted_row(section, group, context)
    if address:
        sheet = context.sheet_plan.first_sheet_of(_table_of_group(section, group))
        context.sheet.write_link(
            row, len(section.measures) + 1, address, sheet, context.style("link", **LINK_STYLE)
        )


def _find_first_counted_row(section: Section, group: RowGroup, context: WriteContext) -> str | None:
    """Return the address of the first table row that a group counts (of a unit: its row in `units`), None if
    none."""
    if group.kind != "rows":
        return None
    table = _table_of_group(section, group)
    unit_filters = [match for match in group.filters if table != "units" or match.column == UNIT_COLUMN]
    return context.sheet_plan.find_row_address(table, unit_filters)


def _table_of_group(section: Section, group: RowGroup) -> str:
    """Return the table that a group's link leads to: `units` for a unit, else the one that it is counted in."""
    is_about_unit = any(match.column == UNIT_COLUMN for match in group.filters)
    return "units" if is_about_unit else section.measures[0].table


def _figure_style(
    section: Section, group: RowGroup, measure_index: int, formats: tuple[str, str], context: WriteContext
) -> CellStyle:
    measure = section.measures[measure_index]
    if group.kind == "share":
        return context.style("share", **PANEL_CELL, font_color=COLOURS["muted"])
    if measure.kind == "part":
        return context.style("share", **PANEL_CELL)
    number_format, signed_format = formats
    if measure.negative_is_bad:
        return context.style("signed", **PANEL_CELL, num_format=signed_format)
    is_first = measure.kind in ("across", "some")
    return context.style("integer", **PANEL_CELL, bold=is_first, num_format=number_format)
