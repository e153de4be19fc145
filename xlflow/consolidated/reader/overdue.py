"""Judges whether a plan item is overdue, over all units or for one, by the rule of the merge.

The rule: not done over all units, and of a unit that has not finished it the deadline in force has passed. In
force is the unit's new deadline, else the one that an earlier round agreed on, else the plan's.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType

from xlflow.i18n.catalogue import Language
from xlflow.model.plan import Deadline, Round
from xlflow.rounds.round_status import DisplayValues, ItemStatus, UnitReply
from xlflow.values import ParseResult
from xlflow.values.field_values import make_parser

_NO_ANSWERS: DisplayValues = MappingProxyType({})


@dataclass(frozen=True)
class OverdueJudge:
    """Judges one plan item after the other; their values are in `language`, all corrections in force."""

    round: Round
    language: Language
    _read_texts: dict[tuple[str, str], Deadline | None] = field(default_factory=dict)

    @cached_property
    def has_deadlines(self) -> bool:
        """Whether the template has a deadline at all."""
        return self.round.template.field_in_role("deadline") is not None

    @cached_property
    def has_status(self) -> bool:
        """Whether the template has a status; without one, any answer counts as finished."""
        return self.round.template.field_in_role("status") is not None

    def is_overdue(self, item_status: ItemStatus, done_units: Collection[str], *, has_one_time: bool) -> bool:
        """Return whether an item is overdue on the as-of date.

        `done_units` have reported the item as finished themselves. `has_one_time`: a person has written one new
        deadline for all units.
        """
        if not self.has_deadlines or self.is_final(item_status.status_code):
            return False
        answers_by_unit = {reply.unit: reply.answers for reply in item_status.unit_replies}
        is_shared = has_one_time or not answers_by_unit
        return any(
            self._has_passed(
                item_status.answers if is_shared else answers_by_unit.get(unit, _NO_ANSWERS), item_status
            )
            for unit in item_status.item.units or ("",)
            if unit not in done_units
        )

    def judge_units(self, item_status: ItemStatus, *, has_one_time: bool) -> ItemStatus:
        """Return an item with the units for which it is overdue, silent ones too, where it has views of units."""
        view, units = item_status.unit_view, item_status.item.units
        if not self.has_deadlines or not (view or len(units) > 1 or item_status.unit_replies):
            return item_status
        replies = {reply.unit: reply for reply in (*item_status.unit_replies, *([view] if view else ()))}
        overdue_units = tuple(
            unit for unit in units if self._is_late(replies.get(unit), item_status, has_one_time=has_one_time)
        )
        return replace(item_status, overdue_units=overdue_units) if overdue_units else item_status

    def is_final(self, code: str | None) -> bool:
        """Return whether a status, by its code, is one after which nothing is left to do."""
        choice = self.round.template.status_choices.get(code or "")
        return choice is not None and choice.final

    def _is_late(self, reply: UnitReply | None, item_status: ItemStatus, *, has_one_time: bool) -> bool:
        own_answers = reply.answers if reply else _NO_ANSWERS
        is_done = self.is_final(reply.status_code if reply else None) if self.has_status else bool(own_answers)
        return not is_done and self._has_passed(item_status.answers if has_one_time else own_answers, item_status)

    def _has_passed(self, answers: DisplayValues, item_status: ItemStatus) -> bool:
        new = self._read(answers, "new_deadline")
        planned = self._read(item_status.plan_values, "deadline")
        in_force = (new if new is not None and new.last else None) or item_status.agreed_deadline or planned
        return in_force is not None and in_force.has_passed(self.round.as_of)

    @cached_property
    def _parsers(self) -> Mapping[str, tuple[str, Callable[[str], ParseResult]]]:
        """Key and parser of the fields for deadlines, by role."""
        round_ = self.round
        fields = {role: round_.template.field_in_role(role) for role in ("deadline", "new_deadline")}
        return {
            role: (each.key, make_parser(each, round_.template, round_.plan.year, self.language))
            for role, each in fields.items()
            if each
        }

    def _read(self, values: DisplayValues, role: str) -> Deadline | None:
        key, parse = self._parsers.get(role, ("", None))
        text = str(values.get(key, "")) if parse else ""
        if parse is None or not text:
            return None
        if (role, text) not in self._read_texts:
            value = parse(text).value
            self._read_texts[role, text] = value if isinstance(value, Deadline) else None
        return self._read_texts[role, text]
