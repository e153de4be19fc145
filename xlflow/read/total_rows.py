"""Recognises total rows, which people write below amounts: counted as answers, every amount would count twice.

Only rows that the unit added. A row is a total where its amounts are the sums of other rows, whatever it is
called, or where its text says nothing else. Where less than that speaks for it, the row counts and is doubted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import accumulate

from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import UncachedFormula
from xlflow.model.template_elements import NUMBER_TYPES
from xlflow.model.text import normalize_key_cached
from xlflow.read.form_schema import FieldColumn, FormSchema
from xlflow.read.locate_table import LocatedTable
from xlflow.read.match_rows import RowMatch
from xlflow.rules.computed_fields import sum_exactly
from xlflow.values import cell_text

_TOTAL_WORDS = frozenset(
    ("summa", "summor", "s:a", "totalsumma", "slutsumma", "delsumma", "delsummor", "totalt", "total", "totals")
).union(("sum", "sums", "subtotal", "subtotals", "\u2211", "\u03c3", "totalen", "summering", "sammanlagt"))
"""Normalized words that make a row a total row, as the first or the last word of its text: the signs are those for
a sum."""

_RESULT_WORDS = frozenset(
    ("sa", "resultat", "netto", "brutto", "saldo", "balans", "tillsammans", "result", "net", "gross", "balance")
).union(("nettoresultat", "nettokostnad", "nettokostnader", "slutresultat", "altogether", "overall"))
"""Words that total rows have too, and rows of other kinds: they count where every amount is a sum."""

_TOTAL_PHRASE_WORDS = frozenset((*_TOTAL_WORDS, "grand", "summarum", "alla", "allt", "av", "all", "of"))
"""Words that may be used with those and add nothing: a text made of these alone is plainly a total."""

_SUM_FORMULA = re.compile(r"=\s*\+?\s*(?:SUM|SUMMA|SUBTOTAL|DELSUMMA|AGGREGATE|MÄNGD)\s*\(", re.IGNORECASE)

_EXACT_TOLERANCE, _ROUNDED_TOLERANCE = Decimal("0.005"), Decimal("0.5")
"""How far an amount may be from a sum: half an öre; less than half a unit where it is called a sum, is a whole
number and the sum is not."""

_MIN_ROUNDED_AMOUNT = 100

_SIGNS_AROUND_WORDS, _WORD_BREAK = ":=.,;()[]-", re.compile(r"[:=/()]+")

_MIN_SUMMED_ROWS, _MAX_ADDED_ROWS, _MAX_SPAN_ROWS = 2, 200, 400
"""Rows that a sum has at least; added rows up to which amounts are compared with sums, and rows above up to which
with those of neighbouring rows anywhere: no form that a person fills in has more."""


def mark_total_rows(
    matches: list[RowMatch], cells: Sequence[Sequence[RawCell]], table: LocatedTable, schema: FormSchema
) -> list[RowMatch]:
    """Return the matches; rows that the unit added and that are total rows have kind "unplaced" now, and those
    that may be have a code that says so. `cells` are all rows of the sheet."""
    columns = tuple(
        (column_index, field_column)
        for field_column in (*schema.answer_columns, *schema.plan_columns)
        if field_column.field.type in NUMBER_TYPES
        and (column_index := table.column_of[field_column.schema_index]) is not None
    )
    if not columns or all(match.kind != "added" for match in matches):
        return matches
    detector = _TotalRowDetector(matches, cells, table, schema, columns)
    judged_matches = []
    for match in matches:
        code = detector.judge_row(match) if match.kind == "added" else None
        if code == "total-row":
            detector.total_rows.add(match.row_index)
            judged_matches.append(replace(match, kind="unplaced", code=code))
        else:
            judged_matches.append(replace(match, code=code) if code else match)
    return judged_matches


@dataclass
class _TotalRowDetector:
    """Judges one row after the other, from the top. `columns`: sheet columns (0-based) of the number fields.
    `total_rows`: rows found to be totals so far, which later sums leave out."""

    matches: Sequence[RowMatch]
    cells: Sequence[Sequence[RawCell]]
    table: LocatedTable
    schema: FormSchema
    columns: Sequence[tuple[int, FieldColumn]]
    total_rows: set[int] = field(default_factory=set)

    def judge_row(self, match: RowMatch) -> str | None:
        """Return "total-row" for a total row, the code of a doubt for one that may be, None for any other."""
        amount_columns = [index for index, _ in self.columns if self._has_amount(match.row_index, index)]
        if not amount_columns:
            return None
        texts = [text for text in match.texts if text] or list(self._find_other_texts(match.row_index))
        words = _split_words(" ".join(texts))
        ends = {words[0], words[-1]} if words else set[str]()
        is_called_total = not _TOTAL_WORDS.isdisjoint(ends)
        if words and _TOTAL_PHRASE_WORDS.issuperset(words):
            return "total-row"
        is_named_so = is_called_total or not _RESULT_WORDS.isdisjoint(ends)
        are_sums = self._are_sums(match.row_index, amount_columns, accept_any_rows=is_called_total)
        if are_sums and (is_named_so or not words or len(amount_columns) > 1):
            return "total-row"
        if is_called_total and all(self._has_formula(match.row_index, index) for index in amount_columns):
            return "total-row"
        if are_sums:
            return "sum-row-suspected"
        return "sum-row-differs" if is_called_total else None

    def _has_formula(self, row_index: int, column_index: int) -> bool:
        return (row_index, column_index) in (self.table.sheet.metadata.formula_cells or ())

    def _has_amount(self, row_index: int, column_index: int) -> bool:
        """Return whether a cell holds an amount other than 0, or a formula that may give one."""
        return self._has_formula(row_index, column_index) or bool(self.amounts[column_index].get(row_index))

    @cached_property
    def rows_of_kind(self) -> dict[str, list[int]]:
        """The rows (0-based) of plan items and those that the unit added, by kind."""
        return {
            kind: [match.row_index for match in self.matches if match.kind == kind] for kind in ("item", "added")
        }

    @cached_property
    def amounts(self) -> dict[int, dict[int, Decimal]]:
        """The readable amounts of each number column of the sheet (0-based), by row (0-based)."""
        rows = [*self.rows_of_kind["item"], *self.rows_of_kind["added"]]
        return {
            column_index: {
                row_index: value
                for row_index in rows
                if isinstance(value := field_column.parse(self.cells[row_index][column_index]).value, Decimal)
            }
            for column_index, field_column in self.columns
        }

    def _find_other_texts(self, row_index: int) -> Iterator[str]:
        """Yield the texts of a row without level texts, outside the amounts and what the form computes."""
        form_columns = (
            self.table.column_of[schema_index]
            for schema_index in (self.schema.remaining_index, *self.schema.computed_indexes)
        )
        skipped_columns = {*(index for index, _ in self.columns), *form_columns}
        for column_index, cell in enumerate(self.cells[row_index]):
            if (
                column_index not in skipped_columns
                and not self._has_formula(row_index, column_index)
                and (text := cell_text(cell))
            ):
                yield text

    def _are_sums(self, row_index: int, amount_columns: Sequence[int], *, accept_any_rows: bool) -> bool:
        """Return whether every amount of a row is the sum of the same rows, or says so by its formula.

        The rows are those right above, or all others; with `accept_any_rows` also neighbouring rows anywhere
        above, or all amounts above of one sign.
        """
        value_columns = [index for index in amount_columns if row_index in self.amounts[index]]
        if len(self.rows_of_kind["added"]) > _MAX_ADDED_ROWS:
            return False
        formulas = [self.cells[row_index][index] for index in amount_columns if index not in value_columns]
        if not all(isinstance(cell, UncachedFormula) and _SUM_FORMULA.match(cell) for cell in formulas):
            return False
        if not value_columns:
            return bool(formulas)
        counted_rows = [
            index
            for kind in ("item", "added")
            for index in self.rows_of_kind[kind]
            if index != row_index and index not in self.total_rows
        ]
        if all(
            self._is_sum(row_index, index, counted_rows, may_be_rounded=accept_any_rows) for index in value_columns
        ):
            return True
        rows_above = sorted(index for index in counted_rows if index < row_index)
        any_span = accept_any_rows and len(rows_above) <= _MAX_SPAN_ROWS
        spans = [self._matching_spans(row_index, index, rows_above, any_span=any_span) for index in value_columns]
        return bool(set.intersection(*spans)) or (
            accept_any_rows
            and all(self._is_sum_of_one_sign(row_index, index, rows_above) for index in value_columns)
        )

    def _is_sum(self, row_index: int, column_index: int, rows: Sequence[int], *, may_be_rounded: bool) -> bool:
        by_row = self.amounts[column_index]
        amounts = [by_row[row] for row in rows if row in by_row]
        return _is_sum_of(by_row[row_index], amounts, may_be_rounded=may_be_rounded)

    def _is_sum_of_one_sign(self, row_index: int, column_index: int, rows: Sequence[int]) -> bool:
        """Return whether an amount is the sum of all costs, or of all income, in some rows."""
        by_row = self.amounts[column_index]
        amounts = [by_row[row] for row in rows if row in by_row]
        signs = ([amount for amount in amounts if (amount > 0) is is_positive] for is_positive in (True, False))
        return any(_is_sum_of(by_row[row_index], one_sign, may_be_rounded=True) for one_sign in signs)

    def _matching_spans(
        self, row_index: int, column_index: int, rows: Sequence[int], *, any_span: bool
    ) -> set[tuple[int, int]]:
        """Return the spans (start, end) of `rows`, at least two amounts long, whose amounts in a column add up to
        that of a row: those that end at the last of `rows`, or any."""
        by_row, amount = self.amounts[column_index], self.amounts[column_index][row_index]
        sums = [Decimal(0), *accumulate(by_row.get(row, Decimal(0)) for row in rows)]
        counts = [0, *accumulate(row in by_row for row in rows)]
        return {
            (start, end)
            for end in range(0 if any_span else len(rows), len(rows) + 1)
            for start in range(end)
            if counts[end] - counts[start] >= _MIN_SUMMED_ROWS
            and _is_about(amount, sums[end] - sums[start], may_be_rounded=any_span)
        }


def _split_words(text: str) -> list[str]:
    """Return the normalized words of a text without the signs around them; "s:a" is one."""
    words = (word.strip(_SIGNS_AROUND_WORDS) for word in normalize_key_cached(text).split())
    return [
        part for word in words for part in ([word] if word in _TOTAL_WORDS else _WORD_BREAK.split(word)) if part
    ]


def _is_sum_of(amount: Decimal, amounts: Sequence[Decimal], *, may_be_rounded: bool) -> bool:
    total = sum_exactly(amounts)
    return len(amounts) >= _MIN_SUMMED_ROWS and _is_about(amount, total, may_be_rounded=may_be_rounded)


def _is_about(amount: Decimal, total: Decimal, *, may_be_rounded: bool) -> bool:
    """Return whether an amount is a sum, or one rounded to a whole number; 0, the sum of anything, is none."""
    difference = abs(amount - total)
    if not amount or difference < _EXACT_TOLERANCE:
        return bool(amount)
    is_rounded = amount == amount.to_integral_value() and total != total.to_integral_value()
    return may_be_rounded and is_rounded and difference < _ROUNDED_TOLERANCE and abs(amount) >= _MIN_ROUNDED_AMOUNT
