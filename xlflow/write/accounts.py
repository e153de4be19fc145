"""The accounts as formulas: each equation counted again in the tables, its words and its verdict too.

Amounts are told by their figures alone, since a number within a text would change with the reader's language.
"""

from collections.abc import Iterator, Mapping, Sequence
from string import Formatter

from xlflow.core.summary import BalanceEquation
from xlflow.core.words import translate
from xlflow.write.desk import WriteContext
from xlflow.write.formulas import column_letters, measure_expression, quote_formula_text

CellFormulas = Mapping[tuple[int, int], str]
"""Formulas by row and column of their grid, counted from 0."""


def build_account_formulas(accounts: Sequence[BalanceEquation], context: WriteContext) -> CellFormulas:
    """Return the formulas of the table of accounts, each about the figures of its own row."""
    formulas: dict[tuple[int, int], str] = {}
    for table_part in context.sheet_plan.parts_by_table["accounts"]:
        keys = [column.key for column in table_part.table.columns]
        letters = [column_letters(keys.index(key)) for key in ("_found", "_accounted")]
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
    yield "_found", f"={measure_expression(account.total, context.formula_names)}"
    yield (
        "_accounted",
        "="
        + "+".join(
            [*outcome_expressions.values(), *([str(account.outside_tables)] if account.outside_tables else [])]
        ),
    )
    yes_text, no_text = (
        quote_formula_text(translate(f"values.{word}", context.language)) for word in ("yes", "no")
    )
    yield "_balance", f"=IF(ROUND({found_cell}-{accounted_cell},6)=0,{yes_text},{no_text})"
    if account.sentence:
        yield (
            "_equation",
            "=" + "&".join(_equation_terms(account.sentence, {"found": found_cell, **outcome_expressions})),
        )


def _equation_terms(equation_text: str, expressions: Mapping[str, str]) -> Iterator[str]:
    """Yield the words and the figures between them, as they are joined in a formula."""
    for text, name, _, _ in Formatter().parse(equation_text):
        if text:
            yield quote_formula_text(text)
        if name:
            yield expressions[name]
