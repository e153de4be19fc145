"""Looks over a sheet's bytes, in a few passes of C, for what the fast reader hides or falls over.

Nothing here reads a sheet: it tells whether the fast reader may have it, and which cells it would show blank.
"""

import re

from xlflow.excel.incoming.book import ErrorValue, Raw, UncountedFormula, cell_position

Hidden = tuple[tuple[int, int, Raw], ...]
"""(row, column, what stands there) of the cells that the fast reader would show as blank."""

_FAR = re.compile(rb' r="(?:[A-Za-z]*[0-9]{5}|[A-Za-z]{3,}[0-9]|[D-Zd-z][A-Za-z][0-9])')
_HUGE_COUNT = re.compile(rb"""ount\s*=\s*["']\s*[0-9]{7}""")
_ERROR = re.compile(
    rb"""<c r="([A-Z]+[0-9]+)"[^>]*? t="e"[^>]*>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?<v>([^<]*)</v></c>"""
)
_UNCOUNTED = re.compile(rb"""<c r="([A-Z]+[0-9]+)"([^>]*)><f[^>]*?(?:/>|>([^<]*)</f>)(?:<v></v>|<v ?/>)?</c>""")
_BROKEN_TAG = re.compile(rb"<(?:c|row)[\n\r\t/]")
_STRINGS = re.compile(rb"(?:\s*<\?xml[^>]*\?>)?\s*<(?:\w+:)?sst\b")
_HEAD = 200
_TEXT_BYTES = 300_000_000


def is_sheet(part: bytes) -> bool:
    """Return whether a part holds the cells of a worksheet."""
    return not _STRINGS.match(part) and b"sheetData" in part


def may_read_fast(sheet: bytes) -> bool:
    """Return whether every cell says where it stands, and none stands so far away that memory would burst."""
    if sheet.count(b"<c ") != sheet.count(b'<c r="') or sheet.count(b"<row ") != sheet.count(b'<row r="'):
        return False
    if b"<c>" in sheet or b"<row>" in sheet or (b"\n" in sheet[_HEAD:] and _BROKEN_TAG.search(sheet)):
        return False
    return b"<sheetData" in sheet and not _FAR.search(sheet) and not _HUGE_COUNT.search(sheet)


def count_values(sheet: bytes) -> int:
    """Return how many cells of a sheet hold a value, so that none can be lost on the way unseen."""
    return sheet.count(b"<v>") + sheet.count(b"<is>") - sheet.count(b"<v></v>")


def may_share_text(strings: bytes, sheets: tuple[bytes, ...]) -> bool:
    """Return whether the shared texts, repeated in every cell that points to one, still fit into memory."""
    if _HUGE_COUNT.search(strings[:2000]):
        return False
    pointers = sum(sheet.count(b"<c ") for sheet in sheets)
    if pointers * len(strings) < _TEXT_BYTES:
        return True
    return pointers * max(map(len, strings.split(b"</si>"))) < _TEXT_BYTES


def find_hidden_values(sheet: bytes) -> Hidden | None:
    """Return the cells that the fast reader would show as blank; None if they can only be found by reading."""
    hidden: list[tuple[int, int, Raw]] = []
    if b't="e"' in sheet:
        found = _ERROR.findall(sheet)
        if len(found) != sheet.count(b't="e"'):
            return None
        hidden += ((*cell_position(name.decode()), ErrorValue(text.decode())) for name, text in found)
    if b"<f" in sheet and any(sign in sheet for sign in (b"</f></c>", b"/></c>", b"</f><v></v>")):
        for name, kind, formula in _UNCOUNTED.findall(sheet):
            if b't="str"' not in kind:
                hidden.append((*cell_position(name.decode()), UncountedFormula(f"={_unescape(formula.decode())}")))
    return tuple(hidden)


def _unescape(text: str) -> str:
    for code, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(code, letter)
    return text
