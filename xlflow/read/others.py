"""Keeps what people wrote on the sheets beside the table: on those of their own, and over or beside what the form
says on its own ones, its instruction and, in a form that went back, its lists of what is to be corrected and kept.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache

from xlflow.core.findings import Place, Severity
from xlflow.core.issued import Issued
from xlflow.core.layout import HIDDEN_SHEET, LIVE_SHEET, LOOSE_ROW
from xlflow.core.listed import find_strange
from xlflow.core.model import SetAside
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.core.words import LANGUAGES, say
from xlflow.excel.incoming import Book, Raw, Sheet, UncountedFormula, cell_name
from xlflow.read.aside import texts_of
from xlflow.read.identity import holds_formulas, holds_records
from xlflow.read.shape import Shape
from xlflow.read.table import holds_kept
from xlflow.read.wording import gather_messages, is_of_form, list_words, says_nothing_new

_NUMBERED = re.compile(r" \(\d+\)$|_\d+$")
"""What programs put behind the name of a sheet that is moved to where there is one of that name."""

_OURS = ("guide", "correct", "loose")
"""The sheets that a form has besides the table, by the word for their name."""

_GUIDE_COLUMNS, _FEW = 2, 5
"""Columns of the instruction, and how many words (or rows from the top) are few."""

_GIVEN = re.compile(r"[^\W\d_]+ ?\d+")
"""Names that programs give to sheets ("Blad1")."""

_ABOVE = 12
"""Rows from the top among which the instruction tells the form's code."""

_LETTERS = re.compile(r"[^\W\d_]{2,}")
_MIXED = re.compile(r"\b(?![a-z]{1,3}\d{1,7}\b)(?=\d*[^\W\d_])(?=[^\W\d_]*\d)\w+")
"""A word of letters and figures both, but for the address of a cell."""

_CUT_WORD = re.compile(r"\w+…")
_FIGURES = re.compile(r"\d+")

Kept = tuple[int, int, tuple[str, ...]]
"""Texts that are to be set aside: their row, the column of the first, and the texts."""


def find_other_sheets(book: Book, known: Iterable[Sheet], shape: Shape, issued: Issued) -> Iterator[SetAside]:
    """Yield the texts on sheets that are not part of the form, row by row; of its instruction and of its lists of
    what is to be corrected and of what was kept, what they do not say."""
    passed = {id(sheet) for sheet in known}
    for sheet in book.sheets:
        if id(sheet) in passed or holds_records(sheet) or holds_formulas(sheet):
            continue
        named = _NUMBERED.sub("", fold(sheet.name))
        by_name = next((key for key in _OURS if named in _names(key)), "")
        ours = by_name or _recognise(sheet, issued)
        empty = sheet.visible and not (sheet.rows or sheet.stray)
        if (ours or empty) and not by_name and not _is_usual(named):
            at = Place(book.name, sheet.name)
            yield SetAside(issued.identity.unit, at, (sheet.name,), "text-as-sheet-name", is_row=False)
        if marks := dict(issued.listed).get(ours):
            found = _find_strange(sheet, marks, shape)
        elif ours == "loose":
            found = _find_kept(sheet)
        else:
            found = _find_new(book, sheet, ours, shape, issued)
        code = "text-beside" if ours == "loose" else "text-on-other-sheet"
        for row, column, texts in found:
            at = Place(book.name, sheet.name, cell_name(row, column))
            yield SetAside(issued.identity.unit, at, texts, code, is_row=False)


@cache
def _names(key: str) -> frozenset[str]:
    return frozenset(fold(say(f"sheet.{key}", language)) for language in LANGUAGES)


def _is_usual(name: str) -> bool:
    """Return whether the name of a sheet is one that programs give, or that a sheet of a form has."""
    usual = name in (HIDDEN_SHEET, LIVE_SHEET) or any(name in _names(key) for key in ("form", *_OURS))
    return usual or bool(_GIVEN.fullmatch(name))


def _recognise(sheet: Sheet, issued: Issued) -> str:
    """Return which of the form's sheets one is that has another name by now, "" if none."""
    if _find_list(sheet):
        return "correct"
    if holds_kept(sheet):
        return "loose"
    code = issued.identity.form_code
    return "guide" if code and any(code in row for row in sheet.rows[:_ABOVE]) else ""


# On sheets of a form that went back -----------------------------------------------------------------------


def _find_strange(sheet: Sheet, marks: str, shape: Shape) -> Iterator[Kept]:
    """Yield all that stands on a sheet of which the form tells what it said itself, and is not that."""
    cells = [
        (number, place, cell)
        for number, row in _rows_of(sheet)
        for place, cell in enumerate(row)
        if cell is not None and not isinstance(cell, UncountedFormula)
    ]
    strange = find_strange(cells, marks, lambda text: _may_be_worked_out(text, shape))
    for number, row in _rows_of(sheet):
        found = [place for place, _ in enumerate(row) if (number, place) in strange]
        if found:
            yield number, found[0], tuple(written_text(row[place]) for place in found)


