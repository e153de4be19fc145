"""The columns and cells of the tables of activities, whatever fields the template declares.

Activity, deadline with the new one below it, status, amounts, comment. What else was asked stands in the cell of
the comment under its own label, so that a table never grows wider than its page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from xlflow.i18n.catalogue import translate
from xlflow.model.template_elements import Field
from xlflow.report.amount_totals import Amounts, field_value
from xlflow.report.document import (
    Bullets,
    Paragraph,
    ReportCell,
    ReportColumn,
    Span,
    StatusBadge,
    iter_cell_texts,
    to_spans,
)
from xlflow.report.phrasing import Phrasing, label_without_colon, text_to_blocks
from xlflow.report.row_faults import RowFaults
from xlflow.rounds.round_status import DisplayValues, ItemStatus, RoundStatus, UnitReply

ITEM_SHARE, DEADLINE_SHARE, STATUS_SHARE, AMOUNT_SHARE, COMMENT_SHARE = 4.0, 2.0, 2.2, 2.0, 4.3
"""Shares of the table's width."""

ITEM_SHARE_BESIDE_AMOUNTS = 2.6

MAX_WORD_LETTERS, MAX_WORD_LETTERS_NARROW = 20, 11
"""Letters that a word may have and still fit a column, and a narrow one (a time, a goal)."""

MAX_AMOUNT_COLUMNS = 3
"""Columns of amounts that leave room for one with comments."""

MIN_PARTS_FOR_COUNTS = 4
"""Sub-activities from which on a sentence below their activity counts them."""

MAX_UNITS_NAMED = 3
"""Units that are named below an activity; of more, only the number."""


@dataclass(frozen=True)
class ColumnSource:
    """The round, its wording, and which field goes into which column of the report's tables."""

    round_status: RoundStatus
    phrasing: Phrasing

    @cached_property
    def deadline_field(self) -> Field | None:
        """The field for the deadline."""
        return self.round_status.template.field_in_role("deadline")

    @cached_property
    def new_deadline_field(self) -> Field | None:
        """The field for the new deadline."""
        return self.round_status.template.field_in_role("new_deadline")

    @cached_property
    def comment_field(self) -> Field | None:
        """The field for the comment."""
        return self.round_status.template.field_in_role("comment")

    @cached_property
    def amounts(self) -> Amounts:
        """The amounts, if the template asks for any."""
        return Amounts(self.round_status)

    @cached_property
    def row_faults(self) -> RowFaults:
        """The errors and contradictions to mark at their rows."""
        return RowFaults(self.round_status, self.phrasing)

    @cached_property
    def has_comments_below(self) -> bool:
        """Whether there are so many amounts that comments get rows of their own below them."""
        return len(self.amounts.fields) > MAX_AMOUNT_COLUMNS

    @cached_property
    def fields_without_column(self) -> tuple[Field, ...]:
        """The fields that have no column of their own."""
        fields_with_column = {
            self.deadline_field,
            self.new_deadline_field,
            self.comment_field,
            self.round_status.status_field,
            *self.amounts.fields,
        }
        return tuple(field for field in self.round_status.template.fields if field not in fields_with_column)

    def field_label(self, field: Field) -> str:
        """Return a field's heading."""
        return label_without_colon(field.label, self.phrasing.language)

    def parts_with_rows(self, activity: ItemStatus) -> tuple[ItemStatus, ...]:
        """Return the sub-activities that get a row each: all, if any of them has answers or a status of its
        own."""
        parts = self.round_status.parts_by_activity.get(activity.item.id, ())
        errors_by_item = self.round_status.errors_by_item
        return parts if any(_has_own_content(part) or part.item.id in errors_by_item for part in parts) else ()

    def parts_as_bullets(self, activity: ItemStatus) -> tuple[ItemStatus, ...]:
        """Return the sub-activities that are only named below their activity."""
        return (
            () if self.parts_with_rows(activity) else self.round_status.parts_by_activity.get(activity.item.id, ())
        )


def build_columns(column_source: ColumnSource) -> tuple[ReportColumn, ...]:
    """Return the columns from the activity on."""
    return tuple(_iter_columns(column_source))


def build_cells(item_status: ItemStatus, column_source: ColumnSource) -> tuple[ReportCell, ...]:
    """Return the cells of one plan item, in the order of the columns."""
    return tuple(_iter_cells(item_status, column_source))


