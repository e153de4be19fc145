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

from xlflow.excel.incoming.archive import pack
from xlflow.excel.incoming.binary import Walked, walk_sheets
from xlflow.excel.incoming.book import Limits, Raw, Sheet, is_passed_over
from xlflow.excel.incoming.closely import list_sheet_parts, read_closely
from xlflow.excel.incoming.links import has_links, read_links
from xlflow.excel.incoming.margins import read_pages
from xlflow.excel.incoming.opendocument import read_opendocument
from xlflow.excel.incoming.package import Package
from xlflow.excel.incoming.remarks import has_remarks, read_remarks
from xlflow.excel.incoming.scan import Looked, has_rare_letters, is_sheet, look_over, may_share_text

_WORKSHEET = calamine.SheetTypeEnum.WorkSheet
_VISIBLE = calamine.SheetVisibleEnum.Visible


class Failed(Exception):
    """The fast reader gave up on this file; `code` says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def read_package(package: Package, limits: Limits) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook that came as an archive; raises what its reader raises."""
    if package.kind == "ods":
        pages = read_pages(package.parts.get("styles.xml", b""))
        return read_opendocument(package.parts[package.main], limits, pages)
    if package.kind == "xlsb":
        return pin_walked(read_fast(pack(package.parts)), walk_sheets(package))
    sheets = _read_openly(package, limits) or read_closely(package, limits)
    sheets = _pin_remarks(sheets, package) if has_remarks(package) else sheets
    return _pin_links(sheets, package) if has_links(package) else sheets


