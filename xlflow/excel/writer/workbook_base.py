"""What the workbook and its sheets share while they are written: styles, charts, and texts too long for a cell.

Below both `workbook` (which makes sheets) and `worksheet` (which asks for styles), so that these need not know
each other. Writes no cell itself.
"""

import io
from datetime import date, datetime, time
from typing import Any

from xlsxwriter.format import Format

from xlflow.excel.conventions import MAX_CELL_CHUNK, long_text_marker
from xlflow.excel.writer.shared_strings import remove_illegal_xml
from xlflow.excel.writer.style import COLOURS, FONT, STYLES
from xlflow.excel.writer.xlsxwriter_patches import PatchedWorkbook
from xlflow.i18n.catalogue import Language
from xlflow.model.text import split_utf16


class WorkbookBase:
    """A workbook being written, as its sheets see it. `backend` is XlsxWriter's workbook, called in this package
    only; `language` is that of the document and of what is written by itself."""

    def __init__(self, title: str, language: Language, created_on: date, *, lock_structure: bool):
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
        self.language: Language = language
        self._styles: dict[tuple[str, tuple[tuple[str, Any], ...]], Format] = {}
        self._long_texts: list[tuple[str, str, str]] = []

    def style(self, name: str, **changes: Any) -> Format:
        """Return the house style of this name (see `STYLES`), with the given XlsxWriter format properties changed;
        the same object for the same arguments. Raises KeyError for an unknown name."""
        key = (name, tuple(sorted(changes.items())))
        if key not in self._styles:
            default_properties = {"font_name": FONT, "font_size": 11, "font_color": COLOURS["text"]}
            self._styles[key] = self.backend.add_format({**default_properties, **STYLES[name], **changes})
        return self._styles[key]

    def make_conditional_style(self, **changes: Any) -> Format:
        """Return a format for conditional formats: only the given XlsxWriter properties, the rest as in the
        cell."""
        return self.backend.add_format(changes)

    def make_chart(self, chart_type: str, subtype: str) -> Any:
        """Return an XlsxWriter chart ("bar", "stacked"), to be filled and then placed by
        `SheetWriter.insert_chart`."""
        return self.backend.make_chart(chart_type, subtype)

    def split_long_text(self, text: str, sheet_name: str, cell_address: str) -> str:
        """Return what a cell holds of a text that is too long for it: its beginning and a marker with a number.
        The rest is kept, to be written on a sheet of its own under that number (see
        `xlflow.excel.reader.long_text`)."""
        first_chunk = next(split_utf16(text, MAX_CELL_CHUNK))
        self._long_texts.append((sheet_name, cell_address, text[len(first_chunk) :]))
        return first_chunk + long_text_marker(len(self._long_texts), self.language)
