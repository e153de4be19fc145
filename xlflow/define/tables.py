"""Finds the table on a sheet that people made by hand: its heading row, and which column is which.

Headings may stand in any order, in either language, below a title, broken over lines, and end in a year. Knows
nothing of plans; `plan.py` and `units.py` say which headings to look for.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.core.findings import Place
from xlflow.core.text import fold, tidy
from xlflow.core.values import Raw, written_text
from xlflow.core.words import LANGUAGES, Text, say
from xlflow.excel.incoming import Sheet, cell_name

ROWS_SEARCHED = 30
"""How far down a heading row is looked for."""

_YEAR = re.compile(r"\s*\b((?:19|20)\d\d)\W*$")
_LONGEST = 60
"""Letters that a heading has at most; a longer text is not compared with them."""
_ALIKE = 0.8
"""From here on an unknown heading is taken for a misspelt one, and asked about."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One heading to look for: what it means here, and every spelling that is accepted."""

    key: str
    label: Text
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a sheet. `columns` are those that were wanted, `others` the further ones (column, heading)."""

    file: str
    sheet: Sheet
    heading_row: int
    columns: Mapping[str, int]
    others: tuple[tuple[int, str], ...]
    repeated: tuple[tuple[str, int, int], ...]
    years: Mapping[str, int]
    above: Mapping[tuple[int, int], int]

    def rows(self) -> Iterator[int]:
        """Yield the rows below the headings that hold anything; a heading row that is repeated does not."""
        heading = [key_of(written_text(cell)) for cell in self.sheet.rows[self.heading_row]]
        for row in range(self.heading_row + 1, len(self.sheet.rows)):
            texts = [key_of(cell) if isinstance(cell, str) else cell for cell in self.sheet.rows[row]]
            if any(text not in (None, "") for text in texts) and texts != [text or None for text in heading]:
                yield row

    def raw(self, row: int, key: str) -> Raw:
        """Return what a cell holds; within cells merged downwards, what their first one holds."""
        column = self.columns.get(key)
        return None if column is None else self.raw_at(row, column)

    def raw_at(self, row: int, column: int) -> Raw:
        """Return what the cell in this column holds, merged cells as in `raw`."""
        return self.sheet.rows[self.above.get((row, column), row)][column]

    def text(self, row: int, key: str) -> str:
        """Return what a cell says, without blanks around it."""
        return written_text(self.raw(row, key)).strip()

    def place(self, row: int, key: str) -> Place:
        """Return the address of a cell; of the row's first cell where the column is missing."""
        return self.place_at(row, self.columns.get(key, 0))

    def place_at(self, row: int, column: int) -> Place:
        """Return the address of the cell in this column."""
        return Place(self.file, self.sheet.name, cell_name(row, column))


def wanted_names(key: str) -> tuple[str, ...]:
    """Return every spelling of one of our own headings, as `words.toml` lists them ("plan.unit_heading")."""
    return tuple(tidy(name) for language in LANGUAGES for name in say(key, language).split("|"))


def wanted_heading(key: str, word: str) -> Wanted:
    """Return one of our own headings; the first spelling that `words.toml` lists is the one to show."""
    label = Text(**{language: tidy(say(word, language).partition("|")[0]) for language in LANGUAGES})
    return Wanted(key, label, wanted_names(word))


def find_table(file: str, sheet: Sheet, wanted: Iterable[Wanted], key: str, least: int = 2) -> Table | None:
    """Return the table whose heading row names `key` and the most others, `least` in all; else None."""
    names = _names(wanted)
    best: tuple[int, int] | None = None
    for row, cells in enumerate(_top(sheet)):
        found = {match[0] for cell in cells if (match := _match(cell, names))}
        if key in found and len(found) >= least and (best is None or len(found) > best[0]):
            best = (len(found), row)
    return _make_table(file, sheet, best[1], names) if best else None


def find_half_table(file: str, sheet: Sheet, wanted: Sequence[Wanted]) -> Table | None:
    """Return the table whose heading row has at least two of the headings, whichever, or what looks like them."""
    names = _names(wanted)
    counts = [sum(_resembles(cell, names, wanted) for cell in cells) for cells in _top(sheet)]
    best = max(counts, default=0)
    return _make_table(file, sheet, counts.index(best), names) if best > 1 else None


def _resembles(cell: Raw, names: Mapping[str, str], wanted: Sequence[Wanted]) -> bool:
    if _match(cell, names):
        return True
    short = isinstance(cell, str) and len(cell) < _LONGEST
    return short and any(_likeness(str(cell), each) >= _ALIKE for each in wanted)


