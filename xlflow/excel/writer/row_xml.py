"""Builds whole rows as XML: the same bytes as XlsxWriter writes cell by cell, in a fraction of the time.

XlsxWriter keeps an object per cell and writes each with several calls; a large table has millions of cells. Here
a row becomes XML as it comes. Rows whose cells have the same types and styles share a pattern, into which only
the row's number, its height and its values are put. Rows and columns are counted from 0.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import compress
from typing import Any

from xlsxwriter.format import Format

from xlflow.excel.cell_address import column_letters
from xlflow.excel.conventions import SERIAL_EPOCH
from xlflow.excel.writer.formula_cells import Formula, formula_cell_xml
from xlflow.excel.writer.shared_strings import FORMULA_PREFIXES, MAX_CELL_TEXT, SharedStrings
from xlflow.model.table import TableCell

_EPOCH_ORDINAL = SERIAL_EPOCH.toordinal()
"""Proleptic ordinal of day 0 of Excel's dates, for all dates from March 1900 on."""

LEAP_YEAR_BUG_END = date(1900, 3, 1)
"""Excel counts a 29 February 1900 that never was; dates before this one have a number one lower."""

FIRST_EXCEL_DATE = date(1900, 1, 1)
"""The first date that Excel knows; earlier ones are written as text."""

CellContent = TableCell | Formula

RowSpec = tuple[Sequence[CellContent], Hashable, float | None]
"""(values from column 0 on, style key, height in points or None for the default) of one row. The style key is
whatever else than the types of its values the styles of the row depend on."""

CellTypes = tuple[type, ...]

StyleChooser = Callable[[CellTypes, Any], Sequence[Format | None]]
"""(types of the values, style key) -> a style for each value; asked once for each such pair."""


@dataclass(frozen=True, slots=True)
class WorkbookCallbacks:
    """What rows need of their workbook: its shared strings, the index of a style, the copy of a style with the
    quote prefix, and (row, column, text) -> what the cell holds of a text that may be too long for it."""

    shared_strings: SharedStrings
    style_index: Callable[[Format], int]
    quoted_style: Callable[[Format | None], Format]
    split_long_text: Callable[[int, int, str], str]


@dataclass(frozen=True, slots=True)
class _RowPattern:
    """The XML of a row with @ for its number and %s for its height and each of its values. `value_mask`: which
    cells have a value; `formatters`: how each of these is written; `text_count`: how many of them are texts."""

    xml: str
    value_mask: tuple[bool, ...]
    formatters: tuple[Callable[[Any], object], ...]
    text_count: int


