"""What is wrong with an answer as the report shows it: an error that nobody has corrected, or a contradiction.

Neither quotes what a unit wrote, since that may be what must not become public.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from xlflow.i18n.catalogue import label_in_sentence
from xlflow.report.deadline_reading import DeadlineReader
from xlflow.report.phrasing import Phrasing, label_without_colon
from xlflow.rounds.round_status import DisplayValues, ItemStatus, RoundStatus, UnresolvedError


@dataclass(frozen=True)
class RowFaults:
    """Finds the faults of one plan item after the other."""

    round_status: RoundStatus
    phrasing: Phrasing

    @cached_property
    def deadlines(self) -> DeadlineReader:
        """The deadlines of the round."""
        return DeadlineReader(self.round_status)

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
        new_deadline, field = self.deadlines.new_deadline(answers), self.deadlines.new_deadline_field
        if choice is None or new_deadline is None or new_deadline.last is None or field is None:
            return
        label = label_in_sentence(field.label, self.phrasing.language)
        if choice.final:
            if new_deadline.last > self.round_status.as_of:
                status = label_without_colon(choice.label, self.phrasing.language)
                yield self.phrasing.translate("final_but_later", status=status, field=label)
            return
        planned = self.deadlines.planned_deadline(item_status.plan_values)
        if planned is not None and new_deadline.is_later_than(planned) is False:
            yield self.phrasing.translate(
                "not_later", field=label_without_colon(field.label, self.phrasing.language)
            )
