"""What has changed since the previous round, as one table: grouped by kind, with status and deadline then and now.

Activities that are no longer in the plan are named, since no other table has them.
"""

from collections.abc import Iterator, Sequence

from xlflow.i18n.catalogue import format_long_date, translate
from xlflow.i18n.count_sentences import describe_change_counts
from xlflow.report.deadline_reading import keep_deadline_together
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
from xlflow.report.phrasing import Phrasing, item_title, label_without_colon, make_small
from xlflow.report.table_bands import build_band, count_rows
from xlflow.report.table_columns import MAX_WORD_LETTERS_NARROW, mark_for_hyphenation
from xlflow.rounds.round_changes import CHANGE_KINDS, ItemChange, ItemSnapshot, count_changes_by_kind
from xlflow.rounds.round_status import RoundStatus

ALARMING_CHANGES = ("delayed", "overdue_since", "cancelled")
LISTED_CHANGES = (*ALARMING_CHANGES, "done", "status", "time", "new", "gone")
"""The kinds of change that have a row each: all of these for activities, the alarming ones for sub-activities. A
changed comment or another wording in the plan has none."""

_DASH = "–"


def build_change_section(round_status: RoundStatus, phrasing: Phrasing, *, starts_page: bool) -> Iterator[Block]:
    """Yield the changes since the previous round; nothing if the workbook was not compared with one."""
    if round_status.compared_to is None:
        return
    date_text = format_long_date(round_status.compared_to, phrasing.language)
    listed = [
        change
        for change in round_status.changes
        if change.kind in (ALARMING_CHANGES if change.is_part else LISTED_CHANGES)
    ]
    yield Heading(1, phrasing.translate("since", day=date_text), starts_page=starts_page and bool(listed))
    if len(round_status.unit_statuses) == 1 and any(len(each.item.units) > 1 for each in round_status.changes):
        yield Paragraph(to_spans(phrasing.translate("changes_over_units")), "quiet")
    if listed:
        yield _build_change_table(listed, round_status, phrasing)
    else:
        counts = count_changes_by_kind(())
        level = round_status.template.item_level
        sentence = describe_change_counts(counts, level, round_status.compared_to, phrasing.language)
        yield Paragraph(to_spans(sentence))


def _build_change_table(
    changes: Sequence[ItemChange], round_status: RoundStatus, phrasing: Phrasing
) -> ReportTable:
    has_deadlines = round_status.template.field_in_role("deadline") is not None
    columns = (
        ReportColumn(label_without_colon(round_status.template.item_level.label, phrasing.language), 4.4),
        ReportColumn(translate("changed.status_before", phrasing.language), 2.3),
        ReportColumn(translate("changed.status_now", phrasing.language), 2.3),
        *((ReportColumn(phrasing.translate("time_before_now"), 3),) if has_deadlines else ()),
    )
    row_groups = []
    for kind in sorted({change.kind for change in changes}, key=_kind_position):
        found = [change for change in changes if change.kind == kind]
        counts = count_rows([change.is_part for change in found], round_status, phrasing)
        band = build_band(f"{translate(f'changed.{kind}', phrasing.language)}: {counts}", len(columns))
        rows = (_build_row(change, round_status, phrasing, has_deadlines=has_deadlines) for change in found)
        row_groups.append((band, *rows))
    return ReportTable(
        caption=phrasing.translate("changes_caption"),
        description=phrasing.translate("changes_description", item=phrasing.item_noun),
        columns=columns,
        row_groups=tuple(row_groups),
    )


def _kind_position(kind: str) -> int:
    return LISTED_CHANGES.index(kind) if kind in LISTED_CHANGES else len(CHANGE_KINDS)


def _build_row(
    change: ItemChange, round_status: RoundStatus, phrasing: Phrasing, *, has_deadlines: bool
) -> ReportRow:
    item_status = round_status.status_by_id.get(change.item.id)
    completeness = phrasing.completeness_in_brackets(item_status) if item_status else ""
    name = Paragraph(to_spans(f"{item_title(change.item, round_status.template)}{completeness}"))
    cells = [
        mark_for_hyphenation(ReportCell((name,), is_header=True)),
        _status_cell(change.previous, phrasing),
        _status_cell(change.current, phrasing),
    ]
    if has_deadlines:
        cells.append(mark_for_hyphenation(_deadline_cell(change), MAX_WORD_LETTERS_NARROW))
    return ReportRow(tuple(cells))


def _status_cell(snapshot: ItemSnapshot | None, phrasing: Phrasing) -> ReportCell:
    """Return the status of one of the two rounds; a dash where the activity was not in the plan."""
    content: StatusBadge | Paragraph = Paragraph(to_spans(_DASH), "quiet")
    if snapshot and snapshot.follows_parent:
        content = Paragraph(to_spans(phrasing.follows_activity_text()), "quiet")
    elif snapshot:
        content = make_small(phrasing.status_badge(snapshot.status_code, snapshot.status))
    return ReportCell((content,))


def _deadline_cell(change: ItemChange) -> ReportCell:
    """Return the deadline then and now; only one of them where they are the same or one is not known."""
    before = _on_one_line(change.previous.effective_deadline_text) if change.previous else ""
    now = _on_one_line(change.current.effective_deadline_text) if change.current else ""
    if before and now and before != now:
        before, now = keep_deadline_together(before), keep_deadline_together(now)
        spans = (*to_spans(f"{before} → "), *to_spans(now, strong=True))
        return ReportCell((Paragraph(spans),))
    text = now or before
    return ReportCell((Paragraph(to_spans(text)),)) if text else ReportCell()


def _on_one_line(text: str) -> str:
    return "; ".join(text.split("\n"))
