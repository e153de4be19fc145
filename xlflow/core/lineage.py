"""Which line of one round is which line of the round before, over rounds and years.

By what the plan says that it continues, by its id, or by its own text where the id has changed; never by a guess.
A line that nothing leads to is new, and one that nothing comes from is gone.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from xlflow.core.model import Line
from xlflow.core.rollup import parents_of
from xlflow.core.template import Template
from xlflow.core.text import fold

How = Literal["id", "continues", "text"]

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """The line of the round before that a line is, and how it was found; `others` if it continues several."""

    id: str
    how: How
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one round and the template that says what their levels are."""

    lines: Sequence[Line]
    template: Template

    def own_texts(self, line: Line) -> Key:
        """Return a line's own texts, without the groups above it."""
        return tuple(map(fold, line.levels[self.template.item :]))

    def all_texts(self, line: Line) -> Key:
        """Return a line's texts with those of its groups."""
        return tuple(map(fold, line.levels))


def trace_lines(now: Lines, before: Lines) -> Mapping[str, Trace]:
    """Return where each line comes from, by its id; new lines are left out.

    What the plan says comes first. Then a line is known by id and text together, by its text with or without its
    groups where only one line of each round has it, and by its id alone: the text was changed then. A part is
    known by its text below the same item.
    """
    search = _Search(now, before)
    search.follow_plan()
    search.match(lambda side, line: (fold(line.id), *side.own_texts(line)), "id")
    search.match(lambda side, line: side.all_texts(line), "text")
    search.match(lambda side, line: side.own_texts(line), "text")
    search.match_parts()
    search.match(lambda _, line: (fold(line.id),), "id")
    search.match_parts()
    return MappingProxyType(search.found)


def find_gone(before: Iterable[Line], traces: Mapping[str, Trace]) -> tuple[Line, ...]:
    """Return the lines of the round before that no line comes from."""
    kept = {line_id for trace in traces.values() for line_id in (trace.id, *trace.others)}
    return tuple(line for line in before if line.id not in kept)


@dataclass(slots=True)
class _Search:
    """What has been found so far."""

    now: Lines
    before: Lines
    found: dict[str, Trace] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def follow_plan(self) -> None:
        """Take what the plan says; several lines may continue one, and one may continue several."""
        ids = {fold(line.id): line.id for line in self.before.lines}
        texts = _only_ones(self.before.lines, lambda line: _name_of(line, self.before.template))
        for line in self.now.lines:
            named = _split(line.continues_from)
            known = [ids.get(name) or texts.get((name,)) for name in named]
            origins = tuple(dict.fromkeys(origin for origin in known if origin))
            if origins:
                self._keep(line, Trace(origins[0], "continues", origins[1:]))

    def match(self, key_of: Callable[[Lines, Line], Key], how: How) -> None:
        """Take what has the same key, if it is the only one in its round of those that are still open."""
        here = _only_ones(self._open(), lambda line: key_of(self.now, line))
        there = _only_ones(self._free(), lambda line: key_of(self.before, line))
        self._take(here, there, how)

    def match_parts(self) -> None:
        """Take parts that have the same text below items that are the same."""
        parents, origins = (
            parents_of(self.now.lines, self.now.template),
            parents_of(self.before.lines, self.before.template),
        )

        def key_here(line: Line) -> Key:
            above = self.found.get(parents.get(line.id, ""))
            return (above.id, *self.now.own_texts(line)[1:]) if above else ()

        def key_there(line: Line) -> Key:
            return (origins[line.id], *self.before.own_texts(line)[1:]) if line.id in origins else ()

        self._take(_only_ones(self._open(), key_here), _only_ones(self._free(), key_there), "text")

    def _take(self, here: Mapping[Key, str], there: Mapping[Key, str], how: How) -> None:
        by_id = {line.id: line for line in self.now.lines}
        for key, line_id in here.items():
            if key in there:
                self._keep(by_id[line_id], Trace(there[key], how))

    def _keep(self, line: Line, trace: Trace) -> None:
        self.found[line.id] = trace
        self.taken.update((trace.id, *trace.others))

    def _open(self) -> Iterator[Line]:
        return (line for line in self.now.lines if line.id not in self.found)

    def _free(self) -> Iterator[Line]:
        return (line for line in self.before.lines if line.id not in self.taken)


def _only_ones(lines: Iterable[Line], key_of: Callable[[Line], Key]) -> Mapping[Key, str]:
    """Return the ids of the lines by key, where no other line has the same; blank keys are none."""
    ids: dict[Key, list[str]] = {}
    for line in lines:
        key = key_of(line)
        if any(key):
            ids.setdefault(key, []).append(line.id)
    return {key: found[0] for key, found in ids.items() if len(found) == 1}


def _name_of(line: Line, template: Template) -> Key:
    """Return the text by which a plan may name a line: its own, on the lowest level that it has."""
    own: Collection[str] = [text for text in line.levels[template.item :] if text]
    return (fold(list(own)[-1]),) if own else ()


def _split(text: str) -> list[str]:
    """Return the folded names in a cell: the whole of it, or several parted by semicolons."""
    return list(dict.fromkeys(filter(None, (fold(text), *(fold(name) for name in text.split(";"))))))
