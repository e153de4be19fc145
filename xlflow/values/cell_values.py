"""The text of a raw cell, and the result of parsing one. Knows no field and no template."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from xlflow.excel.conventions import MAX_EXACT_NUMBER, MonthDate, RawCell, YearDate
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import Severity
from xlflow.model.plan import FieldValue
from xlflow.model.text import collapse_whitespace


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The value of a cell. Without a code: clean (a blank cell is clean and has no value). With value and code:
    understood, but worth a note or a warning. With a code alone: not understood, the code says why.

    `suggestion` is the nearest right answer in the words of the form; never used as the answer.
    """

    value: FieldValue | None
    code: str | None = None
    suggestion: str | None = None

    @property
    def severity(self) -> Severity | None:
        """An error for what was not understood; else None: the severity of the code in the catalogue."""
        return Severity.ERROR if self.code and self.value is None else None


BLANK = ParseResult(None)
"""The result for an empty cell."""


def cell_text(raw: RawCell, language: Language = "sv") -> str:
    """Return a cell as text: texts as they are, whole numbers without .0, dates in ISO form, blanks as "". A date
    of which the cell shows no day is shown without one: juni 2021."""
    if isinstance(raw, str):
        return normalize_cell_text(raw)
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return {"sv": ("FALSKT", "SANT"), "en": ("FALSE", "TRUE")}[language][raw]
    if isinstance(raw, int | float):
        return _number_text(raw)
    if isinstance(raw, MonthDate):
        return f"{translate('calendar.months', language).split()[raw.month - 1]} {raw.year}"
    return str(raw.year) if isinstance(raw, YearDate) else _time_text(raw)


def normalize_cell_text(text: str) -> str:
    """Return a text composed (NFC), with \\n as line break; "" if it is only blanks.

    Always a plain `str`, also where the cell is an `ErrorValue` or an `UncachedFormula`.
    """
    normalized = unicodedata.normalize("NFC", str(text))
    if "\r" in normalized:
        normalized = normalized.replace("\r\n", "\n").replace("\r", "\n")
    start = normalized.lstrip()[:1]
    return normalized if start.isalnum() or collapse_whitespace(normalized) else ""


def _number_text(raw: float) -> str:
    if isinstance(raw, float) and not abs(raw) < MAX_EXACT_NUMBER:
        return repr(raw)
    return str(int(raw)) if raw == int(raw) else format(Decimal(repr(raw)), "f")


def _time_text(raw: date | datetime | time | timedelta) -> str:
    if isinstance(raw, timedelta):
        minutes, seconds = divmod(round(raw.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    if isinstance(raw, time):
        return raw.isoformat("seconds" if raw.second else "minutes")
    if isinstance(raw, datetime):
        day, moment = raw.date().isoformat(), raw.time().replace(tzinfo=None)
        return day if moment == time() else f"{day} {_time_text(moment)}"
    return raw.isoformat()
