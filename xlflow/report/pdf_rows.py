"""Tells in the tags of a PDF which cells name their row, so that a screen reader says it beside every other cell.

Typst tags the heading row only and lists for every other cell the headings of its columns. The lists are taken
out, since with them nobody looks at the headings of rows; columns and rows are then told by what their headings
hold for. No byte moves: what goes is replaced by blanks. Knows only what Typst writes.
"""

import re
from collections.abc import Iterator, Sequence

from xlflow.report.document import Document, Table

_CELL = re.compile(rb"/S/TD(/P \d+ 0 R/A\[)<</O/Table(/Headers\[\(U(\d+)x(\d+)y\d+\)[^]]*\])([^>]*)>>(.*)")
"""A cell that is no heading: what comes before its column headings, these, the numbers of its table and column,
what it spans, and the rest."""

_ROW, _BLANK = b"/Scope/Row", b"/K[]>>"


def name_rows(pdf: bytes, document: Document) -> bytes:
    """Return the same PDF, of the same length, in which every cell that names its row is tagged as its heading."""
    tables = (block for block in document.blocks if isinstance(block, Table))
    heads = [frozenset(_find_heads(table)) for table in tables]

    def mend(found: re.Match[bytes]) -> bytes:
        return _mend_cell(found, heads)

    return _CELL.sub(mend, pdf)


def _mend_cell(found: re.Match[bytes], heads: Sequence[frozenset[int]]) -> bytes:
    before, headings, number, column, spans, rest = found.groups()
    if int(column) in heads[int(number) - 1] and not rest.endswith(_BLANK):
        return b"/S/TH%s<</O/Table%s%s>>%s" % (before, _ROW.ljust(len(headings)), spans, rest)
    table = b"<</O/Table%s%s>>" % (headings, spans)
    kept = b"<</O/Table%s>>" % spans if spans else b""
    return b"/S/TD%s%s%s" % (before, kept.ljust(len(table)), rest)


def _find_heads(table: Table) -> Iterator[int]:
    """Yield the columns in which a cell names its row, or the rows of its group."""
    for row in table.rows:
        column = len(table.columns) - sum(cell.columns for cell in row.cells)
        for cell in row.cells:
            if cell.head:
                yield column
            column += cell.columns
