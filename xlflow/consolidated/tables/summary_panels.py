"""Which figures the summary sheet has, and by which groups: from the template and the tables.

A template's `summaries` say what is counted by what; without them a template gets the panels that its fields
allow. `figures` computes the values.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from xlflow.consolidated.summary_model import (
    COMPLETENESS_COLUMN,
    ID_COLUMN,
    ORIGIN_COLUMN,
    RESPONSE_COLUMN,
    ROLLED_UP_COLUMN,
    SEVERITY_COLUMN,
    SOURCE_COLUMN,
    UNANSWERED_COLUMN,
    UNIT_GROUP_KEY,
    KeyFigure,
    Measure,
    Panel,
    RowFilter,
    RowGroup,
    Section,
    count_measure,
    sum_measure,
)
from xlflow.consolidated.tables.amount_panel import build_amount_panel, incomplete_amount_fields
from xlflow.consolidated.tables.figures import (
    FigureCalculator,
    activity_filters_of,
    build_change_measures,
    build_choice_measures,
    build_status_measures,
    list_status_labels,
)
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.summary_sections import PanelContext, build_section, list_groupings
from xlflow.i18n.catalogue import Language, format_long_date, translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.findings import Severity
from xlflow.model.table import Table

COUNTED_SEVERITIES = (Severity.ERROR, Severity.WARNING)
"""The severities that are counted; notes require no action."""


def build_key_figures(merged_index: MergedIndex, calculator: FigureCalculator) -> tuple[KeyFigure, ...]:
    """Return the single figures at the top: units by response, unanswered rows, errors and warnings, and
    others."""
    language = merged_index.language
    answered_label, blank_label, missing_label = (
        translate(f"collected.{state}", language) for state in ("answered", "blank", "missing")
    )
    nothing_label = translate("nothing.label", language)
    facts = [
        ("asked", count_measure("units", RowFilter(RESPONSE_COLUMN, "", equals=False))),
        ("answered", count_measure("units", RowFilter(RESPONSE_COLUMN, answered_label))),
        *(
            [("nothing", count_measure("units", RowFilter(RESPONSE_COLUMN, nothing_label)))]
            if merged_index.units_with_nothing_to_report
            else ()
        ),
        *(
            [("blank", count_measure("units", RowFilter(RESPONSE_COLUMN, blank_label)))]
            if merged_index.units_with_blank_form
            else ()
        ),
        ("missing", count_measure("units", RowFilter(RESPONSE_COLUMN, missing_label))),
        ("unanswered", sum_measure("units", UNANSWERED_COLUMN)),
        *(
            (
                f"{severity}s",
                count_measure(
                    "findings", RowFilter(SEVERITY_COLUMN, translate(f"collected.{severity}", language))
                ),
            )
            for severity in COUNTED_SEVERITIES
        ),
    ]
    return (
        *(calculator.make_key_figure(translate(f"overview.{key}", language), measure) for key, measure in facts),
        *_build_optional_key_figures(merged_index, calculator),
    )


def build_panels(
    merged_index: MergedIndex, table_by_name: Mapping[str, Table], calculator: FigureCalculator
) -> tuple[Panel, ...]:
    """Return the panels with their values: statuses, amounts, further choice fields, changes; empty ones left
    out."""
    context = PanelContext(merged_index, table_by_name)
    builders = (_build_status_panel, build_amount_panel, _build_choice_panels, _build_change_panel)
    panels = (panel for build in builders for panel in build(context) if panel.sections)
    return tuple(
        replace(panel, sections=tuple(calculator.fill_section(section) for section in panel.sections))
        for panel in panels
    )


def _severity_count(severity: Severity, language: Language) -> Measure:
    return count_measure("findings", RowFilter(SEVERITY_COLUMN, translate(f"collected.{severity}", language)))


# Panels ---------------------------------------------------------------------------------------------------


def _build_status_panel(context: PanelContext) -> Iterator[Panel]:
    """Yield the panel that counts activities, and separately sub-activities, by status."""
    status_field = context.merged_index.status_field
    if status_field is None:
        return
    labels = list_status_labels(context)
    activity_filters = activity_filters_of(context.merged_index.template)
    sections = [_overall_status_section(context, labels)]
    for grouping in list_groupings(context, status_field.key.__eq__):
        if grouping.table_name == "activities" or grouping.group_key == UNIT_GROUP_KEY:
            measures = build_status_measures(grouping.table_name, labels, activity_filters, context)
            sections += build_section(replace(grouping, filters=activity_filters), measures, context)
    activity_level = context.merged_index.template.item_level
    title = context.overview_text("by_status", items=activity_level.plural_label(context.merged_index.language))
    yield Panel(title, sections[0].headings, tuple(sections), shows_statuses=True)


def _build_choice_panels(context: PanelContext) -> Iterator[Panel]:
    """Yield a panel for each further choice field that the template's `summaries` name."""
    template, language = context.merged_index.template, context.merged_index.language
    summarised_keys = dict.fromkeys(summary.of for summary in template.summaries)
    fields = [
        field
        for field in template.answer_fields()
        if field.key in summarised_keys and field.type in ("choice", "yes_no")
    ]
    for field in fields:
        if field is context.merged_index.status_field:
            continue
        measures = build_choice_measures(field, context)
        all_answers = RowGroup(context.overview_text("all_answers"), (RowFilter(SOURCE_COLUMN, "", equals=False),))
        sections = [Section("", "", (all_answers,), measures)]
        for grouping in list_groupings(context, field.key.__eq__):
            sections += build_section(replace(grouping, table_name="answers"), measures, context)
        yield Panel(field.label.in_language(language), sections[0].headings, tuple(sections))


