"""Everything together: the merged rows, the accounts, corrections by hand, and what a command returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Literal

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Finding, Location
from xlflow.model.plan import Alias, FieldValue, Round, Waiver
from xlflow.model.submission import Answer, AnswerRow, FileState, ReceivedFile, Unplaced

ROLLED_UP_KEY = "_rolled_up"
"""The key of the rolled-up status among the fields of a plan item; no key of a template begins so."""

CorrectionState = Literal["kept", "conflict", "not_understood"]
"""kept: the corrected value counts. conflict: the answer below it has changed too, and counts. not_understood: the
corrected value is not one that the field accepts, and counts as no answer."""


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """An answer cell of a consolidated workbook whose text is not the answer that it was made from.

    `unit` is "" in the table `activities`, whose cells are about all units. `field` is a field's key or
    `ROLLED_UP_KEY`. `value`: None if `text` is blank or not understood. `fingerprint` is that of the answer
    (`form.answer_fingerprints`). `is_listed`: no cell holds it any more, the sheet of corrections lists it as a
    conflict of an earlier merge; its location is the sheet.
    """

    unit: str
    item_id: str
    field: str
    text: str
    value: FieldValue | None
    fingerprint: str
    location: Location
    is_listed: bool = False


@dataclass(frozen=True, slots=True)
class ManualCorrection:
    """A correction by hand: of one unit's answer, or of a plan item over all its units where `unit` is "".

    `answer_text` is the answer without the correction as the workbook shows it, `text` the corrected text;
    `location` is where that was found.
    """

    unit: str
    item_id: str
    field: str
    answer_text: str
    text: str
    state: CorrectionState
    location: Location


@dataclass(frozen=True, slots=True)
class MergedRow:
    """A row of the consolidated workbook; `other_sources` are the rows of other returns that it was merged
    from."""

    row: AnswerRow
    other_sources: tuple[Location, ...] = ()

    @property
    def sources(self) -> tuple[Location, ...]:
        """The rows that it came from, that of `row` first."""
        return (self.row.location, *self.other_sources)


@dataclass(frozen=True, slots=True)
class Accounts:
    """The reconciliation: files and rows found against those accounted for, and sums in against sums out.

    Sums are by field key, exact: `sums_in` of every row found, `sums_out` of every merged row, `sums_replaced` of
    the cells for which another return counts. `rows_by_file` and `sums_by_file` (file name, field key) are the
    rows
    and sums found, file by file.
    """

    files: Mapping[FileState, int]
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
    def is_balanced(self) -> bool:
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

    `round.plan.items`: those of the plan (of the answering units, where no plan was given), then the activities
    that
    units added. `rows`: in that order, then in the units' order in the plan. `nothing_to_report_claims`: units
    that
    declare it, with the location; they are among the `answered_units`. `waivers` and `aliases`: those of the plan,
    each with how often it was used. `corrections`: what people changed in the consolidated workbook by hand.
    `item_answers`: those of them that are about a plan item over all its units, by (item id, field key or
    `ROLLED_UP_KEY`); they count before the units' answers.
    """

    round: Round
    files: tuple[ReceivedFile, ...]
    rows: tuple[MergedRow, ...]
    unplaced: tuple[Unplaced, ...]
    answered_units: tuple[str, ...]
    missing_units: tuple[str, ...]
    accounts: Accounts
    nothing_to_report_claims: tuple[tuple[str, Location], ...] = ()
    waivers: tuple[tuple[Waiver, int], ...] = ()
    aliases: tuple[tuple[Alias, int], ...] = ()
    corrections: tuple[ManualCorrection, ...] = ()
    item_answers: Mapping[tuple[str, str], Answer] = field(default_factory=dict)

    def rows_by_unit(self) -> dict[str, list[AnswerRow]]:
        """Return the answers of each unit that has rows, in the order of `rows`."""
        rows_by_unit: dict[str, list[AnswerRow]] = {}
        for merged_row in self.rows:
            rows_by_unit.setdefault(merged_row.row.unit, []).append(merged_row.row)
        return rows_by_unit

    @property
    def units_with_nothing_to_report(self) -> tuple[str, ...]:
        """The units that declare it and have answered no row; where one has, its answers count instead."""
        answered = {merged_row.row.unit for merged_row in self.rows if not merged_row.row.is_blank}
        return tuple(unit for unit, _ in self.nothing_to_report_claims if unit not in answered)

    @property
    def units_with_answers(self) -> tuple[str, ...]:
        """The units that have answered something, or said that they have nothing to report."""
        blank = frozenset(self.units_with_blank_form)
        return tuple(unit for unit in self.answered_units if unit not in blank)

    @property
    def units_without_answers(self) -> tuple[str, ...]:
        """The units whose form is missing, then those whose form came back blank."""
        return (*self.missing_units, *self.units_with_blank_form)

    @property
    def units_with_blank_form(self) -> tuple[str, ...]:
        """The units whose forms came back without an answer, a new activity or "nothing to report"."""
        with_content = {unit for unit, _ in self.nothing_to_report_claims}
        for merged_row in self.rows:
            row = merged_row.row
            is_new = row.item.added_by_unit and not row.item.continues_from
            if row.unit not in with_content and (is_new or not row.is_blank):
                with_content.add(row.unit)
        return tuple(unit for unit in self.answered_units if unit not in with_content)


@dataclass(frozen=True, slots=True)
class RunNote:
    """One sentence for people about what a run has written: its key in `words.toml` and what fills its gaps."""

    word_key: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a command returns; command line and web only show it. `units`: names of those issued or asked."""

    language: Language
    findings: tuple[Finding, ...] = ()
    merged: Merged | None = None
    output_path: Path | None = None
    written_files: tuple[Path, ...] = ()
    units: tuple[str, ...] = ()
    notes: tuple[RunNote, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings of severity error; 2 is for `FatalError`."""
        return int(any(finding.effective_severity == "error" for finding in self.findings))
