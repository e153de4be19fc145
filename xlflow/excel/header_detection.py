"""Finds the table on a sheet that people made by hand: its heading row, and which column has which heading.

Headings may be in any order, in either language, below a title, broken over lines, and end in a year. Knows
nothing of plans or forms: callers say which headings to look for. Rows and columns are counted from 0.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import SheetData
from xlflow.i18n.catalogue import LANGUAGES, LocalizedText, translate
from xlflow.model.findings import Location
from xlflow.model.text import READ_SIMILARITY, collapse_whitespace, normalize_key_cached, text_similarity
from xlflow.values import cell_text

HEADING_SEARCH_ROWS = 30
"""Rows from the top of a sheet in which its heading row must be."""

_YEAR_SUFFIX = re.compile(r"\s{0,20}\b((?:19|20)\d\d)\W{0,20}$")
_NUMBERS_SUFFIX = re.compile(r" - (?:tabell|table) ?\d{1,6}$")
_MAX_HEADING_LENGTH = 60
"""Characters from which on a text is not compared with headings: no heading is so long, and difflib is slow."""
_MIN_SIMILARITY = 0.8
"""Ratio of difflib from which on an unknown heading may be a misspelt one; it is then suggested, never assumed."""


@dataclass(frozen=True, slots=True)
class HeadingSpec:
    """One heading to look for. `key` is what the caller calls the column, `label` how it is shown to people,
    `spellings` every accepted wording, in all languages."""

    key: str
    label: LocalizedText
    spellings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DetectedTable:
    """A table on a sheet. `column_by_key` are the columns that were looked for; `extra_columns` the others as
    (column, heading); `duplicate_headings` are (heading, column that counts, column that does not).

    `year_by_key` are the years that headings end in; `merged_top_rows` maps a cell (row, column) within a range
    merged downwards to the row that has its value.
    """

    file: str
    sheet: SheetData
    heading_row: int
    column_by_key: Mapping[str, int]
    extra_columns: tuple[tuple[int, str], ...]
    duplicate_headings: tuple[tuple[str, int, int], ...]
    year_by_key: Mapping[str, int]
    merged_top_rows: Mapping[tuple[int, int], int]

    def data_rows(self) -> Iterator[int]:
        """Yield the rows below the heading row that hold anything, but no repeated heading rows."""
        heading_keys = [normalize_key_cached(cell_text(cell)) for cell in self.sheet.rows[self.heading_row]]
        for row in range(self.heading_row + 1, len(self.sheet.rows)):
            keys = [normalize_key_cached(cell) if isinstance(cell, str) else cell for cell in self.sheet.rows[row]]
            if any(text not in (None, "") for text in keys) and keys != [text or None for text in heading_keys]:
                yield row

    def cell_value(self, row: int, key: str) -> RawCell:
        """Return the value in a row and the column of a key, None if that column is missing; in a range merged
        downwards, the value of its first cell."""
        column = self.column_by_key.get(key)
        return None if column is None else self.cell_value_at(row, column)

    def cell_value_at(self, row: int, column: int) -> RawCell:
        """Return the value in a row and column, merged cells as in `cell_value`."""
        return self.sheet.rows[self.merged_top_rows.get((row, column), row)][column]

    def cell_text(self, row: int, key: str) -> str:
        """Return the value in a row and the column of a key as text, without blanks around it; "" for none."""
        return cell_text(self.cell_value(row, key)).strip()

    def location(self, row: int, key: str) -> Location:
        """Return the location of a cell; of the row's first cell if the column is missing."""
        return self.location_at(row, self.column_by_key.get(key, 0))

    def location_at(self, row: int, column: int) -> Location:
        """Return the location of the cell in a row and column."""
        return Location(self.file, self.sheet.name, format_cell_address(row, column))


def base_sheet_name(name: str) -> str:
    """Return the normalized name of a sheet without what Apple Numbers adds to it: "plan - tabell 1" is "plan"."""
    return _NUMBERS_SUFFIX.sub("", normalize_key_cached(name))


def accepted_spellings(word_key: str) -> tuple[str, ...]:
    """Return every spelling of a heading in all languages; `word_key` is its key in `words.toml`, where spellings
    are separated by | ("plan.unit_heading")."""
    return tuple(
        collapse_whitespace(name) for language in LANGUAGES for name in translate(word_key, language).split("|")
    )


