"""The table of all texts of a workbook: each stands there once, and cells hold its number."""

import re
from collections.abc import Iterator
from itertools import chain, islice

from xlsxwriter.sharedstrings import SharedStringTable

from xlflow.excel.writer.xml_text import MAX_CELL_TEXT, escape_markup, escape_xlsx_text
from xlflow.model.text import ILLEGAL_XML_CHARACTERS

FORMULA_PREFIXES = frozenset("=+-@\t\r")
"""First letters of a text that a program might take for a formula."""

_BATCH_SIZE = 4096
_NEEDS_ESCAPING = re.compile(f"[&<>\r{ILLEGAL_XML_CHARACTERS}]")


class SharedStrings(SharedStringTable):  # type: ignore[misc]
    """The table in the making. `normalize_for_parsing` numbers those texts that any cell can hold as they are."""

    count: int
    unique_count: int

    def __init__(self) -> None:
        super().__init__()
        self.plain_indexes = _PlainTextIndexes(self)
        self._special_indexes: dict[str, int] = {}

    def index_for_cell(self, text: str) -> int:
        """Return the number of a text for one more cell."""
        self.count += 1
        try:
            return self.plain_indexes[text]
        except KeyError:
            if text not in self._special_indexes:
                self._special_indexes[text] = self.new_index()
            return self._special_indexes[text]

    def new_index(self) -> int:
        """Return the number of the next new text."""
        self.unique_count += 1
        return self.unique_count - 1

    def iter_xml(self) -> Iterator[str]:
        """Yield the texts in the order of their numbers, many at a time."""
        texts = iter(self.string_array)
        while batch := "".join(map(_string_item_xml, islice(texts, _BATCH_SIZE))):
            yield batch

    def _get_shared_string_index(self, string: str) -> int:
        return self.index_for_cell(string)

    def _sort_string_data(self) -> None:
        self.string_array = [""] * self.unique_count
        for text, index in chain(self.plain_indexes.items(), self._special_indexes.items()):
            self.string_array[index] = text
        self.plain_indexes.clear()


class _PlainTextIndexes(dict[str, int]):
    """Numbers texts as they come; a KeyError where a cell cannot hold one plainly."""

    def __init__(self, shared_strings: SharedStrings):
        super().__init__()
        self._shared_strings = shared_strings

    def __missing__(self, text: str) -> int:
        if not text or text[0] in FORMULA_PREFIXES or len(text) > MAX_CELL_TEXT // 2:
            raise KeyError(text)
        self[text] = index = self._shared_strings.new_index()
        return index


def _string_item_xml(text: str) -> str:
    """Return a text as text, also one that begins with `<r>`, which XlsxWriter would take for markup."""
    space_attribute = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    if "_x" in text or _NEEDS_ESCAPING.search(text):
        text = escape_markup(escape_xlsx_text(text))
    return f"<si><t{space_attribute}>{text}</t></si>"
