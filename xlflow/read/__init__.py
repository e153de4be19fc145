"""Received -> Filled: what one form says, typed, every answer with its cell.

Reads what can be read and says what it assumed; what it cannot place is set aside with its address, and nothing
is dropped. Does not judge the answers (`check` does) and changes no file.
"""

from collections.abc import Sequence

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import digest_answers
from xlflow.core.model import Filled, Received
from xlflow.excel.incoming import Book
from xlflow.read.aside import find_other_sheets, find_remarks, report_aside
from xlflow.read.copies import choose_table, list_quotes
from xlflow.read.identity import find_issued
from xlflow.read.nothing import find_nothing
from xlflow.read.rows import read_table
from xlflow.read.shape import shape_of
from xlflow.read.sight import Known
from xlflow.read.table import find_tables

__all__ = ["LOST_ITSELF", "Known", "read_form"]

LOST_ITSELF = ("not-a-form", "form-records-broken", "form-of-newer-version", "form-without-definition")
"""Codes of refusals that another look may lift, once it is known what was issued."""


def read_form(book: Book, received: Received, known: Sequence[Known] = ()) -> Filled | Finding:
    """Return what a form says, or the finding that says why it cannot be read as one.

    `known` are rounds that were issued; they help where a form has lost what it says of itself.
    """
    told = find_issued(book, known)
    if isinstance(told, Finding):
        return told
    issued, hidden, doubts = told
    shape = shape_of(issued.round)
    tables = find_tables(book.name, [sheet for sheet in book.sheets if sheet is not hidden], shape)
    if not tables:
        return find("form-sheet-missing", Place(book.name), unit=issued.identity.unit)
    read = choose_table([read_table(table, shape, issued) for table in tables], issued.issued)
    unit, ours = issued.identity.unit, [table.sheet for table in tables]
    nothing, unclear = find_nothing(book, [id(sheet) for sheet in (*ours, hidden)], unit)
    others = find_other_sheets(book, [*ours, *filter(None, [hidden])], shape, issued)
    known_places = {one.place for one in unclear}
    loose = (one for one in others if one.place not in known_places)
    set_aside = (*read.set_aside, *unclear, *loose, *find_remarks(book, unit))
    return Filled(
        received=received,
        identity=issued.identity,
        round=issued.round,
        rows=read.rows,
        set_aside=set_aside,
        findings=(*book.findings, *doubts, *read.findings, *map(report_aside, set_aside)),
        answers_digest=digest_answers(
            issued.identity.round,
            unit,
            read.rows,
            set_aside,
            nothing=nothing is not None,
            quotes=list_quotes(read.findings),
        ),
        issued=tuple(
            (line_id, field, text)
            for line_id, texts in sorted(issued.issued.items())
            for field, text in sorted(texts.items())
            if text
        ),
        previous=issued.previous,
        nothing=nothing,
    )
