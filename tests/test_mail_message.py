"""Mails that were saved as files are read whatever program wrote them, and nothing in them is trusted."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.make_mails import make_eml, make_msg

from xlflow.mail.mail_message import html_to_text, read_eml
from xlflow.mail.msg_reader import read_msg


def test_a_mail_is_read_with_its_attachments() -> None:
    mail = read_eml(make_eml([("Åbro skola.xlsx", b"PK\x03\x04form")], logo=True))
    assert mail is not None
    assert (mail.sender, mail.subject) == ("Åsa i Åbro <asa@example.org>", "Uppföljning från Åbro")
    assert mail.text == "Hej,\n\nhär kommer vårt svar."
    assert mail.message_id == "<1@example.org>"
    assert [(each.name, each.is_inline_picture) for each in mail.attachments] == [
        ("logo.png", True),
        ("Åbro skola.xlsx", False),
    ]
    assert mail.attachments[1].content == b"PK\x03\x04form"
    assert not mail.is_automatic


def test_a_mail_within_a_mail_is_opened() -> None:
    inner = make_eml([("Svar.xlsx", b"PK\x03\x04")], number=2)
    mail = read_eml(make_eml(inside=make_eml(inside=inner, number=3)))
    assert mail is not None
    assert [each.name for each in mail.attachments] == ["Svar.xlsx"]


@pytest.mark.parametrize("header", [("Auto-Submitted", "auto-replied"), ("X-Autoreply", "yes")])
def test_an_automatic_reply_is_known(header: tuple[str, str]) -> None:
    mail = read_eml(make_eml(headers=[header]))
    assert mail is not None
    assert mail.is_automatic


def test_the_words_of_an_html_mail_are_read() -> None:
    html = (
        "<html><head><style>p {}</style></head><body><p>Vi har <b>inget</b> att rapportera.</p>Hej&aring;</body>"
    )
    assert html_to_text(html) == "Vi har inget att rapportera.\nHejå"


def test_an_outlook_file_is_read_with_its_attachment() -> None:
    mail = read_msg(make_msg("Åbro skola.xlsx", b"PK\x03\x04form", "Här är svaret."))
    assert mail is not None
    assert (mail.sender, mail.subject, mail.text) == ("asa@example.org", "Svar från Åbro", "Här är svaret.")
    ((name, content),) = [(each.name, each.content) for each in mail.attachments]
    assert name == "Åbro skola.xlsx"
    assert content.startswith(b"PK\x03\x04form")


def test_what_is_no_mail_is_none() -> None:
    assert make_msg("a", b"b", "c")
    for content in (b"", b"PK\x03\x04", b"Hej hopp", b"\xd0\xcf\x11\xe0" + bytes(600), b"A: b" * 100_000):
        assert read_eml(content) is None
        assert read_msg(content) is None


@given(st.data())
@settings(max_examples=25)
def test_a_damaged_mail_never_raises(data: st.DataObject) -> None:
    whole = data.draw(
        st.sampled_from([make_eml([("a.xlsx", b"PK")], logo=True), make_msg("a.xlsx", b"PK", "Hej")])
    )
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    damaged = whole[:start] + data.draw(st.binary(max_size=20)) + whole[stop:]
    read_eml(damaged)
    read_msg(damaged)


HOSTILE = {
    "deep": b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (i, i) for i in range(1500)
    ),
    "addresses": b"From: " + b"<a@b>," * 30_000 + b"\r\n\r\nhej",
    "folded": b"From: " + b"<a@b>,\r\n " * 20_000 + b"\r\n\r\nhej",
    "params": b"Content-Type: text/plain; " + b'a="b"; ' * 20_000 + b"\r\n\r\nhej",
    "below the bound": b"Content-Type: text/plain; " + b'a="b"; ' * 200 + b"\r\n\r\nhej",
    "parts": b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    + b"--b\r\nContent-Type: a/b\r\n\r\nPK\r\n" * 9_000,
    "html": b"Content-Type: text/html\r\n\r\n" + b"<p" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_mail_takes_long_to_read(name: str) -> None:
    started = time.process_time()
    read_eml(HOSTILE[name])
    assert time.process_time() - started < 4
