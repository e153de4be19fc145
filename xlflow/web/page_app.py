"""Puts the pages together into one ASGI application, within its guard."""

from collections.abc import MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlflow.project.project_folder import open_project
from xlflow.web import approver_pages, board_pages, board_unit_pages, unit_pages
from xlflow.web.page_context import (
    SESSION_COOKIE,
    PageContext,
    PageError,
    answer_errors,
    context_of,
    error_page,
    find_session,
    see_other,
)
from xlflow.web.rate_limits import RateLimit
from xlflow.web.rendering import choose_language, is_secure, read_static, render_page
from xlflow.web.request_guard import App, RequestGuard
from xlflow.web.server_settings import INDEX_VARIABLE, ServerSettings
from xlflow.web.sessions import SessionStore
from xlflow.web.worker_pool import WorkerPool

_UPLOADS_PER_MINUTE = 10
_REFUSALS = {
    400: "wrong_host",
    403: "wrong_origin",
    405: "bad_request",
    408: "too_slow",
    413: "too_large",
    429: "too_many",
}


def build_app(settings: ServerSettings) -> tuple[App, PageContext]:
    """Return the application and what its pages share. `FatalError` if the folder is no project."""
    environment = {INDEX_VARIABLE: settings.index_url}
    context = PageContext(
        settings,
        WorkerPool(settings.root, settings.workers, environment=environment),
        WorkerPool(settings.root, 1, environment=environment),
        SessionStore(settings.session_idle_seconds, settings.session_seconds),
        RateLimit(settings.wrong_links_per_minute),
        RateLimit(_UPLOADS_PER_MINUTE),
        open_project(settings.root).settings.language,
    )
    routes = [
        Route("/", show_start),
        Route("/start/{token}", ask_to_begin, methods=["GET"]),
        Route("/start/{token}", begin, methods=["POST"]),
        Route("/end", end, methods=["POST"]),
        Route("/static/{name}", get_static),
        *unit_pages.ROUTES,
        *approver_pages.ROUTES,
        *board_pages.ROUTES,
        *board_unit_pages.ROUTES,
    ]
    app = Starlette(routes=routes, exception_handlers={404: _no_page, 405: _wrong_method, 500: _failed})
    app.state.context = context

    def refuse(scope: MutableMapping[str, Any], status: int) -> App:
        return error_page(Request({**scope, "app": app}), status, _REFUSALS[status])

    return RequestGuard(app, settings, refuse), context


@answer_errors
async def show_start(request: Request) -> Response:
    """Where to go: the board for whoever has a session, else a word about links."""
    if find_session(request):
        return see_other("/board")
    raise PageError(403, "no_session")


@answer_errors
async def ask_to_begin(request: Request) -> Response:
    """The page behind the one-time address: a button, since getting a page changes nothing."""
    if not context_of(request).sessions.is_one_time_token(request.path_params["token"]):
        raise PageError(403, "used_address")
    language = choose_language(request, context_of(request).language)
    return render_page(request, "start.html", language)


@answer_errors
async def begin(request: Request) -> Response:
    """Begin the coordinator's session."""
    from xlflow.project.project_folder import user_name

    sessions = context_of(request).sessions
    cookie = sessions.begin(request.path_params["token"], user_name())
    if cookie is None:
        raise PageError(403, "used_address")
    response = see_other("/board")
    response.set_cookie(SESSION_COOKIE, cookie, httponly=True, samesite="lax", secure=is_secure(request), path="/")
    return response


@answer_errors
async def end(request: Request) -> Response:
    """End the session."""
    context_of(request).sessions.end(request.cookies.get(SESSION_COOKIE, ""))
    response = error_page(request, 200, "ended")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


async def get_static(request: Request) -> Response:
    """Style, script and fonts; nothing else is given out under these addresses."""
    found = read_static(request.path_params["name"])
    if found is None:
        return error_page(request, 404, "no_page")
    content, media_type = found
    headers = {"content-type": media_type, "cache-control": "public, max-age=3600"}
    return Response(content, headers=headers)


async def _no_page(request: Request, _: Exception) -> Response:
    return error_page(request, 404, "no_page")


async def _wrong_method(request: Request, _: Exception) -> Response:
    return error_page(request, 405, "bad_request")


async def _failed(request: Request, _: Exception) -> Response:
    return error_page(request, 500, "failed")
