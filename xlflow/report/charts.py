"""Draws the report's charts as SVG of our own: the same drawing in HTML, PDF and Word.

Every figure stands in the drawing as text, and every part has an outline, a sign and a place in a fixed order, so
that nothing is told by colour alone. No part is drawn too narrow for its figure. Knows no activities.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from xlflow.report.colours import COLOURS
from xlflow.report.document import Mark, Picture

WIDTH = 680
"""Width of every drawing; it is scaled to the column of text."""

BAR, GAP, LINE = 22, 7, 17
LABELS = 190
SIZE = 14
FONT = "Public Sans, Segoe UI, Helvetica Neue, Arial, DejaVu Sans, sans-serif"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: how many, of which status."""

    mark: Mark
    count: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its label; its parts stand in the order of the legend."""

    label: str
    parts: tuple[Part, ...]

    @property
    def total(self) -> int:
        """What all parts come to."""
        return sum(part.count for part in self.parts)


def draw_bars(bars: Sequence[Bar], caption: str, alternative: str, *, legend: bool) -> Picture:
    """Return one bar per label, each cut into its parts; with a legend where the parts are of several statuses."""
    marks = tuple(dict.fromkeys(part.mark for bar in bars for part in bar.parts)) if legend else ()
    pieces, top = list(_draw_legend(marks)), _legend_height(marks)
    most = max((bar.total for bar in bars), default=0)
    for bar in bars:
        lines = _wrap(bar.label, LABELS)
        height = max(BAR, len(lines) * LINE)
        pieces += _draw_label(lines, top + height / 2)
        pieces += _draw_parts(bar, top + (height - BAR) / 2, most)
        top += height + GAP
    return Picture(_frame(pieces, top), WIDTH, top, caption, alternative)


def _draw_parts(bar: Bar, top: float, most: int) -> Iterator[str]:
    left = float(LABELS + 12)
    room = WIDTH - left - _measure(str(bar.total)) - 12
    widths = _widths(bar, room * bar.total / most) if bar.total else []
    for part, width in zip(bar.parts, widths, strict=False):
        if part.count:
            yield _box(left, top, width - 2, BAR, part.mark.fill)
            yield from _label_part(part, left, width - 2, top + BAR / 2)
            left += width
    if len(bar.parts) > 1 or not bar.total:
        yield _text(left + 6, top + BAR / 2, str(bar.total), COLOURS["ink"], weight=True)


def _label_part(part: Part, left: float, width: float, middle: float) -> Iterator[str]:
    """Write the count into a part, after its sign where there is room for both."""
    count, icon = str(part.count), part.mark.icon
    both = _measure(icon) + 5 + _measure(count)
    if icon and both + 8 <= width:
        left += (width - both) / 2
        yield _text(left, middle, icon, part.mark.ink)
        yield _text(left + _measure(icon) + 5, middle, count, part.mark.ink)
    else:
        yield _text(left + width / 2, middle, count, part.mark.ink, "middle")


def _widths(bar: Bar, room: float) -> list[float]:
    """Return how wide each part is drawn: by its count, but never too narrow for the figure that stands in it."""
    least = [_measure(str(part.count)) + 12 if part.count else 0 for part in bar.parts]
    wide = [room * part.count / bar.total for part in bar.parts]
    short = sum(max(0, need - width) for need, width in zip(least, wide, strict=True))
    spare = sum(max(0, width - need) for need, width in zip(least, wide, strict=True))
    share = max(0, 1 - short / spare) if spare else 0
    return [need + max(0, width - need) * share for need, width in zip(least, wide, strict=True)]


def _draw_legend(marks: Sequence[Mark]) -> Iterator[str]:
    left, top = 0.0, 0.0
    for mark in marks:
        if left and left + _legend_width(mark) > WIDTH:
            left, top = 0.0, top + LINE + 7
        yield _box(left, top + 1, 22, LINE - 1, mark.fill)
        yield _text(left + 11, top + LINE / 2 + 1, mark.icon, mark.ink, "middle")
        yield _text(left + 28, top + LINE / 2 + 1, mark.word, COLOURS["ink"])
        left += _legend_width(mark)


def _legend_height(marks: Sequence[Mark]) -> int:
    left, rows = 0.0, 1
    for mark in marks:
        if left and left + _legend_width(mark) > WIDTH:
            left, rows = 0.0, rows + 1
        left += _legend_width(mark)
    return rows * (LINE + 7) + 8 if marks else 0


def _legend_width(mark: Mark) -> float:
    return 28 + _measure(mark.word) + 18


def _draw_label(lines: Sequence[str], middle: float) -> Iterator[str]:
    first = middle - (len(lines) - 1) * LINE / 2
    for number, line in enumerate(lines):
        yield _text(LABELS, first + number * LINE, line, COLOURS["ink"], "end")


# Pieces of SVG --------------------------------------------------------------------------------------------


def _frame(pieces: Sequence[str], height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" font-family="{FONT}" font-size="{SIZE}">{"".join(pieces)}</svg>'
    )


def _box(left: float, top: float, width: float, height: float, fill: str) -> str:
    return (
        f'<rect x="{left + 0.5:.1f}" y="{top + 0.5:.1f}" width="{width - 1:.1f}" height="{height - 1:.1f}" rx="2" '
        f'fill="{fill}" stroke="{COLOURS["edge"]}" stroke-width="1"/>'
    )


def _text(left: float, middle: float, text: str, ink: str, anchor: str = "start", *, weight: bool = False) -> str:
    bold = ' font-weight="700"' if weight else ""
    return (
        f'<text x="{left:.1f}" y="{middle + SIZE * 0.35:.1f}" fill="{ink}" text-anchor="{anchor}"{bold}>'
        f"{escape(text)}</text>"
        if text
        else ""
    )


def _wrap(text: str, width: float) -> list[str]:
    """Return a label in lines that fit; a word longer than a line keeps a line to itself."""
    lines: list[str] = []
    for word in text.split():
        if lines and _measure(f"{lines[-1]} {word}") <= width:
            lines[-1] = f"{lines[-1]} {word}"
        else:
            lines.append(word)
    return lines or [""]


def _measure(text: str) -> float:
    """Return about how wide a text is, a little on the safe side."""
    narrow, wide = "iljtfrI1.,:;'|()[] ", "mwMWÅÄÖ@%✔●○▲►✖"
    return SIZE * sum(0.36 if letter in narrow else 0.9 if letter in wide else 0.6 for letter in text)
