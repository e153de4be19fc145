"""The log of a project: whole events in an order that no clock decides, and every fault named with its file."""

import json
import multiprocessing
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sampling import sample_size

from xlflow.model.findings import FatalError, message_of, remedy_of
from xlflow.project.events import Event, EventLog, read_events, sort_events, write_event
from xlflow.project.project_folder import Project
from xlflow.project.project_settings import ProjectSettings
from xlflow.project.project_state import build_rounds

START = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def write(folder: Path, number: int, seen: tuple[str, ...], minutes: int = 0) -> Event:
    data = {"unit": "Åbo", "number": number}
    now = START + timedelta(minutes=minutes)
    return write_event(folder, "decided", data, by="Samordnaren", seen=seen, round_name="2026-03-31", now=now)


def write_chain(folder: Path, count: int) -> list[Event]:
    events: list[Event] = []
    for number in range(count):
        events.append(write(folder, number, tuple(event.id for event in events[-1:])))
    return events


def codes(log: EventLog) -> list[tuple[str, str]]:
    return [(finding.code, finding.location.file) for finding in log.findings]


def numbers(log: EventLog) -> list[int]:
    return [event.data["number"] for event in log.events]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    first, second = write_chain(tmp_path / "events", 2)
    log = read_events(tmp_path / "events")
    assert log == EventLog((first, second), ())
    assert log.newest_ids == (second.id,)
    assert first.file_name.startswith("20260301T083000000Z-decided-")
    values = json.loads((tmp_path / "events" / second.file_name).read_text(encoding="utf-8"))
    assert values["kind"] == "decided"
    assert values["seen"] == [first.id]
    assert "Åbo" in (tmp_path / "events" / first.file_name).read_text(encoding="utf-8")


def test_a_folder_that_does_not_exist_is_an_empty_log(tmp_path: Path) -> None:
    assert read_events(tmp_path / "events") == EventLog()


@st.composite
def _seen_numbers(draw: st.DrawFn) -> list[list[int]]:
    """For each of some events, which of the earlier ones it has seen."""
    count = draw(st.integers(1, 7))
    return [
        draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        for number in range(count)
    ]


@given(_seen_numbers(), st.data())
@settings(max_examples=sample_size(40))
def test_neither_clocks_nor_copies_nor_the_order_of_files_matter(
    seen: list[list[int]], data: st.DataObject
) -> None:
    orders = []
    for _ in range(2):
        with TemporaryDirectory() as name:
            folder = Path(name)
            events: list[Event] = []
            for number, earlier in enumerate(seen):
                minutes = data.draw(st.integers(-(10**6), 10**6))
                events.append(write(folder, number, tuple(events[other].id for other in earlier), minutes))
            for event in data.draw(st.lists(st.sampled_from(events), max_size=3, unique_by=lambda one: one.id)):
                copied = f"{Path(event.file_name).stem} (conflicted copy).json"
                shutil.copy(folder / event.file_name, folder / copied)
            log = read_events(folder)
            assert {finding.code for finding in log.findings} <= {"event-copied"}
            assert list(sort_events(data.draw(st.permutations(events)))) == list(log.events)
            orders.append(numbers(log))
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == list(range(len(seen)))
    for number, earlier in enumerate(seen):
        assert all(orders[0].index(other) < orders[0].index(number) for other in earlier)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:40]), "event-damaged"),
        (lambda path: path.write_bytes(b""), "event-damaged"),
        (lambda path: path.write_bytes(b"[" * 100_000), "event-damaged"),
        (lambda path: path.write_text('{"kind": 1}', encoding="utf-8"), "event-damaged"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b'"number": 1', b'"number": 7')), "event-edited"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")), "event-edited"),
    ],
)
def test_a_damaged_or_edited_event_is_named_and_does_not_count(tmp_path: Path, damage: object, code: str) -> None:
    _, second, _ = write_chain(tmp_path, 3)
    assert callable(damage)
    damage(tmp_path / second.file_name)
    log = read_events(tmp_path)
    assert codes(log) == [(code, second.file_name)]
    assert numbers(log) == [0, 2]
    for language in ("sv", "en"):
        assert second.file_name in message_of(log.findings[0], language)
        assert remedy_of(log.findings[0], language)


def test_a_renamed_event_counts_and_is_named_with_its_right_name(tmp_path: Path) -> None:
    _, second, _ = write_chain(tmp_path, 3)
    (tmp_path / second.file_name).rename(tmp_path / "beslut.json")
    log = read_events(tmp_path)
    assert codes(log) == [("event-renamed", "beslut.json")]
    assert second.file_name in remedy_of(log.findings[0], "sv")
    assert numbers(log) == [0, 1, 2]


def test_a_missing_event_is_noticed_by_the_one_that_has_seen_it(tmp_path: Path) -> None:
    _, second, third = write_chain(tmp_path, 3)
    (tmp_path / second.file_name).unlink()
    log = read_events(tmp_path)
    assert codes(log) == [("event-missing", third.file_name)]
    assert second.id in message_of(log.findings[0], "en")
    assert numbers(log) == [0, 2]


def _write_many(folder: str, first: int) -> None:
    for number in range(first, first + 15):
        write(Path(folder), number, read_events(Path(folder)).newest_ids)


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(str(tmp_path), first)) for first in (0, 100)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    log = read_events(tmp_path)
    assert log.findings == ()
    assert sorted(numbers(log)) == [*range(15), *range(100, 115)]
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".json")] == []


def test_an_event_of_another_version_is_named(tmp_path: Path) -> None:
    data = {"frozen": "a", "plan": "b", "due": ""}
    opened = write_event(tmp_path / "events", "round-opened", data, by="", seen=(), round_name="2026-03-31")
    later = write_event(
        tmp_path / "events", "decided", {"new": 1}, by="", seen=[opened.id], round_name="2026-03-31"
    )
    project = Project(tmp_path, ProjectSettings(name="P"), read_events(tmp_path / "events"))
    with pytest.raises(FatalError) as error:
        build_rounds(project)
    assert [(found.code, found.location.file) for found in error.value.findings] == [
        ("event-not-understood", later.file_name)
    ]
