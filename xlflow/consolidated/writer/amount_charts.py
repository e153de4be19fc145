"""What amounts need on the summary sheet: columns that are wide enough, and charts of clustered bars.

The bars of a cluster are distinguished by pattern and legend, never by colour alone.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from xlflow.consolidated.summary_model import UNIT_GROUP_KEY, Panel, Section
from xlflow.consolidated.writer.bar_charts import (
    BAR_BORDER,
    CATEGORY_AXIS,
    CHART_FONT,
    MAX_BARS,
    ChartCorner,
    axis_options,
    make_bar_chart,
    place_chart,
)
from xlflow.consolidated.writer.write_context import DrawnSection, WriteContext
from xlflow.excel.writer import COLOURS

AMOUNT_PADDING = 4.5
"""Characters that a sign before an amount, its minus and the padding of the cell take."""

BAR_PIXELS, FRAME_PIXELS, CHART_GAP_PIXELS = 14, 150, 10
"""Pixels: height of one bar, of title, axis and legend together, and the gap between two charts."""

BAR_PATTERNS = (
    {"pattern": "percent_5", "fg_color": COLOURS["heading"], "bg_color": "#BBD9F2"},
    {"pattern": "wide_upward_diagonal", "fg_color": COLOURS["heading"], "bg_color": "#FFFFFF"},
    {"pattern": "wide_downward_diagonal", "fg_color": COLOURS["heading"], "bg_color": "#BFE5C8"},
    {"pattern": "large_check", "fg_color": COLOURS["muted"], "bg_color": "#FFFFFF"},
)
"""How the bars of the amounts look, in their order."""


def figure_column_width(panels: Sequence[Panel], min_width: float) -> float:
    """Return the width of the columns of figures in characters, so that every amount can be read."""
    amounts = (
        f"{cell:,.2f}"
        for panel in panels
        for section in panel.sections
        if _has_only_sums(section)
        for row in section.values
        for cell in row
        if isinstance(cell, int | Decimal)
    )
    return max([min_width, *(len(text) + AMOUNT_PADDING for text in amounts)])


def draw_amount_charts(
    drawn_sections: Sequence[DrawnSection], row: int, widths: tuple[int, int], context: WriteContext
) -> int:
    """Draw the amounts by first group level and by unit, side by side from `row` on; return the row below (from
    0).

    `widths` are those of the column of labels and of a column of figures, in pixels.
    """
    chosen = list(_choose_amount_sections(drawn_sections))
    label_width, figure_width = widths
    slots = [(0, label_width + figure_width), (2, 3 * figure_width)]
    height = max((_chart_height(drawn_section.section) for drawn_section in chosen), default=0)
    for each, (column, width) in zip(chosen, slots, strict=False):
        _draw_chart(each, ChartCorner(row, column), (width - CHART_GAP_PIXELS, height), context)
    return row + -(-height // 20) + bool(chosen)


def _choose_amount_sections(drawn_sections: Sequence[DrawnSection]) -> Iterator[DrawnSection]:
    candidates = [
        drawn_section
        for drawn_section in drawn_sections
        if drawn_section.section.title and _has_only_sums(drawn_section.section)
    ]
    chosen = [each for each in candidates if each.section.key != UNIT_GROUP_KEY][:1]
    chosen += [each for each in candidates if each.section.key == UNIT_GROUP_KEY][:1]
    return (each for each in chosen if 1 < len(each.section.groups) <= MAX_BARS)


def _has_only_sums(section: Section) -> bool:
    return all(measure.kind == "sum" for measure in section.measures)


def _chart_height(section: Section) -> int:
    bars = sum(not measure.negative_is_bad for measure in section.measures) + 1
    return FRAME_PIXELS + BAR_PIXELS * bars * len(section.groups)


def _draw_chart(
    drawn_section: DrawnSection, corner: ChartCorner, size: tuple[int, int], context: WriteContext
) -> None:
    chart = make_bar_chart(
        "clustered", _build_series(drawn_section, context), drawn_section.section.title, context
    )
    chart.set_x_axis(
        {
            **axis_options(drawn_section.panel.title),
            "num_font": {**CHART_FONT, "rotation": -45},
            "num_format": "#,##0",
        }
    )
    chart.set_y_axis({**CATEGORY_AXIS, "label_position": "low"})
    place_chart(chart, drawn_section, "overview.bars", corner, size, context)


def _build_series(drawn_section: DrawnSection, context: WriteContext) -> Iterator[dict[str, object]]:
    sheet_name, measures = context.sheet.name, drawn_section.section.measures
    column_indexes = [
        column_index for column_index, measure in enumerate(measures, 1) if not measure.negative_is_bad
    ]
    for column, pattern in zip(column_indexes, BAR_PATTERNS, strict=False):
        yield {
            "name": [sheet_name, drawn_section.heading_row, column],
            "categories": [sheet_name, drawn_section.first_row, 0, drawn_section.last_row, 0],
            "values": [sheet_name, drawn_section.first_row, column, drawn_section.last_row, column],
            "gap": 60,
            "pattern": pattern,
            "border": BAR_BORDER,
        }
