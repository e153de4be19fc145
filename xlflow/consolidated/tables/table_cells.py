"""Values and answers as table cells: one unit's answer as given, several units' answers combined.

What could not be parsed is shown as it was written. Shortens only what another table shows in full.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate
from typing import Literal

from xlflow.consolidated.summary_model import EXTRA_COLUMN_PREFIX
from xlflow.consolidated.tables.merged_index import MergedIndex, RolledUpStatus
from xlflow.i18n.catalogue import Language, translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.plan import Deadline, FieldValue
from xlflow.model.submission import Answer
from xlflow.model.table import TableCell, TableColumn
from xlflow.model.template_elements import NUMBER_TYPES, Field
from xlflow.model.text import first_free_name, normalize_key
from xlflow.rules.computed_fields import sum_exactly
from xlflow.values import format_deadline, quarter_of
from xlflow.values.field_values import format_value

BasicColumnKind = Literal["text", "number", "integer"]

MAX_JOINED_LENGTH = 4000
"""Characters that the comments of several units may take in one cell; the rest stand in the answers table."""

MAX_TABLE_HEADING_LENGTH = 200
"""Characters that a heading may have; Excel's tables allow 255."""


QUARTER_CACHE_KEY = "_quarter"
"""The key of quarters in `MergedIndex.text_cache`; a field's key begins with a letter."""


def value_to_cell(value: FieldValue | None, field: Field, merged_index: MergedIndex) -> TableCell:
    """Return a plan value or a parsed answer as a cell: Decimal for a number, date for a day, else text; None
    if blank."""
    if isinstance(value, Decimal):
        return value
    if isinstance(value, Deadline) and field.type == "date" and value.kind == "day":
        return value.first
    if not isinstance(value, str | Deadline) or field.type == "text":
        return _format_field_value(value, field, merged_index)
    text = merged_index.text_cache.get((field.key, value), "")
    if text == "":
        text = merged_index.text_cache[field.key, value] = _format_field_value(value, field, merged_index)
    return text


def _format_field_value(value: FieldValue | None, field: Field, merged_index: MergedIndex) -> str | None:
    round_ = merged_index.merged.round
    return format_value(value, field, round_.template, round_.language, round_.plan.year) or None


def answer_to_cell(answer: Answer | None, field: Field, merged_index: MergedIndex) -> TableCell:
    """Return one unit's answer as a cell: a deadline as the unit wrote it, a choice by its label, what could
    not be parsed as it was written."""
    if answer is None:
        return None
    if answer.value is None or (field.type in ("deadline", "quarter") and isinstance(answer.value, Deadline)):
        return answer.raw_text or None
    return value_to_cell(answer.value, field, merged_index)


def answers_to_cell(
    field: Field,
    answers: Sequence[tuple[str, Answer]],
    merged_index: MergedIndex,
    asked_unit_count: int,
    *,
    name_units: bool = False,
) -> TableCell:
    """Return the (unit, answer) pairs of one field of a plan item, combined in one cell.

    Numbers are added if every unit asked has given one; an answer that all share, or that one unit alone was asked
    for, stands as it is; others stand one below the other, each with its unit's name, and so do all if
    `name_units`. So an amount that is not known for all units is no number, and no sum takes it for the whole.
    """
    if not answers:
        return None
    numbers = [answer.value for _, answer in answers if isinstance(answer.value, Decimal)]
    if field.type in NUMBER_TYPES and not field.percent:
        if len(numbers) == asked_unit_count:
            return sum_exactly(numbers)
        name_units = asked_unit_count > 1
    cell_by_unit = [(unit, _single_answer_cell(answer, field, merged_index)) for unit, answer in answers]
    filled_cells = [(unit, cell) for unit, cell in cell_by_unit if cell is not None]
    distinct = list(dict.fromkeys(cell for _, cell in filled_cells))
    if asked_unit_count == 1 or (len(distinct) == 1 and field.type != "text" and not name_units):
        return distinct[0] if distinct else None
    return _join_texts([f"{unit}: {cell}" for unit, cell in filled_cells], merged_index)


def format_rolled_up_status(rolled_up: RolledUpStatus, merged_index: MergedIndex) -> str:
    """Return the rolled-up status as the tables show it: label, "Ej besvarad", or a reference to the activity."""
    if rolled_up.follows_parent:
        return follows_activity_text(merged_index.template, merged_index.language)
    if rolled_up.status_code is None or merged_index.status_field is None:
        return translate(
            "nothing.label" if rolled_up.has_nothing_to_report else "consolidated.unanswered",
            merged_index.language,
        )
    return format_status(rolled_up.status_code, merged_index)


