"""The tables of what was asked and what came in: `units`, `files`, `accounts`, `set_aside`.

Nothing that came in is left out: what fits no other table is listed here word for word with its address.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from xlflow.consolidated.summary_model import (
    ACCOUNTED_COLUMN,
    BALANCE_COLUMN,
    EQUATION_COLUMN,
    FILE_COLUMN,
    FILE_STATE_COLUMN,
    FORM_ROWS_COLUMN,
    FOUND_COLUMN,
    ITEM_COUNT_COLUMN,
    OVERDUE_COLUMN,
    OWN_COUNT_COLUMN,
    PART_COUNT_COLUMN,
    REASON_COLUMN,
    RESPONSE_COLUMN,
    ROW_COUNT_COLUMN,
    SOURCE_COLUMN,
    SUM_COLUMN_PREFIX,
    UNANSWERED_COLUMN,
    UNIT_COLUMN,
    UNPLACED_KIND_COLUMN,
    BalanceEquation,
    RowFilter,
    count_measure,
    sum_measure,
)
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.table_cells import BasicColumnKind, columns_from_specs, make_headings_unique
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import Finding, Location, message_of
from xlflow.model.plan import PlanItem, Unit
from xlflow.model.submission import FileState, ReceivedFile
from xlflow.model.table import Table, TableCell, TableColumn
from xlflow.model.text import safe_display_name
from xlflow.rules.computed_fields import sum_exactly
from xlflow.rules.rollup import fields_that_count_as_answer, find_unanswered_items
from xlflow.values import format_number

TEXT_SEPARATOR = " | "
"""Separates the cell texts of a row that was set aside."""


def build_unit_table(merged_index: MergedIndex) -> Table:
    """Return the table `units`: whether each answered, in which files, how many activities and sub-activities it
    has, how many rows it was to answer, and how many of them are unanswered or overdue."""
    overdue_columns: list[tuple[str, str, int, BasicColumnKind]] = (
        [(OVERDUE_COLUMN, "consolidated.overdue", 12, "integer")] if merged_index.deadline_field else []
    )
    part_columns: list[tuple[str, str, int, BasicColumnKind]] = (
        [(PART_COUNT_COLUMN, "consolidated.activities", 12, "integer")] if merged_index.has_parts else []
    )
    own_columns: list[tuple[str, str, int, BasicColumnKind]] = (
        [(OWN_COUNT_COLUMN, "collected.rows_own", 12, "integer")] if merged_index.has_own_items else []
    )
    columns = columns_from_specs(
        merged_index.language,
        (UNIT_COLUMN, "column.unit", 34, "text"),
        (RESPONSE_COLUMN, "collected.answer", 14, "text"),
        (FILE_COLUMN, "collected.file", 44, "text"),
        ("_contact", "collected.contact", 36, "text"),
        ("_email", "collected.email", 36, "text"),
        (ITEM_COUNT_COLUMN, "consolidated.activities", 12, "integer"),
        *part_columns,
        *own_columns,
        (ROW_COUNT_COLUMN, "collected.rows_asked", 12, "integer"),
        (UNANSWERED_COLUMN, "collected.unanswered", 12, "integer"),
        *overdue_columns,
    )
    template, language = merged_index.template, merged_index.language
    headings = {ITEM_COUNT_COLUMN: template.item_level.plural_label(language)}
    headings |= {PART_COUNT_COLUMN: template.part_level.plural_label(language)} if template.part_level else {}
    columns = tuple(replace(column, heading=headings.get(column.key, column.heading)) for column in columns)
    items_by_unit, files_by_unit = _items_by_unit(merged_index), _file_names_by_unit(merged_index)
    rows = tuple(
        _unit_row(unit, items_by_unit.get(unit.name, []), files_by_unit.get(unit.name, []), merged_index)
        for unit in _list_units(merged_index)
    )
    return Table("units", make_headings_unique(columns), rows)


def build_file_table(merged_index: MergedIndex) -> Table:
    """Return the table `files`: the state of every file found, and the reason if it does not count."""
    language = merged_index.language
    columns = columns_from_specs(
        language,
        (UNIT_COLUMN, "column.unit", 34, "text"),
        (FILE_STATE_COLUMN, "collected.state", 14, "text"),
        (FILE_COLUMN, "collected.file", 44, "text"),
        (REASON_COLUMN, "collected.reason", 36, "text"),
        (ROW_COUNT_COLUMN, "collected.rows_account", 36, "integer"),
    )
    finding_by_code, accounts = _index_findings_by_code(merged_index), merged_index.merged.accounts
    sum_columns = tuple(_sum_column(key, merged_index) for key in accounts.sums_in)
    rows = tuple(
        (
            "; ".join(filter(None, (file.unit, *file.further_units))) or None,
            translate(f"collected.{file.state}", language),
            safe_display_name(file.name),
            _reason_text(file.reason, file.name, finding_by_code, language),
            accounts.rows_by_file.get(file.name),
            *(accounts.sums_by_file.get((file.name, key)) for key in accounts.sums_in),
        )
        for file in sorted(merged_index.merged.files, key=file_sort_key)
    )
    return Table("files", (*columns, *sum_columns), rows)


def build_accounts_table(merged_index: MergedIndex) -> Table:
    """Return the table `accounts`, one equation per row: what came in, and what is accounted for."""
    language = merged_index.language
    columns = columns_from_specs(
        language,
        ("_account", "collected.account", 34, "text"),
        (BALANCE_COLUMN, "collected.balance", 14, "text"),
        (EQUATION_COLUMN, "collected.equation", 44, "text"),
        (FOUND_COLUMN, "collected.found", 36, "number"),
        (ACCOUNTED_COLUMN, "collected.accounted", 36, "number"),
    )
    rows = tuple(
        (
            account,
            translate(f"values.{'yes' if found == accounted else 'no'}", language),
            equation,
            found,
            accounted,
        )
        for account, equation, found, accounted in _list_equation_rows(merged_index)
    )
    return Table("accounts", columns, rows)


def build_balance_equations(merged_index: MergedIndex) -> tuple[BalanceEquation, ...]:
    """Return how each row of the accounts is counted in the other tables, in the order of the rows."""
    language, accounts = merged_index.language, merged_index.merged.accounts
    state_measures = tuple(
        (
            str(state),
            count_measure("files", RowFilter(FILE_STATE_COLUMN, translate(f"collected.{state}", language))),
        )
        for state in FileState
    )
    unplaced_rows = count_measure(
        "set_aside", RowFilter(UNPLACED_KIND_COLUMN, translate("collected.row", language))
    )
    files_found, rows_merged = (
        count_measure("files", RowFilter(FILE_COLUMN, "", equals=False)),
        sum_measure("answers", FORM_ROWS_COLUMN),
    )
    return (
        BalanceEquation(files_found, state_measures, translate("collected.files_equation", language)),
        BalanceEquation(
            sum_measure("files", ROW_COUNT_COLUMN),
            (("merged", rows_merged), ("set_aside", unplaced_rows)),
            translate("collected.rows_equation", language),
        ),
        *(
            BalanceEquation(
                sum_measure("files", f"{SUM_COLUMN_PREFIX}{key}"),
                (("out", sum_measure("answers", key)),),
                outside_tables=accounts.sums_replaced.get(key, Decimal(0)),
            )
            for key in accounts.sums_in
        ),
    )


def build_unplaced_table(merged_index: MergedIndex) -> Table:
    """Return the table `set_aside`: what could not be placed, word for word with its address."""
    language = merged_index.language
    columns = columns_from_specs(
        language,
        (UNIT_COLUMN, "column.unit", 34, "text"),
        (UNPLACED_KIND_COLUMN, "collected.kind", 14, "text"),
        (SOURCE_COLUMN, "consolidated.source", 44, "text"),
        ("_text", "collected.text", 36, "text"),
        (REASON_COLUMN, "collected.reason", 36, "text"),
    )
    finding_by_location, finding_by_code = (
        _index_findings_by_location(merged_index),
        _index_findings_by_code(merged_index),
    )
    rows = tuple(
        (
            unplaced.unit or None,
            translate("collected.row" if unplaced.is_row else "collected.loose_text", language),
            unplaced.location.describe(language),
            TEXT_SEPARATOR.join(unplaced.texts),
            message_of(finding, language)
            if (finding := finding_by_location.get((unplaced.location, unplaced.reason)))
            else _reason_text(unplaced.reason, unplaced.location.file, finding_by_code, language),
        )
        for unplaced in merged_index.merged.unplaced
    )
    return Table("set_aside", columns, rows)


# One row --------------------------------------------------------------------------------------------------


def _unit_row(
    unit: Unit, items: Sequence[PlanItem], file_names: Sequence[str], merged_index: MergedIndex
) -> tuple[TableCell, ...]:
    has_nothing_to_report, unanswered_count = (
        unit.name in merged_index.units_with_nothing_to_report,
        len(_unanswered_item_ids(unit, items, merged_index)),
    )
    activities = [item for item in items if merged_index.is_activity(item)]
    asked_items = [item for item in items if not item.added_by_unit]
    return (
        unit.name,
        _unit_state_text(unit, merged_index),
        "\n".join(file_names) or None,
        unit.contact or None,
        unit.email or None,
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


def _list_equation_rows(merged_index: MergedIndex) -> Iterator[tuple[str, str, TableCell, TableCell]]:
    """Yield (account, equation as a sentence, amount that came in, amount that is accounted for)."""
    language, accounts = merged_index.language, merged_index.merged.accounts
    count_by_state: dict[str, int] = {str(state): accounts.files.get(state, 0) for state in FileState}
    equation = translate("collected.files_equation", language, found=accounts.files_found, **count_by_state)
    yield (
        translate("collected.files_account", language),
        equation,
        accounts.files_found,
        sum(count_by_state.values()),
    )
    merged, unplaced = accounts.rows_merged, accounts.rows_set_aside
    equation = translate(
        "collected.rows_equation", language, found=accounts.rows_found, merged=merged, set_aside=unplaced
    )
    yield translate("collected.rows_account", language), equation, accounts.rows_found, merged + unplaced
    for key, found in accounts.sums_in.items():
        out, replaced = accounts.sums_out.get(key, Decimal(0)), accounts.sums_replaced.get(key, Decimal(0))
        amounts = {"found": found, "out": out, "replaced": replaced}
        equation = translate(
            "collected.sum_equation", language, **{k: format_number(v, language) for k, v in amounts.items()}
        )
        field_label = merged_index.template.field(key).label.in_language(language)
        yield (
            translate("collected.sum_account", language, field=field_label),
            equation,
            found,
            sum_exactly((out, replaced)),
        )


def _sum_column(key: str, merged_index: MergedIndex) -> TableColumn:
    field_label = merged_index.template.field(key).label.in_language(merged_index.language)
    return TableColumn(
        f"{SUM_COLUMN_PREFIX}{key}",
        translate("collected.sum_account", merged_index.language, field=field_label),
        14,
        "number",
    )


# Look-ups -------------------------------------------------------------------------------------------------


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


def _index_findings_by_code(merged_index: MergedIndex) -> Mapping[tuple[str, str], Finding]:
    return {(finding.location.file, finding.code): finding for finding in merged_index.findings}


def _index_findings_by_location(merged_index: MergedIndex) -> Mapping[tuple[Location, str], Finding]:
    return {(finding.location, finding.code): finding for finding in merged_index.findings}


def _reason_text(
    reason: str | None, file: str, finding_by_code: Mapping[tuple[str, str], Finding], language: Language
) -> str | None:
    """Return a reason as a sentence; if it is the code of a finding about that file, the finding's message."""
    finding = finding_by_code.get((file, reason or ""))
    return message_of(finding, language) if finding else reason


def file_sort_key(file: ReceivedFile) -> tuple[str, str]:
    """Return the sort key of a file: its name, then its digest."""
    return (file.name, file.digest)
