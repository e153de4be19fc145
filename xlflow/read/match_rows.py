"""Finds out which plan item every row of a form belongs to, by two identities that fail independently.

The id in the row, and the issued text. Where they disagree the text decides, since sorting part of a table tears
ids off their rows. Every row ends as one item's, as one that the unit added, as unplaced, or as text outside the
table. Nothing is dropped here, and no row counts for two items.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from xlflow.excel.conventions import RawCell
from xlflow.model.plan import ADDED_ITEM_PREFIX, PlanItem, PlanItemIndex, strip_accents
from xlflow.model.text import collapse_whitespace, normalize_key_cached
from xlflow.read.form_schema import FormSchema, normalized_words
from xlflow.read.locate_table import LocatedTable
from xlflow.values import cell_text

_WORD_PATTERN = re.compile(r"\w+")
_STEM_LENGTH = 4
"""First letters by which two words count as the same: "kvarn" and "kvarnen"."""

RowKind = Literal["item", "added", "unplaced", "outside", "heading"]
"""What a row is. item: the row of an issued plan item. added: an activity that the unit added. unplaced: a row of
which nobody can say what it belongs to. outside: no row of the table, but text between or below its rows. heading:
the heading row or the row of codes once more."""


@dataclass(frozen=True, slots=True)
class RowMatch:
    """How one sheet row (`row_index`, 0-based) was classified. `item` is set for kind "item" only. `code`: the
    finding that says what was assumed or why the row is unplaced, None if nothing is to be said. `texts`: the
    level texts as the form has them now, after the id where the id was wrong. `matched_by_text`: False if only the
    id matched; then another row with the item's text wins. `has_answers`: any answer cell is filled."""

    row_index: int
    kind: RowKind
    item: PlanItem | None = None
    code: str | None = None
    texts: tuple[str, ...] = ()
    matched_by_text: bool = True
    has_answers: bool = True

    @property
    def rank(self) -> tuple[bool, bool]:
        """Sort key, best last, where several rows claim one item: id and text agree, then all level texts are the
        issued ones."""
        level_texts = self.item.level_texts if self.item else ()
        found_texts = self.texts[-len(level_texts) :]
        has_issued_texts = [*map(normalize_key_cached, found_texts)] == [*map(normalize_key_cached, level_texts)]
        return self.code in (None, "issued-text-changed"), has_issued_texts


def match_rows(
    table: LocatedTable, schema: FormSchema, items: Sequence[PlanItem], rows: Sequence[Sequence[RawCell]]
) -> list[RowMatch]:
    """Return the classification of every row below the heading that is not blank, from the top.

    `items` are those issued to the unit; `rows` are all rows of the sheet, with merged cells filled in.
    """
    missing_levels = frozenset(
        level for level, schema_index in enumerate(schema.level_indexes) if table.column_of[schema_index] is None
    )
    item_index = PlanItemIndex(items, schema.item_level, missing_levels)
    matches = list(_classify_rows(table, schema, item_index, rows))
    claimed_ids = {match.item.id for match in matches if match.item and match.matched_by_text}
    for position, match in enumerate(matches):
        if match.item and not match.matched_by_text:
            if match.item.id in claimed_ids:
                is_empty = not match.has_answers and not any(match.texts)
                kind: RowKind = "outside" if is_empty else "unplaced"
                matches[position] = RowMatch(match.row_index, kind, None, "row-unknown", match.texts)
            claimed_ids.add(match.item.id)
    return matches


def _classify_rows(
    table: LocatedTable, schema: FormSchema, item_index: PlanItemIndex, rows: Sequence[Sequence[RawCell]]
) -> Iterator[RowMatch]:
    column_of = table.column_of
    id_column = column_of[0]
    answer_columns = [column_of[field_column.schema_index] for field_column in schema.answer_columns]
    level_columns = [column_of[schema_index] for schema_index in schema.level_indexes]
    for row_index in range(table.heading_row + 1, len(rows)):
        row = rows[row_index]
        if row.count(None) == len(row):
            continue
        id_cell = None if id_column is None else row[id_column]
        item = item_index.by_id.get(id_cell) if isinstance(id_cell, str) else None
        # Nearly every row is exactly as it was issued: it is recognised without normalizing any text.
        if item and item.level_texts == tuple(
            ["" if column is None else row[column] or "" for column in level_columns]
        ):
            yield RowMatch(row_index, "item", item, texts=item.level_texts)
            continue
        level_cells = tuple([None if column is None else row[column] for column in level_columns])
        has_answers = any(column is not None and row[column] is not None for column in answer_columns)
        if item is None and not has_answers and level_cells.count(None) == len(level_cells):
            yield RowMatch(row_index, "outside")
            continue
        has_levels = level_cells.count(None) < len(level_cells)
        if item is None and not has_levels and _is_form_total(table, schema, row_index):
            yield RowMatch(row_index, "heading")
            continue
        texts = tuple(cell_text(cell) for cell in level_cells)
        id_text = collapse_whitespace(cell_text(id_cell))
        match = _classify_row(row_index, id_text, texts, item_index, has_answers=has_answers)
        is_shifted = (
            match.kind == "added"
            and id_column is not None
            and _is_shifted_sideways(row, id_column, level_columns, item_index)
        )
        if is_shifted:
            match = RowMatch(row_index, "unplaced", None, "row-shifted", texts)
        repeats_heading = match.item is None and _is_repeated_heading(table, schema, row)
        yield RowMatch(row_index, "heading") if repeats_heading else match


