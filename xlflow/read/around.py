"""Keeps what people wrote around the sheets: in the headers and footers of their pages, and about the file."""

import re
from collections.abc import Iterator
from functools import cache

from xlflow.core.findings import Place
from xlflow.core.issued import Issued
from xlflow.core.layout import form_code
from xlflow.core.model import SetAside
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.core.words import LANGUAGES, say
from xlflow.excel.incoming import Book

_WORD = re.compile(r"\w+")


def find_around(book: Book, issued: Issued) -> Iterator[SetAside]:
    """Yield what stands around the sheets of a workbook, sheet by sheet, and about it."""
    yield from find_margins(book, issued)
    unit = issued.identity.unit
    for text in filter(None, map(written_text, book.about)):
        yield SetAside(unit, Place(book.name), (text,), "text-about-file", is_row=False)


def find_margins(book: Book, issued: Issued) -> Iterator[SetAside]:
    """Yield what stands in the headers and footers of printed pages: all but the form's code and page numbers."""
    unit = issued.identity.unit
    code = issued.identity.form_code or form_code(issued.round.key, unit)
    for sheet in book.sheets:
        for margin in sheet.evidence.margins:
            texts = tuple(line for line in margin.splitlines() if not _is_of_form(line, code))
            if texts:
                yield SetAside(unit, Place(book.name, sheet.name), texts, "text-in-margin", is_row=False)


def _is_of_form(line: str, code: str) -> bool:
    return _paging() >= set(_WORD.findall(fold(line).replace(fold(code), " ")))


@cache
def _paging() -> frozenset[str]:
    """Return the words with which programs and people number pages."""
    return frozenset(_WORD.findall(fold(" ".join(say("margin.paging", language) for language in LANGUAGES))))
