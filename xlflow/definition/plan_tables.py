"""Which cells of a workbook are the plan, where several could be: an Excel table's range ends the plan.

Other tables with the plan's headings, and rows outside the table, are reported: no item of a plan may be left out
silently.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from xlflow.definition.plan_formatting import join_row_numbers
from xlflow.definition.plan_rows import shorten_for_message
from xlflow.excel.header_detection import DetectedTable, HeadingSpec, find_table
from xlflow.excel.reader import ExcelTable, SheetData
from xlflow.model.findings import Finding, Severity, make_finding
from xlflow.model.template import Template


def find_candidate_tables(
    file: str, sheet: SheetData, headings: Sequence[HeadingSpec], required_key: str
) -> Iterator[DetectedTable]:
    """Yield the tables of a sheet that have the headings: its Excel tables if any has, else that of the sheet.

    The sheet of an Excel table's `DetectedTable` holds nothing beside or below the table; addresses stay the same.
    """
    whole = find_table(file, sheet, headings, required_key)
    cropped = [
        replace(table, sheet=_crop_to_table(sheet, excel_table))
        for excel_table in sheet.metadata.excel_tables
        if (table := find_table(file, _blank_rows_above(sheet, excel_table), headings, required_key))
        and table.heading_row == excel_table.cell_range[0]
    ]
    if cropped or whole is None:
        yield from cropped
    else:
        yield whole


def check_rows_left_out(
    table: DetectedTable, other_tables: Iterable[DetectedTable], whole_sheet: SheetData, template: Template
) -> Iterator[Finding]:
    """Yield what is left out of the plan: the rows of other tables, and rows below the table in its columns."""
    read_elsewhere = set[int]()
    for other in other_tables:
        rows = tuple(other.data_rows())
        if other.sheet.name == table.sheet.name:
            read_elsewhere |= {other.heading_row, *rows}
        if rows:
            severity = None if other.sheet.visible else Severity.NOTE
            location = other.location_at(other.heading_row, min(other.column_by_key.values()))
            params: dict[str, str | int] = {"rows": len(rows), "sheet": table.sheet.name}
            yield make_finding(
                "plan-table-left-out", location, severity=severity, value=other.sheet.name, params=params
            )
    keys = (*(level.key for level in template.levels[template.item_level_index :]), "unit")
    columns = [table.column_by_key[key] for key in keys if key in table.column_by_key]
    rows_below = [
        row
        for row in range(len(table.sheet.rows), len(whole_sheet.rows))
        if row not in read_elsewhere and any(whole_sheet.rows[row][column] not in (None, "") for column in columns)
    ]
    rows_below = [row for row in rows_below if not _is_total_row(whole_sheet, row)]
    if rows_below:
        location = table.location_at(rows_below[0], columns[0])
        yield make_finding("plan-rows-outside-table", location, params={"rows": join_row_numbers(rows_below)})


def check_columns_left_out(table: DetectedTable, whole_sheet: SheetData) -> Iterator[Finding]:
    """Yield the headings beside an Excel table, whose columns are not carried along."""
    headings = zip(whole_sheet.rows[table.heading_row], table.sheet.rows[table.heading_row], strict=True)
    for column, (heading, read_heading) in enumerate(headings):
        if heading not in (None, "") and read_heading is None:
            location = table.location_at(table.heading_row, column)
            yield make_finding("plan-column-outside-table", location, value=shorten_for_message(str(heading)))


def _is_total_row(sheet: SheetData, row: int) -> bool:
    return any(
        excel_table.total_rows and row == excel_table.cell_range[2] for excel_table in sheet.metadata.excel_tables
    )


def _crop_to_table(sheet: SheetData, excel_table: ExcelTable) -> SheetData:
    """Return the sheet without what is beside or below a table, and without the table's row of totals."""
    top, left, bottom, right = excel_table.cell_range
    rows = [
        cells
        if row < top
        else tuple(cell if left <= column <= right else None for column, cell in enumerate(cells))
        for row, cells in enumerate(sheet.rows[: bottom + 1 - excel_table.total_rows])
    ]
    return replace(sheet, rows=tuple(rows))


def _blank_rows_above(sheet: SheetData, excel_table: ExcelTable) -> SheetData:
    """Return the sheet with nothing but the table, so that no other heading row is found."""
    top = excel_table.cell_range[0]
    cropped = _crop_to_table(sheet, excel_table)
    return replace(cropped, rows=(*((None,) * len(row) for row in cropped.rows[:top]), *cropped.rows[top:]))
