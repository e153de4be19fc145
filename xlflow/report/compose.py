"""Composes the report: a `RoundStatus` becomes one document, the same for every format.

Also numbers captions and gives every heading its anchor, so that no writer has to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xlflow.i18n.catalogue import format_long_date, join_words, label_in_sentence
from xlflow.i18n.count_sentences import format_item_count
from xlflow.model.text import ascii_letters, first_free_name
from xlflow.report.document import (
    Block,
    Document,
    Heading,
    Paragraph,
    Picture,
    ReportRow,
    ReportTable,
    StatusBadge,
    nest_headings,
    to_spans,
)
from xlflow.report.goal_sections import GoalLayout, build_goal_sections
from xlflow.report.phrasing import Phrasing, text_to_blocks
from xlflow.report.response_section import build_response_section
from xlflow.report.summary_section import build_summary_section
from xlflow.rounds.round_status import RoundStatus, restrict_to_deviations, restrict_to_unit

MIN_ITEMS_FOR_CONTENTS = 12
"""Activities from which on a report has a table of contents."""

MIN_ROWS_PER_CHAPTER = 60
"""Average number of table rows per chapter from which on each chapter begins on a new page."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report shows: the layout, only deviations or everything, one unit only, an introduction of its
    own."""

    layout: GoalLayout = "heading"
    only: Literal["deviations"] | None = None
    unit: str = ""
    introduction: tuple[Block, ...] = ()


def compose_document(round_status: RoundStatus, report_options: ReportOptions) -> Document:
    """Return the whole report. `report_options.unit` must be spelt as in the plan (see `resolve_unit_name`)."""
    selected_status = restrict_to_unit(round_status, report_options.unit) if report_options.unit else round_status
    phrasing = Phrasing(selected_status)
    shown_status = restrict_to_deviations(selected_status) if report_options.only else selected_status
    blocks = tuple(
        _number_and_anchor_blocks(
            tuple(nest_headings(_build_blocks(selected_status, shown_status, report_options, phrasing))), phrasing
        )
    )
    headings = [block for block in blocks if isinstance(block, Heading)]
    has_contents = len(shown_status.top_items) >= MIN_ITEMS_FOR_CONTENTS
    return Document(
        title=_build_title(selected_status, phrasing),
        subtitle=_build_subtitle(selected_status, report_options),
        language=phrasing.language,
        as_of=selected_status.as_of,
        blocks=blocks,
        item_noun_plural=phrasing.item_noun_plural,
        contents=tuple(heading for heading in headings if heading.in_contents and heading.level <= 2)
        if has_contents
        else (),
        body_anchor=_find_body_anchor(blocks),
        status_filters=tuple(_count_status_filters(blocks, phrasing)),
    )


def _build_blocks(
    selected_status: RoundStatus, shown_status: RoundStatus, report_options: ReportOptions, phrasing: Phrasing
) -> Iterator[Block]:
    yield from report_options.introduction or _default_introduction(selected_status, phrasing)
    yield from build_summary_section(selected_status, phrasing, with_lists=not report_options.only)
    if report_options.only:
        yield Heading(1, phrasing.translate("deviations"))
        yield Paragraph(to_spans(_shown_share_sentence(selected_status, shown_status, phrasing)))
    yield from build_goal_sections(
        shown_status, phrasing, report_options.layout, is_complete=not report_options.only
    )
    yield from build_response_section(selected_status, phrasing, is_complete=not report_options.only)


def _shown_share_sentence(selected_status: RoundStatus, shown_status: RoundStatus, phrasing: Phrasing) -> str:
    """Return the sentence above a report of deviations: what is shown, how many of how many activities and how
    many sub-activities, and how many activities are only shown because of these."""
    template, language = selected_status.template, phrasing.language
    deviating = [entry for entry in shown_status.item_statuses if selected_status.is_deviating(entry)]
    part_count = sum(map(selected_status.is_part, deviating))
    counts = {
        "count": len(deviating) - part_count,
        "whole": len(selected_status.activities),
        "items": phrasing.item_noun_plural,
    }
    if selected_status.status_field or not selected_status.fields_with_threshold:
        only_shown = len(shown_status.item_statuses) - len(deviating)
        parts = format_item_count(part_count, template.part_level, language) if template.part_level else ""
        items = format_item_count(only_shown, template.item_level, language)
        sentences = (
            phrasing.translate("only_deviations", **counts),
            phrasing.translate("deviating_parts", parts=parts) if part_count else "",
            phrasing.translate("shown_for_parts", items=items) if only_shown else "",
        )
        return " ".join(filter(None, sentences))
    fields = join_words(
        [label_in_sentence(field.label, phrasing.language) for field in selected_status.fields_with_threshold],
        "and",
        phrasing.language,
    )
    return phrasing.translate("only_beyond", field=fields, **counts)


def _default_introduction(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    template = round_status.template
    text = template.introduction.in_language(phrasing.language) if template.introduction else ""
    yield from text_to_blocks(text.replace("{day}", format_long_date(round_status.as_of, phrasing.language)))


def _build_title(round_status: RoundStatus, phrasing: Phrasing) -> str:
    title, date_text = (
        round_status.template.title.in_language(phrasing.language),
        format_long_date(round_status.as_of, phrasing.language),
    )
    return phrasing.translate("title", title=title, day=date_text.replace(" ", "\u00a0"))


def _build_subtitle(round_status: RoundStatus, report_options: ReportOptions) -> str:
    return " – ".join(part for part in (round_status.title, report_options.unit) if part)


# Captions, anchors and filters ---------------------------------------------------------------------------------


def _number_and_anchor_blocks(blocks: Sequence[Block], phrasing: Phrasing) -> Iterator[Block]:
    table_count, picture_count, anchors = 0, 0, set[str]()
    chapters_start_page = _has_long_chapters(blocks)
    for block in blocks:
        if isinstance(block, Heading):
            anchor = _make_anchor(block.text, anchors)
            anchors.add(anchor)
            yield replace(block, anchor=anchor, starts_page=chapters_start_page and block.level == 1)
        elif isinstance(block, ReportTable):
            table_count += 1
            yield replace(block, caption=phrasing.translate("table", number=table_count, caption=block.caption))
        elif isinstance(block, Picture):
            picture_count += 1
            yield replace(block, caption=phrasing.translate("chart", number=picture_count, caption=block.caption))
        else:
            yield block


def _has_long_chapters(blocks: Sequence[Block]) -> bool:
    rows = sum(1 for block in blocks if isinstance(block, ReportTable) for _ in block.all_rows)
    return rows > MIN_ROWS_PER_CHAPTER * sum(isinstance(block, Heading) and block.level == 1 for block in blocks)


def _make_anchor(text: str, used_anchors: set[str]) -> str:
    """Return an anchor made of the heading's letters (a-z, 0-9, hyphens) that is not in `used_anchors`."""
    letters = ascii_letters(text.casefold())
    words = "".join(letter if letter.isalnum() else " " for letter in letters).split()
    base = "-".join(words)[:60].strip("-") or "del"
    return first_free_name(base, used_anchors.__contains__, "{name}-{number}")


def _find_body_anchor(blocks: Sequence[Block]) -> str:
    """Return the anchor of the first-level heading above the first table whose rows can be filtered by status."""
    anchor = ""
    for block in blocks:
        if isinstance(block, Heading) and block.level == 1:
            anchor = block.anchor
        elif isinstance(block, ReportTable) and any(row.status_code for row in block.all_rows):
            return anchor
    return ""


def _count_status_filters(blocks: Sequence[Block], phrasing: Phrasing) -> Iterator[tuple[StatusBadge, int]]:
    rows: list[ReportRow] = [
        row
        for block in blocks
        if isinstance(block, ReportTable)
        for row in block.all_rows
        if row.status_code and not row.continues_row_above
    ]
    for badge in phrasing.status_badges:
        count = sum(row.status_code == badge.code for row in rows)
        if count:
            yield badge, count
