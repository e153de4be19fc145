"""Reads a mail that was saved as .eml: who, what, its text, and every attachment with its content.

Trusts nothing: a header that cannot be decoded is blank, and what is no mail at all is None. Nothing in a mail is
followed or run.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

MAX_HEADER_BYTES = 200_000
"""Bytes of the headers of a mail, beyond which it is not read: decoding them takes time."""

_MAX_HEADER = 1_500
"""Bytes of one header; the library takes time in proportion to the square of what it reads of these."""

_READ_HEADER = re.compile(
    rb"^(?:from|subject|message-id|auto-submitted|x-autoreply|content-[a-z-]+)[ \t]*:.*(?:\r?\n[ \t].*)*",
    re.IGNORECASE | re.MULTILINE,
)
_MAX_PARTS = 300
_MAX_TEXT = 20_000
_MAX_DEPTH = 8
_HIDDEN_ELEMENTS = ("style", "script", "head", "title")
_BLOCK_ELEMENTS = ("p", "br", "div", "tr", "li", "h1", "h2", "h3", "table")


@dataclass(frozen=True, slots=True)
class MailAttachment:
    """One attachment. `is_inline_picture`: a picture that is shown within the text, such as a logo."""

    name: str
    content: bytes
    is_inline_picture: bool = False


@dataclass(frozen=True, slots=True)
class MailMessage:
    """A mail. `text`: what is written in it, at most 20,000 characters. `message_id`: "" if it has none.
    `is_automatic`: an automatic reply or a report of a mail system."""

    sender: str
    subject: str
    message_id: str
    text: str
    attachments: tuple[MailAttachment, ...]
    is_automatic: bool = False


def read_eml(content: bytes) -> MailMessage | None:
    """Return the mail in the bytes of an .eml file, with the attachments of mails that are attached to it; None if
    it is none or cannot be read."""
    header_end = re.search(rb"\r?\n\r?\n", content[: MAX_HEADER_BYTES + 4])
    if header_end is None or not re.match(rb"[!-9;-~]{1,76}:", content.lstrip(b"\xef\xbb\xbf\r\n")):
        return None
    if any(len(header[0]) > _MAX_HEADER for header in _READ_HEADER.finditer(content)):
        return None
    if content.count(b"\n--") > _MAX_PARTS:
        return None
    try:
        message = message_from_bytes(content, policy=policy.default)
        attachments = tuple(_list_attachments(message, 0))
        text = _read_text(message)
    except Exception:  # the library raises many kinds of exceptions for damaged mails, without a common base
        return None
    header = _read_headers(message)
    is_automatic = (
        header("Auto-Submitted").lower() not in ("", "no")
        or bool(header("X-Autoreply"))
        or message.get_content_type() == "multipart/report"
    )
    return MailMessage(header("From"), header("Subject"), header("Message-ID"), text, attachments, is_automatic)


def html_to_text(text: str) -> str:
    """Return the words of an HTML text, one line per paragraph; in time proportional to its length."""
    first, *pieces = text.split("<")
    words, hidden = [first], ""
    for piece in pieces:
        tag, _, following = piece.partition(">")
        name = tag.lstrip("/").partition(" ")[0].strip().rstrip("/").lower()
        if hidden:
            hidden = "" if tag.startswith("/") and name == hidden else hidden
        elif name in _HIDDEN_ELEMENTS and not tag.startswith("/"):
            hidden = name
        if not hidden:
            words.append(f"\n{following}" if name in _BLOCK_ELEMENTS else following)
    return tidy_text(html.unescape("".join(words)))


def tidy_text(text: str) -> str:
    """Return a text without blanks at the ends of lines and without several blank lines in a row, shortened."""
    lines = "\n".join(line.strip() for line in text[: 4 * _MAX_TEXT].splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip()[:_MAX_TEXT]


def _read_headers(message: EmailMessage):  # type: ignore[no-untyped-def] # noqa: ANN202
    def header(name: str) -> str:
        try:
            return " ".join(str(message.get(name, "")).split())
        except Exception:  # as above
            return ""

    return header


def _list_attachments(message: EmailMessage, depth: int) -> Iterator[MailAttachment]:
    if depth > _MAX_DEPTH:
        return
    for part in message.iter_parts() if message.is_multipart() else (message,):
        if not isinstance(part, EmailMessage):
            continue
        if part.get_content_type() == "message/rfc822":
            for inner in part.iter_parts():
                if isinstance(inner, EmailMessage):
                    yield from _list_attachments(inner, depth + 1)
        elif part.is_multipart():
            yield from _list_attachments(part, depth + 1)
        elif part.get_filename() or part.get_content_maintype() not in ("text", "multipart"):
            content = part.get_payload(decode=True)
            is_picture = part.get_content_maintype() == "image" and (
                part.get_content_disposition() == "inline" or bool(part.get("Content-ID"))
            )
            if isinstance(content, bytes):
                yield MailAttachment(part.get_filename() or part.get_content_type(), content, is_picture)


def _read_text(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    content = body.get_content()
    if not isinstance(content, str):
        return ""
    return html_to_text(content) if body.get_content_subtype() == "html" else tidy_text(content)
