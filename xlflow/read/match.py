"""Finds out which line every row of a form belongs to, by two identities that fail independently.

The id in the row, and the issued text. Where they disagree the text decides, since sorting part of a table tears
ids off their rows. Every row ends as one line's, as the unit's own, set aside, or as text beside the table.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from xlflow.core.model import Line
from xlflow.core.text import tidy
from xlflow.core.values import written_text
from xlflow.excel.incoming import Raw
from xlflow.read.shape import Shape, quick_fold
from xlflow.read.table import Table

_WORD = re.compile(r"\w+")

OWN = "own-"
"""How the ids of activities begin that a unit added itself."""

Kind = Literal["line", "own", "aside", "loose", "heading"]


@dataclass(frozen=True, slots=True)
class Match:
    """What one row was taken for. `code` says what was assumed, or why the row is set aside; `texts` are its
    level texts as they stand in the form. Not `sure` is a line that nothing but the id speaks for;
    a row that `says` nothing has no answer."""

    row: int
    kind: Kind
    line: Line | None = None
    code: str | None = None
    texts: tuple[str, ...] = ()
    sure: bool = True
    says: bool = True

    @property
    def weight(self) -> tuple[bool, bool]:
        """How much speaks for the line where several rows claim it: id and text, then the text of all levels."""
        levels = self.line.levels if self.line else ()
        same = [*map(quick_fold, self.texts[-len(levels) :])] == [*map(quick_fold, levels)]
        return self.code in (None, "issued-text-changed"), same


@dataclass(slots=True)
class _Lines:
    """The issued lines by everything that a row may be known by; the folded texts only once they are needed.
    `missing` are the levels whose column is gone: what stood there tells no line from another."""

    lines: Sequence[Line]
    shape: Shape
    missing: frozenset[int] = frozenset()
    by_id: dict[str, Line] = field(init=False)
    _by_text: dict[tuple[str, ...], list[Line]] = field(default_factory=dict)
    _by_letters: dict[tuple[str, ...], list[Line]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_id = {line.id: line for line in self.lines}

    @property
    def item(self) -> int:
        """The place of the line's own level among the levels."""
        return self.shape.item

    def reads(self, line: Line, texts: tuple[str, ...]) -> bool:
        """Return whether the texts are those that were issued for a line."""
        return self._whole(line.levels) == self._whole(texts)

    def resembles(self, line: Line, texts: tuple[str, ...]) -> bool:
        """Return whether texts may be those of a line, worded anew: they share a word with it, or say nothing."""
        own, theirs = (_stems(" ".join(said[self.item :])) for said in (line.levels, texts))
        return not own or not theirs or bool(own & theirs)

    def with_id(self, text: str) -> Line | None:
        """Return the line with this id, whatever its letters' case."""
        return self.by_id.get(text) or next(
            (line for line in self.lines if text and quick_fold(line.id) == quick_fold(text)), None
        )

    def with_text(self, texts: tuple[str, ...]) -> Sequence[Line]:
        """Return the lines with these level texts; if there are none, those with this very item and part; if there
        are none either, those that read so but for accents and dots, which some programs do not keep."""
        if not self._by_text:
            for line in self.lines:
                for key in dict.fromkeys((self._whole(line.levels), self._own(line.levels))):
                    self._by_text.setdefault(key, []).append(line)
                    self._by_letters.setdefault(_bare(key), []).append(line)
        keys = self._whole(texts), self._own(texts)
        found = self._by_text.get(keys[0]) or self._by_text.get(keys[1])
        return found or self._by_letters.get(_bare(keys[0])) or self._by_letters.get(_bare(keys[1])) or ()

    def _whole(self, texts: Iterable[str]) -> tuple[str, ...]:
        return ("", *("" if level in self.missing else quick_fold(text) for level, text in enumerate(texts)))

    def _own(self, texts: Sequence[str]) -> tuple[str, ...]:
        own = self._whole(texts)[self.shape.item + 1 :]
        return own if any(own) else ("",)


