"""What was asked and what came back, as frozen values. Knows no file format and decides nothing.

Asked: `Round` = `Template` + the lines and units of the plan + as-of date. Came back: `Received` (a file),
`Filled` (what one form says), `Merged` (everything, with its accounts), `Run` (what a command hands back).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Literal

from xlflow.core.findings import Finding, Place
from xlflow.core.template import Template
from xlflow.core.words import Language


@dataclass(frozen=True, slots=True)
class Deadline:
    """A time by which something is to be done: a day, a quarter, or words ("Se objektsplan"). All are legal.

    `text` is what people see; `first` and `last` are the days it covers, None where words say no time.
    """

    kind: Literal["day", "quarter", "text"]
    text: str
    first: date | None = None
    last: date | None = None

    @property
    def sort_key(self) -> tuple[date, date, str]:
        """Sorts all three kinds together: by last day, then first day; words after every time."""
        return (self.last or date.max, self.first or date.max, self.text)

    def has_passed(self, as_of: date) -> bool:
        """Return whether its last day lies before the as-of date; never for words."""
        return self.last is not None and self.last < as_of

    def is_later_than(self, other: "Deadline") -> bool | None:
        """Return whether it ends later than the other; None where the two cannot be compared."""
        return None if self.last is None or other.last is None else self.last > other.last


Value = str | bool | Decimal | Deadline


# What was asked -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unit:
    """One that is asked. Units are known by their name, written as in the plan."""

    name: str
    contact: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the plan: an activity, or a sub-activity if its `part` level is filled.

    `levels` has one text per level of the template, "" where the level is not used; `given` holds the
    fields that the plan fills in (key, value); `context` the further columns (heading, text), carried along.
    `own` marks an activity that a unit added itself. `position` is its place in the plan, counted from 1,
    which a form carries so that the plan's order can be restored; 0 where it is not known.
    """

    id: str
    levels: tuple[str, ...]
    units: tuple[str, ...]
    given: tuple[tuple[str, Value], ...] = ()
    context: tuple[tuple[str, str], ...] = ()
    continues_from: str = ""
    own: bool = False
    place: Place | None = None
    position: int = field(default=0, compare=False)

    def value(self, key: str) -> Value | None:
        """Return what the plan states in a field, None if it states nothing."""
        for name, value in self.given:
            if name == key:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Exemption:
    """A rule that passes, until a day: for one unit or all (""), on some lines (ids) or all (none). `line` is how
    the plan workbook names them, `place` where it says so."""

    rule: str
    unit: str
    lines: tuple[str, ...]
    line: str
    reason: str
    who: str
    until: date
    place: Place


@dataclass(frozen=True, slots=True)
class Alias:
    """What a text means that people write in a field: the code of one of its choices."""

    text: str
    means: str
    field: str
    place: Place


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan workbook as read: its title, units and lines, the year its quarters mean unless they name one; and
    what was agreed on after the forms had gone out."""

    title: str
    units: tuple[Unit, ...]
    lines: tuple[Line, ...]
    year: int
    context: tuple[str, ...] = ()
    digest: str = ""
    file: str = ""
    exceptions: tuple[Exemption, ...] = ()
    aliases: tuple[Alias, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """One follow-up: who is asked what, as of which day, by when, in which language."""

    template: Template
    plan: Plan
    as_of: date
    due: date | None
    language: Language

    @property
    def key(self) -> str:
        """What tells this round from every other: the template's name and the as-of date."""
        return f"{self.template.name} {self.as_of.isoformat()}"

    def lines_of(self, unit: str) -> tuple[Line, ...]:
        """Return the lines that a unit is asked about, in plan order."""
        return tuple(line for line in self.plan.lines if unit in line.units)


# What came back -------------------------------------------------------------------------------------------


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
    inside an archive. `saved` is when it was last saved, as the file itself says, else its time on disk."""

    name: str
    digest: str
    size: int
    saved: datetime | None
    state: State
    unit: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one cell answered. `written` is what stood there; `value` is None if blank or not understood, and
    then `fault` is the code of the finding that says why."""

    field: str
    value: Value | None
    written: str
    place: Place
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
    None if it does not."""

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

    @property
    def unit(self) -> str:
        """The unit that was asked."""
        return self.identity.unit


# Everything together --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MergedRow:
    """A row of the consolidated workbook. `sources` are the rows it came from, the one that stands first."""

    row: Row
    sources: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Accounts:
    """The proof that nothing went missing. The sums are per number field, in Decimal: `sums_in` of every row
    that came in, `sums_out` of every merged row, `sums_replaced` of the cells for which another return counts.
    `rows_by_file` and `sums_by_file` (file, field) are what came in, file by file."""

    files: Mapping[State, int]
    rows_found: int
    rows_merged: int
    rows_set_aside: int
    rows_unanswered: int
    sums_in: Mapping[str, Decimal] = field(default_factory=dict)
    sums_out: Mapping[str, Decimal] = field(default_factory=dict)
    files_found: int = 0
    sums_replaced: Mapping[str, Decimal] = field(default_factory=dict)
    rows_by_file: Mapping[str, int] = field(default_factory=dict)
    sums_by_file: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)

    @property
    def balance(self) -> bool:
        """Whether every file, row and sum that came in is accounted for."""
        return (
            self.files_found == sum(self.files.values())
            and self.rows_found == self.rows_merged + self.rows_set_aside
            and self.sums_in.keys() == self.sums_out.keys() >= self.sums_replaced.keys()
            and all(
                Fraction(total) == Fraction(self.sums_out[key]) + Fraction(self.sums_replaced.get(key, 0))
                for key, total in self.sums_in.items()
            )
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """All answers of a round in one order that does not depend on the order of the files.

    `round.plan.lines` are the lines of the plan (of the answering units, where no plan was given) followed by
    the units' own activities; `rows` follow that order, then the units' order in the plan. `nothing` names the
    units that say they have nothing to report, and where they say so; they are among those that answered.
    `exceptions` and `aliases` are those of the plan, each with how often it was needed.
    """

    round: Round
    files: tuple[Received, ...]
    rows: tuple[MergedRow, ...]
    set_aside: tuple[SetAside, ...]
    answered: tuple[str, ...]
    missing: tuple[str, ...]
    accounts: Accounts
    nothing: tuple[tuple[str, Place], ...] = ()
    exceptions: tuple[tuple[Exemption, int], ...] = ()
    aliases: tuple[tuple[Alias, int], ...] = ()

    @property
    def nothing_to_report(self) -> tuple[str, ...]:
        """The units that say so and have answered no row; where one has, its answers count."""
        told = {one.row.unit for one in self.rows if not one.row.is_blank}
        return tuple(unit for unit, _ in self.nothing if unit not in told)


Cell = str | int | Decimal | date | bool | None


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One column of a grid: heading, width in characters, and how its cells are shown.

    group: a text that many rows below each other share; shown whole where it comes first. signed: a number of
    which less than nothing is bad news; share: a part of a whole, which may be that too.
    """

    key: str
    heading: str
    width: int = 16
    kind: Literal["text", "group", "number", "integer", "date", "signed", "share", "status", "link"] = "text"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table on its way to a sheet: rectangular, one tuple per row, cells in the order of the columns."""

    name: str
    columns: tuple[GridColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What a command hands back to whoever called it; the faces only show it."""

    language: Language
    findings: tuple[Finding, ...] = ()
    merged: Merged | None = None
    output: Path | None = None
    written: tuple[Path, ...] = ()
    units: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings of severity error; 2 is for `Stop`."""
        return int(any(finding.weight == "error" for finding in self.findings))
