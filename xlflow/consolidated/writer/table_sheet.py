"""Writes a table to a sheet as an Excel table in house style, every text fully visible, every status with its
sign.

Writes cells by their Python type only, so that a text from a person becomes neither a formula nor a link.
"""

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import takewhile
from types import MappingProxyType

from xlflow.consolidated.summary_model import SOURCE_COLUMN
from xlflow.consolidated.writer.figure_formulas import CellFormulas
from xlflow.consolidated.writer.sheet_plan import TablePart
from xlflow.consolidated.writer.write_context import STATUS_COLUMNS, TextHighlight, WriteContext
from xlflow.excel.writer import (
    MAX_ROW_HEIGHT,
    STYLES,
    CellStyle,
    Formula,
    count_lines,
    fit_row_height,
    quote_formula_text,
    text_width,
)
from xlflow.model.table import Table, TableCell, TableColumn

MAX_COLUMN_WIDTH = 80
"""Characters that a column may be widened to, so that its longest text fits the highest row."""

MAX_LINES = 25
"""Lines of text that the highest row shows, with a line to spare."""

LINE_LIMITS: Mapping[str, tuple[int, int]] = MappingProxyType({SOURCE_COLUMN: (3, 60)})
"""Columns whose text is long on every row, such as file names: (lines that it should take at most, maximum
width of the column in characters for that), so that not every row becomes high."""

FILTER_BUTTON_WIDTH = 3
"""Characters of a heading's room that the filter button covers."""

STATUS_SIGN_WIDTH = 2
"""Characters that the sign before a status takes."""

SAFE_FIT_SHARE = 0.6
"""Share of a column's width up to which a text's number of characters guarantees that it fits on one line."""

LINK_FONT = MappingProxyType({name: STYLES["link"][name] for name in ("font_color", "underline")})
"""How the text of a link stands out."""

MIN_SENTENCE_WIDTH, MIN_PROSE_LENGTH, MAX_UNBROKEN_WORD = 11, 60, 19
"""Characters: a column too narrow for a sentence; a text whose words may be broken; a word that is not."""

NO_REPEATS: frozenset[int] = frozenset()


def fit_column_widths(table: Table) -> Table:
    """Return the table with columns wide enough for their longest word, and for long texts to be fully visible."""
    columns = tuple(
        replace(column, width=_column_width(column, table.distinct_values(column_index)))
        for column_index, column in enumerate(table.columns)
    )
    return replace(table, columns=columns)


def write_table(table_part: TablePart, formulas: CellFormulas, context: WriteContext) -> None:
    """Write a table part with its headings; `formulas` replace some of its cells, whose values become cached
    results.

    A table without rows gets one that says so, since an Excel table has at least one row.
    """
    heading_row, last_row = table_part.heading_row, table_part.row_below - 1
    table = (
        table_part.table
        if table_part.table.rows
        else replace(table_part.table, rows=(_empty_table_row(table_part.table, context),))
    )
    _add_excel_table(table_part, context)
    row_specs, choose_styles = _row_specs(table), _style_chooser(table, context)
    if formulas:
        _write_rows_with_formulas(table_part, row_specs, choose_styles, formulas, context)
    else:
        context.sheet.write_rows_fast(heading_row + 1, row_specs, choose_styles)
    for highlight in context.highlights:
        _highlight_texts(table, (heading_row + 1, last_row), highlight, context)
    _highlight_negatives(table, (heading_row + 1, last_row), context)


def _row_specs(table: Table) -> Iterator[tuple[Sequence[TableCell], frozenset[int], float]]:
    """Yield (row, indexes of group texts that repeat the row above, row height in points)."""
    group_columns = [column_index for column_index, column in enumerate(table.columns) if column.kind == "group"]
    multiline_columns = _find_multiline_texts(table)
    previous_row: Sequence[TableCell] = ()
    for row in table.rows:
        repeated = _find_repeated_groups(group_columns, row, previous_row)
        yield row, repeated, _row_height(multiline_columns, row, repeated)
        previous_row = row


def _style_chooser(
    table: Table, context: WriteContext
) -> Callable[[tuple[type, ...], Container[int]], Sequence[CellStyle]]:
    """Return a function from (cell types of a row, indexes of repeated texts) to the styles of its cells."""
    default_style, repeated_style = [context.style(name) for name in ("cell", "repeated")]
    styles = [_styles_by_type(column, context) for column in table.columns]
    return lambda kinds, repeated: [
        repeated_style if column_index in repeated else styles[column_index].get(cell_type, default_style)
        for column_index, cell_type in enumerate(kinds)
    ]


def _write_rows_with_formulas(
    table_part: TablePart,
    row_specs: Iterable[tuple[Sequence[TableCell], frozenset[int], float]],
    choose_styles: Callable[[tuple[type, ...], Container[int]], Sequence[CellStyle]],
    formulas: CellFormulas,
    context: WriteContext,
) -> None:
    """Write rows of which some cells are formulas."""
    for table_row, (row, repeated, height) in enumerate(row_specs, table_part.first_table_row):
        cells = [
            Formula(formulas[table_row, column_index], cell) if (table_row, column_index) in formulas else cell
            for column_index, cell in enumerate(row)
        ]
        sheet_row = table_part.heading_row + 1 + table_row - table_part.first_table_row
        context.sheet.write_row(sheet_row, cells, choose_styles(tuple(map(type, row)), repeated))
        context.sheet.set_row_height(sheet_row, height)


