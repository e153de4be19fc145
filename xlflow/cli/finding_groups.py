"""Findings grouped for people: the same fault in many cells is one group, with its cells as ranges.

Programs get one finding per cell (`json_output`); a person who is shown three hundred equal lines acts on none.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xlflow.i18n.catalogue import Language, translate
from xlflow.model.findings import SEVERITY_RANKS, Finding, Severity, message_of, remedy_of, sort_findings
from xlflow.model.text import normalize_key

_CELL_ADDRESS = re.compile(r"([A-Z]{1,3})([1-9]\d*)")
_MAX_RANGES = 5

PERSONAL_DATA_CODES = frozenset(
    {"personal-number-in-text", "email-in-text", "phone-in-text", "report-personal-data"}
)
"""Findings of personal data, which are shown before all others and with every cell."""


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings that say the same and ask for the same, in the order of their places."""

    severity: Severity
    message: str
    remedy: str
    findings: tuple[Finding, ...]

    @property
    def is_on_trial(self) -> bool:
        """Whether the rule behind it is only being tried out, so that it is shown and never counted."""
        return self.findings[0].code == "rule-on-trial"

    @property
    def is_personal_data(self) -> bool:
        """Whether it is about personal data in a text that becomes public."""
        return self.findings[0].code in PERSONAL_DATA_CODES


def group_findings(findings: Iterable[Finding], language: Language) -> tuple[FindingGroup, ...]:
    """Return the findings that say the same together: personal data first, then by severity and first place."""
    groups: dict[tuple[Severity, str, str], list[Finding]] = {}
    for finding in sort_findings(findings):
        group_key = (finding.effective_severity, message_of(finding, language), remedy_of(finding, language))
        groups.setdefault(group_key, []).append(finding)
    by_place = [FindingGroup(*said, tuple(members)) for said, members in groups.items()]
    return tuple(sorted(by_place, key=lambda group: (not group.is_personal_data, SEVERITY_RANKS[group.severity])))


def format_group_locations(group: FindingGroup, language: Language) -> tuple[str, ...]:
    """Return one line per sheet: "Norr.xlsx, blad Uppföljning: H7, H9–H14 och 3 till"."""
    sheets: dict[str, list[Finding]] = {}
    for finding in group.findings:
        sheets.setdefault(_format_finding_sheet(finding, language), []).append(finding)
    return tuple(
        filter(
            None,
            (
                _format_sheet_cells(sheet, _finding_cells(members), language, all_cells=group.is_personal_data)
                for sheet, members in sheets.items()
            ),
        )
    )


def format_cell_ranges(cells: Iterable[str], language: Language, *, all_cells: bool = False) -> str:
    """Return cells as people list them, neighbours in a column as a range, what is left over counted unless all
    are asked for."""
    runs = list(_consecutive_cell_runs(sorted(set(cells), key=_cell_sort_key)))
    max_ranges = len(runs) if all_cells else _MAX_RANGES
    shown = [run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs[:max_ranges]]
    remaining = sum(map(len, runs[max_ranges:]))
    text = ", ".join(shown)
    return f"{text} {translate('terminal.and_more', language, count=remaining)}" if remaining else text


def _format_finding_sheet(finding: Finding, language: Language) -> str:
    sheet = type(finding.location)(finding.location.file, finding.location.sheet).describe(language)
    unit_is_named = (
        not finding.unit or not sheet or normalize_key(finding.unit) in normalize_key(finding.location.file)
    )
    return sheet if unit_is_named else f"{sheet} ({finding.unit})"


def _finding_cells(findings: Sequence[Finding]) -> list[str]:
    return [finding.location.cell for finding in findings if finding.location.cell]


def _format_sheet_cells(sheet: str, cells: Sequence[str], language: Language, *, all_cells: bool) -> str:
    return ": ".join(filter(None, (sheet, format_cell_ranges(cells, language, all_cells=all_cells))))


def _consecutive_cell_runs(cells: Sequence[str]) -> Iterator[list[str]]:
    """Yield runs of cells that stand right below each other."""
    run: list[str] = []
    for cell in cells:
        if run and not _is_cell_below(cell, run[-1]):
            yield run
            run = []
        run.append(cell)
    if run:
        yield run


def _is_cell_below(cell: str, upper_cell: str) -> bool:
    (*column, row), (*upper_column, upper_row) = _cell_sort_key(cell), _cell_sort_key(upper_cell)
    return column == upper_column and row == upper_row + 1


def _cell_sort_key(cell: str) -> tuple[int, str, int]:
    match = _CELL_ADDRESS.fullmatch(cell)
    return (len(match[1]), match[1], int(match[2])) if match else (9, cell, 0)
