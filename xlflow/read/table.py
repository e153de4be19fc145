"""Finds the form on whatever sheet it stands by now, and every column wherever it has been moved.

Goes by what stands there: the hidden row of codes, else the headings, else the place where a column was issued.
The sheet's name says nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from xlflow.core.findings import Finding, Place, find
from xlflow.core.layout import LOOSE_ROW
from xlflow.core.model import Line
from xlflow.core.text import fold
from xlflow.core.values import written_text
from xlflow.core.words import LANGUAGES, say
from xlflow.excel.incoming import Raw, Sheet, cell_name
from xlflow.read.shape import Shape, quick_fold

_LOOKED_THROUGH = 300
"""Rows from the top within which the heading row must stand."""

_LONGEST_HEADING = 200
_BELOW_CODES = 6
_FEWEST = 3
"""Columns that a heading row must name."""


@dataclass(frozen=True, slots=True)
class Table:
    """The form on its sheet: the heading row, and for each column of the shape where it stands now, if at all."""

    file: str
    sheet: Sheet
    codes: int | None
    heading: int
    places: tuple[int | None, ...]
    findings: tuple[Finding, ...] = ()

    def place(self, row: int, column: int = 0) -> Place:
        """Return the address of a cell, counted from 0."""
        return Place(self.file, self.sheet.name, cell_name(row, column))


def find_tables(file: str, sheets: Sequence[Sheet], shape: Shape) -> tuple[Table, ...]:
    """Return the form, once for every sheet on which it stands."""
    heads = ((sheet, _find_head(sheet, shape)) for sheet in sheets)
    return tuple(_make_table(file, sheet, shape, *head) for sheet, head in heads if head and not holds_kept(sheet))


def holds_kept(sheet: Sheet) -> bool:
    """Return whether a sheet is the one, in a form that went back, of what stood outside the table; whole rows of
    it may stand there, and even its headings."""
    where = _words("returned.loose_where")
    above = [cell for row in sheet.rows[:LOOSE_ROW] for cell in row[:1] if isinstance(cell, str)]
    return fold(sheet.name) in _words("sheet.loose") or any(fold(cell) in where for cell in above)


@cache
def _words(key: str) -> frozenset[str]:
    return frozenset(fold(say(key, language)) for language in LANGUAGES)


def lift_heading(table: Table, shape: Shape, lines: Sequence[Line]) -> Table:
    """Return the table with its codes as heading where somebody deleted the heading, so that a line has
    its place."""
    if table.codes is None or not table.findings or table.heading >= len(table.sheet.rows):
        return table
    row, places = table.sheet.rows[table.heading], (table.places[0], table.places[shape.levels[shape.item]])
    marked, text = (None if place is None else row[place] for place in places)
    if not any(marked == line.id or text == line.levels[shape.item] for line in lines):
        return table
    gone = find("headings-gone", Place(table.file, table.sheet.name))
    kept = (found for found in table.findings if found.code != "heading-changed")
    return replace(table, heading=table.codes, findings=(gone, *kept))


def _find_head(sheet: Sheet, shape: Shape) -> tuple[int | None, int] | None:
    """Return the row of codes, if there is one, and the heading row; None if this is not the form."""
    for number, row in enumerate(sheet.rows[:_LOOKED_THROUGH]):
        if not shape.codes.isdisjoint(row) and sum(cell in shape.codes for cell in row) > 1:
            above = sheet.rows[:number]
            heads = [place for place, cells in enumerate(above) if _is_heading(_named(cells, shape), shape)]
            if heads:  # the codes are a copy, pasted between the rows
                return None, heads[0]
            below = range(number + 1, min(number + _BELOW_CODES, len(sheet.rows)))
            named = [(len(_named(sheet.rows[each], shape)), -each) for each in below]
            most, least_far = max(named, default=(0, 0))
            return number, -least_far if most > 1 else number + 1
    most = max(map(len, shape.by_name.values()))
    for number, row in enumerate(sheet.rows[:_LOOKED_THROUGH]):
        enough = (len(row) - row.count(None)) * most >= _FEWEST
        if enough and _is_heading(_named(row, shape), shape):
            return None, number
    return None


def _named(row: Sequence[Raw], shape: Shape) -> dict[int, list[int]]:
    """Return which columns of the shape the cells of a row are headings of, and where."""
    found: dict[int, list[int]] = {}
    for place, cell in enumerate(row):
        if isinstance(cell, str) and len(cell) < _LONGEST_HEADING:
            for index in shape.by_name.get(quick_fold(cell), ()):
                found.setdefault(index, []).append(place)
    return found


def _is_heading(named: dict[int, list[int]], shape: Shape) -> bool:
    """Whether a row names something to answer, and the line's own level and a third column, or most columns."""
    most = shape.levels[shape.item] in named or len(named) * 2 > len(shape.columns)
    return len(named) >= _FEWEST and most and any(asked.index in named for asked in shape.answers)


