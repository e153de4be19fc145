"""The one door to XlsxWriter: house style, safe text, checked calls, whole files or none.

Whatever came from a person goes out as text, number or date by its type, never as a formula or a link. A call
that XlsxWriter refuses becomes a fault at once instead of a hole in the sheet. A file is written beside its
target, flushed to disk and renamed, so the target is the old file or the new one and never half of one.
"""

import io
import math
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from types import MappingProxyType
from typing import Any

import xlsxwriter
import xlsxwriter.core
import xlsxwriter.packager
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlflow.core.findings import Place, Stop, find
from xlflow.core.model import Cell
from xlflow.core.words import Language

FONT = "Calibri"
COLOURS = MappingProxyType(
    {
        "ink": "#1F2933",
        "quiet": "#52606D",
        "faint": "#6B7683",
        "rule": "#CBD2D9",
        "head": "#1F4E5F",
        "on_head": "#FFFFFF",
        "band": "#EEF3F5",
        "ask": "#FFF9E3",
        "ask_rule": "#D9BC63",
        "ask_head": "#F5D76E",
        "wrong": "#9B1C1C",
        "wrong_fill": "#FDE8E8",
        "good": "#14532D",
        "good_fill": "#E3F4E8",
    }
)
"""The house colours; every pair of ink and fill that is used has a contrast of at least 4.5."""

STYLES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "plain": {},
        "title": {"bold": True, "font_size": 16, "font_color": COLOURS["head"], "valign": "vcenter"},
        "subtitle": {"bold": True, "font_size": 12, "font_color": COLOURS["head"], "valign": "vcenter"},
        "quiet": {"font_color": COLOURS["quiet"]},
        "wrapped": {"text_wrap": True, "valign": "top"},
        "heading": {
            "bold": True,
            "font_color": COLOURS["on_head"],
            "bg_color": COLOURS["head"],
            "text_wrap": True,
            "valign": "vcenter",
            "border": 1,
            "border_color": COLOURS["rule"],
        },
        "cell": {"text_wrap": True, "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "cell_quiet": {
            "text_wrap": True,
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["rule"],
            "font_color": COLOURS["quiet"],
        },
        "ask": {
            "text_wrap": True,
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["ask_rule"],
            "bg_color": COLOURS["ask"],
            "locked": False,
        },
        "ask_heading": {
            "bold": True,
            "font_color": COLOURS["ink"],
            "bg_color": COLOURS["ask_head"],
            "text_wrap": True,
            "valign": "vcenter",
            "border": 1,
            "border_color": COLOURS["ask_rule"],
        },
        "band": {"bold": True, "font_color": COLOURS["head"], "bg_color": COLOURS["band"], "valign": "vcenter"},
        "repeated": {
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["rule"],
            "font_color": COLOURS["faint"],
        },
        "integer": {"num_format": "#,##0", "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "number": {"num_format": "#,##0.00", "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "share": {"num_format": "0 %", "valign": "top", "border": 1, "border_color": COLOURS["rule"]},
        "date": {
            "num_format": "yyyy-mm-dd",
            "align": "left",
            "valign": "top",
            "border": 1,
            "border_color": COLOURS["rule"],
        },
        "wrong": {"font_color": COLOURS["wrong"], "bg_color": COLOURS["wrong_fill"], "bold": True},
        "good": {"font_color": COLOURS["good"], "bg_color": COLOURS["good_fill"]},
        "code": {"font_color": COLOURS["quiet"], "font_size": 8},
        "link": {"font_color": "#0B5394", "underline": 1, "text_wrap": True, "valign": "top"},
    }
)
"""The house styles by name; a sheet may ask for one with a few properties changed."""

MAX_TEXT = 32_767
"""Characters that one cell can hold."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML cannot hold. In cells XlsxWriter writes it coded; elsewhere it is left out."""


