"""Hands a workbook to the reader that suits it, and sees to it that what the fast one hides comes back too.

An .xlsx goes to calamine if a look over its bytes says that it may; error cells and formulas without a value are
put back into its rows. Otherwise, or if calamine gives up, it is read closely. The only door to calamine.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import time

import python_calamine as calamine

from xlflow.excel.conventions import RawCell
from xlflow.excel.reader.cell_annotations import has_annotations, has_links, read_annotations, read_links
from xlflow.excel.reader.header_footer import read_ods_header_footer
from xlflow.excel.reader.ods import read_ods
from xlflow.excel.reader.safe_zip import build_uncompressed_zip
from xlflow.excel.reader.workbook_data import Limits, SheetData, is_skippable_sheet
from xlflow.excel.reader.workbook_package import WorkbookPackage
from xlflow.excel.reader.xlsb import OmittedContent, read_omitted_content
from xlflow.excel.reader.xlsx_prescan import (
    PrescannedSheet,
    can_expand_shared_strings,
    has_rare_characters,
    is_worksheet_part,
    prescan_sheet,
)
from xlflow.excel.reader.xlsx_xml import list_sheet_parts, read_xlsx_sheets

_WORKSHEET = calamine.SheetTypeEnum.WorkSheet
_VISIBLE = calamine.SheetVisibleEnum.Visible


class ReaderError(Exception):
    """The fast reader gave up on this file; `code` says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def read_package_sheets(package: WorkbookPackage, limits: Limits) -> tuple[SheetData, ...]:
    """Return the sheets of a workbook that came as an archive; raises what its reader raises."""
    if package.kind == "ods":
        header_footer_by_page = read_ods_header_footer(package.parts.get("styles.xml", b""))
        return read_ods(package.parts[package.main_part], limits, header_footer_by_page)
    if package.kind == "xlsb":
        return attach_omitted_content(
            read_with_calamine(build_uncompressed_zip(package.parts)), read_omitted_content(package)
        )
    sheets = _read_xlsx_with_calamine(package, limits) or read_xlsx_sheets(package, limits)
    sheets = _attach_annotations(sheets, package) if has_annotations(package) else sheets
    return _attach_links(sheets, package) if has_links(package) else sheets


def attach_omitted_content(
    sheets: tuple[SheetData, ...], omitted_by_sheet: tuple[OmittedContent, ...]
) -> tuple[SheetData, ...]:
    """Return the sheets of a workbook of an old kind with what its records tell besides; ValueError if those are
    of other sheets."""
    return tuple(
        _restore_omitted_values(
            sheet,
            PrescannedSheet(
                b"", (*omitted.error_cells, *_list_negative_numbers(sheet, omitted)), metadata=omitted.metadata
            ),
        )
        for sheet, omitted in zip(sheets, omitted_by_sheet, strict=True)
    )


def _list_negative_numbers(sheet: SheetData, omitted: OmittedContent) -> Iterator[tuple[int, int, RawCell]]:
    """Yield the numbers below zero that the fast reader took for a time of day, since their cells show days."""
    width = len(sheet.rows[0]) if sheet.rows else 0
    for row, column, value in omitted.negative_numbers:
        if row < len(sheet.rows) and column < width and type(sheet.rows[row][column]) is time:
            yield row, column, value


def _read_xlsx_with_calamine(package: WorkbookPackage, limits: Limits) -> tuple[SheetData, ...] | None:
    """Return the sheets of an .xlsx as the fast reader sees them, with what that hides; None if it must not have
    the file, gives up, or finds another number of values than stand there."""
    sheet_parts = _list_distinct_sheet_parts(package)
    prescanned = _prescan_sheets(package, [part for _, part, _ in sheet_parts], limits)
    if prescanned is not None and all(part in prescanned for _, part, _ in sheet_parts):
        with suppress(ReaderError):
            calamine_parts = {
                name: part for name, part in package.parts.items() if "/worksheets/sheet" not in name
            }
            calamine_parts |= {name: prescanned_sheet.sheet_xml for name, prescanned_sheet in prescanned.items()}
            sheets = read_with_calamine(build_uncompressed_zip(calamine_parts), include_skippable=False)
            value_count = sum(one.value_count for one in prescanned.values())
            times_are_certain = not any(b"<v>-" in one.sheet_xml for one in prescanned.values()) or not any(
                map(_has_time_values, sheets)
            )
            if (
                times_are_certain
                and len(sheets) == len(sheet_parts)
                and value_count == sum(map(_count_filled_cells, sheets))
            ):
                return _restore_sheets(sheets, prescanned, sheet_parts)
    return None


def _list_distinct_sheet_parts(package: WorkbookPackage) -> list[tuple[str, str, bool]]:
    """Return what the workbook says of its sheets; Failed if two are the same part, which no program writes and
    which would let a small file say the same a thousand times."""
    sheet_parts = [
        (name, package.find_part(part) or part, visible) for name, part, visible in list_sheet_parts(package)
    ]
    if len({part for _, part, _ in sheet_parts}) < len(sheet_parts):
        raise ReaderError("archive-inconsistent")
    return sheet_parts


