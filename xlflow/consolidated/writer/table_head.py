"""What stands above each table: its title, how many rows it has, and one sentence on what it is about.

The number of rows is a formula, so that it follows a filter and a row that a person takes out.
"""

from collections.abc import Mapping
from types import MappingProxyType

from xlflow.consolidated.summary_model import (
    BALANCE_COLUMN,
    FILE_STATE_COLUMN,
    ID_COLUMN,
    RESPONSE_COLUMN,
    UNPLACED_KIND_COLUMN,
)
from xlflow.consolidated.writer.sheet_plan import TablePart
from xlflow.consolidated.writer.write_context import WriteContext
from xlflow.excel.writer import quote_formula_text
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.table import Table

TITLE_HEIGHT, ABOUT_HEIGHT = 24, 18
"""Heights of the two rows, in points."""

COUNTED_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "units": RESPONSE_COLUMN,
        "files": FILE_STATE_COLUMN,
        "accounts": BALANCE_COLUMN,
        "set_aside": UNPLACED_KIND_COLUMN,
        "findings": "_code",
        "about": "_value",
        "waivers": "_rule",
        "aliases": "_means",
        "inputs": "_kind",
        "rounds": "_file",
    }
)
"""By table: a column that every row has a value in, but not the row that says that there is none."""


def write_table_head(part: TablePart, context: WriteContext, *, is_live: bool) -> None:
    """Write title and number of rows above the headings of a table; the number is a formula if `is_live`, else a
    text that no program changes."""
    title_row, language = part.title_row, context.language
    context.sheet.write(title_row, 0, _title(part, context), context.style("title"))
    context.sheet.set_row_height(title_row, TITLE_HEIGHT)
    text = about_text(part.table.name, _row_count(part, context), language)
    style = context.style("muted", valign="vcenter")
    if is_live:
        context.sheet.write_formula(title_row + 1, 0, _about_formula(part.table, context), text, style)
    else:
        context.sheet.write(title_row + 1, 0, text, style)
    context.sheet.set_row_height(title_row + 1, ABOUT_HEIGHT)


def about_text(table_name: str, row_count: int, language: Language) -> str:
    """Return the sentences above a table of which no row is hidden: how many rows, and what they are."""
    count = translate(
        "overview.row_count" if row_count != 1 else "overview.row_count_one", language, count=row_count
    )
    return f"{count} {translate(f'consolidated.about_{table_name}', language)}"


def _title(part: TablePart, context: WriteContext) -> str:
    return context.translate_consolidated(f"title_{part.table.name}") if part.shares_sheet else part.sheet


def _row_count(part: TablePart, context: WriteContext) -> int:
    return sum(len(each.table.rows) for each in context.sheet_plan.parts_by_table[part.table.name])


def _about_formula(table: Table, context: WriteContext) -> str:
    """Return the formula (with =) of the sentences: all rows of the table, or how many of them a filter shows."""
    key = COUNTED_COLUMNS.get(table.name, ID_COLUMN)
    columns = [
        context.formula_names.column_reference(table.name, key, part_index)
        for part_index in range(len(context.formula_names.excel_names[table.name]))
    ]
    shown = "+".join(f"SUBTOTAL(103,{column})" for column in columns)
    total = "+".join(f'SUMPRODUCT(({column}<>"")*1)' for column in columns)
    one = quote_formula_text(translate("overview.row_count_one", context.language, count=1))
    before, after = translate("overview.row_count", context.language, count="\0").split("\0")
    of_before, of_between, of_after = _pieces("overview.rows_shown", context.language)
    all_rows = f"IF({total}=1,{one},{quote_formula_text(before)}&({total})&{quote_formula_text(after)})"
    some_rows = (
        "&".join((quote_formula_text(of_before), f"({shown})", quote_formula_text(of_between), f"({total})"))
        + f"&{quote_formula_text(of_after)}"
    )
    about = quote_formula_text(f" {context.translate_consolidated(f'about_{table.name}')}")
    return f"=IF({shown}={total},{all_rows},{some_rows})&{about}"


def _pieces(word_key: str, language: Language) -> tuple[str, str, str]:
    """Return what stands before, between and after the two numbers of a sentence."""
    before, between, after = translate(word_key, language, shown="\0", total="\0").split("\0")
    return before, between, after
