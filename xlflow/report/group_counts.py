"""Counts of activities by group and status: for the chart of the first page, and the table at the end."""

from collections.abc import Iterator, Sequence
from itertools import chain

from xlflow.report.document import (
    Block,
    Heading,
    Paragraph,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    StatusBadge,
    to_spans,
)
from xlflow.report.phrasing import Phrasing
from xlflow.report.table_rows import ItemGroup, group_by_level
from xlflow.rounds.round_status import ItemStatus, RoundStatus


def build_count_section(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    """Yield the number of activities per group and status as a table; nothing for a round without statuses, or one
    of a single group, whose numbers the first page has."""
    if round_status.status_field is None or len(top_level_groups(round_status)) < 2:
        return
    level = top_level_name(round_status, phrasing)
    yield Heading(1, phrasing.translate("count_heading", level=level))
    yield _build_count_table(round_status, phrasing)


def count_by_status(item_statuses: Sequence[ItemStatus], phrasing: Phrasing) -> list[tuple[StatusBadge, int]]:
    """Return (badge, number of plan items) per status in template order; a status that it does not have comes
    last."""
    item_badges = [
        phrasing.status_badge(item_status.status_code, item_status.status) for item_status in item_statuses
    ]
    ordered_badges = dict.fromkeys(chain(phrasing.status_badges, item_badges))
    return [(badge, item_badges.count(badge)) for badge in ordered_badges]


def top_level_groups(round_status: RoundStatus) -> tuple[ItemGroup, ...]:
    """Return the activities by the first level, in plan order."""
    return group_by_level(round_status.activities, round_status, level_index=0)


def top_level_name(round_status: RoundStatus, phrasing: Phrasing) -> str:
    """Return what the first level is called within a sentence: "perspektiv"."""
    label = round_status.template.levels[0].label.in_language(phrasing.language)
    return label[:1].lower() + label[1:]


def _build_count_table(round_status: RoundStatus, phrasing: Phrasing) -> ReportTable:
    """Return the table of the number of activities per group and status; statuses that do not occur are left
    out."""
    groups = top_level_groups(round_status)
    badges = [badge for badge, count in count_by_status(round_status.activities, phrasing) if count]
    has_deadlines = round_status.template.field_in_role("deadline") is not None
    headings = [
        *(badge.label for badge in badges),
        phrasing.translate("total"),
        *([phrasing.translate("late_heading")] if has_deadlines else []),
    ]
    level = top_level_name(round_status, phrasing)
    return ReportTable(
        caption=phrasing.translate("count_caption", items=phrasing.item_noun_plural, level=level),
        description=phrasing.translate("count_description", level=level),
        columns=(
            ReportColumn(level[:1].upper() + level[1:], 1.7),
            *(ReportColumn(heading, 1, "end") for heading in headings),
        ),
        row_groups=tuple(
            (_build_count_row(group.name, group.item_statuses, badges, phrasing, has_deadlines=has_deadlines),)
            for group in groups
        ),
        total_rows=(
            _build_count_row(
                phrasing.translate("total"), round_status.activities, badges, phrasing, has_deadlines=has_deadlines
            ),
        ),
        is_dense=True,
    )


def _build_count_row(
    label: str,
    item_statuses: Sequence[ItemStatus],
    badges: Sequence[StatusBadge],
    phrasing: Phrasing,
    *,
    has_deadlines: bool,
) -> ReportRow:
    counts = dict(count_by_status(item_statuses, phrasing))
    overdue_count = [sum(item_status.is_overdue for item_status in item_statuses)] if has_deadlines else []
    numbers = [*(counts.get(badge, 0) for badge in badges), len(item_statuses), *overdue_count]
    cells = (ReportCell((Paragraph(to_spans(str(number))),), alignment="end") for number in numbers)
    return ReportRow((ReportCell((Paragraph(to_spans(label)),), is_header=True), *cells))
