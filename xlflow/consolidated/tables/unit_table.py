"""The table `units`: who was asked, who answered and when, and what is left for each of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from xlflow.consolidated.summary_model import (
    ERROR_COUNT_COLUMN,
    FILE_COLUMN,
    ITEM_COUNT_COLUMN,
    OVERDUE_COLUMN,
    OWN_COUNT_COLUMN,
    PART_COUNT_COLUMN,
    RESPONSE_COLUMN,
    ROW_COUNT_COLUMN,
    UNANSWERED_COLUMN,
    UNIT_COLUMN,
)
from xlflow.consolidated.tables.collection_tables import file_sort_key
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.table_cells import BasicColumnKind, columns_from_specs, make_headings_unique
from xlflow.i18n.catalogue import translate
from xlflow.model.findings import Severity
from xlflow.model.plan import PlanItem, Unit
from xlflow.model.submission import FileState
from xlflow.model.table import Table, TableCell
from xlflow.model.text import safe_display_name
from xlflow.rules.rollup import fields_that_count_as_answer, find_unanswered_items


def build_unit_table(merged_index: MergedIndex) -> Table:
    """Return the table `units`: whether each answered, in which files, how many activities and sub-activities it
    has, how many rows it was to answer, how many of them are unanswered or overdue, and how many errors to
    correct."""
    overdue_columns: list[tuple[str, str, int, BasicColumnKind]] = (
        [(OVERDUE_COLUMN, "consolidated.overdue", 11, "integer")] if merged_index.deadline_field else []
    )
    part_columns: list[tuple[str, str, int, BasicColumnKind]] = (
        [(PART_COUNT_COLUMN, "consolidated.activities", 11, "integer")] if merged_index.has_parts else []
    )
    own_columns: list[tuple[str, str, int, BasicColumnKind]] = (
        [(OWN_COUNT_COLUMN, "collected.rows_own", 11, "integer")] if merged_index.has_own_items else []
    )
    columns = columns_from_specs(
        merged_index.language,
        (UNIT_COLUMN, "column.unit", 26, "text"),
        (RESPONSE_COLUMN, "collected.answer", 16, "text"),
        (FILE_COLUMN, "collected.file", 36, "text"),
        ("_contact", "collected.contact", 24, "text"),
        ("_email", "collected.email", 28, "text"),
        ("_saved", "collected.saved", 12, "text"),
        (ITEM_COUNT_COLUMN, "consolidated.activities", 11, "integer"),
        *part_columns,
        *own_columns,
        (ROW_COUNT_COLUMN, "collected.rows_asked", 11, "integer"),
        (UNANSWERED_COLUMN, "collected.unanswered", 11, "integer"),
        *overdue_columns,
        (ERROR_COUNT_COLUMN, "overview.errors", 11, "integer"),
    )
    template, language = merged_index.template, merged_index.language
    headings = {ITEM_COUNT_COLUMN: template.item_level.plural_label(language)}
    headings |= {PART_COUNT_COLUMN: template.part_level.plural_label(language)} if template.part_level else {}
    columns = tuple(
        replace(
            column,
            heading=headings.get(column.key, column.heading),
            kind="date" if column.key == "_saved" else column.kind,
        )
        for column in columns
    )
    items_by_unit, files_by_unit = _items_by_unit(merged_index), _file_names_by_unit(merged_index)
    error_counts = Counter(
        finding.unit for finding in merged_index.findings if finding.effective_severity == Severity.ERROR
    )
    saved_days = _saved_days(merged_index)
    rows = tuple(
        (
            *_unit_facts(unit, files_by_unit.get(unit.name, []), merged_index),
            saved_days.get(unit.name),
            *_unit_counts(unit, items_by_unit.get(unit.name, []), merged_index),
            error_counts[unit.name],
        )
        for unit in _list_units(merged_index)
    )
    return Table("units", make_headings_unique(columns), rows)


def _unit_facts(unit: Unit, file_names: Sequence[str], merged_index: MergedIndex) -> tuple[TableCell, ...]:
    return (
        unit.name,
        _unit_state_text(unit, merged_index),
        "\n".join(file_names) or None,
        unit.contact or None,
        unit.email or None,
    )


def _unit_counts(unit: Unit, items: Sequence[PlanItem], merged_index: MergedIndex) -> tuple[TableCell, ...]:
    has_nothing_to_report = unit.name in merged_index.units_with_nothing_to_report
    unanswered_count = len(_unanswered_item_ids(unit, items, merged_index))
    activities = [item for item in items if merged_index.is_activity(item)]
    asked_items = [item for item in items if not item.added_by_unit]
    return (
        len(activities),
        *([len(items) - len(activities)] if merged_index.has_parts else ()),
        *([len(items) - len(asked_items)] if merged_index.has_own_items else ()),
        len(asked_items),
        0 if has_nothing_to_report else unanswered_count,
        *(
            [sum(merged_index.roll_up_for_unit(item, unit.name).is_overdue for item in activities)]
            if merged_index.deadline_field
            else ()
        ),
    )


def _unit_state_text(unit: Unit, merged_index: MergedIndex) -> str:
    if unit.name in merged_index.units_with_nothing_to_report:
        return translate("nothing.label", merged_index.language)
    answered = "blank" if unit.name in merged_index.units_with_blank_form else "answered"
    state = answered if unit.name in merged_index.merged.answered_units else "missing"
    return translate(f"collected.{state}", merged_index.language)


def _unanswered_item_ids(unit: Unit, items: Sequence[PlanItem], merged_index: MergedIndex) -> tuple[str, ...]:
    asked_items = [item for item in items if not item.added_by_unit]
    return find_unanswered_items(
        asked_items, merged_index.template, _answered_item_ids(unit.name, asked_items, merged_index)
    )


def _answered_item_ids(unit: str, items: Iterable[PlanItem], merged_index: MergedIndex) -> set[str]:
    """Return the ids of the items to which the unit gave an answer that was understood."""
    answer_keys = fields_that_count_as_answer(merged_index.template)
    rows = ((item.id, merged_index.find_row(item.id, unit)) for item in items)
    return {
        item_id
        for item_id, merged in rows
        if merged and any(merged.row.value(key) is not None for key in answer_keys)
    }


def _list_units(merged_index: MergedIndex) -> Iterator[Unit]:
    """Yield the units asked, in the plan's order, then those that answered without being asked."""
    planned_units = {unit.name: unit for unit in merged_index.merged.round.plan.units}
    other_units = (Unit(name) for name in merged_index.merged.answered_units if name not in planned_units)
    return iter((*planned_units.values(), *other_units))


def _items_by_unit(merged_index: MergedIndex) -> Mapping[str, list[PlanItem]]:
    items: dict[str, list[PlanItem]] = {}
    for item in merged_index.items:
        for unit in merged_index.units_by_item[item.id]:
            items.setdefault(unit, []).append(item)
    return items


def _file_names_by_unit(merged_index: MergedIndex) -> Mapping[str, list[str]]:
    """Return the files that a unit's answers were read from, by its name."""
    names_by_unit: dict[str, list[str]] = {}
    for file in sorted(merged_index.merged.files, key=file_sort_key):
        for unit in (
            (file.unit, *file.further_units) if file.state in (FileState.ACCEPTED, FileState.SUPERSEDED) else ()
        ):
            names_by_unit.setdefault(unit or "", []).append(safe_display_name(file.name))
    return names_by_unit


def _saved_days(merged_index: MergedIndex) -> Mapping[str | None, date]:
    """Return the day on which the newest form of each unit was saved, as the form itself says."""
    return {
        unit: file.saved_at.date()
        for file in sorted(merged_index.merged.files, key=lambda file: file.recency)
        if file.state == FileState.ACCEPTED and file.is_dated and file.saved_at
        for unit in (file.unit, *file.further_units)
    }
