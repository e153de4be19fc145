"""Recognises total rows, which people write below amounts: counted as answers, every amount would count twice.

Only rows that the unit added, and only where the words or the amounts leave no doubt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from xlflow.excel.conventions import RawCell
from xlflow.model.template_elements import NUMBER_TYPES
from xlflow.model.text import normalize_key_cached
from xlflow.read.form_schema import FormSchema
from xlflow.read.locate_table import LocatedTable
from xlflow.read.match_rows import RowMatch
from xlflow.read.parse_answers import AMOUNT_TOLERANCE
from xlflow.values import cell_text

_TOTAL_WORDS = frozenset(
    ("summa", "summor", "s:a", "totalsumma", "slutsumma", "delsumma", "delsummor", "totalt", "total", "totals")
).union(("sum", "sums", "subtotal", "subtotals"))
"""Normalized words that make a row a total row, as the first or the last word of its text."""

_TOTAL_PHRASE_WORDS = frozenset((*_TOTAL_WORDS, "grand", "summarum", "alla", "allt", "av", "all", "of"))
"""Words that may be used with those and add nothing: a text made of these alone is plainly a total."""


def mark_total_rows(
    matches: list[RowMatch], cells: Sequence[Sequence[RawCell]], table: LocatedTable, schema: FormSchema
) -> list[RowMatch]:
    """Return the matches; rows that the unit added and that are total rows have kind "unplaced" now. `cells` are
    all rows of the sheet."""
    number_columns = (
        table.column_of[field_column.schema_index]
        for field_column in schema.answer_columns
        if field_column.field.type in NUMBER_TYPES
    )
    amount_columns = [column_index for column_index in number_columns if column_index is not None]
    if not amount_columns or all(match.kind != "added" for match in matches):
        return matches
    detector = _TotalRowDetector(cells, table, schema, amount_columns)
    for match in matches:
        if match.kind == "added" and detector.is_total_row(match):
            detector.total_rows.add(match.row_index)
    total_rows = detector.total_rows
    return [
        replace(candidate, kind="unplaced", code="total-row") if candidate.row_index in total_rows else candidate
        for candidate in matches
    ]


@dataclass(slots=True)
class _TotalRowDetector:
    """Decides of one row after the other, from the top. `amount_columns`: sheet columns of number fields
    (0-based). `total_rows`: rows found to be totals so far, which later sums leave out."""

    cells: Sequence[Sequence[RawCell]]
    table: LocatedTable
    schema: FormSchema
    amount_columns: Sequence[int]
    total_rows: set[int] = field(default_factory=set)

    def is_total_row(self, match: RowMatch) -> bool:
        """Return whether an added row is a total row: its text says so, or may say so and every amount in it is a
        sum."""
        amount_columns = list(self._find_amount_columns(match.row_index))
        texts = [text for text in match.texts if text] or list(self._find_other_texts(match.row_index))
        words = normalize_key_cached(" ".join(texts)).rstrip(":").split()
        if not amount_columns or (words and _TOTAL_WORDS.isdisjoint((words[0], words[-1]))):
            return False
        if words and _TOTAL_PHRASE_WORDS.issuperset(words):
            return True
        return all(
            bool(words and self._has_formula(match.row_index, column_index))
            or self._is_sum_of_rows_above(match.row_index, column_index)
            for column_index in amount_columns
        )

    def _has_formula(self, row_index: int, column_index: int) -> bool:
        return (row_index, column_index) in (self.table.sheet.metadata.formula_cells or ())

    def _find_amount_columns(self, row_index: int) -> Iterator[int]:
        """Yield the columns in which a row has an amount, or a formula that may give one."""
        for column_index in self.amount_columns:
            if self._has_formula(row_index, column_index) or isinstance(
                self.cells[row_index][column_index], float
            ):
                yield column_index

    def _find_other_texts(self, row_index: int) -> Iterator[str]:
        """Yield the texts of a row without level texts, outside the amounts and what the form computes."""
        form_columns = (
            self.table.column_of[schema_index]
            for schema_index in (self.schema.remaining_index, *self.schema.computed_indexes)
        )
        skipped_columns = {*self.amount_columns, *form_columns}
        for column_index, cell in enumerate(self.cells[row_index]):
            if (
                column_index not in skipped_columns
                and not self._has_formula(row_index, column_index)
                and (text := cell_text(cell))
            ):
                yield text

    def _is_sum_of_rows_above(self, row_index: int, column_index: int) -> bool:
        """Return whether an amount is the sum of two or more rows right above it, total rows left out."""
        amount, running_total, count = self.cells[row_index][column_index], 0.0, 0
        if not isinstance(amount, float) or not amount:
            return False
        for row_above in range(row_index - 1, self.table.heading_row, -1):
            cell = self.cells[row_above][column_index]
            if isinstance(cell, float) and row_above not in self.total_rows:
                running_total, count = running_total + cell, count + 1
                if count > 1 and abs(running_total - amount) < AMOUNT_TOLERANCE:
                    return True
        return False
