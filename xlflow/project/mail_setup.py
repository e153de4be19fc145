"""Sets up the mailbox of a project and tries it: password and login into the key store, a connection to each
server, the texts of the mails to be edited."""

from collections.abc import Callable
from typing import Any

from xlflow.mail.key_store import remember_secret
from xlflow.mail.mail_account import MailAccount, port_of
from xlflow.model.findings import FatalError, Location, make_finding
from xlflow.model.merged import RunNote, RunResult
from xlflow.project.mail_texts import TEXTS_FILE, sender_address
from xlflow.project.project_folder import Project, show_path
from xlflow.runtime.atomic_write import write_atomic
from xlflow.runtime.resources import TEMPLATES_DIR, resource_dir


def login_name(project: Project) -> str:
    """Return whom to log in as. `FatalError` if the settings name nobody."""
    user = _require_account(project).login_name(sender_address(project))
    if not user:
        raise FatalError(make_finding("mail-no-sender", Location("xlflow.toml")))
    return user


def keep_password(project: Project, password: str) -> RunResult:
    """Put the password of the mailbox into the key store of the system. `FatalError` if there is none."""
    user = login_name(project)
    remember_secret(user, password)
    return _say(project, RunNote("mail.password_kept", {"user": user}))


def log_in_to_microsoft(project: Project, show: Callable[[str], None], http_client: Any = None) -> RunResult:
    """Log in to Microsoft 365 with a code; `show` gets the text that says where to type it. `FatalError` if the
    settings name no application, or the login fails."""
    from xlflow.mail.microsoft_login import log_in

    account = _require_account(project)
    user = login_name(project)
    if not account.client_id:
        raise FatalError(
            make_finding(
                "mail-no-token", Location("xlflow.toml"), value=user, params={"variable": "XLFLOW_MAIL_TOKEN"}
            )
        )
    log_in(account, user, show, http_client)
    return _say(project, RunNote("mail.logged_in", {"user": user}))


def forget_secrets(project: Project) -> RunResult:
    """Remove password and login from the key store. `FatalError` if there is none."""
    user = login_name(project)
    for name in (user, f"microsoft/{user}"):
        remember_secret(name, "")
    return _say(project, RunNote("mail.forgotten", {"user": user}))


def try_account(project: Project) -> RunResult:
    """Log in to every server that the settings name, and say what works; sends and changes nothing. `FatalError`
    at the first that does not, or if none is named."""
    from xlflow.mail.imap_mailbox import open_mailbox
    from xlflow.mail.smtp_sender import SmtpSender

    account, address, user = _require_account(project), sender_address(project), login_name(project)
    if account.smtp is None and account.imap is None:
        raise FatalError(make_finding("mail-no-server", Location("xlflow.toml"), params={"section": "mail.smtp"}))
    notes = []
    if account.smtp:
        with SmtpSender(account, account.smtp, address, project.root):
            server = f"{account.smtp.host}:{port_of(account.smtp)}"
            notes.append(RunNote("mail.smtp_works", {"server": server, "user": user}))
    if account.imap:
        with open_mailbox(account, account.imap, address, project.root) as mailbox:
            folders = ", ".join(mailbox.list_folders())
            server = f"{account.imap.host}:{port_of(account.imap)}"
            notes.append(RunNote("mail.imap_works", {"server": server, "user": user, "folders": folders}))
    return _say(project, *notes)


def save_shipped_texts(project: Project) -> RunResult:
    """Write the shipped texts of the mails into the project, to be edited there. `FatalError` if it has some."""
    path = project.root / TEXTS_FILE
    if path.exists():
        raise FatalError(make_finding("mail-texts-exist", Location(str(path))))
    write_atomic(path, (resource_dir(TEMPLATES_DIR) / TEXTS_FILE).read_bytes())
    return _say(project, RunNote("send.texts_saved", {"file": show_path(path)}))


def _require_account(project: Project) -> MailAccount:
    if project.settings.mail is None:
        raise FatalError(make_finding("mail-no-server", Location("xlflow.toml"), params={"section": "mail"}))
    return project.settings.mail


def _say(project: Project, *notes: RunNote) -> RunResult:
    return RunResult(project.settings.language, notes=notes)
