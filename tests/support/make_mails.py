"""Makes the mails that units send: .eml with attachments as mail programs write them, and .msg as Outlook does."""

from collections.abc import Sequence
from email.message import EmailMessage

from support.make_xls import make_ole_container

XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")


def make_eml(
    attachments: Sequence[tuple[str, bytes]] = (),
    *,
    text: str = "Hej,\n\nhär kommer vårt svar.\n",
    subject: str = "Uppföljning från Åbro",
    logo: bool = False,
    number: int = 1,
    headers: Sequence[tuple[str, str]] = (),
    inside: bytes = b"",
) -> bytes:
    """Return a mail. `logo`: a picture in the text. `inside`: a mail that is attached to it."""
    mail = EmailMessage()
    mail["From"] = "Åsa i Åbro <asa@example.org>"
    mail["To"] = "plan@example.org"
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{number}@example.org>"
    for name, value in headers:
        mail[name] = value
    mail.set_content(text)
    if logo:
        mail.add_alternative('<p>Hej</p><img src="cid:logo">', subtype="html")
        mail.add_attachment(
            b"\x89PNG\r\n", "image", "png", filename="logo.png", disposition="inline", cid="<logo>"
        )
    for name, content in attachments:
        mail.add_attachment(content, *XLSX, filename=name)
    if inside:
        from email import message_from_bytes, policy

        mail.add_attachment(message_from_bytes(inside, policy=policy.default))
    return mail.as_bytes()


def make_msg(name: str, content: bytes, text: str) -> bytes:
    """Return a mail as Outlook saves it, with one attachment."""
    streams = {
        "__properties_version1.0": b"",
        "__substg1.0_0037001F": "Svar från Åbro".encode("utf-16-le"),
        "__substg1.0_1000001F": text.encode("utf-16-le"),
        "__substg1.0_5D01001F": "asa@example.org".encode("utf-16-le"),
    }
    attachment = {"__substg1.0_3707001F": name.encode("utf-16-le"), "__substg1.0_37010102": content}
    return make_ole_container(streams, attachment, "__attach_version1.0_#00000000")
