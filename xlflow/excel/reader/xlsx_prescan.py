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

from xlflow.excel.cell_address import parse_cell_address
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader.header_footer import find_header_footer
from xlflow.excel.reader.workbook_data import (
    NO_METADATA,
    CellRange,
    ErrorValue,
    SheetMetadata,
    UncachedFormula,
    parse_cell_ranges,
)

OmittedValues = tuple[tuple[int, int, RawCell], ...]
"""(row, column, what stands there) of the cells that the fast reader would show as blank."""

_SHEET_DATA_START, _SHEET_DATA_END, _WORKSHEET_END = b"<sheetData>", b"</sheetData>", b"</worksheet>"
_NO_MERGED_CELLS = b"<mergeCells></mergeCells>"
_SHARED_STRINGS_START = re.compile(rb"(?:\s*<\?xml[^>]*\?>)?\s*<(?:\w+:)?sst\b")
_UNUSUAL_CELL = re.compile(rb'<(?:c|row)(?: (?!r="(?:[A-Z]|[A-C][A-Z])?[0-9]{1,4}")|[>\n\r\t/])')
"""A cell or row that does not begin by saying where it stands, or stands beyond CZ9999."""

_EMPTY_CELL = re.compile(
    rb'<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]{1,6}")?(?:/>|></c>)|<row(?: [\w:]+="[^"<>]*")*/>'
)
_EMPTY_ROW = re.compile(rb'<row(?: [\w:]+="[^"<>]*")*></row>')
"""What a format on a million rows or columns leaves behind, and holds nothing."""

_CELL_TAG = re.compile(rb"<c[ >\n\r\t/]")
"""A cell; where none belongs, only a close look tells what the sheet is."""

_ADDRESS_ATTRIBUTE = re.compile(rb"\sr\s*=")
_HUGE_COUNT = re.compile(rb"""ount\s*=\s*["']\s*[0-9]{7}""")
_FORMULA = re.compile(rb"<f(?: [^<>]*)?(?:/>|(?<=/)>|>([^<]*)</f>)(?:<v></v>|<v ?/>)?")
_ERROR_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^<>]{0,60}? t="e"[^<>]{0,60}><v>([^<]*)</v></c>')
_HIDDEN_ATTRIBUTE = b' hidden="'
_HIDDEN_ROW = re.compile(rb'<row r="([0-9]+)"[^<>]{0,300}? hidden="(?:1|true)"')
_MAX_ROW_TAG_SIZE = 400
"""Bytes of a row's tag within which it says whether the row is hidden."""

_VALIDATED_RANGES = re.compile(rb"""<dataValidation(?=\s)[^<]*\ssqref="([^"<]*)"|<xm:sqref>([^<]*)</xm:sqref>""")
_RARE_CHARACTER = re.compile(rb"_x(?:[Dd][89A-Fa-f][0-9A-Fa-f]{2}|[Ff]{3}[EFef])_")
_MAX_FORMULA_SIZE = 80
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
_CHUNK_SIZE, _MAX_CACHED_SIZE = 1 << 20, 200
"""Bytes of a sheet whose cells are sorted by kind at a time, and up to which a kind is remembered."""


@dataclass(frozen=True, slots=True)
class PrescannedSheet:
    """A sheet made ready for the fast reader: its cells alone, what that would hide, how many it must find, and
    what it would not tell."""

    sheet_xml: bytes
    omitted_values: OmittedValues = ()
    value_count: int = 0
    metadata: SheetMetadata = NO_METADATA


def is_worksheet_part(part: bytes) -> bool:
    """Return whether a part holds the cells of a worksheet."""
    return not _SHARED_STRINGS_START.match(part) and b"sheetData" in part


def can_expand_shared_strings(shared_strings: bytes, value_count: int, max_bytes: int) -> bool:
    """Return whether the shared texts, repeated in as many cells as hold a value, fit into that many bytes."""
    if _HUGE_COUNT.search(shared_strings[:2000]):
        return False
    return (
        value_count * len(shared_strings) < max_bytes
        or value_count * max(map(len, shared_strings.split(b"</si>"))) < max_bytes
    )