def _add_excel_table(table_part: TablePart, context: WriteContext) -> None:
    heading_style, table, heading_row = context.style("heading"), table_part.table, table_part.heading_row
    columns = [{"header": column.heading, "header_format": heading_style} for column in table.columns]
    options = {"name": table_part.excel_name, "style": None, "columns": columns}
    context.sheet.add_table((heading_row, 0, table_part.row_below - 1, len(columns) - 1), options)
    heading_widths = [(column.heading, max(1, column.width - FILTER_BUTTON_WIDTH)) for column in table.columns]
    context.sheet.set_row_height(heading_row, fit_row_height(heading_widths, min_lines=2))


def _styles_by_type(column: TableColumn, context: WriteContext) -> dict[type, CellStyle]:
    number_style = {"signed": "signed", "share": "signed_share"}.get(column.kind, "number")
    text_styles: dict[type, CellStyle] = {str: context.style("cell", **LINK_FONT)} if column.kind == "link" else {}
    return {
        int: context.style("integer"),
        Decimal: context.style(number_style),
        date: context.style("date"),
        **text_styles,
    }


def _find_repeated_groups(
    group_columns: Sequence[int], row: Sequence[TableCell], previous_row: Sequence[TableCell]
) -> frozenset[int]:
    """Return the indexes of group texts that equal the row above, as long as all group texts before them do."""
    if not previous_row or not group_columns or row[group_columns[0]] != previous_row[group_columns[0]]:
        return NO_REPEATS
    same_columns = takewhile(lambda index: row[index] == previous_row[index], group_columns)
    return frozenset(column_index for column_index in same_columns if row[column_index] is not None)


def _find_multiline_texts(table: Table) -> list[tuple[int, Mapping[TableCell, int]]]:
    """Return (column index, number of lines by text) for each column with texts of more than one line."""
    found: list[tuple[int, Mapping[TableCell, int]]] = []
    for column_index, column in enumerate(table.columns):
        width = column.width - STATUS_SIGN_WIDTH * (column.kind == "status")
        safe_length = width * SAFE_FIT_SHARE
        texts = table.distinct_values(column_index)
        long = [text for text in texts if isinstance(text, str) and (len(text) > safe_length or "\n" in text)]
        line_counts: dict[TableCell, int] = {
            text: lines for text in long if (lines := count_lines(text, width)) > 1
        }
        if line_counts:
            found.append((column_index, line_counts))
    return found


def _row_height(
    multiline_columns: Sequence[tuple[int, Mapping[TableCell, int]]],
    row: Sequence[TableCell],
    repeated: Container[int],
) -> float:
    """Return the height in points at which all texts of a row are visible; repeated group texts need no room."""
    lines = 1
    for column_index, line_counts in multiline_columns:
        lines = max(lines, line_counts.get(row[column_index], 1)) if column_index not in repeated else lines
    return min(MAX_ROW_HEIGHT, 15.0 * lines + 1)


def _empty_table_row(table: Table, context: WriteContext) -> tuple[TableCell, ...]:
    text_column = next(
        (index for index, column in enumerate(table.columns) if column.width > MIN_SENTENCE_WIDTH), 0
    )
    message = context.translate_consolidated(f"no_{table.name}")
    return tuple(message if index == text_column else None for index in range(len(table.columns)))


def _highlight_texts(table: Table, rows: tuple[int, int], highlight: TextHighlight, context: WriteContext) -> None:
    properties = {"bg_color": highlight.fill_colour, "font_color": highlight.font_colour}
    if highlight.sign and '"' not in highlight.sign:
        properties["num_format"] = f'"{highlight.sign} "@'
    for column_index, column in enumerate(table.columns):
        if column.key in highlight.column_keys or (
            column.kind == "status" and STATUS_COLUMNS in highlight.column_keys
        ):
            style = context.sheet.workbook.make_conditional_style(**properties)
            options = {
                "type": "cell",
                "criteria": "==",
                "value": quote_formula_text(highlight.text),
                "format": style,
            }
            context.sheet.add_conditional_format((rows[0], column_index, rows[1], column_index), options)


def _highlight_negatives(table: Table, rows: tuple[int, int], context: WriteContext) -> None:
    """Colour negative numbers in columns where they are bad; their minus and sign say so without colour."""
    for column_index, column in enumerate(table.columns):
        if column.kind in ("signed", "share"):
            options = {"type": "cell", "criteria": "<", "value": 0, "format": context.style("wrong")}
            context.sheet.add_conditional_format((rows[0], column_index, rows[1], column_index), options)


def _column_width(column: TableColumn, cells: Iterable[TableCell]) -> int:
    """Return the column's own width, or more if its longest word or its longest text needs that."""
    texts = {cell for cell in cells if isinstance(cell, str)}
    words = {word_room for text in texts if len(text) < MIN_PROSE_LENGTH for word_room in text.split()}
    sign_width = STATUS_SIGN_WIDTH * (column.kind == "status")
    word = max((size for size in map(text_width, words) if size < MAX_UNBROKEN_WORD), default=0) + 1.5 + sign_width
    heading_width = max(map(text_width, column.heading.split()), default=0) * 1.08 + FILTER_BUTTON_WIDTH
    width = max(column.width, math.ceil(word), math.ceil(heading_width))
    longest = max(texts, key=len, default="")
    max_lines, max_width = LINE_LIMITS.get(column.key, (MAX_LINES, MAX_COLUMN_WIDTH))
    while width < max_width and count_lines(longest, width) > max_lines:
        width += 4
    return width
