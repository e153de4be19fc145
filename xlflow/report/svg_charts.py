"""Draws the report's bar charts as SVG: the same drawing in HTML, PDF and Word, and once more for a phone.

Every figure is in the drawing as text, and every segment has an outline, a sign and a fixed order, so that nothing
is shown by colour alone; what deviates is in strong colours and all else in greys, with white gaps between. No
segment is drawn too narrow for its figure. Knows statuses, not activities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlflow.report.colours import REPORT_COLOURS, readable_text_colour
from xlflow.report.document import Picture, StatusBadge
from xlflow.report.svg_pieces import (
    BAR_GAP,
    BAR_HEIGHT,
    CHART_WIDTH,
    FONT_SIZE,
    LABEL_LINE_HEIGHT,
    LABEL_WIDTH,
    NARROW_CHART_WIDTH,
    estimate_text_width,
    svg_document,
    svg_rect,
    svg_text,
    wrap_label,
)


@dataclass(frozen=True, slots=True)
class BarSegment:
    """One part of a bar: how many, of which status."""

    badge: StatusBadge
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its label; its parts stand in the order of the legend."""

    label: str
    segments: tuple[BarSegment, ...]

    @property
    def total(self) -> int:
        """What all parts come to."""
        return sum(segment.count for segment in self.segments)


def draw_bar_chart(bars: Sequence[Bar], caption: str, alt_text: str, *, with_legend: bool) -> Picture:
    """Return the bars below each other, divided into their segments, with a legend if the segments have several
    statuses."""
    svg, height = _BarChart(bars, with_legend, CHART_WIDTH, labels_above=False).draw()
    narrow_svg, _ = _BarChart(bars, with_legend, NARROW_CHART_WIDTH, labels_above=True).draw()
    return Picture(svg, CHART_WIDTH, height, caption, alt_text, narrow_svg)


@dataclass(frozen=True)
class _BarChart:
    """One drawing of some bars: `width` wide, the labels above the bars or to the left of them."""

    bars: Sequence[Bar]
    with_legend: bool
    width: int
    labels_above: bool

    def draw(self) -> tuple[str, int]:
        """Return the drawing and its height."""
        badges = self._legend_badges()
        elements, top = list(self._draw_legend(badges)), float(self._legend_height(badges))
        largest_total = max((bar.total for bar in self.bars), default=0)
        for bar in self.bars:
            label_lines = wrap_label(bar.label, self.width if self.labels_above else LABEL_WIDTH)
            label_height = len(label_lines) * LABEL_LINE_HEIGHT
            if self.labels_above:
                elements += self._draw_bar_label(label_lines, top + label_height / 2)
                elements += self._draw_segments(bar, top + label_height + 2, largest_total)
                top += label_height + 2 + BAR_HEIGHT + BAR_GAP
                continue
            height = max(BAR_HEIGHT, label_height)
            elements += self._draw_bar_label(label_lines, top + height / 2)
            elements += self._draw_segments(bar, top + (height - BAR_HEIGHT) / 2, largest_total)
            top += height + BAR_GAP
        return svg_document(elements, self.width, top), int(top)

    def _legend_badges(self) -> tuple[StatusBadge, ...]:
        """Return the statuses that occur, in order."""
        used = (part.badge for bar in self.bars for part in bar.segments if part.count)
        ordered = dict.fromkeys(part.badge for bar in self.bars for part in bar.segments)
        occurring = set(used)
        return tuple(badge for badge in ordered if badge in occurring) if self.with_legend else ()

    def _draw_segments(self, bar: Bar, top: float, largest_total: int) -> Iterator[str]:
        left = 0.0 if self.labels_above else float(LABEL_WIDTH + 12)
        available_width = self.width - left - estimate_text_width(str(bar.total)) - 12
        widths = _segment_widths(bar, available_width * bar.total / largest_total) if bar.total else []
        for segment, width in zip(bar.segments, widths, strict=False):
            if segment.count:
                fill = segment.badge.chart_fill
                yield svg_rect(left, top, width - 3, BAR_HEIGHT, fill)
                yield from _draw_segment_label(segment, left, width - 3, top + BAR_HEIGHT / 2)
                left += width
        if len(bar.segments) > 1 or not bar.total:
            yield svg_text(left + 6, top + BAR_HEIGHT / 2, str(bar.total), REPORT_COLOURS["ink"], strong=True)

    def _draw_legend(self, badges: Sequence[StatusBadge]) -> Iterator[str]:
        left, top = 0.0, 0.0
        for badge in badges:
            if left and left + _legend_entry_width(badge) > self.width:
                left, top = 0.0, top + LABEL_LINE_HEIGHT + 7
            fill = badge.chart_fill
            yield svg_rect(left, top + 1, 22, LABEL_LINE_HEIGHT - 1, fill)
            sign_colour = readable_text_colour(fill)
            yield svg_text(left + 11, top + LABEL_LINE_HEIGHT / 2 + 1, badge.icon, sign_colour, "middle")
            yield svg_text(left + 28, top + LABEL_LINE_HEIGHT / 2 + 1, badge.label, REPORT_COLOURS["ink"])
            left += _legend_entry_width(badge)

    def _legend_height(self, badges: Sequence[StatusBadge]) -> int:
        left, rows = 0.0, 1
        for badge in badges:
            if left and left + _legend_entry_width(badge) > self.width:
                left, rows = 0.0, rows + 1
            left += _legend_entry_width(badge)
        return rows * (LABEL_LINE_HEIGHT + 7) + 8 if badges else 0

    def _draw_bar_label(self, lines: Sequence[str], center_y: float) -> Iterator[str]:
        left, anchor = (0, "start") if self.labels_above else (LABEL_WIDTH, "end")
        first_line_y = center_y - (len(lines) - 1) * LABEL_LINE_HEIGHT / 2
        for line_index, line in enumerate(lines):
            line_y = first_line_y + line_index * LABEL_LINE_HEIGHT
            yield svg_text(left, line_y, line, REPORT_COLOURS["ink"], anchor)


def _draw_segment_label(segment: BarSegment, left: float, width: float, center_y: float) -> Iterator[str]:
    """Write the count into a part, after its sign where there is room for both."""
    count, icon = str(segment.count), segment.badge.icon
    colour = readable_text_colour(segment.badge.chart_fill)
    combined_width = estimate_text_width(icon) + 5 + estimate_text_width(count)
    if icon and combined_width + 8 <= width:
        left += (width - combined_width) / 2
        yield svg_text(left, center_y, icon, colour)
        yield svg_text(left + estimate_text_width(icon) + 5, center_y, count, colour)
    else:
        yield svg_text(left + width / 2, center_y, count, colour, "middle")


def _segment_widths(bar: Bar, available_width: float) -> list[float]:
    """Return how wide each part is drawn: by its count, but never too narrow for the figure that stands in it."""
    minimum_widths = [
        estimate_text_width(str(segment.count)) + FONT_SIZE if segment.count else 0 for segment in bar.segments
    ]
    proportional_widths = [available_width * part.count / bar.total for part in bar.segments]
    missing_width = sum(
        max(0, minimum - width) for minimum, width in zip(minimum_widths, proportional_widths, strict=True)
    )
    spare_width = sum(
        max(0, width - need) for need, width in zip(minimum_widths, proportional_widths, strict=True)
    )
    kept_share = max(0, 1 - missing_width / spare_width) if spare_width else 0
    return [
        need + max(0, width - need) * kept_share
        for need, width in zip(minimum_widths, proportional_widths, strict=True)
    ]


def _legend_entry_width(badge: StatusBadge) -> float:
    return 28 + estimate_text_width(badge.label) + 18
