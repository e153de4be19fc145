"""Makes a round follow the answers that a person has corrected in `Svar` or `Aktiviteter` since the merge.

The sheets show the rest as fixed text: the other of these two tables, the rolled-up status, whether an item is
overdue, and the figures that count them, until the next merge. Here these are computed anew for the plan items
that a correction concerns, and for no others; also what each unit of an item says alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from xlflow.consolidated.reader.manual_changes import read_changed_cells
from xlflow.consolidated.reader.overdue import OverdueJudge
from xlflow.consolidated.reader.table_reader import TableRecord, read_records
from xlflow.consolidated.reader.unit_reader import completeness_text
from xlflow.excel.conventions import RawCell
from xlflow.excel.reader import WorkbookData
from xlflow.i18n.catalogue import Language, translate
from xlflow.model.merged import ROLLED_UP_KEY, ChangedCell
from xlflow.model.plan import Deadline, FieldValue, Round
from xlflow.model.template_elements import Field
from xlflow.rounds.round_status import DisplayValues, ItemStatus, UnitReply
from xlflow.rules.computed_fields import compute_field, sum_exactly
from xlflow.rules.rollup import (
    NO_RELATIVES,
    Relatives,
    StatusOverUnits,
    relatives_by_id,
    roll_up_activity,
    roll_up_part,
)
from xlflow.values import ParseResult
from xlflow.values.field_values import format_value, make_parser


def follow_corrections(
    item_statuses: tuple[ItemStatus, ...], workbook: WorkbookData, round_: Round, language: Language
) -> tuple[ItemStatus, ...]:
    """Return the statuses with all corrections in force; `language` is that in which values are shown."""
    changed_cells = read_changed_cells(workbook)
    new_deadline = round_.template.field_in_role("new_deadline")
    changed_items = frozenset(
        cell.item_id for cell in changed_cells if new_deadline and not cell.unit and cell.field == new_deadline.key
    )
    follower = _CorrectionFollower(item_statuses, changed_cells, workbook, round_, language)
    followed = map(follower.follow, item_statuses) if changed_cells else iter(item_statuses)
    return tuple(
        follower.judge.judge_units(follower.with_unit_views(each), has_one_time=each.item.id in changed_items)
        for each in followed
    )


@dataclass(frozen=True)
class _CorrectionFollower:
    """The statuses as the sheet `Aktiviteter` has them, the changed cells of both tables, and the answers."""

    item_statuses: tuple[ItemStatus, ...]
    changed_cells: Sequence[ChangedCell]
    workbook: WorkbookData
    round: Round
    language: Language

    def follow(self, item_status: ItemStatus) -> ItemStatus:
        """Return a plan item's status with the corrections that concern it."""
        item_id = item_status.item.id
        followed = self._follow_answers(item_status)
        if item_id in self.affected_ids and not self._is_item_changed(item_id, ROLLED_UP_KEY):
            followed = self._with_status(followed)
        is_overdue = self._is_overdue(followed, item_status.is_overdue)
        return followed if is_overdue == item_status.is_overdue else replace(followed, is_overdue=is_overdue)

    def with_unit_views(self, item_status: ItemStatus) -> ItemStatus:
        """Return an item with what each unit alone says, where its activity or sub-activities have a part in that:
        how many of these the unit has answered, and where an item of one unit only stands without the others."""
        relatives, units = self.relatives.get(item_status.item.id, NO_RELATIVES), item_status.item.units
        if item_status.unit_replies and relatives.children:
            replies = (
                replace(reply, completeness=self._completeness(self._roll_up(item_status.item.id, (reply.unit,))))
                for reply in item_status.unit_replies
            )
            return replace(item_status, unit_replies=tuple(replies))
        related_ids = (*relatives.children, *([relatives.parent] if relatives.parent else ()))
        related_units = {unit for item_id in related_ids for unit in self.units_by_item[item_id]}
        if len(units) != 1 or item_status.unit_replies or related_units.issubset(units):
            return item_status
        return replace(item_status, unit_view=self._view_of_only_unit(item_status, units[0]))

    def _view_of_only_unit(self, item_status: ItemStatus, unit: str) -> UnitReply:
        status = self._roll_up(item_status.item.id, (unit,))
        says_nothing = not status.has_any_status and item_status.status_code is None
        return UnitReply(
            unit,
            self._known_code(status.status_code),
            item_status.status if says_nothing else self._status_label(status.status_code),
            status.follows_parent,
            item_status.answers,
            completeness=self._completeness(status),
        )

    def _completeness(self, rolled_up: StatusOverUnits) -> str:
        if not rolled_up.is_incomplete:
            return ""
        kind, counts = (
            "parts" if rolled_up.counts_parts else "units",
            (rolled_up.answered_count, rolled_up.asked_count),
        )
        return completeness_text(kind, counts, self.round.template, self.language)

    # What was changed -----------------------------------------------------------------------------------------

    @cached_property
    def judge(self) -> OverdueJudge:
        """Says what is overdue."""
        return OverdueJudge(self.round, self.language)

    @cached_property
    def parsers(self) -> dict[str, Callable[[RawCell], ParseResult]]:
        """The parsers of answers by field key, made when needed."""
        return {}

    @cached_property
    def status_field(self) -> Field | None:
        return self.round.template.field_in_role("status")

    @cached_property
    def item_changes(self) -> Mapping[tuple[str, str], ChangedCell]:
        """The changed cells of `Aktiviteter` by item id and field key."""
        return {(cell.item_id, cell.field): cell for cell in self.changed_cells if not cell.unit}

    @cached_property
    def affected_ids(self) -> frozenset[str]:
        """The items whose status may follow from a corrected one: the item, its activity, its sub-activities."""
        key = self.status_field.key if self.status_field else ""
        changed_ids = {cell.item_id for cell in self.changed_cells if cell.field == key}
        relatives = [self.relatives.get(item_id, NO_RELATIVES) for item_id in changed_ids]
        related_ids = {other for each in relatives for other in (each.parent, *each.children) if other}
        return frozenset(changed_ids | related_ids)

    @cached_property
    def relatives(self) -> Mapping[str, Relatives]:
        return relatives_by_id([each.item for each in self.item_statuses], self.round.template)

    @cached_property
    def units_by_item(self) -> Mapping[str, tuple[str, ...]]:
        return {each.item.id: each.item.units for each in self.item_statuses}

    @cached_property
    def unit_set_by_item(self) -> Mapping[str, frozenset[str]]:
        """The same units for looking up, of which an item may have thousands."""
        return {item_id: frozenset(units) for item_id, units in self.units_by_item.items()}

    @cached_property
    def records(self) -> Mapping[tuple[str, str], TableRecord]:
        """The rows of `Svar` by unit and item id."""
        words = [translate(f"column.{key}", self.round.language) for key in ("unit", "id")]
        title = translate("consolidated.answers", self.round.language)
        return {
            (record.cell_text(words[0]), record.cell_text(words[1])): record
            for record in read_records(self.workbook, title, *words)
        }

    def _is_item_changed(self, item_id: str, key: str) -> bool:
        return (item_id, key) in self.item_changes

    # Status ---------------------------------------------------------------------------------------------------

    def _own_code(self, item_id: str, unit: str) -> str | None:
        """Return the status that a unit gave an item, or that a person wrote for it, None if not understood."""
        if self.status_field is None:
            return None
        changed = self.item_changes.get((item_id, self.status_field.key))
        is_for_item = changed and (changed.value is not None or len(self.units_by_item[item_id]) == 1)
        value = changed.value if changed and is_for_item else self._unit_value(item_id, unit, self.status_field)
        return value if isinstance(value, str) else None

    def _unit_value(self, item_id: str, unit: str, field: Field) -> FieldValue | None:
        record = self.records.get((unit, item_id))
        raw = record.cell_value(field.label.in_language(self.round.language)) if record else None
        if field.key not in self.parsers:
            self.parsers[field.key] = make_parser(
                field, self.round.template, self.round.plan.year, self.round.language
            )
        return self.parsers[field.key](raw).value

    def _statuses(self, item_id: str, units: Sequence[str] | None) -> dict[str, str | None]:
        asked = self.unit_set_by_item[item_id]
        counted = self.units_by_item[item_id] if units is None else [unit for unit in units if unit in asked]
        return {unit: self._own_code(item_id, unit) for unit in counted}

    def _roll_up(self, item_id: str, units: Sequence[str] | None = None) -> StatusOverUnits:
        """Return the status over some units, all that were asked if none are named; as a merge rolls it up."""
        statuses = self._statuses(item_id, units)
        if len(statuses) == 1 and all(statuses.values()):
            (code,) = statuses.values()
            return StatusOverUnits(code, 1, 1, has_any_status=True)
        relatives = self.relatives.get(item_id, NO_RELATIVES)
        if relatives.parent:
            return roll_up_part(statuses, self._statuses(relatives.parent, units), self.round.template)
        part_statuses = [self._statuses(part_id, units) for part_id in relatives.children]
        return roll_up_activity(statuses, part_statuses, self.round.template)

    def _with_status(self, item_status: ItemStatus) -> ItemStatus:
        item_id = item_status.item.id
        rolled_up = self._roll_up(item_id)
        replies = (
            replace(
                reply,
                status_code=self._known_code(status.status_code),
                status=self._status_label(status.status_code),
                follows_parent=status.follows_parent,
            )
            for reply in item_status.unit_replies
            for status in (self._roll_up(item_id, (reply.unit,)),)
        )
        says_nothing = not rolled_up.has_any_status and item_status.status_code is None
        return replace(
            item_status,
            status_code=self._known_code(rolled_up.status_code),
            status=item_status.status if says_nothing else self._status_label(rolled_up.status_code),
            follows_parent=rolled_up.follows_parent,
            unit_replies=tuple(replies),
            completeness=self._completeness(rolled_up),
        )

    def _known_code(self, code: str | None) -> str | None:
        """Return a status code, None for what an open list has met besides its own choices."""
        return code if code in self.round.template.status_choices else None

    def _status_label(self, code: str | None) -> str:
        if code is None or self.status_field is None:
            return ""
        return self.round.template.choice_label(self.status_field, code, self.language)

    # Other answers --------------------------------------------------------------------------------------------

    def _follow_answers(self, item_status: ItemStatus) -> ItemStatus:
        """Return the status with the answers that were changed in `Svar` and not in `Aktiviteter`."""
        for cell in self.changed_by_item.get(item_status.item.id, ()):
            field = self.round.template.field(cell.field)
            if field.role == "status" or self._is_item_changed(cell.item_id, cell.field):
                continue
            replies = tuple(
                replace(reply, answers=self._with_answer(reply.answers, field, self._display(cell, field)))
                if reply.unit == cell.unit
                else reply
                for reply in item_status.unit_replies
            )
            shown = self._over_units(replies, field) if replies else self._display(cell, field)
            answers = self._with_answer(item_status.answers, field, shown)
            item_status = replace(item_status, unit_replies=replies, answers=answers)
        if any(cell.item_id == item_status.item.id and self._is_number(cell) for cell in self.changed_cells):
            return replace(item_status, answers=self._with_computed(item_status))
        return item_status

    @cached_property
    def changed_by_item(self) -> Mapping[str, tuple[ChangedCell, ...]]:
        """The changed cells of `Svar` by item id."""
        by_item: dict[str, tuple[ChangedCell, ...]] = {}
        for cell in self.changed_cells:
            if cell.unit:
                by_item[cell.item_id] = (*by_item.get(cell.item_id, ()), cell)
        return by_item

    def _display(self, cell: ChangedCell, field: Field) -> str | Decimal:
        value = cell.value
        if value is None or field.type == "text" or (isinstance(value, Deadline) and value.kind == "text"):
            return cell.text
        if isinstance(value, Decimal):
            return value
        return format_value(value, field, self.round.template, self.language, self.round.plan.year)

    def _over_units(self, replies: Sequence[UnitReply], field: Field) -> str | Decimal:
        """Return the answers of several units in one: a sum, the answer that all gave, or one per line."""
        pairs = [(reply.unit, value) for reply in replies if (value := reply.answers.get(field.key, "")) != ""]
        numbers = [value for _, value in pairs if isinstance(value, Decimal)]
        if numbers and not field.percent:
            return sum_exactly(numbers)
        distinct = {str(value) for _, value in pairs}
        if len(distinct) == 1 and field.type != "text":
            return distinct.pop()
        return "\n".join(f"{unit}: {value}" for unit, value in pairs)

    def _with_answer(self, answers: DisplayValues, field: Field, value: str | Decimal) -> DisplayValues:
        others = {key: other for key, other in answers.items() if key != field.key}
        return {**others, field.key: value} if value != "" else others

    def _is_number(self, cell: ChangedCell) -> bool:
        field = self.round.template.fields_by_key.get(cell.field)
        return field is not None and field.type in ("number", "integer")

    def _with_computed(self, item_status: ItemStatus) -> DisplayValues:
        """Return the answers with the numbers that follow from others computed anew."""
        answers = dict(item_status.answers)
        template = self.round.template

        def number_of(key: str) -> Decimal | None:
            field = template.field(key)
            if field.computed:
                return compute_field(field.computed, number_of)
            value = (item_status.plan_values if field.filled_by == "plan" else answers).get(key)
            return value if isinstance(value, Decimal) else None

        for field in template.form_fields():
            if field.computed:
                number = compute_field(field.computed, number_of)
                answers.pop(field.key, None)
                answers |= {field.key: number} if number is not None else {}
        return answers

    # Overdue --------------------------------------------------------------------------------------------------

    def _is_overdue(self, followed: ItemStatus, was_overdue: bool) -> bool:
        """Return whether an item is overdue: as the sheet says, unless a status or its new deadline was corrected;
        then as a merge judges it."""
        item_id, field = followed.item.id, self.round.template.field_in_role("new_deadline")
        changed_fields = {cell.field for cell in self.changed_cells if cell.item_id == item_id}
        is_judged_anew = item_id in self.affected_ids or not changed_fields.isdisjoint(
            {ROLLED_UP_KEY, field.key if field else ROLLED_UP_KEY}
        )
        if not is_judged_anew:
            return was_overdue
        has_one_time = field is not None and self._is_item_changed(item_id, field.key)
        done_units = frozenset(
            unit for unit in followed.item.units if self.judge.is_final(self._own_code(item_id, unit))
        )
        return self.judge.is_overdue(followed, done_units, has_one_time=has_one_time)
