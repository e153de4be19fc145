"""The deadlines of a plan item as dates: the plan's, a unit's new one, and by how much the one is later."""

from dataclasses import dataclass
from functools import cached_property

from xlflow.model.plan import Deadline
from xlflow.model.template_elements import Field
from xlflow.rounds.round_status import DisplayValues, RoundStatus
from xlflow.values.field_values import make_parser

MAX_LETTERS_TOGETHER = 16
"""Letters of a deadline that is not broken at the end of a line: "Kvartal 1 2022"."""


def keep_deadline_together(text: str) -> str:
    """Return a short deadline with blanks at which no line ends."""
    return text.replace(" ", "\u00a0") if len(text) <= MAX_LETTERS_TOGETHER else text


@dataclass(frozen=True)
class DeadlineReader:
    """Reads the deadlines of a round as they are shown."""

    round_status: RoundStatus

    @cached_property
    def deadline_field(self) -> Field | None:
        """The field for the plan's deadline."""
        return self.round_status.template.field_in_role("deadline")

    @cached_property
    def new_deadline_field(self) -> Field | None:
        """The field for the new deadline."""
        return self.round_status.template.field_in_role("new_deadline")

    def planned_deadline(self, plan_values: DisplayValues) -> Deadline | None:
        """Return the plan's deadline, None if there is none or it cannot be read."""
        return self._read(plan_values, self.deadline_field)

    def new_deadline(self, answers: DisplayValues) -> Deadline | None:
        """Return the new deadline in some answers, None if there is none or it cannot be read."""
        return self._read(answers, self.new_deadline_field)

    def delay_in_days(self, plan_values: DisplayValues, answers: DisplayValues) -> int | None:
        """Return by how many days the new deadline ends later than the plan's; None where one has no date."""
        planned, new = self.planned_deadline(plan_values), self.new_deadline(answers)
        if planned is None or new is None or planned.last is None or new.last is None:
            return None
        return (new.last - planned.last).days

    def _read(self, values: DisplayValues, field: Field | None) -> Deadline | None:
        text = str(values.get(field.key, "")) if field else ""
        if field is None or not text:
            return None
        round_status = self.round_status
        value = make_parser(field, round_status.template, round_status.year, round_status.language)(text).value
        return value if isinstance(value, Deadline) else None
