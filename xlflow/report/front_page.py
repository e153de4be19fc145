"""The first page of the report: a headline that says what is wrong, sentences, one chart, and what it rests on.

Counts activities by the status that the consolidated workbook shows, so that both get the same figures. No figure
stands here twice; the pages behind it say which activities the headline is about.
"""

from collections.abc import Iterator, Sequence

from xlflow.i18n.catalogue import join_words
from xlflow.i18n.count_sentences import describe_change_counts, describe_incomplete_count, plural_level_name
from xlflow.report.document import Block, Heading, Paragraph, Picture, Span, to_spans
from xlflow.report.group_counts import count_by_status, top_level_groups, top_level_name
from xlflow.report.money_page import build_money_figures, draw_amount_chart, money_headline, money_sentences
from xlflow.report.phrasing import Phrasing
from xlflow.report.svg_charts import Bar, BarSegment, draw_bar_chart
from xlflow.rounds.round_changes import count_changes_by_kind
from xlflow.rounds.round_status import ItemStatus, RoundStatus, UnitStatus

MAX_CHART_BARS = 20
"""Bars that one chart shows; with more groups it shows the statuses of all together."""

MAX_UNITS_IN_HEADLINE = 3
"""Units without an answer that the headline names; of more it says how many."""


def build_front_page(
    round_status: RoundStatus, phrasing: Phrasing, *, marks_rows: bool, with_chart: bool
) -> Iterator[Block]:
    """Yield headline, sentences, chart and the line on what the report rests on. `marks_rows`: the pages behind it
    show every row, so that errors are marked there. `with_chart`: for a report on all units."""
    yield Heading(1, " ".join(_headline_sentences(round_status, phrasing)), in_contents=False)
    lead = " ".join(filter(None, _lead_sentences(round_status, phrasing)))
    yield Paragraph(to_spans(lead), "lead")
    yield from build_money_figures(round_status)
    yield from draw_amount_chart(round_status, phrasing) if with_chart else ()
    if with_chart and round_status.status_field and round_status.top_items:
        yield _draw_status_chart(round_status, phrasing)
    quality = _quality_spans(round_status, phrasing, marks_rows=marks_rows)
    if quality:
        yield Paragraph(quality, "quality")


# Headline and sentences -----------------------------------------------------------------------------------


