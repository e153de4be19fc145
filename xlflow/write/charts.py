"""The charts of the summary sheet: stacked bars of statuses, drawn from the figures on the same sheet.

A status is told by its sign and number in the bar and by the legend, never by colour alone.
"""

from collections.abc import Iterator, Sequence
from itertools import count

from xlflow.core.summary import Measure, Panel, Section
from xlflow.core.words import say
from xlflow.excel.outgoing import COLOURS, FONT, text_width
from xlflow.write.desk import STATUS, Desk, Drawn, Mark

UNIT = "unit"
"""The key of the section that groups by unit."""

MOST_BARS = 20
"""Bars that a chart shows in a size that can be read."""

PIXELS_PER_BAR, PIXELS_AROUND = 24, 126
"""Height that a bar takes, and what title, axis and legend take beside."""

ROW_PIXELS, BETWEEN, WIDEST = 20, 12, 640
"""Height of a row that is not set, pixels between two charts, and the width of a chart at most."""

ABOVE_BARS, LETTER, MOST_LABEL, BARS = 34, 6.1, 0.45, 0.96
"""Pixels of the title and of a letter beside a bar; which part of a chart labels may take, and where bars end."""

SIGN_PIXELS, DIGIT_PIXELS, SLACK = 10, 6, 1.3
"""Widths of what stands in a bar, and how much longer than the longest bar the axis may be."""


def choose_sections(panels: Sequence[Panel]) -> list[Section]:
    """Return the sections to draw: those of statuses by the widest group and by unit."""
    grouped = [section for panel in panels if panel.status for section in panel.sections if section.title]
    firsts = [section for section in grouped if section.key != UNIT][:1]
    units = [section for section in grouped if section.key == UNIT]
    return [section for section in (*firsts, *units) if len(section.groups) <= MOST_BARS]


def rows_of_charts(sections: Sequence[Section]) -> int:
    """Return how many rows the charts of some sections take, with one to spare; none without sections."""
    return -(-_height_of(sections) // ROW_PIXELS) + 1 if sections else 0


def place_charts(drawn: Sequence[Drawn], row: int, room: int, desk: Desk) -> None:
    """Draw sections of statuses side by side from a row on, `room` pixels wide together."""
    height = _height_of([each.section for each in drawn])
    width = min(WIDEST, (room - BETWEEN * (len(drawn) - 1)) // max(1, len(drawn)))
    for place, each in enumerate(drawn):
        _place_chart(each, (row, place * (width + BETWEEN)), (width, height), desk)


def _height_of(sections: Sequence[Section]) -> int:
    """Return the height in pixels at which all bars of the longest section can be read."""
    return PIXELS_AROUND + PIXELS_PER_BAR * max((len(section.groups) for section in sections), default=0)


def _place_chart(drawn: Drawn, corner: tuple[int, int], size: tuple[int, int], desk: Desk) -> None:
    """Draw a section with the chart's upper left corner in a row, some pixels to the right; `size` in pixels."""
    chart = desk.sheet.book.make_chart("bar", "stacked")
    for series in _make_series(drawn, size[0], desk):
        chart.add_series(series)
    font = {"name": FONT, "size": 9, "color": COLOURS["ink"]}
    chart.set_plotarea({"layout": _lay_out(drawn.section, size)})
    chart.set_title(
        {"name": drawn.section.title, "overlay": False, "name_font": {**font, "size": 12, "bold": True}}
    )
    chart.set_x_axis(
        {
            "name": say("overview.number_of", desk.language, items=_say_items(drawn.panel)),
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
    scale = {"x_scale": size[0] / 480, "y_scale": size[1] / 288, "x_offset": corner[1]}
    desk.sheet.place_chart(corner[0], 0, chart, {"description": described, "object_position": 2, **scale})


def _say_items(panel: Panel) -> str:
    """Return what the bars count, as the first row of figures calls it, within a sentence: aktiviteter."""
    label = panel.sections[0].groups[0].label
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _lay_out(section: Section, size: tuple[int, int]) -> dict[str, float]:
    """Return where the bars stand, as parts of the chart: as much to the right as the longest label needs."""
    width, height = size
    left = _left_of_bars(section, width)
    bars = PIXELS_PER_BAR * len(section.groups)
    return {"x": left, "y": ABOVE_BARS / height, "width": BARS - left, "height": bars / height}


def _left_of_bars(section: Section, width: int) -> float:
    return min(MOST_LABEL, (max(text_width(group.label) for group in section.groups) * LETTER + 20) / width)


def _least_told(section: Section, width: int) -> int:
    """Return the least number for which there is room in its bar; what is less is told by the table alone."""
    counts = [
        sum(
            cell
            for cell, measure in zip(row, section.measures, strict=True)
            if _is_part(measure) and isinstance(cell, int)
        )
        for row in section.values
    ]
    longest = max([1, *counts]) * SLACK
    pixels = width * (BARS - _left_of_bars(section, width)) / longest
    return next(number for number in count(1) if number * pixels >= SIGN_PIXELS + DIGIT_PIXELS * len(str(number)))


def _make_series(drawn: Drawn, width: int, desk: Desk) -> Iterator[dict[str, object]]:
    name = desk.sheet.name
    marks = {mark.text: mark for mark in desk.marks if STATUS in mark.columns}
    least = _least_told(drawn.section, width)
    for place, measure in enumerate(drawn.section.measures, 1):
        if _is_part(measure) and measure.heading in marks:
            yield {
                "name": f"{marks[measure.heading].sign} {measure.heading}".strip(),
                "categories": [name, drawn.first, 0, drawn.last, 0],
                "values": [name, drawn.first, place, drawn.last, place],
                "gap": 45,
                **_look(marks[measure.heading], least),
            }


def _is_part(measure: Measure) -> bool:
    return measure.kind in ("count", "rest")


def _look(mark: Mark, least: int) -> dict[str, object]:
    sign = f'"{mark.sign}"' if mark.sign and '"' not in mark.sign else ""
    font = {"name": FONT, "size": 8, "color": COLOURS["ink"]}
    return {
        "fill": {"color": mark.colour},
        "border": {"color": COLOURS["quiet"], "width": 0.75},
        "data_labels": {"value": True, "num_format": f"[>={least}]{sign}0;;", "font": font},
    }
