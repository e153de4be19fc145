"""The summary of the report: sentences, headline figures, charts, the tables behind them, changes, and lists.

Counts activities by the status that the consolidated workbook shows, so that both get the same figures. The
changes since the previous round are a sentence that counts activities, then a line per change with old and new
value.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from xlflow.i18n.catalogue import format_long_date, label_in_sentence, translate
from xlflow.i18n.count_sentences import (
    describe_change_counts,
    describe_incomplete_count,
    describe_overdue_count,
    format_item_count,
)
from xlflow.report.amount_totals import Amounts
from xlflow.report.document import (
    Block,
    Heading,
    HeadlineFigure,
    HeadlineFigures,
    Paragraph,
    Picture,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    Span,
    StatusBadge,
    to_spans,
)
from xlflow.report.highlight_lists import build_status_lists, build_threshold_lists
from xlflow.report.phrasing import MAX_LIST_LENGTH, Phrasing, build_limited_list, item_title, label_without_colon
from xlflow.report.svg_charts import Bar, BarSegment, draw_bar_chart
from xlflow.report.table_rows import ItemGroup, group_by_level
from xlflow.rounds.round_changes import ItemChange, ItemSnapshot, count_changes_by_kind
from xlflow.rounds.round_status import ItemStatus, RoundStatus
from xlflow.values.field_values import amount_unit_sentence

ALARMING_CHANGES = ("delayed", "overdue_since", "cancelled")
LISTED_CHANGES = (*ALARMING_CHANGES, "done", "new", "gone", "status", "time")
"""The kinds of change that are listed one by one: all of these for activities, the alarming ones for
sub-activities. A changed comment or another wording in the plan is not listed."""


def build_changes_section(round_status: RoundStatus, phrasing: Phrasing, *, with_list: bool) -> Iterator[Block]:
    """Yield the changes since the previous round; nothing if the workbook was not compared with one."""
    if round_status.compared_to is None:
        return
    date_text = format_long_date(round_status.compared_to, phrasing.language)
    yield Heading(2, phrasing.translate("since", day=date_text), in_contents=False)
    level = round_status.template.item_level
    counts = count_changes_by_kind([change for change in round_status.changes if not change.is_part])
    yield Paragraph(to_spans(describe_change_counts(counts, level, round_status.compared_to, phrasing.language)))
    if len(round_status.unit_statuses) == 1 and any(len(each.item.units) > 1 for each in round_status.changes):
        yield Paragraph(to_spans(phrasing.translate("changes_over_units")), "quiet")
    if with_list:
        listed = [
            candidate
            for candidate in round_status.changes
            if candidate.kind in (ALARMING_CHANGES if candidate.is_part else LISTED_CHANGES)
        ]
        part_count = sum(change.is_part for change in listed)
        if part_count and round_status.template.part_level:
            parts = format_item_count(part_count, round_status.template.part_level, phrasing.language)
            yield Paragraph(to_spans(phrasing.translate("listed_parts", parts=parts)))
        yield from _list_changes(listed, round_status, phrasing)


def _list_changes(changes: Sequence[ItemChange], round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    """Yield a line per change. Of many, those of removed items are listed in full, since no table has them."""
    is_long = len(changes) > MAX_LIST_LENGTH
    for removed in (False, True) if is_long else (None,):
        items = [
            tuple(_change_spans(change, round_status, phrasing))
            for change in changes
            if removed is None or (change.kind == "gone") is removed
        ]
        yield from build_limited_list(items, phrasing, in_tables=not removed)


def _change_spans(change: ItemChange, round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Span]:
    yield Span(f"{translate(f'changed.{change.kind}', phrasing.language)}: ")
    item_status = round_status.status_by_id.get(change.item.id)
    completeness = phrasing.completeness_in_brackets(item_status) if item_status else ""
    yield Span(f"{item_title(change.item, round_status.template)}{completeness}", strong=True)
    previous, current = change.previous, change.current
    differences = list(_describe_differences(previous, current, phrasing)) if previous and current else []
    if differences:
        yield Span(f". {' '.join(differences)}")


def _describe_differences(previous: ItemSnapshot, current: ItemSnapshot, phrasing: Phrasing) -> Iterator[str]:
    """Yield a sentence for the status and one for the deadline, each before and now, if they differ."""
    statuses = [phrasing.status_badge(state.status_code, state.status).label for state in (previous, current)]
    if statuses[0] != statuses[1] and not previous.follows_parent and not current.follows_parent:
        yield phrasing.translate("status_then", before=statuses[0], now=statuses[1])
    deadlines = ["; ".join(state.effective_deadline_text.split("\n")) for state in (previous, current)]
    if deadlines[0] != deadlines[1] and all(deadlines):
        yield phrasing.translate("time_then", before=deadlines[0], now=deadlines[1])


MAX_CHART_BARS = 20
"""Bars that one chart shows; more groups are left to the table below it."""


def build_summary_section(round_status: RoundStatus, phrasing: Phrasing, *, with_lists: bool) -> Iterator[Block]:
    """Yield the summary; `with_lists`: also list every activity that is done or deviates, with its reason."""
    yield Heading(1, phrasing.translate("summary"))
    yield Paragraph(to_spans(" ".join(filter(None, _status_sentences(round_status, phrasing)))), "lead")
    yield from _build_error_notice(round_status, phrasing, with_rows=with_lists)
    yield HeadlineFigures(tuple(_build_headline_figures(round_status, phrasing)))
    yield from _build_amount_totals(round_status, phrasing)
    if with_lists:
        yield from build_threshold_lists(round_status, phrasing)
    if round_status.status_field and round_status.top_items:
        yield from _draw_status_charts(round_status, phrasing)
        yield _build_count_table(round_status, phrasing)
        yield from build_changes_section(round_status, phrasing, with_list=with_lists)
        yield from build_status_lists(round_status, phrasing, with_deviations=with_lists)


def _build_error_notice(round_status: RoundStatus, phrasing: Phrasing, *, with_rows: bool) -> Iterator[Paragraph]:
    """Yield how many errors of the answers nobody has corrected, and how many of them are marked at their rows
    (`with_rows`: every row is shown)."""
    if not round_status.errors:
        return
    marked_count = sum(map(len, round_status.errors_by_item.values()))
    sentences = [phrasing.translate_counted("errors", len(round_status.errors))]
    if with_rows and marked_count:
        key = "errors_marked" if marked_count == len(round_status.errors) else "errors_partly_marked"
        sentences.append(phrasing.translate(key, count=marked_count))
    yield Paragraph(to_spans(" ".join(sentences), strong=True))


# In one paragraph -----------------------------------------------------------------------------------------


def _status_sentences(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[str]:
    level, language = round_status.template.item_level, phrasing.language
    if round_status.status_field is None:
        items = format_item_count(len(round_status.activities), level, language)
        yield phrasing.translate("followed", items=items[:1].upper() + items[1:])
        return
    yield phrasing.group_counts_text(round_status.top_items)
    yield describe_incomplete_count(
        sum(bool(item_status.completeness) for item_status in round_status.activities), level, language
    )
    yield describe_overdue_count(
        sum(item_status.is_overdue for item_status in round_status.activities), level, language
    )


def _build_headline_figures(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[HeadlineFigure]:
    activities = round_status.activities
    yield HeadlineFigure(
        str(len(activities)),
        phrasing.translate_counted(
            "figure_followed", len(activities), items=phrasing.item_noun_plural, item=phrasing.item_noun
        ),
    )
    done_choice = next(
        (each for each in round_status.status_choices.values() if each.final and not each.deviation), None
    )
    if done_choice:
        label = phrasing.translate("figure_status", status=done_choice.label.in_language(phrasing.language))
        yield HeadlineFigure(
            str(sum(item_status.status_code == done_choice.code for item_status in activities)), label
        )
    if round_status.status_field:
        yield HeadlineFigure(
            str(sum(round_status.has_deviating_status(entry) for entry in activities)),
            phrasing.translate("figure_deviating"),
        )
    for field in round_status.fields_with_threshold:
        count = sum(field in round_status.fields_above_threshold(entry) for entry in activities)
        label = label_in_sentence(field.label, phrasing.language)
        yield HeadlineFigure(
            str(count),
            phrasing.translate_counted(
                "figure_beyond", count, field=label, item=phrasing.item_noun, items=phrasing.item_noun_plural
            ),
        )
    if round_status.template.field_in_role("deadline"):
        yield HeadlineFigure(str(sum(entry.is_overdue for entry in activities)), phrasing.translate("figure_late"))
    if len(round_status.unit_statuses) > 1:
        answered = sum(each.has_answered for each in round_status.unit_statuses)
        value = phrasing.translate("figure_of", part=answered, whole=len(round_status.unit_statuses))
        yield HeadlineFigure(value, phrasing.translate("figure_units"))


def _build_amount_totals(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Block]:
    """Yield what the amounts of each group come to, where the template asks for any."""
    amounts, groups = Amounts(round_status), _top_level_groups(round_status)
    if not amounts.fields or not round_status.activities:
        return
    level = _top_level_name(round_status, phrasing)
    fields = amounts.fields
    yield ReportTable(
        caption=phrasing.translate("sum_caption", level=level),
        description=phrasing.translate("sum_description", level=level),
        columns=(
            ReportColumn(level[:1].upper() + level[1:], 1.7),
            *(ReportColumn(label_without_colon(field.label, phrasing.language), 1, "end") for field in fields),
        ),
        row_groups=tuple(tuple(_build_group_sum_rows(group, amounts)) for group in groups),
        total_rows=tuple(
            _build_sum_row(label, item_statuses, amounts, strong=True)
            for label, item_statuses in amounts.list_totals(round_status.activities)
        )
        if len(groups) > 1
        else (),
        is_dense=True,
    )
    sentences = [amount_unit_sentence(round_status.template, phrasing.language)]
    if not all(map(amounts.is_complete, round_status.activities)):
        sentences.append(translate("overview.left_out", phrasing.language, items=phrasing.item_noun_plural))
    if any(sentences):
        yield Paragraph(to_spans(" ".join(filter(None, sentences))), "quiet")


def _build_group_sum_rows(group: ItemGroup, amounts: Amounts) -> Iterator[ReportRow]:
    """Yield what the plan items of a group with all their amounts come to, and those that lack one."""
    complete, incomplete = amounts.split_complete(group.item_statuses)
    yield _build_sum_row(group.name, complete, amounts, strong=False)
    if incomplete:
        label = amounts.incomplete_label(len(incomplete))
        yield _build_sum_row(label, incomplete, amounts, strong=False, is_indented=True)


def _build_sum_row(
    label: str, item_statuses: Sequence[ItemStatus], amounts: Amounts, *, strong: bool, is_indented: bool = False
) -> ReportRow:
    name = ReportCell((Paragraph(to_spans(label, strong=strong)),), is_header=True, is_indented=is_indented)
    return ReportRow((name, *amounts.build_total_cells(item_statuses, strong=strong)))


# Charts and the table behind them -------------------------------------------------------------------------


def _draw_status_charts(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[Picture]:
    counts = _count_by_status(round_status.activities, phrasing)
    caption = phrasing.translate("chart_status", items=phrasing.item_noun_plural)
    bars = [Bar(badge.label, (BarSegment(badge, count),)) for badge, count in counts]
    description = "; ".join(f"{badge.label} {count}" for badge, count in counts)
    yield draw_bar_chart(bars, caption, f"{caption}. {description}.", with_legend=False)
    groups = _top_level_groups(round_status)
    if 1 < len(groups) <= MAX_CHART_BARS:
        caption = phrasing.translate(
            "chart_group", items=phrasing.item_noun_plural, level=_top_level_name(round_status, phrasing)
        )
        bars = [Bar(group.name, _build_segments(group.item_statuses, phrasing)) for group in groups]
        description = " ".join(_describe_bar(bar) for bar in bars)
        yield draw_bar_chart(bars, caption, f"{caption}. {description}", with_legend=True)


def _build_segments(item_statuses: Sequence[ItemStatus], phrasing: Phrasing) -> tuple[BarSegment, ...]:
    return tuple(BarSegment(badge, count) for badge, count in _count_by_status(item_statuses, phrasing))


def _describe_bar(bar: Bar) -> str:
    counts = [f"{segment.badge.label} {segment.count}" for segment in bar.segments if segment.count]
    return f"{bar.label}: {', '.join(counts)}."


def _build_count_table(round_status: RoundStatus, phrasing: Phrasing) -> ReportTable:
    """Return the table of the number of activities per group and status; statuses that do not occur are left
    out."""
    groups = _top_level_groups(round_status)
    badges = [badge for badge, count in _count_by_status(round_status.activities, phrasing) if count]
    has_deadlines = round_status.template.field_in_role("deadline") is not None
    headings = [
        *(badge.label for badge in badges),
        phrasing.translate("total"),
        *([phrasing.translate("late_heading")] if has_deadlines else []),
    ]
    level = _top_level_name(round_status, phrasing)
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
        )
        if len(groups) > 1
        else (),
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
    counts = dict(_count_by_status(item_statuses, phrasing))
    overdue_count = [sum(item_status.is_overdue for item_status in item_statuses)] if has_deadlines else []
    numbers = [*(counts.get(badge, 0) for badge in badges), len(item_statuses), *overdue_count]
    cells = (ReportCell((Paragraph(to_spans(str(number))),), alignment="end") for number in numbers)
    return ReportRow((ReportCell((Paragraph(to_spans(label)),), is_header=True), *cells))


def _count_by_status(item_statuses: Sequence[ItemStatus], phrasing: Phrasing) -> list[tuple[StatusBadge, int]]:
    """Return (badge, number of plan items) per status in template order; a status that it does not have comes
    last."""
    item_badges = [
        phrasing.status_badge(item_status.status_code, item_status.status) for item_status in item_statuses
    ]
    ordered_badges = dict.fromkeys(chain(phrasing.status_badges, item_badges))
    return [(badge, item_badges.count(badge)) for badge in ordered_badges]


def _top_level_groups(round_status: RoundStatus) -> tuple[ItemGroup, ...]:
    return group_by_level(round_status.activities, round_status, level_index=0)


def _top_level_name(round_status: RoundStatus, phrasing: Phrasing) -> str:
    label = round_status.template.levels[0].label.in_language(phrasing.language)
    return label[:1].lower() + label[1:]
