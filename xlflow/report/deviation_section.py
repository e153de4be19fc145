"""What deviates, as one table: by status with counts, the longest delay first, with new deadline and reason.

Every row is here, however many there are; only a reason may be
shortened, and the mark … says so.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from xlflow.i18n.catalogue import translate
from xlflow.model.template_elements import Choice, Field
from xlflow.model.text import first_line
from xlflow.report.deadline_reading import DeadlineReader, keep_deadline_together
from xlflow.report.document import (
    Block,
    Heading,
    Paragraph,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    Span,
    to_spans,
)
from xlflow.report.phrasing import Phrasing, item_title, label_without_colon, shorten_reason
from xlflow.report.row_faults import RowFaults
from xlflow.report.table_bands import build_band, count_rows
from xlflow.report.table_columns import MAX_WORD_LETTERS_NARROW, mark_for_hyphenation
from xlflow.rounds.round_status import DisplayValues, ItemStatus, RoundStatus
from xlflow.values import format_deadline

MAX_UNITS_NAMED = 3
"""Units that a row names; of more, only the number."""

MAX_REASON_LENGTH_ALONE = 700
"""Characters of a reason in a report that has no other place for the comment."""

_UNKNOWN_DELAY = -1


def build_deviation_section(
    round_status: RoundStatus, phrasing: Phrasing, *, is_alone: bool, starts_page: bool
) -> Iterator[Block]:
    """Yield the table of what deviates or is late, or the sentence that nothing does; nothing for a round without
    statuses. `is_alone`: no table behind it shows the same rows."""
    if round_status.status_field is None:
        return
    yield Heading(1, phrasing.translate("deviations"), starts_page=starts_page)
    source = _DeviationSource(round_status, phrasing, is_alone)
    groups = [(title, rows) for title, rows in source.groups() if rows]
    if not groups:
        yield Paragraph(to_spans(phrasing.translate("no_deviations", items=phrasing.item_noun_plural)))
        return
    yield Paragraph(to_spans(phrasing.translate("deviations_order")), "quiet", keep_with_next=True)
    yield source.build_table(groups)
    if is_alone and any(source.was_shortened):
        yield Paragraph(to_spans(phrasing.translate("reasons_shortened")), "quiet")


@dataclass(frozen=True, slots=True)
class _DeviatingRow:
    """One row: the plan item, the answers that deviate by unit ("" for the only one), whether the item is a
    sub-activity, and whether it stands below its activity."""

    item_status: ItemStatus
    answers: tuple[tuple[str, DisplayValues], ...]
    is_part: bool
    is_below_activity: bool
    delay: int


@dataclass(frozen=True)
class _DeviationSource:
    round_status: RoundStatus
    phrasing: Phrasing
    is_alone: bool

    @cached_property
    def deadlines(self) -> DeadlineReader:
        return DeadlineReader(self.round_status)

    @cached_property
    def row_faults(self) -> RowFaults:
        return RowFaults(self.round_status, self.phrasing)

    @cached_property
    def was_shortened(self) -> list[bool]:
        """Whether each reason that was written so far was shortened."""
        return []

    @cached_property
    def shows_units(self) -> bool:
        return len(self.round_status.unit_statuses) > 1

    # Groups and their order

    def groups(self) -> Iterator[tuple[str, list[_DeviatingRow]]]:
        """Yield (status, rows): what is delayed, what is late without being in another group, then the others."""
        choices = [each for each in self.round_status.status_choices.values() if each.deviation]
        choices.sort(key=lambda choice: (choice.final, not choice.delayed, -(choice.rank or 0)))
        delayed = [choice for choice in choices if choice.delayed]
        for choice in delayed:
            yield self._choice_title(choice), self._rows_with_status(choice)
        yield (
            self.phrasing.translate("late_heading"),
            self._sort(lambda entry: entry.is_overdue and not self._has_own_deviation(entry), None),
        )
        for choice in choices:
            if choice not in delayed:
                yield self._choice_title(choice), self._rows_with_status(choice)

    def _choice_title(self, choice: Choice) -> str:
        label = choice.label.in_language(self.phrasing.language)
        return f"{choice.icon}\u00a0{label}" if choice.icon else label

    def _has_own_deviation(self, entry: ItemStatus) -> bool:
        return self.round_status.has_deviating_status(entry) and not entry.follows_parent

    def _rows_with_status(self, choice: Choice) -> list[_DeviatingRow]:
        return self._sort(lambda entry: entry.status_code == choice.code and not entry.follows_parent, choice)

    def _sort(self, matches: Callable[[ItemStatus], bool], choice: Choice | None) -> list[_DeviatingRow]:
        """Return the rows that match, longest delay first; sub-activities stay below their activity."""
        blocks: list[list[_DeviatingRow]] = []
        for top_item in self.round_status.top_items:
            entries = (top_item, *self.round_status.parts_by_activity[top_item.item.id])
            matching = [entry for entry in entries if matches(entry)]
            has_activity = bool(matching) and matching[0] is top_item
            rows = [
                self._make_row(entry, choice, is_below=has_activity and index > 0)
                for index, entry in enumerate(matching)
            ]
            if has_activity:
                blocks.append(rows)
            else:
                blocks += [[row] for row in rows]
        blocks.sort(key=lambda rows: -max(row.delay for row in rows))
        return [row for rows in blocks for row in rows]

    def _make_row(self, entry: ItemStatus, choice: Choice | None, *, is_below: bool) -> _DeviatingRow:
        replies = [
            (reply.unit, reply.answers)
            for reply in entry.unit_replies
            if (reply.status_code == choice.code if choice else reply.unit in entry.overdue_units)
        ]
        answers = tuple(replies) or (("", entry.answers),)
        days = [self.deadlines.delay_in_days(entry.plan_values, values) for _, values in answers]
        delay = max((day for day in days if day is not None), default=_UNKNOWN_DELAY)
        return _DeviatingRow(entry, answers, self.round_status.is_part(entry), is_below, delay)

    # Cells

    def build_table(self, groups: Sequence[tuple[str, list[_DeviatingRow]]]) -> ReportTable:
        columns = tuple(self._columns())
        row_groups = []
        for title, rows in groups:
            counts = count_rows([row.is_part for row in rows], self.round_status, self.phrasing)
            band = build_band(f"{title}: {counts}", len(columns))
            row_groups.append((band, *(self._build_row(row) for row in rows)))
        return ReportTable(
            caption=self.phrasing.translate("deviations_caption"),
            description=self.phrasing.translate("deviations_description", item=self.phrasing.item_noun),
            columns=columns,
            row_groups=tuple(row_groups),
        )

    def _columns(self) -> Iterator[ReportColumn]:
        yield ReportColumn(
            label_without_colon(self.round_status.template.item_level.label, self.phrasing.language), 3.7
        )
        if self.shows_units:
            yield ReportColumn(translate("column.unit", self.phrasing.language), 2.1)
        if self.deadlines.deadline_field or self.deadlines.new_deadline_field:
            yield ReportColumn(self.phrasing.translate("planned_and_new"), 2.2)
        yield ReportColumn(self.phrasing.translate("reason"), 4.7)

    def _build_row(self, row: _DeviatingRow) -> ReportRow:
        name = ReportCell(tuple(self._name_content(row)), is_header=True, is_indented=row.is_below_activity)
        cells = [mark_for_hyphenation(name)]
        if self.shows_units:
            cells.append(mark_for_hyphenation(ReportCell(self._unit_content(row)), MAX_WORD_LETTERS_NARROW))
        if self.deadlines.deadline_field or self.deadlines.new_deadline_field:
            content = ReportCell(tuple(self._deadline_content(row)))
            cells.append(mark_for_hyphenation(content, MAX_WORD_LETTERS_NARROW))
        cells.append(mark_for_hyphenation(ReportCell(tuple(self._reason_content(row)))))
        return ReportRow(tuple(cells))

    def _name_content(self, row: _DeviatingRow) -> Iterator[Paragraph]:
        template, item = self.round_status.template, row.item_status.item
        name, activity = item_title(item, template), ""
        if row.is_part and template.part_level_index is not None:
            name = first_line(item.level_texts[template.part_level_index])
            activity = first_line(item.level_texts[template.item_level_index])
        yield Paragraph(to_spans(f"{name}{self.phrasing.completeness_in_brackets(row.item_status)}"))
        if activity and not row.is_below_activity:
            yield Paragraph(to_spans(self.phrasing.translate("part_of", name=activity)), "quiet")
        if self.is_alone:
            faults = self.row_faults.describe(row.item_status)
            yield from (Paragraph(to_spans(fault, strong=True)) for fault in faults)

    def _unit_content(self, row: _DeviatingRow) -> tuple[Paragraph, ...]:
        names = tuple(unit for unit, _ in row.answers if unit) or row.item_status.item.units
        text = (
            ", ".join(names)
            if len(names) <= MAX_UNITS_NAMED
            else self.phrasing.translate("units", count=len(names))
        )
        return (Paragraph(to_spans(text)),) if text else ()

    def _deadline_content(self, row: _DeviatingRow) -> Iterator[Paragraph]:
        """Yield "planned → new"; where units give different times, one paragraph for each unit."""
        planned = self._value(row.item_status.plan_values, self.deadlines.deadline_field)
        times = [(unit, self._new_time(row, answers)) for unit, answers in row.answers]
        if len({new for _, new in times}) == 1:
            yield Paragraph(self._arrow(planned, times[0][1]))
        else:
            yield from (
                Paragraph((*to_spans(f"{unit}: "), *self._arrow(planned if index == 0 else "", new)))
                for index, (unit, new) in enumerate(times)
            )
        if row.item_status.is_overdue:
            yield Paragraph(to_spans(self.phrasing.translate("late_here")), "quiet")

    def _new_time(self, row: _DeviatingRow, answers: DisplayValues) -> str:
        new = self._value(answers, self.deadlines.new_deadline_field)
        if new:
            return new
        agreed, round_status = row.item_status.agreed_deadline, self.round_status
        if agreed:
            text = format_deadline(agreed, round_status.language, round_status.year)
            return self.phrasing.translate("agreed_before", time=text)
        if self._requires_new_deadline(row.item_status.status_code) and not self._has_status_of_parts(row):
            return self.phrasing.translate("no_new_time")
        return ""

    def _arrow(self, planned: str, new: str) -> tuple[Span, ...]:
        planned, new = keep_deadline_together(planned), keep_deadline_together(new)
        if not new:
            return to_spans(planned)
        return (*to_spans(f"{planned} → " if planned else "→\u00a0"), *to_spans(new, strong=True))

    def _reason_content(self, row: _DeviatingRow) -> Iterator[Paragraph]:
        for unit, answers in row.answers:
            comment = self._value(answers, self.round_status.template.field_in_role("comment"))
            limit = MAX_REASON_LENGTH_ALONE if self.is_alone else None
            reason = shorten_reason(comment, limit) if limit else shorten_reason(comment)
            self.was_shortened.append(reason.endswith("…") and not comment.strip().endswith("…"))
            several = len(row.answers) > 1
            if reason:
                yield Paragraph((*to_spans(f"{unit}: " if several else "", strong=True), *to_spans(reason)))
            elif self._has_status_of_parts(row):
                yield Paragraph(to_spans(self.phrasing.translate("from_parts")), "quiet")
            else:
                text = self.phrasing.translate("no_reason")
                yield Paragraph(to_spans(f"{unit}: {text}" if several else text), "quiet")

    def _has_status_of_parts(self, row: _DeviatingRow) -> bool:
        """Return whether an activity has a status by its parts, and neither new deadline nor reason of its own."""
        entry = row.item_status
        parts = self.round_status.parts_by_activity.get(entry.item.id, ())
        return not any(answers for _, answers in row.answers) and any(
            part.status_code == entry.status_code and not part.follows_parent for part in parts
        )

    def _requires_new_deadline(self, status_code: str | None) -> bool:
        """Return whether the template's rules require a new deadline for a status."""
        field, status = self.deadlines.new_deadline_field, self.round_status.status_field
        if field is None or status is None or status_code is None:
            return False
        return any(
            field.key in rule.require and status_code in rule.when.get(status.key, ())
            for rule in self.round_status.template.rules
        )

    def _value(self, values: DisplayValues, field: Field | None) -> str:
        return str(values.get(field.key, "")) if field else ""
