"""The rows of a table of activities: each activity, then its sub-activities; the goal beside them all.

A long comment goes on a row of its own below the status, across the columns, beside its activity: no column gets
so long that it has to be cut at the end of a page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from xlflow.core.followed import ItemStatus
from xlflow.core.sentences import UNANSWERED
from xlflow.report.columns import (
    MAX_WORD_LETTERS_NARROW,
    ColumnSource,
    build_cells,
    has_comment_column,
    mark_for_hyphenation,
)
from xlflow.report.document import Paragraph, ReportCell, ReportRow, Span, iter_cell_texts, to_spans
from xlflow.report.lines import ItemGroup
from xlflow.report.wording import text_to_blocks

MAX_COMMENT_BESIDE = 420
"""Characters of a comment that stand beside its status; a longer one gets a row of its own."""

MAX_COMMENT_KEPT_TOGETHER = 3000
"""Characters of a comment that is kept on one page; a longer one may go on on the next."""


def build_rows(
    group: ItemGroup | None, item_statuses: Sequence[ItemStatus], column_source: ColumnSource
) -> tuple[ReportRow, ...]:
    """Return the rows of some activities; a group's cell spans them all."""
    shown_statuses = (
        item_status
        for activity in item_statuses
        for item_status in (activity, *column_source.parts_with_rows(activity))
    )
    rows = [row for entry in shown_statuses for row in _build_item_rows(entry, column_source)]
    if group is not None:
        rows[0] = replace(rows[0], cells=(_build_goal_cell(group, len(rows)), *rows[0].cells))
    return tuple(rows)


def _build_item_rows(item_status: ItemStatus, column_source: ColumnSource) -> Iterator[ReportRow]:
    """Yield the row of one line, and a second one for a comment that is too long to stand beside the status."""
    item_cell, *middle_cells, comment_cell = build_cells(item_status, column_source)
    status_code = _filter_code(item_status)
    comment_length = sum(map(len, iter_cell_texts(comment_cell)))
    keep_together = comment_length <= MAX_COMMENT_KEPT_TOGETHER
    if (
        not has_comment_column(column_source)
        or not middle_cells
        or (comment_length <= MAX_COMMENT_BESIDE and not column_source.has_comments_below)
    ):
        yield ReportRow((item_cell, *middle_cells, comment_cell), status_code, keep_together)
    elif not comment_length:
        yield ReportRow((item_cell, *middle_cells), status_code, keep_together)
    else:
        empty_cells = () if column_source.has_comments_below else (ReportCell(),)
        yield ReportRow((replace(item_cell, row_span=2), *middle_cells, *empty_cells), status_code, keep_together)
        labelled_cell = _label_comment_cell(comment_cell, column_source)
        yield ReportRow(
            (replace(labelled_cell, column_span=len(middle_cells) + len(empty_cells)),),
            status_code,
            keep_together,
            continues_row_above=True,
        )


def _label_comment_cell(cell: ReportCell, column_source: ColumnSource) -> ReportCell:
    """Return a cell of comments that says so itself, since it does not stand below its heading."""
    if column_source.comment_field is None:
        return cell
    label = f"{column_source.field_label(column_source.comment_field)}: "
    first_block = cell.content[0]
    if isinstance(first_block, Paragraph):
        spans = (Span(label, emphasis=True), *first_block.spans)
        return replace(cell, content=(replace(first_block, spans=spans), *cell.content[1:]))
    return replace(cell, content=(Paragraph((Span(label, emphasis=True),)), *cell.content))


def _build_goal_cell(group: ItemGroup, row_count: int) -> ReportCell:
    name = Paragraph(to_spans(group.name, strong=True))
    cell = ReportCell(
        (name, *text_to_blocks(group.definition)), row_span=row_count, is_header=True, heads_group=True
    )
    return mark_for_hyphenation(cell, MAX_WORD_LETTERS_NARROW)


def _filter_code(item_status: ItemStatus) -> str:
    """Return the status that a reader filters by; a sub-activity that follows its activity goes with that."""
    return item_status.status_code or ("" if item_status.status else UNANSWERED)
