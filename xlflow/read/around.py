"""Keeps what people wrote around the sheets: in the headers and footers of their pages, and about the file."""

import re
from collections.abc import Iterator
from functools import cache

from xlflow.core.findings import Location
from xlflow.core.issued import IssuedForm
from xlflow.core.layout import make_form_code
from xlflow.core.model import Unplaced
from xlflow.core.text import normalize_key
from xlflow.core.values import cell_text
from xlflow.core.words import LANGUAGES, translate
from xlflow.excel.incoming import WorkbookData

_WORD_PATTERN = re.compile(r"\w+")


def find_surrounding_texts(workbook: WorkbookData, issued: IssuedForm) -> Iterator[Unplaced]:
    """Yield what stands around the sheets of a workbook, sheet by sheet, and about it."""
    yield from find_header_footer_texts(workbook, issued)
    unit = issued.identity.unit
    for text in filter(None, map(cell_text, workbook.descriptions)):
        yield Unplaced(unit, Location(workbook.name), (text,), "text-about-file", is_row=False)


def find_header_footer_texts(workbook: WorkbookData, issued: IssuedForm) -> Iterator[Unplaced]:
    """Yield what stands in the headers and footers of printed pages: all but the form's code and page numbers."""
    unit = issued.identity.unit
    code = issued.identity.form_code or make_form_code(issued.round.key, unit)
    for sheet in workbook.sheets:
        for header_footer in sheet.metadata.header_footer:
            texts = tuple(line for line in header_footer.splitlines() if not _is_form_code_or_paging(line, code))
            if texts:
                yield Unplaced(unit, Location(workbook.name, sheet.name), texts, "text-in-margin", is_row=False)


def _is_form_code_or_paging(line: str, code: str) -> bool:
    return _paging_words() >= set(_WORD_PATTERN.findall(normalize_key(line).replace(normalize_key(code), " ")))


@cache
def _paging_words() -> frozenset[str]:
    """Return the words with which programs and people number pages."""
    return frozenset(
        _WORD_PATTERN.findall(
            normalize_key(" ".join(translate("margin.paging", language) for language in LANGUAGES))
        )
    )
