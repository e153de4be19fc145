"""Writes a workbook: its sheets, names and properties, and at last the bytes of the file.

Whatever came from a person goes out as text, number or date by its type, never as a formula or a link. A call
that XlsxWriter refuses raises at once instead of leaving a hole in the sheet. A text that is longer than a cell is
never cut: its rest goes on a sheet of its own.
"""

from collections.abc import Iterator
from datetime import date

from xlflow.excel.conventions import MAX_CELL_CHUNK, SEAL_PROPERTY, long_text_sheet_name
from xlflow.excel.writer.shared_strings import remove_illegal_xml, truncate_text
from xlflow.excel.writer.workbook_base import WorkbookBase
from xlflow.excel.writer.worksheet import SheetWriter
from xlflow.excel.writer.xlsxwriter_patches import PatchedWorksheet, check_return_code
from xlflow.excel.writer.zip_stream import SEAL_PLACEHOLDER, zip_parts
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.text import split_utf16

MAX_PROPERTY_LENGTH = 255
"""Characters that one document property can hold."""


class WorkbookWriter(WorkbookBase):
    """A workbook being written, kept in memory until `to_bytes` or `to_chunks`, each of which can be called once.

    `created_on` becomes its date of creation, so that the same content gives the same bytes on any day.
    `lock_structure`: sheets cannot be added, renamed or shown by whoever opens it (no password).
    """

    def __init__(self, title: str, language: Language, created_on: date, *, lock_structure: bool = False):
        super().__init__(title, language, created_on, lock_structure=lock_structure)

    def add_sheet(self, name: str) -> SheetWriter:
        """Add a sheet after the others; its name has at most 31 characters, none of []:*?/\\ (ValueError
        otherwise)."""
        return SheetWriter(self, self.backend.add_worksheet(name, PatchedWorksheet))

    def set_custom_property(self, name: str, text: str) -> None:
        """Set a custom document property (text, at most 255 characters; ValueError otherwise)."""
        if truncate_text(text, MAX_PROPERTY_LENGTH) != text:
            raise ValueError(f"{name} is too long for a document property")
        check_return_code(self.backend.set_custom_property(name, remove_illegal_xml(text), "text"))

    def seal(self) -> None:
        """Let the file carry a seal by which it can be seen that nobody has saved it since."""
        self.set_custom_property(SEAL_PROPERTY, SEAL_PLACEHOLDER)

    def define_name(self, name: str, formula: str) -> None:
        """Define a name for the whole workbook; `formula` as in `=Sheet!$A$1:$A$9`."""
        check_return_code(self.backend.define_name(name, formula))

    def to_bytes(self) -> bytes:
        """Close the workbook and return the finished file."""
        return b"".join(self.to_chunks())

    def to_chunks(self) -> Iterator[bytes]:
        """Close the workbook and return the finished file in chunks, in their order."""
        if self._long_texts:
            self._add_long_text_sheet()
        self.backend.close()
        return zip_parts(self.backend.parts)

    def _add_long_text_sheet(self) -> None:
        """Add the sheet of the rests: number, sheet and cell of the text, and the rest in as many rows as it
        takes."""
        sheet = self.add_sheet(long_text_sheet_name().in_language(self.language))
        headings = [translate(f"continued.{key}", self.language) for key in ("number", "sheet", "cell", "text")]
        sheet.set_column_widths([8, 18, 10, 100])
        sheet.write_row(0, headings, [self.style("heading")] * len(headings))
        rows = (
            (number, sheet_name, cell_address, chunk)
            for number, (sheet_name, cell_address, text) in enumerate(self._long_texts, 1)
            for chunk in split_utf16(text, MAX_CELL_CHUNK)
        )
        for row, cells in enumerate(rows, 1):
            sheet.write_row(row, cells, [self.style("integer"), *[self.style("cell")] * 3])
        sheet.freeze_panes(1, 0)
        sheet.set_page_layout(repeat_row=0)
