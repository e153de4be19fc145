"""Hands a workbook to the reader that suits it, and sees to it that what the fast one hides comes back too.

An .xlsx goes to calamine if a look over its bytes says that it may; error cells and formulas without a value are
put back into its rows. Otherwise, or if calamine gives up, it is read closely. The only door to calamine.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import python_calamine as calamine

from xlflow.excel.incoming.archive import pack
from xlflow.excel.incoming.book import ErrorValue, Limits, Raw, Sheet
from xlflow.excel.incoming.closely import list_sheet_parts, read_closely
from xlflow.excel.incoming.opendocument import read_opendocument
from xlflow.excel.incoming.package import Package
from xlflow.excel.incoming.scan import (
    Hidden,
    count_values,
    find_hidden_values,
    is_sheet,
    may_read_fast,
    may_share_text,
)

_WORKSHEET = calamine.SheetTypeEnum.WorkSheet
_VISIBLE = calamine.SheetVisibleEnum.Visible


class Failed(Exception):
    """The fast reader gave up on this file; `code` says why."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a look over the sheets' bytes tells: the hidden values by part, and how many values must be read."""

    hidden: Mapping[str, Hidden]
    values: int


def read_package(package: Package, limits: Limits) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook that came as an archive; raises what its reader raises."""
    if package.kind == "ods":
        return read_opendocument(package.parts[package.main], limits)
    if package.kind == "xlsb":
        return read_fast(pack(package.parts))
    looked = _look_over(package)
    if looked is not None:
        with suppress(Failed):
            sheets = read_fast(pack(package.parts))
            if looked.values == sum(_count_filled(sheet) for sheet in sheets):
                return _put_back(sheets, looked.hidden, package)
    return read_closely(package, limits)


def read_fast(content: bytes) -> tuple[Sheet, ...]:
    """Return the sheets as calamine reads them; raises Failed for whatever it raises, its panics too."""
    try:
        return tuple(_read_all(calamine.load_workbook(io.BytesIO(content))))
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except calamine.PasswordError as fault:
        raise Failed("file-is-encrypted") from fault
    except BaseException as fault:
        raise Failed("parts-broken") from fault


def _look_over(package: Package) -> _Looked | None:
    """Return what a look over the sheets' bytes tells; None if calamine may not have the file."""
    parts = {name: part for name, part in package.parts.items() if is_sheet(part)}
    shared = next(
        (part for name, part in package.parts.items() if name.lower().endswith("sharedstrings.xml")), b""
    )
    if not all(map(may_read_fast, parts.values())) or not may_share_text(shared, tuple(parts.values())):
        return None
    hidden: dict[str, Hidden] = {}
    for name, part in parts.items():
        found = find_hidden_values(part)
        if found is None:
            return None
        hidden[name] = found
    errors = sum(isinstance(value, ErrorValue) for values in hidden.values() for _, _, value in values)
    return _Looked(hidden, sum(map(count_values, parts.values())) - errors)


def _count_filled(sheet: Sheet) -> int:
    return sum(len(row) - row.count(None) for row in sheet.rows)


def _read_all(book: calamine.CalamineWorkbook) -> Iterator[Sheet]:
    for index, about in enumerate(book.sheets_metadata):
        if about.typ == _WORKSHEET:
            sheet = book.get_sheet_by_index(index)
            merged = tuple((*first, *last) for first, last in sheet.merged_cell_ranges or ())
            rows: tuple[tuple[Raw, ...], ...] = tuple(
                tuple(None if cell == "" else cell for cell in row)
                for row in sheet.to_python(skip_empty_area=False)
            )
            yield Sheet(about.name, rows, merged, about.visible == _VISIBLE)


def _put_back(sheets: tuple[Sheet, ...], hidden: Mapping[str, Hidden], package: Package) -> tuple[Sheet, ...]:
    """Return the sheets with the hidden values in their places."""
    if not any(hidden.values()):
        return sheets
    names = {name: package.find(part) for name, part, _ in list_sheet_parts(package)}
    return tuple(_fill_in(sheet, hidden.get(names[sheet.name] or "", ())) for sheet in sheets)


def _fill_in(sheet: Sheet, hidden: Hidden) -> Sheet:
    if not hidden:
        return sheet
    width = max(len(sheet.rows[0]) if sheet.rows else 0, *(column + 1 for _, column, _ in hidden))
    height = max(len(sheet.rows), *(row + 1 for row, _, _ in hidden))
    grid = [[*row, *[None] * (width - len(row))] for row in sheet.rows]
    grid += [[None] * width for _ in range(height - len(grid))]
    for row, column, value in hidden:
        grid[row][column] = value
    return replace(sheet, rows=tuple(map(tuple, grid)))