def make_heading_spec(key: str, word_key: str) -> HeadingSpec:
    """Return the heading with this key in `words.toml`; the first spelling that is listed there becomes its
    label."""
    label = LocalizedText(
        **{
            language: collapse_whitespace(translate(word_key, language).partition("|")[0])
            for language in LANGUAGES
        }
    )
    return HeadingSpec(key, label, accepted_spellings(word_key))


def group_headings(row: Sequence[RawCell], max_length: int) -> dict[str, list[int]]:
    """Return normalized text -> columns (0-based, ascending) of the cells of a row that may be headings: texts
    below a length in letters. For tables with known headings; for those made by hand see `find_table`."""
    columns: dict[str, list[int]] = {}
    for column, cell in enumerate(row):
        if isinstance(cell, str) and len(cell) < max_length:
            columns.setdefault(normalize_key_cached(cell), []).append(column)
    return columns


def find_table(
    file: str, sheet: SheetData, headings: Iterable[HeadingSpec], required_key: str, min_headings: int = 2
) -> DetectedTable | None:
    """Return the table whose heading row has the heading `required_key` and, with it, at least `min_headings`.

    If several rows do, the one with the most headings, the uppermost of equals; None if there is none. `file` is
    what locations in the table name.
    """
    key_by_spelling = _keys_by_spelling(headings)
    best: tuple[int, int] | None = None
    for row, cells in enumerate(_top_rows(sheet)):
        keys_found = {match[0] for cell in cells if (match := _match_heading(cell, key_by_spelling))}
        if (
            required_key in keys_found
            and len(keys_found) >= min_headings
            and (best is None or len(keys_found) > best[0])
        ):
            best = (len(keys_found), row)
    return _build_detected_table(file, sheet, best[1], key_by_spelling) if best else None


def find_partial_table(file: str, sheet: SheetData, headings: Sequence[HeadingSpec]) -> DetectedTable | None:
    """Return the table whose heading row has at least two of the headings, or cells similar to them; None if there
    is none. For telling what is wrong with a sheet on which `find_table` found nothing."""
    key_by_spelling = _keys_by_spelling(headings)
    counts = [
        sum(_resembles_heading(cell, key_by_spelling, headings) for cell in cells) for cells in _top_rows(sheet)
    ]
    best = max(counts, default=0)
    return _build_detected_table(file, sheet, counts.index(best), key_by_spelling) if best > 1 else None


def _resembles_heading(cell: RawCell, key_by_spelling: Mapping[str, str], headings: Sequence[HeadingSpec]) -> bool:
    if _match_heading(cell, key_by_spelling):
        return True
    is_short = isinstance(cell, str) and len(cell) < _MAX_HEADING_LENGTH
    return is_short and any(_heading_similarity(str(cell), each) >= READ_SIMILARITY for each in headings)


def find_misspelt_headings(table: DetectedTable, headings: Sequence[HeadingSpec]) -> dict[str, tuple[int, str]]:
    """Return key of a missing heading -> (column, heading) of the extra column whose heading is most similar to
    it."""
    found: dict[str, tuple[float, int, str]] = {}
    for column, heading in table.extra_columns:
        similarity, key = max((_heading_similarity(heading, each), each.key) for each in headings)
        best_so_far = found.get(key, (READ_SIMILARITY, 0, ""))
        if key not in table.column_by_key and heading and similarity >= best_so_far[0]:
            found[key] = (similarity, column, heading)
    return {key: (column, heading) for key, (_, column, heading) in found.items()}


def find_most_similar_cell(sheet: SheetData, headings: Iterable[HeadingSpec]) -> tuple[int, int, str] | None:
    """Return (row, column, text) of the cell at the top of a sheet that is most similar to any of the headings;
    None if none is similar."""
    cells = (
        (row, column, cell) for row, cells in enumerate(_top_rows(sheet)) for column, cell in enumerate(cells)
    )
    texts = [
        (row, column, collapse_whitespace(cell))
        for row, column, cell in cells
        if isinstance(cell, str) and len(cell) < _MAX_HEADING_LENGTH
    ]
    candidates = [
        (max(_heading_similarity(text, each) for each in headings), -row, -column, text)
        for row, column, text in texts
    ]
    similarity, row, column, text = max(candidates, default=(0.0, 0, 0, ""))
    return (-row, -column, text) if similarity >= READ_SIMILARITY else None


