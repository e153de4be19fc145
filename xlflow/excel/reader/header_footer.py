"""Reads what people wrote into the headers and footers of printed pages, in .xlsx and .ods, without layout codes.

Page numbers, dates, and names of sheets and files that a program fills in are left out: nobody wrote them.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from xml.etree.ElementTree import Element

from xlflow.excel.reader.safe_xml import get_attribute, local_name, parse_xml
from xlflow.excel.reader.workbook_data import decode_ooxml_escapes
from xlflow.runtime.memo import cache_small

HEADER_FOOTER_TAGS = frozenset(
    f"{page}{where}" for page in ("odd", "even", "first") for where in ("Header", "Footer")
)
"""The elements of a worksheet that hold a header or footer."""

_SECTION_START, _SECTION_END = b"<headerFooter", b"</headerFooter>"
_HEADER_FOOTER_TEXT = re.compile(rb"<(?:odd|even|first)(?:Header|Footer)\b[^<>]*>([^<]*)<")
_LAYOUT_CODE = re.compile(
    r"""&(?: "[^"]*" | [0-9]{1,3} | K[0-9A-F]{2}(?:[0-9A-F]{4}|[+-][0-9]{3}) | [BIUESXYOH]
    | (?P<part>[LCR]) | (?P<filled>[PNDTZFAG](?:[+-][0-9]+)?) | (?P<sign>&) )""",
    re.VERBOSE | re.IGNORECASE,
)
"""The codes of ECMA-376 part 1, 18.3.1.46: fonts, sizes and colours; left, centre and right part; what a program
fills in; and && for an ampersand."""

_PLACEHOLDER_TAGS = frozenset(("page-number", "page-count", "date", "time", "sheet-name", "file-name", "title"))
"""Elements of an .ods whose text a program fills in."""


def find_header_footer(xml_after_cells: bytes) -> tuple[str, ...]:
    """Return the texts in the headers and footers of an .xlsx sheet, given the bytes of its part after the
    cells."""
    start, end = xml_after_cells.rfind(_SECTION_START), xml_after_cells.rfind(_SECTION_END)
    return _find_texts(xml_after_cells[start:end] if 0 <= start < end else b"")


@cache_small(max_size=2000, max_entries=1024)
def _find_texts(section: bytes) -> tuple[str, ...]:
    """Return the texts of a `headerFooter` element. Cached, since the forms of a round have nearly all in
    common."""
    return parse_header_footer(
        decode_ooxml_escapes(html.unescape(text.decode(errors="replace")))
        for text in _HEADER_FOOTER_TEXT.findall(section)
    )


def parse_header_footer(coded_texts: Iterable[str]) -> tuple[str, ...]:
    """Return the texts of headers and footers without their layout codes: each once, none blank, left, centre and
    right part on lines of their own."""
    return tuple(dict.fromkeys(filter(None, map(_strip_layout_codes, coded_texts))))


def _strip_layout_codes(coded_text: str) -> str:
    lines = _LAYOUT_CODE.sub(_replace_layout_code, coded_text).splitlines()
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


def _replace_layout_code(match: re.Match[str]) -> str:
    if match["part"]:
        return "\n"
    return "&" if match["sign"] else " " if match["filled"] else ""


# .ods -----------------------------------------------------------------------------------------------------


def read_ods_header_footer(styles: bytes) -> Mapping[str, tuple[str, ...]]:
    """Return page style name -> texts of its headers and footers, given the `styles.xml` of an .ods. Raises
    ParseError if that is broken. Headers of left pages that are switched off are still in the file; they are left
    out."""
    if b":master-page" not in styles:
        return MappingProxyType({})
    texts_by_page_style: dict[str, tuple[str, ...]] = {}
    for page in parse_xml(styles).iter():
        if local_name(page) == "master-page":
            texts = dict.fromkeys(filter(None, map(_read_ods_text, filter(_is_displayed, page))))
            texts_by_page_style[get_attribute(page, "name")] = tuple(texts)
    return MappingProxyType(texts_by_page_style)


def _is_displayed(part: Element) -> bool:
    display = get_attribute(part, "display", "true")
    return local_name(part).startswith(("header", "footer")) and display == "true"


def _read_ods_text(part: Element) -> str:
    lines = ("".join(_ods_text_parts(line)).split() for line in part.iter() if local_name(line) == "p")
    return "\n".join(filter(None, map(" ".join, lines)))


def _ods_text_parts(element: Element) -> Iterator[str]:
    """Yield the pieces of a text; those that a program fills in, tabs and line breaks as blanks."""
    yield " " if local_name(element) in _PLACEHOLDER_TAGS else element.text or ""
    for child in element:
        if local_name(child) in ("s", "tab", "line-break"):
            yield " "
        elif local_name(element) not in _PLACEHOLDER_TAGS:
            yield from _ods_text_parts(child)
        yield child.tail or ""