def _attach_annotations(sheets: tuple[SheetData, ...], package: WorkbookPackage) -> tuple[SheetData, ...]:
    annotations_by_sheet = (
        read_annotations(package, package.find_part(part) or "") for _, part, _ in list_sheet_parts(package)
    )
    return tuple(
        replace(sheet, metadata=replace(sheet.metadata, annotations=annotations))
        for sheet, annotations in zip(sheets, annotations_by_sheet, strict=True)
    )


def _attach_links(sheets: tuple[SheetData, ...], package: WorkbookPackage) -> tuple[SheetData, ...]:
    links_by_sheet = (
        tuple(read_links(package, package.find_part(part) or "")) for _, part, _ in list_sheet_parts(package)
    )
    return tuple(
        replace(sheet, metadata=replace(sheet.metadata, links=links))
        for sheet, links in zip(sheets, links_by_sheet, strict=True)
    )


def read_with_calamine(content: bytes, *, include_skippable: bool = True) -> tuple[SheetData, ...]:
    """Return the sheets as calamine reads them; raises Failed for whatever it raises, its panics too. Not the
    `whole` workbook: without the sheet that may be passed over."""
    try:
        return tuple(
            _convert_calamine_sheets(
                calamine.load_workbook(io.BytesIO(content)), include_skippable=include_skippable
            )
        )
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except calamine.PasswordError as fault:
        raise ReaderError("file-is-encrypted") from fault
    except BaseException as fault:
        raise ReaderError("workbook-corrupt") from fault


def _prescan_sheets(
    package: WorkbookPackage, sheet_parts: Sequence[str], limits: Limits
) -> Mapping[str, PrescannedSheet] | None:
    """Return the parts of these sheets made ready for calamine; None if it may not have the file."""
    prescanned = {
        name: prescan_sheet(part)
        for name in sheet_parts
        if is_worksheet_part(part := package.parts.get(name, b""))
    }
    readable = {name: prescanned_sheet for name, prescanned_sheet in prescanned.items() if prescanned_sheet}
    shared_strings = next(
        (part for name, part in package.parts.items() if name.lower().endswith("sharedstrings.xml")), b""
    )
    value_count = sum(one.value_count for one in readable.values())
    is_readable = len(readable) == len(prescanned) and can_expand_shared_strings(
        shared_strings, value_count, limits.unpacked_bytes
    )
    return readable if is_readable and not has_rare_characters(shared_strings) else None


def _count_filled_cells(sheet: SheetData) -> int:
    return sum(len(row) - row.count(None) for row in sheet.rows)


def _has_time_values(sheet: SheetData) -> bool:
    """Return whether a cell is read as a time of day, as the fast reader does too with a number below zero that is
    formatted as a day."""
    return any(time in set(map(type, row)) for row in sheet.rows)


def _convert_calamine_sheets(
    workbook: calamine.CalamineWorkbook, *, include_skippable: bool
) -> Iterator[SheetData]:
    for index, sheet_info in enumerate(workbook.sheets_metadata):
        visible = sheet_info.visible == _VISIBLE
        if sheet_info.typ == _WORKSHEET and (
            include_skippable or not is_skippable_sheet(sheet_info.name, visible=visible)
        ):
            sheet = workbook.get_sheet_by_index(index)
            merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
            rows: tuple[tuple[RawCell, ...], ...] = tuple(
                [
                    tuple([None if cell == "" else cell for cell in row])
                    for row in sheet.to_python(skip_empty_area=False)
                ]
            )
            yield SheetData(sheet_info.name, rows, merged, visible)


def _restore_sheets(
    sheets: tuple[SheetData, ...],
    prescanned: Mapping[str, PrescannedSheet],
    sheet_parts: Sequence[tuple[str, str, bool]],
) -> tuple[SheetData, ...]:
    """Return the sheets with the hidden values in their places, and with what tells how they came about. They go
    by their order, since the fast reader does not decode their names."""
    return tuple(
        _restore_omitted_values(replace(sheet, name=name), prescanned[part])
        for sheet, (name, part, _) in zip(sheets, sheet_parts, strict=True)
    )


def _restore_omitted_values(sheet: SheetData, prescanned: PrescannedSheet) -> SheetData:
    omitted_values = prescanned.omitted_values
    if not omitted_values:
        return replace(sheet, metadata=prescanned.metadata)
    width = max(len(sheet.rows[0]) if sheet.rows else 0, *(column + 1 for _, column, _ in omitted_values))
    height = max(len(sheet.rows), *(row + 1 for row, _, _ in omitted_values))
    grid = [[*row, *[None] * (width - len(row))] for row in sheet.rows]
    grid += [[None] * width for _ in range(height - len(grid))]
    for row, column, value in omitted_values:
        grid[row][column] = value
    return replace(sheet, rows=tuple(map(tuple, grid)), metadata=prescanned.metadata)
