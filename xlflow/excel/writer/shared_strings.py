"""The texts of a workbook: escaped for its XML, and each kept once, where cells hold its index.

Characters that XML cannot hold become `_x000B_` and the like (ST_Xstring). Whoever reads the cell gets the
character back. So a text that only looks escaped ("_x0041_") must be escaped too.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice

from xlsxwriter.sharedstrings import SharedStringTable

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


FORMULA_PREFIXES = frozenset("=+-@\t\r")
"""First characters of a text that a program might take for a formula when it is edited or exported to CSV."""

_BATCH_SIZE = 4096
_NEEDS_ESCAPING = re.compile(f"[&<>\r{ILLEGAL_XML_CHARACTERS}]")


class SharedStrings(SharedStringTable):  # type: ignore[misc]
    """The table of texts while a workbook is written; stands in for XlsxWriter's own (`Workbook.str_table`).

    `plain_indexes` is text -> index, which assigns new indexes by itself, for texts that a cell holds unchanged;
    it raises KeyError for others. `count` is how many cells hold a text, `unique_count` how many texts there are.
    """

    count: int
    unique_count: int

    def __init__(self) -> None:
        super().__init__()
        self.plain_indexes = _PlainTextIndexes(self)
        self._special_indexes: dict[str, int] = {}

    def index_for_cell(self, text: str) -> int:
        """Return the index of any text, for one more cell."""
        self.count += 1
        try:
            return self.plain_indexes[text]
        except KeyError:
            if text not in self._special_indexes:
                self._special_indexes[text] = self.new_index()
            return self._special_indexes[text]

    def new_index(self) -> int:
        """Return the index for a new text, counted from 0."""
        self.unique_count += 1
        return self.unique_count - 1

    def iter_xml(self) -> Iterator[str]:
        """Yield the XML of the texts in the order of their indexes, some thousands at a time. To be called after
        XlsxWriter has called `_sort_string_data`."""
        texts = iter(self.string_array)
        while batch := "".join(map(_string_item_xml, islice(texts, _BATCH_SIZE))):
            yield batch

    def _get_shared_string_index(self, string: str) -> int:
        """Replace XlsxWriter's method of this name, called for every cell that is written one by one."""
        return self.index_for_cell(string)

    def _sort_string_data(self) -> None:
        """Replace XlsxWriter's method of this name: list the texts by index, without sorting a million of them."""
        self.string_array = [""] * self.unique_count
        for text, index in chain(self.plain_indexes.items(), self._special_indexes.items()):
            self.string_array[index] = text
        self.plain_indexes.clear()


class _PlainTextIndexes(dict[str, int]):
    """text -> index; a missing text gets the next index, or KeyError if it is empty, may be too long for a cell or
    looks like a formula. A subclass of dict, since `__getitem__` of a known text then runs in C."""

    def __init__(self, shared_strings: SharedStrings):
        super().__init__()
        self._shared_strings = shared_strings

    def __missing__(self, text: str) -> int:
        if not text or text[0] in FORMULA_PREFIXES or len(text) > MAX_CELL_TEXT // 2:
            raise KeyError(text)
        self[text] = index = self._shared_strings.new_index()
        return index


def _string_item_xml(text: str) -> str:
    """Return the `si` element of a text, also of one that begins with `<r>`, which XlsxWriter takes for markup."""
    space_attribute = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    if "_x" in text or _NEEDS_ESCAPING.search(text):
        text = escape_markup(escape_xlsx_text(text))
    return f"<si><t{space_attribute}>{text}</t></si>"
