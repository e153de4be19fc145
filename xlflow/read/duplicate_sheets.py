"""Decides which sheet counts where a form is on several: a person copied it and went on in one of the two.

The one in which most was changed since the form was issued. What the others say besides is set aside, so that
nothing is counted twice and nothing is lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xlflow.form.metadata import AnswerTexts
from xlflow.model.findings import Finding, Location, Severity, make_finding
from xlflow.model.submission import AnswerRow, Unplaced
from xlflow.model.text import normalize_key
from xlflow.read.locate_table import LocatedTable

QUOTING_CODES = (
    "plan-value-changed",
    "extra-column-changed",
    "issued-text-changed",
    "heading-changed",
    "computed-changed",
    "row-without-id",
)
"""Findings that quote what a person wrote over a text of the form: the text is kept nowhere else."""


@dataclass(frozen=True, slots=True)
class SheetReading:
    """What one sheet with the form says: its rows, what was set aside on it, and what was found."""

    table: LocatedTable
    rows: tuple[AnswerRow, ...]
    unplaced: tuple[Unplaced, ...]
    findings: tuple[Finding, ...]


def choose_sheet_reading(readings: Sequence[SheetReading], issued: AnswerTexts) -> SheetReading:
    """Return the reading that counts, of one or more of the same form. Rows of the others that say something else
    are added to it as unplaced, and so is what they set aside themselves. `issued` is what the answer cells held
    when the form was issued."""
    if len(readings) == 1:
        return readings[0]
    best = max(readings, key=lambda reading: _count_answers(reading, issued))
    unplaced, findings = [*best.unplaced], [*best.findings]
    for reading in readings:
        if reading is not best:
            location = Location(reading.table.file, reading.table.sheet.name)
            unplaced_texts = {entry.texts for entry in unplaced}
            new_unplaced = [
                *_find_differing_rows(reading, best),
                *(entry for entry in reading.unplaced if entry.texts not in unplaced_texts),
            ]
            params = {"counts": best.table.sheet.name}
            findings.append(
                make_finding(
                    "sheet-copied", location, severity=None if new_unplaced else Severity.NOTE, params=params
                )
            )
            unplaced += new_unplaced
            reported = {_finding_key(finding) for finding in findings}
            findings += (
                finding
                for finding in reading.findings
                if finding.code in QUOTING_CODES and _finding_key(finding) not in reported
            )
    return replace(best, unplaced=tuple(unplaced), findings=tuple(findings))


def _count_answers(reading: SheetReading, issued: AnswerTexts) -> tuple[int, int]:
    """Return (number of answers that differ from the issued ones, number of filled answers)."""
    answers = [
        (answer.raw_text, issued.get(row.item.id, {}).get(answer.field, ""))
        for row in reading.rows
        for answer in row.answers
    ]
    changed_count = sum(normalize_key(raw_text) != normalize_key(issued_text) for raw_text, issued_text in answers)
    return changed_count, sum(bool(raw_text) for raw_text, _ in answers)


def _find_differing_rows(reading: SheetReading, best: SheetReading) -> Iterator[Unplaced]:
    """Yield as unplaced the rows that say something which the sheet that counts (`best`) does not."""
    best_answers = {(row.item.id, answer.field, answer.raw_text) for row in best.rows for answer in row.answers}
    best_item_ids = {row.item.id for row in best.rows}
    for row in reading.rows:
        answers = [(row.item.id, answer.field, answer.raw_text) for answer in row.answers if answer.raw_text]
        if not best_answers.issuperset(answers) or (row.item.added_by_unit and row.item.id not in best_item_ids):
            texts = (*filter(None, row.item.level_texts), *(raw_text for _, _, raw_text in answers))
            yield Unplaced(row.unit, row.location, texts, "row-on-copied-sheet")


def list_quoted_texts(findings: Sequence[Finding]) -> list[str]:
    """Return what people wrote over texts of the form, sorted; not in rows that were found by their text."""
    return sorted(finding.value or "" for finding in findings if finding.code in QUOTING_CODES[:-1])


def _finding_key(finding: Finding) -> tuple[object, ...]:
    return (finding.code, finding.row_id, finding.field, finding.value)
