"""The comments of several units in one cell of the table `Aktiviteter`, where each follows its unit's name."""

from collections.abc import Mapping
from dataclasses import replace

from xlflow.model.findings import Location
from xlflow.rounds.round_status import UnitReply


def split_comment_by_unit(text: str, units: tuple[str, ...]) -> Mapping[str, str]:
    """Return the comment of each unit: the text from its name at the beginning of a line to the next unit's
    name."""
    lines_by_unit: dict[str, list[str]] = {}
    current_lines: list[str] = []
    for line in text.split("\n"):
        unit = next((unit for unit in units if line.startswith(f"{unit}: ")), None)
        current_lines = current_lines if unit is None else lines_by_unit.setdefault(unit, [])
        current_lines.append(line if unit is None else line.removeprefix(f"{unit}: "))
    return {unit: "\n".join(lines).strip() for unit, lines in lines_by_unit.items()}


def replace_comment(reply: UnitReply, key: str, text: str, location: Location | None) -> UnitReply:
    """Return a reply with another comment under a field's key; `location` is its cell, None where that is the
    one that the reply has already."""
    answers = {name: value for name, value in reply.answers.items() if name != key}
    locations = {**reply.locations, key: location} if location else reply.locations
    return replace(reply, answers={**answers, key: text} if text else answers, locations=locations)
