"""Tells in the tags of a PDF which cells name their row, so that a screen reader says it beside every other cell.

Typst tags the heading row only and lists for every other cell the headings of its columns. The lists are taken
out, since with them nobody looks at the headings of rows; columns and rows are then told by what their headings
hold for. No byte moves: what goes is replaced by blanks. Knows only what Typst writes.
"""

import re
from collections.abc import Iterator, Sequence

from xlflow.report.document import Document, ReportTable

_DATA_CELL_TAG = re.compile(
    rb"/S/TD(/P \d+ 0 R/A\[)<</O/Table(/Headers\[\(U(\d+)x(\d+)y\d+\)[^]]*\])([^>]*)>>(.*)"
)
"""A cell that is no heading: what comes before its column headings, these, the numbers of its table and column,
what it spans, and the rest."""

_ROW_SCOPE, _EMPTY_CELL = b"/Scope/Row", b"/K[]>>"


def tag_row_headers(pdf: bytes, document: Document) -> bytes:
    """Return the same PDF, of the same length, in which every cell that names its row is tagged as its heading."""
    tables = (block for block in document.blocks if isinstance(block, ReportTable))
    header_columns = [frozenset(_find_header_columns(table)) for table in tables]

    def mend(match: re.Match[bytes]) -> bytes:
        return _retag_cell(match, header_columns)

    return _DATA_CELL_TAG.sub(mend, pdf)


def _retag_cell(match: re.Match[bytes], header_columns: Sequence[frozenset[int]]) -> bytes:
    before, headings, table_number, column, span_attributes, rest = match.groups()
    if int(column) in header_columns[int(table_number) - 1] and not rest.endswith(_EMPTY_CELL):
        return b"/S/TH%s<</O/Table%s%s>>%s" % (before, _ROW_SCOPE.ljust(len(headings)), span_attributes, rest)
    old_attributes = b"<</O/Table%s%s>>" % (headings, span_attributes)
    new_attributes = b"<</O/Table%s>>" % span_attributes if span_attributes else b""
    return b"/S/TD%s%s%s" % (before, new_attributes.ljust(len(old_attributes)), rest)


def _find_header_columns(table: ReportTable) -> Iterator[int]:
    """Yield the columns in which a cell names its row, or the rows of its group."""
    for row in table.all_rows:
        column = len(table.columns) - sum(cell.column_span for cell in row.cells)
        for cell in row.cells:
            if cell.is_header:
                yield column
            column += cell.column_span
