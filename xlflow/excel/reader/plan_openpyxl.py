"""Reads the plan workbook with openpyxl, which also sees Excel's tables.

Only for the coordinator's own plan, which is small and read once. Forms that come back never pass through here:
openpyxl takes twenty times as long and refuses files that people do send. The only door to openpyxl.

Nothing reaches openpyxl before `open_workbook` has let the file through, and then only the parts that are needed:
no drawings, pivot tables, names or validations, on which openpyxl fails, and no merged ranges or links, which it
would spell out cell by cell. Merged ranges, comments and hidden rows are known from `open_workbook`, and so is
everything where openpyxl fails all the same.
"""

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlflow.excel.cell_address import MAX_SHEET_COLUMNS
from xlflow.excel.conventions import MonthDate, RawCell, ShownNumber, YearDate
from xlflow.excel.reader.limits import DEFAULT_LIMITS, MAX_OPENPYXL_BYTES, Limits
from xlflow.excel.reader.open_file import open_workbook, read_stable_bytes
from xlflow.excel.reader.safe_zip import build_uncompressed_zip
from xlflow.excel.reader.workbook_data import ExcelTable, SheetData, StruckOutText, WorkbookData
from xlflow.excel.reader.workbook_package import WorkbookPackage, open_package
from xlflow.model.findings import Finding, Location, make_finding

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell, MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

_NEEDED_PARTS = re.compile(
    r"(?i)^(?:\[Content_Types\]\.xml|_rels/\.rels|(?:.*/)?(?:workbook\d*\.xml(?:\.rels)?|styles\.xml"
    r"|sharedStrings\.xml|worksheets/.*|tables/.*))$"
)
_UNNEEDED_ELEMENTS = (
    "hyperlinks",
    "conditionalFormatting",
    "dataValidations",
    "definedNames",
    "pivotCaches",
    "mergeCells",
)
"""What the plan has no use for, or what `open_workbook` has read already."""

_RELATIONSHIP = re.compile(rb"<(?:\w+:)?Relationship\s[^<>]*>")
_TABLE_TYPE = re.compile(rb"""Type\s*=\s*["'][^"']*/table["']""")


