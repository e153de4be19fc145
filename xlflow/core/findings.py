"""What was found wrong, doubtful or worth a note, as values that know their place; and the one exception.

A `Finding` is never raised: every step returns its findings beside its result. Its words are looked up in
`workbook_templates/messages.toml` when it is shown, so one run speaks one language.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from xlflow.core.shipped import load_shipped_toml
from xlflow.core.text import show_name
from xlflow.core.words import Language, Text, say


class Stop(Exception):
    """The run cannot go on; the faces show the findings (or the message) and exit with code 2. `merged` is what
    was counted until then (a `Merged`), if anything was."""

    def __init__(self, *findings: "Finding", merged: Any = None):
        super().__init__("; ".join(finding.code for finding in findings))
        self.findings = findings
        self.merged = merged


class Severity(StrEnum):
    """How much a finding matters: an error cannot stand, a warning is doubtful, a note tells what was done."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands, in the coordinates of the person who will look for it."""

    file: str
    sheet: str | None = None
    cell: str | None = None

    def show(self, language: Language) -> str:
        """Return "Kulturskolan.xlsx, blad Uppföljning, cell H7" as far as it is known."""
        sheet = {"sv": "blad", "en": "sheet"}[language]
        parts = [
            show_name(self.file),
            self.sheet and f"{sheet} {show_name(self.sheet)}",
            self.cell and f"cell {self.cell}",
        ]
        return ", ".join(part for part in parts if part)


Words = tuple[tuple[str, str | int | Text], ...]
"""What fills the gaps of a message, by name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault in one place. `words` fills the gaps of the message; a `Text` among them is translated."""

    code: str
    place: Place
    severity: Severity | None = None
    rule: str | None = None
    unit: str | None = None
    row_id: str | None = None
    field: str | None = None
    value: str | None = None
    suggestion: str | None = None
    words: Words = ()

    @property
    def weight(self) -> Severity:
        """The severity that counts: its own, or that of its code in the catalogue."""
        return self.severity or Severity(_entry_of(self.code)["severity"])


def find(
    code: str,
    place: Place,
    *,
    severity: Severity | None = None,
    rule: str | None = None,
    unit: str | None = None,
    row_id: str | None = None,
    field: str | None = None,
    value: str | None = None,
    suggestion: str | None = None,
    words: Mapping[str, str | int | Text] = MappingProxyType({}),
) -> Finding:
    """Return a finding; a code that the catalogue lacks is a fault of ours and fails at once (KeyError)."""
    _entry_of(code)
    gaps = _hold_once(tuple(sorted(words.items(), key=lambda pair: pair[0])))
    return Finding(code, place, severity, rule, unit, row_id, field, value, suggestion, gaps)


@lru_cache(maxsize=1 << 12)
def _hold_once(words: Words) -> Words:
    """Return the words that many findings have as one and the same, since there may be very many findings."""
    return words


def message_of(finding: Finding, language: Language) -> str:
    """Return in plain words what is wrong."""
    return _fill(finding, "what", language)


def remedy_of(finding: Finding, language: Language) -> str:
    """Return in plain words what to do about it, with an example where one helps."""
    return _fill(finding, "do", language)


def tell_both(finding: Finding) -> Text:
    """Return in both languages what is wrong, to stand within what another finding says."""
    return Text(sv=message_of(finding, "sv"), en=message_of(finding, "en"))


@dataclass(frozen=True, slots=True)
class Entry:
    """What the catalogue says of a code: how much it matters, what its place points at, who can do something about
    it ("unit", whoever filled in the form, or "coordinator"), and its sentences with their gaps open."""

    code: str
    severity: Severity
    place: str
    who: str
    what: Text
    do: Text


def known_codes() -> tuple[str, ...]:
    """Return every code of the catalogue, in its order."""
    return tuple(load_shipped_toml("messages.toml"))


def describe_code(code: str) -> Entry:
    """Return what the catalogue says of a code; KeyError if it has none."""
    entry = _entry_of(code)
    what, do = (Text(sv=entry["sv"][part], en=entry["en"][part]) for part in ("what", "do"))
    return Entry(code, Severity(entry["severity"]), entry["place"], entry["who"], what, do)


def who_mends(code: str) -> str:
    """Return who can do something about it: "unit", whoever filled in the form, or "coordinator"."""
    return describe_code(code).who


def codes_for_units() -> tuple[str, ...]:
    """Return the codes of what is found in the answers of a unit."""
    inside = ("cell", "row", "column", "sheet")
    entries = map(describe_code, known_codes())
    return tuple(entry.code for entry in entries if entry.who == "unit" and entry.place in inside)


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in an order that does not depend on the order of the files."""
    return tuple(sorted(set(findings), key=_order))


def _entry_of(code: str) -> dict[str, Any]:
    entry: dict[str, Any] = load_shipped_toml("messages.toml")[code]
    return entry


def _fill(finding: Finding, part: str, language: Language) -> str:
    sentence: str = _entry_of(finding.code)[language][part]
    hint = say("hint.did_you_mean", language, value=finding.suggestion) if finding.suggestion else ""
    gaps: dict[str, str | int] = {"hint": hint}
    gaps |= {name: word.say(language) if isinstance(word, Text) else word for name, word in finding.words}
    gaps |= {"value": finding.value or "", "suggestion": finding.suggestion or "", "unit": finding.unit or ""}
    return sentence.format(**gaps, file=show_name(finding.place.file))


def _order(finding: Finding) -> tuple[object, ...]:
    place = finding.place
    column = (place.cell or "").rstrip("0123456789")
    row = (place.cell or "")[len(column) :]
    where = (place.file, place.sheet or "", int(row or 0), len(column), column)
    return (*where, _WEIGHTS[finding.weight], finding.code, _ToTheLetter(finding))


_WEIGHTS = MappingProxyType({severity: number for number, severity in enumerate(Severity)})


class _ToTheLetter:
    """Sorts findings by all that they say, which takes long and is rarely needed."""

    __slots__ = ("finding",)

    def __init__(self, finding: Finding):
        self.finding = finding

    def __lt__(self, other: "_ToTheLetter") -> bool:
        return repr(self.finding) < repr(other.finding)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ToTheLetter) and self.finding == other.finding

    def __hash__(self) -> int:
        return hash(self.finding)
