"""The very hidden sheet with the records that a form carries, and the names of its lists."""

from collections.abc import Mapping

from xlflow.core.issued import encode_sheet_fingerprints
from xlflow.core.layout import LIST_LABEL_COLUMN, METADATA_SHEET, column_letters, list_defined_name
from xlflow.excel.outgoing import WorkbookWriter
from xlflow.generate.frame import FormModel
from xlflow.generate.helpers import no_cell_styles


def add_metadata_sheet(
    workbook: WorkbookWriter, form: FormModel, fingerprints_by_sheet: Mapping[str, str]
) -> None:
    """Add the sheet that nobody sees, and define a name for every list that stands on it; `listed` are the marks
    of what other sheets say."""
    sheet = workbook.add_sheet(METADATA_SHEET)
    rows_by_list: dict[str, list[int]] = {}
    records = (*form.records, *encode_sheet_fingerprints(fingerprints_by_sheet))
    sheet.write_rows_fast(0, ((record, None, None) for record in records), no_cell_styles)
    for row, record in enumerate(form.records):
        if record[0] in ("choice", "quarter"):
            rows_by_list.setdefault(record[1], []).append(row + 1)
    label_column = column_letters(LIST_LABEL_COLUMN)
    for key, rows in rows_by_list.items():
        workbook.define_name(
            list_defined_name(key), f"={METADATA_SHEET}!${label_column}${rows[0]}:${label_column}${rows[-1]}"
        )
    sheet.protect(allow_filtering=False)
    sheet.set_very_hidden()
