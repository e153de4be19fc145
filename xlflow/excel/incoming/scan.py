"""Looks over a sheet's bytes, in a few passes of C, for what the fast reader hides or falls over.

The fast reader is handed the cells alone: formulas, validations and formats are left out, and whatever it would
show as blank is noted here, to be put back, and so is what tells how the values came about. Nothing here reads a
sheet, and no pattern here looks at a byte more than a few times, whatever the bytes are.
"""

import html
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from xlflow.excel.incoming.book import (
    NO_EVIDENCE,
    Area,
    ErrorValue,
    Evidence,
    Raw,
    UncountedFormula,
    cell_position,
    read_areas,
)
from xlflow.excel.incoming.margins import find_margins

Hidden = tuple[tuple[int, int, Raw], ...]
"""(row, column, what stands there) of the cells that the fast reader would show as blank."""

_OPEN, _CLOSE, _END = b"<sheetData>", b"</sheetData>", b"</worksheet>"
_NONE_MERGED = b"<mergeCells></mergeCells>"
_STRINGS = re.compile(rb"(?:\s*<\?xml[^>]*\?>)?\s*<(?:\w+:)?sst\b")
_ODD = re.compile(rb'<(?:c|row)(?: (?!r="(?:[A-Z]|[A-C][A-Z])?[0-9]{1,4}")|[>\n\r\t/])')
"""A cell or row that does not begin by saying where it stands, or stands beyond CZ9999."""

_BLANK = re.compile(rb'<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]{1,6}")?(?:/>|></c>)|<row(?: [\w:]+="[^"<>]*")*/>')
_BLANK_ROW = re.compile(rb'<row(?: [\w:]+="[^"<>]*")*></row>')
"""What a format on a million rows or columns leaves behind, and holds nothing."""

_CELL = re.compile(rb"<c[ >\n\r\t/]")
"""A cell; where none belongs, only a close look tells what the sheet is."""

_LOOSE_PLACE = re.compile(rb"\sr\s*=")
_HUGE_COUNT = re.compile(rb"""ount\s*=\s*["']\s*[0-9]{7}""")
_FORMULA = re.compile(rb"<f(?: [^<>]*)?(?:/>|(?<=/)>|>([^<]*)</f>)(?:<v></v>|<v ?/>)?")
_ERROR = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^<>]{0,60}? t="e"[^<>]{0,60}><v>([^<]*)</v></c>')
_HIDDEN = b' hidden="'
_HIDDEN_ROW = re.compile(rb'<row r="([0-9]+)"[^<>]{0,300}? hidden="(?:1|true)"')
_ROW_SHOWN = 400
"""Bytes of a row's tag within which it says whether the row is hidden."""

_GUARDED = re.compile(rb"""<dataValidation(?=\s)[^<]*\ssqref="([^"<]*)"|<xm:sqref>([^<]*)</xm:sqref>""")
_RARE = re.compile(rb"_x(?:[Dd][89A-Fa-f][0-9A-Fa-f]{2}|[Ff]{3}[EFef])_")
_FORMULA_SHOWN = 80
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_PIECE, _SHORT = 1 << 20, 200
"""Bytes of a sheet whose cells are sorted by kind at a time, and up to which a kind is remembered."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A sheet made ready for the fast reader: its cells alone, what that would hide, how many it must find, and
    what it would not tell."""

    part: bytes
    hidden: Hidden = ()
    values: int = 0
    evidence: Evidence = NO_EVIDENCE


def is_sheet(part: bytes) -> bool:
    """Return whether a part holds the cells of a worksheet."""
    return not _STRINGS.match(part) and b"sheetData" in part


def may_share_text(strings: bytes, values: int, most: int) -> bool:
    """Return whether the shared texts, repeated in as many cells as hold a value, fit into that many bytes."""
    if _HUGE_COUNT.search(strings[:2000]):
        return False
    return values * len(strings) < most or values * max(map(len, strings.split(b"</si>"))) < most


def has_rare_letters(part: bytes) -> bool:
    """Return whether texts hold letters that the fast reader leaves in code: half an emoji, U+FFFE, U+FFFF."""
    return b"_" in part and b"_x" in part and _RARE.search(part) is not None


def look_over(sheet: bytes) -> Looked | None:
    """Return a sheet ready for the fast reader; None if that must not have it, since a cell does not say where it
    stands, or stands so far away that memory would burst."""
    start, end = sheet.find(_OPEN) + len(_OPEN), sheet.rfind(_CLOSE)
    if start < len(_OPEN) or end < start:
        return Looked(sheet) if b"<sheetData/>" in sheet and b"<c" not in sheet[start:] else None
    head, tail = sheet[:start], sheet[end + len(_CLOSE) :]
    try:
        body, uncounted, formulas = _take_out_formulas(sheet[start:end])
        hidden, counted = _find_hidden(body), _count_values(body)
        if counted is None and _ODD.search(body):
            body = _BLANK_ROW.sub(b"", _BLANK.sub(b"", body))
            counted = _count_values(body)
        values, broken = counted or (0, 0)
        errors = _find_errors(body, broken)
    except ValueError:
        return None
    if (
        counted is None
        or has_rare_letters(body)
        or _HUGE_COUNT.search(head)
        or _CELL.search(head)
        or _CELL.search(tail)
    ):
        return None
    values -= len(errors)
    evidence = Evidence(formulas, _find_guarded(tail), hidden, margins=find_margins(tail))
    part = b"".join((sheet[: start - len(_OPEN)], _merged(tail), _OPEN, body, _CLOSE, _END))
    return Looked(part, (*uncounted, *errors), values, evidence)


