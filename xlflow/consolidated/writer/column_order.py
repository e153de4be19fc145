"""In which order the sheets show the columns of a table: what is read first at the left, the goals to the right.

The tables themselves, and what is exported of them, keep the template's order.
"""

from collections.abc import Iterator
from dataclasses import replace

from xlflow.consolidated.summary_model import (
    COMPLETENESS_COLUMN,
    ID_COLUMN,
    OVERDUE_COLUMN,
    REASON_COLUMN,
    ROLLED_UP_COLUMN,
    SOURCE_COLUMN,
    SOURCE_LINK_COLUMN,
    UNIT_COLUMN,
    WORST_SEVERITY_COLUMN,
)
from xlflow.model.table import Table, reorder_columns
from xlflow.model.template import Template

ORDERED_TABLES = ("deviations", "activities", "answers")


def order_columns(table: Table, template: Template) -> Table:
    """Return a table with its columns in the order in which a sheet shows them; those not named come last."""
    if table.name not in ORDERED_TABLES:
        return table
    keys = [column.key for column in table.columns]
    first = [key for key in _keys_in_order(table.name, template) if key in keys]
    ordered = reorder_columns(table, [keys.index(key) for key in dict.fromkeys((*first, *keys))])
    if table.name != "deviations":
        return ordered
    columns = (each if each.key in first else replace(each, kind="context") for each in ordered.columns)
    return replace(ordered, columns=tuple(columns))


def _keys_in_order(table_name: str, template: Template) -> Iterator[str]:
    items = [level.key for level in template.levels if level.kind != "group"]
    fields = template.form_fields()
    planned = [field.key for field in fields if field.filled_by == "plan" and field.type != "number"]
    answered = [field.key for field in fields if field.key not in planned]
    status = [field.key for field in fields if field.role == "status"]
    if table_name == "answers":
        yield from (UNIT_COLUMN, ID_COLUMN, *items, *planned, *answered, ROLLED_UP_COLUMN, WORST_SEVERITY_COLUMN)
        yield from (SOURCE_COLUMN, SOURCE_LINK_COLUMN)
        return
    yield from ((ID_COLUMN,) if table_name == "activities" else (REASON_COLUMN,))
    yield from (*items, UNIT_COLUMN, *planned, *status, ROLLED_UP_COLUMN, *answered)
    yield from (COMPLETENESS_COLUMN, OVERDUE_COLUMN)