def format_completeness(rolled_up: RolledUpStatus, merged_index: MergedIndex) -> str | None:
    """Return how many of those asked have answered, such as "2 av 3 har svarat"; None where all or none have."""
    if not rolled_up.is_incomplete:
        return None
    counts = {"answered": rolled_up.answered_count, "asked": rolled_up.asked_count}
    template, language = merged_index.template, merged_index.language
    if rolled_up.counts_parts and template.part_level_index is not None:
        parts = template.levels[template.part_level_index].plural_label(language).lower()
        return translate("consolidated.completeness_parts", language, parts=parts, **counts)
    return translate("consolidated.completeness_units", language, **counts)


def format_status(code: str, merged_index: MergedIndex) -> str:
    """Return the label of a status code, or the code itself where an open list has no such choice."""
    status_field = merged_index.status_field
    if status_field is None:
        return code
    text = merged_index.text_cache.get((status_field.key, code))
    if text is None:
        text = merged_index.text_cache[status_field.key, code] = merged_index.template.choice_label(
            status_field, code, merged_index.language
        )
    return text


def format_quarter(deadline: FieldValue | None, merged_index: MergedIndex) -> str:
    """Return the quarter of a deadline as text, or "no quarter"."""
    if not isinstance(deadline, Deadline):
        return translate("consolidated.no_quarter", merged_index.language)
    text = merged_index.text_cache.get((QUARTER_CACHE_KEY, deadline))
    if text is None:
        text = merged_index.text_cache[QUARTER_CACHE_KEY, deadline] = _quarter_text(deadline, merged_index)
    return text


def _quarter_text(deadline: Deadline, merged_index: MergedIndex) -> str:
    round_, quarter = merged_index.merged.round, quarter_of(deadline)
    if quarter is None:
        return translate("consolidated.no_quarter", round_.language)
    return format_deadline(quarter, round_.language, round_.plan.year)


def map_to_first_spelling(texts: Iterable[str]) -> Mapping[str, str]:
    """Return a mapping from each text to the first one with the same `normalize_key`, so that they form one
    group."""
    first_by_key: dict[str, str] = {}
    return {text: first_by_key.setdefault(normalize_key(text), text) for text in dict.fromkeys(texts)}


def make_headings_unique(columns: Iterable[TableColumn]) -> tuple[TableColumn, ...]:
    """Return the columns with headings that an Excel table accepts: not blank, not too long, no duplicates.

    Headings of the program and of the template are kept; further columns of the plan get a number if need be.
    """
    used_headings, renamed_columns = set[str](), []
    ordered = list(columns)
    for column in sorted(ordered, key=lambda column: column.key.startswith(EXTRA_COLUMN_PREFIX)):
        wanted = " ".join(column.heading.split())[:MAX_TABLE_HEADING_LENGTH] or "-"
        heading = first_free_name(wanted, lambda name: normalize_key(name) in used_headings)
        used_headings.add(normalize_key(heading))
        renamed_columns.append(replace(column, heading=heading))
    by_key = {column.key: column for column in renamed_columns}
    return tuple(by_key[column.key] for column in ordered)


def _single_answer_cell(answer: Answer, field: Field, merged_index: MergedIndex) -> TableCell:
    return (
        value_to_cell(answer.value, field, merged_index) if answer.value is not None else answer.raw_text or None
    )


def _join_texts(texts: Sequence[str], merged_index: MergedIndex) -> str | None:
    """Return the texts as lines, as many whole texts as `MAX_JOINED_LENGTH` allows, then how many were left
    out."""
    if not texts:
        return None
    ends = list(accumulate(len(text) + 1 for text in texts))
    fitting_count = max(1, sum(end <= MAX_JOINED_LENGTH for end in ends))
    omitted_count = len(texts) - fitting_count
    sheet_title = translate("consolidated.answers", merged_index.language)
    more = (
        [translate("consolidated.and_more", merged_index.language, count=omitted_count, sheet=sheet_title)]
        if omitted_count
        else []
    )
    return "\n".join((*texts[:fitting_count], *more))


def columns_from_specs(
    language: Language, *columns: tuple[str, str, int, BasicColumnKind]
) -> tuple[TableColumn, ...]:
    """Return columns from (key, key of the heading in `words.toml`, width in characters, kind)."""
    return tuple(
        TableColumn(key, translate(word_key, language), width, kind) for key, word_key, width, kind in columns
    )
