"""Finds out which form a file is: which unit's, of which round, and what was issued in it.

The very hidden sheet says everything. Without it the document properties are enough where the round is known, and
else what a person can see in the form (`recognise_by_content`). The name of the file says nothing.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import get_args

from xlflow.excel.conventions import CALC_SHEET_NAMES, RawCell
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.form.format_1 import CALC_ROW_KINDS
from xlflow.form.format_1 import RECORD_KINDS as FORMAT_1_RECORD_KINDS
from xlflow.form.identity import METADATA_FORMAT, decode_identity_properties
from xlflow.form.layout import CALC_RECORD_KINDS, RecordKind
from xlflow.form.metadata import RECORD_ERRORS, IssuedForm, decode_returned_records, issued_items
from xlflow.form.record_shapes import MAX_TEMPLATE_CHARACTERS
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.submission import FormIdentity
from xlflow.model.template import parse_template_leniently
from xlflow.model.text import normalize_key
from xlflow.read.recognise_by_content import KnownRound, find_round_hints, recognise_by_content
from xlflow.values import cell_text

_FIRST_RECORD_KIND = "identity"
_RECORD_KINDS = frozenset((*get_args(RecordKind), *FORMAT_1_RECORD_KINDS))
_MIN_CALC_ROWS = 8
"""Rows that begin as those of the sheet with the live formulas do, from which on a sheet of any name is that."""

_SCANNED_ROWS = 50
"""Rows from the top by which a metadata sheet is recognised; its record kinds are in column A."""


def read_issued_form(
    workbook: WorkbookData, known_rounds: Sequence[KnownRound]
) -> tuple[IssuedForm, SheetData | None, tuple[Finding, ...]] | Finding:
    """Return (what was issued, the metadata sheet or None, findings about doubts), or the finding that says why
    the workbook is not read as a form. `known_rounds` are rounds whose issued items are known from elsewhere."""
    identity, location = decode_identity_properties(workbook.properties), Location(workbook.name)
    metadata_sheet, issued = _find_metadata(workbook, identity)
    if issued is not None:
        return (
            issued,
            metadata_sheet,
            (*_check_identities(issued.identity, identity, location), *_check_unknown_parts(issued, location)),
        )
    issued = _restore_issued_form(identity, known_rounds) if identity else None
    if issued is not None:
        return (
            issued,
            metadata_sheet,
            (make_finding("identity-from-properties", location, unit=issued.identity.unit),),
        )
    recognised = recognise_by_content(workbook, known_rounds)
    if isinstance(recognised, tuple):
        return recognised[0], metadata_sheet, (recognised[1],)
    if identity is not None:
        return make_finding(
            "form-without-definition", location, unit=identity.unit, params={"round": identity.round_key}
        )
    refusal_code = (
        "form-of-newer-version" if metadata_sheet and _is_newer_format(metadata_sheet) else "form-metadata-corrupt"
    )
    return recognised or make_finding(
        refusal_code if metadata_sheet else "not-a-form", location, params=find_round_hints(workbook)
    )


def _is_newer_format(metadata_sheet: SheetData) -> bool:
    """Return whether the records are whole, but in a format that only a newer version of this program knows."""
    rows = [[cell for cell in _record_texts(row) if cell] for row in metadata_sheet.rows]
    format_text = next((row[2] for row in rows if row[:2] == [_FIRST_RECORD_KIND, "format"] and len(row) > 2), "")
    if format_text.isdecimal() and (len(format_text), format_text) > (len(METADATA_FORMAT), METADATA_FORMAT):
        return True
    digest, *chunks = next((row[1:] for row in rows if row[:1] == ["definition"] and row[1:]), [""])
    text = "".join(chunks)
    if len(text) > MAX_TEMPLATE_CHARACTERS:
        return False
    if hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() != digest:
        return False
    try:
        parse_template_leniently(json.loads(text))
    except ValueError:
        return True
    except RECORD_ERRORS:
        return False
    return False


def _check_unknown_parts(issued: IssuedForm, location: Location) -> Iterator[Finding]:
    if issued.unknown_template_keys:
        params = {"names": ", ".join(issued.unknown_template_keys)}
        yield make_finding("form-partly-of-newer-version", location, unit=issued.identity.unit, params=params)


def is_metadata_sheet(sheet: SheetData) -> bool:
    """Return whether a sheet is the hidden metadata sheet of a form, a copy of it, or what is left of it."""
    is_record = [row[0] in _RECORD_KINDS for row in sheet.rows[:_SCANNED_ROWS]]
    return any(is_record) and (sheet.rows[0][0] == _FIRST_RECORD_KIND or sum(is_record) * 2 > len(is_record))


def is_calc_sheet(sheet: SheetData) -> bool:
    """Return whether a sheet is the hidden one with the helper cells of the live formulas, which a program that
    knows no hidden sheets shows like any other, under a name and with a first row of its own."""
    kinds = (*CALC_RECORD_KINDS, *CALC_ROW_KINDS)
    is_record = [bool(row) and row[0] in kinds for row in sheet.rows[:_SCANNED_ROWS]]
    if normalize_key(sheet.name) in CALC_SHEET_NAMES:
        return any(is_record[:1])
    has_calc_name = normalize_key(sheet.name).startswith(CALC_SHEET_NAMES)
    return sum(is_record) * 2 > len(is_record) and (has_calc_name or sum(is_record) >= _MIN_CALC_ROWS)


def list_issued_forms(sheets: Iterable[SheetData]) -> list[IssuedForm]:
    """Return what was issued in each form whose metadata sheet is whole and among the sheets."""
    decoded = (
        decode_returned_records(_record_texts(row) for row in sheet.rows)
        for sheet in sheets
        if is_metadata_sheet(sheet)
    )
    return [issued for issued in decoded if issued]


def _find_metadata(
    workbook: WorkbookData, identity: FormIdentity | None
) -> tuple[SheetData | None, IssuedForm | None]:
    """Return the metadata sheet and what it says (None if it is not whole); of several whole ones, that with the
    form code in the document properties."""
    sheets = sorted(
        filter(is_metadata_sheet, workbook.sheets), key=lambda sheet: sheet.rows[0][0] != _FIRST_RECORD_KIND
    )
    decoded = [
        (sheet, decode_returned_records(_record_texts(row) for row in sheet.rows if isinstance(row[0], str)))
        for sheet in sheets
    ]
    complete = [(sheet, issued) for sheet, issued in decoded if issued]
    matching = (pair for pair in complete if identity and pair[1].identity.form_code == identity.form_code)
    return next(matching, None) or next(iter((*complete, *decoded)), (None, None))


def _record_texts(row: Sequence[RawCell]) -> list[str]:
    return [cell if type(cell) is str else "" if cell is None else cell_text(cell) for cell in row]


def _check_identities(
    embedded: FormIdentity, in_properties: FormIdentity | None, location: Location
) -> list[Finding]:
    if in_properties is None or (normalize_key(in_properties.unit), in_properties.round_key) == (
        normalize_key(embedded.unit),
        embedded.round_key,
    ):
        return []
    params: Mapping[str, str] = MappingProxyType({"other": in_properties.unit, "round": in_properties.round_key})
    return [make_finding("identities-differ", location, unit=embedded.unit, params=params)]


def _restore_issued_form(identity: FormIdentity, known_rounds: Sequence[KnownRound]) -> IssuedForm | None:
    """Return what was issued, from a known round with the same key, unit and number of rows; None if there is
    none. Previous answers and issued answers are not known then."""
    for known_round in known_rounds:
        round_ = known_round.round
        unit = next(
            (unit for unit in known_round.units if normalize_key(unit) == normalize_key(identity.unit)), None
        )
        if round_.key == identity.round_key and unit:
            items = issued_items(round_, unit)
            if len(items) != identity.row_count:
                continue
            unit_round = replace(round_, plan=replace(round_.plan, items=items))
            return IssuedForm(replace(identity, unit=unit), unit_round, MappingProxyType({}), ())
    return None
