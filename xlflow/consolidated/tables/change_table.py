"""The table `changes`: what has changed since the previous round, a row per plan item, previous and current
values.

Only what has changed is listed. `rounds.round_changes` decides what counts as a change; this module puts it into
words.
"""

from collections.abc import Iterator, Mapping, Sequence

from xlflow.consolidated.summary_model import CHANGE_FLAG_PREFIX, CHANGE_KIND_COLUMN, ID_COLUMN, UNIT_COLUMN
from xlflow.consolidated.tables.merged_index import MergedIndex, RolledUpStatus
from xlflow.consolidated.tables.table_cells import (
    answer_to_cell,
    answers_to_cell,
    format_rolled_up_status,
    make_headings_unique,
    map_to_first_spelling,
    value_to_cell,
)
from xlflow.i18n.catalogue import translate
from xlflow.model.plan import Deadline, PlanItem
from xlflow.model.table import Table, TableCell, TableColumn
from xlflow.model.template_elements import Level
from xlflow.model.text import first_line
from xlflow.rounds.round_changes import ItemChange, ItemSnapshot, RoundSnapshot, find_effective_deadline
from xlflow.values import format_deadline

CHANGE_FLAGS = ("status", "time", "comment")
"""The columns that say Yes where the status, deadline or comment differs from the previous round."""

_COLUMN_WIDTHS: Mapping[str, int] = {
    ID_COLUMN: 11,
    UNIT_COLUMN: 18,
    CHANGE_KIND_COLUMN: 18,
    "_how": 12,
    "_id_before": 11,
}
_TIME_WIDTH, _COMMENT_WIDTH, _FLAG_WIDTH = 14, 30, 9


def build_current_snapshot(merged_index: MergedIndex) -> RoundSnapshot:
    """Return the state of every plan item in this round, for comparison with another."""
    item_snapshots = [_build_item_snapshot(item, merged_index) for item in merged_index.items]
    return RoundSnapshot(item_snapshots, merged_index.template, merged_index.merged.round.as_of)


def build_change_table(merged_index: MergedIndex, changes: Sequence[ItemChange], previous: RoundSnapshot) -> Table:
    """Return the table `changes`: one row per plan item in which anything changed, in the order of `changes`."""
    spellings = map_to_first_spelling(text for item in merged_index.items for text in item.level_texts)
    rows = tuple(tuple(_change_row(change, previous, spellings, merged_index)) for change in changes)
    return Table("changes", make_headings_unique(_change_columns(merged_index)), rows)


def flag_column_key(flag: str) -> str:
    """Return the key of the column that says whether the status, deadline or comment changed."""
    return f"{CHANGE_FLAG_PREFIX}{flag}"


# States ---------------------------------------------------------------------------------------------------


def _build_item_snapshot(item: PlanItem, merged_index: MergedIndex) -> ItemSnapshot:
    rolled_up = merged_index.status_by_item[item.id]
    return ItemSnapshot(
        item=item,
        status_code=rolled_up.status_code,
        status=format_rolled_up_status(RolledUpStatus(rolled_up.status_code), merged_index)
        if rolled_up.status_code
        else "",
        follows_parent=rolled_up.follows_parent,
        is_overdue=rolled_up.is_overdue,
        planned_deadline=_planned_deadline_text(item, merged_index),
        new_deadline=_answers_text(item, "new_deadline", merged_index),
        effective_deadline=_effective_deadline(item, merged_index),
        comment=_answers_text(item, "comment", merged_index),
        agreed_deadline=_agreed_deadline_text(item, merged_index),
    )


def _planned_deadline_text(item: PlanItem, merged_index: MergedIndex) -> str:
    field = merged_index.deadline_field
    cell = value_to_cell(item.plan_value(field.key), field, merged_index) if field else None
    return "" if cell is None else str(cell)


def _agreed_deadline_text(item: PlanItem, merged_index: MergedIndex) -> str:
    deadline = merged_index.agreed_deadline_by_item.get(item.id)
    year = merged_index.merged.round.plan.year
    return format_deadline(deadline, merged_index.language, year) if deadline else ""


def _answers_text(item: PlanItem, role: str, merged_index: MergedIndex) -> str:
    """Return what all units answered in the field that plays a role, or what a person corrected it to."""
    field = merged_index.template.field_in_role(role)
    if field is None:
        return ""
    corrected = merged_index.merged.item_answers.get((item.id, field.key))
    if corrected:
        return str(answer_to_cell(corrected, field, merged_index) or "")
    rows = (merged.row for merged in merged_index.rows_by_item.get(item.id, ()))
    unit_answers = [
        (row.unit, answer) for row in rows if (answer := row.answer(field.key)) and not answer.is_blank
    ]
    cell = answers_to_cell(field, unit_answers, merged_index, len(merged_index.units_by_item[item.id]))
    return "" if cell is None else str(cell)


