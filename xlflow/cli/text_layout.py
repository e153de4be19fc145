"""Texts laid out for a terminal: paragraphs that break between words only, and columns below each other."""

import textwrap
from collections.abc import Iterator, Sequence

from xlflow.cli.terminal import display_width

_GAP = "  "


def wrap_text(text: str, width: int, *, indent: str = "", first_indent: str | None = None) -> str:
    """Return `fill_lines` of a text, with what cannot be seen in it spelt out."""
    from xlflow.model.text import escape_invisible

    return fill_lines(
        escape_invisible(text, allowed="\t\n\r\x85"), width, indent=indent, first_indent=first_indent
    )


def fill_lines(text: str, width: int, *, indent: str = "", first_indent: str | None = None) -> str:
    """Return the text in lines that fit, each paragraph by itself. Long names and what a no-break space joins are
    never broken. Consoles get plain spaces."""
    initial_indent = indent if first_indent is None else first_indent
    lines = "\n".join(
        textwrap.fill(
            paragraph,
            width,
            initial_indent=indent if paragraph_index else initial_indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        for paragraph_index, paragraph in enumerate(text.splitlines())
    )
    return lines.replace("\u00a0", " ")


def shorten_text(text: str, width: int) -> str:
    """Return the text in at most `width` columns, on one line; what is cut off is shown by an ellipsis."""
    line = text[: len(text) - len(text.lstrip())] + " ".join(text.split())
    if display_width(line) <= width:
        return line
    while line and display_width(line) > width - 1:
        line = line[:-1]
    return f"{line.rstrip()}…"


def align_columns(
    rows: Sequence[Sequence[str]], width: int, *, numbers: Sequence[int] = (), rule: bool = True
) -> Iterator[str]:
    """Yield the rows as lines, the first one as the heading, with a `rule` below it.

    The first column is shortened so that the lines fit into `width`; columns whose indexes are in `numbers` are
    aligned to the right.
    """
    widths = [max(map(display_width, column)) for column in zip(*rows, strict=True)]
    room = width - sum(widths[1:]) - len(_GAP) * (len(widths) - 1)
    widths[0] = min(widths[0], max(room, 8))
    lines = [[shorten_text(row[0], widths[0]) if row[0].strip() else "", *row[1:]] for row in rows]
    if rule:
        lines.insert(1, ["-" * each for each in widths])
    for line in lines:
        cells = (_pad(cell, widths[index], to_the_right=index in numbers) for index, cell in enumerate(line))
        yield _GAP.join(cells).rstrip()


def _pad(text: str, width: int, *, to_the_right: bool) -> str:
    blanks = " " * max(width - display_width(text), 0)
    return f"{blanks}{text}" if to_the_right else f"{text}{blanks}"