def mark_for_hyphenation(cell: ReportCell, max_letters: int = MAX_WORD_LETTERS) -> ReportCell:
    """Return a cell that says whether it holds a word of more letters than its column may have room for."""
    words = (word for text in iter_cell_texts(cell) if len(text) > max_letters for word in text.split())
    return replace(cell, can_hyphenate=True) if any(len(word) > max_letters for word in words) else cell


def build_total_row_cells(
    label: str, item_statuses: Sequence[ItemStatus], column_source: ColumnSource
) -> tuple[ReportCell, ...]:
    """Return the cells of a row of sums of some plan items."""
    label_cell = ReportCell((Paragraph(to_spans(label, strong=True)),), is_header=True)
    blank = [
        ReportCell() for field in (column_source.deadline_field, column_source.round_status.status_field) if field
    ]
    rest = (ReportCell(),) if has_comment_column(column_source) and not column_source.has_comments_below else ()
    return (label_cell, *blank, *column_source.amounts.build_total_cells(item_statuses), *rest)


def has_comment_column(column_source: ColumnSource) -> bool:
    """Return whether the last column has any contents: comments, or fields without a column of their own."""
    return bool(column_source.comment_field or column_source.fields_without_column)


# Columns --------------------------------------------------------------------------------------------------


def _iter_columns(column_source: ColumnSource) -> Iterator[ReportColumn]:
    template = column_source.round_status.template
    share = ITEM_SHARE_BESIDE_AMOUNTS if column_source.has_comments_below else ITEM_SHARE
    yield ReportColumn(
        label_without_colon(template.item_level.label, column_source.phrasing.language),
        share,
    )
    if column_source.deadline_field:
        yield ReportColumn(column_source.field_label(column_source.deadline_field), DEADLINE_SHARE)
    if column_source.round_status.status_field:
        yield ReportColumn(column_source.field_label(column_source.round_status.status_field), STATUS_SHARE)
    yield from (
        ReportColumn(column_source.field_label(field), AMOUNT_SHARE, "end")
        for field in column_source.amounts.fields
    )
    if has_comment_column(column_source) and not column_source.has_comments_below:
        yield ReportColumn(
            column_source.field_label(column_source.comment_field)
            if column_source.comment_field
            else column_source.phrasing.translate("answers"),
            COMMENT_SHARE,
        )


def _iter_cells(item_status: ItemStatus, column_source: ColumnSource) -> Iterator[ReportCell]:
    part_level = column_source.round_status.template.part_level_index
    is_part = part_level is not None and bool(item_status.item.level_texts[part_level])
    yield mark_for_hyphenation(
        ReportCell(
            (
                *_item_content(item_status, column_source, is_part=is_part),
                *_fault_content(item_status, column_source),
            ),
            is_header=True,
            is_indented=is_part,
        )
    )
    if column_source.deadline_field:
        yield mark_for_hyphenation(
            ReportCell(tuple(_deadline_content(item_status, column_source))), MAX_WORD_LETTERS_NARROW
        )
    if column_source.round_status.status_field:
        yield ReportCell(tuple(_status_content(item_status, column_source)))
    for field in column_source.amounts.fields:
        text = column_source.amounts.format_amount(field_value(item_status, field), field)
        yield ReportCell((Paragraph(to_spans(text)),) if text else (), alignment="end")
    if has_comment_column(column_source):
        yield mark_for_hyphenation(ReportCell(tuple(_comment_content(item_status, column_source))))


# Cells ----------------------------------------------------------------------------------------------------


def _item_content(
    item_status: ItemStatus, column_source: ColumnSource, *, is_part: bool
) -> Iterator[Paragraph | Bullets]:
    template, levels = column_source.round_status.template, item_status.item.level_texts
    if is_part and template.part_level_index is not None:
        yield from text_to_blocks(levels[template.part_level_index])
        return
    yield from text_to_blocks(levels[template.item_level_index])
    parts = column_source.parts_as_bullets(item_status)
    if parts and template.part_level_index is not None:
        yield Bullets(
            tuple(to_spans(" ".join(part.item.level_texts[template.part_level_index].split())) for part in parts)
        )
    rows = column_source.parts_with_rows(item_status)
    if (
        len(rows) >= MIN_PARTS_FOR_COUNTS
        and template.part_level_index is not None
        and column_source.round_status.status_field
    ):
        counts_sentence = column_source.phrasing.status_counts_text(
            rows, template.levels[template.part_level_index]
        )
        yield Paragraph(to_spans(counts_sentence), "quiet")
    notes = " · ".join(_item_notes(item_status, column_source))
    if notes:
        yield Paragraph(to_spans(notes), "quiet")


