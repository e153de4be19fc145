"""Limits how often one address may ask, post, or guess a link. Kept in memory; forgets by itself."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

_MAX_KEYS = 20_000


@dataclass(slots=True)
class RateLimit:
    """At most `count` in `seconds` per key, evenly refilled (a token bucket). Safe to call from threads."""

    count: int
    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, key: str) -> bool:
        """Count one for a key and return whether it was allowed."""
        return self._change(key)

    def _change(self, key: str) -> bool:
        now = self.clock()
        with self._lock:
            left, since = self._buckets.get(key, (float(self.count), now))
            left = min(float(self.count), left + (now - since) * self.count / self.seconds)
            is_allowed = left >= 1.0
            self._buckets[key] = (left - 1.0 if is_allowed else left, now)
            if len(self._buckets) > _MAX_KEYS:
                self._forget(now)
        return is_allowed

    def _forget(self, now: float) -> None:
        """Drop the keys that are full again."""
        full = [key for key, (_, since) in self._buckets.items() if now - since > self.seconds]
        for key in full or list(self._buckets)[: _MAX_KEYS // 2]:
            del self._buckets[key]
