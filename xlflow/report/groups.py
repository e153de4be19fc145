"""Findings as people read them: the same fault in many cells is one group, with its cells counted.

One finding per cell is what programs get; three hundred equal lines are what nobody acts on.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from xlflow.core.findings import Finding, Severity, message_of, remedy_of, sort_findings
from xlflow.core.text import fold
from xlflow.core.words import Language, say

_CELL = re.compile(r"([A-Z]{1,3})([1-9]\d*)")
_RANGES = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Findings that say the same and ask for the same, in the order of their places."""

    severity: Severity
    message: str
    remedy: str
    findings: tuple[Finding, ...]

    @property
    def on_trial(self) -> bool:
        """Whether the rule behind it is only being tried out, so that it is shown and never counted."""
        return self.findings[0].code == "rule-on-trial"


def group_findings(findings: Iterable[Finding], language: Language) -> tuple[Group, ...]:
    """Return the findings that say the same together: errors first, then by their first place."""
    groups: dict[tuple[Severity, str, str], list[Finding]] = {}
    for found in sort_findings(findings):
        said = (found.weight, message_of(found, language), remedy_of(found, language))
        groups.setdefault(said, []).append(found)
    severities = list(Severity)
    ordered = sorted(groups.items(), key=lambda item: severities.index(item[0][0]))
    return tuple(Group(*said, tuple(same)) for said, same in ordered)


def show_places(group: Group, language: Language) -> tuple[str, ...]:
    """Return one line per sheet: "Norr.xlsx, blad Uppföljning: H7, H9–H14 och 3 till"."""
    sheets: dict[str, list[Finding]] = {}
    for found in group.findings:
        sheets.setdefault(_show_sheet(found, language), []).append(found)
    return tuple(filter(None, (_join(sheet, _cells_of(same), language) for sheet, same in sheets.items())))


def show_cells(cells: Iterable[str], language: Language) -> str:
    """Return cells as people list them, neighbours in a column as a range, what is left over counted."""
    runs = list(_runs(sorted(set(cells), key=_down_the_column)))
    shown = [run[0] if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs[:_RANGES]]
    more = sum(map(len, runs[_RANGES:]))
    text = ", ".join(shown)
    return f"{text} {say('terminal.and_more', language, count=more)}" if more else text


def _show_sheet(found: Finding, language: Language) -> str:
    sheet = type(found.place)(found.place.file, found.place.sheet).show(language)
    told = not found.unit or not sheet or fold(found.unit) in fold(found.place.file)
    return sheet if told else f"{sheet} ({found.unit})"


def _cells_of(findings: Sequence[Finding]) -> list[str]:
    return [found.place.cell for found in findings if found.place.cell]


def _join(sheet: str, cells: Sequence[str], language: Language) -> str:
    return ": ".join(filter(None, (sheet, show_cells(cells, language))))


def _runs(cells: Sequence[str]) -> Iterator[list[str]]:
    """Yield runs of cells that stand right below each other."""
    run: list[str] = []
    for cell in cells:
        if run and not _is_below(cell, run[-1]):
            yield run
            run = []
        run.append(cell)
    if run:
        yield run


def _is_below(cell: str, other: str) -> bool:
    (*column, row), (*above, last) = _down_the_column(cell), _down_the_column(other)
    return column == above and row == last + 1


def _down_the_column(cell: str) -> tuple[int, str, int]:
    found = _CELL.fullmatch(cell)
    return (len(found[1]), found[1], int(found[2])) if found else (9, cell, 0)
