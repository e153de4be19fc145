"""What every request passes first, and every answer gets: hosts, origin, size, time, rate, headers, a log without
tokens. Plain ASGI, around all pages; knows no page.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from xlflow.web.rate_limits import RateLimit
from xlflow.web.server_settings import ServerSettings

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOG = logging.getLogger("xlflow.web")
_TOKEN_PATH = re.compile(r"^/(u|a|start)/[^/]+")
_METHODS = ("GET", "HEAD", "POST")
_CONTENT_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _CONTENT_POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"x-robots-tag", b"noindex, nofollow"),
)


class BodyRefusedError(Exception):
    """The body of a request is too large (413) or too slow (408)."""

    def __init__(self, status: int):
        super().__init__(str(status))
        self.status = status


def cut_tokens(path: str) -> str:
    """Return a path as it may be logged."""
    return _TOKEN_PATH.sub(r"/\1/…", path)


@dataclass(slots=True)
class RequestGuard:
    """Refuses what no page need see, and adds the headers that every page needs. `refuse`: makes the page that
    says why, from scope and status."""

    app: App
    settings: ServerSettings
    refuse: Callable[[Scope, int], App]
    requests: RateLimit = field(init=False)
    posts: RateLimit = field(init=False)

    def __post_init__(self) -> None:
        self.requests = RateLimit(self.settings.requests_per_minute)
        self.posts = RateLimit(self.settings.posts_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.monotonic(), 0
        self._believe_proxy(scope)
        has_started = False

        async def send_guarded(message: Message) -> None:
            nonlocal status, has_started
            if message["type"] == "http.response.start":
                has_started, status = True, message["status"]
                message["headers"] = _add_headers(message.get("headers", []), scope)
            await send(message)

        refused = self._find_reason(scope)
        try:
            if refused:
                await self.refuse(scope, refused)(scope, receive, send_guarded)
            else:
                await self.app(scope, self._bound_body(receive), send_guarded)
        except BodyRefusedError as error:
            if not has_started:
                await self.refuse(scope, error.status)(scope, receive, send_guarded)
        finally:
            seconds = time.monotonic() - began
            LOG.info("%s %s %s %.3f s", scope["method"], cut_tokens(scope["path"]), status or "-", seconds)

    def _believe_proxy(self, scope: Scope) -> None:
        """Set the client, the scheme and the user that a trusted proxy tells of; nobody else is believed."""
        headers = _read_headers(scope)
        peer = (scope.get("client") or ("", 0))[0]
        scope["xlflow.client"], scope["xlflow.user"] = peer, ""
        if peer not in self.settings.proxies:
            return
        forwarded = [each.strip() for each in headers.get("x-forwarded-for", "").split(",") if each.strip()]
        untrusted = [each for each in forwarded if each not in self.settings.proxies]
        scope["xlflow.client"] = (untrusted or [peer])[-1]
        if headers.get("x-forwarded-proto") in ("http", "https"):
            scope["scheme"] = headers["x-forwarded-proto"]
        if self.settings.user_header:
            scope["xlflow.user"] = headers.get(self.settings.user_header.lower(), "").strip()

    def _find_reason(self, scope: Scope) -> int:
        """Return the status with which a request is refused before any page sees it; 0 if it is not."""
        headers, client = _read_headers(scope), scope["xlflow.client"]
        if _host_name(headers.get("host", "")) not in self.settings.allowed_hosts:
            return 400
        if scope["method"] not in _METHODS:
            return 405
        if not self.requests.take(client):
            return 429
        return self._find_reason_of_post(scope, headers, client) if scope["method"] == "POST" else 0

    def _find_reason_of_post(self, scope: Scope, headers: dict[str, str], client: str) -> int:
        if not _is_own_origin(scope, headers):
            return 403
        if not self.posts.take(client):
            return 429
        length = headers.get("content-length", "0")
        return 413 if not length.isdigit() or int(length) > self.settings.body_bytes else 0

    def _bound_body(self, receive: Receive) -> Receive:
        """Return `receive` for a body that must be whole in time and below the limit."""
        deadline, size = time.monotonic() + self.settings.body_seconds, 0
        is_whole = False

        async def receive_bounded() -> Message:
            nonlocal size, is_whole
            if is_whole:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                raise BodyRefusedError(408) from None
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                is_whole = not message.get("more_body", False)
            if size > self.settings.body_bytes:
                raise BodyRefusedError(413)
            return message

        return receive_bounded


def _read_headers(scope: Scope) -> dict[str, str]:
    """Return the headers by name; one that is there twice is joined by a comma, so that neither is believed where
    one is meant."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _host_name(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _is_own_origin(scope: Scope, headers: dict[str, str]) -> bool:
    """Return whether a post comes from one of our own pages, as the browser says."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "same-origin"
    parts = urlsplit(origin)
    return parts.scheme == scope["scheme"] and parts.netloc.lower() == headers.get("host", "").lower()


def _add_headers(headers: list[tuple[bytes, bytes]], scope: Scope) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in headers}
    added = [*SECURITY_HEADERS]
    if b"cache-control" not in names:
        added.append((b"cache-control", b"no-store"))
    if scope["scheme"] == "https":
        added.append((b"strict-transport-security", b"max-age=31536000"))
    return [*headers, *(pair for pair in added if pair[0] not in names)]
