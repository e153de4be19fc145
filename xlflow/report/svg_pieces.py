"""Pieces of the drawings in SVG: frame, rectangle, text, labels in lines, and how wide a text is about."""

from collections.abc import Sequence
from html import escape

from xlflow.report.colours import REPORT_COLOURS

CHART_WIDTH, NARROW_CHART_WIDTH = 680, 340
"""Width of a drawing, scaled to the text column by the formats, and of the same drawing for a phone."""

BAR_HEIGHT, BAR_GAP, LABEL_LINE_HEIGHT, LABEL_WIDTH, FONT_SIZE = 22, 7, 17, 190, 14
"""Sizes in the units of the drawing: CSS pixels as long as it is not scaled."""

FONT_FAMILY = "Public Sans, Segoe UI, Helvetica Neue, Arial, DejaVu Sans, sans-serif"


def svg_document(elements: Sequence[str], width: float, height: float) -> str:
    """Return a whole drawing."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="{FONT_FAMILY}" font-size="{FONT_SIZE}">{"".join(elements)}</svg>'
    )


def svg_rect(left: float, top: float, width: float, height: float, fill: str) -> str:
    """Return a rectangle with an outline."""
    return (
        f'<rect x="{left + 0.5:.1f}" y="{top + 0.5:.1f}" width="{width - 1:.1f}" height="{height - 1:.1f}" rx="2" '
        f'fill="{fill}" stroke="{REPORT_COLOURS["edge"]}" stroke-width="1"/>'
    )


def svg_line(left: float, top: float, bottom: float) -> str:
    """Return a vertical line."""
    stroke = REPORT_COLOURS["edge"]
    return f'<path d="M{left:.1f} {top:.1f}V{bottom:.1f}" stroke="{stroke}" stroke-width="1" fill="none"/>'


def svg_text(
    left: float, center_y: float, text: str, colour: str, anchor: str = "start", *, strong: bool = False
) -> str:
    """Return a text on one line, "" for a blank one; `anchor` as in SVG."""
    weight_attribute = ' font-weight="700"' if strong else ""
    return (
        f'<text x="{left:.1f}" y="{center_y + FONT_SIZE * 0.35:.1f}" fill="{colour}"'
        f' text-anchor="{anchor}"{weight_attribute}>'
        f"{escape(text)}</text>"
        if text
        else ""
    )


def wrap_label(text: str, width: float) -> list[str]:
    """Return a label in lines that fit; a word longer than a line keeps a line to itself."""
    lines: list[str] = []
    for word in text.split():
        if lines and estimate_text_width(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines or [""]


def estimate_text_width(text: str) -> float:
    """Return about how wide a text is, a little on the safe side."""
    narrow, wide = "iljtfrI1.,:;'|()[] ", "mwMWÅÄÖ@%✔●○▲►✖"
    return FONT_SIZE * sum(0.36 if letter in narrow else 0.9 if letter in wide else 0.6 for letter in text)
