"""Computes the figures of the summary sheet from the tables, each as its measure and row group declare.

A measure is what is counted or added up in a column of a panel, and under which heading. A spreadsheet compares
texts without regard to case, so the same is done here. Each table is read once for each set of columns that
figures filter by, however many figures there are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import repeat

from xlflow.consolidated.summary_model import (
    CHANGE_KIND_COLUMN,
    ITEM_COUNT_COLUMN,
    OVERDUE_COLUMN,
    ROLLED_UP_COLUMN,
    SOURCE_COLUMN,
    KeyFigure,
    Measure,
    RowFilter,
    RowGroup,
    RowsCounted,
    Section,
)
from xlflow.consolidated.tables.change_table import CHANGE_FLAGS, flag_column_key
from xlflow.consolidated.tables.merged_index import MergedIndex
from xlflow.consolidated.tables.summary_sections import PanelContext
from xlflow.i18n.catalogue import translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.table import Table, TableCell
from xlflow.model.template import Template
from xlflow.model.template_elements import Field
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
        if group.kind == "share":
            return _compute_shares(rows_above[-1], section.measures)
        for position, measure in enumerate(section.measures):
            if measure.kind == "across":
                figures.append(sum_exactly(figures))
                continue
            figure = self._compute_figure(measure, (*group.filters, *measure.filters), group.rows_counted)
            first_position = 0 if measure.kind == "rest" else position
            if group.kind == "others":
                figure -= sum_exactly(
                    _cell_number(cell) for row in rows_above for cell in row[first_position : position + 1]
                )
            figures.append(figure - sum_exactly(figures) if measure.kind == "rest" else figure)
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
    total = next(
        _cell_number(figure)
        for figure, measure in zip(figures_above, measures, strict=True)
        if measure.kind == "across"
    )
    return [_cell_number(figure) / total if total else Decimal(0) for figure in figures_above]


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


COUNTED_CHANGE_KINDS = ("delayed", "overdue_since", "cancelled", "done", "new", "gone")
"""The kinds of change that exclude each other, so that their counts can be added."""


def build_status_measures(
    table_name: str, labels: Sequence[str], activity_filters: tuple[RowFilter, ...], context: PanelContext
) -> tuple[Measure, ...]:
    """Return one count per status, then what is not answered, the total, and what is overdue."""
    language, has_deadline = context.merged_index.language, context.merged_index.deadline_field is not None
    unanswered_label, overdue_label = (
        translate(f"consolidated.{key}", language) for key in ("unanswered", "overdue")
    )
    counts = [
        Measure(label, "count", table_name, (*activity_filters, RowFilter(ROLLED_UP_COLUMN, label)))
        for label in labels
    ]
    across = Measure(context.overview_text("total"), "across")
    if table_name == "activities":
        rest = Measure(
            unanswered_label,
            "count",
            table_name,
            (*activity_filters, RowFilter(ROLLED_UP_COLUMN, unanswered_label)),
        )
        overdue = Measure(
            overdue_label,
            "count",
            table_name,
            (*activity_filters, RowFilter(OVERDUE_COLUMN, translate("values.yes", language))),
        )
    else:
        rest, overdue = (
            Measure(unanswered_label, "rest", "units", sum_column=ITEM_COUNT_COLUMN),
            Measure(overdue_label, "sum", "units", sum_column=OVERDUE_COLUMN),
        )
    return (*counts, rest, across, *([overdue] if has_deadline else ()))


def build_change_measures(merged_index: MergedIndex) -> Iterator[Measure]:
    """Yield a count per kind of change, then one each for changed statuses, deadlines and comments."""
    language = merged_index.language
    for kind in COUNTED_CHANGE_KINDS:
        label = translate(f"changed.{kind}", language)
        yield Measure(label, "count", "changes", (RowFilter(CHANGE_KIND_COLUMN, label),))
    for flag in CHANGE_FLAGS if merged_index.status_field else CHANGE_FLAGS[1:]:
        filters = (RowFilter(flag_column_key(flag), translate("values.yes", language)),)
        yield Measure(translate(f"changed.any_{flag}", language), "count", "changes", filters)


def build_sum_measures(
    table_name: str, fields: Sequence[Field], number_columns: tuple[str, ...], context: PanelContext
) -> tuple[Measure, ...]:
    """Return one sum per amount field; computed amounts below zero are marked. `number_columns` are the fields
    that a complete row has a number in."""
    language = context.merged_index.language
    return tuple(
        Measure(
            field.label.in_language(language),
            "sum",
            table_name,
            sum_column=subtracted[0],
            subtracted_columns=subtracted[1:],
            negative_is_bad=field.computed is not None,
            number_columns=number_columns,
        )
        for field in fields
        for subtracted in ((field.computed.subtract if field.computed else ()) or (field.key,),)
    )


def build_choice_measures(field: Field, context: PanelContext) -> tuple[Measure, ...]:
    """Return one count per accepted answer, then one for everything else, then the total."""
    template, language = context.merged_index.template, context.merged_index.language
    if field.type == "choice":
        labels = [option.label.in_language(language) for option in template.choice_list(field).options]
    else:
        labels = [translate(f"values.{key}", language) for key in ("yes", "no")]
    counts = (Measure(label, "count", "answers", (RowFilter(field.key, label),)) for label in labels)
    rest = Measure(
        context.overview_text("other_or_blank"), "rest", "answers", (RowFilter(SOURCE_COLUMN, "", equals=False),)
    )
    return (*counts, rest, Measure(context.overview_text("total"), "across"))


def list_status_labels(context: PanelContext) -> list[str]:
    """Return the labels of the statuses, then whatever else an open list let in."""
    merged_index = context.merged_index
    choice_labels = [
        option.label.in_language(merged_index.language) for option in merged_index.template.status_choices.values()
    ]
    excluded_labels = {
        translate("consolidated.unanswered", merged_index.language),
        follows_activity_text(merged_index.template, merged_index.language),
    }
    texts_found = (
        text
        for table_name in ("activities", "answers")
        for text in context.distinct_texts(table_name, ROLLED_UP_COLUMN)
    )
    return [*choice_labels, *sorted(set(texts_found) - {*choice_labels, *excluded_labels, ""})]


def activity_filters_of(template: Template) -> tuple[RowFilter, ...]:
    """Return the filters that match activities and leave out sub-activities."""
    part_level_index = template.part_level_index
    return () if part_level_index is None else (RowFilter(template.levels[part_level_index].key, ""),)
