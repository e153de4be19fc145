"""The report's colours, and which ink can be read on which fill (WCAG: a contrast of at least 4.5)."""

from types import MappingProxyType

LEAST_CONTRAST = 4.5

INKS = ("#14202B", "#FFFFFF", "#000000")
"""The inks in the order in which they are preferred; on every fill one of them reaches the least contrast."""

COLOURS = MappingProxyType(
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
"""Every ink here has a contrast of at least 4.5 on white and on `band`; `edge` outlines what is drawn."""


def ink_on(fill: str) -> str:
    """Return the ink that can be read on a fill (#RRGGBB)."""
    return next(ink for ink in INKS if contrast(ink, fill) >= LEAST_CONTRAST)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (#RRGGBB), from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
