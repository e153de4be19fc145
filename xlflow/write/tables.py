"""A grid on a sheet: a real Excel table in house style, every text shown whole, every status by its word.

Writes cells by their type only; what came from a person can become neither a formula nor a link here.
"""

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import takewhile
from types import MappingProxyType

from xlflow.core.model import Cell, Grid, GridColumn
from xlflow.excel.outgoing import STYLES, TALLEST, Format, Formula, count_lines, height_of, text_width
from xlflow.write.accounts import Formulas
from xlflow.write.desk import STATUS, Desk, Mark
from xlflow.write.formulas import quote
from xlflow.write.places import Piece

WIDEST = 80
"""Characters that a column may be widened to, so that its longest text fits the highest row."""

MOST_LINES = 25
"""Lines of text that the highest row shows, with a line to spare."""

FEW_LINES: Mapping[str, tuple[int, int]] = MappingProxyType({"_source": (3, 60)})
"""Columns whose text is long on every row if it is on one, as the name of a file is: the lines that it should take
at most, and how wide the column may become for that, so that not every row becomes high."""

FILTER_BUTTON = 3
"""Characters of a heading's room that the filter button covers."""

SIGN_ROOM = 2
"""Characters that the sign before a status takes."""

SURELY_FITS = 0.6
"""Part of a column's width that a text may have as characters and be sure to take one line."""

LINKED = MappingProxyType({name: STYLES["link"][name] for name in ("font_color", "underline")})
"""How the text of a link stands out."""

NARROW, PROSE, LONGEST_WORD = 11, 60, 19
"""Characters: a column too narrow for a sentence; a text whose words may be broken; a word that is not."""

NONE: frozenset[int] = frozenset()


def fit_widths(grid: Grid) -> Grid:
    """Return the grid with columns wide enough for their longest word, and for long texts to be shown whole."""
    columns = tuple(
        replace(column, width=_width_of(column, grid.distinct(place))) for place, column in enumerate(grid.columns)
    )
    return replace(grid, columns=columns)


def write_table(piece: Piece, formulas: Formulas, desk: Desk) -> None:
    """Write a table with its headings; `formulas` stand in some of its cells, by row and column of the grid.

    A table has at least one row: one without any says so in words.
    """
    top, bottom = piece.top, piece.below - 1
    grid = piece.grid if piece.grid.rows else replace(piece.grid, rows=(_say_empty(piece.grid, desk),))
    _make_table(piece, desk)
    laid, look = _lay_rows(grid), _looks_of(grid, desk)
    if formulas:
        _write_counted(piece, laid, look, formulas, desk)
    else:
        desk.sheet.lay_rows(top + 1, laid, look)
    for mark in desk.marks:
        _mark_texts(grid, (top + 1, bottom), mark, desk)
    _mark_negative(grid, (top + 1, bottom), desk)


def _lay_rows(grid: Grid) -> Iterator[tuple[Sequence[Cell], frozenset[int], float]]:
    """Yield every row with the places of its texts that read as above, and with its height."""
    groups = [place for place, column in enumerate(grid.columns) if column.kind == "group"]
    measured = _find_tall_texts(grid)
    above: Sequence[Cell] = ()
    for row in grid.rows:
        repeated = _find_repeated(groups, row, above)
        yield row, repeated, _height_of(measured, row, repeated)
        above = row


def _looks_of(grid: Grid, desk: Desk) -> Callable[[tuple[type, ...], Container[int]], Sequence[Format]]:
    """Return what tells the styles of the cells of a row, which of them read as above."""
    plain, faint = [desk.style(name) for name in ("cell", "repeated")]
    styles = [_styles_of(column, desk) for column in grid.columns]
    return lambda kinds, repeated: [
        faint if place in repeated else styles[place].get(kind, plain) for place, kind in enumerate(kinds)
    ]


def _write_counted(
    piece: Piece,
    laid: Iterable[tuple[Sequence[Cell], frozenset[int], float]],
    look: Callable[[tuple[type, ...], Container[int]], Sequence[Format]],
    formulas: Formulas,
    desk: Desk,
) -> None:
    """Write rows of which some cells are counted."""
    for number, (row, repeated, height) in enumerate(laid, piece.start):
        cells = [
            Formula(formulas[number, place], cell) if (number, place) in formulas else cell
            for place, cell in enumerate(row)
        ]
        place = piece.top + 1 + number - piece.start
        desk.sheet.write_row(place, cells, look(tuple(map(type, row)), repeated))
        desk.sheet.set_height(place, height)


