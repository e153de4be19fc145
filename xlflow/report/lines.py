"""Lines gathered under what stands above them: perspective, overall goal, board goal, in the plan's order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from xlflow.core.followed import Entry, Followed
from xlflow.core.text import fold
from xlflow.core.words import say
from xlflow.report.wording import first_line, rest_of


@dataclass(frozen=True, slots=True)
class Group:
    """The activities under one text of a level: its first line is the name, the rest its definition. A blank
    text (`blank`) has a name of ours."""

    depth: int
    name: str
    definition: str
    entries: tuple[Entry, ...]
    blank: bool = False


def group_entries(entries: Sequence[Entry], followed: Followed, depth: int) -> tuple[Group, ...]:
    """Return the entries by the name in a level, in the order in which the names come first."""
    gathered: dict[str, list[Entry]] = {}
    for entry in entries:
        gathered.setdefault(fold(first_line(entry.line.levels[depth])), []).append(entry)
    return tuple(_make_group(depth, found, followed) for found in gathered.values())


def goal_depth(followed: Followed) -> int | None:
    """Return the place of the narrowest level above the activities (the board goal); None if there is none."""
    return followed.template.item - 1 if followed.template.item else None


def _make_group(depth: int, entries: Sequence[Entry], followed: Followed) -> Group:
    text = entries[0].line.levels[depth]
    if text:
        definition = next(filter(None, (rest_of(entry.line.levels[depth]) for entry in entries)), "")
        return Group(depth, first_line(text), definition, tuple(entries))
    return Group(depth, _name_blank(entries, followed), "", tuple(entries), blank=True)


def _name_blank(entries: Sequence[Entry], followed: Followed) -> str:
    template, language = followed.template, followed.language
    if all(entry.line.own for entry in entries):
        return say("overview.own", language, items=template.levels[template.item].many(language).lower())
    return say("overview.not_stated", language)


def walk(groups: Sequence[Group]) -> Iterator[Entry]:
    """Yield the entries of several groups in order."""
    for group in groups:
        yield from group.entries
