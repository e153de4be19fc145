"""Several rows that answer the same line for the same unit -> one row, cell by cell, against what was issued.

Changed in one return only: that one counts. Changed differently in several: the one saved last counts, and the
others are listed, unless the later return was made from the earlier one and so has corrected it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from xlflow.core.findings import Finding, Place, find
from xlflow.core.model import Answer, MergedRow
from xlflow.core.text import fold
from xlflow.core.words import LANGUAGES, Text, say
from xlflow.merge.settle import Settled


@dataclass(frozen=True, slots=True)
class Joined:
    """The row that stands, the answers of other rows that it replaced or repeats, each at its whole place, and the
    conflicts between."""

    row: MergedRow
    replaced: tuple[Answer, ...] = ()
    conflicts: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One cell that could stand, where it is, and what stood in it when its form went out."""

    answer: Answer
    place: Place
    issued: str

    def absolute(self) -> Answer:
        """Return the answer as any row may hold it."""
        return replace(self.answer, at=self.place)

    @property
    def is_changed(self) -> bool:
        return not _reads(self.answer, self.issued)


def join_rows(rows: Sequence[Settled]) -> Joined:
    """Return the one row that stands for several, which are given newest first."""
    first = rows[0].row
    standing: list[_Candidate] = []
    replaced: list[Answer] = []
    conflicts: list[Finding] = []
    for field in dict.fromkeys(answer.field for one in rows for answer in one.row.answers):
        cells = [
            _Candidate(answer, one.row.place_of(answer), one.issued.get(field, ""))
            for one in rows
            if (answer := one.row.answer(field))
        ]
        stands = _choose(cells)
        standing.append(stands)
        replaced.extend(cell.absolute() for cell in cells if cell is not stands)
        conflicts.extend(_find_conflicts(rows[0], stands, cells))
    given = {cell.place for cell in standing if not cell.answer.is_blank}
    by_weight = sorted(rows, key=lambda one: not given.intersection(map(one.row.place_of, one.row.answers)))
    sources = tuple(one.row.place for one in by_weight)
    row = replace(first, place=sources[0], answers=tuple(cell.absolute() for cell in standing))
    return Joined(MergedRow(row, sources[1:]), tuple(replaced), tuple(conflicts))


def _choose(cells: Sequence[_Candidate]) -> _Candidate:
    """Return the cell that stands: of the newest changed cell, as the newest cell that says the same has it."""
    changed = [cell for cell in cells if cell.is_changed]
    stands = next((cell for cell in changed if not _is_corrected(cell, cells)), (changed or cells)[0])
    return next(cell for cell in cells if _says_the_same(cell.answer, stands.answer))


def _find_conflicts(one: Settled, chosen: _Candidate, cells: Sequence[_Candidate]) -> Iterator[Finding]:
    """Yield one finding for each different answer that a unit gave besides the one that stands."""
    stands, told = chosen.answer, [chosen.answer]
    for cell in cells:
        known = any(_says_the_same(cell.answer, other) for other in told)
        if cell.is_changed and not known and not _is_corrected(cell, cells):
            told.append(cell.answer)
            yield find(
                "conflict" if cell.place.file != chosen.place.file else "conflict-in-form",
                chosen.place,
                unit=one.row.unit,
                row_id=one.row.line.id,
                field=stands.field,
                value=stands.written or None,
                words={
                    "kept": _quote(stands.written),
                    "other": _quote(cell.answer.written),
                    "place": Text(sv=cell.place.show("sv"), en=cell.place.show("en")),
                },
            )


def _is_corrected(cell: _Candidate, cells: Sequence[_Candidate]) -> bool:
    """Return whether another return was made with this very answer in it and has changed it, whenever either was
    saved last: who opens an old copy and saves it takes no correction back."""
    others = (other for other in cells if other is not cell and other.is_changed and other.issued)
    return any(_reads(cell.answer, other.issued) for other in others)


def _says_the_same(one: Answer, other: Answer) -> bool:
    same_value = one.value is not None and one.value == other.value
    return same_value or fold(one.written) == fold(other.written)


def _reads(answer: Answer, text: str) -> bool:
    """Return whether an answer is the text that was issued, numbers compared as numbers."""
    if fold(answer.written) == fold(text):
        return True
    try:
        return isinstance(answer.value, Decimal) and answer.value == Decimal(text)
    except InvalidOperation:
        return False


def _quote(written: str) -> Text:
    key = "merge.quoted" if written else "merge.blank"
    return Text(**{language: say(key, language, text=written) for language in LANGUAGES})
