"""What has changed since the previous round, where the consolidated workbook was made against one.

A sentence that counts the activities, then one line per change with what was and what is.
"""

from collections.abc import Iterator

from xlflow.core.changes import ItemChange, ItemSnapshot, count_changes_by_kind
from xlflow.core.followed import RoundStatus
from xlflow.core.sentences import describe_change_counts
from xlflow.core.words import format_long_date, translate
from xlflow.report.document import Block, Heading, Paragraph, Span, to_spans
from xlflow.report.wording import Phrasing, build_limited_list, item_title

ALARMING_CHANGES = ("delayed", "overdue_since", "cancelled")
LISTED_CHANGES = (*ALARMING_CHANGES, "done", "new", "gone", "status", "time")
"""The changes that are told one by one: of activities all of these, of sub-activities the alarming ones. A further
comment or another wording in the plan is not."""


def build_changes_section(round_status: RoundStatus, phrasing: Phrasing, *, with_list: bool) -> Iterator[Block]:
    """Yield what has become of the lines since then; nothing if there is no round to compare with."""
    if round_status.compared_to is None:
        return
    date_text = format_long_date(round_status.compared_to, phrasing.language)
    yield Heading(2, phrasing.translate("since", day=date_text), in_contents=False)
    level = round_status.template.levels[round_status.template.item_level_index]
    counts = count_changes_by_kind([change for change in round_status.changes if not change.is_part])
    yield Paragraph(to_spans(describe_change_counts(counts, level, round_status.compared_to, phrasing.language)))
    if with_list:
        listed = [
            candidate
            for candidate in round_status.changes
            if candidate.kind in (ALARMING_CHANGES if candidate.is_part else LISTED_CHANGES)
        ]
        yield from build_limited_list(
            [tuple(_change_spans(change, round_status, phrasing)) for change in listed], phrasing
        )


def _change_spans(change: ItemChange, round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Span]:
    yield Span(f"{translate(f'changed.{change.kind}', phrasing.language)}: ")
    yield Span(item_title(change.item, round_status.template), strong=True)
    before, now = change.previous, change.current
    differences = list(_describe_differences(before, now, phrasing)) if before and now else []
    if differences:
        yield Span(f". {' '.join(differences)}")


def _describe_differences(before: ItemSnapshot, now: ItemSnapshot, phrasing: Phrasing) -> Iterator[str]:
    """Yield status and time, each then and now, where they differ."""
    statuses = [phrasing.status_badge(state.status_code, state.status).label for state in (before, now)]
    if statuses[0] != statuses[1] and not before.follows_parent and not now.follows_parent:
        yield phrasing.translate("status_then", before=statuses[0], now=statuses[1])
    times = ["; ".join(state.effective_deadline_text.split("\n")) for state in (before, now)]
    if times[0] != times[1] and all(times):
        yield phrasing.translate("time_then", before=times[0], now=times[1])
