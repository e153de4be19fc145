"""The pages of an approver, behind a link: the units, what each has answered and what has changed, approve."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlflow.project.page_links import PageLink
from xlflow.web.page_context import PageError, answer_errors, context_of, require_link, see_other
from xlflow.web.rendering import choose_language, render_page


@answer_errors
async def show_units(request: Request) -> Response:
    """The units that the approver may approve."""
    link = await require_link(request, "approver")
    context = context_of(request)
    language = choose_language(request, context.language)
    board = await _read_board(request, link)
    units = [unit for unit in board["units"] if link.unit in ("", unit["name"])]
    return render_page(
        request, "approver.html", language, board=board, units=units, base=_base(request), holder=link.holder
    )


@answer_errors
async def show_answers(request: Request) -> Response:
    """What a unit has answered, and the button to approve it."""
    link = await require_link(request, "approver")
    return await _render_answers(request, link)


@answer_errors
async def approve(request: Request) -> Response:
    """Approve what was shown; what has changed meanwhile is shown first."""
    link = await require_link(request, "approver")
    context, unit = context_of(request), await _find_unit(request, link)
    async with request.form(max_files=0, max_fields=10) as form:
        answers, by = str(form.get("answers", ""))[:64], str(form.get("by", ""))[:100]
    who = link.holder or " ".join(by.split())
    if not who:
        return await _render_answers(request, link, 422, error="no_name")
    language = choose_language(request, context.language)
    params = {"unit": unit["name"], "by": who, "answers": answers, "round_name": link.round}
    await context.ask("approve", language, user=f"{who} (web)", **params)
    return see_other(f"{_base(request)}/unit/{unit['key']}")


async def _render_answers(request: Request, link: PageLink, status: int = 200, *, error: str = "") -> Response:
    context = context_of(request)
    language = choose_language(request, context.language)
    unit = await _find_unit(request, link)
    values = await context.ask("read_unit", language, unit=unit["name"], round_name=link.round)
    return render_page(
        request,
        "approve.html",
        language,
        status,
        error=error,
        base=_base(request),
        holder=link.holder,
        **values,
    )


async def _read_board(request: Request, link: PageLink) -> dict[str, Any]:
    """Return the status of the round that the link is of, which need not be the current one."""
    context = context_of(request)
    language = choose_language(request, context.language)
    board = await context.read_board(language)
    if board["round"] != link.round:
        board = await context.ask("read_board", language, round_name=link.round)
    return board


async def _find_unit(request: Request, link: PageLink) -> dict[str, Any]:
    board = await _read_board(request, link)
    for unit in board["units"]:
        if unit["key"] == request.path_params["key"] and link.unit in ("", unit["name"]):
            return dict(unit)
    raise PageError(404, "no_page")


def _base(request: Request) -> str:
    return f"/a/{request.path_params['token']}"


ROUTES = [
    Route("/a/{token}", show_units),
    Route("/a/{token}/unit/{key}", show_answers, methods=["GET"]),
    Route("/a/{token}/unit/{key}", approve, methods=["POST"]),
]
