"""Builds the consolidated workbook and the history workbook from their sheets; the order of the sheets.

Besides what it shows, the workbook carries the round's definition in a hidden sheet, so that report and next round
need only this file, and the fingerprints of its answer cells (see `form.fingerprints`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import takewhile, zip_longest
from types import MappingProxyType

from xlflow.consolidated.summary_model import (
    CHANGE_FLAG_PREFIX,
    CONTINUES_FROM_COLUMN,
    EXTRA_COLUMN_PREFIX,
    ID_COLUMN,
    ORIGIN_COLUMN,
    UNIT_COLUMN,
    ConsolidatedContent,
)
from xlflow.consolidated.writer.figure_formulas import CellFormulas, build_account_formulas
from xlflow.consolidated.writer.sheet_plan import (
    MAX_SHEET_ROWS,
    SINGLE_SHEET_TABLES,
    TablePart,
    build_formula_names,
    plan_sheets,
)
from xlflow.consolidated.writer.source_links import FileAddresses, add_link_column, write_source_links
from xlflow.consolidated.writer.summary_sheet import write_summary_sheet
from xlflow.consolidated.writer.table_sheet import fit_column_widths, write_table
from xlflow.consolidated.writer.write_context import WriteContext, build_highlights
from xlflow.excel.writer import WorkbookWriter
from xlflow.form.agreed_deadlines import encode_agreed_deadlines
from xlflow.form.fingerprints import (
    ANSWER_TABLES,
    cell_to_text,
    encode_sheet_names,
    encode_table_fingerprints,
    fingerprint_text,
)
from xlflow.form.layout import COMPARED_TO, ITEM_ORDER, ROUND_SHEET
from xlflow.form.metadata import encode_consolidated_round
from xlflow.i18n.catalogue import translate, translate_counted
from xlflow.model.merged import ROLLED_UP_KEY, Merged
from xlflow.model.plan import Round
from xlflow.model.table import Table, TableCell
from xlflow.rounds.history import RoundHistory

Address = tuple[str, str, str]
"""(unit, item id, field key) of an answer cell; the unit is "" in the table `activities`."""


def list_answer_fingerprints(tables: Mapping[str, Table], merged: Merged) -> Iterator[tuple[str, ...]]:
    """Yield the records of the tables with answers. A cell that shows a correction has the fingerprint of the
    answer below it."""
    fields = [field.key for field in merged.round.template.answer_fields() if not field.computed]
    answers_below = {
        (entry.unit, entry.item_id, entry.field): fingerprint_text(entry.answer_text)
        for entry in merged.corrections
        if entry.state != "conflict"
    }
    for name in ANSWER_TABLES:
        table = tables[name]
        keys = [column.key for column in table.columns]
        wanted = [*fields, ROLLED_UP_KEY] if name == "activities" else fields
        present = [key for key in wanted if key in keys]
        units: Iterable[TableCell] = (
            table.column(keys.index(UNIT_COLUMN)) if name == "answers" else [""] * len(table.rows)
        )
        id_cells = table.column(keys.index(ID_COLUMN))
        columns = [map(_fingerprint_cell, table.column(keys.index(key))) for key in present]
        rows = (
            (
                unit := cell_to_text(unit_cell),
                item_id := cell_to_text(id_cell),
                [
                    answers_below.get((unit, item_id, key), fingerprint)
                    for key, fingerprint in zip(present, fingerprints, strict=True)
                ],
            )
            for unit_cell, id_cell, *fingerprints in zip(units, id_cells, *columns, strict=True)
        )
        headings = [column.heading for column in table.columns]
        yield from encode_table_fingerprints(name, headings, present, rows)


def _fingerprint_cell(cell: TableCell) -> str:
    return "" if cell is None else fingerprint_text(cell_to_text(cell))


KIND_PROPERTY = "xlflow.kind"
CONTENT_PROPERTY = "xlflow.content"
"""The custom document property that says what kind of workbook of xlflow a file is: consolidated or history."""


IDS_PER_CELL = 500
"""Item ids per cell of the hidden sheet, so that a cell stays below Excel's limit of 32,767 characters."""


def add_round_sheet(
    workbook: WorkbookWriter,
    round_: Round,
    compared_to: date | None,
    item_ids: Sequence[str],
    further_records: Iterable[tuple[str, ...]] = (),
) -> None:
    """Add the hidden sheet with the round's definition, and the property that says what kind of file it is.

    `compared_to` is the as-of date of the previous round. `item_ids` keep the plan order, whatever people do to
    the visible table. `further_records` are the agreed deadlines, and those by which corrections by hand are
    recognised.
    """
    sheet = workbook.add_sheet(ROUND_SHEET)
    comparison_records = [(COMPARED_TO, compared_to.isoformat())] if compared_to else []
    records = (*encode_consolidated_round(round_), *comparison_records, *_item_order_records(item_ids))
    records = (*records, *further_records)
    for row, record in enumerate(records):
        sheet.write_row(row, record, [None] * len(record))
    sheet.set_very_hidden()
    workbook.set_custom_property(KIND_PROPERTY, "consolidated")


