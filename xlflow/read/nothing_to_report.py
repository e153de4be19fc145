"""Whether the unit says that it has nothing to report: a choice on the instruction sheet, beside its label.

Found by the label, in whichever language and on whichever row it stands by now. What else is written there is set
aside, so that nothing is dropped.
"""

from collections.abc import Collection, Iterator

from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import SheetData, WorkbookData
from xlflow.i18n.catalogue import LANGUAGES, translate
from xlflow.model.findings import Location
from xlflow.model.submission import Unplaced
from xlflow.model.text import normalize_key, normalize_key_cached
from xlflow.read.identify_form import is_metadata_sheet
from xlflow.rules.formula_semantics import strip_for_lookup
from xlflow.values import cell_text


def find_nothing_to_report(
    workbook: WorkbookData, form_sheet_ids: Collection[int], unit: str
) -> tuple[Location | None, tuple[Unplaced, ...]]:
    """Return where the unit says that it has nothing to report, None if nowhere; and what it writes there instead.

    `known` are the sheets (their `id`) that hold the form, and so no instruction; nor do its records.
    """
    sheets = (
        sheet for sheet in workbook.sheets if id(sheet) not in form_sheet_ids and not is_metadata_sheet(sheet)
    )
    texts_beside_label = [pair for sheet in sheets for pair in _find_texts_beside_label(workbook.name, sheet)]
    yes_words = frozenset(translate("nothing.yes_words", "sv").split())
    no_words = normalize_key(translate("values.no", "sv")), normalize_key(translate("values.no", "en"))
    yes_location = next((place for place, text in texts_beside_label if strip_for_lookup(text) in yes_words), None)
    other_texts = [
        pair
        for pair in texts_beside_label
        if strip_for_lookup(pair[1]) not in yes_words and normalize_key(pair[1]) not in no_words
    ]
    return yes_location, tuple(
        Unplaced(unit, location, (text,), "text-outside-table", is_row=False) for location, text in other_texts
    )


def _find_texts_beside_label(file: str, sheet: SheetData) -> Iterator[tuple[Location, str]]:
    """Yield what is written beside the label, with its cell."""
    labels = {normalize_key(translate("nothing.label", language)) for language in LANGUAGES}
    for row_index, row in enumerate(sheet.rows):
        for column_index, cell in enumerate(row[:-1]):
            if isinstance(cell, str) and len(cell) < 40 and normalize_key_cached(cell) in labels:
                cell_text_beside = _stripped_cell_text(row[column_index + 1])
                if cell_text_beside:
                    yield (
                        Location(file, sheet.name, format_cell_address(row_index, column_index + 1)),
                        cell_text_beside,
                    )


def _stripped_cell_text(cell: RawCell) -> str:
    return "" if cell is None else cell_text(cell).strip()
