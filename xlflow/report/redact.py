"""Finds personal data in what the report would show of the units' own words, and blanks it where that is wanted.

The plan's text is public already and left alone; whoever corrects the consolidated workbook needs nothing of this.
"""

from collections.abc import Callable, Container, Iterator
from dataclasses import replace

from xlflow.core.changes import Change, State
from xlflow.core.findings import Finding, Place, Severity, find
from xlflow.core.followed import Entry, Followed, Values
from xlflow.core.personal import find_personal
from xlflow.core.words import say, say_both


def find_exposed(followed: Followed, *, kept: bool = False) -> tuple[Finding, ...]:
    """Return a finding for each kind of personal data in each text; a warning where it is kept on purpose."""
    severity = Severity.WARNING if kept else Severity.ERROR
    return tuple(
        find(
            "report-personal-data",
            place or Place(""),
            severity=severity,
            row_id=row_id,
            words={"kind": say_both(f"personal.{one.kind}"), "shown": one.shortened},
        )
        for row_id, place, text in _every_text(followed)
        for one in find_personal(text)
    )


def redact(followed: Followed) -> Followed:
    """Return the same round with all personal data in the units' own words blanked."""
    blank, planned = say("personal.blanked", followed.language), _planned(followed)
    return replace(
        followed,
        entries=tuple(_blank_entry(entry, blank) for entry in followed.entries),
        changes=tuple(_blank_change(change, blank, planned) for change in followed.changes),
    )


def _every_text(followed: Followed) -> Iterator[tuple[str, Place | None, str]]:
    """Yield what would be shown of the units' own words, with the id of its line; the same text once a line."""
    seen = set[tuple[str, str]]()
    for entry in followed.entries:
        for place, text in _texts(entry):
            seen.add((entry.line.id, text))
            yield entry.line.id, place, text
    file = next((entry.place.file for entry in followed.entries if entry.place), "")
    sheet, planned = Place(file, say("consolidated.changes", followed.language)), _planned(followed)
    for change in followed.changes:
        for text in _texts_of_change(change, planned):
            if (change.line.id, text) not in seen:
                yield change.line.id, sheet, text


def _planned(followed: Followed) -> frozenset[str]:
    """Return the ids of the lines whose text is the plan's; what has gone may have been a unit's own."""
    return frozenset(entry.line.id for entry in followed.entries if not entry.line.own)


def _texts_of_change(change: Change, planned: Container[str]) -> Iterator[str]:
    for state in filter(None, (change.before, change.now)):
        yield from (state.status, state.planned, state.moved)
    if change.line.id not in planned:
        yield from change.line.levels


def _texts(entry: Entry) -> Iterator[tuple[Place | None, str]]:
    """Yield what is shown of a unit's own words: several units' replies instead of what they are together."""
    if entry.line.own:
        yield from ((entry.place, text) for text in entry.line.levels)
    if not entry.replies:
        yield from ((entry.place, text) for text in (*_words(entry.answers), entry.status))
    for reply in entry.replies:
        yield from ((reply.place, text) for text in (*_words(reply.answers), reply.status))


def _words(values: Values) -> Iterator[str]:
    return (value for value in values.values() if isinstance(value, str))


def _blank_entry(entry: Entry, blank: str) -> Entry:
    def clean(text: str) -> str:
        return _blank(text, blank)

    line = entry.line
    return replace(
        entry,
        line=replace(line, levels=tuple(map(clean, line.levels))) if line.own else line,
        status=clean(entry.status),
        answers=_blank_values(entry.answers, clean),
        replies=tuple(
            replace(reply, status=clean(reply.status), answers=_blank_values(reply.answers, clean))
            for reply in entry.replies
        ),
    )


def _blank_change(change: Change, blank: str, planned: Container[str]) -> Change:
    def clean(state: State | None) -> State | None:
        if state is None:
            return None
        line = state.line
        levels = line.levels if line.id in planned else tuple(_blank(text, blank) for text in line.levels)
        return replace(
            state,
            line=replace(line, levels=levels),
            status=_blank(state.status, blank),
            planned=_blank(state.planned, blank),
            moved=_blank(state.moved, blank),
        )

    return replace(change, before=clean(change.before), now=clean(change.now))


def _blank_values(values: Values, clean: Callable[[str], str]) -> Values:
    return {key: clean(value) if isinstance(value, str) else value for key, value in values.items()}


def _blank(text: str, blank: str) -> str:
    for one in reversed(find_personal(text)):
        text = f"{text[: one.start]}{blank}{text[one.end :]}"
    return text
