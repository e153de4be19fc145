"""What reading and writing of spreadsheets must agree on: sheet names, limits of cells, how days are numbered.

Knows no library that reads or writes; addresses of cells are in `cell_address`.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from hashlib import sha256

from xlflow.i18n.catalogue import Language, LocalizedText, translate, translate_all

RawCell = str | float | bool | datetime | date | time | timedelta | None
"""What one cell holds before anything has said what it means. An empty cell is None; a blank text means the
same."""


class MonthDate(date):
    """A date of which its cell shows the month and the year only: "jun 2021" was typed, and a program added the
    day."""


class YearDate(date):
    """A date of which its cell shows the year only."""


class ShownNumber(float):
    """A number beside which its cell shows a unit, or which it shows as another one: 50 as "50 tkr", 0.98 as
    "98%". `shown` is what a person sees."""

    shown: str

    def __new__(cls, number: float, shown: str) -> "ShownNumber":
        """Return the number with what its cell shows."""
        made = super().__new__(cls, number)
        made.shown = shown
        return made

    def __getnewargs__(self) -> tuple[float, str]:  # type: ignore[override]
        """Return what a copy is made from."""
        return float(self), self.shown


SERIAL_EPOCH = date(1899, 12, 30)
"""Day 0 of the numbers that spreadsheets keep for days, right from 1900-03-01 (number 61) on."""

MAX_EXACT_NUMBER = 10**15
"""From here on a spreadsheet, which keeps 15 digits, no longer holds every whole number."""

CALC_SHEET = "xlflow_calc"
"""Name of a form's second very hidden sheet, which holds its live formulas; reading skips it. Its rows begin with
a kind, see `form.layout.CALC_RECORD_KINDS`."""

CALC_SHEET_NAMES = (CALC_SHEET, "xlflow_live")
"""What that sheet may be called: today, and in forms written before version 0.2.0."""

COMMENT_AUTHOR = "xlflow"
"""Author of the comments that xlflow puts on a form that goes back for correction; reading skips these."""

CellRange = tuple[int, int, int, int]
"""First row, first column, last row, last column, counted from 0, all inclusive."""

MAX_CELL_CHUNK, MAX_PROPERTY_CHUNK = 30_000, 250
"""Characters of one piece of a split text in a cell, and in a document property: less than these can hold (32,767
and 255), since some programs add characters when they save."""


def long_text_sheet_name() -> LocalizedText:
    """Return the name of the sheet that continues texts longer than a cell, in all languages."""
    return translate_all("continued.title")


def long_text_marker(number: int, language: Language) -> str:
    """Return the end of such a text in its own cell: the number (from 1) under which the sheet continues it."""
    return translate("continued.mark", language, number=number)


SEAL_PROPERTY, SEALING_PART = "xlflow.seal", "docProps/custom.xml"
"""The document property with the seal of a workbook, and the part of the package that holds it."""


def compute_seal(entries: Iterable[tuple[str, int, int]]) -> str:
    """Return the seal of a package, 64 hexadecimal digits, from (name, size, CRC-32) of all its parts but the
    `SEALING_PART`. Whatever program saves the workbook again changes it."""
    return sha256(repr(sorted(entries)).encode()).hexdigest()
