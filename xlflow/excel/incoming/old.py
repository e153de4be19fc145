"""Reads an old .xls, and walks its records for what the fast reader hides: errors, formulas, hidden rows, notes.

Where the records cannot be followed it is said that those cannot be seen.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from xlflow.excel.incoming.binary import Walked, error_of, read_real, read_small
from xlflow.excel.incoming.book import Sheet
from xlflow.excel.incoming.container import open_container
from xlflow.excel.incoming.margins import list_margins
from xlflow.excel.incoming.reader import Failed, pin_walked, read_fast
from xlflow.excel.incoming.remarks import OUR_NAME

_BEGIN, _END, _LISTED, _GOES_ON = 0x809, 0x0A, 0x85, 0x3C
_FORMULA, _TRUTH_OR_ERROR, _ROW = 0x06, 0x205, 0x208
_REAL, _SMALL, _SMALL_ONES = 0x203, 0x27E, 0xBD
_NOTE, _OBJECT, _OBJECT_TEXT, _DRAWING = 0x1C, 0x5D, 0x1B6, 0xEC
_MARGINS, _MORE_MARGINS, _PICTURES = (0x14, 0x15), 0x89C, (b"\x05\0", b"\x08\0")
"""The records of a header and a footer, that of those on first and even pages, and the kinds of objects that are a
chart or a picture."""

_ANCHOR = b"\x10\xf0\x12\x00\x00\x00"
"""How the part of a drawn object begins that says over which cells it lies."""

_OTHER_BOOK, _OURSELVES = 0x1AE, (b"\x01\x04", b"\x01\x3a")
"""The record that names a workbook to which formulas refer, and how it names this one and what Excel brings."""

_LOCKED, _UNSEEN = 0x2F, 0x20
_NOTED = (("has-macros", ("_VBA_PROJECT", "_VBA_PROJECT_CUR")), ("has-objects", ("MBD", "ObjectPool")))
"""How names in the container begin that are worth a note."""


@dataclass(frozen=True, slots=True)
class OldBook:
    """The sheets of an old workbook, what it says of itself, and codes of what is worth a note."""

    sheets: tuple[Sheet, ...]
    properties: Mapping[str, str]
    saved: datetime | None
    notes: tuple[str, ...]
    about: tuple[str, ...] = ()


def read_old(content: bytes) -> OldBook:
    """Return an old workbook. Raises Failed if it cannot be read."""
    around = open_container(content)
    if around and _is_locked(around.workbook):
        raise Failed("file-is-encrypted")
    sheets = read_fast(content)
    if around is None:
        return OldBook(sheets, MappingProxyType({}), None, ("read-roughly",))
    notes = [code for code, starts in _NOTED if any(name.startswith(starts) for name in around.names)]
    try:
        notes += ["has-outside-links"] if _links_outside(around.workbook) else []
        walked = tuple(_walk_sheets(around.workbook))
        sheets = pin_walked(sheets, walked)
        notes += ["has-pictures"] if any(one.pictures for one in walked) else []
    except (struct.error, ValueError, LookupError):
        notes.append("read-roughly")
    return OldBook(sheets, MappingProxyType(dict(around.properties)), around.saved, tuple(notes), around.said)


def _records(stream: bytes, place: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, content) of the records from a place on, to the end of what begins there."""
    depth = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<2H", stream, place)
        yield kind, stream[place + 4 : place + 4 + size]
        depth += (kind == _BEGIN) - (kind == _END)
        place += 4 + size
        if not depth:
            return


def _is_locked(stream: bytes) -> bool:
    return any(kind == _LOCKED for kind, _ in _records(stream))


def _links_outside(stream: bytes) -> bool:
    """Return whether formulas refer to other workbooks."""
    named = (content[2:4] for kind, content in _records(stream) if kind == _OTHER_BOOK)
    return any(name not in _OURSELVES for name in named)


