"""Chooses the reader for a workbook, and puts back what calamine hides. The only door to calamine.

An .xlsx goes to calamine if a scan of its bytes allows it (`xlsx_prescan`), else to the cell-by-cell reader
(`xlsx_xml`), which also takes over if calamine fails or finds another number of values than the scan. An .ods has
a reader of its own. Only calamine knows the cells of .xls and .xlsb; what it hides of them is read from their
records.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, time

import python_calamine as calamine

from xlflow.excel.conventions import RawCell
from xlflow.excel.reader.cell_annotations import (
    has_annotations,
    has_links,
    read_annotations,
    read_links,
    read_ods_header_footer,
)
from xlflow.excel.reader.limits import Limits
from xlflow.excel.reader.ods import read_ods
from xlflow.excel.reader.rich_text import has_strike_tag
from xlflow.excel.reader.safe_zip import build_uncompressed_zip
from xlflow.excel.reader.workbook_data import SheetData, SheetMetadata, StruckOutText, is_skippable_sheet
from xlflow.excel.reader.workbook_package import WorkbookPackage
from xlflow.excel.reader.xlsb import CellStyle, OmittedContent, read_omitted_content
from xlflow.excel.reader.xlsx_prescan import (
    PrescannedSheet,
    can_expand_shared_strings,
    has_rare_characters,
    is_worksheet_part,
    prescan_sheet,
)
from xlflow.excel.reader.xlsx_styles import has_telling_styles, make_partial_date
from xlflow.excel.reader.xlsx_xml import (
    SheetPart,
    WorkbookOutline,
    has_pictures_in_cells,
    read_workbook_outline,
    read_xlsx_sheets,
)

_WORKSHEET = calamine.SheetTypeEnum.WorkSheet
_VISIBLE = calamine.SheetVisibleEnum.Visible


class ReaderError(Exception):
    """A workbook cannot be read; `code` is the message code of the reason."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def read_package_sheets(package: WorkbookPackage, limits: Limits) -> tuple[SheetData, ...]:
    """Return the worksheets of an .xlsx, .xlsb or .ods, hidden ones too.

    Raises ReaderError, LimitExceededError, and what the readers raise for broken parts: ExpatError, ParseError,
    LookupError, ValueError or struct.error.
    """
    if package.kind == "ods":
        styles = package.parts.get("styles.xml", b"")
        return read_ods(package.parts[package.main_part], limits, read_ods_header_footer(styles), styles)
    if package.kind == "xlsb":
        return attach_omitted_content(
            read_with_calamine(build_uncompressed_zip(package.parts)), read_omitted_content(package)
        )
    outline = read_workbook_outline(package)
    _refuse_shared_parts(outline)
    sheets = None if _has_telling_format(package) else _read_xlsx_with_calamine(package, outline, limits)
    sheets = sheets or read_xlsx_sheets(package, outline, limits)
    return _attach_annotations_and_links(sheets, package, outline)


def _has_telling_format(package: WorkbookPackage) -> bool:
    """Return whether the format of cells may change what they say, which calamine does not show: struck out, a
    date without its day, a picture in place of an error."""
    return has_pictures_in_cells(package) or any(
        has_telling_styles(part)
        if name.lower().endswith("styles.xml")
        else (name.lower().endswith("sharedstrings.xml") or "/worksheets/" in name) and has_strike_tag(part)
        for name, part in package.parts.items()
    )


def attach_omitted_content(
    sheets: tuple[SheetData, ...], omitted_by_sheet: tuple[OmittedContent, ...]
) -> tuple[SheetData, ...]:
    """Return the sheets of an .xls or .xlsb as calamine read them, with what their records hold besides. Raises
    ValueError if the records are of another number of sheets."""
    return tuple(
        _apply_cell_styles(_attach_to_sheet(sheet, omitted), omitted.cell_styles)
        for sheet, omitted in zip(sheets, omitted_by_sheet, strict=True)
    )


def _attach_to_sheet(sheet: SheetData, omitted: OmittedContent) -> SheetData:
    return _restore_omitted_values(
        replace(sheet, merged_ranges=tuple(dict.fromkeys((*sheet.merged_ranges, *omitted.merged_ranges)))),
        (
            *omitted.unread_values,
            *omitted.partial_dates,
            *omitted.error_cells,
            *_list_negative_numbers(sheet, omitted),
        ),
        omitted.metadata,
    )


