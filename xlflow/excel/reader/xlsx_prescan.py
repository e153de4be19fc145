"""Scans the bytes of an .xlsx worksheet before calamine reads it: may calamine have it, and what would it hide?

Why: calamine is much faster than our cell-by-cell reader, but it shows error cells and formulas without a value as
blanks, says nothing of formulas, validations and hidden rows, and takes gigabytes for a cell that stands far away
or claims two addresses. So each sheet is scanned by regular expressions and bytes methods, which run in C:

1. formulas are cut out of the cells (calamine does not need them), and those without a value are noted;
2. the cells are counted by kind, with all digits made alike, so that each kind is inspected once and not each
   cell;
3. error cells, hidden rows, validations, headers and footers are noted;
4. calamine gets a sheet with nothing but merged ranges and cells, and must find exactly as many values as were
   counted here; `choose_reader` compares, puts back what was noted, and takes the slow reader if they differ.

Anything unusual is a reason to return None, never to guess. No value is parsed here, and no pattern may look at a
byte more than a few times, whatever the bytes are: all quantifiers are bounded or exclude what follows them.
"""

import html
import re
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from xlflow.excel.cell_address import MAX_SHEET_COLUMNS, MAX_SHEET_ROWS, parse_cell_address
from xlflow.excel.conventions import CellRange, RawCell
from xlflow.excel.reader.cell_annotations import find_header_footer
from xlflow.excel.reader.limits import (
    DEFAULT_LIMITS,
    MAX_ROW_TAG_BYTES,
    MAX_UNCACHED_FORMULA_BYTES,
    MIN_FILLED_SHARE,
    PRESCAN_CHUNK_BYTES,
    UNCHECKED_GRID_CELLS,
)
from xlflow.excel.reader.workbook_data import (
    NO_METADATA,
    ErrorValue,
    SheetMetadata,
    UncachedFormula,
    parse_cell_ranges,
)
from xlflow.runtime.memo import cache_small

OmittedValues = tuple[tuple[int, int, RawCell], ...]
"""(row, column, value), counted from 0, of the cells that calamine would show as blank."""

_SHEET_DATA_START, _SHEET_DATA_END, _WORKSHEET_END = b"<sheetData>", b"</sheetData>", b"</worksheet>"
_NO_MERGED_CELLS = b"<mergeCells></mergeCells>"
"""Given to calamine even where nothing is merged: it stops looking there, and would else read to the end."""

_SHARED_STRINGS_START = re.compile(rb"(?:\s{0,100}<\?xml[^>]{0,500}\?>)?\s{0,100}<(?:\w{1,40}:)?sst\b")
_UNUSUAL_CELL = re.compile(rb'<(?:c|row)(?: (?!r="(?:[A-Z]|[A-C][A-Z])?[0-9]{1,7}")|[>\n\r\t/])')
"""A cell or row whose first attribute is not its address, or that is beyond column CZ: for the slow reader."""

_HIGH_ROW = re.compile(rb'<(?:c|row) r="[A-Z]{0,2}([0-9]{5,7})"')
"""A cell or row beyond row 9,999; how far beyond decides whether calamine may have the sheet."""

_COLUMN = re.compile(rb'<c r="([A-Z]{1,2})[0-9]')
_CELL_VALUE = re.compile(rb"<v>([^<]*)</v>")

_EMPTY_CELL = re.compile(
    rb'<c r="[A-Z]{1,3}[0-9]{1,7}"(?: s="[0-9]{1,6}")?(?:/>|></c>)|<row(?: [\w:]+="[^"<>]*")*/>'
)
_EMPTY_ROW = re.compile(rb'<row(?: [\w:]+="[^"<>]*")*></row>')
"""What a format on a million rows or columns leaves behind: cells and rows without content, which may be cut
out."""

_CELL_TAG = re.compile(rb"<c[ >\n\r\t/]")
"""A cell; if there is one before or after the cells, the sheet is for the slow reader."""

_ADDRESS_ATTRIBUTE = re.compile(rb"\sr\s*=")
_HUGE_COUNT = re.compile(rb"""ount\s*=\s*["']\s*[0-9]{7}""")
"""A `count` or `uniqueCount` of seven digits or more: calamine reserves memory by it before it sees any
content."""

