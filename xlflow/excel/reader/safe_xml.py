"""XML that somebody sent, as elements, known by the last word of their names whatever their namespace is."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError

_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?>\s|<\?.*?\?>|<!--.*?-->)*+<[A-Za-z_]", re.DOTALL)


def has_plain_prolog(part: bytes) -> bool:
    """Return whether nothing stands before the first element but what says nothing: no DOCTYPE above all."""
    return _PROLOG.match(part) is not None


def parse_xml(part: bytes) -> Element:
    """Return what a part holds. ParseError if it is no XML, or has a DOCTYPE, which can make a small part large.

    The gate refuses that in every part that is named as XML; here it is refused whatever the part is called.
    """
    if b"<!DOCTYPE" in part and not has_plain_prolog(part):
        raise ParseError("DOCTYPE")
    return ElementTree.fromstring(part)  # noqa: S314 (DOCTYPE refused above)


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def get_attribute(element: Element, name: str, default: str = "") -> str:
    """Return an attribute, whatever its namespace is called; `missing` if it is not there."""
    return next((text for key, text in element.items() if key.rpartition("}")[2] == name), default)
