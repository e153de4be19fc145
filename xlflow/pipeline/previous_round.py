"""Takes over into new forms what was answered in the round before. Only making forms loads this."""

from collections.abc import Mapping
from pathlib import Path

from xlflow.consolidated.reader import read_round_status
from xlflow.model.findings import Finding, Location, make_finding
from xlflow.model.plan import Round
from xlflow.model.submission import PreviousAnswers
from xlflow.pipeline.resolve_round import open_consolidated
from xlflow.rounds.previous_answers import (
    add_carried_items,
    build_previous_answers,
    check_carried_items,
    check_continued_items,
    check_items_not_found,
    check_past_units,
    find_carried_items,
    index_predecessors,
)


def read_previous_answers(
    previous: Path, round_: Round, unit_rounds: Mapping[str, Round]
) -> tuple[Mapping[str, Round], Mapping[str, PreviousAnswers], tuple[Finding, ...]]:
    """Return the rounds of the units with their own activities of the round before, what each unit is shown of it,
    and what is to be said of that."""
    previous_status, location = (
        read_round_status(open_consolidated(previous), round_.language),
        Location(previous.name),
    )
    predecessors = index_predecessors(previous_status, round_)
    rounds, answers_by_unit, carried_by_unit = dict(unit_rounds), {}, {}
    for name in (unit.name for unit in round_.plan.units):
        carried_by_unit[name] = find_carried_items(predecessors, round_, name)
        own_answers = build_previous_answers(predecessors, unit_rounds[name], name)
        rounds[name], answers_by_unit[name] = add_carried_items(
            unit_rounds[name], own_answers, carried_by_unit[name], predecessors
        )
    params = {
        "shown": sum(len(unit_answers.text_by_item_id) for unit_answers in answers_by_unit.values()),
        "total": sum(len(rounds[name].plan.items) for name in answers_by_unit),
    }
    findings = (
        make_finding("previous-shown", location, params=params),
        *check_carried_items(carried_by_unit, round_, location),
        *check_items_not_found(predecessors, round_, location),
        *check_past_units(previous_status, round_),
        *check_continued_items(predecessors, round_),
    )
    return rounds, answers_by_unit, findings
