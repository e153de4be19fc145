"""Parses XML that somebody sent: refuses a DOCTYPE, and names elements and attributes without their namespace.

The only place that hands foreign XML to a parser, as a tree (`parse_xml`) or as events (`parse_with_handler`).
Knows nothing of workbooks but how rich text is written in them.
"""

import re
from collections.abc import Iterator
from typing import Protocol
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

_PROLOG = re.compile(rb"\A(?:\xef\xbb\xbf)?(?>\s|<\?.*?\?>|<!--.*?-->)*+<[A-Za-z_]", re.DOTALL)
_EXPAT_BUFFER_BYTES = 1 << 20
"""Bytes of text that expat collects before it calls the handler: one call for nearly every text."""


class XmlEventHandler(Protocol):
    """What `parse_with_handler` calls; names are as the file writes them, with their prefixes."""

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""

    def end_element(self, name: str) -> None:
        """Take the end of an element."""

    def add_text(self, data: str) -> None:
        """Take text between two tags; a long one may come in several calls."""


def has_plain_prolog(part: bytes) -> bool:
    """Return whether only blanks, comments and processing instructions stand before the first element: no DOCTYPE
    above all. The pattern never goes back over what it has matched, so it takes time in proportion to the
    bytes."""
    return _PROLOG.match(part) is not None


def parse_xml(part: bytes) -> Element:
    """Return the root element of a part. Raises ParseError if it is no XML or has a DOCTYPE.

    Entities declared in a DOCTYPE can make a small part large ("billion laughs"). `open_package` refuses one in
    every part that is named as XML; here it is refused whatever the part is called.
    """
    if b"<!DOCTYPE" in part and not has_plain_prolog(part):
        raise ParseError("DOCTYPE")
    return ElementTree.fromstring(part)  # noqa: S314 (DOCTYPE refused above)


def parse_with_handler(part: bytes, handler: XmlEventHandler) -> None:
    """Call the handler for every element and text of a part, in their order; much less memory than a tree.

    Raises ExpatError if the part is no XML, and whatever the handler raises. The caller has made sure that there
    is no DOCTYPE.
    """
    parser = expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, _EXPAT_BUFFER_BYTES
    parser.StartElementHandler = handler.start_element
    parser.EndElementHandler = handler.end_element
    parser.CharacterDataHandler = handler.add_text
    parser.Parse(part, True)


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def get_attribute(element: Element, name: str, default: str = "") -> str:
    """Return the attribute with this local name, in whatever namespace it is; `default` if there is none."""
    return next((text for key, text in element.items() if key.rpartition("}")[2] == name), default)


def iter_text_elements(element: Element) -> Iterator[Element]:
    """Yield the `t` (text) and `br` (line break) elements of a rich text in their order, also `element` itself.

    Passes over `rPh`: the phonetic guide of Japanese texts, which repeats the text in other letters.
    """
    name = local_name(element)
    if name in ("t", "br"):
        yield element
    if name not in ("rPh", "br"):
        for child in element:
            yield from iter_text_elements(child)
