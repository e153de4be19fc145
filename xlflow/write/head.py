"""What the summary sheet says in words: title, who has not answered, how it all stands, how each group does.

A sentence takes as many rows as it needs, each with as much text as fits the page, since a cell beside which
nothing stands shows its text whole in every program, and no cells need be merged.
"""

from collections.abc import Iterable, Iterator

from xlflow.core.summary import ConsolidatedContent
from xlflow.core.words import Language, translate
from xlflow.excel.outgoing import COLOURS, Format, text_width
from xlflow.write.desk import WriteContext

TITLE_HEIGHT, SENTENCE_LINE_HEIGHT = 24, 15
"""Heights of rows, in points."""

SPACE_WIDTH = 0.45
"""Width of a blank, in characters."""

SAFE_WIDTH_SHARE = 0.94
"""Part of the room that a line is given, since other programs' letters are wider."""


def write_title_and_sentences(summary: ConsolidatedContent, width: float, context: WriteContext) -> int:
    """Write title, lead, who has not answered and the sentences, `width` characters wide; return the row below."""
    context.sheet.write(0, 0, summary.title, context.style("title"))
    context.sheet.set_row_height(0, TITLE_HEIGHT)
    context.sheet.write(1, 0, summary.subtitle, context.style("subtitle"))
    response_style = context.style(
        "quiet",
        bold=True,
        font_color=COLOURS["wrong" if summary.missing_units or summary.units_with_blank_form else "good"],
    )
    row = _write_text_lines(
        wrap_text(_missing_units_text(summary, context.language), width), 2, 0, response_style, context
    )
    for sentence in summary.status_sentences:
        row = _write_text_lines(wrap_text(sentence, width), row, 0, context.style("plain"), context)
    return row


def write_group_sentences(
    summary: ConsolidatedContent, row: int, label_width: float, width: float, context: WriteContext
) -> int:
    """Write each group's name in column A and its sentence beside it; return the row below."""
    for name, sentence in summary.group_sentences:
        lines = list(wrap_text(sentence, width))
        for offset, text in enumerate(wrap_text(name, label_width)):
            context.sheet.write(row + offset, 0, text, context.style("plain", bold=True))
            lines += [""] * (offset + 1 - len(lines))
        row = _write_text_lines(lines, row, 1, context.style("plain"), context)
    return row


def wrap_text(text: str, width: float) -> Iterator[str]:
    """Yield a text in lines of at most so many characters, between words."""
    line, used_width = "", 0.0
    for word in text.split():
        word_width = text_width(word)
        if line and used_width + SPACE_WIDTH + word_width > width * SAFE_WIDTH_SHARE:
            yield line
            line, used_width = word, word_width
        else:
            line, used_width = f"{line} {word}".strip(), used_width + word_width + (SPACE_WIDTH if line else 0)
    yield line


def _write_text_lines(lines: Iterable[str], row: int, column: int, style: Format, context: WriteContext) -> int:
    for line in lines:
        context.sheet.write(row, column, line, style)
        context.sheet.set_row_height(row, SENTENCE_LINE_HEIGHT)
        row += 1
    return row


def _missing_units_text(summary: ConsolidatedContent, language: Language) -> str:
    """Return which units have sent in nothing, and whose forms came without answers."""
    lists = [("missing_names", summary.missing_units), ("blank_names", summary.units_with_blank_form)]
    sentences = [translate(f"overview.{key}", language, names=", ".join(names)) for key, names in lists if names]
    if not summary.missing_units:
        sentences.insert(
            0,
            translate("overview.all_sent" if summary.units_with_blank_form else "overview.all_answered", language),
        )
    return " ".join(sentences)
