"""What a cell held and what became of it. Knows no field and no template."""

import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from xlflow.core.findings import Severity
from xlflow.core.model import Value
from xlflow.core.text import tidy
from xlflow.core.words import Language

Raw = str | float | int | bool | date | datetime | time | timedelta | None
"""What a reader of workbooks yields for a cell; None and blanks are the same."""

_EXACT = 1e15
"""From here on a spreadsheet no longer holds every whole number."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a cell means. Without a code: clean (a blank cell is clean and has no value). With value and code:
    understood, but worth a note or a warning. With a code alone: not understood, the code says why.

    `suggestion` is the nearest right answer in the words of the form, never taken by itself.
    """

    value: Value | None
    code: str | None = None
    suggestion: str | None = None

    @property
    def severity(self) -> Severity | None:
        """An error for what was not understood; else None: the severity of the code in the catalogue."""
        return Severity.ERROR if self.code and self.value is None else None


BLANK = Parsed(None)
"""What an empty cell means."""


def written_text(raw: Raw, language: Language = "sv") -> str:
    """Return what stood in the cell: words as they are, whole numbers without .0, days as ISO, blanks as ""."""
    if isinstance(raw, str):
        return keep_text(raw)
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return {"sv": ("FALSKT", "SANT"), "en": ("FALSE", "TRUE")}[language][raw]
    if isinstance(raw, int | float):
        return _written_number(raw)
    return _written_time(raw)


def keep_text(text: str) -> str:
    """Return the words as written, letters composed and line breaks as \\n; "" if only blanks stood there. Nothing
    but text, also of a cell that is marked as an error or a formula."""
    whole = unicodedata.normalize("NFC", str(text))
    if "\r" in whole:
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    start = whole.lstrip()[:1]
    return whole if start.isalnum() or tidy(whole) else ""


def _written_number(raw: float) -> str:
    if isinstance(raw, float) and not abs(raw) < _EXACT:
        return repr(raw)
    return str(int(raw)) if raw == int(raw) else format(Decimal(repr(raw)), "f")


def _written_time(raw: date | datetime | time | timedelta) -> str:
    if isinstance(raw, timedelta):
        minutes, seconds = divmod(round(raw.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    if isinstance(raw, time):
        return raw.isoformat("seconds" if raw.second else "minutes")
    if isinstance(raw, datetime):
        day, moment = raw.date().isoformat(), raw.time().replace(tzinfo=None)
        return day if moment == time() else f"{day} {_written_time(moment)}"
    return raw.isoformat()
