"""Runs the web page for tests: the whole application with real workers, asked over real HTTP on loopback."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from xlflow.web.page_app import build_app
from xlflow.web.page_context import PageContext
from xlflow.web.server_settings import ServerSettings

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class WebServer:
    """A server that runs. `base`: its address without a path."""

    base: str
    context: PageContext
    root: Path
    clients: list[httpx.Client]

    def client(self, **headers: str) -> httpx.Client:
        """Return a browser without scripts: it says where its posts come from, keeps cookies, follows."""
        sent = {"origin": self.base, "accept-language": "sv", **headers}
        client = httpx.Client(base_url=self.base, headers=sent, follow_redirects=True, timeout=60, trust_env=False)
        self.clients.append(client)
        return client

    def coordinator(self, **headers: str) -> httpx.Client:
        """Return a browser in which the coordinator's session has begun."""
        client = self.client(**headers)
        token = self.context.sessions.make_one_time_token()
        assert client.post(f"/start/{token}").status_code == 200
        return client


@contextmanager
def run_server(root: Path, **changes: Any) -> Iterator[WebServer]:
    """Run the pages of a project on a free port of loopback, until the block ends."""
    settings = replace(
        ServerSettings(root, port=0, stale_seconds=0, posts_per_minute=10_000, requests_per_minute=100_000),
        **changes,
    )
    app, context = build_app(settings)
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, proxy_headers=False, lifespan="off",
        http="h11",
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    clients: list[httpx.Client] = []
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield WebServer(f"http://127.0.0.1:{port}", context, root, clients)
    finally:
        for client in clients:
            client.close()
        server.should_exit = True
        thread.join(20)
        context.close()


def hand_in(client: httpx.Client, page: str, name: str, content: bytes) -> httpx.Response:
    """Hand in a file on a unit's page, and return the page that comes of it."""
    return client.post(f"{page}/hand-in", files={"file": (name, content, XLSX)})


def text_of(page: httpx.Response) -> str:
    """Return the words of a page, without its tags."""
    plain = re.sub(r"<(script|style|title)\b.*?</\1>|<[^>]+>", " ", page.text, flags=re.DOTALL)
    return " ".join(unescape(plain).split())