class Book:
    """A workbook in the making, kept in memory until `to_bytes`. `made_on` is written as its date of creation,
    so that the same content gives the same bytes."""

    def __init__(self, title: str, language: Language, made_on: date, *, locked: bool = False):
        self._buffer = io.BytesIO()
        options = {
            "in_memory": True,
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": False,
        }
        self.raw = _Workbook(self._buffer, options)
        self.raw.structure_locked = locked
        self.raw.set_size(2400, 1500)
        made_at = datetime.combine(made_on, time(12))
        self.raw.set_properties({"title": _UNPRINTABLE.sub("", title), "author": "xlflow", "created": made_at})
        self.raw.doc_properties["language"] = {"sv": "sv-SE", "en": "en-GB"}[language]
        self.raw.formats[0].set_font_name(FONT)
        self._styles: dict[tuple[str, tuple[tuple[str, Any], ...]], Format] = {}

    def style(self, name: str, **changes: Any) -> Format:
        """Return a house style, with the given XlsxWriter properties changed; made once per book."""
        key = (name, tuple(sorted(changes.items())))
        if key not in self._styles:
            base = {"font_name": FONT, "font_size": 11, "font_color": COLOURS["ink"]}
            self._styles[key] = self.raw.add_format({**base, **STYLES[name], **changes})
        return self._styles[key]

    def add_sheet(self, name: str) -> "Sheet":
        """Add a sheet; names are at most 31 characters and without []:*?/\\ (ValueError otherwise)."""
        return Sheet(self, self.raw.add_worksheet(name, _Worksheet))

    def set_property(self, name: str, text: str) -> None:
        """Set a custom document property (text, at most 255 characters)."""
        _must(self.raw.set_custom_property(name, _UNPRINTABLE.sub("", text), "text"))

    def define_name(self, name: str, formula: str) -> None:
        """Define a name for the whole workbook, as in `=Sheet!$A$1:$A$9`."""
        _must(self.raw.define_name(name, formula))

    def to_bytes(self) -> bytes:
        """Close the workbook and return the finished file."""
        self.raw.close()
        return self._buffer.getvalue()


