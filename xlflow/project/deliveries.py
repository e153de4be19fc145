"""One delivery -> one folder in `received/`, whole or not there, never changed afterwards.

A delivery is a file, or a mail with its attachments beside it. Its folder is written under another name, flushed
to disk and renamed, so that a run that is killed leaves nothing half. What is in a file is not looked at here
beyond the first bytes and, in mails, the attachments.
"""

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Literal

from xlflow.generate.batch import assign_file_names
from xlflow.mail.mail_message import MailMessage, read_eml
from xlflow.mail.msg_reader import read_msg
from xlflow.model.text import first_free_name
from xlflow.project.project_folder import MAX_PATH_LENGTH, Project
from xlflow.project.project_state import RoundState, StoredFile

FileRole = Literal["form", "mail", "other"]

WINMAIL_SIGNATURE = b"\x78\x9f\x3e\x22"
"""First bytes of winmail.dat, in which Outlook packs attachments so that no other program can read them."""

_WORKBOOK_SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MAIL_SUFFIXES = (".eml", ".msg")
_TEXT_TABLE_SUFFIXES = (".csv", ".tsv")
_TEMP_PREFIX = ".xlflow-"
_TEMP_SECONDS = 3600
"""Age at which a folder that a killed run has left may be removed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came in at one time. `source`: its name in the inbox. `members`: (file name, content, role), the file
    that came in first. `mail`: the message, if it is one."""

    source: str
    members: tuple[tuple[str, bytes, FileRole], ...]
    mail: MailMessage | None = None


def unpack_delivery(source: str, content: bytes) -> Delivery:
    """Return a file that came in as a delivery; a mail with its attachments, but for pictures in its text."""
    name = PurePosixPath(source).name
    mail = read_mail(name, content)
    members: list[tuple[str, bytes, FileRole]] = [(name, content, "mail" if mail else role_of(name, content))]
    for attachment in mail.attachments if mail else ():
        if not attachment.is_inline_picture:
            role = role_of(attachment.name, attachment.content)
            members.append((attachment.name, attachment.content, role))
    return Delivery(source, tuple(members), mail)


def read_mail(name: str, content: bytes) -> MailMessage | None:
    """Return the mail that a file is, by its ending and content; None if it is none."""
    suffix = PurePosixPath(name).suffix.lower()
    return read_eml(content) if suffix == ".eml" else read_msg(content) if suffix == ".msg" else None


def role_of(name: str, content: bytes) -> FileRole:
    """Return what a file may be, by its first bytes: "form" if it could be a form, or an archive of forms."""
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _MAIL_SUFFIXES:
        return "other"
    is_workbook = content.startswith(_WORKBOOK_SIGNATURES) or suffix in (*_TEXT_TABLE_SUFFIXES, ".xlsx", ".xls")
    return "form" if is_workbook else "other"


def store_delivery(project: Project, state: RoundState, delivery: Delivery, now: datetime) -> list[StoredFile]:
    """Write a delivery below `received/` and return its files. Raises OSError if it cannot be written; then
    nothing of it is there."""
    received = project.round_folder(state.name) / "received"
    received.mkdir(parents=True, exist_ok=True)
    digest = sha256(delivery.members[0][1]).hexdigest()
    folder = received / f"{now:%Y-%m-%dT%H%MZ}-{digest[:8]}"
    if folder.exists():
        return list(read_stored(project, folder, delivery.source, now))
    temp_folder = received / f"{_TEMP_PREFIX}{secrets.token_hex(8)}"
    temp_folder.mkdir()
    try:
        names = legal_names([name for name, _, _ in delivery.members], MAX_PATH_LENGTH - len(str(folder)) - 1)
        for name, (_, content, _) in zip(names, delivery.members, strict=True):
            _write_and_sync(temp_folder / name, content)
        _sync_folder(temp_folder)
        temp_folder.rename(folder)
    except BaseException:
        shutil.rmtree(temp_folder, ignore_errors=True)
        if not folder.exists():  # another run may have stored the very same meanwhile
            raise
    _sync_folder(received)
    return list(read_stored(project, folder, delivery.source, now))


def read_stored(
    project: Project, folder: Path, source: str = "", now: datetime | None = None
) -> Iterator[StoredFile]:
    """Yield the files of a delivery as they are recorded, by their names. `now` is when it came in (UTC), by
    default what the folder's name says."""
    received = f"{now:%Y-%m-%dT%H:%M:%SZ}" if now else f"{folder.name[:13]}:{folder.name[13:15]}:00Z"
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        content = path.read_bytes()
        role = "mail" if read_mail(path.name, content) else role_of(path.name, content)
        digest = sha256(content).hexdigest()
        yield StoredFile(project.relative(path), digest, len(content), role, source or path.name, received)


def remove_leftovers(received: Path) -> None:
    """Remove the half-written folders of runs that were killed more than an hour ago."""
    for folder in received.glob(f"{_TEMP_PREFIX}*") if received.is_dir() else ():
        with suppress(OSError):
            if folder.is_dir() and time.time() - folder.stat().st_mtime > _TEMP_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def legal_names(names: Sequence[str], max_length: int) -> list[str]:
    """Return file names that every system accepts, no two alike, none longer than `max_length` characters."""
    taken: set[str] = set()
    legal: list[str] = []
    for name in names:
        pure = PurePosixPath(name.replace("\\", "/").rsplit("/", 1)[-1] or "_")
        suffix = pure.suffix if pure.suffix[1:].isalnum() and len(pure.suffix) <= 6 else ""
        stem = pure.name.removesuffix(suffix)
        ((_, made),) = assign_file_names([stem])
        stem = made.removesuffix(".xlsx")[: max(8, max_length - len(suffix) - 5)].rstrip(" .")
        free = first_free_name(stem, lambda each, suffix=suffix: f"{each}{suffix}".casefold() in taken)  # type: ignore[misc]
        taken.add(f"{free}{suffix}".casefold())
        legal.append(f"{free}{suffix}")
    return legal


def _write_and_sync(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
