"""A project folder: where everything is, how a new one begins, and what an opened one knows.

Writes `xlflow.toml`, the empty folders and the first event; everything else is written by the steps.
"""

import getpass
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from xlflow.i18n.catalogue import Language
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.merged import RunNote, RunResult
from xlflow.project.events import EventKind, EventLog, list_log_errors, read_events, write_event
from xlflow.project.locate import SETTINGS_FILE, find_project_folder
from xlflow.project.project_settings import ProjectSettings, read_settings, render_settings
from xlflow.runtime.atomic_write import write_atomic

MAX_PATH_LENGTH = 239
"""Characters of the longest path that is written; some programs on Windows read none above it."""

_LONGEST_ROOT = 110
"""Characters of a project's own path from which on file names may have to be cut."""

USER_VARIABLE = "XLFLOW_USER"
"""The variable of the environment that says who is at work, in place of the name that one is logged in with."""


@dataclass(frozen=True, slots=True)
class Project:
    """An opened project. `log` is as it was when it was opened, and what this run has added."""

    root: Path
    settings: ProjectSettings
    log: EventLog

    @property
    def events_folder(self) -> Path:
        """Where the log is."""
        return self.root / "events"

    @property
    def plan_folder(self) -> Path:
        """Where every version of a plan is kept."""
        return self.root / "plan"

    def round_folder(self, round_name: str) -> Path:
        """Return the folder of a round, named by its as-of date (ISO)."""
        return self.root / "rounds" / round_name

    def record(
        self,
        kind: EventKind,
        data: Mapping[str, Any],
        round_name: str = "",
        *,
        by: str | None = None,
        now: datetime | None = None,
    ) -> "Project":
        """Write an event and return the project with it. Knows what others have written meanwhile."""
        log = read_events(self.events_folder)
        who = by or user_name()
        write_event(self.events_folder, kind, data, by=who, seen=log.newest_ids, round_name=round_name, now=now)
        return replace(self, log=read_events(self.events_folder))

    def relative(self, path: Path) -> str:
        """Return a path below the project as it is recorded, with "/" on every system."""
        return path.relative_to(self.root).as_posix()


def open_project(start: Path | None = None) -> Project:
    """Return the project that `start` (by default the current folder) is in. `FatalError` if it is in none, or if
    the settings have a fault."""
    root = find_project_folder(start)
    if root is None:
        raise FatalError(make_finding("no-project", Location(str(start or Path.cwd()))))
    return Project(root, read_settings(root / SETTINGS_FILE), read_events(root / "events"))


def require_whole_log(project: Project) -> None:
    """Raise `FatalError` with every error of the log: nothing may be made of one that is not whole."""
    errors = list_log_errors(project.log.findings)
    if errors:
        raise FatalError(*errors)


def init_project(folder: Path, name: str = "", language: Language = "sv") -> RunResult:
    """Make a folder a project: settings, empty folders, first event. What is in it already stays. `FatalError` if
    it is one, or is inside one."""
    root = folder.absolute()
    existing = find_project_folder(root)
    if existing:
        raise FatalError(make_finding("project-exists", Location(str(existing))))
    settings = ProjectSettings(name=name or root.name or "xlflow", language=language)
    for each in (root / "plan", root / "events", root / "rounds"):
        each.mkdir(parents=True, exist_ok=True)
    write_atomic(root / SETTINGS_FILE, render_settings(settings).encode())
    Project(root, settings, read_events(root / "events")).record("project-started", {"name": settings.name})
    length = len(str(root))
    is_long = length > _LONGEST_ROOT
    findings = (
        (make_finding("project-path-long", Location(str(root)), params={"count": length}),) if is_long else ()
    )
    return RunResult(language, findings, output_path=root, notes=(RunNote("project.started", {"folder": root}),))


def show_path(path: Path) -> Path:
    """Return a path as people are shown it: from the current folder, if it is below that."""
    try:
        return path.relative_to(Path.cwd())
    except (ValueError, OSError):
        return path


def user_name() -> str:
    """Return who is at work: the name in the environment, else the name that one is logged in with."""
    try:
        return os.environ.get(USER_VARIABLE) or getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""
