"""A mailbox over IMAP: looks without marking anything as read, fetches whole mails, moves them, adds drafts.

Decides nothing: which mails are ours, and what becomes of them, is up to the project. Deletes nothing.
"""

import imaplib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlflow.mail.connection import (
    TIMEOUT_SECONDS,
    connection_failure,
    describe_fault,
    login_failure,
    make_ssl_context,
)
from xlflow.mail.mail_account import ImapServer, MailAccount, port_of
from xlflow.mail.mail_secrets import find_access_token, find_password
from xlflow.model.findings import FatalError, Location, make_finding

if TYPE_CHECKING:
    from imap_tools import BaseMailBox

_HEADERS = "MESSAGE-ID IN-REPLY-TO REFERENCES SUBJECT FROM CONTENT-TYPE AUTO-SUBMITTED X-AUTOREPLY"
_OVERVIEW = f"(UID RFC822.SIZE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS ({_HEADERS})])"
_BATCH = 100
"""Mails looked at, or moved, by one command."""

_FIRST_PIECE = re.compile(rb"\d+ \(")
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_DRAFTS_NAMES = ("Drafts", "Utkast", "INBOX.Drafts", "INBOX.Utkast")


@dataclass(frozen=True, slots=True)
class MailOverview:
    """What the server says of a mail without giving it away. `size`: bytes. `headers`: some of them, as they are.
    `structure`: its parts in IMAP's own words, with the names of attachments."""

    uid: str
    size: int
    headers: bytes
    structure: bytes


class ImapMailbox:
    """An opened mailbox; made by `open_mailbox`."""

    def __init__(self, server: ImapServer, mailbox: "BaseMailBox"):
        self._server, self._mailbox = server, mailbox

    def open_folder(self, name: str) -> tuple[str, list[str]]:
        """Open a folder and return (its UIDVALIDITY, the UIDs in it, oldest first). `FatalError` if it is not
        there."""
        with self._report():
            if not self._mailbox.folder.exists(name):
                names = ", ".join(self.list_folders())
                raise FatalError(make_finding("mail-no-folder", Location(name), params={"folders": names}))
            self._mailbox.folder.set(name)
            status = self._mailbox.folder.status(name, ("UIDVALIDITY",))
            return str(status.get("UIDVALIDITY", "")), self._mailbox.uids(
                "ALL", charset=None
            )  # some servers take no charset

    def list_folders(self) -> list[str]:
        """Return the names of all folders."""
        with self._report():
            return [folder.name for folder in self._mailbox.folder.list()]

    def read_overviews(self, uids: Sequence[str]) -> Iterator[MailOverview]:
        """Yield what the server says of mails of the opened folder; those that are gone are left out."""
        for start in range(0, len(uids), _BATCH):
            wanted = ",".join(uids[start : start + _BATCH])
            with self._report():
                state, pieces = self._mailbox.client.uid("FETCH", wanted, _OVERVIEW)
            if state == "OK":
                yield from _parse_overviews(pieces)

    def fetch(self, uid: str) -> bytes | None:
        """Return a whole mail of the opened folder, as it came, without marking it as read; None if it is gone."""
        with self._report():
            _, pieces = self._mailbox.client.uid("FETCH", uid, "(BODY.PEEK[])")
        contents = [piece[1] for piece in pieces if isinstance(piece, tuple)]
        return bytes(contents[0]) if contents else None

    def move(self, uids: Sequence[str], folder: str) -> None:
        """Move mails of the opened folder to another, which is made if need be. Where the server can neither move
        mails nor remove just these, they stay."""
        with self._report():
            target = self._ensure_folder(folder)
            for start in range(0, len(uids), _BATCH):
                self._move_batch(uids[start : start + _BATCH], target)

    def _move_batch(self, uids: Sequence[str], target: str) -> None:
        client = self._mailbox.client
        if "MOVE" in client.capabilities:
            self._mailbox.move(uids, target)
        elif "UIDPLUS" in client.capabilities:  # never a plain EXPUNGE: it removes what others have marked, too
            self._mailbox.copy(uids, target)
            client.uid("STORE", ",".join(uids), "+FLAGS.SILENT", "(\\Deleted)")
            client.uid("EXPUNGE", ",".join(uids))

    def find_drafts_folder(self) -> str:
        """Return the folder for drafts: that of the settings, or the one that the server calls so. `FatalError` if
        there is none."""
        if self._server.drafts:
            return self._server.drafts
        with self._report():
            folders = list(self._mailbox.folder.list())
        named = [each.name for each in folders if any(flag.casefold() == "\\drafts" for flag in each.flags)]
        known = [each.name for each in folders if each.name in _DRAFTS_NAMES]
        if not (named or known):
            names = ", ".join(each.name for each in folders)
            raise FatalError(make_finding("mail-no-drafts-folder", Location(""), params={"folders": names}))
        return (named or known)[0]

    def add_draft(self, content: bytes, message_id: str, folder: str) -> None:
        """Put a mail into a folder as a draft, unless one with its Message-ID is there."""
        with self._report():
            self._mailbox.folder.set(folder)
            if not self._mailbox.uids(f'HEADER Message-ID "{message_id}"', charset=None):
                self._mailbox.append(content, folder, datetime.now(UTC), ["\\Draft", "\\Seen"])

    def _ensure_folder(self, name: str) -> str:
        """Return the name of a folder that exists: as it is asked for, or below INBOX where the server allows
        folders only there."""
        if self._mailbox.folder.exists(name):
            return name
        separator = next((each.delim for each in self._mailbox.folder.list()), "/")
        below = f"INBOX{separator}{name}"
        if self._mailbox.folder.exists(below):
            return below
        from imap_tools.errors import ImapToolsError

        try:
            self._mailbox.folder.create(name)
        except (imaplib.IMAP4.error, ImapToolsError):
            self._mailbox.folder.create(below)
            return below
        return name

    @contextmanager
    def _report(self) -> Iterator[None]:
        """Turn what the libraries raise into `FatalError`."""
        from imap_tools.errors import ImapToolsError

        try:
            yield
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            raise connection_failure(self._server, error) from error


