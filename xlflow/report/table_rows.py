"""Groups of activities by level, and the table rows of each group: activities, their sub-activities, their goal.

A long comment gets a row of its own below the status, across the columns, beside its activity, so that no row gets
so long that it has to be split at the end of a page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xlflow.i18n.catalogue import translate
from xlflow.i18n.count_sentences import UNANSWERED
from xlflow.model.text import first_line, normalize_key
from xlflow.report.document import Paragraph, ReportCell, ReportRow, Span, iter_cell_texts, to_spans
from xlflow.report.phrasing import text_after_first_line, text_to_blocks
from xlflow.report.table_columns import (
    MAX_WORD_LETTERS_NARROW,
    ColumnSource,
    build_cells,
    has_comment_column,
    mark_for_hyphenation,
)
from xlflow.rounds.round_status import ItemStatus, RoundStatus


@dataclass(frozen=True, slots=True)
class ItemGroup:
    """The activities with the same text in a level: its first line is the name, the rest its definition.

    `is_blank`: the level text is blank, and the name is one of the program's.
    """

    level_index: int
    name: str
    definition: str
    item_statuses: tuple[ItemStatus, ...]
    is_blank: bool = False


def group_by_level(
    item_statuses: Sequence[ItemStatus], round_status: RoundStatus, level_index: int
) -> tuple[ItemGroup, ...]:
    """Return the groups of plan items with the same name in a level (index from 0), in order of first
    appearance."""
    statuses_by_name: dict[str, list[ItemStatus]] = {}
    for item_status in item_statuses:
        statuses_by_name.setdefault(
            normalize_key(first_line(item_status.item.level_texts[level_index])), []
        ).append(item_status)
    return tuple(_build_group(level_index, members, round_status) for members in statuses_by_name.values())


def goal_level_index(round_status: RoundStatus) -> int | None:
    """Return the index of the lowest level above the activities (the board goal); None if there is none."""
    return round_status.template.item_level_index - 1 if round_status.template.item_level_index else None


def _build_group(level_index: int, item_statuses: Sequence[ItemStatus], round_status: RoundStatus) -> ItemGroup:
    text = item_statuses[0].item.level_texts[level_index]
    if text:
        definition = next(
            filter(
                None,
                (
                    text_after_first_line(item_status.item.level_texts[level_index])
                    for item_status in item_statuses
                ),
            ),
            "",
        )
        return ItemGroup(level_index, first_line(text), definition, tuple(item_statuses))
    return ItemGroup(
        level_index, _blank_group_name(item_statuses, round_status), "", tuple(item_statuses), is_blank=True
    )


def _blank_group_name(item_statuses: Sequence[ItemStatus], round_status: RoundStatus) -> str:
    template, language = round_status.template, round_status.language
    if all(item_status.item.added_by_unit for item_status in item_statuses):
        return translate(
            "overview.own",
            language,
            items=template.item_level.plural_label(language).lower(),
        )
    return translate("overview.not_stated", language)


MAX_COMMENT_BESIDE = 420
"""Characters of a comment up to which it is beside its status; a longer one gets a row of its own."""

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
    """Yield the row of one plan item, and a second one for a comment that is too long to be beside the status."""
    item_cell, *middle_cells, comment_cell = build_cells(item_status, column_source)
    status_code = (
        _filter_code(item_status, column_source.round_status) if column_source.round_status.status_field else ""
    )
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
    """Return a comment cell that begins with the comment's label, since it is not below its heading."""
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


def _filter_code(item_status: ItemStatus, round_status: RoundStatus) -> str:
    """Return the status that a reader filters by, "" without statuses; a sub-activity that follows its activity
    goes with that."""
    if round_status.status_field is None:
        return ""
    return item_status.status_code or ("" if item_status.status else UNANSWERED)