class Sheet:
    """A sheet in the making. Rows and columns count from 0. `raw` is XlsxWriter's own, for set-up calls."""

    def __init__(self, book: Book, raw: "_Worksheet"):
        self.book = book
        self.raw = raw

    def write(self, row: int, column: int, value: Cell, style: Format | None = None) -> None:
        """Write one value by its type. Text stays text; what looks like a formula is marked as text."""
        raw = self.raw
        if value is None or value == "":
            _must(raw.write_blank(row, column, None, style))
        elif isinstance(value, str):
            _must(raw.write_string(row, column, value, self._quoted(value, style)))
        elif isinstance(value, bool):
            _must(raw.write_boolean(row, column, value, style))
        elif isinstance(value, date):
            _must(raw.write_datetime(row, column, datetime.combine(value, time()), style))
        else:
            _must(raw.write_number(row, column, value, style))

    def write_row(self, row: int, values: Iterable[Cell], styles: Sequence[Format | None]) -> None:
        """Write one row from column 0 on, each cell in its style."""
        for column, (value, style) in enumerate(zip(values, styles, strict=True)):
            self.write(row, column, value, style)

    def write_formula(self, row: int, column: int, formula: str, value: Cell, style: Format | None = None) -> None:
        """Write a formula of ours with the value that it has; never call this with anything that came in."""
        _must(self.raw.write_formula(row, column, formula, style, "" if value is None else value))

    def write_array_formula(
        self, row: int, column: int, formula: str, value: Cell, style: Format | None = None
    ) -> None:
        """Like `write_formula`, for one of ours that works on whole columns at once ({=…} in Excel)."""
        _must(self.raw.write_array_formula(row, column, row, column, formula, style, value))

    def link(self, row: int, column: int, place: str, text: str, style: Format | None = None) -> None:
        """Write a link to a place in this workbook ("internal:'Svar'!A5") with our own text."""
        _must(self.raw.write_url(row, column, place, style or self.book.style("link"), text))

    def validate(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a data validation on (first row, first column, last row, last column)."""
        _must(self.raw.data_validation(*area, options))

    def format_if(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Put a conditional format on (first row, first column, last row, last column)."""
        _must(self.raw.conditional_format(*area, options))

    def add_table(self, area: tuple[int, int, int, int], options: dict[str, Any]) -> None:
        """Make an Excel table of (first row, first column, last row, last column)."""
        _must(self.raw.add_table(*area, options))

    def set_widths(self, widths: Sequence[float]) -> None:
        """Set the widths of the columns from 0 on, in characters."""
        for column, width in enumerate(widths):
            _must(self.raw.set_column(column, column, width))

    def set_height(self, row: int, height: float, *, grows: bool = False) -> None:
        """Set the height of a row, in points; a row that grows gets higher when somebody writes more into it."""
        _must(self.raw.set_row(row, height))
        if grows:
            self.raw.growing.add(row)

    def protect(self, *, filtering: bool) -> None:
        """Lock what is not unlocked, without a password; widths and heights may be changed, and rows filtered."""
        self.raw.protect("", {"autofilter": filtering, "format_columns": True, "format_rows": True})

    def set_page(self, *, repeat: int | None = None, columns: int | None = None, footer: str = "&P (&N)") -> None:
        """Set up A4 landscape, one page wide, row `repeat` repeated on every page, `columns` columns printed."""
        raw = self.raw
        raw.set_landscape()
        raw.set_paper(9)
        raw.fit_to_pages(1, 0)
        raw.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        raw.set_footer(f"&L&A&R{footer}")
        if repeat is not None:
            raw.repeat_rows(repeat)
        if columns is not None:
            _must(raw.print_area(0, 0, raw.dim_rowmax or 0, columns - 1))

    def _quoted(self, value: str, style: Format | None) -> Format | None:
        if value[0] not in "=+-@\t\r":
            return style
        return self.book.raw.quoted_twin(style)


def height_of(cells: Iterable[tuple[str, float]], *, line: float = 15.0, least: int = 1) -> float:
    """Return the height in points at which every (text, column width in characters) shows all its lines.

    Words wrap; a word longer than the column is broken. Excel allows 409 points at most.
    """
    lines = max((count_lines(text, width) for text, width in cells), default=1)
    return min(409.0, line * max(lines, least) + 1)


def count_lines(text: str, width: float) -> int:
    """Return how many lines a text takes in a column `width` characters wide, a little on the safe side."""
    room = max(1.0, width * 0.94 - 1)
    return sum(_count_wrapped(paragraph, room) for paragraph in text.split("\n")) if text else 1


def _count_wrapped(paragraph: str, room: float) -> int:
    lines, used = 1, 0.0
    for word in paragraph.split(" "):
        size = sum(1.25 if letter.isupper() or letter in "mwMW@%" else 0.98 for letter in word)
        if used and used + 1 + size > room:
            lines, used = lines + 1, 0.0
        used += size + (1 if used else 0)
        if used > room:
            extra = math.ceil(used / room) - 1
            lines, used = lines + extra, used - extra * room
    return lines


def save_whole(target: Path, content: bytes) -> None:
    """Write a file so that the target is at every moment its old content or all of the new.

    Raises `Stop` with a finding that says what to do when the target cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".xlflow-", suffix=".tmp", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            _open_up(Path(name))
            Path(name).replace(target)
        except BaseException:
            with suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise Stop(find("target-not-writable", Place(str(target)), value=reason)) from fault


def _open_up(path: Path) -> None:
    """Give a temporary file (private by default) the rights that a new file has here."""
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


def _must(answer: object) -> None:
    """Fail at once where XlsxWriter says that it did not write; it would only warn otherwise."""
    if answer not in (0, None):
        raise ValueError(f"XlsxWriter refused a call (code {answer})")


class _Workbook(xlsxwriter.Workbook):
    """XlsxWriter's workbook with what it lacks: a locked structure and the document's language."""

    structure_locked = False

    def __init__(self, target: io.BytesIO, options: dict[str, Any]):
        super().__init__(target, options)
        self._twins: dict[int, Format] = {}

    def quoted_twin(self, style: Format | None) -> Format:
        """Return the same style with the quote prefix that marks text as text."""
        key = id(style)
        if key not in self._twins:
            twin = self.add_format()
            if style is not None:
                own = {name: twin.__dict__[name] for name in ("xf_format_indices", "dxf_format_indices")}
                twin.__dict__.update({**style.__dict__, **own, "xf_index": None, "dxf_index": None})
            twin.set_quote_prefix()
            self._twins[key] = twin
        return self._twins[key]

    def _write_book_views(self) -> None:
        if self.structure_locked:
            self._xml_empty_tag("workbookProtection", [("lockStructure", 1)])
        super()._write_book_views()

    def _get_packager(self) -> xlsxwriter.packager.Packager:
        return _Packager()


class _Worksheet(Worksheet):
    """XlsxWriter's sheet with what it lacks: rows whose height is a first guess that Excel may change."""

    def __init__(self) -> None:
        super().__init__()
        self.growing: set[int] = set()

    def _xml_start_tag_unencoded(self, tag: str, attributes: list[tuple[str, Any]]) -> None:
        if tag == "row" and attributes[0][1] - 1 in self.growing:
            attributes = [pair for pair in attributes if pair[0] != "customHeight"]
        super()._xml_start_tag_unencoded(tag, attributes)


class _Packager(xlsxwriter.packager.Packager):
    def _write_core_file(self) -> None:
        core = _Core()
        core._set_properties(self.workbook.doc_properties)
        core._set_xml_writer(self._filename("docProps/core.xml"))
        core._assemble_xml_file()


class _Core(xlsxwriter.core.Core):
    def _write_dc_description(self) -> None:
        super()._write_dc_description()
        self._xml_data_element("dc:language", self.properties["language"])
