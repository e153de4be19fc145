"""What the answers came to when the workbook was made, by which its first sheet sees that one was changed since.

Figures over the tables follow a correction by themselves. What is worked out from the answers only by a merge does
not: the rolled-up status, what is overdue, the sentences. So the sheet says when an answer is no longer as it was.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from xlflow.consolidated.summary_model import (
    ROLLED_UP_COLUMN,
    Measure,
    RowFilter,
    StaleChecks,
    StatusMismatch,
    count_measure,
    sum_measure,
)
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.model.table import Table, TableCell
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.rules.computed_fields import sum_exactly

MAX_TEXTS, MAX_TEXT_LENGTH = 20, 120
"""Different texts of a column whose number of rows is compared, and characters of each, so that the formula keeps
within what a cell may hold."""


def build_stale_checks(merged_index: MergedIndex, tables: Sequence[Table]) -> StaleChecks:
    """Return what the columns of answers come to, in the tables `answers` and `activities`."""
    by_name = {table.name: table for table in tables}
    answer_tables = [by_name["answers"], by_name["activities"]]
    return StaleChecks(
        tuple(figure for table in answer_tables for figure in _count_answers(table, merged_index)),
        tuple(
            _find_mismatch(table, merged_index.status_field, merged_index)
            for table in answer_tables
            if merged_index.status_field
        ),
    )


def _count_answers(table: Table, merged_index: MergedIndex) -> Iterator[tuple[Measure, TableCell]]:
    keys = {column.key for column in table.columns}
    text_fields = (merged_index.status_field, merged_index.new_deadline_field)
    text_keys = [field.key for field in text_fields if field]
    for key in (*text_keys, *([ROLLED_UP_COLUMN] if table.name == "activities" else ())):
        if key in keys:
            yield from _count_texts(table, key)
    for field in merged_index.template.answer_fields():
        if field.type in NUMBER_TYPES and field.key in keys and not field.computed:
            numbers = [cell for cell in _column(table, field.key) if isinstance(cell, Decimal | int)]
            yield sum_measure(table.name, field.key), sum_exactly(map(Decimal, numbers))


def _count_texts(table: Table, key: str) -> Iterator[tuple[Measure, TableCell]]:
    counts: Counter[str] = Counter()
    spelling: dict[str, str] = {}
    for cell, count in Counter(_column(table, key)).items():
        text = cell if isinstance(cell, str) else ""
        counts[text.casefold()] += count
        spelling.setdefault(text.casefold(), text)
    counted = counts.most_common()
    short = [(text, count) for text, count in counted if len(text) <= MAX_TEXT_LENGTH and text.isprintable()]
    for text, count in sorted(short[:MAX_TEXTS]):
        yield count_measure(table.name, RowFilter(key, spelling[text])), count


def _find_mismatch(table: Table, status_field: Field, merged_index: MergedIndex) -> StatusMismatch:
    """Return in how many rows a status of the list is not the rolled-up one."""
    language = merged_index.language
    labels = tuple(option.label.in_language(language) for option in merged_index.template.status_choices.values())
    known = {label.casefold() for label in labels}
    pairs = zip(_column(table, status_field.key), _column(table, ROLLED_UP_COLUMN), strict=True)
    texts = [
        (str(own or "").casefold(), str(rolled_up or "").casefold(), count)
        for (own, rolled_up), count in Counter(pairs).items()
    ]
    count = sum(count for own, rolled_up, count in texts if own in known and own != rolled_up)
    return StatusMismatch(table.name, status_field.key, labels, count)


def _column(table: Table, key: str) -> Sequence[TableCell]:
    return tuple(table.column([column.key for column in table.columns].index(key)))
