"""Figures and accounts as formulas over the Excel tables, such that a reader of the sheet can follow them.

`=` compares texts of any length without regard to case and has no wildcards, unlike COUNTIF and its relatives; so
every figure is a SUMPRODUCT of such comparisons. Only functions of Excel 2010 and LibreOffice are used. The
accounts are counted again in the tables, sentence and verdict included; amounts get no sentence, since a number
within a text would change with the reader's language.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Formatter

from xlflow.consolidated.summary_model import (
    ACCOUNTED_COLUMN,
    BALANCE_COLUMN,
    EQUATION_COLUMN,
    FOUND_COLUMN,
    ROLLED_UP_COLUMN,
    BalanceEquation,
    CountedLabel,
    Measure,
    RowFilter,
    RowGroup,
    RowsCounted,
    Section,
    StaleChecks,
    StatusMismatch,
)
from xlflow.consolidated.writer.sheet_plan import FormulaNames
from xlflow.consolidated.writer.write_context import WriteContext
from xlflow.excel.cell_address import column_letters, format_cell_address
from xlflow.excel.writer import quote_formula_text
from xlflow.i18n.catalogue import translate

MAX_FORMULA_LENGTH = 8_000
"""Characters of a formula; Excel takes 8,192."""


@dataclass(frozen=True, slots=True)
class FigurePosition:
    """The cell of a figure, all counted from 0: `row`, `column`, the row of the headings above it, and the
    first row of its section. Labels are in column A, figures from column B on."""

    row: int
    column: int
    heading_row: int
    first_row: int


def measure_expression(measure: Measure, names: FormulaNames) -> str:
    """Return the expression (without =) that computes a measure over all parts of its table."""
    return _sum_over_table_parts(measure, [(row_filter, None) for row_filter in measure.filters], names)


def stale_notice_formula(checks: StaleChecks, texts: tuple[str, str], names: FormulaNames) -> str:
    """Return the formula (with =) that shows the first text while every check holds, and then the second."""
    conditions = [
        f"ROUND({measure_expression(measure, names)}-({value}),6)=0"
        if measure.kind == "sum"
        else f"{measure_expression(measure, names)}={value}"
        for measure, value in checks.figures
    ]
    conditions += [f"{_mismatch_expression(mismatch, names)}={mismatch.count}" for mismatch in checks.mismatches]
    shown: list[str] = []
    for condition in conditions:
        if sum(map(len, shown)) + 3 * len(shown) + len(condition) < MAX_FORMULA_LENGTH - sum(map(len, texts)) - 40:
            shown.append(condition)
    unchanged, changed = map(quote_formula_text, texts)
    return f"=IF({'*'.join(f'({condition})' for condition in shown)},{unchanged},{changed})"


def _mismatch_expression(mismatch: StatusMismatch, names: FormulaNames) -> str:
    terms = []
    for part_index in range(len(names.excel_names[mismatch.table])):
        own, rolled_up = (
            names.column_reference(mismatch.table, key, part_index) for key in (mismatch.column, ROLLED_UP_COLUMN)
        )
        is_label = "+".join(f"({own}={quote_formula_text(label)})" for label in mismatch.labels)
        terms.append(f"SUMPRODUCT(({own}<>{rolled_up})*({is_label}))")
    return "+".join(terms)


def figure_formula(
    section: Section, group: RowGroup, measure_index: int, position: FigurePosition, names: FormulaNames
) -> str:
    """Return the formula (with =) of the figure of `group` and `section.measures[measure_index]` at `position`."""
    measure = section.measures[measure_index]
    if group.kind == "share":
        total_column = next(column for column, other in enumerate(section.measures, 1) if other.kind == "across")
        total_cell = f"${column_letters(total_column)}{position.row}"
        return f"=IF({total_cell}=0,0,{column_letters(position.column)}{position.row}/{total_cell})"
    if measure.kind == "across":
        return f"=SUM({_range_address(position.row, 1, position.row, position.column - 1)})"
    label_cell, heading_cell = (
        f"$A{position.row + 1}",
        f"{column_letters(position.column)}${position.heading_row + 1}",
    )
    conditions = [
        (row_filter, label_cell if _is_label_of(row_filter, group.label) else None) for row_filter in group.filters
    ]
    conditions += [(match, heading_cell if match.text == measure.heading else None) for match in measure.filters]
    formula = _sum_over_table_parts(measure, conditions, names, group.rows_counted)
    first_column = 1 if measure.kind == "rest" else position.column
    if group.kind == "others":
        formula += f"-SUM({_range_address(position.first_row, first_column, position.row - 1, position.column)})"
    if measure.kind == "rest":
        formula += f"-SUM({_range_address(position.row, 1, position.row, position.column - 1)})"
    return f"={formula}"


def label_formula(group: RowGroup, label: CountedLabel, measure: Measure, names: FormulaNames) -> str:
    """Return the formula (with =) of a label that ends with the number of rows that a group counts."""
    conditions: list[tuple[RowFilter, str | None]] = [(row_filter, None) for row_filter in group.filters]
    rows_measure = replace(measure, sum_column="", subtracted_columns=())
    count = _sum_over_table_parts(rows_measure, conditions, names, group.rows_counted)
    beginning, one, many = map(quote_formula_text, (label.beginning, f" {label.one}", f" {label.many}"))
    return f"={beginning}&({count})&IF({count}=1,{one},{many})"


def _sum_over_table_parts(
    measure: Measure,
    conditions: Sequence[tuple[RowFilter, str | None]],
    names: FormulaNames,
    rows_counted: RowsCounted = "all",
) -> str:
    return "+".join(
        _count_in_table_part(measure, conditions, names, part_index, rows_counted)
        for part_index in range(len(names.excel_names[measure.table]))
    )


def _count_in_table_part(
    measure: Measure,
    conditions: Sequence[tuple[RowFilter, str | None]],
    names: FormulaNames,
    part_index: int,
    rows_counted: RowsCounted,
) -> str:
    """Return the expression for one part of a table that continues over several sheets."""
    factors = [
        _comparison(row_filter, cell, names.column_reference(measure.table, row_filter.column, part_index))
        for row_filter, cell in conditions
    ]
    if rows_counted != "all":
        complete = _are_numbers(measure, measure.number_columns, names, part_index)
        factors.append(complete if rows_counted == "complete" else f"({complete}=0)")
    further_inputs = [key for key in measure.input_columns if key not in measure.number_columns]
    needs_inputs = measure.input_columns if rows_counted != "complete" else further_inputs
    if needs_inputs:
        factors.append(_are_numbers(measure, needs_inputs, names, part_index))
    condition = "*".join(factors) + "*1" * (len(factors) == 1)
    if not measure.sum_column:
        return f"SUMPRODUCT({condition})"
    terms = (
        f"SUMPRODUCT({condition},{column})" if condition else f"SUM({column})"
        for column in (
            names.column_reference(measure.table, key, part_index)
            for key in (measure.sum_column, *measure.subtracted_columns)
        )
    )
    return "-".join(terms)


def _are_numbers(measure: Measure, columns: Sequence[str], names: FormulaNames, part_index: int) -> str:
    """Return an expression that is 1 for each row with a number in all of some columns, else 0: every text
    compares as greater than any number."""
    references = (names.column_reference(measure.table, key, part_index) for key in columns)
    return "*".join(f'({column}<>"")*({column}<1E+99)' for column in references)


def _comparison(row_filter: RowFilter, cell: str | None, column: str) -> str:
    if row_filter.prefix:
        prefix = cell or quote_formula_text(row_filter.prefix)
        return f"(LEFT({column},LEN({prefix}))={prefix})"
    return f"({column}{'=' if row_filter.equals else '<>'}{cell or quote_formula_text(row_filter.text)})"


def _is_label_of(row_filter: RowFilter, label: str) -> bool:
    return label == (row_filter.prefix or row_filter.text) and row_filter.equals


def _range_address(top: int, left: int, bottom: int, right: int) -> str:
    return f"{format_cell_address(top, left)}:{format_cell_address(bottom, right)}"


CellFormulas = Mapping[tuple[int, int], str]
"""Formulas by (row, column) of their table, both from 0, headings not counted."""


def build_account_formulas(accounts: Sequence[BalanceEquation], context: WriteContext) -> CellFormulas:
    """Return the formulas of the table `accounts`; each row's formulas refer to the figures of the same row."""
    formulas: dict[tuple[int, int], str] = {}
    for table_part in context.sheet_plan.parts_by_table["accounts"]:
        keys = [column.key for column in table_part.table.columns]
        letters = [column_letters(keys.index(key)) for key in (FOUND_COLUMN, ACCOUNTED_COLUMN)]
        for row in range(len(table_part.table.rows)):
            found_cell, accounted_cell = (f"{column}{table_part.heading_row + row + 2}" for column in letters)
            for key, formula in _account_row_formulas(
                accounts[table_part.first_table_row + row], found_cell, accounted_cell, context
            ):
                formulas[table_part.first_table_row + row, keys.index(key)] = formula
    return formulas


