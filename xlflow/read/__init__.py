"""Received -> Filled: what one form says, typed, every answer with its cell.

Reads what can be read and says what it assumed; what it cannot place is set aside with its address, and nothing
is dropped. Does not judge the answers (`check` does) and changes no file.
"""

from collections.abc import Sequence
from dataclasses import replace

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import digest_answers
from xlflow.core.model import Filled, Received
from xlflow.excel.incoming import Book
from xlflow.read.around import find_around
from xlflow.read.aside import find_remarks, report_aside
from xlflow.read.copies import choose_table, list_quotes
from xlflow.read.identity import find_issued
from xlflow.read.nothing import find_nothing
from xlflow.read.others import find_other_sheets
from xlflow.read.parts import Part, find_rest, keep_strangers, part_book, refuse_stranger
from xlflow.read.rows import read_table
from xlflow.read.shape import shape_of
from xlflow.read.sight import Known

__all__ = ["Known", "is_worth_another_look", "read_form"]

LOST_ITSELF = (
    "not-a-form",
    "form-records-broken",
    "form-of-newer-version",
    "form-without-definition",
    "form-of-unknown-unit",
)
"""Codes of refusals that another look may lift, once it is known what was issued."""


def is_worth_another_look(told: Filled | Finding) -> bool:
    """Return whether more may be made of a file once it is known what was issued."""
    if isinstance(told, Finding):
        return told.code in LOST_ITSELF
    return any(found.code == "sheet-of-unknown-form" for found in told.findings)


def read_form(book: Book, received: Received, known: Sequence[Known] = ()) -> Filled | Finding:
    """Return what a form says, or the finding that says why it cannot be read as one.

    `known` are rounds that were issued; they help where a form has lost what it says of itself, and where the form
    of another unit stands in the same workbook, which is then one of the form's `others`.
    """
    told = find_issued(book, known)
    if isinstance(told, Finding):
        return told
    issued, hidden, doubts = told
    unit = issued.identity.unit
    parts, strangers = part_book(book, issued, hidden, known)
    if not parts:
        return refuse_stranger(strangers, issued) or find("form-sheet-missing", Place(book.name), unit=unit)
    first, *others = (_read_part(part, received) for part in parts)
    kept = list(keep_strangers(book, strangers, issued))
    more = (*(one for _, rows in kept for one in rows), *find_rest(book, parts, strangers, hidden, issued))
    findings = (*doubts, *(found for found, _ in kept), *map(report_aside, more), *first.findings)
    set_aside = (*first.set_aside, *more)
    first = replace(first, findings=findings, set_aside=set_aside, others=tuple(map(_sign, others)))
    return replace(first, answers_digest=_digest(first)) if more else first


def _digest(form: Filled) -> str:
    """Return the digest of all that a form says, of what is set aside too."""
    nothing, quotes = form.nothing is not None, list_quotes(form.findings)
    return digest_answers(
        form.identity.round, form.unit, form.rows, form.set_aside, nothing=nothing, quotes=quotes
    )


def _sign(form: Filled) -> Filled:
    """Return the form of another unit than the file's with that unit's name in all that was found in it."""
    return replace(form, findings=tuple(replace(found, unit=found.unit or form.unit) for found in form.findings))


def _read_part(part: Part, received: Received) -> Filled:
    """Return what the form of one unit says."""
    book, issued = part.book, part.issued
    shape = shape_of(issued.round)
    read = choose_table([read_table(table, shape, issued) for table in part.tables], issued.issued)
    unit, ours = issued.identity.unit, [table.sheet for table in part.tables]
    nothing, unclear = find_nothing(book, [id(sheet) for sheet in ours], unit)
    others = find_other_sheets(book, ours, shape, issued)
    known_places = {one.place for one in unclear}
    loose = (one for one in others if one.place not in known_places)
    set_aside = (*read.set_aside, *unclear, *loose, *find_remarks(book, unit), *find_around(book, issued))
    form = Filled(
        received=received,
        identity=issued.identity,
        round=issued.round,
        rows=read.rows,
        set_aside=set_aside,
        findings=(*book.findings, *part.findings, *read.findings, *map(report_aside, set_aside)),
        issued=tuple(
            (line_id, field, text)
            for line_id, texts in sorted(issued.issued.items())
            for field, text in sorted(texts.items())
            if text
        ),
        previous=issued.previous,
        nothing=nothing,
    )
    return replace(form, answers_digest=_digest(form))