def _make_table(file: str, sheet: Sheet, shape: Shape, codes: int | None, heading: int) -> Table:
    above = sheet.rows[codes] if codes is not None else ()
    row = sheet.rows[heading] if heading < len(sheet.rows) else ()
    coded: dict[int, list[int]] = {}
    for place, cell in enumerate(above):
        if isinstance(cell, str) and cell in shape.by_code:
            coded.setdefault(shape.by_code[cell], []).append(place)
    named = _named(row, shape)
    places: dict[int, int] = {}
    for index, candidates in _candidates(shape, coded, named):
        free = [place for place in candidates if place not in places.values()]
        if index not in places and free:
            places[index] = _fullest(sheet, heading, free)
    if not coded:
        _place_by_position(shape, row, places)
    found = tuple(places.get(index) for index in range(len(shape.columns)))
    table = Table(file, sheet, codes, heading, found)
    return Table(file, sheet, codes, heading, found, tuple(_doubts(table, shape, coded, named)))


def _candidates(
    shape: Shape, coded: dict[int, list[int]], named: dict[int, list[int]]
) -> Iterator[tuple[int, list[int]]]:
    """Yield where each column may stand, the surest first: code and heading agree, then the heading that people
    saw when they wrote, then the code."""
    for index in range(len(shape.columns)):
        yield index, [place for place in coded.get(index, ()) if place in named.get(index, ())]
    for index in range(len(shape.columns)):
        yield index, named.get(index, [])
    for index in range(len(shape.columns)):
        yield index, coded.get(index, [])


def _fullest(sheet: Sheet, heading: int, places: Sequence[int]) -> int:
    """Return the place with most cells filled below the heading, the first of several; copies are mostly blank."""
    if len(places) == 1:
        return places[0]
    return max(
        places, key=lambda place: (sum(row[place] is not None for row in sheet.rows[heading + 1 :]), -place)
    )


def _place_by_position(shape: Shape, row: Sequence[Raw], places: dict[int, int]) -> None:
    """Take columns whose heading nobody knows to stand where they were issued, if all known ones still do."""
    after = shape.remaining + 1
    beside = (*range(after), shape.previous, *range(after, shape.previous))
    for order in (range(len(shape.columns)), beside):
        if all(place < len(order) and order[place] == index for index, place in places.items()):
            for place, index in enumerate(order[: len(row)]):
                if index not in places and row[place] is not None:
                    places[index] = place
            return


def _doubts(
    table: Table, shape: Shape, coded: dict[int, list[int]], named: dict[int, list[int]]
) -> Iterator[Finding]:
    for index, column in enumerate(shape.columns):
        place = table.places[index]
        words = {"field": column.label}
        if place is None:
            if column.kind in ("answer", "level", "id"):
                code = "column-missing" if column.kind == "answer" else "issued-column-missing"
                yield find(code, Place(table.file, table.sheet.name), field=column.key, words=words)
        elif place not in named.get(index, ()):
            row = table.sheet.rows[table.heading] if table.heading < len(table.sheet.rows) else ()
            written = written_text(row[place]) if place < len(row) else ""
            if written or column.kind != "remaining":
                at = table.place(table.heading, place)
                yield find("heading-changed", at, field=column.key, value=written, words=words)
        elif coded and place not in coded.get(index, [place]):
            yield find("heading-not-code", table.place(table.heading, place), field=column.key, words=words)
