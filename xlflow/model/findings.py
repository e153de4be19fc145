"""What was found wrong, suspicious or worth a note, as values with a location; and the one exception.

A `Finding` is never raised: every step returns its findings beside its result. Its texts are looked up in
`workbook_templates/messages.toml` when it is shown, so one run speaks one language.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from xlflow.excel.cell_address import cell_sort_key
from xlflow.i18n.catalogue import Language, LocalizedText, translate
from xlflow.model.text import safe_display_name
from xlflow.runtime.resources import load_resource_toml


class FatalError(Exception):
    """The run cannot go on; the command line shows the findings and exits with code 2. `merged` is the `Merged`
    counted
    until then, if any."""

    def __init__(self, *findings: "Finding", merged: Any = None):
        super().__init__("; ".join(finding.code for finding in findings))
        self.findings = findings
        self.merged = merged


class Severity(StrEnum):
    """How much a finding matters: an error must be corrected, a warning checked, a note says what was assumed."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


SEVERITY_RANKS: Mapping[Severity, int] = MappingProxyType(
    {severity: number for number, severity in enumerate(Severity)}
)
"""How severities are sorted: 0 is the worst."""


@dataclass(frozen=True, slots=True)
class Location:
    """Where something is: file name, sheet name and cell address ("H7") as people see them; None where not
    known."""

    file: str
    sheet: str | None = None
    cell: str | None = None

    def describe(self, language: Language) -> str:
        """Return "Kulturskolan.xlsx, blad Uppföljning, cell H7" as far as it is known."""
        sheet = {"sv": "blad", "en": "sheet"}[language]
        parts = [
            safe_display_name(self.file),
            self.sheet and f"{sheet} {safe_display_name(self.sheet)}",
            self.cell and f"cell {self.cell}",
        ]
        return ", ".join(part for part in parts if part)


MessageParam = str | int | LocalizedText
"""What fills one placeholder of a message; a `LocalizedText` is shown in the language of the message."""

MessageParams = tuple[tuple[str, MessageParam], ...]
"""Names and values of the placeholders of a message."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault at one location. `params` fill the placeholders of the message; a `LocalizedText` is translated.

    `severity`: None for that of the code in the catalogue. `rule`: name of the rule that found it. `row_id`: id
    of the
    plan item. `field`: key of the field; for a template, path of the fault. `value`: the text that was found
    there.
    """

    code: str
    location: Location
    severity: Severity | None = None
    rule: str | None = None
    unit: str | None = None
    row_id: str | None = None
    field: str | None = None
    value: str | None = None
    suggestion: str | None = None
    params: MessageParams = ()

    @property
    def effective_severity(self) -> Severity:
        """The severity that counts: its own, or that of its code in the catalogue."""
        return self.severity or Severity(_read_raw_entry(self.code)["severity"])


def make_finding(
    code: str,
    location: Location,
    *,
    severity: Severity | None = None,
    rule: str | None = None,
    unit: str | None = None,
    row_id: str | None = None,
    field: str | None = None,
    value: str | None = None,
    suggestion: str | None = None,
    params: Mapping[str, MessageParam] = MappingProxyType({}),
) -> Finding:
    """Return a finding; a code that the catalogue lacks is a fault of ours and fails at once (KeyError)."""
    _read_raw_entry(code)
    sorted_params = _intern_params(tuple(sorted(params.items(), key=lambda pair: pair[0])))
    return Finding(code, location, severity, rule, unit, row_id, field, value, suggestion, sorted_params)


@lru_cache(maxsize=1 << 12)
def _intern_params(params: MessageParams) -> MessageParams:
    """Return equal params as the same object, since there may be very many findings."""
    return params


def message_of(finding: Finding, language: Language) -> str:
    """Return in plain words what is wrong."""
    return _format_message(finding, "what", language)


def remedy_of(finding: Finding, language: Language) -> str:
    """Return in plain words what to do about it, with an example where one helps."""
    return _format_message(finding, "do", language)


def message_in_all_languages(finding: Finding) -> LocalizedText:
    """Return what is wrong in all languages, as a param of another finding."""
    return LocalizedText(sv=message_of(finding, "sv"), en=message_of(finding, "en"))


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """The entry of a code in the catalogue (`messages.toml`).

    `location_kind`: what its location points at (cell, row, column, sheet, file …). `responsible`: "unit", whoever
    filled in the form, or "coordinator". `message` and `remedy`: with open placeholders.
    """

    code: str
    severity: Severity
    location_kind: str
    responsible: str
    message: LocalizedText
    remedy: LocalizedText


def list_finding_codes() -> tuple[str, ...]:
    """Return every code of the catalogue, in its order."""
    return tuple(load_resource_toml("messages.toml"))


def get_catalogue_entry(code: str) -> CatalogueEntry:
    """Return the catalogue's entry of a code; KeyError if it has none."""
    entry = _read_raw_entry(code)
    message, remedy = (LocalizedText(sv=entry["sv"][part], en=entry["en"][part]) for part in ("what", "do"))
    return CatalogueEntry(code, Severity(entry["severity"]), entry["place"], entry["who"], message, remedy)


def responsible_party(code: str) -> str:
    """Return who can do something about it: "unit", whoever filled in the form, or "coordinator"."""
    return get_catalogue_entry(code).responsible


def list_answer_finding_codes() -> tuple[str, ...]:
    """Return the codes of what is found in the answers of a unit."""
    answer_locations = ("cell", "row", "column", "sheet")
    entries = map(get_catalogue_entry, list_finding_codes())
    return tuple(
        entry.code for entry in entries if entry.responsible == "unit" and entry.location_kind in answer_locations
    )


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings in an order that does not depend on the order of the files."""
    return tuple(sorted(set(findings), key=_sort_key))


def _read_raw_entry(code: str) -> dict[str, Any]:
    entry: dict[str, Any] = load_resource_toml("messages.toml")[code]
    return entry


def _format_message(finding: Finding, part: str, language: Language) -> str:
    message_template: str = _read_raw_entry(finding.code)[language][part]
    hint = translate("hint.did_you_mean", language, value=finding.suggestion) if finding.suggestion else ""
    params: dict[str, str | int] = {"hint": hint}
    params |= {
        name: value.in_language(language) if isinstance(value, LocalizedText) else value
        for name, value in finding.params
    }
    params |= {"value": finding.value or "", "suggestion": finding.suggestion or "", "unit": finding.unit or ""}
    return message_template.format(**params, file=safe_display_name(finding.location.file))


def _sort_key(finding: Finding) -> tuple[object, ...]:
    location = finding.location
    location_key = (location.file, location.sheet or "", *cell_sort_key(location.cell))
    return (*location_key, SEVERITY_RANKS[finding.effective_severity], finding.code, _FullTextOrder(finding))


class _FullTextOrder:
    """Sort key of the full text of a finding: slow, and only compared where all else is equal."""

    __slots__ = ("finding",)

    def __init__(self, finding: Finding):
        self.finding = finding

    def __lt__(self, other: "_FullTextOrder") -> bool:
        return repr(self.finding) < repr(other.finding)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _FullTextOrder) and self.finding == other.finding

    def __hash__(self) -> int:
        return hash(self.finding)
