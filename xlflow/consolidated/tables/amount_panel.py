"""The panel of amounts on the summary sheet: what reconciles, and beside it what cannot.

A sum of budgets and one of forecasts say nothing together where they are sums of different rows. So every sum is
of the rows that have all their amounts, and the rows that have not stand on lines of their own with the amounts
that they do have. Both together are all rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from xlflow.consolidated.summary_model import (
    UNIT_GROUP_KEY,
    CountedLabel,
    Measure,
    Panel,
    RowGroup,
    RowsCounted,
    Section,
)
from xlflow.consolidated.tables.figures import build_sum_measures, is_number_cell
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.summary_sections import Grouping, PanelContext, build_section, list_groupings
from xlflow.i18n.catalogue import label_in_sentence
from xlflow.i18n.count_sentences import plural_level_name
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.rules.computed_fields import reconciled_fields
from xlflow.values.field_values import amount_unit_sentence


def build_amount_panel(context: PanelContext) -> Iterator[Panel]:
    """Yield the panel of sums of amounts; nothing where the template asks for none."""
    template = context.merged_index.template
    number_fields = [field for field in template.form_fields() if field.type in NUMBER_TYPES and not field.percent]
    summarised_keys = {summary.of for summary in template.summaries}
    amount_fields = [field for field in number_fields if field.key in summarised_keys] or (
        [] if template.summaries else number_fields
    )
    if not amount_fields:
        return
    number_columns = reconciled_fields(amount_fields)
    sections = [_build_total_section(amount_fields, number_columns, context)]
    for grouping in list_groupings(context, {field.key for field in amount_fields}.__contains__):
        sections += _build_group_sections(grouping, amount_fields, number_columns, context)
    yield Panel(context.overview_text("amounts"), sections[0].headings, tuple(sections))


def incomplete_amount_fields(merged_index: MergedIndex) -> list[Field]:
    """Return the computed amounts that at least one plan item has no value for, since an input is missing."""
    amounts = [field for field in merged_index.template.form_fields() if field.computed and not field.percent]
    return [
        amount
        for amount in amounts
        if any(merged_index.number_over_units(item, amount.key) is None for item in merged_index.items)
    ]


def _build_total_section(
    amount_fields: Sequence[Field], number_columns: tuple[str, ...], context: PanelContext
) -> Section:
    """Return the section of all plan items: those with all amounts, those without, and both together."""
    measures = build_sum_measures("activities", amount_fields, number_columns, context)
    if not number_columns:
        return Section("", "", (RowGroup(context.overview_text("total")),), measures, note=_unit_note(context))
    groups = (
        RowGroup(context.overview_text("total"), rows_counted="complete"),
        RowGroup("", rows_counted="incomplete", counted_label=_incomplete_label(context)),
        RowGroup(context.overview_text("all_rows", items=_items_noun(context))),
    )
    note = f"{_unit_note(context)} {context.overview_text('left_out', items=_items_noun(context))}"
    return Section("", "", groups, measures, note=note.strip())


def _unit_note(context: PanelContext) -> str:
    """Return the sentence that says what the amounts are in, "" if that is not declared."""
    return amount_unit_sentence(context.merged_index.template, context.merged_index.language)


def _build_group_sections(
    grouping: Grouping, amount_fields: Sequence[Field], number_columns: tuple[str, ...], context: PanelContext
) -> Iterator[Section]:
    """Yield the section for a grouping; where amounts are missing, also one of the rows that lack them."""
    has_one_unit_per_item = all(len(units) == 1 for units in context.merged_index.units_by_item.values())
    if has_one_unit_per_item and grouping.group_key == UNIT_GROUP_KEY:
        grouping = replace(grouping, table_name="activities")
    measures = build_sum_measures(grouping.table_name, amount_fields, number_columns, context)
    for section in build_section(grouping, measures, context):
        if not number_columns:
            yield section
            continue
        yield replace(section, groups=_counting(section.groups, "complete"))
        groups = _groups_with_missing_amounts(section, grouping, measures[0], context)
        if groups:
            title = context.overview_text("group_left_out", title=section.title, items=_items_noun(context))
            yield replace(section, title=title, groups=_counting_in_label(groups, context))


def _counting(groups: Sequence[RowGroup], rows_counted: RowsCounted) -> tuple[RowGroup, ...]:
    return tuple(replace(group, rows_counted=rows_counted) for group in groups)


def _counting_in_label(groups: Sequence[RowGroup], context: PanelContext) -> tuple[RowGroup, ...]:
    """Return the groups, counting incomplete rows, each of whose labels says how many."""
    item_noun = label_in_sentence(context.merged_index.template.item_level.label, context.merged_index.language)
    return tuple(
        replace(
            group,
            counted_label=CountedLabel(f"{group.label}: ", item_noun, _items_noun(context))
            if group.kind == "rows"
            else None,
        )
        for group in _counting(groups, "incomplete")
    )


def _groups_with_missing_amounts(
    section: Section, grouping: Grouping, measure: Measure, context: PanelContext
) -> tuple[RowGroup, ...]:
    """Return the groups that have a row without all amounts; what is not shown by itself is one of them."""
    table = context.table_by_name[grouping.table_name]
    keys = [column.key for column in table.columns]
    positions = [keys.index(key) for key in measure.number_columns]
    group_position = keys.index(grouping.column)
    texts = {
        str(row[group_position] or "").casefold()
        for row in table.rows
        if not all(is_number_cell(row[position]) for position in positions)
    }
    return tuple(
        group
        for group in section.groups
        if any(match.text.casefold() in texts for match in group.filters) or (texts and group.kind == "others")
    )


def _incomplete_label(context: PanelContext) -> CountedLabel:
    level, language = context.merged_index.template.item_level, context.merged_index.language
    return CountedLabel(
        context.overview_text("incomplete_rows"), label_in_sentence(level.label, language), _items_noun(context)
    )


def _items_noun(context: PanelContext) -> str:
    return plural_level_name(context.merged_index.template.item_level, context.merged_index.language)
