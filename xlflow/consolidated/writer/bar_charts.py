"""What the bar charts of the summary sheet have in common: font, axes, legend, size and alternative text."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from xlflow.consolidated.writer.write_context import DrawnSection, WriteContext
from xlflow.excel.writer import COLOURS, FONT
from xlflow.i18n.catalogue import translate

MAX_BARS = 20
"""Bars that a chart shows in a size that can be read."""

CHART_FONT: Mapping[str, Any] = {"name": FONT, "size": 9, "color": COLOURS["text"]}

BAR_BORDER: Mapping[str, Any] = {"color": COLOURS["muted"], "width": 0.75}

CATEGORY_AXIS: Mapping[str, Any] = {
    "reverse": True,
    "crossing": "max",
    "interval_unit": 1,
    "num_font": CHART_FONT,
    "line": {"color": COLOURS["muted"]},
}
"""The axis of labels: in the order of the sheet from the top, the axis of numbers below it."""

DEFAULT_CHART_SIZE = (480, 288)
"""Width and height in pixels that XlsxWriter scales from."""


class ChartCorner(NamedTuple):
    """Where the upper left corner of a chart is: row and column of the sheet (from 0), then pixels to the
    right."""

    row: int
    column: int
    x_offset: int = 0


def make_bar_chart(
    grouping: Literal["stacked", "clustered"],
    series: Iterable[Mapping[str, Any]],
    title: str,
    context: WriteContext,
) -> Any:
    """Return an XlsxWriter bar chart with its series, title and legend, without axes, not yet on a sheet."""
    chart = context.sheet.workbook.make_chart("bar", grouping)
    for each in series:
        chart.add_series(each)
    title_font = {**CHART_FONT, "size": 12, "bold": True}
    chart.set_title({"name": title, "overlay": False, "name_font": title_font})
    chart.set_legend({"position": "bottom", "font": CHART_FONT})
    return chart


def axis_options(title: str) -> dict[str, Any]:
    """Return what the axes of numbers have in common: their title and grid lines."""
    return {
        "name": title,
        "name_font": {**CHART_FONT, "bold": False},
        "major_gridlines": {"visible": True, "line": {"color": COLOURS["border"]}},
    }


def place_chart(
    chart: Any,
    drawn_section: DrawnSection,
    alt_text_key: str,
    corner: ChartCorner,
    size: tuple[int, int],
    context: WriteContext,
) -> None:
    """Put a chart on the sheet, `size` (width, height) in pixels; its alternative text names the rows that it
    shows."""
    alt_text = translate(
        alt_text_key,
        context.language,
        title=drawn_section.section.title,
        first=drawn_section.first_row + 1,
        last=drawn_section.last_row + 1,
    )
    options = {
        "description": alt_text,
        "object_position": 2,  # moves with the cells, keeps its size
        "x_scale": size[0] / DEFAULT_CHART_SIZE[0],
        "y_scale": size[1] / DEFAULT_CHART_SIZE[1],
        "x_offset": corner.x_offset,
    }
    context.sheet.insert_chart(corner.row, corner.column, chart, options)
