"""The one door to the terminal: how wide it is, whether it shows colours and symbols, and what gets there.

Whatever is printed passes `write_text`, which spells out control characters and those that turn the direction of
text, so that no name, answer or message can move the cursor, colour the screen or reverse a line. Colours are
asked for by `highlight` and exist only where the terminal shows them.
"""

import os
import shutil
import sys
import unicodedata
from dataclasses import dataclass
from typing import IO, Literal

import click

PLAIN_WIDTH = 80
"""Columns where the output is no terminal: a file, a pipe, a test."""

_MIN_WIDTH, _MAX_WIDTH = 40, 120
Highlight = Literal["error", "warning", "good", "faint", "strong"]

_STYLES: dict[Highlight, dict[str, object]] = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
    "good": {"fg": "green", "bold": True},
    "faint": {"dim": True},
    "strong": {"bold": True},
}
_STARTS: dict[Highlight, str] = {name: chr(0xFDD0 + number) for number, name in enumerate(_STYLES)}
_END = "\ufddf"
"""Marks of a highlight: code points that are no characters, so that no text needs them."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a text may look: `width` in columns; symbols beside words; colours."""

    width: int = PLAIN_WIDTH
    symbols: bool = False
    colours: bool = False


PLAIN = Look()
"""Words only, 80 columns: readable without colour, and by a screen reader."""


def find_look(stream: IO[str] | None = None) -> Look:
    """Return the look of a stream (stdout if not given): plain unless it is a terminal or FORCE_COLOR is set.

    NO_COLOR takes the colours away; TERM=dumb takes colours and symbols away, and so does FORCE_COLOR=0.
    """
    stream = stream or sys.stdout
    is_terminal = stream.isatty()
    force = os.environ.get("FORCE_COLOR", "")
    is_rich = force not in ("", "0") or (is_terminal and os.environ.get("TERM") != "dumb" and force != "0")
    columns = shutil.get_terminal_size((PLAIN_WIDTH, 24)).columns if is_terminal else PLAIN_WIDTH
    return Look(
        min(max(columns, _MIN_WIDTH), _MAX_WIDTH),
        is_rich and _can_show_symbols(stream),
        is_rich and not os.environ.get("NO_COLOR"),
    )


def _can_show_symbols(stream: IO[str]) -> bool:
    try:
        "✔●○▲►✖→".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def highlight(text: str, name: Highlight, look: Look) -> str:
    """Return a text marked to be highlighted, unchanged where colours are not shown. The marks have no width, so
    lay the text out first."""
    return f"{_STARTS[name]}{text}{_END}" if look.colours and text else text


def write_text(text: str, *, err: bool = False) -> None:
    """Print a text and a line break: the only way to stdout and stderr."""
    look = find_look(sys.stderr if err else sys.stdout)
    click.echo(render_text(text, look), err=err, color=look.colours)


def render_text(text: str, look: Look) -> str:
    """Return a text as it goes to a terminal: what cannot be seen spelt out, highlights as its colours or
    nothing."""
    from xlflow.model.text import escape_invisible

    rendered = escape_invisible(text, allowed="\n")
    for name, start in _STARTS.items():
        style = click.style("", **_STYLES[name], reset=False) if look.colours else ""  # type: ignore[arg-type]
        rendered = rendered.replace(start, style)
    return rendered.replace(_END, click.style("") if look.colours else "")


def display_width(text: str) -> int:
    """Return how many columns a text takes: none for a combining mark, two for a wide character."""
    if text.isascii():
        return len(text)
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
