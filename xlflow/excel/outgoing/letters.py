"""Letters that a workbook's XML cannot hold, and how Excel writes them: coded, as in `_x000B_`.

Whoever reads the cell gets the letter back. So what only looks coded in a text ("_x0041_") must be coded too.
"""

import re

MAX_TEXT = 32_767
"""Characters that one cell can hold, as Excel counts them."""

_ILLEGAL = "[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]"
_FORBIDDEN = re.compile(_ILLEGAL)
_LOOKS_CODED = re.compile(f"_(?=x[0-9A-Fa-f]{{4}}(?:_|{_ILLEGAL}))")


def code_letters(text: str) -> str:
    """Return a cell's text as it is written into XML: what XML cannot hold is coded, half an emoji too."""
    if "_x" in text:
        text = _LOOKS_CODED.sub("_x005F_", text)
    return code_illegal(text)


def code_illegal(text: str) -> str:
    """Return a text of ours, such as a formula, with what XML cannot hold coded and all else as it is."""
    return _FORBIDDEN.sub(_code, text)


def drop_illegal(text: str) -> str:
    """Return a text for places where nothing is decoded, without what XML cannot hold."""
    return _FORBIDDEN.sub("", text)


def fit_text(text: str, room: int) -> str:
    """Return a text of at most so many characters as Excel counts them (an emoji is two), cut with an ellipsis."""
    if len(text) * 2 <= room or len(text.encode("utf-16-le", "surrogatepass")) <= room * 2:
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: (room - 1) * 2].decode("utf-16-le", "ignore")
    return f"{cut}…"


def _code(found: re.Match[str]) -> str:
    return f"_x{ord(found[0]):04X}_"
