"""Writes a mail as an .eml file that a mail program opens as a draft, and a page with a link per mail for programs
that do not. Sends nothing."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid, parseaddr
from urllib.parse import quote

_MESSAGE_ID_DOMAIN = "xlflow.invalid"
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_MAX_LINE = 75
"""Characters of a line: encoded lines come out one longer, and 76 is the most that these may have (RFC 2045)."""


@dataclass(frozen=True, slots=True)
class MailDraft:
    """A mail to be sent by a person. `recipients`: addresses; `attachment`: (file name, content)."""

    recipients: tuple[str, ...]
    subject: str
    body: str
    attachment: tuple[str, bytes]
    sender: str = ""
    display_name: str = ""


def split_addresses(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (the addresses in a cell, what in it is none)."""
    pieces = [piece for piece in re.split(r"[;,\s]+", text.replace("<", " ").replace(">", " ")) if piece]
    addresses = [piece.removeprefix("mailto:") for piece in pieces]
    legal = tuple(dict.fromkeys(each for each in addresses if _ADDRESS.fullmatch(each)))
    return legal, tuple(each for each in addresses if not _ADDRESS.fullmatch(each) and "@" in each)


def render_draft(draft: MailDraft) -> tuple[bytes, str]:
    """Return (the content of the .eml file, its Message-ID). Lines are as short as mail systems ask for."""
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit", max_line_length=_MAX_LINE))
    name = draft.display_name if len(draft.recipients) == 1 else ""
    mail["To"] = [Address(display_name=_one_line(name), addr_spec=each) for each in draft.recipients]
    sender_name, sender_address = parseaddr(draft.sender)
    if sender_address:
        mail["From"] = Address(display_name=_one_line(sender_name), addr_spec=sender_address)
    mail["Subject"] = _one_line(draft.subject)
    mail["Message-ID"] = make_msgid(domain=_MESSAGE_ID_DOMAIN)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Unsent"] = "1"  # by which Outlook and others know a draft
    mail.set_content(draft.body, cte="quoted-printable" if not draft.body.isascii() else None)
    file_name, content = draft.attachment
    mail.add_attachment(content, *_XLSX, filename=file_name)
    return mail.as_bytes(), str(mail["Message-ID"])


def render_draft_page(
    drafts: Sequence[tuple[str, MailDraft, str]], title: str, words: tuple[str, str, str]
) -> str:
    """Return a web page with a link per mail, for programs that open no .eml as a draft.

    `drafts`: (unit, draft, address of the attachment relative to the page). `words`: the text above the list, the
    label of a link, the label of an attachment.
    """
    explanation, link_label, attachment_label = words
    rows = []
    for unit, draft, address in drafts:
        mailto = (
            f"mailto:{quote(','.join(draft.recipients), safe='@,')}?subject={quote(draft.subject)}"
            f"&body={quote(draft.body.replace(chr(10), chr(13) + chr(10)))}"
        )
        rows.append(
            f'<tr><th scope="row">{html.escape(unit)}</th><td>{html.escape(", ".join(draft.recipients))}</td>'
            f'<td><a href="{html.escape(mailto)}">{html.escape(link_label)}</a></td>'
            f'<td><a href="{html.escape(quote(address))}">{html.escape(attachment_label)}: '
            f"{html.escape(draft.attachment[0])}</a></td></tr>"
        )
    style = "body{font:1rem/1.5 sans-serif;margin:2rem}th,td{text-align:left;padding:.3rem 1rem .3rem 0}"
    return (
        f'<!doctype html>\n<html><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{style}</style></head>\n<body><h1>{html.escape(title)}</h1><p>{html.escape(explanation)}</p>\n"
        f"<table>\n{chr(10).join(rows)}\n</table></body></html>\n"
    )


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
