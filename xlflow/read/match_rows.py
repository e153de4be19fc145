"""Finds out which line every row of a form belongs to, by two identities that fail independently.

The id in the row, and the issued text. Where they disagree the text decides, since sorting part of a table tears
ids off their rows. Every row ends as one line's, as the unit's own, set aside, or as text beside the table.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from xlflow.excel.conventions import RawCell
from xlflow.model.plan import PlanItem
from xlflow.model.text import collapse_whitespace, normalize_key_cached
from xlflow.read.form_schema import FormSchema
from xlflow.read.locate_table import LocatedTable
from xlflow.values import cell_text

_WORD_PATTERN = re.compile(r"\w+")

ADDED_ROW_PREFIX = "own-"
"""How the ids of activities begin that a unit added itself."""

RowKind = Literal["line", "own", "aside", "loose", "heading"]


@dataclass(frozen=True, slots=True)
class RowMatch:
    """What one row was taken for. `code` says what was assumed, or why the row is set aside; `texts` are its
    level texts as they stand in the form. Not `sure` is a line that nothing but the id speaks for;
    a row that `says` nothing has no answer."""

    row_index: int
    kind: RowKind
    item: PlanItem | None = None
    code: str | None = None
    texts: tuple[str, ...] = ()
    matched_by_text: bool = True
    has_answers: bool = True

    @property
    def rank(self) -> tuple[bool, bool]:
        """How much speaks for the line where several rows claim it: id and text, then the text of all levels."""
        levels = self.item.level_texts if self.item else ()
        same_texts = [*map(normalize_key_cached, self.texts[-len(levels) :])] == [
            *map(normalize_key_cached, levels)
        ]
        return self.code in (None, "issued-text-changed"), same_texts


@dataclass(slots=True)
class _IssuedItemIndex:
    """The issued lines by everything that a row may be known by; the folded texts only once they are needed.
    `missing` are the levels whose column is gone: what stood there tells no line from another."""

    items: Sequence[PlanItem]
    schema: FormSchema
    missing_levels: frozenset[int] = frozenset()
    by_id: dict[str, PlanItem] = field(init=False)
    _by_text: dict[tuple[str, ...], list[PlanItem]] = field(default_factory=dict)
    _by_unaccented_text: dict[tuple[str, ...], list[PlanItem]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = {item.id: item for item in self.items}

    @property
    def item_level(self) -> int:
        """The place of the line's own level among the levels."""
        return self.schema.item_level

    def has_issued_texts(self, item: PlanItem, texts: tuple[str, ...]) -> bool:
        """Return whether the texts are those that were issued for a line."""
        return self._all_levels_key(item.level_texts) == self._all_levels_key(texts)

    def has_similar_text(self, item: PlanItem, texts: tuple[str, ...]) -> bool:
        """Return whether texts may be those of a line, worded anew: they share a word with it, or say nothing."""
        issued_stems, found_stems = (
            _word_stems(" ".join(level_texts[self.item_level :])) for level_texts in (item.level_texts, texts)
        )
        return not issued_stems or not found_stems or bool(issued_stems & found_stems)

    def find_by_id(self, item_id: str) -> PlanItem | None:
        """Return the line with this id, whatever its letters' case."""
        return self.by_id.get(item_id) or next(
            (
                item
                for item in self.items
                if item_id and normalize_key_cached(item.id) == normalize_key_cached(item_id)
            ),
            None,
        )

    def find_by_text(self, texts: tuple[str, ...]) -> Sequence[PlanItem]:
        """Return the lines with these level texts; if there are none, those with this very item and part; if there
        are none either, those that read so but for accents and dots, which some programs do not keep."""
        if not self._by_text:
            for item in self.items:
                for key in dict.fromkeys(
                    (self._all_levels_key(item.level_texts), self._item_levels_key(item.level_texts))
                ):
                    self._by_text.setdefault(key, []).append(item)
                    self._by_unaccented_text.setdefault(_strip_accents_from_all(key), []).append(item)
        keys = self._all_levels_key(texts), self._item_levels_key(texts)
        found = self._by_text.get(keys[0]) or self._by_text.get(keys[1])
        return (
            found
            or self._by_unaccented_text.get(_strip_accents_from_all(keys[0]))
            or self._by_unaccented_text.get(_strip_accents_from_all(keys[1]))
            or ()
        )

    def _all_levels_key(self, texts: Iterable[str]) -> tuple[str, ...]:
        return (
            "",
            *(
                "" if level in self.missing_levels else normalize_key_cached(text)
                for level, text in enumerate(texts)
            ),
        )

    def _item_levels_key(self, texts: Sequence[str]) -> tuple[str, ...]:
        key = self._all_levels_key(texts)[self.schema.item_level + 1 :]
        return key if any(key) else ("",)


def match_rows(
    table: LocatedTable, schema: FormSchema, items: Sequence[PlanItem], rows: Sequence[Sequence[RawCell]]
) -> list[RowMatch]:
    """Return what every row below the heading was taken for; `rows` are the table's, merged cells filled in."""
    missing_levels = frozenset(
        level for level, schema_index in enumerate(schema.level_indexes) if table.column_of[schema_index] is None
    )
    matches = list(_classify_rows(table, schema, _IssuedItemIndex(items, schema, missing_levels), rows))
    claimed_ids = {match.item.id for match in matches if match.item and match.matched_by_text}
    for position, match in enumerate(matches):
        if match.item and not match.matched_by_text:
            if match.item.id in claimed_ids:
                is_empty = not match.has_answers and not any(match.texts)
                matches[position] = RowMatch(
                    match.row_index, "loose" if is_empty else "aside", None, "row-unknown", match.texts
                )
            claimed_ids.add(match.item.id)
    return matches


