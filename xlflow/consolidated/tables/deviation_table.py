"""The table `deviations`: the rows of the table of activities that need attention, each with the reason."""

from collections.abc import Iterator
from dataclasses import replace

from xlflow.consolidated.summary_model import (
    COMPLETENESS_COLUMN,
    ID_COLUMN,
    REASON_COLUMN,
    ROLLED_UP_COLUMN,
    UNIT_COLUMN,
)
from xlflow.consolidated.tables.activity_tables import fixed_column
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.table_cells import (
    format_rolled_up_status,
    make_headings_unique,
)
from xlflow.i18n.catalogue import translate
from xlflow.model.plan import PlanItem
from xlflow.model.table import Table, TableCell, TableColumn, encode_rows
from xlflow.model.template_elements import NUMBER_TYPES
from xlflow.model.text import first_line
from xlflow.rules.rollup import is_deviation_status


def build_deviation_table(merged_index: MergedIndex, activity_table: Table) -> Table:
    """Return the table `deviations`: the plan items with a deviating status, a passed deadline or an amount
    above a threshold, each with the reason. `activity_table` has one row per item of `merged_index.items`, in
    that order."""
    keys = [column.key for column in activity_table.columns]
    positions = [keys.index(key) for key in _deviation_column_keys(merged_index) if key in keys]
    columns = (
        fixed_column(REASON_COLUMN, merged_index),
        *(_ungrouped_column(activity_table.columns[position]) for position in positions),
    )
    rows = (
        (reason, *(_first_line_of_group(row[index], activity_table.columns[index]) for index in positions))
        for item, row in zip(merged_index.items, activity_table.rows, strict=True)
        if (reason := _deviation_reason(item, merged_index))
    )
    return Table("deviations", make_headings_unique(columns), encode_rows(rows, len(columns)))


def _deviation_reason(item: PlanItem, merged_index: MergedIndex) -> str | None:
    rolled_up = merged_index.status_by_item[item.id]
    is_deviation = (
        is_deviation_status(merged_index.template, rolled_up.status_code) and not rolled_up.follows_parent
    )
    overdue_texts = [translate("consolidated.overdue", merged_index.language)] if rolled_up.is_overdue else []
    threshold_texts = [
        translate(
            "consolidated.beyond", merged_index.language, field=field.label.in_language(merged_index.language)
        )
        for field in merged_index.fields_above_threshold(item)
    ]
    return (
        "; ".join(
            [
                *([format_rolled_up_status(rolled_up, merged_index)] if is_deviation else []),
                *overdue_texts,
                *threshold_texts,
            ]
        )
        or None
    )


def _ungrouped_column(column: TableColumn) -> TableColumn:
    """Return a column whose group texts are shown on every row, since deviations are read one by one."""
    return replace(column, kind="text") if column.kind == "group" else column


def _first_line_of_group(cell: TableCell, column: TableColumn) -> TableCell:
    """Return the first line of a group's text, its name; its definition is shown in the table of activities."""
    return first_line(cell) if column.kind == "group" and isinstance(cell, str) else cell


def _deviation_column_keys(merged_index: MergedIndex) -> Iterator[str]:
    template = merged_index.template
    yield ID_COLUMN
    yield from (level.key for level in template.levels)
    yield UNIT_COLUMN
    yield from (field.key for field in (merged_index.deadline_field, merged_index.new_deadline_field) if field)
    yield from (
        field.key for field in template.form_fields() if merged_index.thresholds and field.type in NUMBER_TYPES
    )
    yield ROLLED_UP_COLUMN
    yield COMPLETENESS_COLUMN
    yield from (field.key for field in template.answer_fields() if field.role == "comment")
