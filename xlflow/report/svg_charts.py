"""Draws the report's bar charts as SVG: the same drawing in HTML, PDF and Word.

Every figure is in the drawing as text, and every segment has an outline, a sign and a fixed order, so that nothing
is shown by colour alone. No segment is drawn too narrow for its figure. Knows statuses, not activities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from xlflow.report.colours import REPORT_COLOURS
from xlflow.report.document import Picture, StatusBadge

CHART_WIDTH = 680
"""Width of every drawing, scaled to the text column by the formats."""

BAR_HEIGHT, BAR_GAP, LABEL_LINE_HEIGHT, LABEL_WIDTH, FONT_SIZE = 22, 7, 17, 190, 14
"""Sizes in the units of the drawing: CSS pixels as long as it is not scaled."""

FONT_FAMILY = "Public Sans, Segoe UI, Helvetica Neue, Arial, DejaVu Sans, sans-serif"


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
    badges = tuple(dict.fromkeys(segment.badge for bar in bars for segment in bar.segments)) if with_legend else ()
    elements, top = list(_draw_legend(badges)), _legend_height(badges)
    largest_total = max((bar.total for bar in bars), default=0)
    for bar in bars:
        label_lines = _wrap_label(bar.label, LABEL_WIDTH)
        height = max(BAR_HEIGHT, len(label_lines) * LABEL_LINE_HEIGHT)
        elements += _draw_bar_label(label_lines, top + height / 2)
        elements += _draw_segments(bar, top + (height - BAR_HEIGHT) / 2, largest_total)
        top += height + BAR_GAP
    return Picture(_svg_document(elements, top), CHART_WIDTH, top, caption, alt_text)


def _draw_segments(bar: Bar, top: float, largest_total: int) -> Iterator[str]:
    left = float(LABEL_WIDTH + 12)
    available_width = CHART_WIDTH - left - _estimate_text_width(str(bar.total)) - 12
    widths = _segment_widths(bar, available_width * bar.total / largest_total) if bar.total else []
    for segment, width in zip(bar.segments, widths, strict=False):
        if segment.count:
            yield _svg_rect(left, top, width - 2, BAR_HEIGHT, segment.badge.fill_colour)
            yield from _draw_segment_label(segment, left, width - 2, top + BAR_HEIGHT / 2)
            left += width
    if len(bar.segments) > 1 or not bar.total:
        yield _svg_text(left + 6, top + BAR_HEIGHT / 2, str(bar.total), REPORT_COLOURS["ink"], strong=True)


def _draw_segment_label(segment: BarSegment, left: float, width: float, center_y: float) -> Iterator[str]:
    """Write the count into a part, after its sign where there is room for both."""
    count, icon = str(segment.count), segment.badge.icon
    combined_width = _estimate_text_width(icon) + 5 + _estimate_text_width(count)
    if icon and combined_width + 8 <= width:
        left += (width - combined_width) / 2
        yield _svg_text(left, center_y, icon, segment.badge.text_colour)
        yield _svg_text(left + _estimate_text_width(icon) + 5, center_y, count, segment.badge.text_colour)
    else:
        yield _svg_text(left + width / 2, center_y, count, segment.badge.text_colour, "middle")


def _segment_widths(bar: Bar, available_width: float) -> list[float]:
    """Return how wide each part is drawn: by its count, but never too narrow for the figure that stands in it."""
    minimum_widths = [
        _estimate_text_width(str(segment.count)) + 12 if segment.count else 0 for segment in bar.segments
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


def _draw_legend(badges: Sequence[StatusBadge]) -> Iterator[str]:
    left, top = 0.0, 0.0
    for badge in badges:
        if left and left + _legend_entry_width(badge) > CHART_WIDTH:
            left, top = 0.0, top + LABEL_LINE_HEIGHT + 7
        yield _svg_rect(left, top + 1, 22, LABEL_LINE_HEIGHT - 1, badge.fill_colour)
        yield _svg_text(left + 11, top + LABEL_LINE_HEIGHT / 2 + 1, badge.icon, badge.text_colour, "middle")
        yield _svg_text(left + 28, top + LABEL_LINE_HEIGHT / 2 + 1, badge.label, REPORT_COLOURS["ink"])
        left += _legend_entry_width(badge)


def _legend_height(badges: Sequence[StatusBadge]) -> int:
    left, rows = 0.0, 1
    for badge in badges:
        if left and left + _legend_entry_width(badge) > CHART_WIDTH:
            left, rows = 0.0, rows + 1
        left += _legend_entry_width(badge)
    return rows * (LABEL_LINE_HEIGHT + 7) + 8 if badges else 0


def _legend_entry_width(badge: StatusBadge) -> float:
    return 28 + _estimate_text_width(badge.label) + 18


def _draw_bar_label(lines: Sequence[str], center_y: float) -> Iterator[str]:
    first_line_y = center_y - (len(lines) - 1) * LABEL_LINE_HEIGHT / 2
    for line_index, line in enumerate(lines):
        yield _svg_text(
            LABEL_WIDTH, first_line_y + line_index * LABEL_LINE_HEIGHT, line, REPORT_COLOURS["ink"], "end"
        )


# Pieces of SVG --------------------------------------------------------------------------------------------


def _svg_document(elements: Sequence[str], height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {CHART_WIDTH} {height:g}" width="{CHART_WIDTH}" '
        f'height="{height:g}" font-family="{FONT_FAMILY}" font-size="{FONT_SIZE}">{"".join(elements)}</svg>'
    )


def _svg_rect(left: float, top: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{left + 0.5:.1f}" y="{top + 0.5:.1f}" width="{width - 1:.1f}" height="{height - 1:.1f}" rx="2" '
        f'fill="{fill}" stroke="{REPORT_COLOURS["edge"]}" stroke-width="1"/>'
    )


def _svg_text(
    left: float, center_y: float, text: str, colour: str, anchor: str = "start", *, strong: bool = False
) -> str:
    weight_attribute = ' font-weight="700"' if strong else ""
    return (
        f'<text x="{left:.1f}" y="{center_y + FONT_SIZE * 0.35:.1f}" fill="{colour}"'
        f' text-anchor="{anchor}"{weight_attribute}>'
        f"{escape(text)}</text>"
        if text
        else ""
    )


def _wrap_label(text: str, width: float) -> list[str]:
    """Return a label in lines that fit; a word longer than a line keeps a line to itself."""
    lines: list[str] = []
    for word in text.split():
        if lines and _estimate_text_width(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines or [""]


def _estimate_text_width(text: str) -> float:
    """Return about how wide a text is, a little on the safe side."""
    narrow, wide = "iljtfrI1.,:;'|()[] ", "mwMWÅÄÖ@%✔●○▲►✖"
    return FONT_SIZE * sum(0.36 if letter in narrow else 0.9 if letter in wide else 0.6 for letter in text)
