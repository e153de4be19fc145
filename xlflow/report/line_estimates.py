"""About how many lines of a page something takes: good enough to decide what is kept together and what is long.

No writer's layout is known here; a page of the PDF and one of Word differ by a few lines.
"""

from collections.abc import Iterable, Sequence
from math import ceil

from xlflow.report.document import (
    Block,
    Bullets,
    ContentsPlace,
    Heading,
    Paragraph,
    Picture,
    ReportCell,
    ReportColumn,
    ReportRow,
    ReportTable,
    StatusBadge,
)

LETTERS_PER_LINE, LETTERS_PER_TABLE_LINE = 96, 104
"""Letters in a line of running text, and in one of a table as wide as the page."""

LINES_PER_PAGE, PIXELS_PER_LINE = 66, 19
"""Measured on a report of 18 pages in Word: no heading of 19 is estimated more than a page away."""

_CELL_PADDING, _LINES_OF_HEADING, _LINES_OF_TABLE = 0.9, 2.6, 4.0


def estimate_heading_pages(blocks: Iterable[Block]) -> dict[str, str]:
    """Return the page on which each heading is likely to be, by its anchor; the contents take a page."""
    lines, pages = 8.0, dict[str, str]()
    for block in blocks:
        if isinstance(block, ContentsPlace):
            lines = ceil(lines / LINES_PER_PAGE) * LINES_PER_PAGE + LINES_PER_PAGE * 0.9
        if isinstance(block, Heading) and block.starts_page:
            lines = ceil(lines / LINES_PER_PAGE) * LINES_PER_PAGE
        if isinstance(block, Heading):
            pages[block.anchor] = str(int(lines // LINES_PER_PAGE) + 1)
        lines += _estimate_block(block)
    return pages


def estimate_pages(blocks: Iterable[Block]) -> int:
    """Return about how many pages some blocks take; a heading may begin a new one."""
    lines = 8.0
    for block in blocks:
        if isinstance(block, Heading) and block.starts_page:
            lines = ceil(lines / LINES_PER_PAGE) * LINES_PER_PAGE
        lines += _estimate_block(block)
    return ceil(lines / LINES_PER_PAGE)


def estimate_row_lines(row: ReportRow, columns: Sequence[ReportColumn]) -> float:
    """Return about how many lines a row takes. Its cells stand in the last of the columns."""
    total, position = sum(column.width_share for column in columns), len(columns)
    position -= sum(cell.column_span for cell in row.cells)
    longest = 1.0
    for cell in row.cells:
        share = sum(column.width_share for column in columns[position : position + cell.column_span])
        position += cell.column_span
        if cell.row_span == 1:
            longest = max(longest, estimate_cell_lines(cell, share / total))
    return longest + _CELL_PADDING


def estimate_cell_lines(cell: ReportCell, share: float) -> float:
    """Return about how many lines a cell takes that has a share of the table's width."""
    letters = max(6, int(LETTERS_PER_TABLE_LINE * share) - 2)
    lines = 0.0
    for block in cell.content:
        if isinstance(block, StatusBadge):
            lines += ceil((len(block.label) + 3) / letters) + 0.3
        elif isinstance(block, Bullets):
            lines += sum(_lines_of("".join(span.text for span in item), letters) for item in block.items)
        else:
            lines += _lines_of("".join(span.text for span in block.spans), letters)
    return lines


def _lines_of(text: str, letters: int) -> float:
    return ceil(max(1, len(text)) / letters) + 0.25


def _estimate_block(block: Block) -> float:
    if isinstance(block, Heading):
        return _LINES_OF_HEADING
    if isinstance(block, Paragraph):
        return _lines_of("".join(span.text for span in block.spans), LETTERS_PER_LINE) + 0.5
    if isinstance(block, Bullets):
        return sum(_lines_of("".join(span.text for span in item), LETTERS_PER_LINE) + 0.3 for item in block.items)
    if isinstance(block, Picture):
        return block.height / PIXELS_PER_LINE + 2
    if isinstance(block, ReportTable):
        return sum(estimate_row_lines(row, block.columns) for row in block.all_rows) + _LINES_OF_TABLE
    return 0.0 if isinstance(block, ContentsPlace) else 4.0
