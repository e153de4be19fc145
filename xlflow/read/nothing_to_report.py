"""Whether the unit says that it has nothing to report: a choice beside its label on the instruction sheet.

Found by the label, in any language and on any row. What else is written in that cell is set aside, so that nothing
is dropped.
"""

from collections.abc import Collection, Iterator

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.i18n.catalogue import translate
from xlflow.model.findings import Location
from xlflow.model.submission import Unplaced
from xlflow.model.text import normalize_key, normalize_key_cached
from xlflow.read.form_schema import normalized_words
from xlflow.read.identify_form import is_metadata_sheet
from xlflow.rules.formula_semantics import strip_for_lookup
from xlflow.values import cell_text

_MAX_LABEL_LENGTH = 40
"""Letters; a longer text is not the label."""


def find_nothing_to_report(
    workbook: WorkbookData, form_sheet_ids: Collection[int], unit: str
) -> tuple[Location | None, tuple[Unplaced, ...]]:
    """Return the cell in which the unit says that it has nothing to report, None if it does not; and the texts
    that it wrote there instead.

    `form_sheet_ids` are the `id()` of the sheets with the form's table, which hold no instruction.
    """
    sheets = (
        sheet for sheet in workbook.sheets if id(sheet) not in form_sheet_ids and not is_metadata_sheet(sheet)
    )
    texts_beside_label = [pair for sheet in sheets for pair in _find_texts_beside_label(workbook.name, sheet)]
    yes_words = frozenset(translate("nothing.yes_words", "sv").split())
    no_words = normalized_words("values.no")
    yes_location = next(
        (location for location, text in texts_beside_label if strip_for_lookup(text) in yes_words), None
    )
    other_texts = [
        (location, text)
        for location, text in texts_beside_label
        if strip_for_lookup(text) not in yes_words and normalize_key(text) not in no_words
    ]
    return yes_location, tuple(
        Unplaced(unit, location, (text,), "text-outside-table", is_row=False) for location, text in other_texts
    )


def _find_texts_beside_label(file: str, sheet: SheetData) -> Iterator[tuple[Location, str]]:
    """Yield (cell, text) of what is written to the right of each label."""
    labels = normalized_words("nothing.label")
    for row_index, row in enumerate(sheet.rows):
        for column_index, cell in enumerate(row[:-1]):
            if isinstance(cell, str) and len(cell) < _MAX_LABEL_LENGTH and normalize_key_cached(cell) in labels:
                cell_text_beside = _stripped_cell_text(row[column_index + 1])
                if cell_text_beside:
                    yield (
                        Location(file, sheet.name, format_cell_address(row_index, column_index + 1)),
                        cell_text_beside,
                    )


def _stripped_cell_text(cell: RawCell) -> str:
    return "" if cell is None else cell_text(cell).strip()
