"""The body of the report: under each perspective and overall goal the board goals with their activities.

Two layouts. `heading`: the board goal is a heading with its definition, and a simple table below it. `merged`: one
table per overall goal, in which the board goal is a cell beside all of its activities, as in reports made by hand.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from xlflow.model.text import first_line
from xlflow.report.document import (
    Block,
    Heading,
    Paragraph,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    to_spans,
)
from xlflow.report.phrasing import Phrasing, label_without_colon, text_to_blocks
from xlflow.report.table_columns import ColumnSource, build_columns, build_total_row_cells
from xlflow.report.table_rows import ItemGroup, build_rows, goal_level_index, group_by_level
from xlflow.rounds.round_status import ItemStatus, RoundStatus

GoalLayout = Literal["heading", "merged"]

GOAL_COLUMN_SHARE, GOAL_COLUMN_SHARE_NARROW = 2.8, 1.7
"""The share of the table's width that a board goal's cell takes; less beside many amounts."""


@dataclass(frozen=True)
class _SectionContext:
    """What the body is built from. `is_complete`: no activity has been left out, so that groups may be counted."""

    round_status: RoundStatus
    phrasing: Phrasing
    layout: GoalLayout
    is_complete: bool


def build_goal_sections(
    round_status: RoundStatus, phrasing: Phrasing, layout: GoalLayout, *, is_complete: bool
) -> Iterator[Block]:
    """Yield all goals with their activities, in plan order. `is_complete`: no activity has been left out."""
    goal_level = goal_level_index(round_status)
    if goal_level is not None:
        yield from _build_level_sections(
            round_status.top_items, 0, goal_level, _SectionContext(round_status, phrasing, layout, is_complete)
        )
    elif round_status.top_items:
        yield Heading(1, _capitalize(phrasing.item_noun_plural))
        yield _build_item_table("", [(None, round_status.top_items)], round_status, phrasing)


def _build_level_sections(
    item_statuses: Sequence[ItemStatus], level_index: int, goal_level: int, context: _SectionContext
) -> Iterator[Block]:
    """Yield the headings above the goals, and under the last of them its goals."""
    groups = group_by_level(item_statuses, context.round_status, level_index)
    if level_index < goal_level:
        for group in groups:
            yield from _build_group_heading(group, context)
            yield from _build_level_sections(group.item_statuses, level_index + 1, goal_level, context)
    elif context.layout == "heading":
        yield from _build_headed_tables(groups, context)
    elif groups:
        yield from () if level_index else (Heading(1, _capitalize(context.phrasing.item_noun_plural)),)
        title, table_groups = (
            _table_title(groups[0], level_index),
            [(group, group.item_statuses) for group in groups],
        )
        yield _build_item_table(title, table_groups, context.round_status, context.phrasing)


def _build_group_heading(group: ItemGroup, context: _SectionContext) -> Iterator[Block]:
    """Yield a group's heading and its definition; below the first level the heading begins with the level's name.

    A group without a text has a heading on the first level only.
    """
    if group.is_blank and group.level_index:
        return
    phrasing, template = context.phrasing, context.round_status.template
    label = label_without_colon(template.levels[group.level_index].label, phrasing.language)
    heading_text = (
        phrasing.translate("group_heading", level=label, name=group.name) if group.level_index else group.name
    )
    yield Heading(group.level_index + 1, heading_text)
    for block in text_to_blocks(group.definition, "definition"):
        yield replace(block, keep_with_next=True)
    if not group.level_index and context.round_status.status_field and context.is_complete:
        counts_text = phrasing.group_counts_text(group.item_statuses)
        yield Paragraph(to_spans(counts_text), keep_with_next=True)


def _build_headed_tables(groups: Sequence[ItemGroup], context: _SectionContext) -> Iterator[Block]:
    for group in groups:
        yield from _build_group_heading(group, context)
        yield _build_item_table(
            _table_title(group), [(None, group.item_statuses)], context.round_status, context.phrasing
        )


def _table_title(group: ItemGroup, level_count: int | None = None) -> str:
    """Return the lowest non-blank level text of a group's plan items, among the first `level_count` levels if
    given."""
    levels = group.item_statuses[0].item.level_texts[
        : group.level_index + 1 if level_count is None else level_count
    ]
    return first_line(next(filter(None, reversed(levels)), ""))


def _build_item_table(
    title: str,
    table_groups: Sequence[tuple[ItemGroup | None, Sequence[ItemStatus]]],
    round_status: RoundStatus,
    phrasing: Phrasing,
) -> ReportTable:
    column_source = ColumnSource(round_status, phrasing)
    has_goal_column = table_groups[0][0] is not None
    item_statuses = [item_status for _, members in table_groups for item_status in members]
    goal_label = (
        round_status.template.levels[round_status.template.item_level_index - 1].label if has_goal_column else None
    )
    goal_column = (
        (
            ReportColumn(
                label_without_colon(goal_label, phrasing.language),
                GOAL_COLUMN_SHARE_NARROW if column_source.has_comments_below else GOAL_COLUMN_SHARE,
            ),
        )
        if goal_label
        else ()
    )
    caption = (
        phrasing.translate("table_caption", items=_capitalize(phrasing.item_noun_plural), name=title)
        if title
        else _capitalize(phrasing.item_noun_plural)
    )
    return ReportTable(
        caption=caption,
        description=phrasing.translate(
            "merged_description" if has_goal_column else "table_description",
            item=phrasing.item_noun,
            items=phrasing.item_noun_plural,
        ),
        columns=(*goal_column, *build_columns(column_source)),
        row_groups=tuple(build_rows(group, found, column_source) for group, found in table_groups),
        total_rows=_build_total_rows(item_statuses, column_source, has_goal_column=has_goal_column),
        is_dense=column_source.has_comments_below,
        has_group_lines=has_goal_column,
    )


def _build_total_rows(
    item_statuses: Sequence[ItemStatus], column_source: ColumnSource, *, has_goal_column: bool
) -> tuple[ReportRow, ...]:
    if not column_source.amounts.fields or len(item_statuses) < 2:
        return ()
    goal_cells = (ReportCell(),) if has_goal_column else ()
    return tuple(
        ReportRow(goal_cells + build_total_row_cells(label, summed_statuses, column_source))
        for label, summed_statuses in column_source.amounts.list_totals(item_statuses)
    )


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]
