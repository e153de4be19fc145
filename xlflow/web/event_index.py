"""An index of a project's events in a database, so that a worker that starts need not open every file.

Files are the truth: the index only spares reading those that still look as they did when they were indexed, holds
nothing that is not in them, and may be dropped at any time. One schema for SQLite and PostgreSQL; triggers refuse
to change or delete an event. Only door to SQLAlchemy.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.exc import SQLAlchemyError

from xlflow.project.events import list_remembered, read_events, recall_event

LOG = logging.getLogger("xlflow.web")
_METADATA = MetaData()
_EVENTS = Table(
    "xlflow_events",
    _METADATA,
    Column("project", String(64), primary_key=True),
    Column("file_name", String(250), primary_key=True),
    Column("look", String(80), nullable=False),
    Column("id", String(40), nullable=False),
    Column("kind", String(40), nullable=False, index=True),
    Column("at", String(40), nullable=False),
    Column("by", String(250), nullable=False),
    Column("round", String(20), nullable=False, index=True),
    Column("content", LargeBinary, nullable=False),
)
"""One row per event file: where it is from, what its file looked like, and all of its content."""

_SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS xlflow_events_no_{verb.lower()} BEFORE {verb} ON xlflow_events "
    "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END"
    for verb in ("UPDATE", "DELETE")
)
_POSTGRESQL_TRIGGERS = (
    "CREATE OR REPLACE FUNCTION xlflow_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'events are never changed'; END $$",
    "CREATE OR REPLACE TRIGGER xlflow_events_no_change BEFORE UPDATE OR DELETE ON xlflow_events "
    "FOR EACH ROW EXECUTE FUNCTION xlflow_refuse()",
)
_POSTGRESQL_LOCK = "SELECT pg_advisory_xact_lock(7083241)"


class EventIndex:
    """The index of one project in the database at a URL (`sqlite:///…` or `postgresql+psycopg://…`)."""

    def __init__(self, url: str, events_folder: Path):
        self._engine = _open_engine(url)
        self._folder = events_folder
        self._project = sha256(str(events_folder.absolute()).encode()).hexdigest()
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        self._known: set[str] = set()

    def recall(self) -> int:
        """Have the log read from the index as far as it goes, then index what it lacked; return how many events
        that were. Where the database cannot be used, the files are read, and the log of the server says so."""
        with self._tolerate(), self._begin() as connection:
            self._recall_rows(connection)
        read_events(self._folder)
        return self.catch_up()

    def catch_up(self) -> int:
        """Index the events that this process has read or written since; return how many."""
        added = 0
        with self._tolerate(), self._begin() as connection:
            rows = [row for row in self._list_rows() if row["file_name"] not in self._known]
            if rows:
                insert = insert_sqlite(_EVENTS) if self._is_sqlite else insert_postgresql(_EVENTS)
                connection.execute(insert.on_conflict_do_nothing(), rows)
                self._known.update(str(row["file_name"]) for row in rows)
                added = len(rows)
        return added

    def drop(self) -> None:
        """Drop the index; it is made anew when it is next asked for."""
        with self._engine.begin() as connection:
            _EVENTS.drop(connection, checkfirst=True)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _recall_rows(self, connection: Connection) -> None:
        columns = _EVENTS.c.file_name, _EVENTS.c.look, _EVENTS.c.content
        for name, look, content in connection.execute(select(*columns).where(_EVENTS.c.project == self._project)):
            inode, modified, size = map(int, look.split())
            recall_event(self._folder / name, (inode, modified, size), bytes(content))
            self._known.add(name)

    def _list_rows(self) -> Iterator[dict[str, object]]:
        for name, look, found in list_remembered(self._folder):
            yield {
                "project": self._project,
                "file_name": name,
                "look": " ".join(map(str, look)),
                "id": found.id,
                "kind": found.kind,
                "at": found.at,
                "by": found.by[:250],
                "round": found.round[:20],
                "content": found.to_bytes(),
            }

    @contextmanager
    def _tolerate(self) -> Iterator[None]:
        """Do without the index where the database cannot be used."""
        try:
            yield
        except SQLAlchemyError as error:
            self._known.clear()
            LOG.warning("the index of events cannot be used: %s", type(error).__name__)

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        """Open a transaction in which the table is there."""
        with self._engine.begin() as connection:
            if not inspect(connection).has_table(_EVENTS.name):
                if not self._is_sqlite:
                    connection.execute(text(_POSTGRESQL_LOCK))
                _METADATA.create_all(connection, checkfirst=True)
                for statement in _SQLITE_TRIGGERS if self._is_sqlite else _POSTGRESQL_TRIGGERS:
                    connection.execute(text(statement))
                self._known.clear()
            yield connection


def _open_engine(url: str) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def set_up(connection, _):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA busy_timeout=20000")

    return engine
