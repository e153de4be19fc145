"""What SMTP and IMAP share: certificates that are checked, and the words for what went wrong with a server."""

import ssl
from pathlib import Path

from xlflow.mail.mail_account import MailServer, port_of
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.text import escape_invisible

TIMEOUT_SECONDS = 60
"""Seconds without a word from a server after which it counts as out of reach."""

_MAX_REASON = 300


def make_ssl_context(server: MailServer, folder: Path) -> ssl.SSLContext:
    """Return a context that checks the server's certificate and name, by the system's certificates or `ca_file`
    (below `folder`). `FatalError` if that file cannot be used."""
    if not server.ca_file:
        return ssl.create_default_context()
    path = folder / server.ca_file
    try:
        return ssl.create_default_context(cafile=str(path))
    except (OSError, ssl.SSLError) as error:
        raise FatalError(make_finding("path-unusable", Location(str(path)), value=str(error))) from error


def connection_failure(server: MailServer, error: BaseException) -> FatalError:
    """Return the error that says that a server cannot be reached, or that its certificate is not to be trusted."""
    address = f"{server.host}:{port_of(server)}"
    is_certificate = isinstance(error, ssl.SSLCertVerificationError)
    code = "mail-certificate" if is_certificate else "mail-unreachable"
    return FatalError(make_finding(code, Location(address), value=describe_fault(error)))


def login_failure(server: MailServer, user: str, reason: str) -> FatalError:
    """Return the error that says that a server refused the login."""
    address = f"{server.host}:{port_of(server)}"
    params = {"reason": reason[:_MAX_REASON] or "–"}
    return FatalError(make_finding("mail-login-refused", Location(address), value=user, params=params))


def describe_fault(error: BaseException) -> str:
    """Return what an exception of a mail library says, on one line."""
    return escape_invisible(" ".join(str(error).split()))[:_MAX_REASON] or type(error).__name__


def describe_reply(code: int, reply: bytes) -> str:
    """Return an answer of an SMTP server on one line: "550 5.1.1 no such user"."""
    return escape_invisible(" ".join(f"{code} {reply.decode('utf-8', 'replace')}".split()))[:_MAX_REASON]
