"""Finds out which form a file is: whose, of which round, and what was issued in it.

The very hidden sheet tells everything; the document's properties tell enough where the round is known. The name
of the file tells nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import Issued, from_records, identity_of_properties, issued_lines
from xlflow.core.layout import HIDDEN_SHEET
from xlflow.core.model import Identity, Round
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.excel.incoming import Book, Raw, Sheet

_FIRST_KIND = "identity"


def find_issued(book: Book, known: Sequence[Round]) -> tuple[Issued, Sheet | None, tuple[Finding, ...]] | Finding:
    """Return what was issued in a form, the sheet that told it, and what is doubtful about that."""
    hidden = next((sheet for sheet in book.sheets if _holds_records(sheet)), None)
    issued = from_records(map(_say_record, hidden.rows)) if hidden else None
    identity = identity_of_properties(book.properties)
    place = Place(book.name)
    if issued is not None:
        return issued, hidden, tuple(_compare(issued.identity, identity, place))
    if identity is None:
        return find("form-records-broken" if hidden else "not-a-form", place)
    issued = _recall(identity, known)
    if issued is None:
        return find("form-without-definition", place, unit=identity.unit)
    return issued, hidden, (find("identity-from-properties", place, unit=identity.unit),)


def _holds_records(sheet: Sheet) -> bool:
    return bool(sheet.rows) and (sheet.rows[0][0] == _FIRST_KIND or sheet.name == HIDDEN_SHEET)


def _say_record(row: Sequence[Raw]) -> list[str]:
    cells: list[str] = [cell if isinstance(cell, str) else written_text(cell) for cell in row]
    return cells


def _compare(ours: Identity, theirs: Identity | None, place: Place) -> list[Finding]:
    if theirs is None or (fold(theirs.unit), theirs.round) == (fold(ours.unit), ours.round):
        return []
    words: Mapping[str, str] = MappingProxyType({"other": theirs.unit, "round": theirs.round})
    return [find("identities-differ", place, unit=ours.unit, words=words)]


def _recall(identity: Identity, known: Sequence[Round]) -> Issued | None:
    """Return what was issued, as a round tells that we know all its lines of; None if there is none."""
    for round_ in known:
        unit = next((unit.name for unit in round_.plan.units if fold(unit.name) == fold(identity.unit)), None)
        if round_.key == identity.round and unit:
            lines = issued_lines(round_, unit)
            if len(lines) != identity.rows:
                continue
            asked = replace(round_, plan=replace(round_.plan, lines=lines))
            return Issued(replace(identity, unit=unit), asked, MappingProxyType({}), ())
    return None