def match_rows(table: Table, shape: Shape, lines: Sequence[Line], rows: Sequence[Sequence[Raw]]) -> list[Match]:
    """Return what every row below the heading was taken for; `rows` are the table's, merged cells filled in."""
    missing = frozenset(level for level, index in enumerate(shape.levels) if table.places[index] is None)
    found = list(_match_each(table, shape, _Lines(lines, shape, missing), rows))
    claimed = {match.line.id for match in found if match.line and match.sure}
    for number, match in enumerate(found):
        if match.line and not match.sure:
            if match.line.id in claimed:
                empty = not match.says and not any(match.texts)
                found[number] = Match(match.row, "loose" if empty else "aside", None, "row-unknown", match.texts)
            claimed.add(match.line.id)
    return found


def _match_each(table: Table, shape: Shape, known: _Lines, rows: Sequence[Sequence[Raw]]) -> Iterator[Match]:
    places = table.places
    id_place, answers = places[0], [places[asked.index] for asked in shape.answers]
    levels = [places[index] for index in shape.levels]
    for number in range(table.heading + 1, len(rows)):
        row = rows[number]
        if row.count(None) == len(row):
            continue
        marked = None if id_place is None else row[id_place]
        line = known.by_id.get(marked) if isinstance(marked, str) else None
        if line and line.levels == tuple(["" if place is None else row[place] or "" for place in levels]):
            yield Match(number, "line", line, texts=line.levels)
            continue
        raw = tuple([None if place is None else row[place] for place in levels])
        says = any(place is not None and row[place] is not None for place in answers)
        if line is None and not says and raw.count(None) == len(raw):
            yield Match(number, "loose")
            continue
        texts = tuple(written_text(cell) for cell in raw)
        match = _match_one(number, tidy(written_text(marked)), texts, known, says=says)
        if match.kind == "own" and id_place is not None and _is_pushed(row, id_place, levels, known):
            match = Match(number, "aside", None, "row-shifted", texts)
        repeats = match.line is None and _repeats_heading(table, shape, row)
        yield Match(number, "heading") if repeats else match


def _is_pushed(row: Sequence[Raw], id_place: int, levels: Sequence[int | None], known: _Lines) -> bool:
    """Return whether a row is that of a line whose id and texts all stand equally far from their columns."""
    for place, cell in enumerate(row):
        line = known.by_id.get(cell) if isinstance(cell, str) and place != id_place else None
        if line:
            there = [None if each is None else each + place - id_place for each in levels]
            cells = [row[each] if each is not None and 0 <= each < len(row) else None for each in there]
            if known.reads(line, tuple(map(written_text, cells))):
                return True
    return False


def _repeats_heading(table: Table, shape: Shape, row: Sequence[Raw]) -> bool:
    """Return whether a row between the others says in every column what stands at its head, or codes only."""
    filled = [place for place in table.places if place is not None and row[place] is not None]
    head = table.sheet.rows[table.heading]
    coded = all(row[place] in shape.codes for place in filled)
    return len(filled) > 1 and (coded or all(row[place] == head[place] for place in filled))


def _match_one(number: int, marked: str, texts: tuple[str, ...], known: _Lines, *, says: bool) -> Match:
    by_id = known.with_id(marked) if marked else None
    same = known.with_text(texts)
    if by_id and by_id in same:
        return Match(number, "line", by_id, None if known.reads(by_id, texts) else "issued-text-changed", texts)
    named = any(texts[known.item :])
    if named and len(same) == 1:
        code = "id-and-text-disagree" if by_id else "row-without-id"
        return Match(number, "line", same[0], code, (marked, *texts))
    if by_id and known.resembles(by_id, texts):
        return Match(number, "line", by_id, "issued-text-changed", texts, sure=False, says=says)
    if not named and not says:
        return Match(number, "loose")
    if same or (marked and not marked.startswith(OWN)):
        return Match(number, "aside", None, "row-unknown", texts)
    return Match(number, "own", None, None, texts)


def _stems(text: str) -> frozenset[str]:
    """Return how the words of a text begin, so that "kvarn" and "kvarnen" are the same."""
    return frozenset(word[:4] for word in _WORD.findall(_letters(quick_fold(text))))


def _bare(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(_letters, texts))


@lru_cache(maxsize=4096)
def _letters(text: str) -> str:
    """Return a text without accents and dots over its letters."""
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