def _may_be_worked_out(text: str, shape: Shape) -> bool:
    """Return whether a text may be what a formula of the form says, which may count to any number."""
    return any(map(str.isalpha, text)) and says_nothing_new(_FIGURES.sub("", text), shape.words)


def _find_kept(sheet: Sheet) -> Iterator[Kept]:
    """Yield the texts on the sheet of what stood outside the table before, where the form does not tell what it
    said there itself."""
    headings = {fold(say("returned.loose_text", language)) for language in LANGUAGES}
    for number, row in _rows_of(sheet):
        texts = tuple(text for text in texts_of(row[1:]) if number >= LOOSE_ROW or fold(text) not in headings)
        texts = texts or tuple(texts_of(row[:1] if number >= LOOSE_ROW else ()))
        if texts:
            yield number, next((place for place, cell in enumerate(row) if place and cell is not None), 0), texts


# On all others --------------------------------------------------------------------------------------------


def _find_new(book: Book, sheet: Sheet, ours: str, shape: Shape, issued: Issued) -> Iterator[Kept]:
    """Yield the texts on a sheet of somebody's own; on one of the form's, what that does not say. A few words to
    the right of its columns are somebody's own too."""
    listed = _find_list(sheet) if ours == "correct" else None
    columns = listed[1] + 1 if listed else _GUIDE_COLUMNS if ours == "guide" else 0
    around = _words_around(book, sheet) if listed and not issued.fingerprints else None
    for number, row in _rows_of(sheet):
        if len(row) <= columns and _says_nothing_new(row, shape):
            continue
        found = [(place, text) for place, cell in enumerate(row) if (text := written_text(cell))]
        if listed and listed[0] < number and fold(written_text(row[0])) in _weights():
            may = shape.words | around if around else None
            found = [pair for pair in found if pair[0] >= columns or (may and _is_new(row[pair[0]], pair[1], may))]
        elif columns:
            near = (pair for pair in found if pair[0] < columns or len(pair[1].split()) > _FEW)
            said = {pair for pair in near if _is_of_guide(row[pair[0]], pair[1], shape, issued)}
            found = [pair for pair in found if pair not in said]
        if found:
            yield number, found[0][0], tuple(text for _, text in found)


def _is_new(cell: Raw, text: str, words: frozenset[str]) -> bool:
    """Return whether a text on the list holds a word that is none of these; a number in a sentence may be written
    otherwise there."""
    if isinstance(cell, UncountedFormula):
        return False
    folded = fold(_CUT_WORD.sub("", text))
    letters = frozenset((*_LETTERS.findall(folded), *_MIXED.findall(folded)))
    return not letters <= words if letters else not says_nothing_new(text, words)


def _words_around(book: Book, sheet: Sheet) -> frozenset[str]:
    """Return the words that a list of what is to be corrected may hold, where the form cannot tell any more: those
    of all messages and of the other sheets."""
    cells = (cell for each in book.sheets if each is not sheet for row in each.rows for cell in row)
    texts = tuple(map(written_text, cells))
    return gather_messages() | list_words(texts) | frozenset(_MIXED.findall(fold("; ".join(texts))))


@cache
def _weights() -> frozenset[str]:
    """Return the words with which a line of what is to be corrected begins."""
    return frozenset(fold(say(f"returned.{one.value}", language)) for one in Severity for language in LANGUAGES)


def _find_list(sheet: Sheet) -> tuple[int, int] | None:
    """Return the row of headings on the sheet that lists what is to be corrected, and its last column."""
    ends = {fold(say("returned.state", language)) for language in LANGUAGES}
    for number, row in enumerate(sheet.rows[:_FEW]):
        for place, cell in enumerate(row):
            if isinstance(cell, str) and fold(cell) in ends:
                return number, place
    return None


def _says_nothing_new(row: Sequence[Raw], shape: Shape) -> bool:
    """Return whether a row holds texts only that any form may hold; nearly all rows of the instruction do."""
    return all(cell is None or (type(cell) is str and says_nothing_new(cell, shape.words)) for cell in row)


def _is_of_guide(cell: Raw, text: str, shape: Shape, issued: Issued) -> bool:
    """Return whether a cell of the instruction holds what stood there when the form went out."""
    before = issued.previous.as_of if issued.previous else None
    known = issued.round, issued.identity.unit, before
    return isinstance(cell, UncountedFormula) or is_of_form(text, shape.words, *known)


def _rows_of(sheet: Sheet) -> Iterator[tuple[int, Sequence[Raw]]]:
    """Yield (row, cells) of a sheet; of every cell too that is so far away that the rows do not reach it."""
    yield from enumerate(sheet.rows)
    for number, place, value in sheet.stray:
        yield number, (*[None] * place, value)
