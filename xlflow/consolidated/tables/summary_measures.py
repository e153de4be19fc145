"""The columns of figures of each panel: what is counted or added up, and under which heading."""

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
from xlflow.i18n.catalogue import translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.template import Field, Template

COUNTED_CHANGE_KINDS = ("delayed", "overdue_since", "cancelled", "done", "new", "gone")
"""The kinds of change that exclude each other, so that their counts can be added."""


def build_status_measures(
    table_name: str, labels: Sequence[str], activity_filters: tuple[RowFilter, ...], context: PanelContext
) -> tuple[Measure, ...]:
    """Return one count per status, then what is not answered, the total, and what is overdue."""
    language, has_deadline = context.merged_index.language, context.merged_index.deadline_field is not None
    unanswered_label, overdue_label = (
        translate(f"consolidated.{key}", language) for key in ("unanswered", "overdue")
    )
    counts = [
        Measure(label, "count", table_name, (*activity_filters, RowFilter(ROLLED_UP_COLUMN, label)))
        for label in labels
    ]
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
        )
    else:
        rest, overdue = (
            Measure(unanswered_label, "rest", "units", sum_column=ITEM_COUNT_COLUMN),
            Measure(overdue_label, "sum", "units", sum_column=OVERDUE_COLUMN),
        )
    return (*counts, rest, across, *([overdue] if has_deadline else ()))


def build_change_measures(merged_index: MergedIndex) -> Iterator[Measure]:
    """Yield a count per kind of change, then one each for changed statuses, deadlines and comments."""
    language = merged_index.language
    for kind in COUNTED_CHANGE_KINDS:
        label = translate(f"changed.{kind}", language)
        yield Measure(label, "count", "changes", (RowFilter(CHANGE_KIND_COLUMN, label),))
    for flag in CHANGE_FLAGS if merged_index.status_field else CHANGE_FLAGS[1:]:
        filters = (RowFilter(flag_column_key(flag), translate("values.yes", language)),)
        yield Measure(translate(f"changed.any_{flag}", language), "count", "changes", filters)


def build_sum_measures(table_name: str, fields: Sequence[Field], context: PanelContext) -> tuple[Measure, ...]:
    """Return one sum per amount field; computed amounts below zero are marked."""
    language = context.merged_index.language
    return tuple(
        Measure(
            field.label.in_language(language),
            "sum",
            table_name,
            sum_column=field.key,
            negative_is_bad=field.computed is not None,
        )
        for field in fields
    )


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
    """Return the labels of the statuses, then whatever else an open list let in."""
    merged_index = context.merged_index
    choice_labels = [
        option.label.in_language(merged_index.language) for option in merged_index.template.status_choices.values()
    ]
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
