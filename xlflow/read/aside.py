"""Keeps, word for word and with its address, what stands in a file and has no place in the table.

Above and below the rows, beside them, in columns of the unit's own, on sheets of the unit's own.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from xlflow.core.findings import Finding, Place, Severity, find
from xlflow.core.issued import Issued
from xlflow.core.layout import LOOSE_ROW, form_code
from xlflow.core.model import Round, SetAside
from xlflow.core.text import fold, tidy_lines
from xlflow.core.values import written_text
from xlflow.core.words import LANGUAGES, format_day, say
from xlflow.excel.incoming import Book, ErrorValue, Raw, Sheet, UncountedFormula, cell_name
from xlflow.read.identity import holds_formulas, holds_records
from xlflow.read.shape import Shape
from xlflow.read.table import Table
from xlflow.read.wording import is_of_form, says_nothing_new

_NUMBERED = re.compile(r" \(\d+\)$|_\d+$")
"""What programs put behind the name of a sheet that is moved to where there is one of that name."""

_OURS = ("guide", "correct", "loose")
"""The sheets that a form has besides the table, by the word for their name."""

_CUT = 30_000
"""Letters of a text that nearly fill a cell, beyond which the form may have cut it."""

_GUIDE_COLUMNS, _FEW = 2, 5
"""Columns of the instruction, and how many words (or rows from the top) are few."""

_SHOWN = 120
"""Letters of a set-aside text that its finding quotes; the whole stands in the `SetAside`."""


@dataclass(slots=True)
class Keeper:
    """Gathers what is set aside on one sheet, and which rows were set aside whole; `headings` are those that
    repeat what stands at the head."""

    table: Table
    shape: Shape
    unit: str
    kept: list[SetAside] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)
    headings: set[int] = field(default_factory=set)

    def keep_row(self, number: int, cells: Sequence[Raw], code: str) -> None:
        """Set a row aside that could not be placed."""
        place, formulas = self.table.places[self.shape.remaining], self.table.sheet.evidence.formulas or ()
        ours = {place, *(place for place in self._computed() if (number, place) in formulas)}
        texts = tuple(_texts_of(cell for place, cell in enumerate(cells) if place not in ours))
        self.kept.append(SetAside(self.unit, self.table.place(number), texts, code))
        self.rows.add(number)

    def keep_loose(self, round_: Round, loose: Collection[int]) -> None:
        """Set aside the texts that belong to no row: above the heading, between the rows, beside them, far away.

        `loose` are rows of the table that hold neither an activity nor an answer.
        """
        table, rows = self.table, self.table.sheet.rows
        ours, width = _texts_above(round_, self.unit), len(rows[0]) if rows else 0
        for number in range(table.heading):
            counter = isinstance(rows[number][0], float)
            places: Iterable[int] = range(int(counter), width)
            if number == table.codes:
                places = [place for place in places if rows[number][place] not in self.shape.codes]
            self._keep_cells(number, places, ours)
        worked_out = self._ours()
        for number in loose:
            self._keep_cells(number, (place for place in range(width) if place not in worked_out), ours)
        passed = self.rows | self.headings
        for place in self._computed():
            for number in range(table.heading + 1, len(rows)):
                if number not in passed and type(rows[number][place]) is str:
                    self._keep_cells(number, [place], ours)
        beside = [place for place in range(width) if place not in table.places]
        for number in range(table.heading, len(rows)) if beside else ():
            if number not in self.rows and number not in loose:
                self._keep_cells(number, beside, ours)
        self._keep_typed_over(round_)
        for number, place, value in table.sheet.stray:
            self.keep_text(number, place, value)

    def _keep_typed_over(self, round_: Round) -> None:
        """Set aside what somebody wrote over the live column: where formulas are left, all that is none; where a
        program dropped them, all that the form would not say itself."""
        place, rows = self.table.places[self.shape.remaining], self.table.sheet.rows
        live = {row for row, column in self.table.sheet.evidence.formulas or () if column == place}
        if place is None:
            return
        passed = live | self.headings
        for number in range(self.table.heading + 1, len(rows)):
            cell = rows[number][place]
            if cell is None or number in passed or isinstance(cell, (UncountedFormula, ErrorValue)):
                continue
            text = written_text(cell)
            if text and (live or not is_of_form(text, self.shape.words, round_, self.unit)):
                self.keep_text(number, place, cell, "text-over-formula")

    def keep_over_previous(self, said: Mapping[int, str]) -> None:
        """Set aside what stands where the form shows the round before, unless it is what was issued there; `said`
        is that by row."""
        place = self.table.places[self.shape.previous]
        for number, shown in said.items() if place is not None else ():
            text = "" if place is None else written_text(self.table.sheet.rows[number][place])
            if text and number not in self.rows and not _reads_the_same(text, shown):
                self.keep_text(number, place or 0, text)

    def _ours(self) -> frozenset[int | None]:
        """Return the places of the columns in which the form says something itself."""
        return frozenset((self.table.places[self.shape.remaining], *self._computed()))

    def _computed(self) -> tuple[int, ...]:
        """Return the places of the columns that hold a number or nothing, unless somebody wrote over them."""
        found = (self.table.places[index] for index in self.shape.computed)
        return tuple(place for place in found if place is not None)

    def _keep_cells(self, number: int, places: Iterable[int], ours: Collection[str]) -> None:
        row = self.table.sheet.rows[number]
        for place in places:
            cell = row[place]
            if cell is None:
                continue
            text = "" if isinstance(cell, UncountedFormula) else written_text(cell)
            if text and not self.shape.is_ours(text) and not _consists_of(fold(text), ours):
                self.keep_text(number, place, text)

    def keep_text(self, number: int, place: int, value: Raw, code: str = "text-beside") -> None:
        """Set aside what stands in one cell."""
        at = self.table.place(number, place)
        self.kept.append(SetAside(self.unit, at, (written_text(value),), code, is_row=False))


def find_remarks(book: Book, unit: str) -> Iterator[SetAside]:
    """Yield the notes that people pinned to cells, wherever in the file; not those of a form that went back, which
    some programs leave without their author."""
    listed = set(_list_corrected(book))
    for sheet in book.sheets:
        for row, column, author, text in sheet.evidence.remarks:
            said = {fold(line) for line in text.splitlines() if line.strip()}
            if said and (author.strip() or not said <= listed):
                at = Place(book.name, sheet.name, cell_name(row, column))
                yield SetAside(unit, at, (tidy_lines(text),), "note-on-cell", is_row=False)


def _list_corrected(book: Book) -> Iterator[str]:
    """Yield, folded and line by line, what the sheet of faults says in a form that went back."""
    names = {fold(say("sheet.correct", language)) for language in LANGUAGES}
    for sheet in book.sheets:
        if fold(sheet.name) in names:
            texts = (cell for row in sheet.rows for cell in row if isinstance(cell, str))
            yield from (fold(line) for text in texts for line in text.splitlines())


def find_other_sheets(book: Book, known: Iterable[Sheet], shape: Shape, issued: Issued) -> Iterator[SetAside]:
    """Yield the texts on sheets that are not part of the form, row by row; of its guide and of its list of what is
    to be corrected, what they do not say. A few words to the right of their columns are somebody's own."""
    unit = issued.identity.unit
    names = {key: {fold(say(f"sheet.{key}", language)) for language in LANGUAGES} for key in _OURS}
    passed = {id(sheet) for sheet in known}
    for sheet in book.sheets:
        if id(sheet) in passed or holds_records(sheet) or holds_formulas(sheet):
            continue
        name = _NUMBERED.sub("", fold(sheet.name))
        if name in names["loose"]:
            yield from _find_kept(book, sheet, unit)
            continue
        listed = _find_list(sheet) if name in names["correct"] else None
        columns = listed[1] + 1 if listed else _GUIDE_COLUMNS if name in names["guide"] else 0
        for number, row in (*enumerate(sheet.rows), *_stray_rows(sheet)):
            if len(row) <= columns and _says_nothing_new(row, shape):
                continue
            found = [(place, text) for place, cell in enumerate(row) if (text := written_text(cell))]
            if listed and listed[0] < number and fold(written_text(row[0])) in _weights():
                found = [pair for pair in found if pair[0] >= columns]
            elif columns:
                ours = (pair for pair in found if pair[0] < columns or len(pair[1].split()) > _FEW)
                said = {pair for pair in ours if _is_of_guide(row[pair[0]], pair[1], shape, issued)}
                found = [pair for pair in found if pair not in said]
            if found:
                at = Place(book.name, sheet.name, cell_name(number, found[0][0]))
                yield SetAside(unit, at, tuple(text for _, text in found), "text-on-other-sheet", is_row=False)


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


