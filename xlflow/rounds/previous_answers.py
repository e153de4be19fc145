"""What the units answered in the previous round, as its consolidated workbook tells, beside today's questions.

A line is known again by its id, by what it says it continues from, else by its own text. Shown only: nothing of it
is an answer to what is asked now.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import PlanItem, Round
from xlflow.model.submission import PreviousAnswers
from xlflow.model.template import Field, Template
from xlflow.model.text import normalize_key
from xlflow.rounds.round_status import ItemStatus, RoundStatus, UnitReply
from xlflow.values import format_number


@dataclass(frozen=True, slots=True)
class PreviousRoundIndex:
    """The previous round, and its lines by everything that a line of today may be known by."""

    round_status: RoundStatus
    status_by_key: Mapping[str, ItemStatus]

    def find_predecessor(self, item: PlanItem, template: Template) -> ItemStatus | None:
        """Return the line of the previous round that a line of today is, or continues."""
        text_key = next(_list_text_keys(item.level_texts[template.item_level_index :]), "")
        keys = (normalize_key(item.id), normalize_key(item.continues_from), text_key)
        return next((self.status_by_key[key] for key in keys if key in self.status_by_key), None)


def index_previous_round(round_status: RoundStatus) -> PreviousRoundIndex:
    """Return the previous round with its lines by id and by text; the id goes first where both are the same."""
    item_level, status_by_key = round_status.template.item_level_index, dict[str, ItemStatus]()
    for item_status in round_status.item_statuses:
        status_by_key.setdefault(normalize_key(item_status.item.id), item_status)
    for item_status in round_status.item_statuses:
        for key in _list_text_keys(item_status.item.level_texts[item_level:]):
            status_by_key.setdefault(key, item_status)
    status_by_key.pop("", None)
    return PreviousRoundIndex(round_status, MappingProxyType(status_by_key))


def build_previous_answers(previous_round: PreviousRoundIndex, round_: Round, unit: str) -> PreviousAnswers:
    """Return what a unit is shown of the previous round, for each of its lines that was there."""
    predecessors = (
        (item, previous_round.find_predecessor(item, round_.template)) for item in round_.items_for_unit(unit)
    )
    text_by_item = {
        line.id: _format_item_status(item_status, unit, previous_round.round_status)
        for line, item_status in predecessors
        if item_status
    }
    return PreviousAnswers(
        previous_round.round_status.as_of, {item_id: text for item_id, text in text_by_item.items() if text}
    )


def check_continued_items(previous_round: PreviousRoundIndex, round_: Round) -> Iterator[Finding]:
    """Yield the lines that say they continue something, and of which the previous round knows nothing at all."""
    for item in round_.plan.items:
        if item.continues_from and previous_round.find_predecessor(item, round_.template) is None:
            location = item.location or Location(round_.plan.file)
            yield make_finding("continues-from-unknown", location, row_id=item.id, value=item.continues_from)


def _list_text_keys(texts: Sequence[str]) -> Iterator[str]:
    """Yield by which of its own texts a line is known: all of them together, and the lowest alone."""
    keys = [normalize_key(text) for text in texts if text]
    if keys:
        yield "\x1f".join(keys)
        yield keys[-1]


def _format_item_status(item_status: ItemStatus, unit: str, round_status: RoundStatus) -> str:
    """Return what the unit said of a line; if it said nothing, what others did, each after its name."""
    rolled_up = UnitReply(
        "; ".join(item_status.item.units),
        item_status.status_code,
        item_status.status,
        item_status.follows_parent,
        item_status.answers,
    )
    replies = item_status.unit_replies or (rolled_up,)
    unit_reply = next((reply for reply in replies if normalize_key(reply.unit) == normalize_key(unit)), None)
    if unit_reply:
        return _format_reply(unit_reply, round_status)
    reply_texts = ((reply.unit, _format_reply(reply, round_status)) for reply in replies)
    return "\n".join(f"{name}: {text}" for name, text in reply_texts if text)


def _format_reply(reply: UnitReply, round_status: RoundStatus) -> str:
    """Return an answer as lines: the status, what else was answered with its label, the comment as it was."""
    fields = (field for field in round_status.template.answer_fields() if field.key in reply.answers)
    answer_texts = [_format_reply_field(each, reply.answers[each.key], round_status) for each in fields]
    return "\n".join(filter(None, ("" if reply.follows_parent else reply.status, *answer_texts)))


def _format_reply_field(field: Field, value: str | Decimal, round_status: RoundStatus) -> str:
    text = format_number(value, round_status.language) if isinstance(value, Decimal) else value
    return text if field.role == "comment" else f"{field.label.in_language(round_status.language)}: {text}"