class RowXmlBuilder:
    """Builds the rows of one block. Patterns are kept by the types of the values and the style key."""

    def __init__(self, callbacks: WorkbookCallbacks, choose_styles: StyleChooser, *, auto_height: bool):
        self._callbacks, self._choose_styles, self._auto_height = callbacks, choose_styles, auto_height
        self._plain_text_index: Callable[[Any], int] = callbacks.shared_strings.plain_indexes.__getitem__
        self._patterns: dict[tuple[CellTypes, Hashable], _RowPattern] = {}

    def build_row(self, row_index: int, row_spec: RowSpec) -> str:
        """Return one row as XML.

        A row of a known pattern takes one format operation. A formatter or the table of texts raises KeyError for
        a value that needs more (see `_build_special_row`); such values are rare, and asking first would cost more
        than all the rest.
        """
        values, style_key, height_points = row_spec
        cell_types = tuple(map(type, values))
        pattern = self._patterns.get((cell_types, style_key))
        if pattern is None:
            pattern = self._patterns[cell_types, style_key] = self._build_pattern(
                cell_types, self._choose_styles(cell_types, style_key), self._plain_text_index
            )
        height_attributes = _height_attributes(height_points, auto_height=self._auto_height)
        try:
            if pattern.text_count == len(pattern.formatters):
                substitutions = (
                    height_attributes,
                    *map(self._plain_text_index, compress(values, pattern.value_mask)),
                )
            else:
                present_values = compress(values, pattern.value_mask)
                substitutions = (
                    height_attributes,
                    *[
                        formatter(value)
                        for formatter, value in zip(pattern.formatters, present_values, strict=True)
                    ],
                )
        except KeyError:
            return self._build_special_row(
                row_index, values, self._choose_styles(cell_types, style_key), height_attributes
            )
        self._callbacks.shared_strings.count += pattern.text_count
        return pattern.xml.replace("@", str(row_index + 1)) % substitutions

    def _build_pattern(
        self, cell_types: CellTypes, styles: Sequence[Format | None], text_index: Callable[[str], int]
    ) -> _RowPattern:
        cells = zip(cell_types, _first_column_letters(len(cell_types)), styles, strict=True)
        xml = f'<row r="@"%s>{"".join(self._cell_pattern(*cell) for cell in cells)}</row>'
        value_mask = tuple(cell_type is not type(None) for cell_type in cell_types)
        formatters = {**_VALUE_FORMATTERS, str: text_index}
        return _RowPattern(
            xml,
            value_mask,
            tuple(formatters[kind] for kind in compress(cell_types, value_mask)),
            cell_types.count(str),
        )

    def _cell_pattern(self, cell_type: type, letters: str, style: Format | None) -> str:
        opening = f'<c r="{letters}@"' + ("" if style is None else f' s="{self._callbacks.style_index(style)}"')
        if cell_type is type(None):
            return "" if style is None else f"{opening}/>"
        return opening + _VALUE_XML.get(cell_type, "><v>%s</v></c>")

    def _build_special_row(
        self,
        row_index: int,
        values: Sequence[CellContent],
        styles: Sequence[Format | None],
        height_attributes: str,
    ) -> str:
        """Return a row with cells that no pattern fits: an empty text, one that is too long or looks like a
        formula, or a date before 1900."""
        cells = [
            self._normalize_special_cell(row_index, *cell)
            for cell in zip(range(len(values)), values, styles, strict=True)
        ]
        cell_types = tuple(type(value) for value, _ in cells)
        pattern = self._build_pattern(
            cell_types, [style for _, style in cells], self._callbacks.shared_strings.index_for_cell
        )
        present_values = compress([value for value, _ in cells], pattern.value_mask)
        substitutions = (
            height_attributes,
            *[formatter(value) for formatter, value in zip(pattern.formatters, present_values, strict=True)],
        )
        return pattern.xml.replace("@", str(row_index + 1)) % substitutions

    def _normalize_special_cell(
        self, row: int, column: int, value: CellContent, style: Format | None
    ) -> tuple[CellContent, Format | None]:
        if isinstance(value, date) and value < FIRST_EXCEL_DATE:
            return value.isoformat(), style
        if not isinstance(value, str):
            return value, style
        if not value:
            return None, style
        text = value if len(value) <= MAX_CELL_TEXT // 2 else self._callbacks.split_long_text(row, column, value)
        return text, self._callbacks.quoted_style(style) if text[0] in FORMULA_PREFIXES else style


def _date_serial(value: date) -> int:
    """Return Excel's number of a date. Raises KeyError for a date before 1900, see `RowXmlBuilder.build_row`."""
    if value < FIRST_EXCEL_DATE:
        raise KeyError(value)
    return value.toordinal() - _EPOCH_ORDINAL - (value < LEAP_YEAR_BUG_END)


def _format_number(number: int | Decimal) -> str:
    return f"{number:.16G}"


_VALUE_XML = {str: ' t="s"><v>%s</v></c>', bool: ' t="b"><v>%s</v></c>', Formula: "%s</c>"}
"""Type of a value -> the XML after the address and style of its cell; all other types are numbers."""

_VALUE_FORMATTERS: dict[type, Callable[[Any], object]] = {
    bool: int,
    int: _format_number,
    Decimal: _format_number,
    date: _date_serial,
    Formula: formula_cell_xml,
}
"""Type of a value -> how it is written; KeyError for one that the pattern cannot take."""


@lru_cache(maxsize=256)
def points_to_pixels(points: float | None) -> int:
    """Return a height in points as whole pixels (96 to the inch), rounded as XlsxWriter rounds; None is the
    default."""
    return DEFAULT_ROW_PIXELS if points is None else int(points * 4.0 / 3.0 + 0.5)


@lru_cache(maxsize=256)
def _height_attributes(points: float | None, *, auto_height: bool) -> str:
    """Return the attributes for a row's height as XlsxWriter writes them; "" for the default height."""
    pixels = points_to_pixels(points)
    if pixels == DEFAULT_ROW_PIXELS:
        return ""
    return f' ht="{pixels * 0.75:.16g}"' + ("" if auto_height else ' customHeight="1"')


DEFAULT_ROW_PIXELS = 20
"""Height of a row for which none is set, in pixels."""


@lru_cache(maxsize=64)
def _first_column_letters(count: int) -> tuple[str, ...]:
    return tuple(column_letters(column) for column in range(count))
