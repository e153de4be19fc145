"""What a column of figures on the summary sheet counts: the measures of statuses, amounts, choices and changes.

A measure is what is counted or added up in a column of a panel, and under which heading; `figures` computes it.
"""

from collections.abc import Iterator, Sequence

from xlflow.consolidated.summary_model import (
    CHANGE_KIND_COLUMN,
    ITEM_COUNT_COLUMN,
    OVERDUE_COLUMN,
    ROLLED_UP_COLUMN,
    SOURCE_COLUMN,
    Measure,
    RowFilter,
)
from xlflow.consolidated.tables.change_table import CHANGE_FLAGS, flag_column_key
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.summary_sections import PanelContext
from xlflow.i18n.catalogue import Language, translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.template import Template
from xlflow.model.template_elements import NUMBER_TYPES, Field

COUNTED_CHANGE_KINDS = ("delayed", "overdue_since", "cancelled", "done", "new", "gone")
"""The kinds of change that exclude each other, so that their counts can be added."""


def build_status_measures(
    table_name: str, labels: Sequence[str], activity_filters: tuple[RowFilter, ...], context: PanelContext
) -> tuple[Measure, ...]:
    """Return how many deviate, their share and what is overdue, which stand aside; then one count per status, what
    is not answered, and the total."""
    template, language = context.merged_index.template, context.merged_index.language
    unanswered_label, overdue_label = (
        translate(f"consolidated.{key}", language) for key in ("unanswered", "overdue")
    )
    counts = [
        Measure(label, "count", table_name, (*activity_filters, RowFilter(ROLLED_UP_COLUMN, label)))
        for label in labels
    ]
    deviating = deviation_labels(template, language)
    aside = (
        Measure(context.overview_text("deviating"), "some", table_name, added_headings=deviating, is_aside=True),
        Measure(context.overview_text("share"), "part", table_name, is_aside=True),
    )
    across = Measure(context.overview_text("total"), "across")
    if table_name == "activities":
        rest = Measure(
            unanswered_label,
            "count",
            table_name,
            (*activity_filters, RowFilter(ROLLED_UP_COLUMN, unanswered_label)),
        )
        overdue = Measure(
            overdue_label,
            "count",
            table_name,
            (*activity_filters, RowFilter(OVERDUE_COLUMN, translate("values.yes", language))),
            is_aside=True,
        )
    else:
        rest, overdue = (
            Measure(unanswered_label, "rest", "units", sum_column=ITEM_COUNT_COLUMN),
            Measure(overdue_label, "sum", "units", sum_column=OVERDUE_COLUMN, is_aside=True),
        )
    has_deadline = context.merged_index.deadline_field is not None
    return (*(aside if deviating else ()), *([overdue] if has_deadline else ()), *counts, rest, across)


def deviation_labels(template: Template, language: Language) -> tuple[str, ...]:
    """Return the labels of the statuses that the template calls deviations, the worst first."""
    choices = sorted(template.status_choices.values(), key=lambda choice: -(choice.rank or 0))
    return tuple(choice.label.in_language(language) for choice in choices if choice.deviation)


def build_change_measures(merged_index: MergedIndex) -> Iterator[Measure]:
    """Yield a count per kind of change, then one each for changed statuses, deadlines and comments."""
    language = merged_index.language
    for kind in COUNTED_CHANGE_KINDS:
        label = translate(f"changed.{kind}", language)
        yield Measure(label, "count", "changes", (RowFilter(CHANGE_KIND_COLUMN, label),))
    for flag in CHANGE_FLAGS if merged_index.status_field else CHANGE_FLAGS[1:]:
        filters = (RowFilter(flag_column_key(flag), translate("values.yes", language)),)
        yield Measure(translate(f"changed.any_{flag}", language), "count", "changes", filters)


def build_sum_measures(
    table_name: str, fields: Sequence[Field], number_columns: tuple[str, ...], context: PanelContext
) -> tuple[Measure, ...]:
    """Return one sum per amount field; computed amounts below zero are marked. `number_columns` are the fields
    that a complete row has a number in."""
    language = context.merged_index.language
    return tuple(
        Measure(
            field.label.in_language(language),
            "sum",
            table_name,
            sum_column=subtracted[0],
            subtracted_columns=subtracted[1:],
            negative_is_bad=field.computed is not None,
            number_columns=number_columns,
        )
        for field in fields
        for subtracted in ((field.computed.subtract if field.computed else ()) or (field.key,),)
    )


LEAST_AMOUNT_IN_THOUSANDS = 100_000
"""Amounts in kronor are shown in thousands where one of them is at least this large."""


def shows_thousands(merged_index: MergedIndex) -> bool:
    """Return whether the summary sheet shows amounts in thousands of what they are given in."""
    template = merged_index.template
    if template.amount_unit != "kr":
        return False
    amounts = (
        merged_index.number_over_units(item, field.key)
        for field in template.form_fields()
        if field.type in NUMBER_TYPES and not field.percent
        for item in merged_index.items
    )
    return any(amount is not None and abs(amount) >= LEAST_AMOUNT_IN_THOUSANDS for amount in amounts)


def list_amount_differences(merged_index: MergedIndex) -> list[tuple[str, Measure]]:
    """Return the label of each amount that is a difference of others, and the measure that adds it up; the heading
    of the measure is the key of the field."""
    language = merged_index.language
    return [
        (
            field.label.in_language(language),
            Measure(
                field.key,
                "sum",
                "activities",
                sum_column=field.computed.subtract[0],
                subtracted_columns=field.computed.subtract[1:],
            ),
        )
        for field in merged_index.template.form_fields()
        if field.computed and not field.percent and field.computed.subtract
    ]


def build_choice_measures(field: Field, context: PanelContext) -> tuple[Measure, ...]:
    """Return one count per accepted answer, then one for everything else, then the total."""
    template, language = context.merged_index.template, context.merged_index.language
    if field.type == "choice":
        labels = [option.label.in_language(language) for option in template.choice_list(field).options]
    else:
        labels = [translate(f"values.{key}", language) for key in ("yes", "no")]
    counts = (Measure(label, "count", "answers", (RowFilter(field.key, label),)) for label in labels)
    rest = Measure(
        context.overview_text("other_or_blank"), "rest", "answers", (RowFilter(SOURCE_COLUMN, "", equals=False),)
    )
    return (*counts, rest, Measure(context.overview_text("total"), "across"))


def list_status_labels(context: PanelContext) -> list[str]:
    """Return the labels of the statuses, deviations first, then whatever else an open list let in."""
    merged_index = context.merged_index
    deviating = deviation_labels(merged_index.template, merged_index.language)
    labels = (
        option.label.in_language(merged_index.language) for option in merged_index.template.status_choices.values()
    )
    choice_labels = list(dict.fromkeys((*deviating, *labels)))
    excluded_labels = {
        translate("consolidated.unanswered", merged_index.language),
        follows_activity_text(merged_index.template, merged_index.language),
    }
    texts_found = (
        text
        for table_name in ("activities", "answers")
        for text in context.distinct_texts(table_name, ROLLED_UP_COLUMN)
    )
    return [*choice_labels, *sorted(set(texts_found) - {*choice_labels, *excluded_labels, ""})]


def activity_filters_of(template: Template) -> tuple[RowFilter, ...]:
    """Return the filters that match activities and leave out sub-activities."""
    part_level_index = template.part_level_index
    return () if part_level_index is None else (RowFilter(template.levels[part_level_index].key, ""),)
