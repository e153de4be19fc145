"""The rows of a table of activities: each activity, then its sub-activities; the goal beside them all.

A long comment goes on a row of its own below the status, across the columns, beside its activity: no column gets
so long that it has to be cut at the end of a page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from xlflow.core.followed import Entry
from xlflow.core.sentences import UNANSWERED
from xlflow.report.columns import NARROW_LETTERS, Layer, break_words, has_remarks, make_cells
from xlflow.report.document import Cell, Paragraph, Row, Span, cell_texts, spell
from xlflow.report.lines import Group
from xlflow.report.wording import to_blocks

LONGEST_BESIDE = 420
"""Characters of a comment that stand beside its status; a longer one gets a row of its own."""

LONGEST_WHOLE = 3000
"""Characters of a comment that is kept on one page; a longer one may go on on the next."""


def make_rows(group: Group | None, entries: Sequence[Entry], layer: Layer) -> tuple[Row, ...]:
    """Return the rows of some activities; a group's cell spans them all."""
    lines = (entry for item in entries for entry in (item, *layer.part_rows(item)))
    rows = [row for entry in lines for row in _make_line(entry, layer)]
    if group is not None:
        rows[0] = replace(rows[0], cells=(_goal_cell(group, len(rows)), *rows[0].cells))
    return tuple(rows)


def _make_line(entry: Entry, layer: Layer) -> Iterator[Row]:
    """Yield the row of one line, and a second one for a comment that is too long to stand beside the status."""
    first, *others, last = make_cells(entry, layer)
    code = _filter_code(entry)
    letters = sum(map(len, cell_texts(last)))
    whole = letters <= LONGEST_WHOLE
    if not has_remarks(layer) or not others or (letters <= LONGEST_BESIDE and not layer.remarks_below):
        yield Row((first, *others, last), code, whole)
    elif not letters:
        yield Row((first, *others), code, whole)
    else:
        beside = () if layer.remarks_below else (Cell(),)
        yield Row((replace(first, rows=2), *others, *beside), code, whole)
        told = _say_what(last, layer)
        yield Row((replace(told, columns=len(others) + len(beside)),), code, whole, more=True)


def _say_what(cell: Cell, layer: Layer) -> Cell:
    """Return a cell of comments that says so itself, since it does not stand below its heading."""
    if layer.comment is None:
        return cell
    label = f"{layer.label(layer.comment)}: "
    first = cell.content[0]
    if isinstance(first, Paragraph):
        spans = (Span(label, emphasis=True), *first.spans)
        return replace(cell, content=(replace(first, spans=spans), *cell.content[1:]))
    return replace(cell, content=(Paragraph((Span(label, emphasis=True),)), *cell.content))


def _goal_cell(group: Group, rows: int) -> Cell:
    name = Paragraph(spell(group.name, strong=True))
    cell = Cell((name, *to_blocks(group.definition)), rows=rows, head=True, group=True)
    return break_words(cell, NARROW_LETTERS)


def _filter_code(entry: Entry) -> str:
    """Return the status that a reader filters by; a sub-activity that follows its activity goes with that."""
    return entry.code or ("" if entry.status else UNANSWERED)
