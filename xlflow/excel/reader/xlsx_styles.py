"""Which cell styles of a workbook change what a person sees: dates, durations, struck out, a date without its day.

Opens nothing; knows no cells. Element and attribute names are those of ECMA-376 part 1.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal
from xml.etree.ElementTree import Element

from xlflow.excel.conventions import MonthDate, YearDate
from xlflow.excel.reader.number_formats import BUILTIN_PERCENT_FORMATS, is_telling_number_format
from xlflow.excel.reader.rich_text import has_strike_tag, is_strike
from xlflow.excel.reader.safe_xml import get_attribute, local_name, parse_xml
from xlflow.runtime.memo import cache_small

_DATE_FORMAT_IDS = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
"""Built-in number formats that show dates or times of day (ECMA-376 part 1, 18.8.30)."""

_MONTH_FORMAT_ID, _DURATION_FORMAT_ID = 17, 46
"""The built-in formats mmm-yy and [h]:mm:ss."""

_FORMAT_LITERALS = re.compile(
    r'"[^"]{0,255}"|\\.|_.|\*.|\[(?!h{1,9}\]|m{1,9}\]|s{1,9}\])[^\]]{0,255}\]', re.IGNORECASE
)
_DURATION_CODE = re.compile(r"\[(?:h+|m+|s+)\]", re.IGNORECASE)

FormatKind = Literal["day", "month", "year", "span"]
"""What a number format shows of a number: a date with its day or a time of day, a month, a year, or a duration."""

_MONTH_FORMAT_USED = re.compile(rb'numFmtId="17"')
_PERCENT_FORMAT_USED = re.compile(rb'numFmtId="(?:9|10)"')
_FORMAT_CODE = re.compile(rb'formatCode="([^"]*)"')


@dataclass(frozen=True, slots=True)
class CellStyles:
    """The indexes of the cell styles that show dates or times of day, durations, struck-out text; and by index
    whether a date style shows the month or the year only (its styles are among `dates` too), and the number format
    where it shows an amount in another unit (see `number_formats`)."""

    dates: frozenset[int] = frozenset()
    durations: frozenset[int] = frozenset()
    struck_out: frozenset[int] = frozenset()
    partial_dates: Mapping[int, FormatKind] | None = None
    telling_formats: Mapping[int, str] | None = None

    def partial_date_kind(self, style: int) -> FormatKind | None:
        """Return "month" or "year" if that is all that a date style shows, None for all other styles."""
        return self.partial_dates.get(style) if self.partial_dates else None


@lru_cache(maxsize=1024)
def classify_number_format(format_code: str) -> FormatKind | None:
    """Return what a number format shows, None if no date, time or duration. Only its first section counts (the
    one for positive numbers), without quoted and escaped text."""
    letters = _FORMAT_LITERALS.sub("", format_code.split(";", maxsplit=1)[0]).lower()
    if _DURATION_CODE.search(letters):
        return "span"
    if "general" in letters or not set("dmyhs") & set(letters):
        return None
    if set("dhs") & set(letters):
        return "day"
    return "month" if "m" in letters else "year"


def make_partial_date(value: date, kind: FormatKind) -> date:
    """Return a date as its cell shows it: a `MonthDate` for kind "month", a `YearDate` for "year"."""
    return (MonthDate if kind == "month" else YearDate)(value.year, value.month, value.day)


def classify_styles(style_formats: Iterable[tuple[int, bool]], code_by_format: Mapping[int, str]) -> CellStyles:
    """Return what the cell styles show, given (number format id, struck out) of each, and the formats that the
    workbook defines itself. Built-in formats have fixed ids; a workbook may define them anew."""
    kinds: list[FormatKind | None] = []
    struck_out, telling_formats = set[int](), dict[int, str]()
    for index, (format_id, is_struck) in enumerate(style_formats):
        format_code = code_by_format.get(format_id) or BUILTIN_PERCENT_FORMATS.get(format_id, "")
        if format_code and is_telling_number_format(format_code):
            telling_formats[index] = format_code
        kinds.append(_classify_format_id(format_id, code_by_format))
        if is_struck:
            struck_out.add(index)
    return CellStyles(
        frozenset(index for index, kind in enumerate(kinds) if kind in ("day", "month", "year")),
        frozenset(index for index, kind in enumerate(kinds) if kind == "span"),
        frozenset(struck_out),
        {index: kind for index, kind in enumerate(kinds) if kind in ("month", "year")},
        telling_formats,
    )


def _classify_format_id(format_id: int, code_by_format: Mapping[int, str]) -> FormatKind | None:
    if format_id in code_by_format:
        return classify_number_format(code_by_format[format_id])
    if format_id == _DURATION_FORMAT_ID:
        return "span"
    return "month" if format_id == _MONTH_FORMAT_ID else "day" if format_id in _DATE_FORMAT_IDS else None


def parse_cell_styles(part: bytes) -> CellStyles:
    """Return what the cell styles of a styles part show. Raises ParseError if the part is broken, ValueError if a
    style has a format that is no number."""
    root = parse_xml(part)
    codes = {
        int(key): get_attribute(element, "formatCode")
        for element in _children_of(root, "numFmts")
        if local_name(element) == "numFmt" and (key := get_attribute(element, "numFmtId")).isdecimal()
    }
    struck_fonts = {
        str(index) for index, font in enumerate(_children_of(root, "fonts")) if any(map(is_strike, font))
    }
    formats = (
        (int(get_attribute(style, "numFmtId") or 0), get_attribute(style, "fontId") in struck_fonts)
        for style in _children_of(root, "cellXfs")
    )
    return classify_styles(formats, codes)


def _children_of(root: Element, tag: str) -> Iterator[Element]:
    """Yield the elements in the lists of this name right below the root: conditional formats further down have
    number formats of their own, with numbers that cell styles may use too."""
    for element in root:
        if local_name(element) == tag:
            yield from element


@cache_small(max_size=60_000, max_entries=256)
def has_telling_styles(styles_part: bytes) -> bool:
    """Return whether cells may be struck out, or be dates of which the month or year only is shown, so that the
    cells' styles must be known. Cached, since the forms of a round have their styles in common."""
    if has_strike_tag(styles_part) or _MONTH_FORMAT_USED.search(styles_part):
        return True
    codes = (code.decode(errors="replace") for code in _FORMAT_CODE.findall(styles_part))
    return _PERCENT_FORMAT_USED.search(_cell_styles_part(styles_part)) is not None or any(
        classify_number_format(code) in ("month", "year") or is_telling_number_format(html.unescape(code))
        for code in codes
    )


def _cell_styles_part(styles_part: bytes) -> bytes:
    """Return the element with the styles of cells, without those that a workbook only offers."""
    start, end = styles_part.find(b"<cellXfs"), styles_part.find(b"</cellXfs>")
    return styles_part[start:end] if 0 <= start < end else b""
