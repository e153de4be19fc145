"""Several rows that answer the same item for the same unit -> one row, cell by cell, against what was issued.

Changed in one return only: that one counts. Changed differently in several: the one saved last counts, and the
others are listed as conflicts, unless the later return was made from the earlier one and so has corrected it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from xlflow.i18n.catalogue import LocalizedText, translate_all
from xlflow.merge.assign_rows import AssignedRow
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.merged import MergedRow
from xlflow.model.submission import Answer
from xlflow.model.text import normalize_key


@dataclass(frozen=True, slots=True)
class ResolvedRow:
    """The row that counts; the answers of the other rows, which it replaced or repeats, each with its whole
    location (file, sheet, cell) as `column`; and the conflicts between them."""

    row: MergedRow
    replaced_answers: tuple[Answer, ...] = ()
    conflicts: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _CandidateCell:
    """One cell that may count: its answer, where it is, what it held when its form was issued, and whether its
    file says when it was saved."""

    answer: Answer
    location: Location
    issued_text: str
    is_dated: bool

    def answer_with_location(self) -> Answer:
        """Return the answer with its whole location, so that a row of another form can hold it."""
        return replace(self.answer, column=self.location)

    @property
    def is_changed(self) -> bool:
        """Whether it holds something else than was issued."""
        return not _equals_issued_text(self.answer, self.issued_text)


def resolve_row(rows: Sequence[AssignedRow]) -> ResolvedRow:
    """Return the one row that counts for several, which are given newest first and have the same unit and item.

    Its first source is the newest row that gave a filled cell.
    """
    first = rows[0].row
    chosen_cells: list[_CandidateCell] = []
    replaced_answers: list[Answer] = []
    conflicts: list[Finding] = []
    for field in dict.fromkeys(answer.field for assigned_row in rows for answer in assigned_row.row.answers):
        cells = [
            _CandidateCell(
                answer, assigned.row.location_of(answer), assigned.issued_texts.get(field, ""), assigned.is_dated
            )
            for assigned in rows
            if (answer := assigned.row.answer(field))
        ]
        chosen = _choose_cell(cells)
        chosen_cells.append(chosen)
        replaced_answers.extend(cell.answer_with_location() for cell in cells if cell is not chosen)
        conflicts.extend(_check_conflicts(rows[0], chosen, cells))
    filled_locations = {cell.location for cell in chosen_cells if not cell.answer.is_blank}
    contributing_first = sorted(
        rows,
        key=lambda assigned: (
            not filled_locations.intersection(map(assigned.row.location_of, assigned.row.answers))
        ),
    )
    sources = tuple(assigned.row.location for assigned in contributing_first)
    row = replace(first, location=sources[0], answers=tuple(cell.answer_with_location() for cell in chosen_cells))
    return ResolvedRow(MergedRow(row, sources[1:]), tuple(replaced_answers), tuple(conflicts))


def _choose_cell(cells: Sequence[_CandidateCell]) -> _CandidateCell:
    """Return the cell that counts: the newest changed one that no correction supersedes, or the newest cell with
    the same answer; where nothing was changed, the newest."""
    changed = [cell for cell in cells if cell.is_changed]
    chosen = next((cell for cell in changed if not _is_superseded(cell, cells)), (changed or cells)[0])
    return next(cell for cell in cells if _is_same_answer(cell.answer, chosen.answer))


def _check_conflicts(
    assigned_row: AssignedRow, chosen: _CandidateCell, cells: Sequence[_CandidateCell]
) -> Iterator[Finding]:
    """Yield one finding for each different answer that the unit gave besides the one that counts."""
    chosen_answer, reported = chosen.answer, [chosen.answer]
    for cell in cells:
        is_reported = any(_is_same_answer(cell.answer, other) for other in reported)
        if cell.is_changed and not is_reported and not _is_superseded(cell, cells):
            reported.append(cell.answer)
            yield make_finding(
                _conflict_code(chosen, cell),
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


def _conflict_code(chosen: _CandidateCell, cell: _CandidateCell) -> str:
    """Return the code of a conflict: within one file, between files of which the newer is known, or not."""
    if cell.location.file == chosen.location.file:
        return "conflict-in-form"
    return "conflict" if chosen.is_dated and cell.is_dated else "conflict-undecided"


def _is_superseded(cell: _CandidateCell, cells: Sequence[_CandidateCell]) -> bool:
    """Return whether a later correction form was issued with this answer and the unit changed it there. File times
    are ignored on purpose: saving the old file again must not undo the correction."""
    others = (other for other in cells if other is not cell and other.is_changed and other.issued_text)
    return any(_equals_issued_text(cell.answer, other.issued_text) for other in others)


def _is_same_answer(answer: Answer, other: Answer) -> bool:
    same_value = answer.value is not None and answer.value == other.value
    return same_value or normalize_key(answer.raw_text) == normalize_key(other.raw_text)


def _equals_issued_text(answer: Answer, issued_text: str) -> bool:
    """Return whether an answer is the issued text; numbers are compared as numbers."""
    if normalize_key(answer.raw_text) == normalize_key(issued_text):
        return True
    try:
        return isinstance(answer.value, Decimal) and answer.value == Decimal(issued_text)
    except InvalidOperation:
        return False


def _quote_answer(raw_text: str) -> LocalizedText:
    """Return an answer as it is quoted in a sentence, in all languages; a blank one in words."""
    return translate_all("merge.quoted" if raw_text else "merge.blank", text=raw_text)
