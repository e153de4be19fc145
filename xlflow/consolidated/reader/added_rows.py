"""The rows that a person added to a consolidated workbook.

An activity without an id gets one. Rows that no report can show are found: without an activity, without the id
that ties an answer to one, or below a blank row, where a table ends.
"""

from collections.abc import Iterator

from xlflow.consolidated.reader.table_reader import TableRecord, is_sheet_of_table, read_records
from xlflow.excel.cell_address import format_cell_address
from xlflow.excel.reader import WorkbookData
from xlflow.i18n.catalogue import translate
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import ADDED_ITEM_PREFIX, Round
from xlflow.model.text import short_code
from xlflow.values import cell_text

_MAX_QUOTE_LENGTH = 80
"""Characters that a message quotes of a row."""


def make_item_id(record: TableRecord, levels: tuple[str, ...]) -> str:
    """Return the id of an activity that a person added without one: of its texts and its place in the table."""
    return ADDED_ITEM_PREFIX + short_code((*levels, record.sheet, str(record.row)))


def check_left_out_rows(workbook: WorkbookData, round_: Round) -> Iterator[Finding]:
    """Yield the rows of the tables of activities and answers that hold something and are not read, each with its
    first filled cell."""
    language = round_.language
    id_heading = translate("column.id", language)
    activity = round_.template.levels[round_.template.item_level_index].label.in_language(language)
    for sheet_key, needed_heading, headings in (
        ("activities", activity, (id_heading, activity)),
        ("answers", id_heading, (id_heading, translate("column.unit", language))),
    ):
        sheet_name = translate(f"consolidated.{sheet_key}", language)
        records = list(read_records(workbook, sheet_name, *headings))
        for record in records:
            if not record.cell_text(needed_heading):
                cells = [cell_text(value) for value, _ in record.cell_by_heading.values()]
                yield _make_finding(record.location(needed_heading), cells, needed_heading)
        yield from _check_rows_below(workbook, sheet_name, records, needed_heading)


def _check_rows_below(
    workbook: WorkbookData, sheet_name: str, records: list[TableRecord], needed_heading: str
) -> Iterator[Finding]:
    """Yield the rows below the blank row at which a table ends, in which the needed column is filled."""
    for sheet in workbook.sheets:
        of_sheet = [record for record in records if record.sheet == sheet.name]
        if not (of_sheet and is_sheet_of_table(sheet.name, sheet_name)):
            continue
        column = of_sheet[0].column(needed_heading)
        for row_index in range(of_sheet[-1].row + 1, len(sheet.rows)):
            row = sheet.rows[row_index]
            if column is not None and cell_text(row[column]):
                location = Location(workbook.name, sheet.name, format_cell_address(row_index, column))
                yield _make_finding(location, [cell_text(cell) for cell in row], needed_heading)


def _make_finding(location: Location, cells: list[str], needed_heading: str) -> Finding:
    text = " | ".join(filter(None, cells))
    quoted = text if len(text) <= _MAX_QUOTE_LENGTH else f"{text[:_MAX_QUOTE_LENGTH]}…"
    return make_finding("report-row-left-out", location, value=quoted, params={"heading": needed_heading})
