"""A consolidated workbook as a `RoundSnapshot`: the states that two rounds are compared by."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from xlflow.consolidated.reader.round_reader import read_round_status
from xlflow.excel.reader import DEFAULT_LIMITS, WorkbookData
from xlflow.i18n.catalogue import Language
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import Deadline, Round
from xlflow.model.template_elements import Field
from xlflow.rounds.round_changes import ItemSnapshot, RoundSnapshot, find_effective_deadline
from xlflow.rounds.round_status import DisplayValues, ItemStatus, RoundStatus
from xlflow.values import format_deadline
from xlflow.values.field_values import make_parser

if TYPE_CHECKING:
    from xlflow.excel.conventions import RawCell
    from xlflow.values import ParseResult

CONSOLIDATED_LIMITS = replace(
    DEFAULT_LIMITS, file_bytes=500_000_000, unpacked_bytes=4_000_000_000, cells=60_000_000, seconds=600
)
"""How large a consolidated workbook may be: it holds what came in a thousand forms."""


def read_snapshot(workbook: WorkbookData, language: Language) -> RoundSnapshot:
    """Return the state of every plan item of a consolidated workbook, its texts in `language`.

    Raises FatalError if the workbook is not a consolidated one.
    """
    return build_snapshot(read_round_status(workbook, language), workbook.name, workbook.digest)


def check_round_order(previous: RoundSnapshot | None, current_round: Round) -> tuple[Finding, ...]:
    """Return a finding if the previous round is not earlier than the current one."""
    if previous is None or previous.as_of < current_round.as_of:
        return ()
    params = {"before": previous.as_of.isoformat(), "now": current_round.as_of.isoformat()}
    return (make_finding("previous-not-earlier", Location(previous.file), params=params),)


def build_snapshot(round_status: RoundStatus, file: str = "", digest: str = "") -> RoundSnapshot:
    """Return the state of every plan item of a round; `file` and `digest` are those of its workbook."""
    reader = _ItemSnapshotReader(round_status)
    item_snapshots = [reader.read_item_snapshot(item_status) for item_status in round_status.item_statuses]
    return RoundSnapshot(item_snapshots, round_status.template, round_status.as_of, file, digest)


class _ItemSnapshotReader:
    """Builds the state of one plan item; keeps the fields for deadlines and comment, and their parsers."""

    def __init__(self, round_status: RoundStatus):
        roles = {
            name: round_status.template.field_in_role(name) for name in ("deadline", "new_deadline", "comment")
        }
        self.round_status = round_status
        self.deadline_field, self.new_deadline_field, self.comment_field = roles.values()
        self.parsers: dict[str, Callable[[RawCell], ParseResult]] = {
            field.key: make_parser(field, round_status.template, round_status.year, round_status.language)
            for field in roles.values()
            if field
        }

    def read_item_snapshot(self, item_status: ItemStatus) -> ItemSnapshot:
        """Return the state of a plan item."""
        return ItemSnapshot(
            item=item_status.item,
            status_code=item_status.status_code,
            status=item_status.status,
            follows_parent=item_status.follows_parent,
            is_overdue=item_status.is_overdue,
            planned_deadline=_value_text(item_status.plan_values, self.deadline_field),
            new_deadline=_value_text(item_status.answers, self.new_deadline_field),
            effective_deadline=find_effective_deadline(
                self._new_deadlines(item_status),
                item_status.agreed_deadline or self._read_deadline(item_status.plan_values, self.deadline_field),
            ),
            comment=_value_text(item_status.answers, self.comment_field),
            agreed_deadline=self._agreed_deadline_text(item_status),
        )

    def _agreed_deadline_text(self, item_status: ItemStatus) -> str:
        round_status, deadline = self.round_status, item_status.agreed_deadline
        return format_deadline(deadline, round_status.language, round_status.year) if deadline else ""

    def _new_deadlines(self, item_status: ItemStatus) -> Iterator[Deadline | None]:
        """Yield the new deadlines that the units answered, None for each text that is not a deadline."""
        answer_sets = [reply.answers for reply in item_status.unit_replies] or [item_status.answers]
        return (self._read_deadline(answers, self.new_deadline_field) for answers in answer_sets)

    def _read_deadline(self, values: DisplayValues, field: Field | None) -> Deadline | None:
        text = _value_text(values, field)
        value = self.parsers[field.key](text).value if field and text else None
        return value if isinstance(value, Deadline) else None


def _value_text(values: DisplayValues, field: Field | None) -> str:
    return str(values.get(field.key, "")) if field else ""