def _account_row_formulas(
    account: BalanceEquation, found_cell: str, accounted_cell: str, context: WriteContext
) -> Iterator[tuple[str, str]]:
    outcome_expressions = {
        name: measure_expression(measure, context.formula_names) for name, measure in account.terms
    }
    yield FOUND_COLUMN, f"={measure_expression(account.total, context.formula_names)}"
    yield (
        ACCOUNTED_COLUMN,
        "="
        + "+".join(
            [*outcome_expressions.values(), *([str(account.outside_tables)] if account.outside_tables else [])]
        ),
    )
    yes_text, no_text = (
        quote_formula_text(translate(f"values.{word}", context.language)) for word in ("yes", "no")
    )
    yield BALANCE_COLUMN, f"=IF(ROUND({found_cell}-{accounted_cell},6)=0,{yes_text},{no_text})"
    if account.sentence:
        yield (
            EQUATION_COLUMN,
            "=" + "&".join(_equation_terms(account.sentence, {"found": found_cell, **outcome_expressions})),
        )


def _equation_terms(equation_text: str, expressions: Mapping[str, str]) -> Iterator[str]:
    """Yield the parts of a sentence as formula expressions: quoted texts, and `expressions` for the
    placeholders."""
    for text, name, _, _ in Formatter().parse(equation_text):
        if text:
            yield quote_formula_text(text)
        if name:
            yield expressions[name]
