"""Recognises a form that has lost all it said of itself, by what anybody can see: its code, a name, its rows.

So it is with answers that were copied into a new workbook or typed again. Never decides between two units that
fit equally well, and never takes a workbook for a form in which no row is one that was issued.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import Issued, identify_form, issued_lines
from xlflow.core.layout import form_code
from xlflow.core.model import Round
from xlflow.core.words import LANGUAGES, NO_DAY, Text, format_day, say
from xlflow.excel.incoming import Book
from xlflow.read.match import match_rows
from xlflow.read.shape import quick_fold, shape_of
from xlflow.read.table import Table, find_tables

_LOOKED_THROUGH = 200
"""Rows of a sheet without a table that may name the unit."""


@dataclass(frozen=True, slots=True)
class Known:
    """A round that was issued; `unit` where it holds the lines of that unit only."""

    round: Round
    unit: str | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """The units whose lines are all known."""
        return (self.unit,) if self.unit else tuple(unit.name for unit in self.round.plan.units)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A unit and round that a file may be the form of: what speaks for it, and how many of its rows are there."""

    issued: Issued
    how: Literal["code", "name", "rows"]
    names_day: bool
    rows: int

    @property
    def unit(self) -> str:
        """The unit."""
        return self.issued.identity.unit

    @property
    def total(self) -> int:
        """How many rows were issued."""
        return self.issued.identity.rows

    @property
    def weight(self) -> tuple[bool, bool, bool, int, int]:
        """How much speaks for it."""
        return (self.how == "code", self.how == "name", self.names_day, self.rows, -self.total)


def recognise_form(book: Book, known: Sequence[Known]) -> tuple[Issued, Finding] | Finding | None:
    """Return what was issued in a form, with the note that says so; what keeps it from being told; or None if the
    workbook is no form of a known round. A plan alone is no round, since it names no day."""
    seen = [one for each in known if each.round.as_of != NO_DAY for one in _look_for(book, each)]
    sure = [one for one in seen if one.how != "rows"] or [one for one in seen if one.rows * 2 >= one.total]
    if not sure:
        return None
    best = max(sure, key=_weigh)
    if any(one.unit != best.unit and one.weight == best.weight for one in sure):
        words = {"day": best.issued.round.as_of.isoformat()}
        return find("form-unit-unclear", Place(book.name), words=words)
    how = Text(**{language: say(f"recognised.{best.how}", language) for language in LANGUAGES})
    words_seen: dict[str, str | int | Text] = {"how": how, "count": best.rows, "total": best.total}
    return best.issued, find("form-recognised", Place(book.name), unit=best.unit, words=words_seen)


def _weigh(one: _Seen) -> tuple[object, ...]:
    return (*one.weight, one.issued.round.key, one.unit)


def _look_for(book: Book, known: Known) -> Iterator[_Seen]:
    """Yield every unit of a round that the workbook may be the form of."""
    round_ = known.round
    tables = find_tables(book.name, book.sheets, shape_of(round_))
    text = "\n".join(_texts_around(book, tables)) if tables else ""
    named = _find_name(text, [unit.name for unit in round_.plan.units])
    names_day = quick_fold(format_day(round_.as_of, round_.language)) in text
    for unit in known.units if tables else ():
        coded = form_code(round_.key, unit) in text
        lines = issued_lines(round_, unit)
        if not lines or not (coded or named in (None, unit)):
            continue
        asked = replace(round_, plan=replace(round_.plan, lines=lines))
        issued = Issued(identify_form(round_, unit), asked, MappingProxyType({}), ())
        rows = max(_count_rows(table, issued) for table in tables)
        if rows:
            yield _Seen(issued, "code" if coded else "name" if named else "rows", names_day, rows)


def _texts_around(book: Book, tables: Sequence[Table]) -> Iterator[str]:
    """Yield the texts above the tables, on the other sheets, and the names of all sheets."""
    ends = {id(table.sheet): table.heading for table in tables}
    for sheet in book.sheets:
        yield quick_fold(sheet.name)
        for row in sheet.rows[: ends.get(id(sheet), _LOOKED_THROUGH)]:
            yield from (quick_fold(cell) for cell in row if isinstance(cell, str))


def _find_name(text: str, names: Sequence[str]) -> str | None:
    """Return the unit whose name stands in a text, the longest of several."""
    found = [name for name in names if re.search(rf"(?<!\w){re.escape(quick_fold(name))}(?!\w)", text)]
    return max(found, key=lambda name: (len(name), name), default=None)


def _count_rows(table: Table, issued: Issued) -> int:
    shape = shape_of(issued.round)
    matches = match_rows(table, shape, issued.round.plan.lines, table.sheet.rows)
    return len({match.line.id for match in matches if match.line})