def _classify_rows(
    table: LocatedTable, schema: FormSchema, item_index: _IssuedItemIndex, rows: Sequence[Sequence[RawCell]]
) -> Iterator[RowMatch]:
    column_of = table.column_of
    id_column, answer_columns = (
        column_of[0],
        [column_of[field_column.schema_index] for field_column in schema.answer_columns],
    )
    level_columns = [column_of[schema_index] for schema_index in schema.level_indexes]
    for row_index in range(table.heading_row + 1, len(rows)):
        row = rows[row_index]
        if row.count(None) == len(row):
            continue
        id_cell = None if id_column is None else row[id_column]
        item = item_index.by_id.get(id_cell) if isinstance(id_cell, str) else None
        if item and item.level_texts == tuple(
            ["" if place is None else row[place] or "" for place in level_columns]
        ):
            yield RowMatch(row_index, "line", item, texts=item.level_texts)
            continue
        level_cells = tuple(
            [None if column_index is None else row[column_index] for column_index in level_columns]
        )
        has_answers = any(place is not None and row[place] is not None for place in answer_columns)
        if item is None and not has_answers and level_cells.count(None) == len(level_cells):
            yield RowMatch(row_index, "loose")
            continue
        texts = tuple(cell_text(cell) for cell in level_cells)
        match = _classify_row(
            row_index, collapse_whitespace(cell_text(id_cell)), texts, item_index, has_answers=has_answers
        )
        if (
            match.kind == "own"
            and id_column is not None
            and _is_shifted_sideways(row, id_column, level_columns, item_index)
        ):
            match = RowMatch(row_index, "aside", None, "row-shifted", texts)
        repeats_heading = match.item is None and _is_repeated_heading(table, schema, row)
        yield RowMatch(row_index, "heading") if repeats_heading else match


def _is_shifted_sideways(
    row: Sequence[RawCell], id_column: int, level_columns: Sequence[int | None], item_index: _IssuedItemIndex
) -> bool:
    """Return whether a row is that of a line whose id and texts all stand equally far from their columns."""
    for column_index, cell in enumerate(row):
        item = item_index.by_id.get(cell) if isinstance(cell, str) and column_index != id_column else None
        if item:
            shifted_columns = [
                None if level_column is None else level_column + column_index - id_column
                for level_column in level_columns
            ]
            shifted_cells = [
                row[each] if each is not None and 0 <= each < len(row) else None for each in shifted_columns
            ]
            if item_index.has_issued_texts(item, tuple(map(cell_text, shifted_cells))):
                return True
    return False


def _is_repeated_heading(table: LocatedTable, schema: FormSchema, row: Sequence[RawCell]) -> bool:
    """Return whether a row between the others says in every column what stands at its head, or codes only."""
    filled_columns = [
        column_index
        for column_index in table.column_of
        if column_index is not None and row[column_index] is not None
    ]
    heading_cells = table.sheet.rows[table.heading_row]
    holds_only_codes = all(row[place] in schema.column_codes for place in filled_columns)
    return len(filled_columns) > 1 and (
        holds_only_codes or all(row[place] == heading_cells[place] for place in filled_columns)
    )


def _classify_row(
    row_index: int, id_text: str, texts: tuple[str, ...], item_index: _IssuedItemIndex, *, has_answers: bool
) -> RowMatch:
    item_by_id = item_index.find_by_id(id_text) if id_text else None
    items_by_text = item_index.find_by_text(texts)
    if item_by_id and item_by_id in items_by_text:
        return RowMatch(
            row_index,
            "line",
            item_by_id,
            None if item_index.has_issued_texts(item_by_id, texts) else "issued-text-changed",
            texts,
        )
    has_item_text = any(texts[item_index.item_level :])
    if has_item_text and len(items_by_text) == 1:
        code = "id-and-text-disagree" if item_by_id else "row-without-id"
        return RowMatch(row_index, "line", items_by_text[0], code, (id_text, *texts))
    if item_by_id and item_index.has_similar_text(item_by_id, texts):
        return RowMatch(
            row_index,
            "line",
            item_by_id,
            "issued-text-changed",
            texts,
            matched_by_text=False,
            has_answers=has_answers,
        )
    if not has_item_text and not has_answers:
        return RowMatch(row_index, "loose")
    if items_by_text or (id_text and not id_text.startswith(ADDED_ROW_PREFIX)):
        return RowMatch(row_index, "aside", None, "row-unknown", texts)
    return RowMatch(row_index, "own", None, None, texts)


def _word_stems(text: str) -> frozenset[str]:
    """Return how the words of a text begin, so that "kvarn" and "kvarnen" are the same."""
    return frozenset(word[:4] for word in _WORD_PATTERN.findall(_strip_accents(normalize_key_cached(text))))


def _strip_accents_from_all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_strip_accents, texts))


@lru_cache(maxsize=4096)
def _strip_accents(text: str) -> str:
    """Return a text without accents and dots over its letters."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
