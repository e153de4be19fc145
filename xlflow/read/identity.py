"""Finds out which form a file is: whose, of which round, and what was issued in it.

The very hidden sheet tells everything; the document's properties tell enough where the round is known, and so does
what anybody can see in the form. The name of the file tells nothing.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import get_args

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import FORMAT, Issued, from_records, identity_of_properties, issued_lines
from xlflow.core.layout import LIVE_KINDS, LIVE_SHEET, Record
from xlflow.core.model import Identity
from xlflow.core.template import understand_template
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.excel.incoming import Book, Raw, Sheet
from xlflow.read.sight import Known, recognise_form, see_days

_FIRST_KIND = "identity"
_KINDS = frozenset(get_args(Record))
_FEW = 50


def find_issued(book: Book, known: Sequence[Known]) -> tuple[Issued, Sheet | None, tuple[Finding, ...]] | Finding:
    """Return what was issued in a form, the sheet that told it, and what is doubtful about that."""
    identity, place = identity_of_properties(book.properties), Place(book.name)
    hidden, issued = _find_records(book, identity)
    if issued is not None:
        return issued, hidden, (*_compare(issued.identity, identity, place), *_tell_unknown(issued, place))
    issued = _recall(identity, known) if identity else None
    if issued is not None:
        return issued, hidden, (find("identity-from-properties", place, unit=issued.identity.unit),)
    seen = recognise_form(book, known)
    if isinstance(seen, tuple):
        return seen[0], hidden, (seen[1],)
    if identity is not None:
        return find("form-without-definition", place, unit=identity.unit, words={"round": identity.round})
    broken = "form-of-newer-version" if hidden and _is_newer(hidden) else "form-records-broken"
    return seen or find(broken if hidden else "not-a-form", place, words=see_days(book))


def _is_newer(hidden: Sheet) -> bool:
    """Return whether the records have a shape that only a newer version of this program knows."""
    rows = [[cell for cell in _say_record(row) if cell] for row in hidden.rows]
    told = next((row[2] for row in rows if row[:2] == [_FIRST_KIND, "format"] and len(row) > 2), "")
    if told.isdecimal() and int(told) > int(FORMAT):
        return True
    digest, *pieces = next((row[1:] for row in rows if row[:1] == ["definition"] and row[1:]), [""])
    text = "".join(pieces)
    if hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() != digest:
        return False
    try:
        understand_template(json.loads(text))
    except ValueError:
        return True
    return False


def _tell_unknown(issued: Issued, place: Place) -> Iterator[Finding]:
    if issued.unknown:
        words = {"names": ", ".join(issued.unknown)}
        yield find("form-partly-of-newer-version", place, unit=issued.identity.unit, words=words)


def holds_records(sheet: Sheet) -> bool:
    """Return whether a sheet is the one, or a copy or a remnant of the one, on which a form says what it is."""
    told = [row[0] in _KINDS for row in sheet.rows[:_FEW]]
    return any(told) and (sheet.rows[0][0] == _FIRST_KIND or sum(told) * 2 > len(told))


def holds_formulas(sheet: Sheet) -> bool:
    """Return whether a sheet is the one on which a form's live formulas reckon; a program that knows no hidden
    sheets brings it along."""
    return fold(sheet.name) == LIVE_SHEET and bool(sheet.rows) and sheet.rows[0][0] in LIVE_KINDS


def list_issued(sheets: Iterable[Sheet]) -> list[Issued]:
    """Return what was issued in each form whose whole record stands on one of the sheets."""
    told = (from_records(_say_record(row) for row in sheet.rows) for sheet in sheets if holds_records(sheet))
    return [issued for issued in told if issued]


def _find_records(book: Book, identity: Identity | None) -> tuple[Sheet | None, Issued | None]:
    """Return the sheet of records and what it says; of several, the one that the properties speak of too."""
    sheets = sorted(filter(holds_records, book.sheets), key=lambda sheet: sheet.rows[0][0] != _FIRST_KIND)
    told = [
        (sheet, from_records(_say_record(row) for row in sheet.rows if isinstance(row[0], str)))
        for sheet in sheets
    ]
    whole = [(sheet, issued) for sheet, issued in told if issued]
    agreed = (pair for pair in whole if identity and pair[1].identity.form_code == identity.form_code)
    return next(agreed, None) or next(iter((*whole, *told)), (None, None))


def _say_record(row: Sequence[Raw]) -> list[str]:
    return [cell if type(cell) is str else "" if cell is None else written_text(cell) for cell in row]


def _compare(ours: Identity, theirs: Identity | None, place: Place) -> list[Finding]:
    if theirs is None or (fold(theirs.unit), theirs.round) == (fold(ours.unit), ours.round):
        return []
    words: Mapping[str, str] = MappingProxyType({"other": theirs.unit, "round": theirs.round})
    return [find("identities-differ", place, unit=ours.unit, words=words)]


def _recall(identity: Identity, known: Sequence[Known]) -> Issued | None:
    """Return what was issued, as a round tells that we know all its lines of; None if there is none."""
    for each in known:
        round_ = each.round
        unit = next((unit for unit in each.units if fold(unit) == fold(identity.unit)), None)
        if round_.key == identity.round and unit:
            lines = issued_lines(round_, unit)
            if len(lines) != identity.rows:
                continue
            asked = replace(round_, plan=replace(round_.plan, lines=lines))
            return Issued(replace(identity, unit=unit), asked, MappingProxyType({}), ())
    return None
