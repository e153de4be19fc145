"""Reads a mail that Outlook saved as .msg: an OLE container with a stream per property and a storage per
attachment ([MS-OXMSG]). A dozen properties are all that is needed; nothing else is looked at."""

import io
import re

import olefile

from xlflow.mail.mail_message import MailAttachment, MailMessage, html_to_text, tidy_text

_SUBJECT, _BODY, _HTML, _SENDER, _SENDER_SMTP, _MESSAGE_ID = "0037", "1000", "1013", "0C1F", "5D01", "1035"
_LONG_NAME, _SHORT_NAME, _CONTENT, _CONTENT_ID = "3707", "3704", "3701", "3712"
_UNICODE, _BYTES, _BINARY = "001F", "001E", "0102"
_MAX_DEPTH = 5
_PICTURE_NAME = re.compile(r".{0,255}\.(png|jpe?g|gif|bmp)", re.IGNORECASE)


def read_msg(content: bytes) -> MailMessage | None:
    """Return the mail in the bytes of a .msg file, with the attachments of mails inside it; None if it is none or
    cannot be read."""
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as container:
            paths = [tuple(path) for path in container.listdir(streams=True, storages=True)]
            if not any(path[0].startswith("__substg1.0_") for path in paths):
                return None
            return _MsgReader(container, paths).read_message((), 0)
    except MemoryError:
        raise
    except Exception:  # olefile raises many kinds of exceptions for damaged files, without a common base
        return None


class _MsgReader:
    """Reads one container; a place in it is the names of storages that lead there."""

    def __init__(self, container: "olefile.OleFileIO[str]", paths: list[tuple[str, ...]]):
        self._container = container
        self._paths = paths
        self._known = set(paths)

    def read_message(self, place: tuple[str, ...], depth: int) -> MailMessage:
        """Return the message at a place."""
        html = self._read_bytes((*place, f"__substg1.0_{_HTML}{_BINARY}"))
        text = self._read_text(place, _BODY)
        attachments = [
            attachment
            for path in self._paths
            if len(path) == len(place) + 1 and path[:-1] == place and path[-1].startswith("__attach")
            for attachment in self._read_attachment(path, depth)
        ]
        return MailMessage(
            self._read_text(place, _SENDER_SMTP) or self._read_text(place, _SENDER),
            " ".join(self._read_text(place, _SUBJECT).split()),
            self._read_text(place, _MESSAGE_ID).strip(),
            tidy_text(text) if text.strip() else html_to_text(html.decode("utf-8", "replace")),
            tuple(attachments),
        )

    def _read_attachment(self, place: tuple[str, ...], depth: int) -> list[MailAttachment]:
        inner = (*place, f"__substg1.0_{_CONTENT}000D")
        if inner in self._known:
            return list(self.read_message(inner, depth + 1).attachments) if depth < _MAX_DEPTH else []
        name = self._read_text(place, _LONG_NAME) or self._read_text(place, _SHORT_NAME)
        is_picture = bool(self._read_text(place, _CONTENT_ID)) and bool(_PICTURE_NAME.fullmatch(name))
        content = self._read_bytes((*place, f"__substg1.0_{_CONTENT}{_BINARY}"))
        return [MailAttachment(name.rstrip("\0") or "attachment", content, is_picture)]

    def _read_text(self, place: tuple[str, ...], tag: str) -> str:
        wide = self._read_bytes((*place, f"__substg1.0_{tag}{_UNICODE}"))
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return self._read_bytes((*place, f"__substg1.0_{tag}{_BYTES}")).decode("cp1252", "replace").rstrip("\0")

    def _read_bytes(self, path: tuple[str, ...]) -> bytes:
        if path not in self._known:
            return b""
        return bytes(self._container.openstream(list(path)).read())