def _headline_sentences(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[str]:
    yield from money_headline(round_status, phrasing)
    silent = [each for each in round_status.unit_statuses if not each.has_answered]
    if round_status.status_field and (len(silent) < len(round_status.unit_statuses) or not silent):
        yield from _deviation_headline(round_status, phrasing)
    yield from _silence_headline(silent, round_status, phrasing)


def _deviation_headline(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[str]:
    """Yield how many activities deviate and how many are late; of a unit that has only parts, how many parts."""
    template = round_status.template
    rows, level = round_status.activities, template.item_level
    if not rows and template.part_level:
        rows, level = round_status.lone_parts, template.part_level
    items = plural_level_name(level, phrasing.language)
    if not rows:
        yield phrasing.translate("headline_empty", items=items)
        return
    deviating = sum(map(round_status.has_deviating_status, rows))
    late = sum(entry.is_overdue for entry in rows)
    if deviating:
        yield phrasing.translate_counted("headline_deviating", deviating, whole=len(rows), items=items)
    elif not late:
        yield _deviating_parts_headline(round_status, phrasing) or phrasing.translate("headline_none", items=items)
    if late:
        key = "headline_late" if deviating else "headline_late_only"
        yield phrasing.translate_counted(key, late, whole=len(rows), items=items)


def _deviating_parts_headline(round_status: RoundStatus, phrasing: Phrasing) -> str:
    """Return how many sub-activities deviate, "" if none do."""
    parts = [entry for entry in round_status.item_statuses if round_status.is_part(entry)]
    count = sum(round_status.has_deviating_status(entry) and not entry.follows_parent for entry in parts)
    if not count or round_status.template.part_level is None:
        return ""
    items = plural_level_name(round_status.template.part_level, phrasing.language)
    return phrasing.translate_counted("headline_deviating", count, whole=len(parts), items=items)


def _silence_headline(
    silent: Sequence[UnitStatus], round_status: RoundStatus, phrasing: Phrasing
) -> Iterator[str]:
    """Yield who has not answered, by name where they are few."""
    asked_count = len(round_status.unit_statuses)
    if not silent:
        return
    if len(silent) <= MAX_UNITS_IN_HEADLINE:
        names = join_words([each.unit for each in silent], "and", phrasing.language)
        yield phrasing.translate_counted("headline_silent", len(silent), units=names)
    elif len(silent) == asked_count:
        yield phrasing.translate("headline_all_silent", whole=asked_count)
    else:
        yield phrasing.translate("headline_many_silent", count=len(silent), whole=asked_count)


def _lead_sentences(round_status: RoundStatus, phrasing: Phrasing) -> Iterator[str]:
    level, language = round_status.template.item_level, phrasing.language
    if round_status.status_field is None:
        yield from money_sentences(round_status, phrasing)
        return
    yield phrasing.group_counts_text(round_status.top_items)
    partly = sum(bool(item_status.completeness) for item_status in round_status.activities)
    yield describe_incomplete_count(partly, level, language)
    if round_status.compared_to is not None:
        counts = count_changes_by_kind([change for change in round_status.changes if not change.is_part])
        yield describe_change_counts(counts, level, round_status.compared_to, language)


def _quality_spans(round_status: RoundStatus, phrasing: Phrasing, *, marks_rows: bool) -> tuple[Span, ...]:
    """Return what the report rests on: how many units have answered, and how many errors nobody has corrected."""
    sentences = to_spans(_answered_sentence(round_status.unit_statuses, phrasing))
    errors = " ".join(_error_sentences(round_status, phrasing, marks_rows=marks_rows))
    if errors:
        sentences = (*sentences, *to_spans(" " if sentences else ""), Span(errors, strong=True))
    return (Span(phrasing.translate("quality"), strong=True), Span(" "), *sentences) if sentences else ()


def _answered_sentence(unit_statuses: Sequence[UnitStatus], phrasing: Phrasing) -> str:
    answered, whole = sum(each.has_answered for each in unit_statuses), len(unit_statuses)
    if whole == 1:
        key = "unit_answered" if answered else "unit_silent"
        return phrasing.translate(key, unit=unit_statuses[0].unit)
    if not whole:
        return ""
    if answered == whole:
        return phrasing.translate("all_answered", count=whole)
    return phrasing.translate("units_answered", answered=answered, whole=whole)


def _error_sentences(round_status: RoundStatus, phrasing: Phrasing, *, marks_rows: bool) -> Iterator[str]:
    if not round_status.errors:
        return
    marked_count = sum(map(len, round_status.errors_by_item.values()))
    yield phrasing.translate_counted("errors", len(round_status.errors))
    if marks_rows and marked_count:
        key = "errors_marked" if marked_count == len(round_status.errors) else "errors_partly_marked"
        yield phrasing.translate(key, count=marked_count)


# The chart ------------------------------------------------------------------------------------------------


def _draw_status_chart(round_status: RoundStatus, phrasing: Phrasing) -> Picture:
    """Return the statuses per group of the first level; of all together where there is one group, or too many."""
    groups = top_level_groups(round_status)
    if 1 < len(groups) <= MAX_CHART_BARS:
        level = top_level_name(round_status, phrasing)
        caption = phrasing.translate("chart_group", items=phrasing.item_noun_plural, level=level)
        bars = [Bar(group.name, _build_segments(group.item_statuses, phrasing)) for group in groups]
        description = " ".join(_describe_bar(bar) for bar in bars)
        return draw_bar_chart(bars, caption, f"{caption}. {description}", with_legend=True)
    counts = count_by_status(round_status.activities or round_status.lone_parts, phrasing)
    caption = phrasing.translate("chart_status", items=phrasing.item_noun_plural)
    bars = [Bar(badge.label, (BarSegment(badge, count),)) for badge, count in counts]
    description = "; ".join(f"{badge.label} {count}" for badge, count in counts)
    return draw_bar_chart(bars, caption, f"{caption}. {description}.", with_legend=False)


def _build_segments(item_statuses: Sequence[ItemStatus], phrasing: Phrasing) -> tuple[BarSegment, ...]:
    return tuple(BarSegment(badge, count) for badge, count in count_by_status(item_statuses, phrasing))


def _describe_bar(bar: Bar) -> str:
    counts = [f"{segment.badge.label} {segment.count}" for segment in bar.segments if segment.count]
    return f"{bar.label}: {', '.join(counts)}."