def _make_table(piece: Piece, desk: Desk) -> None:
    head, grid, top = desk.style("heading"), piece.grid, piece.top
    columns = [{"header": column.heading, "header_format": head} for column in grid.columns]
    options = {"name": piece.table, "style": None, "columns": columns}
    desk.sheet.add_table((top, 0, piece.below - 1, len(columns) - 1), options)
    room = [(column.heading, max(1, column.width - FILTER_BUTTON)) for column in grid.columns]
    desk.sheet.set_height(top, height_of(room, least=2))


def _styles_of(column: GridColumn, desk: Desk) -> dict[type, Format]:
    number = {"signed": "signed", "share": "signed_share"}.get(column.kind, "number")
    text: dict[type, Format] = {str: desk.style("cell", **LINKED)} if column.kind == "link" else {}
    return {int: desk.style("integer"), Decimal: desk.style(number), date: desk.style("date"), **text}


def _find_repeated(groups: Sequence[int], row: Sequence[Cell], above: Sequence[Cell]) -> frozenset[int]:
    """Return the places of the group texts that read as in the row above, and so do all groups before them."""
    if not above or not groups or row[groups[0]] != above[groups[0]]:
        return NONE
    same = takewhile(lambda place: row[place] == above[place], groups)
    return frozenset(place for place in same if row[place] is not None)


def _find_tall_texts(grid: Grid) -> list[tuple[int, Mapping[Cell, int]]]:
    """Return, for each column that has any, the texts that take more than one line, and how many they take."""
    found: list[tuple[int, Mapping[Cell, int]]] = []
    for place, column in enumerate(grid.columns):
        width = column.width - SIGN_ROOM * (column.kind == "status")
        fits = width * SURELY_FITS
        texts = grid.distinct(place)
        long = [text for text in texts if isinstance(text, str) and (len(text) > fits or "\n" in text)]
        tall: dict[Cell, int] = {text: lines for text in long if (lines := count_lines(text, width)) > 1}
        if tall:
            found.append((place, tall))
    return found


def _height_of(
    columns: Sequence[tuple[int, Mapping[Cell, int]]], row: Sequence[Cell], repeated: Container[int]
) -> float:
    """Return how high a row must be for all its texts to show; a group's text only where it comes first. Columns
    are given by their place and their texts of more than one line."""
    lines = 1
    for place, tall in columns:
        lines = max(lines, tall.get(row[place], 1)) if place not in repeated else lines
    return min(TALLEST, 15.0 * lines + 1)


def _say_empty(grid: Grid, desk: Desk) -> tuple[Cell, ...]:
    place = next((place for place, column in enumerate(grid.columns) if column.width > NARROW), 0)
    words = desk.say(f"no_{grid.name}")
    return tuple(words if index == place else None for index in range(len(grid.columns)))


def _mark_texts(grid: Grid, rows: tuple[int, int], mark: Mark, desk: Desk) -> None:
    look = {"bg_color": mark.colour, "font_color": mark.ink}
    if mark.sign and '"' not in mark.sign:
        look["num_format"] = f'"{mark.sign} "@'
    for place, column in enumerate(grid.columns):
        if column.key in mark.columns or (column.kind == "status" and STATUS in mark.columns):
            style = desk.sheet.book.make_look(**look)
            options = {"type": "cell", "criteria": "==", "value": quote(mark.text), "format": style}
            desk.sheet.format_if((rows[0], place, rows[1], place), options)


def _mark_negative(grid: Grid, rows: tuple[int, int], desk: Desk) -> None:
    """Let numbers stand out that are bad news; their minus and the sign before it say so too."""
    for place, column in enumerate(grid.columns):
        if column.kind in ("signed", "share"):
            options = {"type": "cell", "criteria": "<", "value": 0, "format": desk.style("wrong")}
            desk.sheet.format_if((rows[0], place, rows[1], place), options)


def _width_of(column: GridColumn, cells: Iterable[Cell]) -> int:
    """Return the column's own width, or more if its longest word or its longest text needs that."""
    texts = {cell for cell in cells if isinstance(cell, str)}
    words = {word for text in texts if len(text) < PROSE for word in text.split()}
    sign = SIGN_ROOM * (column.kind == "status")
    word = max((size for size in map(text_width, words) if size < LONGEST_WORD), default=0) + 1.5 + sign
    heading = max(map(text_width, column.heading.split()), default=0) * 1.08 + FILTER_BUTTON
    width = max(column.width, math.ceil(word), math.ceil(heading))
    longest = max(texts, key=len, default="")
    lines, widest = FEW_LINES.get(column.key, (MOST_LINES, WIDEST))
    while width < widest and count_lines(longest, width) > lines:
        width += 4
    return width
