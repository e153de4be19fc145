"""Letters that a workbook's XML cannot hold, and how Excel writes them: coded, as in `_x000B_`.

Whoever reads the cell gets the letter back. So what only looks coded in a text ("_x0041_") must be coded too.
"""

import re

from xlflow.model.text import ILLEGAL_XML_CHARACTERS

MAX_CELL_TEXT = 32_767
"""Characters that one cell can hold, as Excel counts them."""

_ILLEGAL_XML_CLASS = f"[{ILLEGAL_XML_CHARACTERS}\r]"
"""A carriage return too: XML may hold it, but whoever reads it gets a line feed."""

_ILLEGAL_XML = re.compile(_ILLEGAL_XML_CLASS)
_LOOKS_ESCAPED = re.compile(f"_(?=x[0-9A-Fa-f]{{4}}(?:_|{_ILLEGAL_XML_CLASS}))")


def escape_xlsx_text(text: str) -> str:
    """Return a cell's text as it is written into XML: what XML cannot hold is coded, half an emoji too."""
    if "_x" in text:
        text = _LOOKS_ESCAPED.sub("_x005F_", text)
    return escape_illegal_xml(text)


def escape_illegal_xml(text: str) -> str:
    """Return a text of ours, such as a formula, with what XML cannot hold coded and all else as it is."""
    return _ILLEGAL_XML.sub(_escape_character, text)


def remove_illegal_xml(text: str) -> str:
    """Return a text for places where nothing is decoded, without what XML cannot hold."""
    return _ILLEGAL_XML.sub("", text)


def truncate_text(text: str, max_units: int) -> str:
    """Return a text of at most so many characters as Excel counts them (an emoji is two), cut with an ellipsis."""
    if len(text) * 2 <= max_units or len(text.encode("utf-16-le", "surrogatepass")) <= max_units * 2:
        return text
    shortened = text.encode("utf-16-le", "surrogatepass")[: (max_units - 1) * 2].decode("utf-16-le", "ignore")
    return f"{shortened}…"


def _escape_character(match: re.Match[str]) -> str:
    return f"_x{ord(match[0]):04X}_"


def escape_markup(text: str) -> str:
    """Return a text as it stands between two tags."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
