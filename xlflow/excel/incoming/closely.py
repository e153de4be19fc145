"""Reads an .xlsx cell by cell with expat, for the workbooks that the fast reader gets wrong or falls over.

Slower, and asks nothing of the file but well-formed parts: cells may stand anywhere, far apart, in any order and
without address; numbers may be words. Memory follows the cells that hold something, never the area they span.
"""

import re
from collections.abc import Iterator
from typing import Literal

from xlflow.excel.incoming.book import Limits, Sheet, is_passed_over, unescape
from xlflow.excel.incoming.cells import Context, lay_out, read_cells
from xlflow.excel.incoming.markup import Element, attribute_of, parse, tag_of
from xlflow.excel.incoming.package import Package, read_relations

_DAY_FORMATS = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
_SPAN_FORMAT = 46
_NOT_LETTERS = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_SPAN = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)


def read_closely(package: Package, limits: Limits) -> tuple[Sheet, ...]:
    """Return all worksheets. Raises ExpatError, ParseError, LookupError, ValueError or TooMuch if one fails."""
    parts = {kind: part for _, kind, part in read_relations(package, package.main) if package.find(part)}
    days, spans = _read_styles(package.read(parts["styles"])) if "styles" in parts else (frozenset(), frozenset())
    strings = tuple(_read_strings(package.read(parts["sharedStrings"]))) if "sharedStrings" in parts else ()
    context = Context(strings, days, spans, _starts_1904(parse(package.read(package.main))))
    return tuple(
        lay_out(name, read_cells(package.read(part), context, limits), limits, visible=visible)
        for name, part, visible in list_sheet_parts(package)
    )


def list_sheet_parts(package: Package) -> Iterator[tuple[str, str, bool]]:
    """Yield (name, part, whether it is visible) of every worksheet that is read; KeyError where one leads
    nowhere."""
    relations = {key: (kind, part) for key, kind, part in read_relations(package, package.main)}
    for element in parse(package.read(package.main)).iter():
        if tag_of(element) == "sheet":
            kind, part = relations[attribute_of(element, "id")]
            if kind == "worksheet":
                hidden = attribute_of(element, "state") in ("hidden", "veryHidden")
                name = unescape(attribute_of(element, "name"))
                if not is_passed_over(name, visible=not hidden):
                    yield name, part, not hidden


def tell_format(code: str) -> Literal["day", "span"] | None:
    """Return whether a number format shows a day or time of day, a span of time, or None: a number."""
    letters = _NOT_LETTERS.sub("", code.split(";", maxsplit=1)[0])
    if _SPAN.search(letters):
        return "span"
    shows_day = re.search("[dmyhs]", letters, re.IGNORECASE) and "general" not in letters.lower()
    return "day" if shows_day else None


def _starts_1904(book: Element) -> bool:
    settings = (element for element in book.iter() if tag_of(element) == "workbookPr")
    return any(attribute_of(element, "date1904") in ("1", "true", "on") for element in settings)


def _read_strings(part: bytes) -> Iterator[str]:
    for item in parse(part):
        if tag_of(item) == "si":
            yield "".join(_texts_of(item))


def _texts_of(item: Element) -> Iterator[str]:
    """Yield the pieces of a rich text, without the reading aid (rPh) that Japanese texts carry."""
    for element in item:
        if tag_of(element) == "t":
            text = element.text or ""
            kept = attribute_of(element, "space") == "preserve"
            yield unescape(text if kept else text.strip())
        elif tag_of(element) == "r":
            yield from _texts_of(element)


def _read_styles(part: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Return which styles show a number as a day or time of day, and which as a span of time."""
    root = parse(part)
    days, spans = set(_DAY_FORMATS), {_SPAN_FORMAT}
    for element in root.iter():
        if tag_of(element) == "numFmt" and (key := attribute_of(element, "numFmtId")).isdecimal():
            shown = tell_format(attribute_of(element, "formatCode"))
            spans.discard(int(key))
            days.discard(int(key))
            if shown:
                (spans if shown == "span" else days).add(int(key))
    formats = [
        int(attribute_of(style, "numFmtId") or 0)
        for element in root
        if tag_of(element) == "cellXfs"
        for style in element
    ]
    return (
        frozenset(number for number, key in enumerate(formats) if key in days),
        frozenset(number for number, key in enumerate(formats) if key in spans),
    )