def _count_values(body: bytes) -> tuple[int, int] | None:
    """Return how many values the fast reader must find in the cells, and how many of them are errors; None if it
    must not have one of them."""
    values = errors = 0
    for kind, count in _count_kinds(body).items():
        fits, each, broken = (_look_again if len(kind) < _SHORT else _look_at)(kind)
        if not fits:
            return None
        values += each * count
        errors += broken * count
    return values, errors


def _count_kinds(body: bytes) -> Mapping[bytes, int]:
    """Return how many cells there are of each kind, each with all that follows up to the next: with all digits
    alike, nearly all cells of a sheet are of a few kinds, so that one look does for many."""
    cells: Counter[bytes] = Counter()
    others: Counter[bytes] = Counter()
    start = 0
    while start < len(body):
        end = body.find(b"<c ", start + _PIECE)
        end = len(body) if end < 0 else end
        pieces = body[start:end].translate(_DIGITS_ALIKE).split(b"<c ")
        others[pieces.pop(0)] += 1
        cells.update(pieces)
        start = end
    return {b"<c " + kind: count for kind, count in cells.items()} | others


def _look_at(kind: bytes) -> tuple[bool, int, int]:
    """Return whether the fast reader may have cells of this kind, how many values it must find in one, and how
    many of them are errors."""
    fits = b"<!" not in kind and not _ODD.search(kind) and not _says_twice(kind)
    return fits, kind.count(b"<v>") - kind.count(b"<v></v>") + kind.count(b"<is>"), kind.count(b't="e"')


_look_again = lru_cache(maxsize=4096)(_look_at)
"""The same, remembering: the forms of a round have nearly all kinds in common."""


def _says_twice(kind: bytes) -> bool:
    """Return whether a cell or row may say a second time where it stands; the fast reader would believe that."""
    loosely = any(sign in kind for sign in (b" =", b"\t", b"\n", b"\r"))
    said = len(_LOOSE_PLACE.findall(kind)) if loosely else kind.count(b" r=")
    return said != kind.count(b"<c ") + kind.count(b"<row ")


def _find_errors(body: bytes, count: int) -> Hidden:
    """Return the error cells; ValueError where one is written in a way that only reading can follow."""
    errors = _ERROR.findall(body) if count else []
    if len(errors) != count:
        raise ValueError
    return tuple((*cell_position(name.decode()), ErrorValue(text.decode())) for name, text in errors)


def _take_out_formulas(body: bytes) -> tuple[bytes, list[tuple[int, int, Raw]], frozenset[tuple[int, int]]]:
    """Return the cells without their formulas, the formulas of cells that have no value, and all cells that hold
    one; ValueError where it is not clear to which cell one belongs."""
    pieces = _FORMULA.split(body) if b"<f" in body else [body]
    texts, formulas = pieces[::2], pieces[1::2]
    if not formulas:
        return body, [], frozenset()
    tags = [text[text.rindex(b'<c r="') + 6 :] for text in texts[:-1]]
    names = b" ".join([tag[: tag.index(b'"')] for tag in tags]).decode().split(" ")
    places = list(map(cell_position, names))
    hidden: list[tuple[int, int, Raw]] = [
        (*place, UncountedFormula(f"={_unescape((formula or b'')[:_FORMULA_SHOWN])}"))
        for place, tag, formula, after in zip(places, tags, formulas, texts[1:], strict=True)
        if after[:4] == b"</c>" and b't="str"' not in tag
    ]
    return b"".join(texts), hidden, frozenset(places)


def _find_hidden(body: bytes) -> frozenset[int]:
    hidden: set[int] = set()
    at = body.find(_HIDDEN)
    while at >= 0:
        start = body.rfind(b"<row ", max(at - _ROW_SHOWN, 0), at)
        found = _HIDDEN_ROW.match(body, start) if start >= 0 else None
        if found:
            hidden.add(int(found[1]) - 1)
        at = body.find(_HIDDEN, at + 1)
    return frozenset(hidden)


def _find_guarded(tail: bytes) -> tuple[Area, ...]:
    """Return the areas that the sheet's validations watch, also those of the kind that Excel 2010 added."""
    guarded: list[Area] = []
    for mark in (b"dataValidations", b"x14:dataValidations"):
        start, end = tail.find(b"<" + mark), tail.find(b"</" + mark)
        if 0 <= start < end:
            for old, new in _GUARDED.findall(tail, start, end):
                guarded += read_areas((old or new).decode(errors="replace"))
    return tuple(guarded)


def _merged(tail: bytes) -> bytes:
    """Return what the sheet says of its merged cells, to stand before the cells: the fast reader, which looks for
    it in a second reading, then need not read them all again."""
    start, end = tail.find(b"<mergeCells"), tail.find(b"</mergeCells>")
    merged = tail[start : end + 13] if 0 <= start < end else b""
    return merged if merged and not _HUGE_COUNT.search(merged[:100]) else _NONE_MERGED


def _unescape(formula: bytes) -> str:
    return html.unescape(formula.decode(errors="replace"))
