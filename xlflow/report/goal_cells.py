"""The cell of a board goal beside its activities, in the layout `merged`.

A cell that spans many rows says its goal only where it begins. So that every page says which goal it is about, the
cell begins anew after about a third of a page, with the goal's name, and the rows beside one cell stay together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from xlflow.report.document import Paragraph, ReportCell, ReportColumn, ReportRow, to_spans
from xlflow.report.line_estimates import LINES_PER_PAGE, estimate_cell_lines, estimate_row_lines
from xlflow.report.phrasing import Phrasing, text_to_blocks
from xlflow.report.table_columns import MAX_WORD_LETTERS_NARROW, mark_for_hyphenation
from xlflow.report.table_rows import ItemGroup

MAX_LINES_BESIDE_GOAL = 17
"""Lines of activities beside one goal's cell; with the row that passes this, the next cell begins."""

MAX_LINES_KEPT_TOGETHER = LINES_PER_PAGE * 0.6


def put_goal_beside(
    group: ItemGroup, rows: Sequence[ReportRow], columns: Sequence[ReportColumn], phrasing: Phrasing
) -> Iterator[tuple[ReportRow, ...]]:
    """Yield the rows of a goal, each tuple of them beside one cell with the goal's name; the first has its
    definition. `columns` are all of the table, that of the goal first."""
    share = columns[0].width_share / sum(column.width_share for column in columns)
    cell = _build_goal_cell(group)
    for number, (found, lines) in enumerate(_split_rows(rows, columns, estimate_cell_lines(cell, share))):
        if number:
            cell = _build_continued_cell(group, phrasing)
        goal_cell = replace(cell, row_span=len(found))
        keep_together = lines <= MAX_LINES_KEPT_TOGETHER and all(row.keep_together for row in found)
        first = replace(
            found[0], cells=(goal_cell, *found[0].cells), continues_group=number > 0, keeps_group=keep_together
        )
        yield (first, *found[1:])


def _split_rows(
    rows: Sequence[ReportRow], columns: Sequence[ReportColumn], goal_lines: float
) -> Iterator[tuple[list[ReportRow], float]]:
    """Yield parts of the rows with about their number of lines; the second half of a row stays with its first."""
    part: list[ReportRow] = []
    lines, needed = 0.0, goal_lines
    for row in rows:
        if part and lines > MAX_LINES_BESIDE_GOAL and lines >= needed and not row.continues_row_above:
            yield part, max(lines, needed)
            part, lines, needed = [], 0.0, 0.0
        part.append(row)
        lines += estimate_row_lines(row, columns)
    yield part, max(lines, needed)


def _build_goal_cell(group: ItemGroup) -> ReportCell:
    name = Paragraph(to_spans(group.name, strong=True))
    cell = ReportCell((name, *text_to_blocks(group.definition)), is_header=True, heads_group=True)
    return mark_for_hyphenation(cell, MAX_WORD_LETTERS_NARROW)


def _build_continued_cell(group: ItemGroup, phrasing: Phrasing) -> ReportCell:
    text = phrasing.translate("goal_continued", name=group.name)
    cell = ReportCell((Paragraph(to_spans(text), "quiet"),), is_header=True, heads_group=True)
    return mark_for_hyphenation(cell, MAX_WORD_LETTERS_NARROW)
