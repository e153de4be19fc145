"""XML that somebody sent, as elements, known by the last word of their names whatever their namespace is."""

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError

__all__ = ["Element", "ParseError", "attribute_of", "begins_plainly", "parse", "tag_of"]

_PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?(?>\s|<\?.*?\?>|<!--.*?-->)*+<[A-Za-z_]", re.DOTALL)


def begins_plainly(part: bytes) -> bool:
    """Return whether nothing stands before the first element but what says nothing: no DOCTYPE above all."""
    return _PROLOG.match(part) is not None


def parse(part: bytes) -> Element:
    """Return what a part holds. ParseError if it is no XML, or has a DOCTYPE, which can make a small part large.

    The gate refuses that in every part that is named as XML; here it is refused whatever the part is called.
    """
    if b"<!DOCTYPE" in part and not begins_plainly(part):
        raise ParseError("DOCTYPE")
    return ElementTree.fromstring(part)  # noqa: S314 (DOCTYPE refused above)


def tag_of(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def attribute_of(element: Element, name: str, missing: str = "") -> str:
    """Return an attribute, whatever its namespace is called; `missing` if it is not there."""
    return next((text for key, text in element.items() if key.rpartition("}")[2] == name), missing)
