"""Everything that the tables and figures are made from, looked up once: rows by line and unit, kin, statuses.

Says for every line, and for every line and unit, which status stands for it and whether its time has passed.
Decides nothing of how it is shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from xlflow.core.changes import Snapshot
from xlflow.core.computed import compute, is_beyond, sum_exactly
from xlflow.core.findings import Finding
from xlflow.core.model import Deadline, Line, Merged, MergedRow
from xlflow.core.rollup import ALONE, Kin, kin_of, roll_up, worst
from xlflow.core.template import Beyond, Choice, Field, Template
from xlflow.core.words import Language


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a line stands. `code` is the status that counts for it, None if nothing answers it; `follows` marks
    a sub-activity without a status of its own whose activity has one (then `code` is the activity's); `nothing`
    tells that whoever was asked says that there is nothing to report."""

    code: str | None = None
    follows: bool = False
    overdue: bool = False
    nothing: bool = False


@dataclass(frozen=True)
class Material:
    """A round's answers and what was found in them, with every look-up that is needed more than once; and where
    things stood in the previous round, if that is told."""

    merged: Merged
    findings: Sequence[Finding]
    before: Snapshot | None = None

    @cached_property
    def template(self) -> Template:
        """The round's template."""
        return self.merged.round.template

    @cached_property
    def language(self) -> Language:
        """The round's language."""
        return self.merged.round.language

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines of the plan, then the units' own."""
        return self.merged.round.plan.lines

    @cached_property
    def has_links(self) -> bool:
        """Whether any line continues another year's."""
        return any(line.continues_from for line in self.lines)

    @cached_property
    def status(self) -> Field | None:
        """The field that tells the status, if the template has one."""
        return self.template.field_in_role("status")

    @cached_property
    def deadline(self) -> Field | None:
        """The field that tells by when a line is to be done, if the template has one."""
        return self.template.field_in_role("deadline")

    @cached_property
    def new_deadline(self) -> Field | None:
        """The field that tells by when it will be done instead, if the template has one."""
        return self.template.field_in_role("new_deadline")

    @cached_property
    def part(self) -> int | None:
        """The place of the level of sub-activities, if the template has one."""
        return self.template.part

    @cached_property
    def choices(self) -> Mapping[str | None, Choice]:
        """The statuses by code."""
        options = self.template.choice_list(self.status).options if self.status else ()
        return {option.code: option for option in options}

    @cached_property
    def said(self) -> dict[tuple[str, str | Deadline], str | None]:
        """How choices and times are shown in words, by field and value, as far as they have come up."""
        return {}

    @cached_property
    def kin(self) -> Mapping[str, Kin]:
        """The lines around each line."""
        return kin_of(self.lines, self.template)

    @cached_property
    def by_id(self) -> Mapping[str, Line]:
        """The lines by id."""
        return {line.id: line for line in self.lines}

    @cached_property
    def rows_of(self) -> Mapping[str, Sequence[MergedRow]]:
        """The answered rows of each line, by its id, in the order of the units."""
        rows: dict[str, list[MergedRow]] = {}
        for merged in self.merged.rows:
            rows.setdefault(merged.row.line.id, []).append(merged)
        return rows

    @cached_property
    def _by_unit(self) -> Mapping[str, Mapping[str, MergedRow]]:
        """The answered rows of lines that several units answered, by the line's id and the unit."""
        several = ((line_id, rows) for line_id, rows in self.rows_of.items() if len(rows) > 1)
        return {line_id: {merged.row.unit: merged for merged in rows} for line_id, rows in several}

    @cached_property
    def nothing(self) -> frozenset[str]:
        """The units that say they have nothing to report."""
        return frozenset(self.merged.nothing_to_report)

    @cached_property
    def blank(self) -> tuple[str, ...]:
        """The units whose forms hold no answer."""
        return self.merged.blank

    @cached_property
    def standings(self) -> Mapping[str, Standing]:
        """Where each line stands over all units, by its id."""
        return {line.id: self._stand(line) for line in self.lines}

    @cached_property
    def has_told_parts(self) -> bool:
        """Whether any sub-activity has a status of its own."""
        parts = (self.standings[line.id] for line in self.lines if not self.is_item(line))
        return any(standing.code and not standing.follows for standing in parts)

    @cached_property
    def units_of(self) -> Mapping[str, tuple[str, ...]]:
        """The units of each line, by its id: those asked, then those that answered without being asked."""
        rows_of = self.rows_of
        return {line.id: _add_units(line.units, rows_of.get(line.id, ())) for line in self.lines}

    @cached_property
    def limits(self) -> tuple[Beyond, ...]:
        """The limits beyond which the template asks about a number."""
        return tuple(rule.beyond for rule in self.template.rules if rule.beyond)

    def number_of(self, line: Line, key: str) -> Decimal | None:
        """Return the number of a line over all units that answered it; None where one of them lacks it."""
        field = self.template.field(key)
        if field.computed:
            return compute(field.computed, lambda other: self.number_of(line, other))
        rows = self.rows_of.get(line.id, ())
        values = [line.value(key)] if field.filled_by == "plan" else [merged.row.value(key) for merged in rows]
        numbers = [value for value in values if isinstance(value, Decimal)]
        return sum_exactly(numbers) if numbers and len(numbers) == len(values) else None

    def find_beyond(self, line: Line) -> tuple[Field, ...]:
        """Return the numbers of a line that are beyond a limit of the template."""
        passed = (limit.field for limit in self.limits if is_beyond(limit, lambda key: self.number_of(line, key)))
        return tuple(self.template.field(key) for key in dict.fromkeys(passed))

    def is_item(self, line: Line) -> bool:
        """Return whether a line is an activity and no sub-activity."""
        return self.part is None or not line.levels[self.part]

    def find_row(self, line_id: str, unit: str) -> MergedRow | None:
        """Return the row in which a unit answers a line."""
        rows = self.rows_of.get(line_id, ())
        if len(rows) > 1:
            return self._by_unit[line_id].get(unit)
        return rows[0] if rows and rows[0].row.unit == unit else None

    def own_code(self, line_id: str, unit: str) -> str | None:
        """Return the status that a unit gave to a line itself."""
        merged = self.find_row(line_id, unit) if self.status else None
        value = merged.row.value(self.status.key) if merged and self.status else None
        return value if value and isinstance(value, str) else None

    def stand_of(self, line: Line, unit: str) -> Standing:
        """Return where a line stands in what one unit says."""
        kin, own = self.kin.get(line.id, ALONE), self.own_code(line.id, unit)
        code = own
        if kin.below and not own:
            code = roll_up(own, (self.own_code(part, unit) for part in kin.below), self.template)
        above = self.own_code(kin.above, unit) if kin.above else None
        follows = not code and above is not None
        code = code or above
        late = not self._is_settled(code) and not self._is_done_by(line, unit) and self._has_passed(line, unit)
        return Standing(code, follows, late, nothing=code is None and unit in self.nothing)

    def is_deviation(self, code: str | None) -> bool:
        """Return whether a status is one that the template calls a deviation."""
        return code in self.choices and self.choices[code].deviation

    def _stand(self, line: Line) -> Standing:
        code = self._code_of(line)
        kin = self.kin.get(line.id, ALONE)
        above = self._code_of(self.by_id[kin.above], alone=True) if kin.above and not code else None
        units, late = self.units_of[line.id], self._is_overdue(line, code or above)
        nothing = not (code or above) and bool(units) and self.nothing.issuperset(units)
        return Standing(code or above, above is not None, late, nothing)

    def _code_of(self, line: Line, *, alone: bool = False) -> str | None:
        """Return the status over all units: those asked of the line itself first, each with its sub-activities.

        If none of them gave the line itself one, the worst of all its sub-activities; `alone` leaves these out.
        """
        units = self.units_of[line.id]
        own = [self.own_code(line.id, unit) for unit in units]
        if len(own) == 1 and own[0]:
            return own[0]
        parts = () if alone else self.kin.get(line.id, ALONE).below
        if not any(own):
            return self._worst(self.own_code(part, unit) for part in parts for unit in self.units_of[part])
        return self._worst(
            roll_up(code, (self.own_code(part, unit) for part in parts), self.template)
            for code, unit in zip(own, units, strict=True)
        )

    def _worst(self, codes: Iterable[str | None]) -> str | None:
        return worst(codes, self.template.choice_list(self.status)) if self.status else None

    def _is_overdue(self, line: Line, code: str | None) -> bool:
        if self.deadline is None or self._is_settled(code):
            return False
        units = self.units_of[line.id] or ("",)
        return any(self._has_passed(line, unit) for unit in units if not self._is_done_by(line, unit))

    def _is_done_by(self, line: Line, unit: str) -> bool:
        """Return whether a unit has said that it is through with a line; without statuses, any answer says so."""
        if self.status:
            return self._is_settled(self.own_code(line.id, unit))
        merged = self.find_row(line.id, unit)
        return merged is not None and not merged.row.is_blank

    def _has_passed(self, line: Line, unit: str) -> bool:
        """Return whether the time has passed by which a unit is to be done; a new time replaces the old one."""
        time = self._new_time(line, unit) or (line.value(self.deadline.key) if self.deadline else None)
        return isinstance(time, Deadline) and time.has_passed(self.merged.round.as_of)

    def _new_time(self, line: Line, unit: str) -> Deadline | None:
        merged = self.find_row(line.id, unit)
        time = merged.row.value(self.new_deadline.key) if merged and self.new_deadline else None
        return time if isinstance(time, Deadline) and time.last else None

    def _is_settled(self, code: str | None) -> bool:
        return code in self.choices and self.choices[code].settled


def _add_units(asked: tuple[str, ...], rows: Iterable[MergedRow]) -> tuple[str, ...]:
    """Return the units that were asked, then those that answered without being asked."""
    more = [merged.row.unit for merged in rows if merged.row.unit not in asked]
    return tuple(dict.fromkeys((*asked, *more))) if more or len(asked) > 1 else asked
