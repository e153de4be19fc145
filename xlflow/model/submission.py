"""What came back: the files, and the content of each form."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from sys import intern

from xlflow.excel.cell_address import split_cell_address
from xlflow.model.findings import Finding, Location
from xlflow.model.plan import FieldValue, PlanItem, Round


class FileState(StrEnum):
    """What was done with a file. Every file found is in exactly one state."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """One file that was found.

    `name`: relative to the folder given, `archive.zip/file.xlsx` inside an archive. `digest`: SHA-256 of the
    content, hexadecimal. `size`: bytes. `saved_at`: as the file itself says, else its time on disk, which is only
    when it was copied there (`is_dated` is False then). `unit`: whose form it is. `reason`: code of the finding
    that explains the state. `further_units`: other units whose forms in the same file count.
    """

    name: str
    digest: str
    size: int
    saved_at: datetime | None
    state: FileState
    unit: str | None = None
    reason: str | None = None
    further_units: tuple[str, ...] = ()
    is_dated: bool = True

    @property
    def recency(self) -> tuple[bool, float]:
        """Sort key, newest last: a file that says itself when it was saved is newer than one that does not. A time
        without a zone counts as UTC."""
        moment = self.saved_at
        timestamp = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() if moment else -math.inf
        return self.is_dated, timestamp


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer in one cell.

    `raw_text`: the text of the cell. `value`: None if blank or not understood. `error_code`: the code of the
    finding that says why it was not understood. `column`: the letters of its column if the cell is in the row that
    holds the answer, so that rows may share equal answers; else its whole location. See `AnswerRow.location_of`.
    """

    field: str
    value: FieldValue | None
    raw_text: str
    column: str | Location
    error_code: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether the cell was empty."""
        return not self.raw_text


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One row of a form, matched to its plan item. `location`: the row's cell in column A ("A7")."""

    item: PlanItem
    unit: str
    location: Location
    answers: tuple[Answer, ...]

    def answer(self, key: str) -> Answer | None:
        """Return the answer to a field, None if the form lacked that column."""
        for answer in self.answers:
            if answer.field == key:
                return answer
        return None

    def location_of(self, answer: Answer) -> Location:
        """Return the location of one of the row's answers."""
        column, row_location = answer.column, self.location
        if isinstance(column, Location):
            return column
        return Location(
            row_location.file,
            row_location.sheet,
            intern(column + split_cell_address(row_location.cell or "")[1]),
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
    """A row (`is_row`), or a text outside the table, that belongs to no plan item; kept verbatim with its
    location.

    `reason`: code of the finding about it.
    """

    unit: str
    location: Location
    texts: tuple[str, ...]
    reason: str
    is_row: bool = True


@dataclass(frozen=True, slots=True)
class FormIdentity:
    """What identifies a form, in cells of the hidden sheet and again in the document's properties.

    `row_count`: issued rows. `replaced_digests`: for a correction form, the answers digests of the returns that it
    was made from, in place of which it counts.
    """

    template: str
    version: str
    round_key: str
    unit: str
    row_count: int
    form_code: str
    replaced_digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PreviousAnswers:
    """What a unit answered in the previous round, as its form shows it: text by plan item id."""

    as_of: date | None
    text_by_item_id: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CorrectionRequest:
    """What a correction form adds to the unit's answers: the findings in them, the texts that stood outside the
    table, and the answers digests of the returns that it replaces."""

    findings: tuple[Finding, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    replaced_digests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Submission:
    """The content of one form.

    `round`: with the plan items issued to this unit only, and the names of all units asked. `answers_digest`:
    equal
    for two returns with the same answers, word for word. `issued`: (plan item id, field key, text) of the answer
    cells that were filled when the form went out. `previous_answers`: what the form shows of the previous round.
    `nothing_to_report`: where the unit declares it, None if it does not. `other_submissions`: the forms of other
    units in the same workbook.
    """

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
        """Name of the unit that was asked."""
        return self.identity.unit
