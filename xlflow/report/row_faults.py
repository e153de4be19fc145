"""What is wrong with an answer as the report shows it: an error that nobody has corrected, or a contradiction.

Neither quotes what a unit wrote, since that may be what must not become public.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from xlflow.i18n.catalogue import label_in_sentence
from xlflow.model.plan import Deadline
from xlflow.model.template_elements import Field
from xlflow.report.phrasing import Phrasing, label_without_colon
from xlflow.rounds.round_status import DisplayValues, ItemStatus, RoundStatus, UnresolvedError
from xlflow.values.field_values import make_parser


@dataclass(frozen=True)
class RowFaults:
    """Finds the faults of one plan item after the other."""

    round_status: RoundStatus
    phrasing: Phrasing

    def describe(self, item_status: ItemStatus) -> Iterator[str]:
        """Yield a sentence per error in the answers of an item, then one per contradiction, each once."""
        errors = self.round_status.errors_by_item.get(item_status.item.id, ())
        yield from dict.fromkeys(map(self._describe_error, errors))
        yield from dict.fromkeys(self._describe_contradictions(item_status))

    def _describe_error(self, error: UnresolvedError) -> str:
        several_units = len(self.round_status.unit_statuses) > 1
        names = [name for name in (error.field_label, error.unit if several_units else "") if name]
        return self.phrasing.translate("error_here", where=f" ({', '.join(names)})" if names else "")

    def _describe_contradictions(self, item_status: ItemStatus) -> Iterator[str]:
        if not item_status.unit_replies:
            code = None if item_status.follows_parent else item_status.status_code
            yield from self._compare_answers(code, item_status.answers, item_status)
        for reply in item_status.unit_replies:
            code = None if reply.follows_parent else reply.status_code
            yield from self._compare_answers(code, reply.answers, item_status)

    def _compare_answers(
        self, status_code: str | None, answers: DisplayValues, item_status: ItemStatus
    ) -> Iterator[str]:
        choice = self.round_status.status_choices.get(status_code or "")
        new_deadline = self._read_deadline(answers, self.new_deadline_field)
        if choice is None or new_deadline is None or new_deadline.last is None or self.new_deadline_field is None:
            return
        label = label_in_sentence(self.new_deadline_field.label, self.phrasing.language)
        if choice.final:
            if new_deadline.last > self.round_status.as_of:
                status = label_without_colon(choice.label, self.phrasing.language)
                yield self.phrasing.translate("final_but_later", status=status, field=label)
            return
        planned = self._read_deadline(item_status.plan_values, self.deadline_field)
        if planned is not None and new_deadline.is_later_than(planned) is False:
            yield self.phrasing.translate(
                "not_later", field=label_without_colon(self.new_deadline_field.label, self.phrasing.language)
            )

    @cached_property
    def new_deadline_field(self) -> Field | None:
        """The field for the new deadline."""
        return self.round_status.template.field_in_role("new_deadline")

    @cached_property
    def deadline_field(self) -> Field | None:
        """The field for the plan's deadline."""
        return self.round_status.template.field_in_role("deadline")

    def _read_deadline(self, values: DisplayValues, field: Field | None) -> Deadline | None:
        text = str(values.get(field.key, "")) if field else ""
        if field is None or not text:
            return None
        round_status = self.round_status
        value = make_parser(field, round_status.template, round_status.year, round_status.language)(text).value
        return value if isinstance(value, Deadline) else None
