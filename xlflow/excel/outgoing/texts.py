"""The table of all texts of a workbook: each stands there once, and cells hold its number."""

import re
from collections.abc import Iterator
from itertools import chain, islice

from xlsxwriter.sharedstrings import SharedStringTable

from xlflow.excel.outgoing.formula import escape
from xlflow.excel.outgoing.letters import MAX_TEXT, code_letters

FORMULA_SIGNS = frozenset("=+-@\t\r")
"""First letters of a text that a program might take for a formula."""

_AT_ONCE = 4096
_STRANGE = re.compile("[&<>\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")


class Texts(SharedStringTable):  # type: ignore[misc]
    """The table in the making. `plain` numbers those texts that any cell can hold as they are."""

    count: int
    unique_count: int

    def __init__(self) -> None:
        super().__init__()
        self.plain = _Plain(self)
        self._odd: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Return the number of a text for one more cell."""
        self.count += 1
        try:
            return self.plain[text]
        except KeyError:
            if text not in self._odd:
                self._odd[text] = self.next_number()
            return self._odd[text]

    def next_number(self) -> int:
        """Return the number of the next new text."""
        self.unique_count += 1
        return self.unique_count - 1

    def to_xml(self) -> Iterator[str]:
        """Yield the texts in the order of their numbers, many at a time."""
        texts = iter(self.string_array)
        while some := "".join(map(_to_xml, islice(texts, _AT_ONCE))):
            yield some

    def _get_shared_string_index(self, string: str) -> int:
        return self.number(string)

    def _sort_string_data(self) -> None:
        self.string_array = [""] * self.unique_count
        for text, number in chain(self.plain.items(), self._odd.items()):
            self.string_array[number] = text
        self.plain.clear()


class _Plain(dict[str, int]):
    """Numbers texts as they come; a KeyError where a cell cannot hold one plainly."""

    def __init__(self, table: Texts):
        super().__init__()
        self._table = table

    def __missing__(self, text: str) -> int:
        if not text or text[0] in FORMULA_SIGNS or len(text) > MAX_TEXT // 2:
            raise KeyError(text)
        self[text] = number = self._table.next_number()
        return number


def _to_xml(text: str) -> str:
    """Return a text as text, also one that begins with `<r>`, which XlsxWriter would take for markup."""
    kept = ' xml:space="preserve"' if text[:1].isspace() or text[-1:].isspace() else ""
    if "_x" in text or _STRANGE.search(text):
        text = escape(code_letters(text))
    return f"<si><t{kept}>{text}</t></si>"
