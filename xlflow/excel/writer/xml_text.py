"""Escapes texts for a workbook's XML: characters that XML cannot hold become `_x000B_` and the like (ST_Xstring).

Whoever reads the cell gets the character back. So a text that only looks escaped ("_x0041_") must be escaped too.
"""

import re

from xlflow.model.text import ILLEGAL_XML_CHARACTERS

MAX_CELL_TEXT = 32_767
"""UTF-16 units that one cell can hold; an emoji is two."""

_ILLEGAL_XML_CLASS = f"[{ILLEGAL_XML_CHARACTERS}\r]"
"""A carriage return too: XML may hold it, but whoever reads it gets a line feed."""

_ILLEGAL_XML = re.compile(_ILLEGAL_XML_CLASS)
_LOOKS_ESCAPED = re.compile(f"_(?=x[0-9A-Fa-f]{{4}}(?:_|{_ILLEGAL_XML_CLASS}))")


def escape_xlsx_text(text: str) -> str:
    """Return a cell's text with escapes for what XML cannot hold, lone surrogates too. Markup is not escaped."""
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return escape_illegal_xml(text)


def escape_illegal_xml(text: str) -> str:
    """Return a text of ours, such as a formula, with escapes for what XML cannot hold and all else unchanged."""
    return _ILLEGAL_XML.sub(_escape_character, text)


def remove_illegal_xml(text: str) -> str:
    """Return a text without what XML cannot hold, for places where programs decode no escapes."""
    return _ILLEGAL_XML.sub("", text)


def truncate_text(text: str, max_units: int) -> str:
    """Return a text of at most `max_units` UTF-16 units (as Excel counts characters), cut with an ellipsis."""
    if len(text) * 2 <= max_units or len(text.encode("utf-16-le", "surrogatepass")) <= max_units * 2:
        return text
    shortened = text.encode("utf-16-le", "surrogatepass")[: (max_units - 1) * 2].decode("utf-16-le", "ignore")
    return f"{shortened}…"


def _escape_character(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"


def escape_markup(text: str) -> str:
    """Return a text with & < > as entities, as it is written between two tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
