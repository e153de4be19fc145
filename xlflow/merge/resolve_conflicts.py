"""Several rows that answer the same line for the same unit -> one row, cell by cell, against what was issued.

Changed in one return only: that one counts. Changed differently in several: the one saved last counts, and the
others are listed, unless the later return was made from the earlier one and so has corrected it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from xlflow.i18n.catalogue import LANGUAGES, LocalizedText, translate
from xlflow.merge.assign_rows import AssignedRow
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.merged import MergedRow
from xlflow.model.submission import Answer
from xlflow.model.text import normalize_key


@dataclass(frozen=True, slots=True)
class ResolvedRow:
    """The row that stands, the answers of other rows that it replaced or repeats, each at its whole place, and the
    conflicts between."""

    row: MergedRow
    replaced_answers: tuple[Answer, ...] = ()
    conflicts: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _CandidateCell:
    """One cell that could stand, where it is, and what stood in it when its form went out."""

    answer: Answer
    location: Location
    issued_text: str

    def answer_with_location(self) -> Answer:
        """Return the answer as any row may hold it."""
        return replace(self.answer, column=self.location)

    @property
    def is_changed(self) -> bool:
        return not _equals_issued_text(self.answer, self.issued_text)


def resolve_row(rows: Sequence[AssignedRow]) -> ResolvedRow:
    """Return the one row that stands for several, which are given newest first."""
    first = rows[0].row
    chosen_cells: list[_CandidateCell] = []
    replaced_answers: list[Answer] = []
    conflicts: list[Finding] = []
    for field in dict.fromkeys(answer.field for assigned_row in rows for answer in assigned_row.row.answers):
        cells = [
            _CandidateCell(answer, one.row.location_of(answer), one.issued_texts.get(field, ""))
            for one in rows
            if (answer := one.row.answer(field))
        ]
        chosen = _choose_cell(cells)
        chosen_cells.append(chosen)
        replaced_answers.extend(cell.answer_with_location() for cell in cells if cell is not chosen)
        conflicts.extend(_check_conflicts(rows[0], chosen, cells))
    filled_locations = {cell.location for cell in chosen_cells if not cell.answer.is_blank}
    contributing_first = sorted(
        rows, key=lambda one: not filled_locations.intersection(map(one.row.location_of, one.row.answers))
    )
    sources = tuple(one.row.location for one in contributing_first)
    row = replace(first, location=sources[0], answers=tuple(cell.answer_with_location() for cell in chosen_cells))
    return ResolvedRow(MergedRow(row, sources[1:]), tuple(replaced_answers), tuple(conflicts))


def _choose_cell(cells: Sequence[_CandidateCell]) -> _CandidateCell:
    """Return the cell that stands: of the newest changed cell, as the newest cell that says the same has it."""
    changed = [cell for cell in cells if cell.is_changed]
    chosen = next((cell for cell in changed if not _is_superseded(cell, cells)), (changed or cells)[0])
    return next(cell for cell in cells if _is_same_answer(cell.answer, chosen.answer))


def _check_conflicts(
    assigned_row: AssignedRow, chosen: _CandidateCell, cells: Sequence[_CandidateCell]
) -> Iterator[Finding]:
    """Yield one finding for each different answer that a unit gave besides the one that stands."""
    chosen_answer, reported = chosen.answer, [chosen.answer]
    for cell in cells:
        is_reported = any(_is_same_answer(cell.answer, other) for other in reported)
        if cell.is_changed and not is_reported and not _is_superseded(cell, cells):
            reported.append(cell.answer)
            yield make_finding(
                "conflict" if cell.location.file != chosen.location.file else "conflict-in-form",
                chosen.location,
                unit=assigned_row.row.unit,
                row_id=assigned_row.row.item.id,
                field=chosen_answer.field,
                value=chosen_answer.raw_text or None,
                params={
                    "kept": _quote_answer(chosen_answer.raw_text),
                    "other": _quote_answer(cell.answer.raw_text),
                    "place": LocalizedText(sv=cell.location.describe("sv"), en=cell.location.describe("en")),
                },
            )


def _is_superseded(cell: _CandidateCell, cells: Sequence[_CandidateCell]) -> bool:
    """Return whether another return was made with this very answer in it and has changed it, whenever either was
    saved last: who opens an old copy and saves it takes no correction back."""
    others = (other for other in cells if other is not cell and other.is_changed and other.issued_text)
    return any(_equals_issued_text(cell.answer, other.issued_text) for other in others)


def _is_same_answer(answer: Answer, other: Answer) -> bool:
    same_value = answer.value is not None and answer.value == other.value
    return same_value or normalize_key(answer.raw_text) == normalize_key(other.raw_text)


def _equals_issued_text(answer: Answer, issued_text: str) -> bool:
    """Return whether an answer is the text that was issued, numbers compared as numbers."""
    if normalize_key(answer.raw_text) == normalize_key(issued_text):
        return True
    try:
        return isinstance(answer.value, Decimal) and answer.value == Decimal(issued_text)
    except InvalidOperation:
        return False


def _quote_answer(raw_text: str) -> LocalizedText:
    key = "merge.quoted" if raw_text else "merge.blank"
    return LocalizedText(**{language: translate(key, language, text=raw_text) for language in LANGUAGES})
