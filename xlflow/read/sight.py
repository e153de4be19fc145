"""Recognises a form that has lost all it said of itself, by what anybody can see: its code, a name, its rows.

So it is with answers that were copied into a new workbook or typed again. Never decides between two units that
fit equally well, and never takes a workbook for a form in which no row is one that was issued.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Literal

from xlflow.core.findings import Finding, Place, find
from xlflow.core.issued import Issued, identify_form, issued_lines
from xlflow.core.layout import form_code
from xlflow.core.model import Round
from xlflow.core.values import parse_day
from xlflow.core.words import LANGUAGES, NO_DAY, Text, format_day, say
from xlflow.excel.incoming import Book, Sheet
from xlflow.read.match import match_rows
from xlflow.read.shape import quick_fold, shape_of
from xlflow.read.table import Table, find_tables

_TITLES = tuple(
    re.compile(
        re.escape(quick_fold(say("form.title", language, title="qtq", unit="quq", day="qdq")))
        .replace("qtq", ".*?")
        .replace("quq", "(?P<unit>.+)")
        .replace("qdq", "(?P<day>.+)")
    )
    for language in LANGUAGES
)
"""What the title of a form reads like, folded, in either language."""

_CODES = tuple(
    re.compile(re.escape(quick_fold(say("form.code", language, code="qcq"))).replace("qcq", r"(\w{4}-\w{4})\b"))
    for language in LANGUAGES
)

_LOOKED_THROUGH = 200
"""Rows of a sheet without a table that may name the unit."""

_TOP = 20
"""Rows of any sheet that may stand above a table."""


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
class Seen:
    """A unit and round that a sheet may hold the form of: what speaks for it, how many of its rows are there."""

    table: Table
    issued: Issued
    how: Literal["code", "name", "rows"]
    names_day: bool
    rows: int
    other_day: date | None = None

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
    seen = [one for each in known for one in _look_for(book, each)]
    sure = keep_sure([one for one in seen if one.issued.round.as_of != NO_DAY and not one.other_day])
    if not sure:
        return _explain_day(book, keep_sure(seen))
    best = max(sure, key=weigh)
    if any(one.unit != best.unit and one.weight == best.weight and one.table == best.table for one in sure):
        words = {"day": best.issued.round.as_of.isoformat()}
        return find("form-unit-unclear", Place(book.name), words=words)
    how = Text(**{language: say(f"recognised.{best.how}", language) for language in LANGUAGES})
    words_seen: dict[str, str | int | Text] = {"how": how, "count": best.rows, "total": best.total}
    return best.issued, find("form-recognised", Place(book.name), unit=best.unit, words=words_seen)


def _explain_day(book: Book, seen: Sequence[Seen]) -> Finding | None:
    """Return that a workbook would be a form, were its day known or that of the round; None if it would not."""
    best = max(seen, key=weigh, default=None)
    if best is None:
        return None
    day = best.other_day
    if day and best.issued.round.as_of != NO_DAY:
        words = {"theirs": day.isoformat(), "ours": best.issued.round.as_of.isoformat()}
        return find("other-round", Place(book.name), unit=best.unit, words=words)
    alike = any(one.unit != best.unit and one.weight == best.weight for one in seen)
    return find("form-day-unknown", Place(book.name), unit=None if alike else best.unit)


def keep_sure(seen: Sequence[Seen]) -> list[Seen]:
    """Return those for which a code or a name speaks; where there are none, those of whose rows most are there."""
    return [one for one in seen if one.how != "rows"] or [one for one in seen if one.rows * 2 >= one.total]


def weigh(one: Seen) -> tuple[object, ...]:
    """Return how much speaks for it, so that no two weigh the same."""
    return (*one.weight, one.issued.round.key, one.unit)


def see_table(table: Table, text: str, known: Known) -> Iterator[Seen]:
    """Yield every unit of a round that a table may be the form of; `text` is what stands around it, folded."""
    round_ = known.round
    named = _find_names(text, [unit.name for unit in round_.plan.units])
    names_day = quick_fold(format_day(round_.as_of, round_.language)) in text
    _, day = read_title(text)
    other = day if day != round_.as_of else None
    for unit in known.units:
        coded = form_code(round_.key, unit) in text
        lines = issued_lines(round_, unit)
        if not lines or not (coded or not named or unit in named):
            continue
        asked = replace(round_, plan=replace(round_.plan, lines=lines))
        issued = Issued(identify_form(round_, unit), asked, MappingProxyType({}), ())
        rows = _count_rows(table, issued)
        if rows:
            yield Seen(
                table,
                issued,
                "code" if coded else "name" if named else "rows",
                names_day,
                rows,
                None if coded else other,
            )


def read_above(table: Table) -> str:
    """Return, folded, the name of a table's sheet and what stands above the table."""
    return "\n".join(_texts_around((table.sheet,), {id(table.sheet): table.heading}))