@contextmanager
def open_mailbox(account: MailAccount, server: ImapServer, address: str, folder: Path) -> Iterator[ImapMailbox]:
    """Log in to a mailbox and yield it. `address`: that of the account; `folder`: that of the project.

    `FatalError` if it cannot be reached, its certificate is not good, or the login is refused."""
    try:
        import imap_tools
    except ImportError as error:
        raise FatalError(make_finding("mail-extra-missing", Location(""), value="imap-tools")) from error
    context = make_ssl_context(server, folder)
    host, port = server.host, port_of(server)
    mailbox: BaseMailBox
    try:
        if server.security == "tls":
            mailbox = imap_tools.MailBox(host, port, timeout=TIMEOUT_SECONDS, ssl_context=context)
        elif server.security == "starttls":
            mailbox = imap_tools.MailBoxStartTls(host, port, timeout=TIMEOUT_SECONDS, ssl_context=context)
        else:
            mailbox = imap_tools.MailBoxUnencrypted(host, port, timeout=TIMEOUT_SECONDS)
    except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
        raise connection_failure(server, error) from error
    try:
        _log_in(mailbox, account, server, address, folder)
        _ask_capabilities(mailbox)
        yield ImapMailbox(server, mailbox)
    finally:
        with suppress(OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError):
            mailbox.logout()


def _log_in(mailbox: "BaseMailBox", account: MailAccount, server: ImapServer, address: str, folder: Path) -> None:
    from imap_tools import ImapToolsError

    user = account.login_name(address)
    try:
        if account.auth_of(server) == "xoauth2":
            mailbox.xoauth2(user, find_access_token(account, user, folder), initial_folder=None)
            return
        password = find_password(user)
        if password.isascii() and user.isascii():
            mailbox.login(user, password, initial_folder=None)
        else:
            mailbox.login_utf8(user, password, initial_folder=None)
    except (OSError, imaplib.IMAP4.error, ImapToolsError, UnicodeError) as error:
        raise login_failure(server, user, describe_fault(error)) from error


def _ask_capabilities(mailbox: "BaseMailBox") -> None:
    """Ask what the server can do once one is logged in; before that, many do not say all of it."""
    _, answers = mailbox.client.capability()
    words = b" ".join(each for each in answers if isinstance(each, bytes)).decode("ascii", "replace").upper()
    mailbox.client.capabilities = tuple(words.split())


def _parse_overviews(pieces: Sequence[Any]) -> Iterator[MailOverview]:
    """Yield the overviews of an answer, which comes as texts and (text, literal) in turn, in any order within a
    mail."""
    texts: list[bytes] = []
    literals: list[tuple[bytes, bytes]] = []
    for piece in [*pieces, b"0 ("]:
        text, literal = piece if isinstance(piece, tuple) else (piece or b"", None)
        if _FIRST_PIECE.match(text) and texts:
            overview = _build_overview(b" ".join(texts), literals)
            if overview:
                yield overview
            texts, literals = [], []
        texts.append(text)
        if literal is not None:
            literals.append((text, literal))


def _build_overview(text: bytes, literals: Sequence[tuple[bytes, bytes]]) -> MailOverview | None:
    bare = _QUOTED.sub(b'""', text)  # names of attachments may read like anything
    uid, size = re.search(rb"\bUID (\d+)", bare), re.search(rb"\bRFC822\.SIZE (\d+)", bare)
    if not (uid and size):
        return None
    headers = [literal for before, literal in literals if re.search(rb"HEADER\.FIELDS[^\]]*\] \{\d+\}$", before)]
    structure = [text, *(literal for _, literal in literals if literal not in headers)]
    return MailOverview(uid[1].decode(), int(size[1]), b"".join(headers), b" ".join(structure))