def _find_kept(book: Book, sheet: Sheet, unit: str) -> Iterator[SetAside]:
    """Yield the texts on the sheet that a form has which goes back: what stood outside its table before."""
    headings = {fold(say("returned.loose_text", language)) for language in LANGUAGES}
    for number, row in enumerate(sheet.rows):
        texts = tuple(text for text in _texts_of(row[1:]) if number >= LOOSE_ROW or fold(text) not in headings)
        texts = texts or tuple(_texts_of(row[:1] if number >= LOOSE_ROW else ()))
        if texts:
            first = next((place for place, cell in enumerate(row) if place and cell is not None), 0)
            yield SetAside(
                unit, Place(book.name, sheet.name, cell_name(number, first)), texts, "text-beside", False
            )


def report_aside(one: SetAside) -> Finding:
    """Return what is to be said about something that was set aside; its reason is the finding's code."""
    whole = " | ".join(one.texts)
    quoted = whole if len(whole) <= _SHOWN else f"{whole[:_SHOWN]}…"
    return find(one.reason, one.place, unit=one.unit, value=quoted)


def _texts_above(round_: Round, unit: str) -> tuple[str, ...]:
    """Return the folded texts that stand above the heading of an issued form, alone or joined."""
    language = round_.language
    title, day = round_.template.title.say(language), format_day(round_.as_of, language)
    texts = [
        say("form.title", language, title=title, unit=unit, day=day),
        say("form.code", language, code=form_code(round_.key, unit)),
        title,
        unit,
    ]
    if round_.due:
        texts.append(say("form.due", language, day=format_day(round_.due, language)))
    return tuple(map(fold, texts))


def _consists_of(text: str, pieces: Iterable[str]) -> bool:
    """Return whether a folded text is made of these pieces and punctuation only, and not of punctuation alone."""
    left = text
    for piece in pieces:
        left = left.replace(piece, "")
    return left != text and not any(map(str.isalnum, left))


def _reads_the_same(text: str, shown: str) -> bool:
    """Return whether a text is the one shown, which may have been cut where the cell was full."""
    one, other = fold(text), fold(shown)
    return one == other or (len(one) > _CUT and one[:_CUT] == other[:_CUT])


def _stray_rows(sheet: Sheet) -> Iterator[tuple[int, Sequence[Raw]]]:
    """Yield (row, cells) for every cell so far away that the rows of the sheet do not reach it."""
    for number, place, value in sheet.stray:
        yield number, (*[None] * place, value)


def _texts_of(cells: Iterable[Raw]) -> Iterator[str]:
    return (text for cell in cells if (text := written_text(cell)))
