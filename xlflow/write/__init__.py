"""The tables and figures of a round -> the consolidated workbook, as the bytes of one .xlsx file.

The order of the sheets, how each is set up and printed, and which words stand out. What stands in them was
decided by `summarise`; here nothing is worked out, and no file is touched.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile, zip_longest
from types import MappingProxyType

from xlflow.core.model import Merged, Table
from xlflow.core.summary import ConsolidatedContent, RoundHistory
from xlflow.core.words import translate
from xlflow.excel.outgoing import WorkbookWriter
from xlflow.write.accounts import CellFormulas, build_account_formulas
from xlflow.write.desk import WriteContext, build_highlights
from xlflow.write.formulas import build_formula_names
from xlflow.write.links import FileAddresses, add_link_column, write_source_links
from xlflow.write.overview import write_summary_sheet
from xlflow.write.places import MAX_SHEET_ROWS, SINGLE_SHEET_TABLES, TablePart, plan_sheets
from xlflow.write.record import KIND_PROPERTY, add_round_sheet
from xlflow.write.tables import fit_column_widths, write_table

__all__ = ["KIND_PROPERTY", "build_consolidated_workbook", "render_consolidated", "render_history"]

UNPRINTED_KEY_PREFIXES = ("_origin", "_continues_from", "context:", "_any_")
"""Keys of the last columns of wide tables, which are left out on paper so that the others can be read."""

MAX_A4_WIDTH = 1425.0
"""Points that a table may be wide to be read on A4, its letters at 6 points then; a wider one is set up for A3."""

NO_FILE_ADDRESSES: FileAddresses = MappingProxyType({})
"""No file lies near."""

ROWS_PER_PAGE = 100
"""Rows that one page shows in a size that can be read; a longer summary takes more pages."""


def render_consolidated(
    summary: ConsolidatedContent,
    merged: Merged,
    max_rows: int = MAX_SHEET_ROWS,
    file_addresses: FileAddresses = NO_FILE_ADDRESSES,
) -> bytes:
    """Return the consolidated workbook as a file; see `lay_out_consolidated`."""
    return build_consolidated_workbook(summary, merged, max_rows, file_addresses).to_bytes()


def build_consolidated_workbook(
    summary: ConsolidatedContent,
    merged: Merged,
    max_rows: int = MAX_SHEET_ROWS,
    file_addresses: FileAddresses = NO_FILE_ADDRESSES,
) -> WorkbookWriter:
    """Return the consolidated workbook, ready to become a file; the same values give the same bytes.

    A table of which more than `most_rows` rows would stand on a sheet goes on on a further one. `near` are the
    files that the answers lead to.
    """
    round_ = merged.round
    workbook = WorkbookWriter(f"{summary.title} – {summary.subtitle}", round_.language, round_.as_of)
    answers = add_link_column(summary.tables_by_name["answers"], merged.rows, file_addresses, round_.language)
    tables = {**summary.tables_by_name, "answers": answers}
    tables = {
        name: fit_column_widths(table) if name in SINGLE_SHEET_TABLES else table for name, table in tables.items()
    }
    sheet_plan = plan_sheets(tables, round_.language, max_rows)
    formula_names = build_formula_names(
        tables.values(), {name: sheet_plan.excel_names_of(name) for name in tables}
    )
    summary_sheet = workbook.add_sheet(translate("consolidated.summary", round_.language))
    context = WriteContext(
        summary_sheet,
        formula_names,
        sheet_plan,
        build_highlights(round_.template, round_.language),
        round_.language,
    )
    last_row = write_summary_sheet(summary, context)
    summary_sheet.set_print_header(summary.title, summary.subtitle)
    summary_sheet.set_page_layout(portrait=True, one_page=last_row < ROWS_PER_PAGE)
    for name, table_parts in sheet_plan.parts_by_sheet().items():
        sheet_context = replace(context, sheet=workbook.add_sheet(name))
        _write_table_sheet(
            table_parts, build_account_formulas(summary.balance_equations, sheet_context), sheet_context
        )
        write_source_links(table_parts, merged.rows, file_addresses, sheet_context)
        sheet_context.sheet.set_print_header(summary.title, summary.subtitle)
    add_round_sheet(workbook, round_, summary.compared_to, list(map(str, tables["activities"].column(0))))
    summary_sheet.activate()
    return workbook


def render_history(history: RoundHistory, max_rows: int = MAX_SHEET_ROWS) -> bytes:
    """Return several rounds as a workbook: one line per activity, one column per round."""
    language = history.language
    tables = {table.name: fit_column_widths(table) for table in (history.item_table, history.round_table)}
    sheet_plan = plan_sheets(tables, language, max_rows)
    formula_names = build_formula_names(
        tables.values(), {name: sheet_plan.excel_names_of(name) for name in tables}
    )
    round_count = len(history.round_table.rows)
    subtitle = translate(f"history.subject_{'one' if round_count == 1 else 'many'}", language, count=round_count)
    workbook = WorkbookWriter(f"{history.title} – {subtitle}", language, history.as_of)
    highlights = tuple(
        dict.fromkeys(
            highlight for template in history.templates for highlight in build_highlights(template, language)
        )
    )
    for sheet_index, (name, table_parts) in enumerate(sheet_plan.parts_by_sheet().items()):
        context = WriteContext(workbook.add_sheet(name), formula_names, sheet_plan, highlights, language)
        _write_table_sheet(table_parts, {}, context)
        context.sheet.set_print_header(history.title, subtitle)
        if sheet_index == 0:
            context.sheet.activate()
    workbook.set_custom_property(KIND_PROPERTY, "history")
    return workbook.to_bytes()


def _write_table_sheet(
    table_parts: Sequence[TablePart], account_formulas: CellFormulas, context: WriteContext
) -> None:
    """Write one table from the first row on, or several one below the other, each under its title."""
    columns = zip_longest(
        *([column.width for column in table_part.table.columns] for table_part in table_parts), fillvalue=0
    )
    widths = [max(column_widths) for column_widths in columns]
    context.sheet.set_column_widths(widths)
    for piece in table_parts:
        if piece.has_title:
            title = context.translate_consolidated(f"title_{piece.table.name}")
            context.sheet.write(piece.heading_row - 1, 0, title, context.style("subtitle"))
            context.sheet.set_row_height(piece.heading_row - 1, 24)
        widened_part = replace(piece, table=_with_column_widths(piece.table, widths))
        write_table(widened_part, account_formulas if piece.table.name == "accounts" else {}, context)
    if table_parts[0].has_title:
        context.sheet.set_page_layout()
    else:
        context.sheet.freeze_panes(1, 1)
        printed_columns = takewhile(
            lambda column: not column.key.startswith(UNPRINTED_KEY_PREFIXES), table_parts[0].table.columns
        )
        points = [(width * 7 + 5) * 0.75 for width, _ in zip(widths, printed_columns, strict=False)]
        context.sheet.set_page_layout(repeat_row=0, printed_columns=len(points), use_a3=sum(points) > MAX_A4_WIDTH)


def _with_column_widths(table: Table, widths: Sequence[int]) -> Table:
    columns = (replace(column, width=width) for column, width in zip(table.columns, widths, strict=False))
    return replace(table, columns=tuple(columns))
