"""Keeps, word for word and with its address, what stands in a file and has no place in the table.

Above and below the rows, beside them, in columns of the unit's own, in notes on cells.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from xlflow.core.findings import Finding, Place, find
from xlflow.core.layout import form_code
from xlflow.core.model import Round, SetAside
from xlflow.core.text import fold, tidy_lines
from xlflow.core.values import parse_day, written_text
from xlflow.core.words import LANGUAGES, format_day, say
from xlflow.excel.incoming import Book, ErrorValue, Raw, UncountedFormula, cell_name
from xlflow.read.shape import Shape
from xlflow.read.table import Table
from xlflow.read.wording import is_of_form

_CUT = 30_000
"""Letters of a text that nearly fill a cell, beyond which the form may have cut it."""

_SHOWN = 120
"""Letters of a set-aside text that its finding quotes; the whole stands in the `SetAside`."""


_DUES = tuple(
    re.compile(re.escape(fold(say("form.due", language, day="qdq"))).replace("qdq", r"(?P<day>\d{1,2} \w+ \d{4})"))
    for language in LANGUAGES
)
"""How a form says by when it is to come back, folded, in either language."""


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
        texts = tuple(texts_of(cell for place, cell in enumerate(cells) if place not in ours))
        self.kept.append(SetAside(self.unit, self.table.place(number), texts, code))
        self.rows.add(number)

    def keep_loose(self, round_: Round, loose: Collection[int]) -> None:
        """Set aside the texts that belong to no row: above the heading, between the rows, beside them, far away.

        `loose` are rows of the table that hold neither an activity nor an answer.
        """
        table, rows = self.table, self.table.sheet.rows
        ours, width = self._list_ours_above(round_), len(rows[0]) if rows else 0
        if round_.due is None:
            ours = (*ours, *_find_due(rows[: table.heading], form_code(round_.key, self.unit)))
        for number in range(table.heading):
            counter = isinstance(rows[number][0], float)
            places: Iterable[int] = range(int(counter), width)
            if number == table.codes:
                places = [place for place in places if rows[number][place] not in self.shape.codes]
            self._keep_cells(number, places, ours)
        worked_out = self._ours()
        theirs = [place for place in range(width) if place not in worked_out]
        for number in loose:
            self._keep_cells(number, theirs, ours)
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

    def _list_ours_above(self, round_: Round) -> tuple[str, ...]:
        """Return the texts that stand above the heading; in all languages where its own word is not in that of the
        round, as when a form that lost its records is read by a plan in another language."""
        index = self.shape.levels[self.shape.item]
        head, place = self.table.sheet.rows[self.table.heading :], self.table.places[index]
        own = self.shape.columns[index].heading(round_.language)
        usual = place is not None and bool(head) and head[0][place] == own
        spoken = (round_.language,) if usual else LANGUAGES
        texts = {text for each in spoken for text in _texts_above(replace(round_, language=each), self.unit)}
        return tuple(sorted(texts, key=lambda text: (-len(text), text)))

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
    """Yield the notes that people pinned to cells, wherever in the file, and where cells lead to that do not say
    so; not the notes of a form that went back, which some programs leave without their author."""
    listed = set(_list_corrected(book))
    for sheet in book.sheets:
        for row, column, author, text in sheet.evidence.remarks:
            said = {fold(line) for line in text.splitlines() if line.strip()}
            if said and (author.strip() or not said <= listed):
                at = Place(book.name, sheet.name, cell_name(row, column))
                yield SetAside(unit, at, (tidy_lines(text),), "note-on-cell", is_row=False)
        for row, column, _, target in sheet.evidence.links:
            cells = sheet.rows[row][column : column + 1] if row < len(sheet.rows) else ()
            if not any(_tells(written_text(cell), target) for cell in cells):
                at = Place(book.name, sheet.name, cell_name(row, column))
                yield SetAside(unit, at, (target,), "link-on-cell", is_row=False)


def _tells(text: str, target: str) -> bool:
    """Return whether a text says itself where its link leads to."""
    return fold(unquote(target).partition("://")[2].rstrip("/") or target) in fold(unquote(text))


def _list_corrected(book: Book) -> Iterator[str]:
    """Yield, folded and line by line, what the sheet of faults says in a form that went back."""
    names = {fold(say("sheet.correct", language)) for language in LANGUAGES}
    for sheet in book.sheets:
        if fold(sheet.name) in names:
            texts = (cell for row in sheet.rows for cell in row if isinstance(cell, str))
            yield from (fold(line) for text in texts for line in text.splitlines())


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


def _find_due(rows: Iterable[Sequence[Raw]], code: str) -> Iterator[str]:
    """Yield, folded, by when a form says beside its code that it is to come back: a plan knows no such day."""
    for row in rows:
        for text in (fold(cell) for cell in row if isinstance(cell, str)):
            told = (pattern.search(text) for pattern in _DUES if code in text)
            yield from (found[0] for found in told if found and parse_day(found["day"]))


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


def texts_of(cells: Iterable[Raw]) -> Iterator[str]:
    """Yield what stands in cells, blank ones left out."""
    return (text for cell in cells if (text := written_text(cell)))
