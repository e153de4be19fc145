"""What a project says of its mailbox: servers, address, folders, limits. Never a password or a token.

`[mail]` of `xlflow.toml`. Without it, mails are drafts in a folder and nothing here is used.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

Security = Literal["tls", "starttls", "none"]
AuthMethod = Literal["password", "xoauth2", "none"]

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
_SMTP_PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 25}
_IMAP_PORTS: dict[Security, int] = {"tls": 993, "starttls": 143, "none": 143}
_ADDRESS = r"^([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)?$"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class MailServer(_Settings):
    """One server. `port`: 0 for the usual one. `auth`: None for that of the account. `ca_file`: certificates to
    trust instead of the system's, a path below the project."""

    host: str = Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.:_-]+$")
    port: int = Field(default=0, ge=0, le=65535)
    security: Security = "tls"
    auth: AuthMethod | None = None
    ca_file: str = ""


class ImapServer(MailServer):
    """The server of the mailbox. `folders`: those that are looked through. `done`: where a mail goes once it is
    taken in. `drafts`: "" for the one that the server calls so."""

    folders: tuple[str, ...] = Field(default=("INBOX",), min_length=1, max_length=20)
    done: str = Field(default="xlflow", min_length=1, max_length=200)
    drafts: str = ""

    @model_validator(mode="after")
    def _refuse_circle(self) -> Self:
        if self.done in self.folders:
            raise PydanticCustomError("mail_done_folder", "done is one of the folders")
        return self


class MailAccount(_Settings):
    """`[mail]` of the settings. `address`: what mails are sent from; "" for that of the project's sender. `user`:
    whom to log in as; "" for the address. `token_command`: prints an access token for XOAUTH2. `client_id` and
    `tenant`: an application registered with Microsoft 365, for the same. `per_minute`: mails sent at most.
    `remind_days`: days between two reminders to a unit. `receipts`: whether whoever sends a form by mail gets a
    receipt."""

    address: str = Field(default="", pattern=_ADDRESS)
    user: str = ""
    auth: AuthMethod = "password"
    token_command: tuple[str, ...] = ()
    client_id: str = ""
    tenant: str = "organizations"
    per_minute: int = Field(default=30, ge=1, le=100_000)
    remind_days: int = Field(default=3, ge=0, le=365)
    receipts: bool = False
    smtp: MailServer | None = None
    imap: ImapServer | None = None

    @model_validator(mode="after")
    def _refuse_open_secrets(self) -> Self:
        for server in (self.smtp, self.imap):
            is_open = server is not None and server.security == "none" and server.host not in LOOPBACK_HOSTS
            if server and is_open and self.auth_of(server) != "none":
                raise PydanticCustomError("mail_open_secret", "a secret would be sent without encryption")
        return self

    def auth_of(self, server: MailServer) -> AuthMethod:
        """Return how to log in to one of the servers."""
        return server.auth or self.auth

    def login_name(self, address: str) -> str:
        """Return whom to log in as, where mails are sent from `address`."""
        return self.user or address


def port_of(server: MailServer) -> int:
    """Return the port of a server: its own, or the usual one for its security."""
    usual = _IMAP_PORTS if isinstance(server, ImapServer) else _SMTP_PORTS
    return server.port or usual[server.security]
