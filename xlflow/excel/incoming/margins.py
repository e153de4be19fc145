"""What stands in the headers and footers of a workbook's printed pages, without the codes that lay it out.

Page numbers, dates, and names of sheets and files that a program fills in are left out: nobody wrote them.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from xlflow.excel.incoming.book import unescape
from xlflow.excel.incoming.markup import Element, attribute_of, parse, tag_of

MARGINS = frozenset(f"{page}{where}" for page in ("odd", "even", "first") for where in ("Header", "Footer"))
"""The elements of a worksheet that hold a header or footer."""

_START, _END = b"<headerFooter", b"</headerFooter>"
_TEXT = re.compile(rb"<(?:odd|even|first)(?:Header|Footer)\b[^<>]*>([^<]*)<")
_CODE = re.compile(
    r"""&(?: "[^"]*" | [0-9]{1,3} | K[0-9A-F]{2}(?:[0-9A-F]{4}|[+-][0-9]{3}) | [BIUESXYOH]
    | (?P<part>[LCR]) | (?P<filled>[PNDTZFAG](?:[+-][0-9]+)?) | (?P<sign>&) )""",
    re.VERBOSE | re.IGNORECASE,
)
_SHORT = 2000
"""Bytes up to which what stands around a page is remembered."""

_FILLED = frozenset(("page-number", "page-count", "date", "time", "sheet-name", "file-name", "title"))
"""Elements of an .ods whose text a program fills in."""


def find_margins(tail: bytes) -> tuple[str, ...]:
    """Return the texts in the headers and footers of a sheet, given what follows its cells."""
    start, end = tail.rfind(_START), tail.rfind(_END)
    part = tail[start:end] if 0 <= start < end else b""
    return (_find_again if len(part) < _SHORT else _find_in)(part)


def _find_in(part: bytes) -> tuple[str, ...]:
    return list_margins(unescape(html.unescape(found.decode(errors="replace"))) for found in _TEXT.findall(part))


_find_again = lru_cache(maxsize=1024)(_find_in)
"""The same, remembering: the forms of a round have nearly all in common."""


def list_margins(codes: Iterable[str]) -> tuple[str, ...]:
    """Return what headers and footers say, given with the codes that lay them out; each once, no blank ones."""
    return tuple(dict.fromkeys(filter(None, map(_read_margin, codes))))


def _read_margin(code: str) -> str:
    lines = _CODE.sub(_replace_code, code).splitlines()
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


def _replace_code(found: re.Match[str]) -> str:
    if found["part"]:
        return "\n"
    return "&" if found["sign"] else " " if found["filled"] else ""


# .ods -----------------------------------------------------------------------------------------------------


def read_pages(styles: bytes) -> Mapping[str, tuple[str, ...]]:
    """Return what the headers and footers of each kind of page say in the `styles.xml` of an .ods."""
    if b":master-page" not in styles:
        return MappingProxyType({})
    pages: dict[str, tuple[str, ...]] = {}
    for page in parse(styles).iter():
        if tag_of(page) == "master-page":
            texts = dict.fromkeys(filter(None, map(_read_part, filter(_is_shown, page))))
            pages[attribute_of(page, "name")] = tuple(texts)
    return MappingProxyType(pages)


def _is_shown(part: Element) -> bool:
    shown = attribute_of(part, "display", "true")
    return tag_of(part).startswith(("header", "footer")) and shown == "true"


def _read_part(part: Element) -> str:
    lines = ("".join(_texts_of(line)).split() for line in part.iter() if tag_of(line) == "p")
    return "\n".join(filter(None, map(" ".join, lines)))


def _texts_of(element: Element) -> Iterator[str]:
    """Yield the pieces of a text in which a program fills some in; those as blanks."""
    yield " " if tag_of(element) in _FILLED else element.text or ""
    for inner in element:
        if tag_of(inner) in ("s", "tab", "line-break"):
            yield " "
        elif tag_of(element) not in _FILLED:
            yield from _texts_of(inner)
        yield inner.tail or ""
