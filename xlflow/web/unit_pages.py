"""The pages of a unit, behind its link: get the form, hand in, see what must be corrected, receipts, nothing to
report. What is handed in goes to a worker; nothing of it is opened here.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from xlflow.project.page_links import PageLink
from xlflow.web.page_context import (
    PageContext,
    PageError,
    answer_errors,
    attachment,
    context_of,
    require_link,
    see_other,
)
from xlflow.web.rendering import choose_language, render_page
from xlflow.web.worker_pool import RequestRefusedError, WorkerBusyError, WorkerLostError

_SUFFIXES = (".xlsx", ".xlsm", ".ods", ".xls", ".zip")
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORM_LIMITS: dict[str, Any] = {"max_files": 1, "max_fields": 10}


@answer_errors
async def show_unit(request: Request) -> Response:
    """The unit's page."""
    link = await require_link(request, "unit")
    return await _render_unit(request, link)


@answer_errors
async def show_receipt(request: Request) -> Response:
    """A receipt, and what is to be corrected now."""
    link = await require_link(request, "unit")
    context, number = context_of(request), request.path_params["number"]
    language = choose_language(request, context.language)
    kept = await context.ask("read_receipts", language, unit=link.unit, round_name=link.round)
    receipt = next((each for each in kept["receipts"] if each["number"] == number), None)
    if receipt is None:
        raise PageError(404, "no_page")
    try:
        values = await _read_unit(request, link)
    except (WorkerBusyError, WorkerLostError):  # what was received is received, whatever is in it
        base = f"/u/{request.path_params['token']}"
        return render_page(
            request, "receipt_alone.html", language, receipt=receipt, unit_name=link.unit, base=base
        )
    return render_page(request, "receipt.html", language, receipt=receipt, unit_name=link.unit, **values)


@answer_errors
async def get_form(request: Request) -> Response:
    """The unit's form, with what it has handed in."""
    link = await require_link(request, "unit")
    return await send_form(request, link.unit, link.round)


async def send_form(request: Request, unit: str, round_name: str | None = None) -> Response:
    """Return the unit's form of a round, by default the current one, as a file to save."""
    context = context_of(request)
    handle, path = tempfile.mkstemp(prefix="xlflow-form-")
    os.close(handle)
    remove = BackgroundTask(Path(path).unlink, missing_ok=True)
    try:
        wanted = round_name or context.settings.round_name
        made = await context.ask("write_form", context.language, unit=unit, path=path, round_name=wanted)
    except BaseException:
        Path(path).unlink(missing_ok=True)
        raise
    return FileResponse(path, media_type=WORKBOOK_TYPE, headers=attachment(made["name"]), background=remove)


@answer_errors
async def hand_in(request: Request) -> Response:
    """Take one file; the receipt is shown once it is kept."""
    link = await require_link(request, "unit")
    context = context_of(request)
    if not context.uploads.take(link.digest):
        raise PageError(429, "too_many")
    try:
        async with request.form(max_part_size=1024, **_FORM_LIMITS) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                return await _render_unit(request, link, 422, error="no_file")
            name = _plain_name(file.filename)
            if Path(name).suffix.lower() not in _SUFFIXES:
                return await _render_unit(request, link, 422, error="wrong_kind")
            if not file.size:
                return await _render_unit(request, link, 422, error="empty_file")
            if file.size > context.settings.upload_bytes:
                raise PageError(413, "too_large")
            return await _keep(request, context, link, name, file)
    except MultiPartException:
        raise PageError(400, "bad_request") from None


@answer_errors
async def ask_nothing(request: Request) -> Response:
    """Ask whether the unit really has nothing to report."""
    link = await require_link(request, "unit")
    values = await _read_unit(request, link)
    return render_page(request, "nothing.html", values["shown_in"], **values)


@answer_errors
async def say_nothing(request: Request) -> Response:
    """Record that the unit has nothing to report."""
    link = await require_link(request, "unit")
    context = context_of(request)
    values = await _read_unit(request, link)
    if values["unit"]["state"] == "missing":
        because = values["because_nothing"]
        await context.ask(
            "record_decision",
            values["shown_in"],
            user=f"{link.unit} (web)",
            unit=link.unit,
            round_name=link.round,
            action="nothing",
            because=because,
        )
    return see_other(f"/u/{request.path_params['token']}")


async def _keep(request: Request, context: PageContext, link: PageLink, name: str, file: UploadFile) -> Response:
    """Give the file to a worker by way of the disk; come back with its receipt, or the page that says why not."""
    language = choose_language(request, context.language)
    handle, path = tempfile.mkstemp(prefix="xlflow-upload-")
    try:
        with os.fdopen(handle, "wb") as stream:
            while chunk := await file.read(1 << 20):
                stream.write(chunk)
        receipt = await context.ask(
            "hand_in", language, unit=link.unit, name=name, path=path, round_name=link.round
        )
    except RequestRefusedError as error:
        return await _render_unit(request, link, 422, error="refused", refusal=error.findings)
    finally:
        Path(path).unlink(missing_ok=True)
    return see_other(f"/u/{request.path_params['token']}/receipt/{receipt['number']}")


async def _render_unit(
    request: Request, link: PageLink, status: int = 200, *, error: str = "", refusal: list[Any] | None = None
) -> Response:
    values = await _read_unit(request, link)
    return render_page(
        request, "unit.html", values["shown_in"], status, error=error, refusal=refusal or [], **values
    )


async def _read_unit(request: Request, link: PageLink) -> dict[str, Any]:
    """Return what the unit's pages show, in the language that they are shown in."""
    from xlflow.i18n.catalogue import translate

    context = context_of(request)
    language = choose_language(request, context.language)
    values: dict[str, Any] = await context.ask("read_unit", language, unit=link.unit, round_name=link.round)
    base = f"/u/{request.path_params['token']}"
    return {
        **values,
        "base": base,
        "shown_in": language,
        "must_correct": values["to_correct"],
        "because_nothing": translate("web.because_nothing", values["form_language"]),
    }


def _plain_name(name: str) -> str:
    """Return the last part of a file name as a browser sends it, without what cannot be shown, at most 120
    characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(letter for letter in last if letter.isprintable()).strip() or "_"
    stem, dot, suffix = plain.rpartition(".")
    return f"{stem[:110]}{dot}{suffix[:8]}" if dot else plain[:120]


ROUTES = [
    Route("/u/{token}", show_unit),
    Route("/u/{token}/form", get_form),
    Route("/u/{token}/hand-in", hand_in, methods=["POST"]),
    Route("/u/{token}/nothing", ask_nothing, methods=["GET"]),
    Route("/u/{token}/nothing", say_nothing, methods=["POST"]),
    Route("/u/{token}/receipt/{number}", show_receipt),
]
