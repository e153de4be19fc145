"""Who is at the board: sessions of coordinators, kept in memory, which end by themselves, by a button and with the
server.

On one's own computer a session begins with a one-time address; behind a proxy, whoever the proxy names is known by
its header and has no session.
"""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

_TOKEN_BYTES = 16
_MAX_NOTES = 20


@dataclass(slots=True)
class Session:
    """A coordinator's session. `notes`: what the next page says once. Times are of a monotonic clock."""

    user: str
    began: float
    last_seen: float
    notes: list[dict[str, object]] = field(default_factory=list)

    def tell(self, note: dict[str, object]) -> None:
        """Have the next page say something."""
        self.notes = [*self.notes[-_MAX_NOTES:], note]

    def take_notes(self) -> list[dict[str, object]]:
        """Return what is to be said, and forget it."""
        notes, self.notes = self.notes, []
        return notes


@dataclass(slots=True)
class SessionStore:
    """All sessions of a server. Cookies and one-time tokens are kept as digests. Safe to call from threads."""

    idle_seconds: float
    total_seconds: float
    clock: Callable[[], float] = time.monotonic
    _sessions: dict[str, Session] = field(default_factory=dict)
    _one_time: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def make_one_time_token(self) -> str:
        """Return a token that begins one session."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            self._one_time.add(_digest(token))
        return token

    def is_one_time_token(self, token: str) -> bool:
        """Return whether a token has not been used."""
        with self._lock:
            return _digest(token) in self._one_time

    def begin(self, token: str, user: str) -> str | None:
        """Use up a one-time token; return the cookie of a new session, None if the token is not good."""
        with self._lock:
            if _digest(token) not in self._one_time:
                return None
            self._one_time.discard(_digest(token))
            cookie, now = secrets.token_urlsafe(_TOKEN_BYTES), self.clock()
            self._sessions[_digest(cookie)] = Session(user, now, now)
            return cookie

    def find(self, cookie: str) -> Session | None:
        """Return the session of a cookie and note that it was used; None if there is none, or it has ended."""
        now = self.clock()
        with self._lock:
            ended = [key for key, session in self._sessions.items() if self._has_ended(session, now)]
            for key in ended:
                del self._sessions[key]
            session = self._sessions.get(_digest(cookie)) if cookie else None
            if session:
                session.last_seen = now
            return session

    def find_of_user(self, user: str) -> Session:
        """Return the session of somebody whom a proxy has named; it begins with the first request."""
        now = self.clock()
        with self._lock:
            return self._sessions.setdefault(f"user {user}", Session(user, now, now))

    def end(self, cookie: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_digest(cookie), None)

    def _has_ended(self, session: Session, now: float) -> bool:
        return now - session.last_seen > self.idle_seconds or now - session.began > self.total_seconds


def _digest(token: str) -> str:
    return sha256(token.encode("utf-8", "replace")).hexdigest()
