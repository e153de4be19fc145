"""What amounts need on the summary sheet beyond counts: columns wide enough, and bars side by side.

The bars of a group are told apart by their patterns and the legend, never by colour alone.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from xlflow.consolidated.summary_model import Panel, Section
from xlflow.consolidated.writer.status_charts import MAX_BARS, UNIT_SECTION_KEY
from xlflow.consolidated.writer.write_context import DrawnSection, WriteContext
from xlflow.excel.writer import COLOURS, FONT
from xlflow.i18n.catalogue import translate

AMOUNT_PADDING = 4.5
"""Characters that a sign before an amount, its minus and the edges of the cell take."""

PIXELS_PER_BAR, CHART_FRAME_PIXELS, CHART_GAP_PIXELS = 14, 150, 10
"""Height of one bar, what title, axis and legend take beside, and pixels between two charts."""

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
    """Draw the amounts by the widest group and by unit, side by side; return the row below.

    `widths` are those of the column of labels and of a column of figures, in pixels.
    """
    chosen = list(_choose_amount_sections(drawn_sections))
    label_width, figure_width = widths
    slots = [(0, label_width + figure_width), (2, 3 * figure_width)]
    height = max((_chart_height(drawn_section.section) for drawn_section in chosen), default=0)
    for each, (column, width) in zip(chosen, slots, strict=False):
        _draw_chart(each, row, column, (width - CHART_GAP_PIXELS, height), context)
    return row + -(-height // 20) + bool(chosen)


def _choose_amount_sections(drawn_sections: Sequence[DrawnSection]) -> Iterator[DrawnSection]:
    candidates = [
        drawn_section
        for drawn_section in drawn_sections
        if drawn_section.section.title and _has_only_sums(drawn_section.section)
    ]
    chosen = [each for each in candidates if each.section.key != UNIT_SECTION_KEY][:1]
    chosen += [each for each in candidates if each.section.key == UNIT_SECTION_KEY][:1]
    return (each for each in chosen if 1 < len(each.section.groups) <= MAX_BARS)


def _has_only_sums(section: Section) -> bool:
    return all(measure.kind == "sum" for measure in section.measures)


def _chart_height(section: Section) -> int:
    bars = sum(not measure.negative_is_bad for measure in section.measures) + 1
    return CHART_FRAME_PIXELS + PIXELS_PER_BAR * bars * len(section.groups)


def _draw_chart(
    drawn_section: DrawnSection, row: int, column: int, size: tuple[int, int], context: WriteContext
) -> None:
    chart = context.sheet.workbook.make_chart("bar", "clustered")
    for series in _build_series(drawn_section, context):
        chart.add_series(series)
    font = {"name": FONT, "size": 9, "color": COLOURS["text"]}
    title = {**font, "size": 12, "bold": True}
    chart.set_title({"name": drawn_section.section.title, "overlay": False, "name_font": title})
    gridlines = {"visible": True, "line": {"color": COLOURS["border"]}}
    chart.set_x_axis(
        {
            "name": drawn_section.panel.title,
            "name_font": {**font, "bold": False},
            "num_font": {**font, "rotation": -45},
            "num_format": "#,##0",
            "major_gridlines": gridlines,
        }
    )
    chart.set_y_axis(
        {
            "reverse": True,
            "crossing": "max",
            "interval_unit": 1,
            "num_font": font,
            "label_position": "low",
            "line": {"color": COLOURS["muted"]},
        }
    )
    chart.set_legend({"position": "bottom", "font": font})
    params = {
        "title": drawn_section.section.title,
        "first": drawn_section.first_row + 1,
        "last": drawn_section.last_row + 1,
    }
    description = translate("overview.bars", context.language, **params)
    scale = {"x_scale": size[0] / 480, "y_scale": size[1] / 288}
    context.sheet.insert_chart(row, column, chart, {"description": description, "object_position": 2, **scale})


def _build_series(drawn_section: DrawnSection, context: WriteContext) -> Iterator[dict[str, object]]:
    sheet_name, measures = context.sheet.name, drawn_section.section.measures
    column_indexes = [
        column_index for column_index, measure in enumerate(measures, 1) if not measure.negative_is_bad
    ]
    for place, pattern in zip(column_indexes, BAR_PATTERNS, strict=False):
        yield {
            "name": [sheet_name, drawn_section.heading_row, place],
            "categories": [sheet_name, drawn_section.first_row, 0, drawn_section.last_row, 0],
            "values": [sheet_name, drawn_section.first_row, place, drawn_section.last_row, place],
            "gap": 60,
            "pattern": pattern,
            "border": {"color": COLOURS["muted"], "width": 0.75},
        }
