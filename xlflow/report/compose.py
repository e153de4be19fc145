"""Composes the report: a `RoundStatus` becomes one document, the same for every format.

Also numbers captions and gives every heading its anchor, so that no writer has to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from xlflow.i18n.catalogue import format_long_date
from xlflow.i18n.count_sentences import plural_level_name
from xlflow.model.text import ascii_letters, first_free_name
from xlflow.report.change_section import build_change_section
from xlflow.report.deviation_section import build_deviation_section
from xlflow.report.document import (
    MAX_PAGES_WITHOUT_CONTENTS,
    Block,
    ContentsPlace,
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
from xlflow.report.front_page import build_front_page
from xlflow.report.goal_sections import GoalLayout, build_goal_sections, build_unit_table
from xlflow.report.group_counts import build_count_section
from xlflow.report.line_estimates import estimate_pages
from xlflow.report.money_page import build_sum_section, build_threshold_section
from xlflow.report.particulars import Particulars, build_particulars
from xlflow.report.phrasing import Phrasing, text_to_blocks
from xlflow.report.question_section import build_question_section
from xlflow.report.response_section import build_response_section
from xlflow.rounds.round_status import RoundStatus, restrict_to_unit

MAX_ITEMS_ON_ONE_PAGE = 12
"""Activities up to which the parts of a report follow each other without page breaks between them."""

CONTENTS_DEPTH = 2
"""Levels of headings in the table of contents."""

MIN_ROWS_PER_CHAPTER = 60
"""Average number of table rows per chapter from which on each chapter begins on a new page."""


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report shows: the layout, only deviations or everything, one unit only, an introduction of its
    own, whose report it is. `event_ids`: of the newest events of a project that its answers come from."""

    layout: GoalLayout = "heading"
    only: Literal["deviations"] | None = None
    unit: str = ""
    introduction: tuple[Block, ...] = ()
    event_ids: tuple[str, ...] = ()
    particulars: Particulars = field(default_factory=Particulars)


def compose_document(round_status: RoundStatus, report_options: ReportOptions) -> Document:
    """Return the whole report. `report_options.unit` must be spelt as in the plan (see `resolve_unit_name`)."""
    selected_status = restrict_to_unit(round_status, report_options.unit) if report_options.unit else round_status
    phrasing = Phrasing(selected_status)
    blocks = tuple(
        _number_and_anchor_blocks(
            tuple(nest_headings(_build_blocks(selected_status, report_options, phrasing))), phrasing
        )
    )
    part_level = selected_status.template.part_level
    return Document(
        title=_build_title(selected_status, phrasing),
        subtitle=_build_subtitle(selected_status, report_options),
        language=phrasing.language,
        as_of=selected_status.as_of,
        blocks=blocks,
        particulars=build_particulars(selected_status.template, report_options.particulars, phrasing),
        item_noun_plural=phrasing.item_noun_plural,
        part_noun_plural=plural_level_name(part_level, phrasing.language) if part_level else "",
        is_long=estimate_pages(blocks) > MAX_PAGES_WITHOUT_CONTENTS,
        contents=tuple(_list_contents(blocks)),
        body_anchor=_find_body_anchor(blocks),
        status_filters=tuple(_count_status_filters(blocks, phrasing)),
    )


def _build_blocks(round_status: RoundStatus, report_options: ReportOptions, phrasing: Phrasing) -> Iterator[Block]:
    """Yield what the report is about, and last what it was made from."""
    yield from _build_parts(round_status, report_options, phrasing)
    if report_options.event_ids:
        sentence = phrasing.translate("made_from_events", events=", ".join(report_options.event_ids))
        yield Paragraph(to_spans(sentence), "quiet")


def _build_parts(round_status: RoundStatus, report_options: ReportOptions, phrasing: Phrasing) -> Iterator[Block]:
    """Yield the first page, the deviations, the changes, then goal by goal; of a shorter report less of it."""
    is_short, is_unit = report_options.only is not None, bool(report_options.unit)
    starts_page = not is_unit and len(round_status.top_items) > MAX_ITEMS_ON_ONE_PAGE
    yield from report_options.introduction
    yield from build_front_page(round_status, phrasing, marks_rows=not is_short, with_chart=not is_unit)
    if not report_options.introduction and not is_unit:
        yield from _default_introduction(round_status, phrasing)
    yield ContentsPlace()
    yield from build_deviation_section(round_status, phrasing, is_alone=is_short, starts_page=starts_page)
    yield from build_threshold_section(round_status, phrasing, starts_page=starts_page)
    if is_short:
        return
    yield from build_change_section(round_status, phrasing, starts_page=starts_page)
    if is_unit:
        yield from build_unit_table(round_status, phrasing)
    else:
        yield from build_sum_section(round_status, phrasing)
        goal_blocks = list(build_goal_sections(round_status, phrasing, report_options.layout))
        yield from _start_page(goal_blocks) if starts_page else goal_blocks
    yield from build_question_section(round_status, phrasing)
    if not is_unit:
        yield from build_count_section(round_status, phrasing)
        yield from build_response_section(round_status, phrasing)


def _start_page(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks; the first, if it is a heading, begins a new page."""
    for index, block in enumerate(blocks):
        yield replace(block, starts_page=True) if index == 0 and isinstance(block, Heading) else block


def _list_contents(blocks: Sequence[Block]) -> Iterator[Heading]:
    for block in blocks:
        if isinstance(block, Heading) and block.in_contents and block.level <= CONTENTS_DEPTH:
            yield block


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
            yield replace(block, anchor=anchor, starts_page=_begins_page(block, chapters_start_page))
        elif isinstance(block, ReportTable):
            table_count += 1
            yield replace(block, caption=phrasing.translate("table", number=table_count, caption=block.caption))
        elif isinstance(block, Picture):
            picture_count += 1
            yield replace(block, caption=phrasing.translate("chart", number=picture_count, caption=block.caption))
        else:
            yield block


def _begins_page(heading: Heading, chapters_start_page: bool) -> bool:
    return heading.starts_page or (chapters_start_page and heading.level == 1 and heading.in_contents)


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