def _is_shifted_sideways(
    row: Sequence[RawCell], id_column: int, level_columns: Sequence[int | None], item_index: PlanItemIndex
) -> bool:
    """Return whether a row is that of an item whose id and texts are all equally far from their columns."""
    for column_index, cell in enumerate(row):
        item = item_index.by_id.get(cell) if isinstance(cell, str) and column_index != id_column else None
        if item:
            shifted_columns = [
                None if level_column is None else level_column + column_index - id_column
                for level_column in level_columns
            ]
            shifted_cells = [
                row[column] if column is not None and 0 <= column < len(row) else None
                for column in shifted_columns
            ]
            if _has_issued_texts(item, tuple(map(cell_text, shifted_cells)), item_index):
                return True
    return False


def _is_form_total(table: LocatedTable, schema: FormSchema, row_index: int) -> bool:
    """Return whether a row is one of the sums that the form itself has below its rows: its words, and no amount
    that a person may have written over a formula."""
    id_column, row = table.column_of[0], table.sheet.rows[row_index]
    if id_column is None or normalize_key_cached(cell_text(row[id_column])) not in _form_total_words():
        return False
    formula_cells = table.sheet.metadata.formula_cells
    field_columns = (*schema.answer_columns, *schema.plan_columns)
    number_columns = (table.column_of[field_column.schema_index] for field_column in field_columns)
    return formula_cells is None or all(
        column is None or row[column] is None or (row_index, column) in formula_cells for column in number_columns
    )


def _form_total_words() -> frozenset[str]:
    return normalized_words("form.total_complete", "form.total_all")


def _is_repeated_heading(table: LocatedTable, schema: FormSchema, row: Sequence[RawCell]) -> bool:
    """Return whether a row says in every filled column what the heading says there, or codes only."""
    filled_columns = [column for column in table.column_of if column is not None and row[column] is not None]
    heading_cells = table.sheet.rows[table.heading_row]
    holds_only_codes = all(row[column] in schema.column_codes for column in filled_columns)
    return len(filled_columns) > 1 and (
        holds_only_codes or all(row[column] == heading_cells[column] for column in filled_columns)
    )


def _classify_row(
    row_index: int, id_text: str, texts: tuple[str, ...], item_index: PlanItemIndex, *, has_answers: bool
) -> RowMatch:
    """Return what a row with an id or a text is; the order of the questions is the order of what is sure."""
    item_by_id = item_index.find_by_id(id_text) if id_text else None
    items_by_text = item_index.find_by_texts(texts)
    if item_by_id and item_by_id in items_by_text:
        code = None if _has_issued_texts(item_by_id, texts, item_index) else "issued-text-changed"
        return RowMatch(row_index, "item", item_by_id, code, texts)
    has_item_text = any(texts[item_index.item_level_index :])
    if has_item_text and len(items_by_text) == 1:
        code = "id-and-text-disagree" if item_by_id else "row-without-id"
        return RowMatch(row_index, "item", items_by_text[0], code, (id_text, *texts))
    if item_by_id and _has_similar_text(item_by_id, texts, item_index):
        return RowMatch(
            row_index,
            "item",
            item_by_id,
            "issued-text-changed",
            texts,
            matched_by_text=False,
            has_answers=has_answers,
        )
    if not has_item_text and not has_answers:
        return RowMatch(row_index, "outside")
    if items_by_text or (id_text and not id_text.startswith(ADDED_ITEM_PREFIX)):
        return RowMatch(row_index, "unplaced", None, "row-unknown", texts)
    return RowMatch(row_index, "added", None, None, texts)


def _has_issued_texts(item: PlanItem, texts: tuple[str, ...], item_index: PlanItemIndex) -> bool:
    """Return whether the texts, one per level, are those that were issued for an item."""
    return item_index.levels_key(item.level_texts) == item_index.levels_key(texts)


def _has_similar_text(item: PlanItem, texts: tuple[str, ...], item_index: PlanItemIndex) -> bool:
    """Return whether texts may be those of an item, reworded: they share a word with it, or one of the two is
    blank."""
    issued_stems, found_stems = (
        _word_stems(" ".join(level_texts[item_index.item_level_index :]))
        for level_texts in (item.level_texts, texts)
    )
    return not issued_stems or not found_stems or bool(issued_stems & found_stems)


def _word_stems(text: str) -> frozenset[str]:
    return frozenset(
        word[:_STEM_LENGTH] for word in _WORD_PATTERN.findall(strip_accents(normalize_key_cached(text)))
    )
