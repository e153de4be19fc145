"""The report's colours, and which ink can be read on which fill (WCAG: a contrast of at least 4.5)."""

from types import MappingProxyType

MIN_CONTRAST = 4.5

TEXT_COLOURS = ("#14202B", "#FFFFFF", "#000000")
"""Text colours in order of preference; on every fill at least one reaches `MIN_CONTRAST`."""

REPORT_COLOURS = MappingProxyType(
    {
        "ink": "#14202B",
        "quiet": "#4A5764",
        "rule": "#C3CCD4",
        "edge": "#4A5764",
        "head": "#17495B",
        "band": "#EAF0F3",
        "unanswered": "#FFFFFF",
    }
)
"""Every text colour here has a contrast of at least 4.5 on white and on `band`; `edge` outlines drawings."""


def readable_text_colour(fill: str) -> str:
    """Return the preferred text colour (#RRGGBB) that is legible on a fill (#RRGGBB)."""
    return next(text_colour for text_colour in TEXT_COLOURS if contrast_ratio(text_colour, fill) >= MIN_CONTRAST)


def contrast_ratio(colour: str, other_colour: str) -> float:
    """Return the contrast of two colours (#RRGGBB), from 1 to 21."""
    darker, lighter = sorted((_relative_luminance(colour), _relative_luminance(other_colour)))
    return (lighter + 0.05) / (darker + 0.05)


def _relative_luminance(colour: str) -> float:
    red, green, blue = (_linear_channel(int(colour[index : index + 2], 16) / 255) for index in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear_channel(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
