"""Writes the summary sheet: its head, charts, panels, sentences and key figures; every figure is a formula.

Column A holds labels, the columns from B on figures. A sentence takes as many rows as it needs, each with as much
text as fits the page: a text overflows empty cells to its right in every program, so no cells need be merged.
Computes nothing. Rows and columns are counted from 0.
"""

from collections.abc import Sequence

from xlflow.consolidated.summary_model import (
    ConsolidatedContent,
    KeyFigure,
)
from xlflow.consolidated.writer.amount_charts import draw_amount_charts, figure_column_width
from xlflow.consolidated.writer.figure_formulas import (
    measure_expression,
)
from xlflow.consolidated.writer.panel_rows import (
    COUNT_FORMAT,
    FIGURE_WIDTH,
    LABEL_WIDTH,
    LINK_STYLE,
    write_band,
    write_panel,
)
from xlflow.consolidated.writer.status_charts import choose_status_sections, count_chart_rows, draw_status_charts
from xlflow.consolidated.writer.summary_head import write_summary_head, write_text_lines
from xlflow.consolidated.writer.write_context import DrawnSection, WriteContext
from xlflow.excel.writer import (
    text_width,
    wrap_text,
)
from xlflow.i18n.catalogue import translate

KEY_FIGURE_HEIGHT = 18
"""Height of a row, in points."""


def write_group_sentences(
    content: ConsolidatedContent, row: int, label_width: float, width: float, context: WriteContext
) -> int:
    """Write each group's name in column A and its sentence beside it; return the row below."""
    for name, sentence in content.group_sentences:
        lines = list(wrap_text(sentence, width))
        for offset, text in enumerate(wrap_text(name, label_width)):
            context.sheet.write(row + offset, 0, text, context.style("plain", bold=True))
            lines += [""] * (offset + 1 - len(lines))
        row = write_text_lines(lines, row, 1, context.style("plain"), context)
    return row


LABEL_PIXELS = 334
"""The width of column A in pixels."""

PAPER_EDGE_PIXELS = 8
"""Pixels that charts stay clear of the edge of the paper, since programs differ in how wide columns are."""

MIN_CARD_WIDTH = 15
"""Characters that a column must be wide to hold a large figure and its words by itself."""

SECOND_HALF_COLUMN = 4
"""The column in which the second half of the key figures begins, if there is room for it beside the first."""


def write_summary_sheet(content: ConsolidatedContent, context: WriteContext) -> int:
    """Write the whole summary sheet; return its last row."""
    figure_width = figure_column_width(content.panels, FIGURE_WIDTH)
    step = 1 if figure_width >= MIN_CARD_WIDTH else 2
    headings = (len(panel.headings) for panel in content.panels)
    figure_columns = max(step * (len(content.cards) - 1), 2, *headings)
    figure_pixels = round(figure_width * 7 + 5)
    total_width = LABEL_WIDTH + (figure_columns + 1) * figure_width
    context.sheet.set_column_widths([LABEL_WIDTH, *[figure_width] * (figure_columns + 1)])
    context.sheet.hide_gridlines()
    card_columns = [0, *range(1, figure_columns + 1, step)]
    chart_row = write_summary_head(content, total_width, card_columns, context) + 1
    chart_sections = choose_status_sections(content.panels)
    row = chart_row + count_chart_rows(chart_sections)
    drawn_sections: list[DrawnSection] = []
    for panel in content.panels:
        drawn_sections += write_panel(panel, row, context)
        row = drawn_sections[-1].last_row + 2 + bool(drawn_sections[-1].section.note)
    chart_room = LABEL_PIXELS + (figure_columns + 1) * figure_pixels - PAPER_EDGE_PIXELS
    draw_status_charts(
        [drawn_section for drawn_section in drawn_sections if drawn_section.section in chart_sections],
        chart_row,
        chart_room,
        context,
    )
    row = draw_amount_charts(drawn_sections, row, (LABEL_PIXELS, figure_pixels), context)
    row = _write_groups_in_words(content, row, figure_columns + 1, context)
    return _write_key_figures(content.key_figures, row + 1, figure_columns, figure_width, context)


def _write_groups_in_words(content: ConsolidatedContent, row: int, columns: int, context: WriteContext) -> int:
    if not content.group_sentences:
        return row
    write_band(translate("overview.in_words", context.language), len(content.panels[0].headings), row, context)
    return write_group_sentences(content, row + 1, LABEL_WIDTH, columns * FIGURE_WIDTH, context)


def _write_key_figures(
    key_figures: Sequence[KeyFigure], row: int, figure_columns: int, width: float, context: WriteContext
) -> int:
    """Write the key figures below a band, in two halves side by side where there is room; return the row below."""
    write_band(translate("overview.more_figures", context.language), figure_columns, row, context)
    row += 1
    rows_per_half = -(-len(key_figures) // 2)
    room = (figure_columns - SECOND_HALF_COLUMN) * width
    if len(key_figures) < 2 or max(text_width(each.label) for each in key_figures[rows_per_half:]) > room:
        rows_per_half = len(key_figures)
    for index, key_figure in enumerate(key_figures):
        row_offset = index % rows_per_half
        columns = (0, 1) if index < rows_per_half else (SECOND_HALF_COLUMN, figure_columns)
        _write_key_figure(key_figure, row + row_offset, columns, context)
        context.sheet.set_row_height(row + row_offset, KEY_FIGURE_HEIGHT)
    return row + rows_per_half


def _write_key_figure(key_figure: KeyFigure, row: int, columns: tuple[int, int], context: WriteContext) -> None:
    """Write a figure's words from a column on, the figure itself in another, and a link beside it."""
    label_column, figure_column = columns
    for column in range(label_column, figure_column):
        text = key_figure.label if column == label_column else None
        context.sheet.write(row, column, text, context.style("ruled", left=column == label_column))
    formula = f"={measure_expression(key_figure.measure, context.formula_names)}"
    figure_style = context.style("integer", num_format=COUNT_FORMAT, bold=True, align="center")
    context.sheet.write_formula(row, figure_column, formula, key_figure.value, figure_style)
    table = key_figure.measure.table
    address = context.sheet_plan.find_row_address(
        table, key_figure.measure.filters
    ) or context.sheet_plan.table_address(table)
    context.sheet.write_link(
        row,
        figure_column + 1,
        address,
        context.sheet_plan.first_sheet_of(table),
        context.style("link", **LINK_STYLE),
    )