def _apply_cell_styles(sheet: SheetData, cell_styles: Mapping[tuple[int, int], CellStyle]) -> SheetData:
    """Return the sheet with its struck-out cells noted, and its dates that show no day as such."""
    struck_out, partial_dates = list[StruckOutText](), list[tuple[int, int, RawCell]]()
    for (row, column), style in cell_styles.items():
        value = sheet.rows[row][column] if row < len(sheet.rows) and column < len(sheet.rows[row]) else None
        if style.is_struck and value is not None:
            struck_out.append(StruckOutText(row, column, str(value), whole_cell=True))
        if style.partial_date_kind and isinstance(value, date):
            partial_dates.append((row, column, make_partial_date(value, style.partial_date_kind)))
    metadata = replace(sheet.metadata, struck_out=(*sheet.metadata.struck_out, *struck_out))
    return _restore_omitted_values(sheet, partial_dates, metadata) if cell_styles else sheet


def read_with_calamine(content: bytes, *, include_skippable: bool = True) -> tuple[SheetData, ...]:
    """Return the worksheets of a workbook file as calamine reads them; `include_skippable`: also the sheet of a
    form's own formulas. Raises ReaderError for whatever calamine raises.

    Its Rust code may panic, which arrives as a BaseException; only what stops this program passes.
    """
    try:
        return tuple(
            _convert_calamine_sheets(
                calamine.load_workbook(io.BytesIO(content)), include_skippable=include_skippable
            )
        )
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except calamine.PasswordError as error:
        raise ReaderError("file-is-encrypted") from error
    except BaseException as error:
        raise ReaderError("workbook-corrupt") from error


def _list_negative_numbers(sheet: SheetData, omitted: OmittedContent) -> Iterator[tuple[int, int, RawCell]]:
    """Yield (row, column, number) of the negative numbers that calamine took for a time of day, since their cells
    are formatted as dates."""
    width = len(sheet.rows[0]) if sheet.rows else 0
    for row, column, value in omitted.negative_numbers:
        if row < len(sheet.rows) and column < width and type(sheet.rows[row][column]) is time:
            yield row, column, value


def _refuse_shared_parts(outline: WorkbookOutline) -> None:
    """Refuse a workbook that lists one part as two sheets: no program writes it, and a small file could repeat a
    large sheet a thousand times."""
    if len({sheet.part for sheet in outline.sheets}) < len(outline.sheets):
        raise ReaderError("archive-inconsistent")


def _attach_annotations_and_links(
    sheets: tuple[SheetData, ...], package: WorkbookPackage, outline: WorkbookOutline
) -> tuple[SheetData, ...]:
    """Return the sheets with the comments, shapes and links on their cells; nearly all forms have none."""
    with_annotations, with_links = has_annotations(package), has_links(package)
    if not (with_annotations or with_links):
        return sheets
    return tuple(
        replace(
            sheet,
            metadata=replace(
                sheet.metadata,
                annotations=read_annotations(package, part) if with_annotations else (),
                links=tuple(read_links(package, part)) if with_links else (),
            ),
        )
        for sheet, (_, part, _) in zip(sheets, outline.sheets, strict=True)
    )


def _read_xlsx_with_calamine(
    package: WorkbookPackage, outline: WorkbookOutline, limits: Limits
) -> tuple[SheetData, ...] | None:
    """Return the sheets of an .xlsx as calamine reads them, with what it hides; None if it must not have the file,
    fails, or finds another number of sheets or values than the prescan."""
    prescanned = _prescan_sheets(package, [sheet.part for sheet in outline.sheets], limits)
    if prescanned is None or not all(sheet.part in prescanned for sheet in outline.sheets):
        return None
    with suppress(ReaderError):
        calamine_parts = {name: part for name, part in package.parts.items() if "/worksheets/sheet" not in name}
        calamine_parts |= {name: sheet.sheet_xml for name, sheet in prescanned.items()}
        sheets = read_with_calamine(build_uncompressed_zip(calamine_parts), include_skippable=False)
        if _agrees_with_prescan(sheets, prescanned, outline):
            return _restore_sheets(sheets, prescanned, outline.sheets)
    return None