def _walk_sheets(stream: bytes) -> Iterator[Walked]:
    """Yield what is hidden of each worksheet, in their order."""
    for kind, content in _records(stream):
        if kind == _LISTED and content[5] == 0:
            yield _walk_sheet(stream, struct.unpack_from("<L", content)[0])


def _walk_sheet(stream: bytes, start: int) -> Walked:
    walked, texts, current, wanted = Walked(), dict[int, str](), 0, 0
    places, anchor, noted = dict[int, tuple[int, int]](), (0, 0), set[int]()
    for kind, content in _records(stream, start):
        if kind in (_FORMULA, _TRUTH_OR_ERROR):
            _take_cell(walked, kind, content)
        elif kind in (_REAL, _SMALL, _SMALL_ONES):
            _take_numbers(walked, kind, content)
        elif kind == _ROW and content[12] & _UNSEEN:
            walked.hidden.add(struct.unpack_from("<H", content)[0])
        elif kind == _OBJECT:
            (current,) = struct.unpack_from("<H", content, 6)
            places[current] = anchor
            walked.pictures = walked.pictures or content[4:6] in _PICTURES
        elif kind in (*_MARGINS, _MORE_MARGINS):
            walked.margins += list_margins(_read_texts(content, 38 if kind == _MORE_MARGINS else 0))
        elif kind == _DRAWING:
            anchor = _find_anchor(content)
        elif kind == _OBJECT_TEXT:
            (wanted,) = struct.unpack_from("<H", content, 10)
            texts[current] = ""
        elif kind == _GOES_ON and wanted:
            texts[current] += _decode(content[:1], content[1:])
            wanted -= len(content[1:]) // (1 if content[:1] == b"\0" else 2)
        elif kind == _NOTE and len(content) >= 8:
            row, column, _, number = struct.unpack_from("<4H", content)
            author = _decode(content[10:11], content[11:-1])
            noted.add(number)
            if number in texts and author != OUR_NAME:
                walked.remarks.append((row, column, author, texts[number]))
    boxes = ((*places.get(number, (0, 0)), "", text) for number, text in texts.items() if number not in noted)
    walked.remarks += (box for box in boxes if box[3].strip())
    return walked


def _read_texts(content: bytes, place: int) -> Iterator[str]:
    """Yield the texts from a place on: how many letters, how they are written, the letters."""
    while place + 3 < len(content):
        (count,) = struct.unpack_from("<H", content, place)
        wide = content[place + 2 : place + 3]
        end = place + 3 + count * (1 if wide == b"\0" else 2)
        yield _decode(wide, content[place + 3 : end])
        place = end


def _find_anchor(drawing: bytes) -> tuple[int, int]:
    """Return the row and the column at which a drawn object begins."""
    start = drawing.rfind(_ANCHOR)
    if start < 0 or start + 16 > len(drawing):
        return 0, 0
    column, _, row = struct.unpack_from("<3H", drawing, start + len(_ANCHOR) + 2)
    return row, column


def _take_cell(walked: Walked, kind: int, content: bytes) -> None:
    row, column = struct.unpack_from("<2H", content)
    if kind == _FORMULA:
        walked.formulas.add((row, column))
        wrong, code = content[12:14] == b"\xff\xff" and content[6] == 2, content[8]
    else:
        code, wrong = content[6], bool(content[7])
    if wrong:
        walked.errors.append((row, column, error_of(code)))
    elif kind == _FORMULA and content[12:14] != b"\xff\xff":
        walked.keep_below_zero(row, column, read_real(content[6:]))


def _take_numbers(walked: Walked, kind: int, content: bytes) -> None:
    row, column = struct.unpack_from("<2H", content)
    if kind == _REAL:
        walked.keep_below_zero(row, column, read_real(content[6:]))
        return
    for number, place in enumerate(range(6, len(content) - 3, 6)):
        walked.keep_below_zero(row, column + number, read_small(content[place:]))


def _decode(wide: bytes, letters: bytes) -> str:
    return letters.decode("latin-1" if wide == b"\0" else "utf-16-le", "replace")
