"""The charts of statuses on the summary sheet: stacked bars, drawn from the figures on the same sheet.

A status is shown by its sign and number in the bar and by the legend, never by colour alone.
"""

from collections.abc import Iterator, Sequence
from itertools import count

from xlflow.consolidated.summary_model import UNIT_GROUP_KEY, Measure, Panel, Section
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
from xlflow.consolidated.writer.write_context import STATUS_COLUMNS, DrawnSection, TextHighlight, WriteContext
from xlflow.excel.writer import text_width
from xlflow.i18n.catalogue import translate

BAR_PIXELS, FRAME_PIXELS = 24, 126
"""Pixels: height of one bar, and of title, axis and legend together."""

ROW_PIXELS, CHART_GAP_PIXELS, MAX_CHART_WIDTH = 20, 12, 640
"""Pixels: default height of a row, gap between two charts, maximum width of a chart."""

TITLE_PIXELS, LETTER_PIXELS, MAX_LABEL_SHARE, BARS_END = 34, 6.1, 0.45, 0.96
"""Pixels of the title and of a letter of a label; share of the width that labels may take, and where bars end."""

SIGN_PIXELS, DIGIT_PIXELS, AXIS_SLACK = 10, 6, 1.3
"""Pixels of a sign and a digit in a bar, and how much longer than the longest bar the axis may be."""


def choose_status_sections(panels: Sequence[Panel]) -> list[Section]:
    """Return the sections to draw: statuses by first group level and by unit, unless there are too many groups."""
    grouped = [section for panel in panels if panel.shows_statuses for section in panel.sections if section.title]
    widest_group = [section for section in grouped if section.key != UNIT_GROUP_KEY][:1]
    units = [section for section in grouped if section.key == UNIT_GROUP_KEY]
    return [section for section in (*widest_group, *units) if len(section.groups) <= MAX_BARS]


def count_chart_rows(sections: Sequence[Section]) -> int:
    """Return how many rows the charts of some sections take, with one to spare; none without sections."""
    return -(-_chart_height(sections) // ROW_PIXELS) + 1 if sections else 0


def draw_status_charts(
    drawn_sections: Sequence[DrawnSection], row: int, total_width: int, context: WriteContext
) -> None:
    """Draw sections of statuses side by side from `row` (from 0) on, `total_width` pixels wide in all."""
    height = _chart_height([drawn_section.section for drawn_section in drawn_sections])
    width = min(
        MAX_CHART_WIDTH,
        (total_width - CHART_GAP_PIXELS * (len(drawn_sections) - 1)) // max(1, len(drawn_sections)),
    )
    for chart_index, each in enumerate(drawn_sections):
        corner = ChartCorner(row, 0, chart_index * (width + CHART_GAP_PIXELS))
        _draw_chart(each, corner, (width, height), context)


def _chart_height(sections: Sequence[Section]) -> int:
    """Return the height in pixels at which all bars of the longest section can be read."""
    return FRAME_PIXELS + BAR_PIXELS * max((len(section.groups) for section in sections), default=0)


def _draw_chart(
    drawn_section: DrawnSection, corner: ChartCorner, size: tuple[int, int], context: WriteContext
) -> None:
    """Draw a section with the chart's upper left corner in a row, some pixels to the right; `size` in pixels."""
    chart = make_bar_chart(
        "stacked", _build_series(drawn_section, size[0], context), drawn_section.section.title, context
    )
    chart.set_plotarea({"layout": _plot_area_layout(drawn_section.section, size)})
    items = _counted_items_text(drawn_section.panel)
    chart.set_x_axis(
        {
            **axis_options(translate("overview.number_of", context.language, items=items)),
            "num_font": CHART_FONT,
            "num_format": "0",
            "min": 0,
        }
    )
    chart.set_y_axis(CATEGORY_AXIS)
    place_chart(chart, drawn_section, "overview.chart", corner, size, context)


def _counted_items_text(panel: Panel) -> str:
    """Return what the bars count, in lower case within a sentence: aktiviteter."""
    label = panel.sections[0].groups[0].label
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _plot_area_layout(section: Section, size: tuple[int, int]) -> dict[str, float]:
    """Return the plot area as shares of the chart: it begins to the right of the longest label."""
    width, height = size
    bars_start = _bars_start(section, width)
    bars_height = BAR_PIXELS * len(section.groups)
    return {
        "x": bars_start,
        "y": TITLE_PIXELS / height,
        "width": BARS_END - bars_start,
        "height": bars_height / height,
    }


def _bars_start(section: Section, width: int) -> float:
    return min(
        MAX_LABEL_SHARE, (max(text_width(group.label) for group in section.groups) * LETTER_PIXELS + 20) / width
    )


def _min_labelled_count(section: Section, width: int) -> int:
    """Return the smallest count that has room in its bar; smaller ones are shown in the table only."""
    counts = [
        sum(
            cell
            for cell, measure in zip(row, section.measures, strict=True)
            if _is_stacked(measure) and isinstance(cell, int)
        )
        for row in section.values
    ]
    axis_maximum = max([1, *counts]) * AXIS_SLACK
    pixels_per_count = width * (BARS_END - _bars_start(section, width)) / axis_maximum
    return next(
        number for number in count(1) if number * pixels_per_count >= SIGN_PIXELS + DIGIT_PIXELS * len(str(number))
    )


def _build_series(drawn_section: DrawnSection, width: int, context: WriteContext) -> Iterator[dict[str, object]]:
    sheet_name = context.sheet.name
    highlights = {
        highlight.text: highlight for highlight in context.highlights if STATUS_COLUMNS in highlight.column_keys
    }
    min_labelled = _min_labelled_count(drawn_section.section, width)
    for column_index, measure in enumerate(drawn_section.section.measures, 1):
        if _is_stacked(measure) and measure.heading in highlights:
            yield {
                "name": f"{highlights[measure.heading].sign} {measure.heading}".strip(),
                "categories": [sheet_name, drawn_section.first_row, 0, drawn_section.last_row, 0],
                "values": [
                    sheet_name,
                    drawn_section.first_row,
                    column_index,
                    drawn_section.last_row,
                    column_index,
                ],
                "gap": 45,
                **_series_style(highlights[measure.heading], min_labelled),
            }


def _is_stacked(measure: Measure) -> bool:
    return measure.kind in ("count", "rest")


def _series_style(highlight: TextHighlight, min_labelled: int) -> dict[str, object]:
    sign = f'"{highlight.sign}"' if highlight.sign and '"' not in highlight.sign else ""
    font = {**CHART_FONT, "size": 8}
    return {
        "fill": {"color": highlight.fill_colour},
        "border": BAR_BORDER,
        "data_labels": {"value": True, "num_format": f"[>={min_labelled}]{sign}0;;", "font": font},
    }