def pin_walked(sheets: tuple[Sheet, ...], walked: tuple[Walked, ...]) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook of an old kind with what its records tell besides; ValueError if those are
    of other sheets."""
    return tuple(
        _fill_in(sheet, Looked(b"", (*one.errors, *_list_below_zero(sheet, one)), evidence=one.evidence))
        for sheet, one in zip(sheets, walked, strict=True)
    )


def _list_below_zero(sheet: Sheet, walked: Walked) -> Iterator[tuple[int, int, Raw]]:
    """Yield the numbers below zero that the fast reader took for a time of day, since their cells show days."""
    width = len(sheet.rows[0]) if sheet.rows else 0
    for row, column, value in walked.below_zero:
        if row < len(sheet.rows) and column < width and type(sheet.rows[row][column]) is time:
            yield row, column, value


def _read_openly(package: Package, limits: Limits) -> tuple[Sheet, ...] | None:
    """Return the sheets of an .xlsx as the fast reader sees them, with what that hides; None if it must not have
    the file, gives up, or finds another number of values than stand there."""
    listed = _list_sheets(package)
    looked = _look_over(package, [part for _, part, _ in listed], limits)
    if looked is not None and all(part in looked for _, part, _ in listed):
        with suppress(Failed):
            ready = {name: part for name, part in package.parts.items() if "/worksheets/sheet" not in name}
            ready |= {name: one.part for name, one in looked.items()}
            sheets = read_fast(pack(ready), whole=False)
            values = sum(one.values for one in looked.values())
            honest = not any(b"<v>-" in one.part for one in looked.values()) or not any(map(_shows_time, sheets))
            if honest and len(sheets) == len(listed) and values == sum(map(_count_filled, sheets)):
                return _put_back(sheets, looked, listed)
    return None


def _list_sheets(package: Package) -> list[tuple[str, str, bool]]:
    """Return what the workbook says of its sheets; Failed if two are the same part, which no program writes and
    which would let a small file say the same a thousand times."""
    listed = [(name, package.find(part) or part, visible) for name, part, visible in list_sheet_parts(package)]
    if len({part for _, part, _ in listed}) < len(listed):
        raise Failed("archive-crooked")
    return listed


def _pin_remarks(sheets: tuple[Sheet, ...], package: Package) -> tuple[Sheet, ...]:
    remarks = (read_remarks(package, package.find(part) or "") for _, part, _ in list_sheet_parts(package))
    return tuple(
        replace(sheet, evidence=replace(sheet.evidence, remarks=notes))
        for sheet, notes in zip(sheets, remarks, strict=True)
    )


def _pin_links(sheets: tuple[Sheet, ...], package: Package) -> tuple[Sheet, ...]:
    links = (tuple(read_links(package, package.find(part) or "")) for _, part, _ in list_sheet_parts(package))
    return tuple(
        replace(sheet, evidence=replace(sheet.evidence, links=found))
        for sheet, found in zip(sheets, links, strict=True)
    )


def read_fast(content: bytes, *, whole: bool = True) -> tuple[Sheet, ...]:
    """Return the sheets as calamine reads them; raises Failed for whatever it raises, its panics too. Not the
    `whole` workbook: without the sheet that may be passed over."""
    try:
        return tuple(_read_sheets(calamine.load_workbook(io.BytesIO(content)), whole=whole))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except calamine.PasswordError as fault:
        raise Failed("file-is-encrypted") from fault
    except BaseException as fault:
        raise Failed("parts-broken") from fault


def _look_over(package: Package, sheets: Sequence[str], limits: Limits) -> Mapping[str, Looked] | None:
    """Return the parts of these sheets made ready for calamine; None if it may not have the file."""
    looked = {name: look_over(part) for name in sheets if is_sheet(part := package.parts.get(name, b""))}
    ready = {name: one for name, one in looked.items() if one}
    shared = next(
        (part for name, part in package.parts.items() if name.lower().endswith("sharedstrings.xml")), b""
    )
    values = sum(one.values for one in ready.values())
    fits = len(ready) == len(looked) and may_share_text(shared, values, limits.unpacked_bytes)
    return ready if fits and not has_rare_letters(shared) else None


def _count_filled(sheet: Sheet) -> int:
    return sum(len(row) - row.count(None) for row in sheet.rows)


def _shows_time(sheet: Sheet) -> bool:
    """Return whether a cell is read as a time of day, as the fast reader does too with a number below zero that is
    formatted as a day."""
    return any(time in set(map(type, row)) for row in sheet.rows)


def _read_sheets(book: calamine.CalamineWorkbook, *, whole: bool) -> Iterator[Sheet]:
    for index, about in enumerate(book.sheets_metadata):
        visible = about.visible == _VISIBLE
        if about.typ == _WORKSHEET and (whole or not is_passed_over(about.name, visible=visible)):
            sheet = book.get_sheet_by_index(index)
            merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
            rows: tuple[tuple[Raw, ...], ...] = tuple(
                [
                    tuple([None if cell == "" else cell for cell in row])
                    for row in sheet.to_python(skip_empty_area=False)
                ]
            )
            yield Sheet(about.name, rows, merged, visible)


def _put_back(
    sheets: tuple[Sheet, ...], looked: Mapping[str, Looked], listed: Sequence[tuple[str, str, bool]]
) -> tuple[Sheet, ...]:
    """Return the sheets with the hidden values in their places, and with what tells how they came about. They go
    by their order, since the fast reader does not decode their names."""
    return tuple(
        _fill_in(replace(sheet, name=name), looked[part])
        for sheet, (name, part, _) in zip(sheets, listed, strict=True)
    )


def _fill_in(sheet: Sheet, looked: Looked) -> Sheet:
    hidden = looked.hidden
    if not hidden:
        return replace(sheet, evidence=looked.evidence)
    width = max(len(sheet.rows[0]) if sheet.rows else 0, *(column + 1 for _, column, _ in hidden))
    height = max(len(sheet.rows), *(row + 1 for row, _, _ in hidden))
    grid = [[*row, *[None] * (width - len(row))] for row in sheet.rows]
    grid += [[None] * width for _ in range(height - len(grid))]
    for row, column, value in hidden:
        grid[row][column] = value
    return replace(sheet, rows=tuple(map(tuple, grid)), evidence=looked.evidence)