def find_title_above(table: DetectedTable) -> tuple[str, int, int]:
    """Return (text, row, column) of the first text above the heading row; ("", 0, 0) if there is none. The name of
    a table that Apple Numbers puts there, and in the sheet's name, is none."""
    for row, cells in enumerate(table.sheet.rows[: table.heading_row]):
        for column, cell in enumerate(cells):
            if isinstance(cell, str) and collapse_whitespace(cell) and not table.sheet.name.endswith(f" - {cell}"):
                return collapse_whitespace(cell), row, column
    return "", 0, 0


def _top_rows(sheet: SheetData) -> tuple[tuple[RawCell, ...], ...]:
    return sheet.rows[:HEADING_SEARCH_ROWS]


def _keys_by_spelling(headings: Iterable[HeadingSpec]) -> dict[str, str]:
    """Return normalised spelling -> key; if two headings share a spelling, the first one has it."""
    key_by_spelling: dict[str, str] = {}
    for each in headings:
        for spelling in each.spellings:
            key_by_spelling.setdefault(_keep_letters_and_digits(spelling), each.key)
    return key_by_spelling


@lru_cache(maxsize=1 << 12)
def _keep_letters_and_digits(text: str) -> str:
    """Return the letters and digits of a normalised heading: line breaks, hyphens and colons do not count."""
    return "".join(letter for letter in normalize_key_cached(text) if letter.isalnum())


def _match_heading(cell: RawCell, key_by_spelling: Mapping[str, str]) -> tuple[str, int | None] | None:
    """Return (key of the heading that a cell is, the year that it ends in or None); None if it is no heading."""
    if not isinstance(cell, str):
        return None
    key = key_by_spelling.get(_keep_letters_and_digits(cell))
    if key:
        return key, None
    year = _YEAR_SUFFIX.search(cell)
    key = key_by_spelling.get(_keep_letters_and_digits(cell[: year.start()])) if year else None
    return (key, int(year[1])) if year and key else None


def _build_detected_table(
    file: str, sheet: SheetData, heading_row: int, key_by_spelling: Mapping[str, str]
) -> DetectedTable:
    """Return the table with this heading row; of two columns with the same heading, the left one counts."""
    column_by_key: dict[str, int] = {}
    year_by_key: dict[str, int] = {}
    extra_columns, duplicate_headings = [], []
    for column, cell in enumerate(sheet.rows[heading_row]):
        match = _match_heading(cell, key_by_spelling)
        if match is None:
            extra_columns.append((column, collapse_whitespace(cell_text(cell))))
        elif match[0] in column_by_key:
            duplicate_headings.append((collapse_whitespace(str(cell)), column_by_key[match[0]], column))
        else:
            column_by_key[match[0]] = column
            year_by_key |= {match[0]: match[1]} if match[1] else {}
    return DetectedTable(
        file,
        sheet,
        heading_row,
        MappingProxyType(column_by_key),
        tuple(extra_columns),
        tuple(duplicate_headings),
        MappingProxyType(year_by_key),
        MappingProxyType(_find_merged_top_rows(sheet, heading_row)),
    )


def _find_merged_top_rows(sheet: SheetData, heading_row: int) -> dict[tuple[int, int], int]:
    """Return (row, column) -> row of the cell that has the value, for ranges merged downwards below the
    headings."""
    last_row = len(sheet.rows) - 1
    return {
        (row, column): top
        for top, column, bottom, _ in sheet.merged_ranges
        if top > heading_row
        for row in range(top + 1, min(bottom, last_row) + 1)
    }


def _heading_similarity(heading: str, spec: HeadingSpec) -> float:
    """Return how similar a text is to a heading's spellings, 0 to 1; 0 if either has three characters or fewer."""
    key = _keep_letters_and_digits(heading)
    spellings = [
        spelling for spelling in map(_keep_letters_and_digits, spec.spellings) if min(len(spelling), len(key)) > 3
    ]
    return max((text_similarity(key, name) for name in spellings), default=0.0)
