"""What every page handler has: settings, workers, sessions, limits; and the ways in which a request may fail.

A handler asks for what it needs with `ask`; whatever keeps it from being done becomes a page that says so.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from xlflow.i18n.catalogue import Language
from xlflow.project.page_links import LinkRole, PageLink, find_link
from xlflow.project.project_folder import Project, open_project
from xlflow.web.rate_limits import RateLimit
from xlflow.web.rendering import choose_language, render_page
from xlflow.web.request_guard import BodyRefusedError
from xlflow.web.server_settings import ServerSettings
from xlflow.web.sessions import Session, SessionStore
from xlflow.web.worker_pool import RequestRefusedError, WorkerBusyError, WorkerLostError, WorkerPool

LOG = logging.getLogger("xlflow.web")
SESSION_COOKIE = "xlflow_session"
_CHANGING = ("record_decision", "approve", "remind", "merge", "report", "make_link", "revoke")
"""Operations after which the board is shown as it is then, and not as it was."""

_LONG = ("remind", "merge", "report")
"""Operations with a worker of their own, so that no unit waits for them."""

LONG_SECONDS = 900.0
"""Seconds that merging or reporting may take."""


class PageError(Exception):
    """A request that ends in a page that says why. `key`: of the words `<key>_title` and `<key>_text` in [web]."""

    def __init__(self, status: int, key: str):
        super().__init__(key)
        self.status, self.key = status, key


@dataclass(frozen=True, slots=True)
class _Board:
    """The status of the round. `mark`: of the project as it was; `began`: when it was asked for (monotonic)."""

    mark: tuple[int, int, str]
    began: float
    values: dict[str, Any]


@dataclass(slots=True)
class PageContext:
    """One per server, in `app.state.context`."""

    settings: ServerSettings
    workers: WorkerPool
    long_workers: WorkerPool
    sessions: SessionStore
    wrong_links: RateLimit
    uploads: RateLimit
    language: Language = "sv"
    _boards: dict[Language, "_Board"] = field(default_factory=dict)
    _refreshing: dict[Language, "asyncio.Task[_Board]"] = field(default_factory=dict)
    _changed: float = 0.0

    async def ask(
        self, operation: str, language: Language, *, user: str = "", seconds: float = 60.0, **params: Any
    ) -> Any:
        """Return what a worker says; see `project_access`."""
        values = {"language": language, "user": user, "round_name": self.settings.round_name, **params}
        pool = self.long_workers if operation in _LONG else self.workers
        answer = await run_in_threadpool(pool.call, operation, values, seconds=seconds)
        if operation in _CHANGING:
            self._changed = time.monotonic()
        return answer

    def close(self) -> None:
        """End all workers."""
        self.workers.close()
        self.long_workers.close()

    async def read_board(self, language: Language) -> dict[str, Any]:
        """Return the status of the round, remembered as long as nothing in the project has changed.

        What a coordinator or approver has done here is in it. What units have handed in may be missing for at most
        `stale_seconds`, while it is worked out: checking a large round anew takes a second or more.
        """
        mark = await run_in_threadpool(self._mark_of_project)
        known = self._boards.get(language)
        if known and known.mark == mark:
            return known.values
        asked = time.monotonic()
        task = self._refreshing.get(language)
        if task is None or task.done():
            task = self._refreshing[language] = asyncio.create_task(self._refresh(language, mark))
        if known and known.began >= self._changed and asked - known.began < self.settings.stale_seconds:
            return known.values
        board = await asyncio.shield(task)
        while board.began < self._changed:  # it had begun before what was done here
            task = self._refreshing[language] = asyncio.create_task(self._refresh(language, mark))
            board = await asyncio.shield(task)
        return board.values

    async def _refresh(self, language: Language, mark: tuple[int, int, str]) -> "_Board":
        began = time.monotonic()
        values = {**await self.ask("read_board", language), "at": datetime.now(UTC).isoformat(timespec="seconds")}
        self._boards[language] = _Board(mark, began, values)
        return self._boards[language]

    def _mark_of_project(self) -> tuple[int, int, str]:
        """Return what differs as soon as an event is written, something lies in an inbox, or a day begins."""
        events = sum(1 for _ in (self.settings.root / "events").glob("*.json"))
        newest = max((path.stat().st_mtime_ns for path in self.settings.root.glob("rounds/*/inbox")), default=0)
        return events, newest, date.today().isoformat()


def context_of(request: Request) -> PageContext:
    """Return the server's context."""
    context: PageContext = request.app.state.context
    return context


async def require_link(request: Request, role: LinkRole) -> PageLink:
    """Return the link that a request came by. `PageError` 404 if it opens nothing, the same whether it was
    guessed, revoked or expired; 429 after too many wrong ones."""
    context = context_of(request)
    client = request.scope["xlflow.client"]
    token = request.path_params["token"]
    link = await run_in_threadpool(_find_link, context, token)
    if link and link.role == role:  # a whole organisation may share one address with whoever guesses
        return link
    is_allowed = context.wrong_links.take(client)
    raise PageError(404, "wrong_link") if is_allowed else PageError(429, "too_many")


def find_session(request: Request) -> Session | None:
    """Return the coordinator's session; None if nobody is known."""
    context, user = context_of(request), request.scope["xlflow.user"]
    if context.settings.user_header:
        return context.sessions.find_of_user(user) if user and user in context.settings.coordinators else None
    return context.sessions.find(request.cookies.get(SESSION_COOKIE, ""))


def require_session(request: Request) -> Session:
    """Return the coordinator's session. `PageError` 403 if there is none."""
    session = find_session(request)
    if session is None:
        raise PageError(403, "no_session")
    return session


Handler = Callable[[Request], Awaitable[Response]]


def answer_errors(handler: Handler) -> Handler:
    """Return the handler with every failure told on a page."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except PageError as error:
            return error_page(request, error.status, error.key)
        except RequestRefusedError as error:
            return error_page(request, 409, "refused", error.findings)
        except BodyRefusedError as error:
            return error_page(request, error.status, "too_large" if error.status == 413 else "too_slow")
        except WorkerBusyError:
            return error_page(request, 503, "busy")
        except WorkerLostError as error:
            LOG.error("a request failed in its worker: %s", error)  # noqa: TRY400
            return error_page(request, 500, "failed")

    return answer


def error_page(request: Request, status: int, key: str, findings: list[dict[str, Any]] | None = None) -> Response:
    """Return the page that says why something was not done."""
    language = choose_language(request, context_of(request).language)
    return render_page(request, "error.html", language, status, key=key, findings=findings or [])


def see_other(path: str) -> Response:
    """Return the answer that has the browser get another of our pages."""
    return RedirectResponse(path, 303)


def attachment(name: str) -> dict[str, str]:
    """Return the header by which a file is saved and never shown; whatever its name holds, it is one line."""
    return {"content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def _find_link(context: PageContext, token: str) -> PageLink | None:
    project: Project = open_project(context.settings.root)
    return find_link(project, token)