_FORMULA = re.compile(rb"<f(?: [^<>]*)?(?:/>|(?<=/)>|>([^<]*)</f>)(?:<v></v>|<v ?/>)?")
_ERROR_CELL = re.compile(rb'<c r="([A-Z]+[0-9]+)"[^<>]{0,60}? t="e"[^<>]{0,60}><v>([^<]*)</v></c>')
_HIDDEN_ATTRIBUTE = b' hidden="'
_HIDDEN_ROW = re.compile(rb'<row r="([0-9]+)"[^<>]{0,300}? hidden="(?:1|true)"')

_COLUMN_TAG = re.compile(rb"<col\s[^<>]*>")
_COLUMN_BOUND = re.compile(rb'\s(min|max)="([0-9]{1,5})"')
_HIDDEN_VALUE = re.compile(rb'\shidden="(?:1|true)"')
_SHARED_STRING_CELL = re.compile(rb"""\bt\s*=\s*["']s["']""")
_SHARED_STRING_INDEX = re.compile(rb"""t=["']s["'][^<>]*(?:/>|>(?:<v>0{1,9}</v>)?</c>)""")
"""A cell with a shared string, and with an index that is a number, all digits made 0: of any other index calamine
makes the first string."""

_VALIDATED_RANGES = re.compile(rb"""<dataValidation(?=\s)[^<]*\ssqref="([^"<]*)"|<xm:sqref>([^<]*)</xm:sqref>""")
_RARE_CHARACTER = re.compile(rb"_x(?:[Dd][89A-Fa-f][0-9A-Fa-f]{2}|[Ff]{3}[EFef])_")
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")


@dataclass(frozen=True, slots=True)
class PrescannedSheet:
    """A sheet prepared for calamine: `sheet_xml` has its cells alone, `value_count` is how many values calamine
    must find in them, `omitted_values` and `metadata` what is to be put back afterwards."""

    sheet_xml: bytes
    omitted_values: OmittedValues = ()
    value_count: int = 0
    metadata: SheetMetadata = NO_METADATA


def is_worksheet_part(part: bytes) -> bool:
    """Return whether a part holds the cells of a worksheet."""
    return not _SHARED_STRINGS_START.match(part) and b"sheetData" in part


def can_expand_shared_strings(shared_strings: bytes, sheets: Collection[PrescannedSheet], max_bytes: int) -> bool:
    """Return whether the shared strings, repeated in the cells of `sheets`, take less than `max_bytes` of memory:
    calamine copies a shared string into every cell, so a 30 kB text in a million cells would be 30 GB.

    The cells are looked at one by one only if so many could hold the longest text; all numbers then count as if
    they referred to a text.
    """
    if _HUGE_COUNT.search(shared_strings[:2000]):
        return False
    value_count = sum(sheet.value_count for sheet in sheets)
    if value_count * len(shared_strings) < max_bytes:
        return True
    lengths = list(map(len, shared_strings.split(b"</si>")))
    if value_count * max(lengths) < max_bytes:
        return True
    total = 0
    for sheet in sheets:
        for value, count in Counter(_CELL_VALUE.findall(sheet.sheet_xml)).items():
            with suppress(ValueError, IndexError):  # else it refers to no text
                total += lengths[int(value)] * count
    return total < max_bytes


def has_rare_characters(part: bytes) -> bool:
    """Return whether a part has escapes that calamine does not decode: lone surrogates, U+FFFE and U+FFFF."""
    return b"_" in part and b"_x" in part and _RARE_CHARACTER.search(part) is not None


