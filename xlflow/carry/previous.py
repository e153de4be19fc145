"""What the units answered in the previous round, as its consolidated workbook tells, beside today's questions.

A line is known again by its id, by what it says it continues from, else by its own text. Shown only: nothing of it
is an answer to what is asked now.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from xlflow.core.findings import Finding, Place, find
from xlflow.core.followed import Entry, Followed, Reply
from xlflow.core.model import Line, Previous, Round
from xlflow.core.template import Field, Template
from xlflow.core.text import fold
from xlflow.core.values import show_number


@dataclass(frozen=True, slots=True)
class Recalled:
    """The previous round, and its lines by everything that a line of today may be known by."""

    followed: Followed
    by_name: Mapping[str, Entry]

    def find(self, line: Line, template: Template) -> Entry | None:
        """Return the line of the previous round that a line of today is, or continues."""
        same = next(_names_of(line.levels[template.item :]), "")
        names = (fold(line.id), fold(line.continues_from), same)
        return next((self.by_name[name] for name in names if name in self.by_name), None)


def recall_round(followed: Followed) -> Recalled:
    """Return the previous round with its lines by id and by text; the id goes first where both are the same."""
    item, by_name = followed.template.item, dict[str, Entry]()
    for entry in followed.entries:
        by_name.setdefault(fold(entry.line.id), entry)
    for entry in followed.entries:
        for name in _names_of(entry.line.levels[item:]):
            by_name.setdefault(name, entry)
    by_name.pop("", None)
    return Recalled(followed, MappingProxyType(by_name))


def show_previous(recalled: Recalled, round_: Round, unit: str) -> Previous:
    """Return what a unit is shown of the previous round, for each of its lines that was there."""
    found = ((line, recalled.find(line, round_.template)) for line in round_.lines_of(unit))
    shown = {line.id: _show_entry(entry, unit, recalled.followed) for line, entry in found if entry}
    return Previous(recalled.followed.as_of, {line_id: text for line_id, text in shown.items() if text})


def find_unmatched(recalled: Recalled, round_: Round) -> Iterator[Finding]:
    """Yield the lines that say they continue something, and of which the previous round knows nothing at all."""
    for line in round_.plan.lines:
        if line.continues_from and recalled.find(line, round_.template) is None:
            place = line.place or Place(round_.plan.file)
            yield find("continues-from-unknown", place, row_id=line.id, value=line.continues_from)


def _names_of(texts: Sequence[str]) -> Iterator[str]:
    """Yield by which of its own texts a line is known: all of them together, and the lowest alone."""
    told = [fold(text) for text in texts if text]
    if told:
        yield "\x1f".join(told)
        yield told[-1]


def _show_entry(entry: Entry, unit: str, followed: Followed) -> str:
    """Return what the unit said of a line; if it said nothing, what others did, each after its name."""
    whole = Reply("; ".join(entry.line.units), entry.code, entry.status, entry.follows, entry.answers)
    replies = entry.replies or (whole,)
    mine = next((reply for reply in replies if fold(reply.unit) == fold(unit)), None)
    if mine:
        return _show_reply(mine, followed)
    told = ((reply.unit, _show_reply(reply, followed)) for reply in replies)
    return "\n".join(f"{name}: {text}" for name, text in told if text)


def _show_reply(reply: Reply, followed: Followed) -> str:
    """Return an answer as lines: the status, what else was answered with its label, the comment as it was."""
    fields = (each for each in followed.template.asked() if each.key in reply.answers)
    told = [_show_one(each, reply.answers[each.key], followed) for each in fields]
    return "\n".join(filter(None, ("" if reply.follows else reply.status, *told)))


def _show_one(asked: Field, value: str | Decimal, followed: Followed) -> str:
    text = show_number(value, followed.language) if isinstance(value, Decimal) else value
    return text if asked.role == "comment" else f"{asked.label.say(followed.language)}: {text}"
