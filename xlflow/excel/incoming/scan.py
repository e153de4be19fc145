"""Looks over a sheet's bytes, in a few passes of C, for what the fast reader hides or falls over.

The fast reader is handed the cells alone: formulas, validations and formats are left out, and whatever it would
show as blank is noted here, to be put back. Nothing here reads a sheet.
"""

import re
from dataclasses import dataclass

from xlflow.excel.incoming.book import ErrorValue, Raw, UncountedFormula, cell_position

Hidden = tuple[tuple[int, int, Raw], ...]
"""(row, column, what stands there) of the cells that the fast reader would show as blank."""

_OPEN, _CLOSE, _END = b"<sheetData>", b"</sheetData>", b"</worksheet>"
_STRINGS = re.compile(rb"(?:\s*<\?xml[^>]*\?>)?\s*<(?:\w+:)?sst\b")
_ODD = re.compile(rb'<(?:c|row)(?: (?!r="(?:[A-Z]|[A-C][A-Z])?[0-9]{1,4}")|[>\n\r\t/])')
"""A cell or row that does not begin by saying where it stands, or stands beyond CZ9999."""

_LOOSE_PLACE = re.compile(rb"\sr\s*=")
_HUGE_COUNT = re.compile(rb"""ount\s*=\s*["']\s*[0-9]{7}""")
_FORMULA = re.compile(rb"<f(?: [^>]*?)?(?:/>|>([^<]*)</f>)(?:<v></v>|<v ?/>)?(</c>)?")
_ERROR = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^>]*? t="e"[^>]*><v>([^<]*)</v></c>')
_RARE = re.compile(rb"_x(?:[Dd][89A-Fa-f][0-9A-Fa-f]{2}|[Ff]{3}[EFef])_")
_TEXT_BYTES = 300_000_000
_FORMULA_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Looked:
    """A sheet made ready for the fast reader: its cells alone, what that would hide, how many it must find."""

    part: bytes
    hidden: Hidden = ()
    values: int = 0


def is_sheet(part: bytes) -> bool:
    """Return whether a part holds the cells of a worksheet."""
    return not _STRINGS.match(part) and b"sheetData" in part


def may_share_text(strings: bytes, values: int) -> bool:
    """Return whether the shared texts, repeated in as many cells as hold a value, still fit into memory."""
    if _HUGE_COUNT.search(strings[:2000]):
        return False
    return values * len(strings) < _TEXT_BYTES or values * max(map(len, strings.split(b"</si>"))) < _TEXT_BYTES


def has_rare_letters(part: bytes) -> bool:
    """Return whether texts hold letters that the fast reader leaves in code: half an emoji, U+FFFE and U+FFFF."""
    return b"_x" in part and _RARE.search(part) is not None


def look_over(sheet: bytes) -> Looked | None:
    """Return a sheet ready for the fast reader; None if that must not have it, since a cell does not say where it
    stands, or stands so far away that memory would burst."""
    start, end = sheet.find(_OPEN) + len(_OPEN), sheet.rfind(_CLOSE)
    if start < len(_OPEN) or end < start:
        return Looked(sheet) if b"<sheetData/>" in sheet and b"<c" not in sheet[start:] else None
    head, tail = sheet[:start], sheet[end + len(_CLOSE) :]
    try:
        body, formulas = _take_out_formulas(sheet[start:end])
        errors = _find_errors(body)
    except ValueError:
        return None
    if (
        b"<!" in body
        or has_rare_letters(body)
        or _ODD.search(body)
        or _says_twice(body)
        or _HUGE_COUNT.search(head)
    ):
        return None
    values = body.count(b"<v>") - body.count(b"<v></v>") + body.count(b"<is>") - len(errors)
    return Looked(b"".join((head, body, _CLOSE, _merged(tail), _END)), (*formulas, *errors), values)


def _says_twice(body: bytes) -> bool:
    """Return whether a cell or row may say a second time where it stands; the fast reader would believe that."""
    loosely = any(sign in body for sign in (b" =", b"\t", b"\n", b"\r"))
    said = len(_LOOSE_PLACE.findall(body)) if loosely else body.count(b" r=")
    return said != body.count(b"<c ") + body.count(b"<row ")


def _find_errors(body: bytes) -> Hidden:
    """Return the error cells; ValueError where one is written in a way that only reading can follow."""
    if b't="e"' not in body:
        return ()
    errors = _ERROR.findall(body)
    if len(errors) != body.count(b't="e"'):
        raise ValueError
    return tuple((*cell_position(name.decode()), ErrorValue(text.decode())) for name, text in errors)


def _take_out_formulas(body: bytes) -> tuple[bytes, list[tuple[int, int, Raw]]]:
    """Return the cells without their formulas, and the formulas of cells that have no value."""
    hidden: list[tuple[int, int, Raw]] = []

    def take_out(found: re.Match[bytes]) -> bytes:
        if found[2] is None:
            return b""
        tag = body[body.rfind(b"<c ", 0, found.start()) : found.start()]
        if b't="str"' not in tag:
            place = cell_position(tag[6 : tag.find(b'"', 6)].decode())
            hidden.append((*place, UncountedFormula(f"={_unescape((found[1] or b'')[:_FORMULA_SHOWN])}")))
        return found[2]

    return (_FORMULA.sub(take_out, body) if b"<f" in body else body), hidden


def _merged(tail: bytes) -> bytes:
    start, end = tail.find(b"<mergeCells"), tail.find(b"</mergeCells>")
    merged = tail[start : end + 13] if 0 <= start < end else b""
    return b"" if _HUGE_COUNT.search(merged[:100]) else merged


def _unescape(formula: bytes) -> str:
    text = formula.decode(errors="replace")
    for code, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(code, letter)
    return text
