"""The sections of the summary sheet: what they group by, which groups there are, and their labels.

A group is the rows with the same text in a column of one of the tables. Blank is a group too, and groups beyond
`MAX_GROUPS` share one row, so that the figures of a section always cover all rows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from xlflow.consolidated.summary_model import (
    QUARTER_COLUMN,
    UNIT_COLUMN,
    UNIT_GROUP_KEY,
    Measure,
    RowFilter,
    RowGroup,
    Section,
)
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.table_cells import format_quarter
from xlflow.i18n.catalogue import translate
from xlflow.model.plan import Deadline
from xlflow.model.table import Table

MAX_GROUPS = 60
"""Groups that a section shows; the others share one row."""

MAX_LABEL_LENGTH = 90
"""Characters of a group's text that its label shows, if that is enough to distinguish it from the others."""


@dataclass(frozen=True, slots=True)
class PanelContext:
    """What the panels are built from: the merged answers and the tables by name."""

    merged_index: MergedIndex
    table_by_name: Mapping[str, Table]

    def overview_text(self, word_key: str, **values: object) -> str:
        """Return a word of the overview in the round's language."""
        return translate(f"overview.{word_key}", self.merged_index.language, **values)

    def has_text_column(self, table_name: str, column: str) -> bool:
        """Return whether a table has a column of texts with this key."""
        texts = ("text", "group", "status")
        return any(each.key == column and each.kind in texts for each in self.table_by_name[table_name].columns)

    def distinct_texts(self, table_name: str, column: str, filters: Sequence[RowFilter] = ()) -> dict[str, None]:
        """Return the distinct texts of a column ("" for blank) in the rows that match all filters, in row
        order."""
        table = self.table_by_name[table_name]
        position_by_key = {each.key: position for position, each in enumerate(table.columns)}
        conditions = [(position_by_key[row_filter.column], row_filter.text) for row_filter in filters]
        rows = (row for row in table.rows if all((row[index] or "") == text for index, text in conditions))
        return dict.fromkeys(str(row[position_by_key[column]] or "") for row in rows)


@dataclass(frozen=True, slots=True)
class Grouping:
    """What rows are grouped by: `column` of the table `table_name`, for rows that match all `filters`.

    `group_key` is the key of a level or field of the template, or `UNIT_GROUP_KEY`.
    """

    group_key: str
    title: str
    table_name: str
    column: str
    filters: tuple[RowFilter, ...] = ()


def list_groupings(context: PanelContext, includes_field: Callable[[str], bool]) -> Iterator[Grouping]:
    """Yield the groupings for the fields that `includes_field` accepts: as the template's `summaries` say, else
    by each group level, deadline quarter and unit."""
    template, language = context.merged_index.template, context.merged_index.language
    if template.summaries:
        summaries = [summary for summary in template.summaries if includes_field(summary.of)]
        titles = {summary.by: summary.title.in_language(language) for summary in reversed(summaries)}
        key_titles = [
            (group_key, titles[group_key]) for group_key in dict.fromkeys(summary.by for summary in summaries)
        ]
    else:
        group_levels = [level for level in template.levels if level.kind == "group"]
        deadline_fields = [context.merged_index.deadline_field] if context.merged_index.deadline_field else []
        labels = [(column.key, column.label.in_language(language)) for column in (*group_levels, *deadline_fields)]
        labels.append((UNIT_GROUP_KEY, translate("column.unit", language)))
        key_titles = [(by, context.overview_text("by", what=label.lower())) for by, label in labels]
    yield from (Grouping(by, title, *_find_group_column(by, context)) for by, title in key_titles)


def build_section(grouping: Grouping, measures: tuple[Measure, ...], context: PanelContext) -> Iterator[Section]:
    """Yield the section for a grouping, without values; nothing if its table lacks the column or has no rows."""
    if not context.has_text_column(grouping.table_name, grouping.column):
        return
    texts = _list_group_texts(grouping, context)
    shown_texts = texts if len(texts) <= MAX_GROUPS + 1 else texts[:MAX_GROUPS]
    groups = [RowGroup(*_group_label_and_filters(text, grouping.column, texts, context)) for text in shown_texts]
    if len(shown_texts) < len(texts):
        groups.append(RowGroup(context.overview_text("others", count=len(texts) - len(shown_texts)), (), "others"))
    has_shared_items = grouping.group_key == UNIT_GROUP_KEY and any(
        len(units) > 1 for units in context.merged_index.units_by_item.values()
    )
    note = context.overview_text("several_count_each") if has_shared_items else ""
    if groups:
        yield Section(grouping.group_key, grouping.title, tuple(groups), measures, note=note)


def _list_group_texts(grouping: Grouping, context: PanelContext) -> list[str]:
    """Return the texts to group by: units as asked, quarters by time, others as they come; what is blank last."""
    if grouping.group_key == UNIT_GROUP_KEY:
        return list(context.distinct_texts("units", UNIT_COLUMN))
    texts = list(context.distinct_texts(grouping.table_name, grouping.column, grouping.filters))
    if grouping.column == QUARTER_COLUMN:
        quarter_end_dates = _quarter_end_dates(context.merged_index)
        return sorted(texts, key=lambda text: quarter_end_dates.get(text, date.max))
    return sorted(texts, key=lambda text: not text)


def _group_label_and_filters(
    text: str, column: str, texts: Sequence[str], context: PanelContext
) -> tuple[str, tuple[RowFilter, ...]]:
    """Return the label of a group, and the filters that match its rows."""
    if not text:
        return context.overview_text("not_stated"), (RowFilter(column, ""),)
    prefix = _shorten_label(text)
    others = (other for other in texts if other != text)
    if prefix == text or any(other.casefold().startswith(prefix.casefold()) for other in others):
        return text, (RowFilter(column, text),)
    return prefix, (RowFilter(column, text, prefix=prefix),)


def _shorten_label(text: str) -> str:
    """Return the beginning of a text: its first line, or as many whole words of it as `MAX_LABEL_LENGTH`
    allows."""
    label = text.split("\n", maxsplit=1)[0].rstrip()
    if len(label) <= MAX_LABEL_LENGTH:
        return label
    return label[: MAX_LABEL_LENGTH + 1].rsplit(" ", 1)[0][:MAX_LABEL_LENGTH]


def _find_group_column(group_key: str, context: PanelContext) -> tuple[str, str]:
    """Return the table that is counted in, and its column, for grouping by a unit, level or field."""
    template = context.merged_index.template
    if group_key == UNIT_GROUP_KEY:
        return "answers", UNIT_COLUMN
    if context.merged_index.deadline_field and group_key == context.merged_index.deadline_field.key:
        return "activities", QUARTER_COLUMN
    plan_keys = {*(level.key for level in template.levels), *(field.key for field in template.plan_fields())}
    return ("activities" if group_key in plan_keys else "answers"), group_key


def _quarter_end_dates(merged_index: MergedIndex) -> Mapping[str, date]:
    """Return the last day of each quarter that a deadline of the plan lies in, by how the quarter is shown."""
    key = merged_index.deadline_field.key if merged_index.deadline_field else ""
    deadlines = (item.plan_value(key) for item in merged_index.items)
    return {
        format_quarter(deadline, merged_index): deadline.last
        for deadline in deadlines
        if isinstance(deadline, Deadline) and deadline.last
    }
