"""Finds personal data in what the report would show of the units' own words, and blanks it where that is wanted.

The plan's text is public already and left alone; whoever corrects the consolidated workbook needs nothing of this.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

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
            row_id=entry.line.id,
            words={"kind": say_both(f"personal.{one.kind}"), "shown": one.shortened},
        )
        for entry in followed.entries
        for place, text in _texts(entry)
        for one in find_personal(text)
    )


def redact(followed: Followed) -> Followed:
    """Return the same round with all personal data in the units' own words blanked."""
    blank = say("personal.blanked", followed.language)
    return replace(followed, entries=tuple(_blank_entry(entry, blank) for entry in followed.entries))


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


def _blank_values(values: Values, clean: Callable[[str], str]) -> Values:
    return {key: clean(value) if isinstance(value, str) else value for key, value in values.items()}


def _blank(text: str, blank: str) -> str:
    for one in reversed(find_personal(text)):
        text = f"{text[: one.start]}{blank}{text[one.end :]}"
    return text
