"""The log of a project: one immutable JSON file per thing that was done, never changed, never deleted.

A file's name holds the time, the kind, a random part and a digest of its content, so that two computers never
write the same name and a damaged, edited or renamed file is noticed. The order of events follows `seen`, the
newest events that their writer knew, then their content; clocks only make file names readable.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Any, Literal, get_args

from xlflow.model.findings import Finding, Location, make_finding
from xlflow.runtime.atomic_write import write_atomic

EventKind = Literal[
    "project-started",
    "plan-added",
    "round-opened",
    "forms-issued",
    "mail-planned",
    "returns-received",
    "decided",
    "signed",
    "merged",
    "reported",
    "round-closed",
    "round-reopened",
    "discarded",
]
EVENT_KINDS: tuple[str, ...] = get_args(EventKind)

_ID_IN_NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f]{16}")
_KEYS = {"kind", "at", "by", "round", "token", "seen", "data"}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done.

    `at`: UTC, ISO 8601 with milliseconds; shown to people, never compared. `by`: who. `round`: as-of date of the
    round (ISO), "" if it is about the project. `token`: 8 random hexadecimal digits. `seen`: ids of the newest
    events that the writer knew. `data`: plain JSON values.
    """

    kind: str
    at: str
    by: str
    round: str
    token: str
    seen: tuple[str, ...]
    data: Mapping[str, Any]

    def to_bytes(self) -> bytes:
        """Return the content of its file."""
        values = {
            "kind": self.kind,
            "at": self.at,
            "by": self.by,
            "round": self.round,
            "token": self.token,
            "seen": list(self.seen),
            "data": self.data,
        }
        return (json.dumps(values, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()

    @property
    def id(self) -> str:
        """The random part and the first 16 digits of the SHA-256 of its content; `seen` refers to it."""
        return f"{self.token}-{hashlib.sha256(self.to_bytes()).hexdigest()[:16]}"

    @property
    def file_name(self) -> str:
        """The name that its file must have."""
        return f"{re.sub('[-:.]', '', self.at)}-{self.kind}-{self.id}.json"

    def order_without_clock(self) -> tuple[str, ...]:
        """Key that sorts events that do not know of each other; the id only decides between equal ones."""
        data = json.dumps(self.data, sort_keys=True)
        return self.kind, self.round, self.by, data, self.id


@dataclass(frozen=True, slots=True)
class EventLog:
    """All whole events of a project, each once, oldest first. `findings`: errors of damaged, edited, renamed or
    missing events, and notes on copies."""

    events: tuple[Event, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def newest_ids(self) -> tuple[str, ...]:
        """The ids of the events that no other event has seen, sorted: what the next event writes as `seen`."""
        seen = {other for event in self.events for other in event.seen}
        return tuple(sorted(event.id for event in self.events if event.id not in seen))


def write_event(
    folder: Path,
    kind: EventKind,
    data: Mapping[str, Any],
    *,
    by: str,
    seen: Iterable[str],
    round_name: str = "",
    now: datetime | None = None,
) -> Event:
    """Write one event into the folder, whole or not at all, flushed to disk, and return it. `now` is the time
    (aware), by default the clock's. `FatalError` where nothing can be written."""
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    at = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    plain_data = json.loads(json.dumps(data))
    event = Event(kind, at, by, round_name, secrets.token_hex(4), tuple(sorted(set(seen))), plain_data)
    write_atomic(folder / event.file_name, event.to_bytes())
    return event


def read_events(folder: Path) -> EventLog:
    """Return the log in a folder; one that does not exist is empty. The order of the files does not matter."""
    events: dict[str, Event] = {}
    named_right, misnamed, broken_ids = set[str](), dict[str, tuple[Path, Event]](), set[str]()
    findings: list[Finding] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        event = _read_event(path)
        if isinstance(event, Finding):
            broken_ids.update(_ID_IN_NAME.findall(path.name)[-1:])
            findings.append(event)
            continue
        events[event.id] = event
        if path.name == event.file_name:
            named_right.add(event.id)
        else:
            misnamed[path.name] = path, event
    findings += [_misnamed_finding(*found, named_right) for _, found in sorted(misnamed.items())]
    findings += _check_seen(events, broken_ids)
    return EventLog(tuple(sort_events(events.values())), tuple(findings))


def sort_events(events: Iterable[Event]) -> Iterator[Event]:
    """Yield the events so that each comes after those that it has seen; else by content."""
    by_id = {event.id: event for event in events}
    pending = {event_id: {other for other in event.seen if other in by_id} for event_id, event in by_id.items()}
    followers: dict[str, list[str]] = {}
    for event_id, seen in pending.items():
        for other in seen:
            followers.setdefault(other, []).append(event_id)
    ready = [(by_id[event_id].order_without_clock(), event_id) for event_id, seen in pending.items() if not seen]
    heapify(ready)
    while ready:
        _, event_id = heappop(ready)
        yield by_id[event_id]
        for follower in followers.get(event_id, ()):
            pending[follower].discard(event_id)
            if not pending[follower]:
                heappush(ready, (by_id[follower].order_without_clock(), follower))


def _read_event(path: Path) -> Event | Finding:
    """Return the event in a file, or the finding that says that it is damaged or was edited."""
    location = Location(path.name)
    try:
        content = path.read_bytes()
        values = json.loads(content)
        if not (isinstance(values, dict) and values.keys() == _KEYS and isinstance(values["data"], dict)):
            return make_finding("event-damaged", location)
        texts = [values[key] for key in _KEYS - {"seen", "data"}]
        if not all(isinstance(text, str) for text in (*texts, *values["seen"])):
            return make_finding("event-damaged", location)
        event = Event(**{**values, "seen": tuple(values["seen"])})
    except (OSError, ValueError, TypeError, RecursionError):
        return make_finding("event-damaged", location)
    ids_in_name = _ID_IN_NAME.findall(path.name)
    if event.to_bytes() != content or (ids_in_name and event.id not in ids_in_name):
        return make_finding("event-edited", location)
    return event


def _misnamed_finding(path: Path, event: Event, named_right: set[str]) -> Finding:
    """Return a note on the copy of an event that is there under its own name too, else the error that it was
    renamed."""
    code = "event-copied" if event.id in named_right else "event-renamed"
    return make_finding(code, Location(path.name), value=event.file_name)


def _check_seen(events: Mapping[str, Event], broken_ids: set[str]) -> Iterator[Finding]:
    """Yield an error per event that others have seen and that is not in the folder."""
    missing: dict[str, str] = {}
    for event in events.values():
        for other in event.seen:
            if other not in events and other not in broken_ids:
                missing[other] = min(missing.get(other, event.file_name), event.file_name)
    for event_id, file_name in sorted(missing.items()):
        yield make_finding("event-missing", Location(file_name), value=event_id)


def list_log_errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return those findings of a log that forbid a merge."""
    return tuple(finding for finding in findings if finding.effective_severity == "error")
