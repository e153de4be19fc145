"""Several rounds -> one row per plan item, one column per round: what became of each, from the first to the last.

Items are matched as in the changes between two rounds (`rounds.lineage`); one that was missing from a round is
found again too. Reads and writes no file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from xlflow.i18n.catalogue import Language, format_long_date, translate
from xlflow.i18n.count_sentences import follows_activity_text
from xlflow.model.table import Table, TableCell, TableColumn
from xlflow.model.template import Template
from xlflow.model.text import first_free_name, first_line, normalize_key
from xlflow.rounds.lineage import RoundItems, match_plan_items
from xlflow.rounds.round_status import ItemStatus, RoundStatus


@dataclass(frozen=True, slots=True)
class RoundHistory:
    """Several rounds as a workbook shows them. `item_table`: one row per plan item, one column per round.
    `round_table`: one row per round, with the file it was read from. Title, as-of date and language are the last
    round's; `templates` are those of all rounds, the last round's first."""

    title: str
    as_of: date
    language: Language
    templates: tuple[Template, ...]
    item_table: Table
    round_table: Table


ROUND_COLUMN_PREFIX = "round:"
"""Start of the keys of the round columns; the index of the round follows (0-based, oldest first)."""


@dataclass(frozen=True, slots=True)
class ConsolidatedRound:
    """One round as read from its consolidated workbook: the name of that file and its SHA-256."""

    round_status: RoundStatus
    file: str
    digest: str


@dataclass(slots=True)
class _ItemHistory:
    """One plan item through the rounds: its status in each, by the index of the round (0-based)."""

    status_by_round: dict[int, ItemStatus] = field(default_factory=dict)

    @property
    def last_round(self) -> int:
        return max(self.status_by_round)


def sort_rounds(rounds: Sequence[ConsolidatedRound]) -> tuple[ConsolidatedRound, ...]:
    """Return the rounds by as-of date, oldest first; rounds of one date by file name, then by digest."""
    return tuple(sorted(rounds, key=lambda each: (each.round_status.as_of, each.file, each.digest)))


def build_round_history(rounds: Sequence[ConsolidatedRound]) -> RoundHistory:
    """Return all rounds together, in the language of the last; `rounds` come as `sort_rounds` returns them.

    Items are in the order of the last plan that they were in; those of the last round come first.
    """
    item_histories = _trace_items([round_.round_status for round_ in rounds])
    newest_status = rounds[-1].round_status
    columns = (*_item_columns(newest_status), *_round_columns(rounds))
    rows = tuple(_item_history_row(item_history, rounds) for item_history in item_histories)
    templates = tuple(round_.round_status.template for round_ in reversed(rounds))
    item_table = Table("history", columns, rows)
    return RoundHistory(
        newest_status.title,
        newest_status.as_of,
        newest_status.language,
        templates,
        item_table,
        _build_round_table(rounds),
    )


# Items through the rounds ---------------------------------------------------------------------------------


def _trace_items(statuses: Sequence[RoundStatus]) -> list[_ItemHistory]:
    item_histories: list[_ItemHistory] = []
    for round_index in range(len(statuses)):
        item_histories += _add_round(round_index, statuses, item_histories)
    plan_order = {
        id(item_status): position
        for round_status in statuses
        for position, item_status in enumerate(round_status.item_statuses)
    }
    return sorted(
        item_histories,
        key=lambda item_history: (
            -item_history.last_round,
            plan_order[id(item_history.status_by_round[item_history.last_round])],
        ),
    )


def _add_round(
    round_index: int, statuses: Sequence[RoundStatus], item_histories: Sequence[_ItemHistory]
) -> Iterator[_ItemHistory]:
    """Add every item of a round to the history that it continues, looking back from the previous round to the
    first; yield the histories that begin here."""
    round_status = statuses[round_index]
    unmatched = {item_status.item.id: item_status for item_status in round_status.item_statuses}
    for earlier_index in range(round_index - 1, -1, -1):
        history_by_item_id = {
            item_history.status_by_round[earlier_index].item.id: item_history
            for item_history in item_histories
            if item_history.last_round == earlier_index
        }
        previous_items = [
            item_history.status_by_round[earlier_index].item for item_history in history_by_item_id.values()
        ]
        links = match_plan_items(
            RoundItems([entry.item for entry in unmatched.values()], round_status.template),
            RoundItems(previous_items, statuses[earlier_index].template),
        )
        for item_id, link in links.items():
            # Of several items that continue one, the first goes on with its history; the others begin their own.
            if round_index not in history_by_item_id[link.previous_id].status_by_round:
                history_by_item_id[link.previous_id].status_by_round[round_index] = unmatched.pop(item_id)
    for entry in unmatched.values():
        yield _ItemHistory({round_index: entry})


# Tables ---------------------------------------------------------------------------------------------------


def _item_columns(newest_status: RoundStatus) -> Iterator[TableColumn]:
    language = newest_status.language
    yield TableColumn("_id", translate("column.id", language), 11)
    for level in newest_status.template.levels:
        yield TableColumn(level.key, level.label.in_language(language), level.width)
    yield TableColumn("_unit", translate("column.unit", language), 18)


def _round_columns(rounds: Sequence[ConsolidatedRound]) -> Iterator[TableColumn]:
    """Yield one column per round, headed by its as-of date; rounds of one date get a number each."""
    language, used_headings = rounds[-1].round_status.language, set[str]()
    for round_index, round_ in enumerate(rounds):
        date_text = format_long_date(round_.round_status.as_of, language)
        heading = first_free_name(date_text, lambda name: normalize_key(name) in used_headings)
        used_headings.add(normalize_key(heading))
        yield TableColumn(f"{ROUND_COLUMN_PREFIX}{round_index}", heading, 16, "status")


def _item_history_row(item_history: _ItemHistory, rounds: Sequence[ConsolidatedRound]) -> tuple[TableCell, ...]:
    newest_status, item_status = rounds[-1].round_status, item_history.status_by_round[item_history.last_round]
    last_template = rounds[item_history.last_round].round_status.template
    texts = {
        level.key: text for level, text in zip(last_template.levels, item_status.item.level_texts, strict=True)
    }
    return (
        item_status.item.id,
        *(_first_line_of_group(texts.get(level.key, ""), level.kind) for level in newest_status.template.levels),
        "; ".join(item_status.item.units) or None,
        *(
            _status_text(item_history.status_by_round.get(round_index), newest_status)
            for round_index in range(len(rounds))
        ),
    )


def _first_line_of_group(text: str, kind: str) -> str | None:
    """Return the text of a level; of a group only its first line, without the explanation below it."""
    return (first_line(text) if kind == "group" else text) or None


def _status_text(item_status: ItemStatus | None, newest_status: RoundStatus) -> str | None:
    """Return an item's status in one round, None where it was not in the plan."""
    if item_status is None:
        return None
    if item_status.follows_parent:
        return follows_activity_text(newest_status.template, newest_status.language)
    return item_status.status or translate("consolidated.unanswered", newest_status.language)


def _build_round_table(rounds: Sequence[ConsolidatedRound]) -> Table:
    language = rounds[-1].round_status.language
    columns = (
        TableColumn("_as_of", translate("collected.as_of", language), 44),
        TableColumn("_title", translate("collected.title", language), 80),
        TableColumn("_file", translate("collected.file", language), 36),
        TableColumn("_digest", translate("collected.digest", language), 68),
    )
    rows = tuple(
        (round_.round_status.as_of.isoformat(), round_.round_status.title or None, round_.file, round_.digest)
        for round_ in rounds
    )
    return Table("rounds", columns, rows)
