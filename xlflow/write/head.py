"""What the summary sheet says in words: title, who has not answered, how it all stands, how each group does.

A sentence takes as many rows as it needs, each with as much text as fits the page, since a cell beside which
nothing stands shows its text whole in every program, and no cells need be merged.
"""

from collections.abc import Iterable, Iterator

from xlflow.core.summary import Summary
from xlflow.core.words import Language, say
from xlflow.excel.outgoing import COLOURS, Format, text_width
from xlflow.write.desk import Desk

TITLE_HEIGHT, LINE_HEIGHT = 24, 15
"""Heights of rows, in points."""

BLANK = 0.45
"""Width of a blank, in characters."""

SAFE = 0.94
"""Part of the room that a line is given, since other programs' letters are wider."""


def write_head(summary: Summary, width: float, desk: Desk) -> int:
    """Write title, lead, who has not answered and the sentences, `width` characters wide; return the row below."""
    desk.sheet.write(0, 0, summary.title, desk.style("title"))
    desk.sheet.set_height(0, TITLE_HEIGHT)
    desk.sheet.write(1, 0, summary.lead, desk.style("subtitle"))
    alarm = desk.style(
        "quiet", bold=True, font_color=COLOURS["wrong" if summary.missing or summary.blank else "good"]
    )
    row = _write_lines(break_text(_tell_answered(summary, desk.language), width), 2, 0, alarm, desk)
    for sentence in summary.told:
        row = _write_lines(break_text(sentence, width), row, 0, desk.style("plain"), desk)
    return row


def write_groups(summary: Summary, row: int, label_width: float, width: float, desk: Desk) -> int:
    """Write each group's name in column A and its sentence beside it; return the row below."""
    for name, sentence in summary.groups:
        lines = list(break_text(sentence, width))
        for place, text in enumerate(break_text(name, label_width)):
            desk.sheet.write(row + place, 0, text, desk.style("plain", bold=True))
            lines += [""] * (place + 1 - len(lines))
        row = _write_lines(lines, row, 1, desk.style("plain"), desk)
    return row


def break_text(text: str, width: float) -> Iterator[str]:
    """Yield a text in lines of at most so many characters, between words."""
    line, used = "", 0.0
    for word in text.split():
        size = text_width(word)
        if line and used + BLANK + size > width * SAFE:
            yield line
            line, used = word, size
        else:
            line, used = f"{line} {word}".strip(), used + size + (BLANK if line else 0)
    yield line


def _write_lines(lines: Iterable[str], row: int, column: int, style: Format, desk: Desk) -> int:
    for line in lines:
        desk.sheet.write(row, column, line, style)
        desk.sheet.set_height(row, LINE_HEIGHT)
        row += 1
    return row


def _tell_answered(summary: Summary, language: Language) -> str:
    """Return which units have sent in nothing, and whose forms came without answers."""
    told = [("missing_names", summary.missing), ("blank_names", summary.blank)]
    said = [say(f"overview.{key}", language, names=", ".join(names)) for key, names in told if names]
    if not summary.missing:
        said.insert(0, say("overview.all_sent" if summary.blank else "overview.all_answered", language))
    return " ".join(said)
