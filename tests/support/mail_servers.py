"""Real mail servers on loopback: Dovecot for IMAP, LMTP and submission, started without any right that the test
has not, and a server for SMTP (aiosmtpd) that refuses, puts off or hangs up as it is told.
"""

import contextlib
import getpass
import os
import smtplib
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from support.external_tools import require_tool

ADDRESS = "plan@example.org"
PASSWORD = "hemligt-åäö"
TOKEN = "a-token-that-is-good"

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp submission
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login xoauth2
default_internal_user = {internal_user}
default_internal_group = {internal_group}
default_login_user = {login_user}
first_valid_uid = 0
first_valid_gid = 0
mail_location = maildir:{folder}/mail/%u
hostname = localhost
submission_relay_host = 127.0.0.1
submission_relay_port = {relay_port}
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=plain username_format=%u {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Utkast {{
    auto = create
    special_use = \\Drafts
  }}
}}
service imap-login {{
  {no_chroot}
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service submission-login {{
  {no_chroot}
  inet_listener submission {{
    port = {submission}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service anvil {{
  {no_chroot}
}}
service stats {{
  {no_chroot}
}}
"""


@dataclass(frozen=True)
class MailServers:
    """Where the servers are. `lmtp`: takes mails for any address at example.org; `submission`: relays to
    `relay`."""

    folder: Path
    imap: int
    imaps: int
    lmtp: int
    submission: int
    relay: int

    def deliver(self, content: bytes, recipient: str = ADDRESS) -> None:
        """Put a mail into a mailbox, as the server of a sender would."""
        with smtplib.LMTP("127.0.0.1", self.lmtp) as client:
            client.sendmail("sender@example.org", [recipient], content)

    def settings(self, *, auth: str = "password", imap: str = "none", more: str = "", **top: object) -> str:
        """Return the section [mail] for these servers. `imap`: "tls", "starttls" or "none"."""
        port = {"tls": self.imaps}.get(imap, self.imap)
        head = "".join(f"{key} = {value}\n" for key, value in top.items())
        return (
            f'\n[mail]\naddress = "{ADDRESS}"\nauth = "{auth}"\n{head}'
            f'[mail.imap]\nhost = "localhost"\nport = {port}\nsecurity = "{imap}"\nca_file = "ca.pem"\n{more}'
        )


@contextlib.contextmanager
def run_dovecot() -> Iterator[MailServers]:
    """Start Dovecot for as long as the context lasts, in a folder of its own that its processes may enter."""
    dovecot = require_tool("dovecot")
    with (
        TemporaryDirectory(prefix="xlflow-dovecot-", ignore_cleanup_errors=True) as name,
        _run_in(Path(name), dovecot) as made,
    ):
        yield made


@contextlib.contextmanager
def _run_in(folder: Path, dovecot: str) -> Iterator[MailServers]:
    is_root = os.geteuid() == 0
    uid, gid = (65534, 65534) if is_root else (os.geteuid(), os.getegid())
    folder.chmod(0o755)
    for name in ("run", "state", "mail", "home"):
        (folder / name).mkdir(parents=True)
        if is_root and name in ("mail", "home"):
            os.chown(folder / name, uid, gid)
    make_certificate(folder)
    (folder / "users").write_text(f"{ADDRESS}:{PASSWORD}\n", encoding="utf-8")
    imap, imaps, lmtp, submission, relay = free_ports(5)
    own = getpass.getuser()
    with _check_tokens() as token_port:
        (folder / "oauth2.conf").write_text(
            f"introspection_url = http://127.0.0.1:{token_port}/\nintrospection_mode = post\n"
            "username_attribute = username\nactive_attribute = active\nactive_value = true\n"
        )
        config = _CONFIG.format(
            folder=folder,
            internal_user="dovecot" if is_root else own,
            internal_group="dovecot" if is_root else _group_of(os.getgid()),
            login_user="dovenull" if is_root else own,
            uid=uid,
            gid=gid,
            no_chroot="chroot =",
            imap=imap,
            imaps=imaps,
            lmtp=lmtp,
            submission=submission,
            relay_port=relay,
        )
        (folder / "dovecot.conf").write_text(config, encoding="utf-8")
        server = subprocess.Popen([dovecot, "-F", "-c", str(folder / "dovecot.conf")])
        try:
            wait_for_port(imap, lambda: (folder / "log").read_text(encoding="utf-8"))
            yield MailServers(folder, imap, imaps, lmtp, submission, relay)
        finally:
            server.terminate()
            server.wait(timeout=20)


def make_certificate(folder: Path) -> Path:
    """Make a certificate of localhost, and return it; it is its own authority."""
    certificate = folder / "cert.pem"
    command = [
        require_tool("openssl"),
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "3650"]
    files = ["-nodes", "-keyout", str(folder / "key.pem"), "-out", str(certificate)]
    subprocess.run([*command, *names, *files], check=True, capture_output=True)
    return certificate


def free_ports(count: int) -> list[int]:
    """Return ports on which nothing listens."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for_port(port: int, why: Callable[[], str], seconds: float = 20) -> None:
    """Return as soon as something listens on a port; fail with what `why` says if nothing ever does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(why())


@cache
def _group_of(number: int) -> str:
    import grp

    return grp.getgrgid(number).gr_name


@contextlib.contextmanager
def _check_tokens() -> Iterator[int]:
    """Run the service that Dovecot asks whether a token is good, and whose it is; yield its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            is_good = TOKEN in body
            answer = f'{{"active": {"true" if is_good else "false"}, "username": "{ADDRESS}"}}'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# SMTP ---------------------------------------------------------------------------------------------------------


@dataclass
class SmtpSink:
    """A server for SMTP that keeps what it is given. `answer_recipient` and `answer_mail` say what it answers to a
    recipient, and to a mail as a whole; None for yes, "hang-up" ends the connection without a word."""

    port: int = 0
    answer_recipient: Callable[[str], str | None] = lambda _: None
    answer_mail: Callable[[bytes], str | None] = lambda _: None
    taken: list[tuple[str, tuple[str, ...], bytes]] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    async def handle_RCPT(self, *given: Any) -> str:  # noqa: N802
        envelope, address = given[2:4]
        answer = self.answer_recipient(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, *given: Any) -> str:  # noqa: N802
        server, _, envelope = given
        answer = self.answer_mail(envelope.content)
        if answer in (None, "take-and-hang-up"):
            self.taken.append((envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content))
        if answer in ("hang-up", "take-and-hang-up"):
            server.transport.abort()
            return "250 OK"
        return answer or "250 OK"

    def settings(self, *, security: str = "none", auth: str = "none", **top: object) -> str:
        """Return the section [mail] for this server."""
        head = "".join(f"{key} = {value}\n" for key, value in {"per_minute": 100_000, **top}.items())
        return f'\n[mail]\naddress = "{ADDRESS}"\n{head}{self.server_settings(security, auth)}'

    def server_settings(self, security: str = "none", auth: str = "none") -> str:
        """Return the section [mail.smtp] for this server."""
        return (
            f'[mail.smtp]\nhost = "localhost"\nport = {self.port}\nsecurity = "{security}"\nauth = "{auth}"\n'
            'ca_file = "ca.pem"\n'
        )


@contextlib.contextmanager
def run_smtp(
    sink: SmtpSink | None = None, *, certificates: Path | None = None, port: int = 0
) -> Iterator[SmtpSink]:
    """Run a server for SMTP. `certificates`: folder of `make_certificate`; then STARTTLS and a login are asked
    for,
    by password or XOAUTH2."""
    import ssl

    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import AuthResult, LoginPassword

    made = sink or SmtpSink()
    options: dict[str, Any] = {}
    if certificates:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")

        def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword)
            is_good = (data.login, data.password) == (ADDRESS.encode(), PASSWORD.encode())
            made.logins.append(f"{mechanism} {data.login.decode()} {is_good}")
            return AuthResult(success=is_good)

        options = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": authenticate,
        }
    controller = Controller(made, hostname="127.0.0.1", port=port or free_ports(1)[0], **options)
    controller.start()
    made.port = controller.port
    try:
        yield made
    finally:
        controller.stop()
