"""Prints a workbook as text, for goldens that people can read: `python tests/dump.py FILE.xlsx [SHEET ...]`.

One line per cell that is not empty, `A1 | value` or `A1 | =formula => value in the file`, sheet by sheet, row by
row. Line breaks show as ⏎, so a cell stays on its line. What differs from run to run of the same content
(digests, the program's version) is scrubbed.
"""

import re
import sys
from collections.abc import Collection, Iterator
from datetime import date, datetime, time
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_VERSION = re.compile(r"\bxlflow \d+\.\d+[\w.+]*")


def dump_workbook(path: Path, sheets: Collection[str] = ()) -> str:
    """Return the text of all sheets but the very hidden ones, or of those named; the same for the same content."""
    formulas, values = load_workbook(path, rich_text=False), load_workbook(path, data_only=True)
    seen = [sheet for sheet in formulas.worksheets if sheet.sheet_state != "veryHidden"]
    wanted = [sheet for sheet in formulas.worksheets if sheet.title in sheets] if sheets else seen
    return "\n".join(line for sheet in wanted for line in dump_sheet(sheet, values[sheet.title]))


def dump_sheet(sheet: Worksheet, values: Worksheet) -> Iterator[str]:
    """Yield the lines of one sheet: its name, its tables, its cells, an empty line."""
    state = "" if sheet.sheet_state == "visible" else f" ({sheet.sheet_state})"
    yield f"== {sheet.title}{state} =="
    for name, area in sorted(sheet.tables.items()):
        yield f"-- table {name} {area}"
    for row in sheet.iter_rows():
        for cell in row:
            if cell.value is not None:
                cached = values[cell.coordinate].value
                yield f"{cell.coordinate} | {_format_cell(cell.value, cached, cell.data_type)}"
    yield ""


def scrub(text: str) -> str:
    """Return a text without what differs from version to version and from file to file."""
    return _VERSION.sub("xlflow <version>", _DIGEST.sub("<digest>", text))


def _format_cell(value: object, cached: object, kind: str) -> str:
    if kind == "f":
        return f"{_format_value(getattr(value, 'text', value))} => {_format_value(cached)}"
    return _format_value(value)


def _format_value(value: object) -> str:
    if value is None:
        return '""'
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return format(value, ".10g")
    text = str(value).replace("\r", "").replace("\n", "⏎").replace("\t", "⇥")
    return scrub(text)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(dump_workbook(Path(sys.argv[1]), sys.argv[2:]))
