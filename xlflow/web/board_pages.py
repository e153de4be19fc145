"""The coordinator's board: who has answered, filters in the address, and what is done about the whole round."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from xlflow.web.page_context import (
    LONG_SECONDS,
    PageError,
    answer_errors,
    attachment,
    context_of,
    require_session,
    see_other,
)
from xlflow.web.rendering import choose_language, render_page
from xlflow.web.sessions import Session

STATES = ("missing", "partly", "to-correct", "complete", "nothing", "not-asked")


@answer_errors
async def show_board(request: Request) -> Response:
    """The board; `?state=` and `?q=` choose among the units."""
    session = require_session(request)
    context = context_of(request)
    language = choose_language(request, context.language)
    board = await context.read_board(language)
    state, words = request.query_params.get("state", ""), request.query_params.get("q", "")[:100]
    return render_page(
        request,
        "board.html",
        language,
        board=board,
        units=select_units(board["units"], state, words),
        state=state,
        q=words,
        counts=count_states(board["units"]),
        has_session=True,
        user=session.user,
        notes=session.take_notes(),
    )


@answer_errors
async def show_json(request: Request) -> Response:
    """The board as JSON, for programs and for the live figure."""
    require_session(request)
    context = context_of(request)
    board = await context.read_board(choose_language(request, context.language))
    left_out = ("key", "has_link")
    units = [{key: value for key, value in unit.items() if key not in left_out} for unit in board["units"]]
    parts = ("at", "project", "round", "due", "is_closed", "waiting", "refused")
    return JSONResponse(
        {**{part: board[part] for part in parts}, "counts": count_states(board["units"]), "units": units}
    )


def count_states(units: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many units are in each state; `asked`, `answered`, `late` and `signed` too."""
    counts = {state: sum(unit["state"] == state for unit in units) for state in STATES}
    asked = len(units) - counts["not-asked"]
    return {
        **counts,
        "asked": asked,
        "answered": asked - counts["missing"],
        "late": sum(bool(unit["is_late"]) for unit in units),
        "signed": sum(bool(unit["signed_by"]) for unit in units),
    }


def select_units(units: Sequence[Mapping[str, Any]], state: str, words: str) -> list[Mapping[str, Any]]:
    """Return the units in a state ("late", "signed" and "fell" too, "" for all) whose names hold the words."""
    extra = {"late": "is_late", "signed": "signed_by", "fell": "sign_off_fell"}
    wanted = words.casefold().split()
    return [
        unit
        for unit in units
        if (not state or unit["state"] == state or (state in extra and unit[extra[state]]))
        and all(word in f"{unit['name']} {unit['contact']}".casefold() for word in wanted)
    ]


async def _do(request: Request, operation: str, back: str, *, seconds: float = 60.0, **params: Any) -> Response:
    """Have a worker do something for the coordinator; the page that comes next says what came of it."""
    session = require_session(request)
    context = context_of(request)
    language = choose_language(request, context.language)
    result = await context.ask(operation, language, user=session.user, seconds=seconds, **params)
    session.tell(result)
    return see_other(back)


@answer_errors
async def remind(request: Request) -> Response:
    """Make drafts of reminders, or of mails with what is to be corrected."""
    require_session(request)
    async with request.form(max_files=0, max_fields=5) as form:
        purpose = "correct" if form.get("purpose") == "correct" else "remind"
    return await _do(request, "remind", "/board", seconds=LONG_SECONDS, purpose=purpose)


@answer_errors
async def merge(request: Request) -> Response:
    """Merge the round."""
    return await _do(request, "merge", "/board", seconds=LONG_SECONDS)


@answer_errors
async def report(request: Request) -> Response:
    """Make the report."""
    return await _do(request, "report", "/board", seconds=LONG_SECONDS)


@answer_errors
async def link_approver(request: Request) -> Response:
    """Make a link for an approver of all units and show it once."""
    session = require_session(request)
    async with request.form(max_files=0, max_fields=5) as form:
        holder = " ".join(str(form.get("holder", ""))[:100].split())
    return await show_new_link(request, session, "", "approver", holder)


async def show_new_link(request: Request, session: Session, unit: str, role: str, holder: str = "") -> Response:
    """Make a link and show it on a page, the only time that it can be seen."""
    context = context_of(request)
    language = choose_language(request, context.language)
    made = await context.ask("make_link", language, user=session.user, unit=unit, role=role, holder=holder)
    letter = "u" if role == "unit" else "a"
    address = f"{request.url.scheme}://{request.headers['host']}/{letter}/{made['token']}"
    return render_page(
        request, "link.html", language, address=address, unit=unit, role=role, holder=holder, has_session=True
    )


@answer_errors
async def revoke_approvers(request: Request) -> Response:
    """Revoke the links of approvers of all units."""
    return await _do(request, "revoke", "/board", unit="")


@answer_errors
async def get_file(request: Request) -> Response:
    """The consolidated workbook or the report, as a file to save."""
    require_session(request)
    kind = request.path_params["kind"]
    if kind not in ("consolidated", "report"):
        raise PageError(404, "no_page")
    context = context_of(request)
    found = await context.ask("find_made_file", context.language, kind=kind)
    return FileResponse(found["path"], media_type="application/octet-stream", headers=attachment(found["name"]))


ROUTES = [
    Route("/board", show_board),
    Route("/board.json", show_json),
    Route("/board/remind", remind, methods=["POST"]),
    Route("/board/merge", merge, methods=["POST"]),
    Route("/board/report", report, methods=["POST"]),
    Route("/board/approver", link_approver, methods=["POST"]),
    Route("/board/approver/revoke", revoke_approvers, methods=["POST"]),
    Route("/board/get/{kind}", get_file),
]
