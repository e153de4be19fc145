"""What a workbook says of a round, as the states that rounds are compared by."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from xlflow.core.changes import Snapshot, State
from xlflow.core.findings import Finding, Place, find
from xlflow.core.followed import Entry, Followed, Values
from xlflow.core.model import Deadline, Round
from xlflow.core.template import Field
from xlflow.core.values import Parsed, Raw, value_reader
from xlflow.core.words import Language
from xlflow.excel import incoming
from xlflow.recall.source import read_followed

LIMITS = replace(
    incoming.LIMITS, file_bytes=500_000_000, unpacked_bytes=4_000_000_000, cells=60_000_000, seconds=600
)
"""How large a consolidated workbook may be: it holds what came in a thousand forms."""


def recall_snapshot(book: incoming.Book, language: Language) -> Snapshot:
    """Return where all lines stood as a consolidated workbook says, in the words of a language; `Stop` if it is
    none."""
    return take_snapshot(read_followed(book, language), book.name, book.digest)


def doubt_order(before: Snapshot | None, now: Round) -> tuple[Finding, ...]:
    """Return what is doubtful about a previous round: that it is not the earlier one."""
    if before is None or before.as_of < now.as_of:
        return ()
    days = {"before": before.as_of.isoformat(), "now": now.as_of.isoformat()}
    return (find("previous-not-earlier", Place(before.file), words=days),)


def take_snapshot(followed: Followed, file: str = "", digest: str = "") -> Snapshot:
    """Return where all lines stood; `file` and `digest` are those of the workbook."""
    camera = _Camera(followed)
    states = [camera.take(entry) for entry in followed.entries]
    return Snapshot(states, followed.template, followed.as_of, file, digest)


class _Camera:
    """Knows which fields tell the times and the comment, and reads them."""

    def __init__(self, followed: Followed):
        roles = {name: followed.template.field_in_role(name) for name in ("deadline", "new_deadline", "comment")}
        self.deadline, self.new_deadline, self.comment = roles.values()
        self.readers: dict[str, Callable[[Raw], Parsed]] = {
            field.key: value_reader(field, followed.template, followed.year, followed.language)
            for field in roles.values()
            if field
        }

    def take(self, entry: Entry) -> State:
        """Return the state of a line."""
        return State(
            line=entry.line,
            code=entry.code,
            status=entry.status,
            follows=entry.follows,
            overdue=entry.overdue,
            planned=_shown(entry.given, self.deadline),
            moved=_shown(entry.answers, self.new_deadline),
            time=max(self._new_times(entry), key=lambda time: time.sort_key, default=None)
            or self._read(entry.given, self.deadline),
            comment=_shown(entry.answers, self.comment),
        )

    def _new_times(self, entry: Entry) -> Iterator[Deadline]:
        """Yield the new times that the units answered, as far as they are times."""
        told = [reply.answers for reply in entry.replies] or [entry.answers]
        times = (self._read(answers, self.new_deadline) for answers in told)
        return (time for time in times if time and time.last)

    def _read(self, values: Values, field: Field | None) -> Deadline | None:
        text = _shown(values, field)
        value = self.readers[field.key](text).value if field and text else None
        return value if isinstance(value, Deadline) else None


def _shown(values: Values, field: Field | None) -> str:
    return str(values.get(field.key, "")) if field else ""