def has_rare_characters(part: bytes) -> bool:
    """Return whether texts hold letters that the fast reader leaves in code: half an emoji, U+FFFE, U+FFFF."""
    return b"_" in part and b"_x" in part and _RARE_CHARACTER.search(part) is not None


def prescan_sheet(sheet_xml: bytes) -> PrescannedSheet | None:
    """Return a sheet ready for the fast reader; None if that must not have it, since a cell does not say where it
    stands, or stands so far away that memory would burst."""
    start, end = sheet_xml.find(_SHEET_DATA_START) + len(_SHEET_DATA_START), sheet_xml.rfind(_SHEET_DATA_END)
    if start < len(_SHEET_DATA_START) or end < start:
        return (
            PrescannedSheet(sheet_xml) if b"<sheetData/>" in sheet_xml and b"<c" not in sheet_xml[start:] else None
        )
    head, tail = sheet_xml[:start], sheet_xml[end + len(_SHEET_DATA_END) :]
    try:
        body, uncached_formulas, formula_cells = _strip_formulas(sheet_xml[start:end])
        hidden_rows, counts = _find_hidden_rows(body), _count_values(body)
        if counts is None and _UNUSUAL_CELL.search(body):
            body = _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", body))
            counts = _count_values(body)
        value_count, error_count = counts or (0, 0)
        errors = _find_error_cells(body, error_count)
    except ValueError:
        return None
    if (
        counts is None
        or has_rare_characters(body)
        or _HUGE_COUNT.search(head)
        or _CELL_TAG.search(head)
        or _CELL_TAG.search(tail)
    ):
        return None
    value_count -= len(errors)
    metadata = SheetMetadata(
        formula_cells, _find_validated_ranges(tail), hidden_rows, header_footer=find_header_footer(tail)
    )
    prescanned_xml = b"".join(
        (
            sheet_xml[: start - len(_SHEET_DATA_START)],
            _merged_cells_xml(tail),
            _SHEET_DATA_START,
            body,
            _SHEET_DATA_END,
            _WORKSHEET_END,
        )
    )
    return PrescannedSheet(prescanned_xml, (*uncached_formulas, *errors), value_count, metadata)


def _count_values(body: bytes) -> tuple[int, int] | None:
    """Return how many values the fast reader must find in the cells, and how many of them are errors; None if it
    must not have one of them."""
    values = errors = 0
    for kind, count in _count_cell_kinds(body).items():
        fits, values_per_cell, errors_per_cell = (
            _inspect_cell_kind_cached if len(kind) < _MAX_CACHED_SIZE else _inspect_cell_kind
        )(kind)
        if not fits:
            return None
        values += values_per_cell * count
        errors += errors_per_cell * count
    return values, errors


def _count_cell_kinds(body: bytes) -> Mapping[bytes, int]:
    """Return how many cells there are of each kind, each with all that follows up to the next: with all digits
    alike, nearly all cells of a sheet are of a few kinds, so that one look does for many."""
    cells: Counter[bytes] = Counter()
    others: Counter[bytes] = Counter()
    start = 0
    while start < len(body):
        end = body.find(b"<c ", start + _CHUNK_SIZE)
        end = len(body) if end < 0 else end
        chunks = body[start:end].translate(_DIGITS_TO_ZERO).split(b"<c ")
        others[chunks.pop(0)] += 1
        cells.update(chunks)
        start = end
    return {b"<c " + kind: count for kind, count in cells.items()} | others


def _inspect_cell_kind(kind: bytes) -> tuple[bool, int, int]:
    """Return whether the fast reader may have cells of this kind, how many values it must find in one, and how
    many of them are errors."""
    fits = b"<!" not in kind and not _UNUSUAL_CELL.search(kind) and not _repeats_address(kind)
    return fits, kind.count(b"<v>") - kind.count(b"<v></v>") + kind.count(b"<is>"), kind.count(b't="e"')