def _agrees_with_prescan(
    sheets: tuple[SheetData, ...], prescanned: Mapping[str, PrescannedSheet], outline: WorkbookOutline
) -> bool:
    """Return whether calamine found what it had to. A negative number in a cell that is formatted as a date
    becomes a time of day in calamine, so where there are both, the values cannot be trusted."""
    value_count = sum(sheet.value_count for sheet in prescanned.values())
    has_negative_numbers = any(b"<v>-" in sheet.sheet_xml for sheet in prescanned.values())
    return (
        not (has_negative_numbers and any(map(_has_time_values, sheets)))
        and len(sheets) == len(outline.sheets)
        and not any(map(_has_values_twice, sheets, (prescanned[sheet.part] for sheet in outline.sheets)))
        and value_count == sum(map(_count_filled_cells, sheets))
    )


def _prescan_sheets(
    package: WorkbookPackage, sheet_parts: Sequence[str], limits: Limits
) -> Mapping[str, PrescannedSheet] | None:
    """Return part name -> worksheet prepared for calamine; None if calamine must not have one of them."""
    prescanned = {
        name: prescan_sheet(part, limits.cells)
        for name in sheet_parts
        if is_worksheet_part(part := package.parts.get(name, b""))
    }
    readable = {name: prescanned_sheet for name, prescanned_sheet in prescanned.items() if prescanned_sheet}
    shared_strings = next(
        (part for name, part in package.parts.items() if name.lower().endswith("sharedstrings.xml")), b""
    )
    is_readable = len(readable) == len(prescanned) and can_expand_shared_strings(
        shared_strings, readable.values(), limits.unpacked_bytes
    )
    return readable if is_readable and not has_rare_characters(shared_strings) else None


def _count_filled_cells(sheet: SheetData) -> int:
    return sum(len(row) - row.count(None) for row in sheet.rows)


def _has_values_twice(sheet: SheetData, prescanned: PrescannedSheet) -> bool:
    """Return whether a cell that has a value in calamine is one that the prescan found without."""
    width = len(sheet.rows[0]) if sheet.rows else 0
    return any(
        row < len(sheet.rows) and column < width and sheet.rows[row][column] is not None
        for row, column, _ in prescanned.omitted_values
    )


def _has_time_values(sheet: SheetData) -> bool:
    """Return whether any cell was read as a time of day."""
    return any(time in set(map(type, row)) for row in sheet.rows)


def _convert_calamine_sheets(
    workbook: calamine.CalamineWorkbook, *, include_skippable: bool
) -> Iterator[SheetData]:
    """Yield the worksheets; calamine's "" for an empty cell becomes None."""
    for index, sheet_info in enumerate(workbook.sheets_metadata):
        visible = sheet_info.visible == _VISIBLE
        if sheet_info.typ == _WORKSHEET and (
            include_skippable or not is_skippable_sheet(sheet_info.name, visible=visible)
        ):
            sheet = workbook.get_sheet_by_index(index)
            merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
            # tuple([…]) is faster than tuple(… for …), and this runs for every cell of every form
            rows: tuple[tuple[RawCell, ...], ...] = tuple(
                [
                    tuple([None if cell == "" else cell for cell in row])
                    for row in sheet.to_python(skip_empty_area=False)
                ]
            )
            yield SheetData(sheet_info.name, rows, merged, visible)


def _restore_sheets(
    sheets: tuple[SheetData, ...], prescanned: Mapping[str, PrescannedSheet], sheet_parts: Sequence[SheetPart]
) -> tuple[SheetData, ...]:
    """Return the sheets with the hidden values and the metadata of the prescan. They are paired by their order,
    since calamine leaves escapes in the names of sheets undecoded."""
    return tuple(
        _restore_omitted_values(
            replace(sheet, name=name), prescanned[part].omitted_values, prescanned[part].metadata
        )
        for sheet, (name, part, _) in zip(sheets, sheet_parts, strict=True)
    )


def _restore_omitted_values(
    sheet: SheetData, omitted_values: Sequence[tuple[int, int, RawCell]], metadata: SheetMetadata
) -> SheetData:
    """Return the sheet with (row, column, value) put into its rows, which become longer and more where needed."""
    if not omitted_values:
        return replace(sheet, metadata=metadata)
    width = max(len(sheet.rows[0]) if sheet.rows else 0, *(column + 1 for _, column, _ in omitted_values))
    height = max(len(sheet.rows), *(row + 1 for row, _, _ in omitted_values))
    grid = [[*row, *[None] * (width - len(row))] for row in sheet.rows]
    grid += [[None] * width for _ in range(height - len(grid))]
    for row, column, value in omitted_values:
        grid[row][column] = value
    return replace(sheet, rows=tuple(map(tuple, grid)), metadata=metadata)
