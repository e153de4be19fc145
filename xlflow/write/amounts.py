"""What amounts need on the summary sheet beyond counts: columns wide enough, and bars side by side.

The bars of a group are told apart by their patterns and the legend, never by colour alone.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from xlflow.core.summary import Panel, Section
from xlflow.core.words import say
from xlflow.excel.outgoing import COLOURS, FONT
from xlflow.write.charts import MOST_BARS, UNIT
from xlflow.write.desk import Desk, Drawn

SIGN_ROOM = 4.5
"""Characters that a sign before an amount, its minus and the edges of the cell take."""

PIXELS_PER_BAR, PIXELS_AROUND, BETWEEN = 14, 150, 10
"""Height of one bar, what title, axis and legend take beside, and pixels between two charts."""

PATTERNS = (
    {"pattern": "percent_5", "fg_color": COLOURS["head"], "bg_color": "#BBD9F2"},
    {"pattern": "wide_upward_diagonal", "fg_color": COLOURS["head"], "bg_color": "#FFFFFF"},
    {"pattern": "wide_downward_diagonal", "fg_color": COLOURS["head"], "bg_color": "#BFE5C8"},
    {"pattern": "large_check", "fg_color": COLOURS["quiet"], "bg_color": "#FFFFFF"},
)
"""How the bars of the amounts look, in their order."""


def width_of_figures(panels: Sequence[Panel], least: float) -> float:
    """Return the width of the columns of figures in characters, so that every amount can be read."""
    amounts = (
        f"{cell:,.2f}"
        for panel in panels
        for section in panel.sections
        if _adds_up(section)
        for row in section.values
        for cell in row
        if isinstance(cell, int | Decimal)
    )
    return max([least, *(len(text) + SIGN_ROOM for text in amounts)])


def place_amounts(drawn: Sequence[Drawn], row: int, widths: tuple[int, int], desk: Desk) -> int:
    """Draw the amounts by the widest group and by unit, side by side; return the row below.

    `widths` are those of the column of labels and of a column of figures, in pixels.
    """
    chosen = list(_choose(drawn))
    label, figure = widths
    places = [(0, label + figure), (2, 3 * figure)]
    height = max((_height_of(each.section) for each in chosen), default=0)
    for each, (column, width) in zip(chosen, places, strict=False):
        _place_chart(each, row, column, (width - BETWEEN, height), desk)
    return row + -(-height // 20) + bool(chosen)


def _choose(drawn: Sequence[Drawn]) -> Iterator[Drawn]:
    grouped = [each for each in drawn if each.section.title and _adds_up(each.section)]
    chosen = [each for each in grouped if each.section.key != UNIT][:1]
    chosen += [each for each in grouped if each.section.key == UNIT][:1]
    return (each for each in chosen if 1 < len(each.section.groups) <= MOST_BARS)


def _adds_up(section: Section) -> bool:
    return all(measure.kind == "sum" for measure in section.measures)


def _height_of(section: Section) -> int:
    bars = sum(not measure.signed for measure in section.measures) + 1
    return PIXELS_AROUND + PIXELS_PER_BAR * bars * len(section.groups)


def _place_chart(drawn: Drawn, row: int, column: int, size: tuple[int, int], desk: Desk) -> None:
    chart = desk.sheet.book.make_chart("bar", "clustered")
    for series in _make_series(drawn, desk):
        chart.add_series(series)
    font = {"name": FONT, "size": 9, "color": COLOURS["ink"]}
    title = {**font, "size": 12, "bold": True}
    chart.set_title({"name": drawn.section.title, "overlay": False, "name_font": title})
    lines = {"visible": True, "line": {"color": COLOURS["rule"]}}
    chart.set_x_axis(
        {
            "name": drawn.panel.title,
            "name_font": {**font, "bold": False},
            "num_font": {**font, "rotation": -45},
            "num_format": "#,##0",
            "major_gridlines": lines,
        }
    )
    chart.set_y_axis(
        {
            "reverse": True,
            "crossing": "max",
            "interval_unit": 1,
            "num_font": font,
            "label_position": "low",
            "line": {"color": COLOURS["quiet"]},
        }
    )
    chart.set_legend({"position": "bottom", "font": font})
    words = {"title": drawn.section.title, "first": drawn.first + 1, "last": drawn.last + 1}
    told = say("overview.bars", desk.language, **words)
    scale = {"x_scale": size[0] / 480, "y_scale": size[1] / 288}
    desk.sheet.place_chart(row, column, chart, {"description": told, "object_position": 2, **scale})


def _make_series(drawn: Drawn, desk: Desk) -> Iterator[dict[str, object]]:
    name, measures = desk.sheet.name, drawn.section.measures
    shown = [place for place, measure in enumerate(measures, 1) if not measure.signed]
    for place, pattern in zip(shown, PATTERNS, strict=False):
        yield {
            "name": [name, drawn.headings, place],
            "categories": [name, drawn.first, 0, drawn.last, 0],
            "values": [name, drawn.first, place, drawn.last, place],
            "gap": 60,
            "pattern": pattern,
            "border": {"color": COLOURS["quiet"], "width": 0.75},
        }