def _build_change_panel(context: PanelContext) -> Iterator[Panel]:
    """Yield the panel that counts activities, and separately sub-activities, by kind of change."""
    merged_index = context.merged_index
    if merged_index.previous is None:
        return
    template, language = merged_index.template, merged_index.language
    groups = [
        RowGroup(template.item_level.plural_label(language), activity_filters_of(context.merged_index.template))
    ]
    if template.part_level_index is not None:
        part_level = template.levels[template.part_level_index]
        groups.append(RowGroup(part_level.plural_label(language), (RowFilter(part_level.key, "", equals=False),)))
    section = Section("", "", tuple(groups), tuple(build_change_measures(merged_index)))
    date_text = format_long_date(merged_index.previous.as_of, language)
    yield Panel(translate("changed.title", language, day=date_text), section.headings, (section,))


# Measures -------------------------------------------------------------------------------------------------


def _overall_status_section(context: PanelContext, labels: Sequence[str]) -> Section:
    template, language = context.merged_index.template, context.merged_index.language
    groups = [
        RowGroup(template.item_level.plural_label(language), activity_filters_of(context.merged_index.template)),
        RowGroup(context.overview_text("share"), (), "share"),
    ]
    if template.part_level_index is not None and not all(
        map(context.merged_index.is_activity, context.merged_index.items)
    ):
        part_level = template.levels[template.part_level_index]
        label = context.overview_text("parts", parts=part_level.plural_label(language))
        groups.append(RowGroup(label, (RowFilter(part_level.key, "", equals=False),)))
    return Section("", "", tuple(groups), build_status_measures("activities", labels, (), context))


def _build_optional_key_figures(merged_index: MergedIndex, calculator: FigureCalculator) -> Iterator[KeyFigure]:
    """Yield the figures that only some rounds have: units' own activities, sub-activities without a status."""
    template, language = merged_index.template, merged_index.language
    if merged_index.status_field or merged_index.deadline_field or merged_index.thresholds:
        yield calculator.make_key_figure(
            translate("overview.deviations", language),
            count_measure("deviations", RowFilter(ID_COLUMN, "", equals=False)),
        )
    if merged_index.previous:
        date_text = format_long_date(merged_index.previous.as_of, language)
        yield calculator.make_key_figure(
            translate("overview.changed", language, day=date_text),
            count_measure("changes", RowFilter(ID_COLUMN, "", equals=False)),
        )
    if merged_index.has_incomplete_items:
        activities_label = template.levels[template.item_level_index].plural_label(language).lower()
        yield calculator.make_key_figure(
            translate("overview.incomplete", language, items=activities_label),
            count_measure(
                "activities",
                RowFilter(COMPLETENESS_COLUMN, "", equals=False),
                *activity_filters_of(merged_index.template),
            ),
        )
    for field in incomplete_amount_fields(merged_index):
        params = {
            "items": template.item_level.plural_label(language),
            "field": field.label.in_language(language),
        }
        yield calculator.make_key_figure(
            translate("overview.not_computed", language, **params),
            count_measure("activities", RowFilter(field.key, "")),
        )
    if any(item.added_by_unit for item in merged_index.items):
        added_filter = RowFilter(ORIGIN_COLUMN, translate("consolidated.from_unit", language))
        has_own_parts = not all(
            map(merged_index.is_activity, filter(attrgetter("added_by_unit"), merged_index.items))
        )
        items_label = template.item_level.plural_label(language).lower()
        label = translate(f"overview.{'own_rows' if has_own_parts else 'own'}", language, items=items_label)
        yield calculator.make_key_figure(label, count_measure("activities", added_filter))
    if template.part_level_index is not None and any(
        rolled_up.follows_parent for rolled_up in merged_index.status_by_item.values()
    ):
        levels = template.levels[template.part_level_index], template.item_level
        label = translate(
            "overview.followers",
            language,
            parts=levels[0].plural_label(language),
            item=levels[1].label.in_language(language).lower(),
        )
        yield calculator.make_key_figure(
            label,
            count_measure("activities", RowFilter(ROLLED_UP_COLUMN, follows_activity_text(template, language))),
        )
