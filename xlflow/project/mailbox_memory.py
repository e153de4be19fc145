"""Which mails of a mailbox were looked at and hold nothing for us, so that they are not fetched again.

Saves time and nothing else: it lies in the user's cache and may be deleted at any time. Numbers of the server
count only as long as it says that they do (UIDVALIDITY).
"""

import json
from collections.abc import Collection
from contextlib import suppress
from hashlib import sha256

from xlflow.project.project_folder import Project
from xlflow.runtime.cache import open_cache


class MailboxMemory:
    """The memory of one folder of a mailbox. `account`: server and user."""

    def __init__(self, project: Project, account: str, folder: str, validity: str):
        cache = open_cache()
        key = sha256(repr((str(project.root), account, folder, validity)).encode()).hexdigest()
        self._path = cache.folder / f"mails-{key}.json" if cache else None

    def read(self) -> set[str]:
        """Return the UIDs that hold nothing for us."""
        with suppress(OSError, ValueError, TypeError):
            if self._path:
                return {str(each) for each in json.loads(self._path.read_bytes())}
        return set()

    def write(self, uids: Collection[str]) -> None:
        """Remember UIDs; where nothing can be written, nothing is remembered."""
        with suppress(OSError):
            if self._path:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._path.write_text(json.dumps(sorted(uids)), encoding="ascii")