def read_title(text: str) -> tuple[str, date | None]:
    """Return the unit, folded, and the day that the title of a form names in a folded text; "" and None if none
    stands there."""
    for pattern in _TITLES:
        found = pattern.search(text)
        if found and (day := parse_day(found["day"])):
            return found["unit"], day
    return "", None


def read_codes(text: str) -> list[str]:
    """Return the form codes in a folded text."""
    return [found[1] for pattern in _CODES for found in pattern.finditer(text)]


def see_days(book: Book) -> Mapping[str, str]:
    """Return, as words of a finding, the days, the codes and the language of forms that can be read above the
    tables of a workbook of which nothing else is known."""
    lines = list(_texts_around(book.sheets, {id(sheet): _TOP for sheet in book.sheets}))
    days = {day.isoformat() for line in lines if (day := read_title(line)[1])}
    codes = {code for line in lines for code in read_codes(line)}
    if not (days or codes):
        return {}
    spoken: list[str] = [
        each for each, title in zip(LANGUAGES, _TITLES, strict=True) if any(map(title.search, lines))
    ]
    told = {"days": sorted(days), "codes": sorted(codes), "spoken": spoken}
    return {name: " ".join(words) for name, words in told.items()}


def _look_for(book: Book, known: Known) -> Iterator[Seen]:
    """Yield every unit of a round that a sheet of the workbook may be the form of. Where it has one table only,
    the other sheets tell of that one too."""
    tables = find_tables(book.name, book.sheets, shape_of(known.round))
    for table in tables:
        ends = {id(table.sheet): table.heading}
        sheets = book.sheets if len(tables) == 1 else (table.sheet,)
        yield from see_table(table, "\n".join(_texts_around(sheets, ends)), known)


def _texts_around(sheets: Iterable[Sheet], ends: Mapping[int, int]) -> Iterator[str]:
    """Yield the names of sheets and the texts on them, down to where `ends` says that a table begins."""
    for sheet in sheets:
        yield quick_fold(sheet.name)
        for row in sheet.rows[: ends.get(id(sheet), _LOOKED_THROUGH)]:
            yield from (quick_fold(cell) for cell in row if isinstance(cell, str))


def _find_names(text: str, names: Sequence[str]) -> frozenset[str]:
    """Return the units whose names stand in a text; not one whose name is but a part of another's there."""
    found: set[str] = set()
    for name in sorted(names, key=lambda name: (-len(name), name)):
        said = re.compile(rf"(?<!\w){re.escape(quick_fold(name))}(?!\w)")
        if said.search(text):
            found.add(name)
            text = said.sub("\0", text)
    return frozenset(found)


def _count_rows(table: Table, issued: Issued) -> int:
    shape = shape_of(issued.round)
    matches = match_rows(table, shape, issued.round.plan.lines, table.sheet.rows)
    return len({match.line.id for match in matches if match.line})
