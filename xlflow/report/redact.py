"""Finds personal data in the texts of units that the report would show, and redacts it on request.

The plan's text is public already and left alone; whoever corrects the consolidated workbook needs nothing of this.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import replace

from xlflow.check.pii import find_pii
from xlflow.i18n.catalogue import translate, translate_all
from xlflow.model.findings import Finding, Location, Severity, make_finding
from xlflow.rounds.round_changes import ItemChange, ItemSnapshot
from xlflow.rounds.round_status import DisplayValues, ItemStatus, RoundStatus, UnitReply


def check_personal_data(round_status: RoundStatus, *, keep_personal_data: bool = False) -> tuple[Finding, ...]:
    """Return a finding for each kind of personal data in each text; a warning where it is kept on purpose."""
    severity = Severity.WARNING if keep_personal_data else Severity.ERROR
    return tuple(
        make_finding(
            "report-personal-data",
            location or Location(""),
            severity=severity,
            row_id=row_id,
            params={"kind": translate_all(f"personal.{match.kind}"), "shown": match.shortened},
        )
        for row_id, location, text in _shown_texts(round_status)
        for match in find_pii(text)
    )


def redact_personal_data(round_status: RoundStatus) -> RoundStatus:
    """Return the same round with all personal data in the units' own words blanked."""
    replacement, planned_item_ids = (
        translate("personal.blanked", round_status.language),
        _planned_item_ids(round_status),
    )
    return replace(
        round_status,
        item_statuses=tuple(
            _redact_item_status(item_status, replacement) for item_status in round_status.item_statuses
        ),
        changes=tuple(_redact_change(change, replacement, planned_item_ids) for change in round_status.changes),
    )


def _shown_texts(round_status: RoundStatus) -> Iterator[tuple[str, Location | None, str]]:
    """Yield (item id, location, text) for the texts of units that the report shows; each text once per plan
    item."""
    seen = set[tuple[str, str]]()
    for item_status in round_status.item_statuses:
        for location, text in _item_texts(item_status, round_status):
            seen.add((item_status.item.id, text))
            yield item_status.item.id, location, text
    file = next((entry.location.file for entry in round_status.item_statuses if entry.location), "")
    changes_location, planned_item_ids = (
        Location(file, translate("consolidated.changes", round_status.language)),
        _planned_item_ids(round_status),
    )
    for change in round_status.changes:
        for text in _change_texts(change, planned_item_ids):
            if (change.item.id, text) not in seen:
                yield change.item.id, changes_location, text


def _planned_item_ids(round_status: RoundStatus) -> frozenset[str]:
    """Return the ids of the plan items whose text is the plan's; one that was removed may have been a unit's
    own."""
    return frozenset(
        item_status.item.id for item_status in round_status.item_statuses if not item_status.item.added_by_unit
    )


def _change_texts(change: ItemChange, planned_item_ids: Container[str]) -> Iterator[str]:
    for state in filter(None, (change.previous, change.current)):
        yield from (state.status, state.planned_deadline, state.new_deadline)
    if change.item.id not in planned_item_ids:
        yield from change.item.level_texts


def _item_texts(item_status: ItemStatus, round_status: RoundStatus) -> Iterator[tuple[Location | None, str]]:
    """Yield what is shown of a unit's own words, each with its cell: several units' replies instead of what they
    are together."""
    if item_status.item.added_by_unit:
        for level, text in zip(round_status.template.levels, item_status.item.level_texts, strict=True):
            yield item_status.locations.get(level.key, item_status.location), text
    sources: tuple[ItemStatus | UnitReply, ...] = item_status.unit_replies or (item_status,)
    for source in sources:
        for key, value in source.answers.items():
            if isinstance(value, str):
                yield source.locations.get(key, source.location), value
        status_key = round_status.status_field.key if round_status.status_field else ""
        yield source.locations.get(status_key, source.location), source.status


def _redact_item_status(item_status: ItemStatus, replacement: str) -> ItemStatus:
    def clean(text: str) -> str:
        return _redact_text(text, replacement)

    item = item_status.item
    return replace(
        item_status,
        item=replace(item, level_texts=tuple(map(clean, item.level_texts))) if item.added_by_unit else item,
        status=clean(item_status.status),
        answers=_redact_values(item_status.answers, clean),
        unit_replies=tuple(
            replace(reply, status=clean(reply.status), answers=_redact_values(reply.answers, clean))
            for reply in item_status.unit_replies
        ),
    )


def _redact_change(change: ItemChange, replacement: str, planned_item_ids: Container[str]) -> ItemChange:
    def clean(state: ItemSnapshot | None) -> ItemSnapshot | None:
        if state is None:
            return None
        item = state.item
        levels = (
            item.level_texts
            if item.id in planned_item_ids
            else tuple(_redact_text(text, replacement) for text in item.level_texts)
        )
        return replace(
            state,
            item=replace(item, level_texts=levels),
            status=_redact_text(state.status, replacement),
            planned_deadline=_redact_text(state.planned_deadline, replacement),
            new_deadline=_redact_text(state.new_deadline, replacement),
        )

    return replace(change, previous=clean(change.previous), current=clean(change.current))


def _redact_values(values: DisplayValues, redact_text: Callable[[str], str]) -> DisplayValues:
    return {key: redact_text(value) if isinstance(value, str) else value for key, value in values.items()}


def _redact_text(text: str, replacement: str) -> str:
    for match in reversed(find_pii(text)):
        text = f"{text[: match.start]}{replacement}{text[match.end :]}"
    return text