def open_plan_workbook(source: Path | bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> WorkbookData | Finding:
    """Open a plan workbook, known to people as `name`; what cannot be opened is returned as a finding.

    As `open_workbook`, but the cells of an .xlsx are read by openpyxl, and its sheets' metadata have
    `excel_tables`. Where openpyxl cannot read the file, the result is that of `open_workbook`, with the note
    `plan-formatting-unseen` if the file has tables.
    """
    opened = open_workbook(source, name, limits)
    if isinstance(opened, Finding) or opened.kind != "xlsx":
        return opened
    content = read_stable_bytes(source, limits.file_bytes) if isinstance(source, Path) else source
    package = content if isinstance(content, str) else open_package(content, limits)
    if isinstance(package, str):
        return opened
    try:
        parts = _select_parts(package)
        if sum(map(len, parts.values())) > MAX_OPENPYXL_BYTES:
            return _note_unseen_formatting(opened, package)
        return replace(opened, sheets=tuple(_read_sheets(parts, opened)))
    except MemoryError:
        raise
    except Exception:  # openpyxl raises whatever it likes on files that Excel opens
        return _note_unseen_formatting(opened, package)


def _note_unseen_formatting(opened: WorkbookData, package: WorkbookPackage) -> WorkbookData:
    """Return the workbook with a note if it has tables, which only openpyxl would have seen."""
    is_unseen = any("/tables/" in name.lower() for name in package.parts)
    note = make_finding("plan-formatting-unseen", Location(opened.name))
    return replace(opened, findings=(*opened.findings, note)) if is_unseen else opened


def _read_sheets(parts: Mapping[str, bytes], opened: WorkbookData) -> Iterator[SheetData]:
    """Yield the sheets in order; raises whatever openpyxl raises, and KeyError if it has no such sheet."""
    from openpyxl import load_workbook  # noqa: PLC0415 (slow to load, and only needed with a plan)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of what it would lose if it were to save the file
        workbook = load_workbook(
            io.BytesIO(build_uncompressed_zip(parts)),
            data_only=True,
            keep_links=False,
            rich_text=True,
        )
        worksheet_by_name = {worksheet.title: worksheet for worksheet in workbook.worksheets}
        for sheet in opened.sheets:
            yield _convert_sheet(sheet, worksheet_by_name[sheet.name])


def _select_parts(package: WorkbookPackage) -> Mapping[str, bytes]:
    """Return the parts that openpyxl gets: a sheet's relationships lead to its tables only."""
    parts = {name: part for name, part in package.parts.items() if _NEEDED_PARTS.match(name)}
    for name, part in parts.items():
        if "worksheets/_rels/" in name:
            parts[name] = _RELATIONSHIP.sub(lambda match: match[0] if _TABLE_TYPE.search(match[0]) else b"", part)
        elif name == package.main_part or "worksheets/" in name:
            parts[name] = _remove_elements(part)
    return parts


def _remove_elements(xml: bytes) -> bytes:
    for tag in _UNNEEDED_ELEMENTS:
        start, end_tag = xml.find(f"<{tag}".encode()), f"</{tag}>".encode()
        end = xml.rfind(end_tag)
        if 0 <= start < end:
            xml = xml[:start] + xml[end + len(end_tag) :]
    return xml


def _convert_sheet(sheet: SheetData, worksheet: "Worksheet") -> SheetData:
    """Return the sheet as openpyxl reads it, in the shape of `sheet`, which `open_workbook` read."""
    width = len(sheet.rows[0]) if sheet.rows else 0
    rows: list[tuple[RawCell, ...]] = []
    struck_out: list[StruckOutText] = []
    all_cells = worksheet.iter_rows(max_row=len(sheet.rows), max_col=width) if width else iter(())
    for row, (cells, other_values) in enumerate(zip(all_cells, sheet.rows, strict=True)):
        rows.append(tuple(map(_convert_value, cells, other_values)))
        for column, cell in enumerate(cells):
            text, whole_cell = _find_struck_out(cell)
            if text.strip():
                struck_out.append(StruckOutText(row, column, text, whole_cell))
    metadata = replace(
        sheet.metadata,
        hidden_rows=sheet.metadata.hidden_rows
        | {row - 1 for row, dimension in worksheet.row_dimensions.items() if dimension.hidden},
        hidden_columns=frozenset(_hidden_columns(worksheet)),
        struck_out=tuple(struck_out),
        excel_tables=tuple(_excel_tables(worksheet)),
    )
    return replace(sheet, rows=tuple(rows), metadata=metadata)


def _convert_value(cell: "Cell | MergedCell", other_value: RawCell) -> RawCell:
    """Return what a cell holds. `other_value` is what `open_workbook` read there; it counts where openpyxl cannot
    tell: a formula without a value, an error, a time of day, a date out of range or without its day, a text with
    escaped letters."""
    value: Any = cell.value
    if cell.data_type == "e" or value is None or isinstance(other_value, MonthDate | YearDate | ShownNumber):
        return other_value
    if isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return value.date() if value.time() == time() and not isinstance(other_value, datetime) else value
    if isinstance(value, int | float):
        return float(value)
    text = str(value) if isinstance(value, str | list) else ""
    return other_value if not text or "_x" in text else text


def _find_struck_out(cell: "Cell | MergedCell") -> tuple[str, bool]:
    """Return the text of a cell that is struck out ("" if none is), and whether that is all of its text."""
    value: Any = cell.value
    if value is None:
        return "", False
    cell_is_struck = bool(cell.font and cell.font.strike)
    if not isinstance(value, list):
        return (str(value), True) if cell_is_struck else ("", False)
    runs = [(str(run), cell_is_struck if isinstance(run, str) else bool(run.font.strike)) for run in value]
    struck_text = "".join(text for text, is_struck in runs if is_struck)
    return struck_text, all(is_struck for text, is_struck in runs if text.strip())


def _hidden_columns(worksheet: "Worksheet") -> Iterator[int]:
    for dimension in worksheet.column_dimensions.values():
        if dimension.hidden and dimension.min and dimension.max:
            yield from range(dimension.min - 1, min(dimension.max, MAX_SHEET_COLUMNS))


def _excel_tables(worksheet: "Worksheet") -> Iterator[ExcelTable]:
    """Yield the tables that have a heading row, from the top."""
    from openpyxl.utils.cell import range_boundaries  # noqa: PLC0415 (as above)

    tables = []
    for table in worksheet.tables.values():
        left, top, right, bottom = range_boundaries(table.ref)
        if table.headerRowCount != 0 and None not in (left, top, right, bottom):
            cell_range = (int(top or 1) - 1, int(left or 1) - 1, int(bottom or 1) - 1, int(right or 1) - 1)
            tables.append(ExcelTable(table.displayName, cell_range, int(table.totalsRowCount or 0)))
    yield from sorted(tables, key=lambda table: table.cell_range)
