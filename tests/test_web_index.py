"""The index of events says what the files say, in SQLite and in PostgreSQL, and may be dropped at any time."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from support.make_project import answer, make_project, open_state
from support.postgresql import run_postgresql
from support.web_server import hand_in, run_server

from xlflow.cli.project_text import status_to_json
from xlflow.project import events
from xlflow.project.events import read_events
from xlflow.project.page_links import make_links
from xlflow.project.project_folder import Project
from xlflow.project.project_status import read_status
from xlflow.web.event_index import EventIndex

DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.with_tools))


@pytest.fixture(scope="module", params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('index') / 'events.sqlite'}"
        return
    with run_postgresql() as found:
        yield found


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = make_project(tmp_path)
    make_links(*open_state(project.root), ["Museet"])
    return open_state(project.root)[0]


@pytest.fixture
def index(url: str, project: Project) -> Iterator[EventIndex]:
    index = EventIndex(url, project.events_folder)
    index.drop()
    yield index
    index.close()


def forget() -> None:
    """Forget what this process has read, as a worker that starts."""
    events._read_before.clear()


def rows_of(url: str) -> list[Any]:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("SELECT file_name, kind FROM xlflow_events ORDER BY 1")).all()
    engine.dispose()
    return list(rows)


def test_every_event_is_indexed_once(index: EventIndex, project: Project, url: str) -> None:
    forget()
    names = sorted(path.name for path in project.events_folder.iterdir())
    assert index.recall() == len(names) > 3
    assert [name for name, _ in rows_of(url)] == names
    assert index.recall() == index.catch_up() == 0
    make_links(*open_state(project.root), ["Simhallen"])
    assert index.catch_up() == 1
    assert len(rows_of(url)) == len(names) + 1


def test_a_worker_that_starts_opens_no_file_that_is_indexed(
    index: EventIndex, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = json.loads(status_to_json(read_status(*open_state(project.root))))
    index.recall()
    forget()
    opened: list[str] = []
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: opened.append(path.parent.name) or read_bytes(path))
    index.recall()
    assert json.loads(status_to_json(read_status(*open_state(project.root)))) == expected
    assert "events" not in opened


def test_files_are_the_truth(index: EventIndex, project: Project) -> None:
    """What is edited, damaged, copied or gone is told as without an index."""
    index.recall()
    paths = sorted(project.events_folder.iterdir())
    assert len(paths) > 3
    paths[0].write_bytes(paths[0].read_bytes().replace(b'"by": "', b'"by": "x'))
    paths[1].write_bytes(b"{")
    paths[2].with_name(f"copy of {paths[2].name}").write_bytes(paths[2].read_bytes())
    paths[3].unlink()
    forget()
    without = read_events(project.events_folder)
    assert len(without.findings) >= 3
    forget()
    index.recall()
    assert read_events(project.events_folder) == without


@pytest.mark.parametrize("statement", ["UPDATE xlflow_events SET kind = 'x'", "DELETE FROM xlflow_events"])
def test_nobody_changes_an_event_in_the_index(index: EventIndex, url: str, statement: str) -> None:
    index.recall()
    before = rows_of(url)
    assert before
    engine = sqlalchemy.create_engine(url)
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="events are never changed"), engine.begin() as connection:
        connection.execute(sqlalchemy.text(statement))
    engine.dispose()
    assert rows_of(url) == before


def test_what_somebody_writes_into_the_index_is_not_believed(
    index: EventIndex, project: Project, url: str
) -> None:
    index.recall()
    path = sorted(project.events_folder.iterdir())[0]
    forged = path.read_bytes().replace(b'"by": "', b'"by": "forged ')
    look = " ".join(map(str, events._look_at(path)))
    index.drop()
    index.catch_up()
    index.drop()
    forget()
    index.catch_up()  # an empty table
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        values = {"project": index._project, "name": path.name, "look": look, "content": forged}
        columns = "project, file_name, look, id, kind, at, by, round, content"
        quoted = columns.replace("by", '"by"')
        connection.execute(
            sqlalchemy.text(
                f"INSERT INTO xlflow_events ({quoted}) "
                "VALUES (:project, :name, :look, '', '', '', '', '', :content)"
            ),
            values,
        )
    engine.dispose()
    index.recall()
    assert [event.by for event in read_events(project.events_folder).events if "forged" in event.by] == []
    assert read_events(project.events_folder).findings == ()


def test_the_index_is_dropped_under_load_and_made_anew(project: Project, url: str) -> None:
    """Uploads go on; afterwards status and index say what the files say."""
    index = EventIndex(url, project.events_folder)
    index.drop()
    token = make_links(*open_state(project.root), ["Simhallen"])["Simhallen"]
    stop = threading.Event()

    def drop_again_and_again() -> None:
        while not stop.wait(0.3):
            try:
                index.drop()
            except sqlalchemy.exc.DBAPIError:  # somebody was writing just then
                continue

    with run_server(project.root, workers=1, index_url=url) as server:
        dropper = threading.Thread(target=drop_again_and_again)
        dropper.start()
        for status in ("Genomfört", "Pågående", "Kvarstår"):
            form = answer(project, "Simhallen", {"Byta lås": status})
            shown = hand_in(server.client(), f"/u/{token}", "s.xlsx", form)
            assert shown.status_code == 200
        stop.set()
        dropper.join()
        through_index = server.coordinator().get("/board.json").json()
    forget()
    index.recall()
    assert len(rows_of(url)) == len(list(project.events_folder.iterdir()))
    status = json.loads(status_to_json(read_status(*open_state(project.root))))
    assert [unit["state"] for unit in through_index["units"]] == [unit["state"] for unit in status["units"]]
    index.close()


def test_a_database_that_cannot_be_reached_costs_nothing_but_time(project: Project) -> None:
    index = EventIndex("postgresql+psycopg://nobody@127.0.0.1:1/none", project.events_folder)
    forget()
    assert index.recall() == 0
    assert len(read_events(project.events_folder).events) > 3
    index.close()
