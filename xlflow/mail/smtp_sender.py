"""Hands mails to an SMTP server, one by one, and says of each what became of it. Writes nothing.

A mail is `sent` once the server has answered that it takes it. If the connection ends after the mail was handed
over and before that answer, nobody can know: it is `uncertain`, and must not be sent again without a person.
"""

import base64
import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from xlflow.mail.connection import (
    TIMEOUT_SECONDS,
    connection_failure,
    describe_reply,
    login_failure,
    make_ssl_context,
)
from xlflow.mail.mail_account import MailAccount, MailServer, port_of
from xlflow.mail.mail_secrets import find_access_token, find_password

SendState = Literal["sent", "refused", "deferred", "uncertain"]


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of one mail. `deferred`: not taken now, may be sent again. `refused`: (address, answer of the
    server) of every recipient that it will not take; the others have got it, if the state is `sent`."""

    state: SendState
    reply: str = ""
    refused: tuple[tuple[str, str], ...] = ()


class SmtpSender:
    """A connection to a server, made on entering and anew where it was lost. `address`: whom the mails are from;
    bounces go there."""

    def __init__(self, account: MailAccount, server: MailServer, address: str, folder: Path):
        self._account, self._server, self._address, self._folder = account, server, address, folder
        self._client: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        self._client = self._connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def send(self, content: bytes, recipients: Sequence[str]) -> SendOutcome:
        """Hand over one mail. `FatalError` only if the server cannot be reached; then this one is not sent."""
        client = self._client or self._connect()
        self._client = client
        try:
            code, reply = client.mail(self._address)
            if code != 250:
                return self._give_up(code, reply, recipients)
            refused = []
            for recipient in recipients:
                code, reply = client.rcpt(recipient)
                if code not in (250, 251):
                    refused.append((recipient, code, reply))
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            return SendOutcome("deferred", str(error) or type(error).__name__)
        if len(refused) == len(recipients):
            return self._refuse_all(refused)
        outcome = self._hand_over(client, content, recipients)
        if outcome.state == "sent":
            replies = tuple((each, describe_reply(number, said)) for each, number, said in refused)
            return SendOutcome("sent", outcome.reply, replies)
        return outcome

    def _hand_over(self, client: smtplib.SMTP, content: bytes, recipients: Sequence[str]) -> SendOutcome:
        try:
            code, reply = client.data(content)
        except smtplib.SMTPDataError as error:  # it did not want to begin
            raw = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            return self._give_up(error.smtp_code, raw, recipients)
        except (OSError, smtplib.SMTPException) as error:
            self._close()
            return SendOutcome("uncertain", str(error) or type(error).__name__)
        if code == 250:
            return SendOutcome("sent", describe_reply(code, reply))
        return self._give_up(code, reply, recipients)

    def _refuse_all(self, refused: Sequence[tuple[str, int, bytes]]) -> SendOutcome:
        """Return the outcome of a mail that no recipient could get; one that may get it later defers it."""
        for _, code, reply in refused:
            if code < 500:
                return self._give_up(code, reply, ())
        self._reset()
        replies = tuple((each, describe_reply(code, reply)) for each, code, reply in refused)
        return SendOutcome("refused", replies[0][1], replies)

    def _give_up(self, code: int, reply: bytes, recipients: Sequence[str]) -> SendOutcome:
        said = describe_reply(code, reply)
        if code == 421:  # the server ends the connection
            self._close()
        else:
            self._reset()
        if code < 500:
            return SendOutcome("deferred", said)
        return SendOutcome("refused", said, tuple((each, said) for each in recipients))

    def _reset(self) -> None:
        try:
            if self._client:
                self._client.rset()
        except (OSError, smtplib.SMTPException):
            self._close()

    def _close(self) -> None:
        client, self._client = self._client, None
        if client:
            with suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        context = make_ssl_context(server, self._folder)
        try:
            client = self._open(context)
        except (OSError, smtplib.SMTPException) as error:
            raise connection_failure(server, error) from error
        try:
            client.ehlo_or_helo_if_needed()
            self._log_in(client)
        except BaseException:
            client.close()
            raise
        return client

    def _open(self, context: ssl.SSLContext) -> smtplib.SMTP:
        server = self._server
        host, port = server.host, port_of(server)
        if server.security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        client = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        try:
            if server.security == "starttls":
                client.starttls(context=context)
        except BaseException:
            client.close()
            raise
        return client

    def _log_in(self, client: smtplib.SMTP) -> None:
        method = self._account.auth_of(self._server)
        user = self._account.login_name(self._address)
        if method == "none":
            return
        try:
            if method == "password":
                _log_in_with_password(client, user, find_password(user))
                return
            token = find_access_token(self._account, user, self._folder)
            answer = f"user={user}\1auth=Bearer {token}\1\1"
            # A server that refuses explains why and waits for an empty line.
            client.auth("XOAUTH2", lambda challenge=None: "" if challenge else answer)
        except smtplib.SMTPAuthenticationError as error:
            reply = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
            raise login_failure(self._server, user, describe_reply(error.smtp_code, reply)) from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise login_failure(self._server, user, str(error)) from error


def _log_in_with_password(client: smtplib.SMTP, user: str, password: str) -> None:
    """Log in. The library only takes plain ASCII; other letters go as UTF-8, as RFC 4616 says."""
    if user.isascii() and password.isascii():
        client.login(user, password)
        return
    answer = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, reply = client.docmd("AUTH", f"PLAIN {answer}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, reply)
