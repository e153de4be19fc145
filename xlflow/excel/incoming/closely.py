"""Reads an .xlsx cell by cell with expat, for the workbooks that the fast reader gets wrong or falls over.

Slower, and asks nothing of the file but well-formed parts: cells may stand anywhere, far apart, in any order and
without address; numbers may be words. Memory follows the cells that hold something, never the area they span.
"""

import re
from collections.abc import Iterator
from typing import Literal

from xlflow.excel.incoming.book import Limits, SheetData, decode_ooxml_escapes, is_skippable_sheet
from xlflow.excel.incoming.cells import WorkbookContext, build_sheet_data, parse_sheet_xml
from xlflow.excel.incoming.markup import Element, get_attribute, local_name, parse_xml
from xlflow.excel.incoming.package import WorkbookPackage, read_relationships

_DATE_FORMAT_IDS = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
_DURATION_FORMAT_ID = 46
_FORMAT_LITERALS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_DURATION_CODE = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)


def read_xlsx_sheets(package: WorkbookPackage, limits: Limits) -> tuple[SheetData, ...]:
    """Return all worksheets. Raises ExpatError, ParseError, LookupError, ValueError or TooMuch if one fails."""
    parts = {
        kind: part for _, kind, part in read_relationships(package, package.main_part) if package.find_part(part)
    }
    date_styles, duration_styles = (
        _classify_cell_styles(package.read_part(parts["styles"]))
        if "styles" in parts
        else (frozenset(), frozenset())
    )
    shared_strings = (
        tuple(_read_shared_strings(package.read_part(parts["sharedStrings"]))) if "sharedStrings" in parts else ()
    )
    context = WorkbookContext(
        shared_strings,
        date_styles,
        duration_styles,
        _uses_date_system_1904(parse_xml(package.read_part(package.main_part))),
    )
    return tuple(
        build_sheet_data(name, parse_sheet_xml(package.read_part(part), context, limits), limits, visible=visible)
        for name, part, visible in list_sheet_parts(package)
    )


def list_sheet_parts(package: WorkbookPackage) -> Iterator[tuple[str, str, bool]]:
    """Yield (name, part, whether it is visible) of every worksheet that is read; KeyError where one leads
    nowhere."""
    relations = {key: (kind, part) for key, kind, part in read_relationships(package, package.main_part)}
    for element in parse_xml(package.read_part(package.main_part)).iter():
        if local_name(element) == "sheet":
            kind, part = relations[get_attribute(element, "id")]
            if kind == "worksheet":
                is_hidden = get_attribute(element, "state") in ("hidden", "veryHidden")
                name = decode_ooxml_escapes(get_attribute(element, "name"))
                if not is_skippable_sheet(name, visible=not is_hidden):
                    yield name, part, not is_hidden


def classify_number_format(format_code: str) -> Literal["day", "span"] | None:
    """Return whether a number format shows a day or time of day, a span of time, or None: a number."""
    format_letters = _FORMAT_LITERALS.sub("", format_code.split(";", maxsplit=1)[0])
    if _DURATION_CODE.search(format_letters):
        return "span"
    shows_date = re.search("[dmyhs]", format_letters, re.IGNORECASE) and "general" not in format_letters.lower()
    return "day" if shows_date else None


def _uses_date_system_1904(workbook: Element) -> bool:
    settings = (element for element in workbook.iter() if local_name(element) == "workbookPr")
    return any(get_attribute(element, "date1904") in ("1", "true", "on") for element in settings)


def _read_shared_strings(part: bytes) -> Iterator[str]:
    for item in parse_xml(part):
        if local_name(item) == "si":
            yield "".join(_rich_text_parts(item))


def _rich_text_parts(item: Element) -> Iterator[str]:
    """Yield the pieces of a rich text, without the reading aid (rPh) that Japanese texts carry."""
    for element in item:
        if local_name(element) == "t":
            text = element.text or ""
            preserves_whitespace = get_attribute(element, "space") == "preserve"
            yield decode_ooxml_escapes(text if preserves_whitespace else text.strip())
        elif local_name(element) == "r":
            yield from _rich_text_parts(element)


def _classify_cell_styles(part: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Return which styles show a number as a day or time of day, and which as a span of time."""
    root = parse_xml(part)
    date_formats, duration_formats = set(_DATE_FORMAT_IDS), {_DURATION_FORMAT_ID}
    for element in root.iter():
        if local_name(element) == "numFmt" and (key := get_attribute(element, "numFmtId")).isdecimal():
            format_kind = classify_number_format(get_attribute(element, "formatCode"))
            duration_formats.discard(int(key))
            date_formats.discard(int(key))
            if format_kind:
                (duration_formats if format_kind == "span" else date_formats).add(int(key))
    style_formats = [
        int(get_attribute(style, "numFmtId") or 0)
        for element in root
        if local_name(element) == "cellXfs"
        for style in element
    ]
    return (
        frozenset(number for number, key in enumerate(style_formats) if key in date_formats),
        frozenset(number for number, key in enumerate(style_formats) if key in duration_formats),
    )
