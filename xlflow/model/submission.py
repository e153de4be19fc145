"""What came back: the files, and what one form says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from sys import intern

from xlflow.model.findings import Finding, Location
from xlflow.model.plan import FieldValue, PlanItem, Round

ADDRESS_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What the address of a cell begins with."""


class FileState(StrEnum):
    """What became of a file. Every file found is in exactly one state."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file that was found. `name` is what people see: relative to the folder given, `archive.zip/file.xlsx`
    inside an archive. `saved` is when it was last saved, as the file itself says, else its time on disk. `unit` is
    whose form it is; `also` are further units whose forms in it count."""

    name: str
    digest: str
    size: int
    saved_at: datetime | None
    state: FileState
    unit: str | None = None
    reason: str | None = None
    further_units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one cell answered. `written` is what stood there; `value` is None if blank or not understood, and
    then `fault` is the code of the finding that says why. `at` is the letters of its column where it stands in the
    row of the form that it is held by, so that rows may share what reads the same; else its whole place. `Row`
    knows either way: `location_of`."""

    field: str
    value: FieldValue | None
    raw_text: str
    column: str | Location
    error_code: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written."""
        return not self.raw_text


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One row of a form, matched to its line. `place` points at the row's first answer cell's row (A7)."""

    item: PlanItem
    unit: str
    location: Location
    answers: tuple[Answer, ...]

    def answer(self, key: str) -> Answer | None:
        """Return the answer to a field, if the form had that column."""
        for answer in self.answers:
            if answer.field == key:
                return answer
        return None

    def location_of(self, answer: Answer) -> Location:
        """Return the cell in which one of the row's answers stands."""
        column, row_location = answer.column, self.location
        if isinstance(column, Location):
            return column
        return Location(
            row_location.file,
            row_location.sheet,
            intern(column + (row_location.cell or "").lstrip(ADDRESS_LETTERS)),
        )

    def value(self, key: str) -> FieldValue | None:
        """Return the typed answer to a field, None if blank or not understood."""
        found = self.answer(key)
        return found.value if found else None

    @property
    def is_blank(self) -> bool:
        """Whether the unit wrote nothing in any answer cell of the row."""
        return all(answer.is_blank for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A row, or a text beside the table, that could not be placed; kept word by word with its address."""

    unit: str
    location: Location
    texts: tuple[str, ...]
    reason: str
    is_row: bool = True


@dataclass(frozen=True, slots=True)
class FormIdentity:
    """What a form says of itself, in cells of the hidden sheet and again in the document's properties. `replaces`
    are the answers (their digests) that it was made from to be corrected: it counts in place of those."""

    template: str
    version: str
    round_key: str
    unit: str
    row_count: int
    form_code: str
    replaced_digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviousAnswers:
    """What a unit answered in the previous round, as its form shows it beside the empty cells: text by line id."""

    as_of: date | None
    text_by_item_id: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What goes back to a unit with its own answers: what was found in them, the texts that stood outside the
    table, and the answers (their digests) that the form was made from."""

    findings: tuple[Finding, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    replaced_digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """What one form says. `round` holds the lines issued to this unit (not those of other units) and the names
    of all units asked. `answers_digest` is equal for two returns that say the same in the same words. `issued`
    is what stood in the answer cells when the form went out: line id, field, text; blank ones left out. `previous`
    is what the form shows of the round before. `nothing` is where the unit says that it has nothing to report,
    None if it does not. `others` are the forms of other units that stand in the same workbook."""

    file: ReceivedFile
    identity: FormIdentity
    round: Round
    rows: tuple[AnswerRow, ...]
    unplaced: tuple[Unplaced, ...] = ()
    findings: tuple[Finding, ...] = ()
    answers_digest: str = ""
    issued: tuple[tuple[str, str, str], ...] = ()
    previous_answers: PreviousAnswers | None = None
    nothing_to_report: Location | None = None
    other_submissions: tuple["Submission", ...] = ()

    @property
    def unit(self) -> str:
        """The unit that was asked."""
        return self.identity.unit
