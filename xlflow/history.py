"""Several rounds -> one line per activity, one column per round: what became of each, from the first to the last.

Lines are found again as in the changes between two rounds; one that was away for a round is found again too.
Reads and writes no file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from xlflow.core.followed import Entry, Followed
from xlflow.core.lineage import Lines, trace_lines
from xlflow.core.model import Cell, Grid, GridColumn
from xlflow.core.summary import History
from xlflow.core.text import fold
from xlflow.core.words import format_day, say

ROUND = "round:"
"""What the keys of the columns of rounds begin with, their number after it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One round and the workbook that tells of it."""

    followed: Followed
    file: str
    digest: str


@dataclass(slots=True)
class _Thread:
    """One activity through the rounds: what each says of it, by the round's number."""

    entries: dict[int, Entry] = field(default_factory=dict)

    @property
    def last(self) -> int:
        return max(self.entries)


def sort_sources(sources: Sequence[Source]) -> tuple[Source, ...]:
    """Return the rounds in the order of their days."""
    return tuple(sorted(sources, key=lambda each: (each.followed.as_of, each.file, each.digest)))


def make_history(sources: Sequence[Source]) -> History:
    """Return all rounds together, in the words of the last of them; `sources` are sorted.

    The lines stand in the order of the last plan that they were in, those of the last round first.
    """
    threads = _follow_lines([source.followed for source in sources])
    newest = sources[-1].followed
    columns = (*_line_columns(newest), *_round_columns(sources))
    rows = tuple(_show_thread(thread, sources) for thread in threads)
    templates = tuple(source.followed.template for source in reversed(sources))
    lines = Grid("history", columns, rows)
    return History(newest.title, newest.as_of, newest.language, templates, lines, _list_rounds(sources))


# Lines through the rounds ---------------------------------------------------------------------------------


def _follow_lines(rounds: Sequence[Followed]) -> list[_Thread]:
    threads: list[_Thread] = []
    for number in range(len(rounds)):
        threads += _join_round(number, rounds, threads)
    order = {id(entry): place for each in rounds for place, entry in enumerate(each.entries)}
    return sorted(threads, key=lambda thread: (-thread.last, order[id(thread.entries[thread.last])]))


def _join_round(number: int, rounds: Sequence[Followed], threads: Sequence[_Thread]) -> Iterator[_Thread]:
    """Give every line of a round to the thread that it goes on, looking back from the round before to the first;
    yield the threads that begin here."""
    followed = rounds[number]
    left = {entry.line.id: entry for entry in followed.entries}
    for earlier in range(number - 1, -1, -1):
        ended = {thread.entries[earlier].line.id: thread for thread in threads if thread.last == earlier}
        before = [thread.entries[earlier].line for thread in ended.values()]
        traces = trace_lines(
            Lines([entry.line for entry in left.values()], followed.template),
            Lines(before, rounds[earlier].template),
        )
        for line_id, trace in traces.items():
            if number not in ended[trace.id].entries:
                ended[trace.id].entries[number] = left.pop(line_id)
    for entry in left.values():
        yield _Thread({number: entry})


# Tables ---------------------------------------------------------------------------------------------------


def _line_columns(newest: Followed) -> Iterator[GridColumn]:
    language = newest.language
    yield GridColumn("_id", say("column.id", language), 11)
    for level in newest.template.levels:
        yield GridColumn(level.key, level.label.say(language), level.width)
    yield GridColumn("_unit", say("column.unit", language), 18)


def _round_columns(sources: Sequence[Source]) -> Iterator[GridColumn]:
    """Yield one column per round, headed by its day; two of one day are told apart by a number."""
    language, taken = sources[-1].followed.language, set[str]()
    for number, source in enumerate(sources):
        day = format_day(source.followed.as_of, language)
        headings = (day if again == 1 else f"{day} ({again})" for again in count(1))
        heading = next(heading for heading in headings if fold(heading) not in taken)
        taken.add(fold(heading))
        yield GridColumn(f"{ROUND}{number}", heading, 16, "status")


def _show_thread(thread: _Thread, sources: Sequence[Source]) -> tuple[Cell, ...]:
    newest, entry = sources[-1].followed, thread.entries[thread.last]
    shape = sources[thread.last].followed.template
    texts = {level.key: text for level, text in zip(shape.levels, entry.line.levels, strict=True)}
    return (
        entry.line.id,
        *(_name(texts.get(level.key, ""), level.kind) for level in newest.template.levels),
        "; ".join(entry.line.units) or None,
        *(_show_status(thread.entries.get(number), newest) for number in range(len(sources))),
    )


def _name(text: str, kind: str) -> str | None:
    """Return a text; of a group its first line, without what is explained below it."""
    return (text.partition("\n")[0] if kind == "group" else text) or None


def _show_status(entry: Entry | None, newest: Followed) -> str | None:
    """Return how a line stood; nothing where it was not in the plan."""
    if entry is None:
        return None
    if entry.follows:
        item = newest.template.levels[newest.template.item].label.say(newest.language)
        return say("consolidated.see_item", newest.language, item=item.lower())
    return entry.status or say("consolidated.unanswered", newest.language)


def _list_rounds(sources: Sequence[Source]) -> Grid:
    language = sources[-1].followed.language
    columns = (
        GridColumn("_as_of", say("collected.as_of", language), 44),
        GridColumn("_title", say("collected.title", language), 80),
        GridColumn("_file", say("collected.file", language), 36),
        GridColumn("_digest", say("collected.digest", language), 68),
    )
    rows = tuple(
        (source.followed.as_of.isoformat(), source.followed.title or None, source.file, source.digest)
        for source in sources
    )
    return Grid("rounds", columns, rows)
