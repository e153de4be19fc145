"""What came back: the files, and what one form says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from sys import intern

from xlflow.core.findings import Finding, Place
from xlflow.core.model.asked import Line, Round, Value

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What the address of a cell begins with."""


class State(StrEnum):
    """What became of a file. Every file found is in exactly one state."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True)
class Received:
    """One file that was found. `name` is what people see: relative to the folder given, `archive.zip/file.xlsx`
    inside an archive. `saved` is when it was last saved, as the file itself says, else its time on disk. `unit` is
    whose form it is; `also` are further units whose forms in it count."""

    name: str
    digest: str
    size: int
    saved: datetime | None
    state: State
    unit: str | None = None
    reason: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one cell answered. `written` is what stood there; `value` is None if blank or not understood, and
    then `fault` is the code of the finding that says why. `at` is the letters of its column where it stands in the
    row of the form that it is held by, so that rows may share what reads the same; else its whole place. `Row`
    knows either way: `place_of`."""

    field: str
    value: Value | None
    written: str
    at: str | Place
    fault: str | None = None

    @property
    def is_blank(self) -> bool:
        """Whether nothing was written."""
        return not self.written


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a form, matched to its line. `place` points at the row's first answer cell's row (A7)."""

    line: Line
    unit: str
    place: Place
    answers: tuple[Answer, ...]

    def answer(self, key: str) -> Answer | None:
        """Return the answer to a field, if the form had that column."""
        for answer in self.answers:
            if answer.field == key:
                return answer
        return None

    def place_of(self, answer: Answer) -> Place:
        """Return the cell in which one of the row's answers stands."""
        at, row = answer.at, self.place
        if isinstance(at, Place):
            return at
        return Place(row.file, row.sheet, intern(at + (row.cell or "").lstrip(LETTERS)))

    def value(self, key: str) -> Value | None:
        """Return the typed answer to a field, None if blank or not understood."""
        found = self.answer(key)
        return found.value if found else None

    @property
    def is_blank(self) -> bool:
        """Whether the unit wrote nothing in any answer cell of the row."""
        return all(answer.is_blank for answer in self.answers)


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row, or a text beside the table, that could not be placed; kept word by word with its address."""

    unit: str
    place: Place
    texts: tuple[str, ...]
    reason: str
    is_row: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """What a form says of itself, in cells of the hidden sheet and again in the document's properties. `replaces`
    are the answers (their digests) that it was made from to be corrected: it counts in place of those."""

    template: str
    version: str
    round: str
    unit: str
    rows: int
    form_code: str
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Previous:
    """What a unit answered in the previous round, as its form shows it beside the empty cells: text by line id."""

    as_of: date | None
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Returned:
    """What goes back to a unit with its own answers: what was found in them, the texts that stood outside the
    table, and the answers (their digests) that the form was made from."""

    findings: tuple[Finding, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    """What one form says. `round` holds the lines issued to this unit (not those of other units) and the names
    of all units asked. `answers_digest` is equal for two returns that say the same in the same words. `issued`
    is what stood in the answer cells when the form went out: line id, field, text; blank ones left out. `previous`
    is what the form shows of the round before. `nothing` is where the unit says that it has nothing to report,
    None if it does not. `others` are the forms of other units that stand in the same workbook."""

    received: Received
    identity: Identity
    round: Round
    rows: tuple[Row, ...]
    set_aside: tuple[SetAside, ...] = ()
    findings: tuple[Finding, ...] = ()
    answers_digest: str = ""
    issued: tuple[tuple[str, str, str], ...] = ()
    previous: Previous | None = None
    nothing: Place | None = None
    others: tuple["Filled", ...] = ()

    @property
    def unit(self) -> str:
        """The unit that was asked."""
        return self.identity.unit
