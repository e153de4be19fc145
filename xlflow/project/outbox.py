"""The mails of a round on their way, each a file in the folder that says how far it has come:
`drafts/to-send`, `sending`, `sent`, `failed`.

A file is moved before and after the server is asked, so that a run that is stopped at any moment leaves no doubt
about any mail but the one that it was handing over. One run at a time.
"""

import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.project.mail_log import MailRecord
from xlflow.project.project_folder import Project, show_path
from xlflow.project.project_state import RoundState
from xlflow.runtime.atomic_write import sync_folder, write_atomic
from xlflow.runtime.file_lock import FileLock, LockHeldError

TO_SEND, SENDING, SENT, FAILED = "to-send", "sending", "sent", "failed"
_FOLDERS = (TO_SEND, SENDING, SENT, FAILED)
_LOCK_NAME = "outbox"
_WINDOW_SECONDS = 60


class Outbox:
    """The folders of one round. Made by `lock_outbox`, or without a lock to look only."""

    def __init__(self, drafts: Path):
        self._drafts = drafts

    def list_names(self, folder: str) -> list[str]:
        """Return the names of the mails in one of the folders, sorted."""
        path = self._drafts / folder
        return sorted(each.name for each in path.glob("*.eml")) if path.is_dir() else []

    def has(self, name: str) -> bool:
        """Return whether a mail of this name is in any folder, or is a draft."""
        return any((self._drafts / folder / name).exists() for folder in ("", *_FOLDERS))

    def add(self, name: str, content: bytes) -> None:
        """Write a mail that is to be sent."""
        write_atomic(self._drafts / TO_SEND / name, content)

    def read(self, name: str) -> tuple[bytes, tuple[str, ...]]:
        """Return (content, addresses) of a mail that is to be sent."""
        content = (self._drafts / TO_SEND / name).read_bytes()
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)  # noqa: S101  (by the policy)
        addresses = tuple(each.addr_spec for each in message["To"].addresses) if message["To"] else ()
        return content, addresses

    def move(self, name: str, source: str, target: str) -> None:
        """Move a mail to another folder, on disk before anything else happens. Its time is that of the move."""
        folder = self._drafts / target
        folder.mkdir(parents=True, exist_ok=True)
        path = self._drafts / source / name
        with suppress(OSError):
            os.utime(path)
        path.replace(folder / name)
        sync_folder(folder)
        sync_folder(path.parent)

    def remove(self, name: str) -> None:
        """Remove a mail that is not to be sent after all."""
        (self._drafts / TO_SEND / name).unlink(missing_ok=True)

    def recent_times(self, now: float) -> list[float]:
        """Return when the mails of the last minute were sent, seconds since 1970, the oldest first."""
        times = []
        for folder in (SENDING, SENT, FAILED):
            for name in self.list_names(folder):
                with suppress(OSError):
                    times.append((self._drafts / folder / name).stat().st_mtime)
        return sorted(each for each in times if now - _WINDOW_SECONDS < each <= now)


class SendingRate:
    """Keeps the number of mails in any 60 seconds below a limit. `earlier`: when those before were sent."""

    def __init__(
        self, per_minute: int, earlier: Sequence[float] = (), *, wait: Callable[[float], None] | None = None
    ):
        self._times = deque(earlier, maxlen=per_minute)
        self._per_minute, self._wait = per_minute, wait or time.sleep

    def wait_for_turn(self) -> None:
        """Return as soon as one more mail may be sent."""
        if len(self._times) == self._per_minute:
            left = self._times[0] + _WINDOW_SECONDS - time.time()
            if left > 0:
                self._wait(left)
        self._times.append(time.time())


@contextmanager
def lock_outbox(project: Project, round_name: str) -> Iterator[Outbox]:
    """Yield the outbox of a round for one run alone. `FatalError` if another run has it."""
    drafts = project.round_folder(round_name) / "drafts"
    drafts.mkdir(parents=True, exist_ok=True)
    lock = FileLock(drafts / _LOCK_NAME)
    try:
        lock.acquire()
    except LockHeldError as held:
        host, process = held.owner
        params = {"host": host, "process": process}
        raise FatalError(
            make_finding("send-in-progress", Location(str(show_path(drafts))), params=params)
        ) from held
    try:
        yield Outbox(drafts)
    finally:
        lock.release()


def list_uncertain(project: Project, state: RoundState) -> list[MailRecord]:
    """Return the mails of which nobody knows whether they went out: planned to be sent, without outcome in the
    log or on disk, and not among the files that still wait on this computer."""
    planned = [each for each in state.mails.latest("planned") if each.via == "smtp"]
    if not planned:
        return []
    outbox = Outbox(project.round_folder(state.name) / "drafts")
    waiting, host = outbox.list_names(TO_SEND), socket.gethostname()
    known = {*outbox.list_names(SENT), *outbox.list_names(FAILED)}
    return [
        each for each in planned if each.draft not in known and not (each.host == host and each.draft in waiting)
    ]
