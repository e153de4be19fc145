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

from xlflow.excel.conventions import MAX_CELL_CHUNK, long_text_marker, long_text_sheet_name
from xlflow.excel.writer.style import COLOURS, FONT, STYLES
from xlflow.excel.writer.worksheet import SheetWriter
from xlflow.excel.writer.xlsxwriter_patches import PatchedWorkbook, PatchedWorksheet, check_return_code
from xlflow.excel.writer.xml_text import remove_illegal_xml, truncate_text
from xlflow.excel.writer.zip_stream import zip_parts
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.text import split_utf16

MAX_PROPERTY_LENGTH = 255
"""Characters that one document property can hold."""


class WorkbookWriter:
    """A workbook in the making, kept in memory until `to_bytes`. `made_on` is written as its date of creation,
    so that the same content gives the same bytes."""

    def __init__(self, title: str, language: Language, created_on: date, *, lock_structure: bool = False):
        options = {
            "in_memory": True,
            "strings_to_numbers": False,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": False,
        }
        self.backend = PatchedWorkbook(io.BytesIO(), options)
        self.backend.is_structure_locked = lock_structure
        self.backend.set_size(2400, 1500)
        created_at = datetime.combine(created_on, time(12))
        self.backend.set_properties(
            {"title": remove_illegal_xml(title), "author": "xlflow", "created": created_at}
        )
        self.backend.doc_properties["language"] = {"sv": "sv-SE", "en": "en-GB"}[language]
        self.backend.formats[0].set_font_name(FONT)
        self._language: Language = language
        self._styles: dict[tuple[str, tuple[tuple[str, Any], ...]], Format] = {}
        self._continued_texts: list[tuple[str, str, str]] = []

    def style(self, name: str, **changes: Any) -> Format:
        """Return a house style, with the given XlsxWriter properties changed; made once per book."""
        key = (name, tuple(sorted(changes.items())))
        if key not in self._styles:
            default_properties = {"font_name": FONT, "font_size": 11, "font_color": COLOURS["text"]}
            self._styles[key] = self.backend.add_format({**default_properties, **STYLES[name], **changes})
        return self._styles[key]

    def make_conditional_style(self, **changes: Any) -> Format:
        """Return what a conditional format changes of a cell's style, by XlsxWriter's properties."""
        return self.backend.add_format(changes)

    def add_sheet(self, name: str) -> SheetWriter:
        """Add a sheet; names are at most 31 characters and without []:*?/\\ (ValueError otherwise)."""
        return SheetWriter(self, self.backend.add_worksheet(name, PatchedWorksheet))

    def make_chart(self, chart_type: str, subtype: str) -> Any:
        """Return one of XlsxWriter's charts, to be filled and then placed on a sheet."""
        return self.backend.make_chart(chart_type, subtype)

    def set_custom_property(self, name: str, text: str) -> None:
        """Set a custom document property (text, at most 255 characters; ValueError otherwise)."""
        if truncate_text(text, MAX_PROPERTY_LENGTH) != text:
            raise ValueError(f"{name} is too long for a document property")
        check_return_code(self.backend.set_custom_property(name, remove_illegal_xml(text), "text"))

    def define_name(self, name: str, formula: str) -> None:
        """Define a name for the whole workbook, as in `=Sheet!$A$1:$A$9`."""
        check_return_code(self.backend.define_name(name, formula))

    def to_bytes(self) -> bytes:
        """Close the workbook and return the finished file."""
        return b"".join(self.to_chunks())

    def to_chunks(self) -> Iterator[bytes]:
        """Close the workbook and return the finished file in chunks that follow each other."""
        if self._continued_texts:
            self._add_continued_sheet()
        self.backend.close()
        return zip_parts(self.backend.parts)

    def split_long_text(self, text: str, sheet_name: str, cell_address: str) -> str:
        """Return what a cell holds of a text that is too long for it; the rest goes on, word for word, on a sheet
        of its own, under the number that the cell ends with."""
        first_chunk = next(split_utf16(text, MAX_CELL_CHUNK))
        self._continued_texts.append((sheet_name, cell_address, text[len(first_chunk) :]))
        return first_chunk + long_text_marker(len(self._continued_texts), self._language)

    def _add_continued_sheet(self) -> None:
        sheet = self.add_sheet(long_text_sheet_name().in_language(self._language))
        headings = [translate(f"continued.{key}", self._language) for key in ("number", "sheet", "cell", "text")]
        sheet.set_column_widths([8, 18, 10, 100])
        sheet.write_row(0, headings, [self.style("heading")] * len(headings))
        rows = (
            (number, sheet_name, cell_address, chunk)
            for number, (sheet_name, cell_address, text) in enumerate(self._continued_texts, 1)
            for chunk in split_utf16(text, MAX_CELL_CHUNK)
        )
        for row, cells in enumerate(rows, 1):
            sheet.write_row(row, cells, [self.style("integer"), *[self.style("cell")] * 3])
        sheet.freeze_panes(1, 0)
        sheet.set_page_layout(repeat_row=0)
