"""Settles which sheet counts where a form stands on several: somebody copied it, and went on in one of the two.

The one in which most was changed since the form went out. What the others say besides is set aside, so that
nothing is counted twice and nothing is lost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xlflow.core.findings import Finding, Place, Severity, find
from xlflow.core.issued import Answers
from xlflow.core.model import Row, SetAside
from xlflow.core.text import fold
from xlflow.read.table import Table

QUOTING = ("given-changed", "issued-text-changed", "heading-changed", "computed-changed", "row-without-id")
"""Findings that quote what somebody wrote where the form says something itself: the text stands nowhere else."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one sheet says."""

    table: Table
    rows: tuple[Row, ...]
    set_aside: tuple[SetAside, ...]
    findings: tuple[Finding, ...]


def choose_table(reads: Sequence[Read], issued: Answers) -> Read:
    """Return what the form says where it stands on several sheets. Rows of the others that say something else are
    set aside, and so is what stands beside them. `issued` is what the answer cells held when the form went out."""
    if len(reads) == 1:
        return reads[0]
    best = max(reads, key=lambda read: _weigh(read, issued))
    aside, findings = [*best.set_aside], [*best.findings]
    for read in reads:
        if read is not best:
            at = Place(read.table.file, read.table.sheet.name)
            known = {one.texts for one in aside}
            more = [*_find_other_rows(read, best), *(one for one in read.set_aside if one.texts not in known)]
            words = {"counts": best.table.sheet.name}
            findings.append(find("sheet-copied", at, severity=None if more else Severity.NOTE, words=words))
            aside += more
            told = {_quote(found) for found in findings}
            findings += (found for found in read.findings if found.code in QUOTING and _quote(found) not in told)
    return replace(best, set_aside=tuple(aside), findings=tuple(findings))


def _weigh(read: Read, issued: Answers) -> tuple[int, int]:
    """Return how many answers a sheet changes, and how many it has."""
    given = [
        (answer.written, issued.get(row.line.id, {}).get(answer.field, ""))
        for row in read.rows
        for answer in row.answers
    ]
    changed = sum(fold(written) != fold(before) for written, before in given)
    return changed, sum(bool(written) for written, _ in given)


def _find_other_rows(read: Read, best: Read) -> Iterator[SetAside]:
    """Yield the rows that say something which the sheet that counts does not."""
    said = {(row.line.id, answer.field, answer.written) for row in best.rows for answer in row.answers}
    known = {row.line.id for row in best.rows}
    for row in read.rows:
        answers = [(row.line.id, answer.field, answer.written) for answer in row.answers if answer.written]
        if not said.issuperset(answers) or (row.line.own and row.line.id not in known):
            texts = (*filter(None, row.line.levels), *(written for _, _, written in answers))
            yield SetAside(row.unit, row.place, texts, "row-on-copied-sheet")


def list_quotes(findings: Sequence[Finding]) -> list[str]:
    """Return what people wrote where the form says something itself."""
    return sorted(found.value or "" for found in findings if found.code in QUOTING[:-1])


def _quote(found: Finding) -> tuple[object, ...]:
    return (found.code, found.row_id, found.field, found.value)
