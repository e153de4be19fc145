"""The coordinator's page of one unit: deliveries, findings, decisions, links."""

from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from xlflow.web.board_pages import show_new_link
from xlflow.web.page_context import (
    PageError,
    answer_errors,
    attachment,
    context_of,
    require_session,
    see_other,
)
from xlflow.web.rendering import choose_language, render_page
from xlflow.web.unit_pages import send_form
from xlflow.web.worker_pool import RequestRefusedError

_ACTIONS = ("due", "use", "leave-out", "nothing", "not-asked", "asked")


@answer_errors
async def show_unit(request: Request) -> Response:
    """All about one unit."""
    return await _render(request)


@answer_errors
async def decide(request: Request) -> Response:
    """Record a decision about the unit."""
    session = require_session(request)
    context, unit = context_of(request), await _find_unit(request)
    async with request.form(max_files=0, max_fields=10) as form:
        action, because = str(form.get("action", "")), str(form.get("because", ""))[:500]
        value = str(form.get("day" if action == "due" else "file", ""))[:300]
        seen = str(form.get("seen", ""))
    if action not in _ACTIONS or not seen.isdecimal():
        raise PageError(400, "bad_request")
    try:
        result = await context.ask(
            "record_decision",
            choose_language(request, context.language),
            user=session.user,
            unit=unit["name"],
            action=action,
            value=value if action in ("due", "use", "leave-out") else "",
            because=" ".join(because.split()),
            seen=int(seen),
        )
    except RequestRefusedError as error:
        return await _render(request, 422, refusal=error.findings)
    session.tell(result)
    return see_other(f"/board/unit/{unit['key']}")


@answer_errors
async def make_link(request: Request) -> Response:
    """Make a link to the unit's page and show it once."""
    session = require_session(request)
    return await show_new_link(request, session, (await _find_unit(request))["name"], "unit")


@answer_errors
async def revoke_links(request: Request) -> Response:
    """Revoke the unit's links."""
    session = require_session(request)
    context, unit = context_of(request), await _find_unit(request)
    await context.ask("revoke", context.language, user=session.user, unit=unit["name"])
    return see_other(f"/board/unit/{unit['key']}")


@answer_errors
async def get_form(request: Request) -> Response:
    """The unit's form as it stands, with faults marked."""
    require_session(request)
    return await send_form(request, (await _find_unit(request))["name"])


@answer_errors
async def get_received(request: Request) -> Response:
    """A file that came in, as it came in, to save and never to show."""
    require_session(request)
    context = context_of(request)
    found = await context.ask("find_received_file", context.language, file=request.path_params["file"])
    return FileResponse(found["path"], media_type="application/octet-stream", headers=attachment(found["name"]))


async def _render(request: Request, status: int = 200, *, refusal: list[Any] | None = None) -> Response:
    session = require_session(request)
    context, unit = context_of(request), await _find_unit(request)
    language = choose_language(request, context.language)
    values = await context.ask("read_unit", language, unit=unit["name"])
    return render_page(
        request,
        "board_unit.html",
        language,
        status,
        has_session=True,
        user=session.user,
        notes=session.take_notes(),
        refusal=refusal or [],
        actions=_ACTIONS,
        **values,
    )


async def _find_unit(request: Request) -> dict[str, Any]:
    require_session(request)
    context = context_of(request)
    board = await context.read_board(choose_language(request, context.language))
    for unit in board["units"]:
        if unit["key"] == request.path_params["key"]:
            return dict(unit)
    raise PageError(404, "no_page")


ROUTES = [
    Route("/board/unit/{key}", show_unit),
    Route("/board/unit/{key}/decide", decide, methods=["POST"]),
    Route("/board/unit/{key}/link", make_link, methods=["POST"]),
    Route("/board/unit/{key}/revoke", revoke_links, methods=["POST"]),
    Route("/board/unit/{key}/form", get_form),
    Route("/board/received/{file:path}", get_received),
]
