"""Runs the web page until it is stopped, and says where it is."""

import logging
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from contextlib import closing, suppress
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import uvicorn

from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.runtime.private_files import find_cache_folder
from xlflow.web.page_app import build_app
from xlflow.web.request_guard import LOG
from xlflow.web.server_settings import LOOPBACK_NAMES, ServerSettings

_MAX_CONNECTIONS = 400
_IDLE_SECONDS = 20


def serve(
    settings: ServerSettings, announce: Callable[[str], None], *, open_browser: bool = False, quiet: bool = False
) -> None:
    """Serve the pages of a project until it is stopped. `announce` is told the address for the coordinator.

    `FatalError` if the address is in use or not of this computer.
    """
    _set_up_log(quiet=quiet)
    app, context = build_app(settings)
    with closing(_bind(settings)) as listener:
        port = listener.getsockname()[1]
        name = (
            settings.host if settings.host in LOOPBACK_NAMES else next(iter(settings.trusted_hosts), "127.0.0.1")
        )
        address = f"http://{name}:{port}/"
        if not settings.user_header:
            address += f"start/{context.sessions.make_one_time_token()}"
        announce(address)
        if open_browser:
            threading.Timer(0.5, webbrowser.open, [address]).start()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=True,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=10,
            h11_max_incomplete_event_size=32 * 1024,
            http="h11",
            lifespan="off",
        )
        try:
            context.workers.warm_up()
            with suppress(KeyboardInterrupt):  # how a person stops it
                uvicorn.Server(config).run([listener])
        finally:
            context.close()


def default_index_url(root: Path) -> str:
    """Return where the events are indexed unless a database is named: in SQLite in the user's cache, since SQLite
    breaks on shares; "" where SQLAlchemy or a cache is missing."""
    folder = find_cache_folder()
    if folder is None or find_spec("sqlalchemy") is None:
        return ""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"sqlite:///{folder / f'events-{sha256(str(root.absolute()).encode()).hexdigest()[:16]}.sqlite'}"


def _bind(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen(_MAX_CONNECTIONS)  # whoever opens the address at once waits, and is not refused
    except OSError as error:
        listener.close()
        place = f"{settings.host}:{settings.port}"
        raise FatalError(make_finding("address-in-use", Location(""), value=place)) from error
    return listener


def _set_up_log(*, quiet: bool) -> None:
    """Write the log to stderr: one line per request, without tokens; what uvicorn says only if it warns."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.addHandler(handler)
    LOG.setLevel(logging.WARNING if quiet else logging.INFO)
    LOG.propagate = False
    uvicorn_log = logging.getLogger("uvicorn")
    uvicorn_log.addHandler(handler)
    uvicorn_log.setLevel(logging.WARNING)
