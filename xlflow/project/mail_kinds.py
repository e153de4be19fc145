"""What a mail from the mailbox is: a form, a mail that came back, an automatic reply, an answer in words, or
nothing of ours. Told by what is in it and which mail of ours it answers, never by who sent it. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from xlflow.mail.mail_message import MailMessage
from xlflow.mail.mail_reports import DeliveryFailure, read_failures, read_references, read_reported_ids
from xlflow.project.deliveries import WINMAIL_SIGNATURE, Delivery

MailKind = Literal["form", "bounce", "automatic", "reply", "winmail", "unreadable", "other"]

_ATTACHMENT = re.compile(rb'"application"|"message"|\.(?:xls[xmb]?|ods|zip|csv|tsv|dat)\b', re.IGNORECASE)
"""In the structure of a mail: parts that may be a form, an archive, or a report on a mail of ours."""

_ZIP_START = b"PK\x03\x04"
_OTHER_DOCUMENTS = (b"word/document", b"ppt/presentation", b"opendocument.text", b"opendocument.presentation")
_MAIL_SYSTEMS = re.compile(r"\b(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_HEAD_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class KnownKind:
    """What a mail is. `answers`: Message-IDs of ours that it answers or reports on. `failures`: whom a mail of
    ours did not reach, for a bounce."""

    kind: MailKind
    answers: tuple[str, ...] = ()
    failures: tuple[DeliveryFailure, ...] = ()


def may_be_ours(headers: bytes, structure: bytes, our_ids: Mapping[str, object]) -> bool:
    """Return whether a mail must be fetched: it has an attachment that may matter, or answers a mail of ours."""
    return bool(_ATTACHMENT.search(structure)) or any(each in our_ids for each in read_references(headers))


def classify_mail(delivery: Delivery, content: bytes, our_ids: Mapping[str, object]) -> KnownKind:
    """Return what a mail is. `our_ids`: the Message-IDs of the mails that we have sent."""
    mail = delivery.mail
    if mail is None:
        return KnownKind("unreadable")
    answers = tuple(
        dict.fromkeys(each for each in (*read_references(content), *read_reported_ids(content)) if each in our_ids)
    )
    if answers and _is_report(mail):
        failures = read_failures(content)
        if failures or (_MAIL_SYSTEMS.search(mail.sender) and not mail.is_automatic):
            return KnownKind("bounce", answers, failures or (DeliveryFailure("", mail.subject),))
        return KnownKind("automatic", answers)
    if mail.is_report:
        return KnownKind("other")
    return KnownKind(_kind_by_content(delivery, mail, has_answers=bool(answers)), answers)


def list_form_digests(delivery: Delivery) -> Iterator[bytes]:
    """Yield the contents of those attachments that may be forms."""
    yield from (member[1] for member in delivery.members[1:] if _may_be_form(*member))


def _kind_by_content(delivery: Delivery, mail: MailMessage, *, has_answers: bool) -> MailKind:
    if any(_may_be_form(*member) for member in delivery.members[1:]):
        return "form"
    if any(content.startswith(WINMAIL_SIGNATURE) for _, content, _ in delivery.members[1:]):
        return "winmail"
    if not has_answers:
        return "other"
    return "automatic" if mail.is_automatic else "reply"


def _is_report(mail: MailMessage) -> bool:
    """Return whether a mail comes from a mail system, not from a person or a person's automatic reply."""
    return mail.is_report or bool(_MAIL_SYSTEMS.search(mail.sender))


def _may_be_form(_: str, content: bytes, role: str) -> bool:
    """Return whether an attachment may be a form or an archive of forms: no letter, no presentation."""
    if role != "form":
        return False
    head = content[:_HEAD_BYTES] + content[-_HEAD_BYTES:]
    return not (content.startswith(_ZIP_START) and any(part in head for part in _OTHER_DOCUMENTS))
