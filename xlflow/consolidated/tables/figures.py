"""Computes the figures of the summary sheet from the tables, each as its measure and row group declare.

A spreadsheet compares
texts without regard to case, so the same is done here. Each table is read once for each set of columns that
figures filter by, however many figures there are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import repeat

from xlflow.consolidated.summary_model import (
    CountedSentence,
    KeyFigure,
    Measure,
    RowFilter,
    RowGroup,
    RowsCounted,
    Section,
)
from xlflow.model.table import Table, TableCell
from xlflow.rules.computed_fields import sum_exactly

TotalsByKey = Mapping[tuple[str, ...], Decimal]


class FigureCalculator:
    """Counts and adds up table rows by the contents of some of their columns; totals are cached by table and
    columns."""

    def __init__(self, table_by_name: Iterable[Table]):
        self._table_by_name = {table.name: table for table in table_by_name}
        self._totals_cache: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], TotalsByKey] = {}

    def fill_section(self, section: Section) -> Section:
        """Return the section with its `values` computed."""
        rows: list[tuple[TableCell, ...]] = []
        for group in section.groups:
            rows.append(tuple(self._compute_row(section, group, rows)))
        groups = tuple(self._count_in_label(group, section.measures[0]) for group in section.groups)
        return replace(section, groups=groups, values=tuple(rows))

    def add_up(self, terms: Sequence[Measure]) -> TableCell:
        """Return the sum of the figures of some measures."""
        return _int_if_whole(sum_exactly(self._compute_figure(term, term.filters) for term in terms))

    def count_sentence(self, sentence: CountedSentence) -> CountedSentence:
        """Return a sentence with its numbers computed."""
        count, total = (
            sum_exactly(self._compute_figure(term, term.filters) for term in terms)
            for terms in (sentence.count_terms, sentence.total_terms)
        )
        return replace(sentence, count=int(count), total=int(total))

    def make_key_figure(self, label: str, measure: Measure) -> KeyFigure:
        """Return a key figure with its value computed."""
        return KeyFigure(label, measure, _int_if_whole(self._compute_figure(measure, measure.filters)))

    def _count_in_label(self, group: RowGroup, measure: Measure) -> RowGroup:
        """Return a group with a counted label as it reads now; other groups as they are."""
        if group.counted_label is None:
            return group
        rows_measure = replace(measure, sum_column="", subtracted_columns=())
        count = self._compute_figure(rows_measure, group.filters, group.rows_counted)
        return replace(group, label=group.counted_label.text(int(count)))

    def _compute_row(
        self, section: Section, group: RowGroup, rows_above: Sequence[tuple[TableCell, ...]]
    ) -> list[TableCell]:
        figures: list[Decimal] = []
        first_added = section.first_added
        if group.kind == "share":
            return _compute_shares(rows_above[-1], section.measures)
        for position, measure in enumerate(section.measures):
            if measure.kind in ("some", "part"):
                figures.append(Decimal(0))  # they depend on figures to their right
                continue
            if measure.kind == "across":
                figures.append(sum_exactly(figures[first_added:]))
                continue
            figure = self._compute_figure(measure, (*group.filters, *measure.filters), group.rows_counted)
            first_position = first_added if measure.kind == "rest" else position
            if group.kind == "others":
                figure -= sum_exactly(
                    _cell_number(cell) for row in rows_above for cell in row[first_position : position + 1]
                )
            figures.append(figure - sum_exactly(figures[first_added:]) if measure.kind == "rest" else figure)
        for position, measure in enumerate(section.measures):
            if measure.kind == "some":
                added = section.positions_of(measure.added_headings)
                figures[position] = sum_exactly(figures[index] for index in added)
            elif measure.kind == "part":
                some, total = (figures[section.position_of_kind(kind)] for kind in ("some", "across"))
                figures[position] = some / total if total else Decimal(0)
        return [_int_if_whole(figure) for figure in figures]

    def _compute_figure(
        self, measure: Measure, filters: Sequence[RowFilter], rows_counted: RowsCounted = "all"
    ) -> Decimal:
        """Return the count or sum over the rows that match all filters, or those of them that are counted.

        A negated filter is computed as the figure without it minus the figure with its positive form, so that only
        equalities are looked up.
        """
        positive_filters = tuple(row_filter for row_filter in filters if row_filter.equals)
        negative_filter = next((match for match in filters if not match.equals), None)
        if negative_filter is not None:
            other_filters = tuple(match for match in filters if match is not negative_filter)
            return self._compute_figure(measure, other_filters, rows_counted) - self._compute_figure(
                measure, (*other_filters, replace(negative_filter, equals=True)), rows_counted
            )
        if rows_counted == "incomplete":
            return self._compute_figure(measure, filters) - self._compute_figure(measure, filters, "complete")
        columns = tuple(match.column for match in positive_filters)
        number_columns = measure.number_columns if rows_counted == "complete" else ()
        needed_columns = tuple(dict.fromkeys((*number_columns, *measure.input_columns)))
        key = tuple(_casefold_cell(match.text) for match in positive_filters)
        first, *subtracted = (
            self._cached_totals(measure.table, column, columns, needed_columns).get(key, Decimal(0))
            for column in (measure.sum_column, *measure.subtracted_columns)
        )
        return first - sum_exactly(subtracted)

    def _cached_totals(
        self, table_name: str, sum_column: str, columns: tuple[str, ...], number_columns: tuple[str, ...]
    ) -> TotalsByKey:
        key = (table_name, sum_column, columns, number_columns)
        if key not in self._totals_cache:
            table = self._table_by_name[table_name]
            if number_columns:
                table = _rows_with_numbers(table, number_columns)
            self._totals_cache[key] = _sum_by_key(table, sum_column, columns)
        return self._totals_cache[key]


def _rows_with_numbers(table: Table, columns: Sequence[str]) -> Table:
    """Return the table without the rows that lack a number in one of some columns."""
    positions = [index for index, column in enumerate(table.columns) if column.key in columns]
    rows = tuple(row for row in table.rows if all(is_number_cell(row[position]) for position in positions))
    return replace(table, rows=rows)


def _sum_by_key(table: Table, sum_column: str, columns: Sequence[str]) -> TotalsByKey:
    keys = [column.key for column in table.columns]
    positions = [keys.index(column) for column in columns]
    text_columns = [list(map(_cell_text, table.column(position))) for position in positions]
    row_keys: Iterable[tuple[str, ...]] = (
        zip(*text_columns, strict=True) if positions else repeat((), len(table.rows))
    )
    if not sum_column:
        totals: dict[tuple[str, ...], Decimal] = {}
        for key, row_count in Counter(row_keys).items():
            casefolded = tuple(map(str.casefold, key))
            totals[casefolded] = totals.get(casefolded, Decimal(0)) + row_count
        return totals
    numbers: dict[tuple[str, ...], list[Decimal]] = {}
    for key, cell in zip(row_keys, table.column(keys.index(sum_column)), strict=True):
        numbers.setdefault(tuple(map(str.casefold, key)), []).append(_cell_number(cell))
    return {key: sum_exactly(amounts) for key, amounts in numbers.items()}


def _compute_shares(figures_above: Sequence[TableCell], measures: Sequence[Measure]) -> list[TableCell]:
    """Return each figure divided by the one of the `across` measure; 0 if that is 0."""
    kinds = [measure.kind for measure in measures]
    total = _cell_number(figures_above[kinds.index("across")])
    return [
        _cell_number(figures_above[kinds.index("some") if kind == "part" else position]) / total
        if total
        else Decimal(0)
        for position, kind in enumerate(kinds)
    ]


def _casefold_cell(cell: TableCell) -> str:
    return _cell_text(cell).casefold()


def _cell_text(cell: TableCell) -> str:
    return cell if isinstance(cell, str) else "" if cell is None else str(cell)


def _cell_number(cell: TableCell) -> Decimal:
    """Return the number in a cell, 0 for anything else: SUM and SUMPRODUCT ignore texts in the same way."""
    return Decimal(str(cell)) if is_number_cell(cell) else Decimal(0)


def is_number_cell(cell: TableCell) -> bool:
    """Return whether a spreadsheet sees a number in a cell."""
    return isinstance(cell, int | Decimal) and not isinstance(cell, bool)


def _int_if_whole(figure: Decimal) -> TableCell:
    return int(figure) if figure == figure.to_integral_value() else figure