_inspect_cell_kind_cached = lru_cache(maxsize=4096)(_inspect_cell_kind)
"""The same, remembering: the forms of a round have nearly all kinds in common."""


def _repeats_address(kind: bytes) -> bool:
    """Return whether a cell or row may say a second time where it stands; the fast reader would believe that."""
    is_loosely_written = any(sign in kind for sign in (b" =", b"\t", b"\n", b"\r"))
    address_count = len(_ADDRESS_ATTRIBUTE.findall(kind)) if is_loosely_written else kind.count(b" r=")
    return address_count != kind.count(b"<c ") + kind.count(b"<row ")


def _find_error_cells(body: bytes, count: int) -> OmittedValues:
    """Return the error cells; ValueError where one is written in a way that only reading can follow."""
    errors = _ERROR_CELL.findall(body) if count else []
    if len(errors) != count:
        raise ValueError
    return tuple((*parse_cell_address(name.decode()), ErrorValue(text.decode())) for name, text in errors)


def _strip_formulas(body: bytes) -> tuple[bytes, list[tuple[int, int, RawCell]], frozenset[tuple[int, int]]]:
    """Return the cells without their formulas, the formulas of cells that have no value, and all cells that hold
    one; ValueError where it is not clear to which cell one belongs."""
    chunks = _FORMULA.split(body) if b"<f" in body else [body]
    texts, formulas = chunks[::2], chunks[1::2]
    if not formulas:
        return body, [], frozenset()
    tags = [text[text.rindex(b'<c r="') + 6 :] for text in texts[:-1]]
    addresses = b" ".join([tag[: tag.index(b'"')] for tag in tags]).decode().split(" ")
    positions = list(map(parse_cell_address, addresses))
    uncached_formulas: list[tuple[int, int, RawCell]] = [
        (*position, UncachedFormula(f"={_unescape_entities((formula or b'')[:_MAX_FORMULA_SIZE])}"))
        for position, tag, formula, next_text in zip(positions, tags, formulas, texts[1:], strict=True)
        if next_text[:4] == b"</c>" and b't="str"' not in tag
    ]
    return b"".join(texts), uncached_formulas, frozenset(positions)


def _find_hidden_rows(body: bytes) -> frozenset[int]:
    hidden_rows: set[int] = set()
    offset = body.find(_HIDDEN_ATTRIBUTE)
    while offset >= 0:
        start = body.rfind(b"<row ", max(offset - _MAX_ROW_TAG_SIZE, 0), offset)
        match = _HIDDEN_ROW.match(body, start) if start >= 0 else None
        if match:
            hidden_rows.add(int(match[1]) - 1)
        offset = body.find(_HIDDEN_ATTRIBUTE, offset + 1)
    return frozenset(hidden_rows)


def _find_validated_ranges(tail: bytes) -> tuple[CellRange, ...]:
    """Return the areas that the sheet's validations watch, also those of the kind that Excel 2010 added."""
    validated_ranges: list[CellRange] = []
    for tag in (b"dataValidations", b"x14:dataValidations"):
        start, end = tail.find(b"<" + tag), tail.find(b"</" + tag)
        if 0 <= start < end:
            for attribute_ranges, element_ranges in _VALIDATED_RANGES.findall(tail, start, end):
                validated_ranges += parse_cell_ranges(
                    (attribute_ranges or element_ranges).decode(errors="replace")
                )
    return tuple(validated_ranges)


def _merged_cells_xml(tail: bytes) -> bytes:
    """Return what the sheet says of its merged cells, to stand before the cells: the fast reader, which looks for
    it in a second reading, then need not read them all again."""
    start, end = tail.find(b"<mergeCells"), tail.find(b"</mergeCells>")
    merged = tail[start : end + 13] if 0 <= start < end else b""
    return merged if merged and not _HUGE_COUNT.search(merged[:100]) else _NO_MERGED_CELLS


def _unescape_entities(formula: bytes) -> str:
    return html.unescape(formula.decode(errors="replace"))
