"""Writes the top of the summary sheet: title, headline, who is missing, the large figures, and the sentences.

Rows and columns are counted from 0. A text overflows empty cells to its right in every program, so no cells need
be merged: a large figure has one column or two, and its words go over both.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from xlflow.consolidated.summary_model import Card, ConsolidatedContent, CountedSentence
from xlflow.consolidated.writer.figure_formulas import (
    sentence_expression,
    stale_notice_formula,
    terms_expression,
)
from xlflow.consolidated.writer.write_context import WriteContext
from xlflow.excel.writer import COLOURS, CellStyle, wrap_text
from xlflow.i18n.catalogue import Language, translate

TITLE_HEIGHT, HEADLINE_HEIGHT, LINE_HEIGHT = 24, 21, 15
FIGURE_HEIGHT, CARD_LABEL_HEIGHT = 36, 18
"""Heights of rows, in points."""

HEADLINE_SENTENCES = 2
"""Sentences of the headline on one row."""

FIGURE_SIZE, LONG_FIGURE_SIZE, SHORT_DIGITS = 26, 16, 4
"""Sizes of the letters of a large figure in points, and the digits that the larger has room for."""

THOUSANDS_FORMAT = '#,##0,;"▼ "-#,##0,;"–"'
"""How an amount in kronor is shown in thousands; the cell holds the whole amount."""


def write_summary_head(
    content: ConsolidatedContent, width: float, card_columns: Sequence[int], context: WriteContext
) -> int:
    """Write the top of the sheet, `width` characters wide; return the row below. `card_columns`: the column of
    each large figure."""
    context.sheet.write(0, 0, content.title, context.style("title"))
    context.sheet.set_row_height(0, TITLE_HEIGHT)
    context.sheet.write(1, 0, content.subtitle, context.style("muted"))
    row = _write_headline(content.headline, 3, context)
    are_missing = bool(content.missing_units or content.units_with_blank_form)
    response_style = context.style("muted", font_color=COLOURS["wrong" if are_missing else "good"])
    lines = wrap_text(_missing_units_text(content, context.language), width)
    row = write_text_lines(lines, row, 0, response_style, context) + 1
    for card, column in zip(content.cards, card_columns, strict=False):
        _write_card(card, row, column, context)
    if content.cards:
        context.sheet.set_row_height(row, FIGURE_HEIGHT)
        context.sheet.set_row_height(row + 1, CARD_LABEL_HEIGHT)
        row += 4
    for sentence in content.status_sentences:
        row = write_text_lines(wrap_text(sentence, width), row, 0, context.style("plain"), context)
    return _write_stale_notice(content, row, context)


def write_text_lines(lines: Iterable[str], row: int, column: int, style: CellStyle, context: WriteContext) -> int:
    """Write texts below each other, a row each; return the row below."""
    for line in lines:
        context.sheet.write(row, column, line, style)
        context.sheet.set_row_height(row, LINE_HEIGHT)
        row += 1
    return row


def _write_headline(sentences: Sequence[CountedSentence], row: int, context: WriteContext) -> int:
    """Write the headline on as many rows as it needs; return the row below."""
    for start in range(0, len(sentences), HEADLINE_SENTENCES):
        chosen = sentences[start : start + HEADLINE_SENTENCES]
        text = "".join(sentence.text for sentence in chosen)
        is_bad = any(sentence.count for sentence in chosen)
        style = context.style(
            "plain", bold=True, font_size=14, font_color=COLOURS["wrong" if is_bad else "good"], valign="vcenter"
        )
        formula = "&".join(sentence_expression(sentence, context.formula_names) for sentence in chosen)
        context.sheet.write_formula(row, 0, f"={formula}", text, style)
        context.sheet.set_row_height(row, HEADLINE_HEIGHT if text else LINE_HEIGHT)
        row += 1
    return row


def _write_card(card: Card, row: int, column: int, context: WriteContext) -> None:
    """Write a large figure, what it is as a link to its rows, and of how many it is."""
    colour = COLOURS["wrong"] if card.is_alarming and card.value else COLOURS["heading"]
    is_long = card.in_thousands or isinstance(card.value, Decimal) or len(str(card.value)) > SHORT_DIGITS
    style = context.style(
        "plain",
        bold=True,
        font_size=LONG_FIGURE_SIZE if is_long else FIGURE_SIZE,
        font_color=colour,
        align="left",
        valign="bottom",
        num_format=THOUSANDS_FORMAT if card.in_thousands else "#,##0",
        top=5,
        top_color=colour,
    )
    formula = f"={terms_expression(card.terms, context.formula_names)}"
    context.sheet.write_formula(row, column, formula, card.value, style)
    address = context.sheet_plan.find_row_address(card.table, card.row_filters) if card.row_filters else None
    link_style = context.style("link", text_wrap=False)
    target = address or context.sheet_plan.table_address(card.table)
    context.sheet.write_link(row + 1, column, target, card.label, link_style)
    note = f"={sentence_expression(card.note, context.formula_names)}"
    context.sheet.write_formula(row + 2, column, note, card.note.text, context.style("muted"))


def _write_stale_notice(content: ConsolidatedContent, row: int, context: WriteContext) -> int:
    """Write whether answers have been changed since, so that some of the sheet is no longer right; return the row
    below."""
    if not content.stale_checks.figures:
        return row
    unchanged, changed = (translate(f"overview.{key}", context.language) for key in ("unchanged", "stale"))
    formula = stale_notice_formula(content.stale_checks, (unchanged, changed), context.formula_names)
    context.sheet.write_formula(row, 0, formula, unchanged, context.style("muted", italic=True))
    return row + 1


def _missing_units_text(content: ConsolidatedContent, language: Language) -> str:
    """Return which units have sent in nothing, and whose forms came without answers."""
    lists = [("missing_names", content.missing_units), ("blank_names", content.units_with_blank_form)]
    sentences = [translate(f"overview.{key}", language, names=", ".join(names)) for key, names in lists if names]
    if not content.missing_units:
        sentences.insert(
            0,
            translate("overview.all_sent" if content.units_with_blank_form else "overview.all_answered", language),
        )
    return " ".join(sentences)
