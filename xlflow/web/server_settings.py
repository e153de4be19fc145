"""How the web page is run: where, for whom, and within which limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xlflow.excel.reader import DEFAULT_LIMITS

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
INDEX_VARIABLE = "XLFLOW_INDEX"
"""The variable of the environment that says where the index of events is, as a URL of SQLAlchemy."""

_FORM_ROOM = 64 * 1024


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What `xlflow serve` was told.

    `round_name`: as-of date (ISO), None for the current round. `trusted_hosts`: names under which the page may be
    asked for, without port. `proxies`: addresses whose `X-Forwarded-For`, `X-Forwarded-Proto` and user header are
    believed. `user_header`: name of the header in which a proxy says who somebody is, "" for none; `coordinators`:
    the names in it that may see the board. `index_url`: of the database in which events are indexed, "" for none.
    """

    root: Path
    round_name: str | None = None
    host: str = "127.0.0.1"
    port: int = 8765
    trusted_hosts: Sequence[str] = ()
    proxies: Sequence[str] = ()
    user_header: str = ""
    coordinators: Sequence[str] = ()
    workers: int = 2
    index_url: str = ""
    upload_bytes: int = DEFAULT_LIMITS.file_bytes
    body_seconds: float = 60.0
    posts_per_minute: int = 600
    requests_per_minute: int = 6000
    wrong_links_per_minute: int = 20
    stale_seconds: float = 30.0
    session_idle_seconds: float = 3600.0
    session_seconds: float = 10 * 3600.0

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """The host names that are answered."""
        own = () if self.host in ("0.0.0.0", "::", "") else (self.host,)  # noqa: S104
        return frozenset(name.lower() for name in (*LOOPBACK_NAMES, *own, *self.trusted_hosts))

    @property
    def body_bytes(self) -> int:
        """The most bytes that a request may bring."""
        return self.upload_bytes + _FORM_ROOM