def prescan_sheet(sheet_xml: bytes, max_cells: int = DEFAULT_LIMITS.cells) -> PrescannedSheet | None:
    """Return a worksheet part prepared for calamine; None if calamine must not have it, since a cell states no
    address, or two, or one so far away that the grid would take all memory, or is written in an unusual way.
    `max_cells` is how many cells the grid may have, empty ones too.

    `head` and `tail` below are what the part has before and after its cells (`sheetData`), `body` the cells.
    """
    start, end = sheet_xml.find(_SHEET_DATA_START) + len(_SHEET_DATA_START), sheet_xml.rfind(_SHEET_DATA_END)
    if start < len(_SHEET_DATA_START) or end < start:
        return (
            PrescannedSheet(sheet_xml) if b"<sheetData/>" in sheet_xml and b"<c" not in sheet_xml[start:] else None
        )
    head, tail = sheet_xml[:start], sheet_xml[end + len(_SHEET_DATA_END) :]
    try:
        body, uncached_formulas, formula_cells = _strip_formulas(sheet_xml[start:end])
        hidden_rows, counts = _find_hidden_rows(body), _count_values(body)
        if not _fits_in_grid(counts, body, max_cells) and (counts or _UNUSUAL_CELL.search(body)):
            body = _EMPTY_ROW.sub(b"", _EMPTY_CELL.sub(b"", body))
            counts = _count_values(body)
        if counts is None or not _fits_in_grid(counts, body, max_cells):
            return None
        errors = _find_error_cells(body, counts.errors)
    except ValueError:
        return None
    if has_rare_characters(body) or _HUGE_COUNT.search(head) or _CELL_TAG.search(head) or _CELL_TAG.search(tail):
        return None
    value_count = counts.values - len(errors)
    metadata = SheetMetadata(
        formula_cells,
        _find_validated_ranges(tail),
        hidden_rows,
        header_footer=find_header_footer(tail),
        hidden_columns=_find_hidden_columns(head),
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


class _CellCounts(NamedTuple):
    """How many `values` calamine must find in the cells, how many cells are `errors`, on how many `columns` the
    cells are, and whether any is `beyond_row_9999`."""

    values: int
    errors: int
    columns: int
    beyond_row_9999: bool


def _count_values(body: bytes) -> _CellCounts | None:
    """Return what the cells amount to; None if there is a cell that calamine must not have."""
    values = errors = columns = 0
    beyond_row_9999 = False
    for kind, count in _count_cell_kinds(body).items():
        fits, per_cell = _inspect_cell_kind(kind)
        if not fits:
            return None
        values += per_cell.values * count
        errors += per_cell.errors * count
        columns = max(columns, per_cell.columns)
        beyond_row_9999 = beyond_row_9999 or per_cell.beyond_row_9999
    return _CellCounts(values, errors, columns, beyond_row_9999)


def _fits_in_grid(counts: _CellCounts | None, body: bytes, max_cells: int) -> bool:
    """Return whether calamine may have these cells: it makes a grid of all that they span. Down to CZ9999 any grid
    is small; a longer one must be as full as `build_sheet_data` asks."""
    if counts is None or not counts.beyond_row_9999:
        return counts is not None
    height = max(map(int, set(_HIGH_ROW.findall(body))))
    span = height * counts.columns
    enough = max(UNCHECKED_GRID_CELLS, counts.values / MIN_FILLED_SHARE)
    return height <= MAX_SHEET_ROWS and span <= min(max_cells, enough)


def _count_cell_kinds(body: bytes) -> Mapping[bytes, int]:
    """Return kind -> number of cells. A kind is the bytes from `<c ` up to the next cell with all digits made 0:
    `<c r="B00" s="0" t="s"><v>000</v></c>` stands for hundreds of cells, and is inspected once."""
    cells: Counter[bytes] = Counter()
    others: Counter[bytes] = Counter()
    start = 0
    while start < len(body):
        end = body.find(b"<c ", start + PRESCAN_CHUNK_BYTES)
        end = len(body) if end < 0 else end
        chunks = body[start:end].translate(_DIGITS_TO_ZERO).split(b"<c ")
        others[chunks.pop(0)] += 1
        cells.update(chunks)
        start = end
    return {b"<c " + kind: count for kind, count in cells.items()} | others


@cache_small(max_size=200, max_entries=4096)
def _inspect_cell_kind(kind: bytes) -> tuple[bool, _CellCounts]:
    """Return whether calamine may have cells of this kind, and what one of them amounts to. Cached, since the
    forms of a round have nearly all kinds in common."""
    has_text_index = not _SHARED_STRING_CELL.search(kind) or _SHARED_STRING_INDEX.search(kind) is not None
    fits = b"<!" not in kind and not _UNUSUAL_CELL.search(kind) and not _repeats_address(kind) and has_text_index
    letters = _COLUMN.match(kind)
    counts = _CellCounts(
        kind.count(b"<v>") - kind.count(b"<v></v>") + kind.count(b"<is>"),
        kind.count(b't="e"'),
        parse_cell_address(f"{letters[1].decode()}1")[1] + 1 if letters else 0,
        _HIGH_ROW.search(kind) is not None,
    )
    return fits, counts


def _repeats_address(kind: bytes) -> bool:
    """Return whether a cell or row may state its address twice, which is no XML; calamine would take the
    second."""
    is_loosely_written = any(sign in kind for sign in (b" =", b"\t", b"\n", b"\r"))
    address_count = len(_ADDRESS_ATTRIBUTE.findall(kind)) if is_loosely_written else kind.count(b" r=")
    return address_count != kind.count(b"<c ") + kind.count(b"<row ")


def _find_error_cells(body: bytes, count: int) -> OmittedValues:
    """Return the error cells, of which there must be `count`; ValueError if one is written in another way than
    Excel and LibreOffice do."""
    errors = _ERROR_CELL.findall(body) if count else []
    if len(errors) != count:
        raise ValueError
    return tuple((*parse_cell_address(name.decode()), ErrorValue(text.decode())) for name, text in errors)


def _strip_formulas(body: bytes) -> tuple[bytes, list[tuple[int, int, RawCell]], frozenset[tuple[int, int]]]:
    """Return the cells without their formulas, (row, column, formula) of the cells without a value, and the (row,
    column) of all cells with a formula. Raises ValueError if a formula follows no cell with an address."""
    chunks = _FORMULA.split(body) if b"<f" in body else [body]
    texts, formulas = chunks[::2], chunks[1::2]
    if not formulas:
        return body, [], frozenset()
    tags = [text[text.rindex(b'<c r="') + 6 :] for text in texts[:-1]]
    addresses = b" ".join([tag[: tag.index(b'"')] for tag in tags]).decode().split(" ")
    positions = list(map(parse_cell_address, addresses))
    uncached_formulas: list[tuple[int, int, RawCell]] = [
        (*position, UncachedFormula(f"={_unescape_entities((formula or b'')[:MAX_UNCACHED_FORMULA_BYTES])}"))
        for position, tag, formula, next_text in zip(positions, tags, formulas, texts[1:], strict=True)
        if next_text[:4] == b"</c>" and b't="str"' not in tag
    ]
    return b"".join(texts), uncached_formulas, frozenset(positions)


def _find_hidden_rows(body: bytes) -> frozenset[int]:
    """Return the hidden rows, counted from 0. Looks back from each `hidden` attribute, since there are few of
    them, and a search for rows would go through all cells."""
    hidden_rows: set[int] = set()
    offset = body.find(_HIDDEN_ATTRIBUTE)
    while offset >= 0:
        start = body.rfind(b"<row ", max(offset - MAX_ROW_TAG_BYTES, 0), offset)
        match = _HIDDEN_ROW.match(body, start) if start >= 0 else None
        if match:
            hidden_rows.add(int(match[1]) - 1)
        offset = body.find(_HIDDEN_ATTRIBUTE, offset + 1)
    return frozenset(hidden_rows)


def _find_hidden_columns(head: bytes) -> frozenset[int]:
    """Return the hidden columns, counted from 0."""
    hidden_columns: set[int] = set()
    for tag in _COLUMN_TAG.findall(head) if _HIDDEN_ATTRIBUTE in head else ():
        bounds = {name: int(number) for name, number in _COLUMN_BOUND.findall(tag)}
        if _HIDDEN_VALUE.search(tag) and len(bounds) == 2:
            hidden_columns.update(range(bounds[b"min"] - 1, min(bounds[b"max"], MAX_SHEET_COLUMNS)))
    return frozenset(hidden_columns)


def _find_validated_ranges(tail: bytes) -> tuple[CellRange, ...]:
    """Return the ranges of the sheet's data validations, those in the Excel 2010 extension (x14) too."""
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
    """Return the sheet's `mergeCells` element, which is put before the cells: calamine looks for it in a pass of
    its own, and then need not pass over all cells again."""
    start, end = tail.find(b"<mergeCells"), tail.find(b"</mergeCells>")
    merged = tail[start : end + 13] if 0 <= start < end else b""
    return merged if merged and not _HUGE_COUNT.search(merged[:100]) else _NO_MERGED_CELLS


def _unescape_entities(formula: bytes) -> str:
    return html.unescape(formula.decode(errors="replace"))
