"""Draws amounts as bars on both sides of a line: to the left, in strong colour, what is below nought."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from xlflow.report.colours import REPORT_COLOURS
from xlflow.report.document import Picture
from xlflow.report.svg_pieces import (
    BAR_GAP,
    BAR_HEIGHT,
    CHART_WIDTH,
    LABEL_LINE_HEIGHT,
    LABEL_WIDTH,
    NARROW_CHART_WIDTH,
    estimate_text_width,
    svg_document,
    svg_line,
    svg_rect,
    svg_text,
    wrap_label,
)

_SHORT_FILL, _LEFT_FILL = "#C0571B", "#BAC4CE"
"""What an amount below nought is filled with, and one above."""


@dataclass(frozen=True, slots=True)
class DeviationBar:
    """One bar: its label, its amount, and the amount as it is shown."""

    label: str
    amount: Decimal
    text: str


def draw_deviation_chart(bars: Sequence[DeviationBar], caption: str, alt_text: str) -> Picture:
    """Return the bars below each other, in the order given, each with its amount beside it."""
    svg, height = _draw(bars, CHART_WIDTH, labels_above=False)
    narrow_svg, _ = _draw(bars, NARROW_CHART_WIDTH, labels_above=True)
    return Picture(svg, CHART_WIDTH, height, caption, alt_text, narrow_svg)


def _draw(bars: Sequence[DeviationBar], width: int, *, labels_above: bool) -> tuple[str, int]:
    """Return the drawing and its height."""
    start = 0.0 if labels_above else LABEL_WIDTH + 12.0
    text_width = max((estimate_text_width(bar.text) for bar in bars), default=0) + 10
    largest = max((abs(bar.amount) for bar in bars), default=Decimal(0)) or Decimal(1)
    has_short, has_left = any(bar.amount < 0 for bar in bars), any(bar.amount >= 0 for bar in bars)
    side_width = (width - start - text_width * (has_short + has_left)) / (has_short + has_left or 1)
    zero = start + (text_width + side_width if has_short else 0)
    elements, top = list[str](), 0.0
    for bar in bars:
        lines = wrap_label(bar.label, width if labels_above else LABEL_WIDTH)
        label_height = len(lines) * LABEL_LINE_HEIGHT
        height = label_height + 2 + BAR_HEIGHT if labels_above else max(BAR_HEIGHT, label_height)
        label_center = top + (label_height if labels_above else height) / 2
        bar_top = top + (label_height + 2 if labels_above else (height - BAR_HEIGHT) / 2)
        elements += _draw_label(lines, label_center, labels_above=labels_above)
        elements += _draw_bar(bar, zero, bar_top, max(2.0, side_width * float(abs(bar.amount) / largest)))
        top += height + BAR_GAP
    return svg_document([*elements, svg_line(zero, 0, top - BAR_GAP)], width, top), int(top)


def _draw_label(lines: Sequence[str], center_y: float, *, labels_above: bool) -> Iterator[str]:
    left, anchor = (0, "start") if labels_above else (LABEL_WIDTH, "end")
    first_line_y = center_y - (len(lines) - 1) * LABEL_LINE_HEIGHT / 2
    for index, line in enumerate(lines):
        yield svg_text(left, first_line_y + index * LABEL_LINE_HEIGHT, line, REPORT_COLOURS["ink"], anchor)


def _draw_bar(bar: DeviationBar, zero: float, top: float, length: float) -> Iterator[str]:
    if bar.amount < 0:
        yield svg_rect(zero - length, top, length, BAR_HEIGHT, _SHORT_FILL)
        yield svg_text(
            zero - length - 6, top + BAR_HEIGHT / 2, bar.text, REPORT_COLOURS["ink"], "end", strong=True
        )
    else:
        yield svg_rect(zero, top, length, BAR_HEIGHT, _LEFT_FILL)
        yield svg_text(zero + length + 6, top + BAR_HEIGHT / 2, bar.text, REPORT_COLOURS["ink"])