def _item_order_records(item_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    for start in range(0, len(item_ids), IDS_PER_CELL):
        yield ITEM_ORDER, "\n".join(item_ids[start : start + IDS_PER_CELL])


UNPRINTED_KEY_PREFIXES = (
    ORIGIN_COLUMN,
    CONTINUES_FROM_COLUMN,
    EXTRA_COLUMN_PREFIX,
    CHANGE_FLAG_PREFIX,
)
"""Beginnings of the keys of the columns that are not printed, so that the others stay legible on paper."""

MAX_A4_WIDTH = 1425.0
"""Points that a table may be wide to be printed on A4 (in letters of 6 points then); a wider one is set up for
A3."""

NO_FILE_ADDRESSES: FileAddresses = MappingProxyType({})
"""For a workbook without links to its source files."""

ROWS_PER_PAGE = 100
"""Rows that one page shows legibly; a longer summary takes several pages."""


def render_consolidated(
    summary: ConsolidatedContent,
    merged: Merged,
    max_rows: int = MAX_SHEET_ROWS,
    file_addresses: FileAddresses = NO_FILE_ADDRESSES,
) -> bytes:
    """Return the consolidated workbook as a file; see `build_consolidated_workbook`."""
    return build_consolidated_workbook(summary, merged, max_rows, file_addresses).to_bytes()


def build_consolidated_workbook(
    summary: ConsolidatedContent,
    merged: Merged,
    max_rows: int = MAX_SHEET_ROWS,
    file_addresses: FileAddresses = NO_FILE_ADDRESSES,
) -> WorkbookWriter:
    """Return the consolidated workbook, ready to become a file; the same values give the same bytes.

    A table continues on a further sheet where it would exceed `max_rows` rows of a sheet. `file_addresses` are the
    source files that can be linked, by their displayed name.
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
    summary_sheet_name = translate("consolidated.summary", round_.language)
    summary_sheet = workbook.add_sheet(summary_sheet_name)
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
    sheet_names = [summary_sheet_name, *sheet_plan.parts_by_sheet()]
    add_round_sheet(
        workbook,
        round_,
        summary.compared_to,
        list(map(str, tables["activities"].column(0))),
        (
            encode_sheet_names(sheet_names),
            *encode_agreed_deadlines(summary.agreed_deadlines),
            *list_answer_fingerprints(tables, merged),
        ),
    )
    summary_sheet.activate()
    if not merged.corrections:  # else the next merge must read them, whether somebody edits the file or not
        workbook.seal()
    return workbook


def render_history(history: RoundHistory, max_rows: int = MAX_SHEET_ROWS, *, content_digest: str = "") -> bytes:
    """Return the history of several rounds as an .xlsx file: one row per activity, one column per round.

    `content_digest`: a digest of its cells, kept as a property, by which an edit can be seen; "" for none.
    """
    language = history.language
    tables = {table.name: fit_column_widths(table) for table in (history.item_table, history.round_table)}
    sheet_plan = plan_sheets(tables, language, max_rows)
    formula_names = build_formula_names(
        tables.values(), {name: sheet_plan.excel_names_of(name) for name in tables}
    )
    round_count = len(history.round_table.rows)
    subtitle = translate_counted("history.subject", round_count, language)
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
    if content_digest:
        workbook.set_custom_property(CONTENT_PROPERTY, content_digest)
    return workbook.to_bytes()


def _write_table_sheet(
    table_parts: Sequence[TablePart], account_formulas: CellFormulas, context: WriteContext
) -> None:
    """Write one table from the first row on, or several below each other, each under its title."""
    columns = zip_longest(
        *([column.width for column in table_part.table.columns] for table_part in table_parts), fillvalue=0
    )
    widths = [max(column_widths) for column_widths in columns]
    context.sheet.set_column_widths(widths)
    for part in table_parts:
        if part.has_title:
            title = context.translate_consolidated(f"title_{part.table.name}")
            context.sheet.write(part.heading_row - 1, 0, title, context.style("subtitle"))
            context.sheet.set_row_height(part.heading_row - 1, 24)
        widened_part = replace(part, table=_with_column_widths(part.table, widths))
        write_table(widened_part, account_formulas if part.table.name == "accounts" else {}, context)
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