def _fault_content(item_status: ItemStatus, column_source: ColumnSource) -> Iterator[Paragraph]:
    yield from (Paragraph(to_spans(text, strong=True)) for text in column_source.row_faults.describe(item_status))


def _item_notes(item_status: ItemStatus, column_source: ColumnSource) -> Iterator[str]:
    """Yield the notes below an activity: its units, whether a unit added it, what it continues from."""
    units = item_status.item.units
    if len(column_source.round_status.unit_statuses) > 1 and units:
        yield (
            ", ".join(units)
            if len(units) <= MAX_UNITS_NAMED
            else column_source.phrasing.translate("units", count=len(units))
        )
    if item_status.item.added_by_unit:
        yield translate("consolidated.from_unit", column_source.phrasing.language)
    if item_status.item.continues_from:
        yield column_source.phrasing.translate("continues", origin=item_status.item.continues_from)


def _deadline_content(item_status: ItemStatus, column_source: ColumnSource) -> Iterator[Paragraph]:
    if column_source.deadline_field:
        yield from (
            Paragraph(to_spans(line))
            for line in _nonblank_lines(str(field_value(item_status, column_source.deadline_field)))
        )
    new_deadline = (
        str(field_value(item_status, column_source.new_deadline_field))
        if column_source.new_deadline_field and not item_status.unit_replies
        else ""
    )
    if new_deadline and column_source.new_deadline_field:
        yield Paragraph(to_spans(f"{column_source.field_label(column_source.new_deadline_field)}:"), "quiet")
        yield Paragraph(to_spans(" ".join(new_deadline.split()), strong=True))
    if item_status.is_overdue:
        yield Paragraph(to_spans(column_source.phrasing.translate("late_here")), "quiet")


def _status_content(item_status: ItemStatus, column_source: ColumnSource) -> Iterator[Paragraph | StatusBadge]:
    badge = column_source.phrasing.item_badge(item_status)
    yield badge or Paragraph(to_spans(column_source.phrasing.follows_activity_text()), "quiet")
    if item_status.completeness:
        yield Paragraph(to_spans(item_status.completeness), "quiet")


def _comment_content(item_status: ItemStatus, column_source: ColumnSource) -> Iterator[Paragraph | Bullets]:
    if not item_status.unit_replies:
        yield from _answer_content(item_status.answers, column_source)
        return
    for reply in item_status.unit_replies:
        yield from _reply_content(reply, item_status, column_source)


def _reply_content(
    reply: UnitReply, item_status: ItemStatus, column_source: ColumnSource
) -> Iterator[Paragraph | Bullets]:
    """Yield the reply of one of several units: its name, its status if that differs, its new deadline, its
    comment."""
    new_deadline = (
        str(reply.answers.get(column_source.new_deadline_field.key, ""))
        if column_source.new_deadline_field
        else ""
    )
    differs = reply.status and not reply.follows_parent and reply.status_code != item_status.status_code
    lead_texts = [
        *([reply.status] if differs else []),
        *(
            [f"{column_source.field_label(column_source.new_deadline_field)}: {new_deadline}"]
            if new_deadline and column_source.new_deadline_field
            else []
        ),
    ]
    answer_blocks = list(_answer_content(reply.answers, column_source))
    if not lead_texts and not answer_blocks:
        return
    lead_spans = (
        Span(f"{reply.unit}: ", strong=True),
        *to_spans(f"{', '.join(lead_texts)}. " if lead_texts else ""),
    )
    if answer_blocks and isinstance(answer_blocks[0], Paragraph):
        yield Paragraph((*lead_spans, *answer_blocks[0].spans))
        yield from answer_blocks[1:]
    else:
        yield Paragraph(lead_spans)
        yield from answer_blocks


def _answer_content(answers: DisplayValues, column_source: ColumnSource) -> Iterator[Paragraph | Bullets]:
    if column_source.comment_field:
        yield from text_to_blocks(str(answers.get(column_source.comment_field.key, "")))
    for field in column_source.fields_without_column:
        text = str(answers.get(field.key, ""))
        if text:
            yield Paragraph((Span(f"{column_source.field_label(field)}: "), Span(" ".join(text.split()))))


# Values ---------------------------------------------------------------------------------------------------


def _nonblank_lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _has_own_content(part: ItemStatus) -> bool:
    return bool(part.status_code or part.status or part.plan_values or part.answers or part.unit_replies) and not (
        part.follows_parent and not part.plan_values and not part.answers
    )
