"""The charts of the summary sheet: stacked bars of statuses, drawn from the figures on the same sheet.

A status is told by its sign and number in the bar and by the legend, never by colour alone.
"""

from collections.abc import Iterator, Sequence

from xlflow.core.summary import Panel, Section
from xlflow.core.words import say
from xlflow.excel.outgoing import COLOURS, FONT, text_width
from xlflow.write.desk import STATUS, Desk, Drawn, Mark

UNIT = "unit"
"""The key of the section that groups by unit."""

MOST_BARS = 20
"""Bars that a chart shows in a size that can be read."""

PIXELS_PER_BAR, PIXELS_AROUND = 26, 160
"""Height that a bar takes, and what title, axis and legend take beside."""

ABOVE_BARS, LETTER, MOST_LABEL = 38, 5.6, 0.45
"""Pixels of the title and of a letter beside a bar; the part of a chart that the labels may take."""


def choose_sections(panels: Sequence[Panel]) -> list[Section]:
    """Return the sections to draw: those of statuses by the widest group and by unit."""
    grouped = [section for panel in panels if panel.status for section in panel.sections if section.title]
    firsts = [section for section in grouped if section.key != UNIT][:1]
    units = [section for section in grouped if section.key == UNIT]
    return [section for section in (*firsts, *units) if len(section.groups) <= MOST_BARS]


def height_of_bars(section: Section) -> int:
    """Return the height in pixels at which all bars of a section can be read."""
    return PIXELS_AROUND + PIXELS_PER_BAR * len(section.groups)


def place_chart(drawn: Drawn, row: int, column: int, size: tuple[int, int], desk: Desk) -> None:
    """Draw a section of statuses with the chart's upper left corner on a cell; `size` in pixels."""
    chart = desk.sheet.book.make_chart("bar", "stacked")
    for series in _make_series(drawn, desk):
        chart.add_series(series)
    font = {"name": FONT, "size": 9, "color": COLOURS["ink"]}
    chart.set_plotarea({"layout": _lay_out(drawn.section, size)})
    chart.set_title(
        {"name": drawn.section.title, "overlay": False, "name_font": {**font, "size": 12, "bold": True}}
    )
    chart.set_x_axis(
        {
            "name": say("overview.number_of", desk.language),
            "name_font": {**font, "bold": False},
            "num_font": font,
            "num_format": "0",
            "min": 0,
            "major_gridlines": {"visible": True, "line": {"color": COLOURS["rule"]}},
        }
    )
    chart.set_y_axis(
        {
            "reverse": True,
            "crossing": "max",
            "interval_unit": 1,
            "num_font": font,
            "line": {"color": COLOURS["quiet"]},
        }
    )
    chart.set_legend({"position": "bottom", "font": font})
    words = {"title": drawn.section.title, "first": drawn.first + 1, "last": drawn.last + 1}
    described = say("overview.chart", desk.language, **words)
    desk.sheet.place_chart(
        row,
        column,
        chart,
        {"description": described, "object_position": 2, "x_scale": size[0] / 480, "y_scale": size[1] / 288},
    )


def _lay_out(section: Section, size: tuple[int, int]) -> dict[str, float]:
    """Return where the bars stand, as parts of the chart: as much to the right as the longest label needs."""
    width, height = size
    left = min(MOST_LABEL, (max(text_width(group.label) for group in section.groups) * LETTER + 20) / width)
    bars = PIXELS_PER_BAR * len(section.groups)
    return {"x": left, "y": ABOVE_BARS / height, "width": 0.96 - left, "height": bars / height}


def _make_series(drawn: Drawn, desk: Desk) -> Iterator[dict[str, object]]:
    name = desk.sheet.name
    marks = {mark.text: mark for mark in desk.marks if STATUS in mark.columns}
    for place, measure in enumerate(drawn.section.measures, 1):
        if measure.kind in ("count", "rest") and measure.heading in marks:
            yield {
                "name": f"{marks[measure.heading].sign} {measure.heading}".strip(),
                "categories": [name, drawn.first, 0, drawn.last, 0],
                "values": [name, drawn.first, place, drawn.last, place],
                "gap": 45,
                **_look(marks[measure.heading]),
            }


def _look(mark: Mark) -> dict[str, object]:
    sign = f'"{mark.sign}"' if mark.sign and '"' not in mark.sign else ""
    font = {"name": FONT, "size": 8, "color": COLOURS["ink"]}
    return {
        "fill": {"color": mark.colour},
        "border": {"color": COLOURS["quiet"], "width": 0.75},
        "data_labels": {"value": True, "num_format": f"{sign}0;;;", "font": font},
    }