def _effective_deadline(item: PlanItem, merged_index: MergedIndex) -> Deadline | None:
    field = merged_index.new_deadline_field
    rows = (merged.row for merged in merged_index.rows_by_item.get(item.id, ()))
    corrected = merged_index.merged.item_answers.get((item.id, field.key)) if field else None
    answered = (corrected.value,) if corrected else (row.value(field.key) for row in rows) if field else ()
    planned = item.plan_value(merged_index.deadline_field.key) if merged_index.deadline_field else None
    return find_effective_deadline(answered, merged_index.agreed_deadline_by_item.get(item.id) or planned)


# Rows -----------------------------------------------------------------------------------------------------


def _change_row(
    change: ItemChange, previous_snapshot: RoundSnapshot, spellings: Mapping[str, str], merged_index: MergedIndex
) -> Iterator[TableCell]:
    previous, current, item = change.previous, change.current, change.item
    yield translate(f"changed.{change.kind}", merged_index.language)
    yield item.id
    levels = dict(_level_cells(item, merged_index if current else previous_snapshot, spellings, merged_index))
    printed_levels, other_levels = _split_levels(merged_index)
    yield from (levels[level.key] for level in printed_levels)
    yield "; ".join(merged_index.units_by_item.get(item.id, item.units)) or None
    if merged_index.status_field:
        yield from (_snapshot_status_text(previous, merged_index), _snapshot_status_text(current, merged_index))
    if merged_index.deadline_field or merged_index.new_deadline_field:
        yield from (
            previous.effective_deadline_text or None if previous else None,
            change.current_deadline_text or None,
        )
    yield previous.comment or None if previous and (change.has_new_comment or not current) else None
    yield current.comment or None if current else None
    flags = (change.has_new_status, change.has_new_deadline, change.has_new_comment)
    yield from (translate("values.yes", merged_index.language) if flag else None for flag in flags)
    yield translate(f"changed.by_{change.matched_by}", merged_index.language) if change.matched_by else None
    yield previous.item.id if previous and current and previous.item.id != current.item.id else None
    yield from (levels[level.key] for level in other_levels)


def _level_cells(
    item: PlanItem,
    template_source: MergedIndex | RoundSnapshot,
    spellings: Mapping[str, str],
    merged_index: MergedIndex,
) -> Iterator[tuple[str, TableCell]]:
    """Yield (level key, text) for the levels of this round's template; of a group its name without its
    definition."""
    texts = {
        level.key: text for level, text in zip(template_source.template.levels, item.level_texts, strict=True)
    }
    for level in merged_index.template.levels:
        text = texts.get(level.key, "")
        display_text = first_line(spellings.get(text, text)) if level.kind == "group" else text
        yield level.key, display_text or None


def _split_levels(merged_index: MergedIndex) -> tuple[Sequence[Level], Sequence[Level]]:
    """Return the levels that are printed (the first group, activity, sub-activity), and those of the last
    columns."""
    levels, item_level_index = merged_index.template.levels, merged_index.template.item_level_index
    return (*levels[: min(1, item_level_index)], *levels[item_level_index:]), levels[1:item_level_index]


def _snapshot_status_text(item_snapshot: ItemSnapshot | None, merged_index: MergedIndex) -> str | None:
    if item_snapshot is None:
        return None
    if item_snapshot.status and not item_snapshot.follows_parent:
        return item_snapshot.status
    return format_rolled_up_status(RolledUpStatus(follows_parent=item_snapshot.follows_parent), merged_index)


def _change_columns(merged_index: MergedIndex) -> Iterator[TableColumn]:
    language = merged_index.language
    yield _fixed_column(CHANGE_KIND_COLUMN, "changed.kind", merged_index)
    yield _fixed_column(ID_COLUMN, "column.id", merged_index)
    printed_levels, other_levels = _split_levels(merged_index)
    yield from (TableColumn(each.key, each.label.in_language(language), each.width) for each in printed_levels)
    yield _fixed_column(UNIT_COLUMN, "column.unit", merged_index)
    if merged_index.status_field:
        width = merged_index.status_field.width
        yield from (
            TableColumn(f"_{key}", translate(f"changed.{key}", language), width, "status")
            for key in ("status_before", "status_now")
        )
    pairs = [("time", _TIME_WIDTH)] if merged_index.deadline_field or merged_index.new_deadline_field else []
    for key, width in (*pairs, ("comment", _COMMENT_WIDTH)):
        yield from (
            TableColumn(f"_{key}_{point_in_time}", translate(f"changed.{key}_{point_in_time}", language), width)
            for point_in_time in ("before", "now")
        )
    yield from (
        TableColumn(flag_column_key(flag), translate(f"changed.any_{flag}", language), _FLAG_WIDTH)
        for flag in CHANGE_FLAGS
    )
    yield _fixed_column("_how", "changed.how", merged_index)
    yield _fixed_column("_id_before", "changed.id_before", merged_index)
    yield from (TableColumn(each.key, each.label.in_language(language), each.width) for each in other_levels)


def _fixed_column(key: str, word_key: str, merged_index: MergedIndex) -> TableColumn:
    return TableColumn(key, translate(word_key, merged_index.language), _COLUMN_WIDTHS[key])
