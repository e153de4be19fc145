"""Workbooks in the making: safe text, checked calls, the house style.

Whatever came from a person goes out as text, number or date by its type, never as a formula or a link. A call
that XlsxWriter refuses becomes a fault at once instead of a hole in the sheet. A text that is longer than a cell
is never cut: it goes on on a sheet of its own.
"""

import io
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from xlsxwriter.format import Format

from xlflow.core.layout import PIECE, continued_mark, continued_sheet
from xlflow.core.text import cut_units
from xlflow.core.words import Language, say
from xlflow.excel.outgoing.letters import drop_illegal, fit_text
from xlflow.excel.outgoing.package import zip_parts
from xlflow.excel.outgoing.raw import RawBook, RawSheet, must
from xlflow.excel.outgoing.sheet import Sheet
from xlflow.excel.outgoing.style import COLOURS, FONT, STYLES

MAX_PROPERTY = 255
"""Characters that one document property can hold."""


class Book:
    """A workbook in the making, kept in memory until `to_bytes`. `made_on` is written as its date of creation,
    so that the same content gives the same bytes."""

    def __init__(self, title: str, language: Language, made_on: date, *, locked: bool = False):
        options = {
            "in_memory": True,
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": False,
        }
        self.raw = RawBook(io.BytesIO(), options)
        self.raw.structure_locked = locked
        self.raw.set_size(2400, 1500)
        made_at = datetime.combine(made_on, time(12))
        self.raw.set_properties({"title": drop_illegal(title), "author": "xlflow", "created": made_at})
        self.raw.doc_properties["language"] = {"sv": "sv-SE", "en": "en-GB"}[language]
        self.raw.formats[0].set_font_name(FONT)
        self._language: Language = language
        self._styles: dict[tuple[str, tuple[tuple[str, Any], ...]], Format] = {}
        self._continued: list[tuple[str, str, str]] = []

    def style(self, name: str, **changes: Any) -> Format:
        """Return a house style, with the given XlsxWriter properties changed; made once per book."""
        key = (name, tuple(sorted(changes.items())))
        if key not in self._styles:
            base = {"font_name": FONT, "font_size": 11, "font_color": COLOURS["ink"]}
            self._styles[key] = self.raw.add_format({**base, **STYLES[name], **changes})
        return self._styles[key]

    def make_look(self, **changes: Any) -> Format:
        """Return what a conditional format changes of a cell's style, by XlsxWriter's properties."""
        return self.raw.add_format(changes)

    def add_sheet(self, name: str) -> Sheet:
        """Add a sheet; names are at most 31 characters and without []:*?/\\ (ValueError otherwise)."""
        return Sheet(self, self.raw.add_worksheet(name, RawSheet))

    def make_chart(self, kind: str, subtype: str) -> Any:
        """Return one of XlsxWriter's charts, to be filled and then placed on a sheet."""
        return self.raw.make_chart(kind, subtype)

    def set_property(self, name: str, text: str) -> None:
        """Set a custom document property (text, at most 255 characters; ValueError otherwise)."""
        if fit_text(text, MAX_PROPERTY) != text:
            raise ValueError(f"{name} is too long for a document property")
        must(self.raw.set_custom_property(name, drop_illegal(text), "text"))

    def define_name(self, name: str, formula: str) -> None:
        """Define a name for the whole workbook, as in `=Sheet!$A$1:$A$9`."""
        must(self.raw.define_name(name, formula))

    def to_bytes(self) -> bytes:
        """Close the workbook and return the finished file."""
        return b"".join(self.to_chunks())

    def to_chunks(self) -> Iterator[bytes]:
        """Close the workbook and return the finished file in chunks that follow each other."""
        if self._continued:
            self._add_continued_sheet()
        self.raw.close()
        return zip_parts(self.raw.parts)

    def continue_text(self, text: str, sheet: str, cell: str) -> str:
        """Return what a cell holds of a text that is too long for it; the rest goes on, word for word, on a sheet
        of its own, under the number that the cell ends with."""
        first = next(cut_units(text, PIECE))
        self._continued.append((sheet, cell, text[len(first) :]))
        return first + continued_mark(len(self._continued), self._language)

    def _add_continued_sheet(self) -> None:
        sheet = self.add_sheet(continued_sheet().say(self._language))
        headings = [say(f"continued.{key}", self._language) for key in ("number", "sheet", "cell", "text")]
        sheet.set_widths([8, 18, 10, 100])
        sheet.write_row(0, headings, [self.style("heading")] * len(headings))
        rows = (
            (number, name, cell, piece)
            for number, (name, cell, text) in enumerate(self._continued, 1)
            for piece in cut_units(text, PIECE)
        )
        for row, cells in enumerate(rows, 1):
            sheet.write_row(row, cells, [self.style("integer"), *[self.style("cell")] * 3])
        sheet.freeze(1, 0)
        sheet.set_page(repeat=0)