def find_misspelt(table: Table, wanted: Sequence[Wanted]) -> dict[str, tuple[int, str]]:
    """Return for each missing heading the further column (column, heading) that looks like it most."""
    found: dict[str, tuple[float, int, str]] = {}
    for column, heading in table.others:
        likeness, key = max((_likeness(heading, each), each.key) for each in wanted)
        known = found.get(key, (_ALIKE, 0, ""))
        if key not in table.columns and heading and likeness >= known[0]:
            found[key] = (likeness, column, heading)
    return {key: (column, heading) for key, (_, column, heading) in found.items()}


def nearest_text(sheet: Sheet, wanted: Iterable[Wanted]) -> tuple[int, int, str] | None:
    """Return the cell (row, column, text) at the top of a sheet that looks most like a wanted heading."""
    cells = ((row, column, cell) for row, cells in enumerate(_top(sheet)) for column, cell in enumerate(cells))
    texts = [
        (row, column, tidy(cell)) for row, column, cell in cells if isinstance(cell, str) and len(cell) < _LONGEST
    ]
    alike = [(max(_likeness(text, each) for each in wanted), -row, -column, text) for row, column, text in texts]
    likeness, row, column, text = max(alike, default=(0.0, 0, 0, ""))
    return (-row, -column, text) if likeness >= _ALIKE else None


def title_above(table: Table) -> tuple[str, int, int]:
    """Return the first text above the heading row, with its row and column; "" if there is none."""
    for row, cells in enumerate(table.sheet.rows[: table.heading_row]):
        for column, cell in enumerate(cells):
            if isinstance(cell, str) and tidy(cell):
                return tidy(cell), row, column
    return "", 0, 0


def _top(sheet: Sheet) -> tuple[tuple[Raw, ...], ...]:
    return sheet.rows[:ROWS_SEARCHED]


def _names(wanted: Iterable[Wanted]) -> dict[str, str]:
    """Return folded spelling -> key; the first that claims a spelling has it."""
    names: dict[str, str] = {}
    for each in wanted:
        for name in each.names:
            names.setdefault(_squeeze(name), each.key)
    return names


@lru_cache(maxsize=1 << 15)
def key_of(text: str) -> str:
    """Return the text folded; a plan says the same words over and over."""
    return fold(text)


@lru_cache(maxsize=1 << 12)
def _squeeze(text: str) -> str:
    """Return the letters and digits of a heading: line breaks, hyphens and colons do not count."""
    return "".join(letter for letter in key_of(text) if letter.isalnum())


def _match(cell: Raw, names: Mapping[str, str]) -> tuple[str, int | None] | None:
    """Return which wanted heading a cell is, and the year that it names."""
    if not isinstance(cell, str):
        return None
    key = names.get(_squeeze(cell))
    if key:
        return key, None
    year = _YEAR.search(cell)
    key = names.get(_squeeze(cell[: year.start()])) if year else None
    return (key, int(year[1])) if year and key else None


def _make_table(file: str, sheet: Sheet, row: int, names: Mapping[str, str]) -> Table:
    columns: dict[str, int] = {}
    years: dict[str, int] = {}
    others, repeated = [], []
    for column, cell in enumerate(sheet.rows[row]):
        match = _match(cell, names)
        if match is None:
            others.append((column, tidy(written_text(cell))))
        elif match[0] in columns:
            repeated.append((tidy(str(cell)), columns[match[0]], column))
        else:
            columns[match[0]] = column
            years |= {match[0]: match[1]} if match[1] else {}
    return Table(
        file,
        sheet,
        row,
        MappingProxyType(columns),
        tuple(others),
        tuple(repeated),
        MappingProxyType(years),
        MappingProxyType(_merged_downwards(sheet, row)),
    )


def _merged_downwards(sheet: Sheet, heading_row: int) -> dict[tuple[int, int], int]:
    """Return cell -> the row of the first cell that it is merged with; below the headings only."""
    last = len(sheet.rows) - 1
    return {
        (row, column): top
        for top, column, bottom, _ in sheet.merged
        if top > heading_row
        for row in range(top + 1, min(bottom, last) + 1)
    }


def _likeness(heading: str, wanted: Wanted) -> float:
    """Return how alike two headings are, 0 to 1; of very short ones nothing can be said."""
    key = _squeeze(heading)
    names = [name for name in map(_squeeze, wanted.names) if min(len(name), len(key)) > 3]
    return max((difflib.SequenceMatcher(None, key, name).ratio() for name in names), default=0.0)
